/* The expressions of parameter mappings: where a value comes from, and which parameter it becomes
 * (spec/data-plane-rest.md, sections 4.2, 9.1 and 11).
 *
 *     method.request.querystring.page   integration.response.body.user.id context.identity.sourceIp
 *     stageVariables.host               'a text'
 *
 * Reading takes no memory: names point into the text. */
#ifndef TEXT_MAPPING_H
#define TEXT_MAPPING_H

#include <stdbool.h>

#include "base/span.h"

enum mapping_source {
    SOURCE_LITERAL,       /* name: the text between the quotes */
    SOURCE_PATH,          /* of the request */
    SOURCE_QUERY,         /* the last value */
    SOURCE_QUERY_ALL,     /* multivaluequerystring */
    SOURCE_HEADER,        /* the last value */
    SOURCE_HEADER_ALL,    /* multivalueheader */
    SOURCE_BODY,          /* name: what follows, "" or from its '.' or '[' on */
    SOURCE_ANSWER_HEADER, /* of the integration's answer */
    SOURCE_ANSWER_HEADER_ALL,
    SOURCE_ANSWER_BODY, /* name as of SOURCE_BODY */
    SOURCE_STAGE_VARIABLE,
    SOURCE_CONTEXT, /* name: "identity.sourceIp" */
};

struct mapping_expression {
    enum mapping_source source;
    struct span name;
};

/* False, and *out untouched, when it is none of the forms above. */
bool mapping_parse(struct span text, struct mapping_expression *out);

enum mapping_place { TO_PATH, TO_QUERY, TO_HEADER };

struct mapping_target {
    enum mapping_place place;
    struct span name;
};

/* Reads a destination: `prefix` ("integration.request."), then path., querystring. or header., then
 * a name. */
bool mapping_parse_target(struct span text, struct span prefix, struct mapping_target *out);

#endif
