/* A compiled deployment: what a worker needs to answer, and nothing that it would have to parse.
 *
 *     route tree -> resource -> method -> integration -> its responses
 *
 * All of it lives in the part's arena.  Compile never fails on what a user has configured: what
 * does not compile became an outcome that answers as AWS does. */
#ifndef SNAPSHOT_DEPLOYMENT_H
#define SNAPSHOT_DEPLOYMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/policy.h"
#include "base/span.h"
#include "snapshot/endpoint.h"
#include "snapshot/gateway_response.h"
#include "snapshot/part.h"
#include "text/jsonpath.h"
#include "text/jsonschema.h"
#include "text/mapping.h"
#include "text/regex.h"
#include "vtl/template.h"

/* A text for one media type: literal, or rendered anew for each request. */
struct body_template {
    struct span media;               /* "$default" stands for all */
    struct span text;                /* as written */
    const struct vtl_template *code; /* NULL: the text is literal */
    bool is_broken;                  /* it does not compile: 500 when it is used */
};

/* A parameter and where its value comes from (spec/data-plane-rest.md, 9.1 and 11.4). */
struct mapping {
    struct mapping_target to;
    struct mapping_expression from;
    const struct jsonpath *path; /* of a part of a body; NULL: the whole body */
};

struct mappings {
    const struct mapping *at;
    size_t count;
};

/* contentHandling (section 8) */
enum content_handling { CONTENT_AS_IT_IS, CONTENT_TO_TEXT, CONTENT_TO_BINARY };

/* An integration response, made into the reply that it gives. */
struct integration_response {
    int status;            /* of the answer */
    struct regex *pattern; /* of the selection; NULL: the default one */
    bool is_never;         /* its pattern does not compile: it is never chosen */
    bool is_invalid;       /* there is no method response of this status: 500 */
    bool is_literal;       /* neither headers nor bodies look at the request: */
    struct span lines;     /* header lines then, Content-Type with them */
    struct mappings headers;
    const struct body_template *bodies;
    size_t body_count;
    enum content_handling handling;
};

enum outcome_kind {
    OUTCOME_RESPONSE, /* one of the integration's responses */
    OUTCOME_FAILURE   /* a gateway response */
};

struct outcome {
    enum outcome_kind kind;
    const struct integration_response
        *response; /* of a failure: the one that is invalid, or NULL */
    enum gateway_response failure;
};

struct request_template {
    struct body_template of;
    struct outcome outcome; /* of a mock whose template is literal: the same each time */
};

/* A gateway response that the API has changed (section 4.2). */
struct gateway_text {
    struct span media;
    struct mappings pieces; /* texts and references, one after the other */
};

struct gateway_reply {
    int status; /* 0: the default's */
    struct mappings headers;
    const struct gateway_text *texts;
    size_t text_count;
};

/* What a validator checks bodies of one media type against. */
struct body_model {
    struct span media;               /* "$default" stands for all */
    const struct jsonschema *schema; /* NULL: it does not compile, no body follows it */
};

enum integration_type {
    INTEGRATION_MOCK,
    INTEGRATION_HTTP,
    INTEGRATION_HTTP_PROXY,
    INTEGRATION_AWS,
    INTEGRATION_AWS_PROXY,
    INTEGRATION_TYPE_COUNT
};

/* Where a method's requests go. */
struct integration {
    enum integration_type type;
    struct span verb; /* of the backend's request; "ANY": the client's */
    struct span uri;  /* as configured: {parameters} and ${stageVariables.x} are not filled in */
    struct endpoint endpoint; /* the URI of HTTP and HTTP_PROXY, taken apart */
    struct span credentials;  /* of the role to call as; "" */
    bool streams;             /* responseTransferMode STREAM: nothing of the answer is held */
    int64_t timeout;          /* microseconds */
    struct mappings mappings; /* requestParameters */
    enum content_handling handling;
};

enum passthrough { WHEN_NO_MATCH, WHEN_NO_TEMPLATES, NEVER };

struct method {
    struct span verb; /* "GET", or "ANY" */
    struct span resource_id, resource_path;
    struct span not_yet; /* the whole method is not in Portico yet: 501 with these words */
    struct integration integration;
    enum passthrough passthrough;
    const struct mapping_expression
        *required; /* parameters that must be there, as AWS lists them */
    size_t required_count;
    const struct body_model *models; /* of bodies that are checked */
    size_t model_count;
    const struct request_template *templates;
    size_t template_count;
    const struct integration_response *responses; /* by ascending status */
    size_t response_count;
};

/* A node of the route tree: one segment below its parent. */
struct route {
    struct span literal;          /* decoded; of a child reached by its text */
    const struct route *literals; /* children, sorted by their text */
    size_t literal_count;
    const struct route *variable; /* {name}, or NULL */
    const struct route *greedy;   /* {name+}, or NULL */
    const struct method *methods;
    size_t method_count;
};

struct deployment {
    struct part part;
    struct span id; /* of the document: SHA-256 */
    const struct route *root;
    const struct gateway_reply *replies[GATEWAY_RESPONSE_COUNT]; /* NULL: the default */
    const struct span *binary_types; /* binaryMediaTypes, as configured */
    size_t binary_type_count;
    bool compresses; /* minimumCompressionSize is set */
    size_t compression_min;
    bool is_endpoint_disabled;   /* disableExecuteApiEndpoint */
    bool has_policy;             /* the API has a resource policy: */
    const struct policy *policy; /* NULL: it does not compile, and permits nothing */
    struct regex **patterns;     /* of all methods; freed with the part */
    size_t pattern_count;
    struct jsonpath **paths; /* the same of mappings */
    size_t path_count;
    struct jsonschema **schemas; /* and of models */
    size_t schema_count;
};

/* Finds the method for a path as sent (without host, stage and query; not decoded).  NULL when
 * nothing matches.  Cost grows with the path's depth (spec/data-plane-rest.md, section 3). */
const struct method *route_find(const struct deployment *deployment, struct span verb,
                                struct span path);

/* The template for a request's Content-Type (at NULL: none was sent), or NULL. */
const struct request_template *method_template(const struct method *method,
                                               struct span content_type);

/* The model for a request's Content-Type, or NULL. */
const struct body_model *method_model(const struct method *method, struct span content_type);

/* The outcome of a mock's or backend's status: the response whose pattern matches the whole of
 * `selector`, else the default one, else a failure (section 11). */
struct outcome method_outcome(const struct method *method, struct span selector);

/* The template of a response for the request's Accept header (at NULL: none), or NULL when the
 * response has none. */
const struct body_template *response_template(const struct integration_response *response,
                                              struct span accept);

/* "Application/JSON; charset=utf-8" -> the type without parameters. */
struct span media_of(struct span value);

/* True when binaryMediaTypes covers the value of a Content-Type or the first of an Accept (at NULL:
 * none was sent, which only the type that covers everything does). */
bool media_is_binary(const struct deployment *deployment, struct span value);

#endif
