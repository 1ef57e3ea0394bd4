/* What the parts of SAM's transform share. */
#ifndef CONTROL_CLOUDFORMATION_SAM_H
#define CONTROL_CLOUDFORMATION_SAM_H

#include "control/cloudformation/plan.h"

#define SAM_API "AWS::Serverless::Api"
#define SAM_FUNCTION "AWS::Serverless::Function"
#define SAM_IMPLICIT_API "ServerlessRestApi"
#define SAM_IMPLICIT_STAGE "Prod"

/* An API of the template, or the one that events without RestApiId make. */
struct sam_api {
    struct sam_api *next;
    struct plan plan;
    struct json *properties;   /* with globals; owned by nobody else */
    const struct json *source; /* the resource; NULL: implicit */
    unsigned line;
};

struct sam {
    struct template *template;
    const struct json *parameters;
    struct json *source; /* the resources as the template has them */
    struct sam_api *first_api, *last_api;
    struct json *names; /* of functions: what their FunctionName is made of */
    struct problem *why;
};

/* The properties of a SAM resource with the globals of its section merged in: maps key by key,
 * lists one after the other, else the resource's own.  NULL when memory is over. */
struct json *sam_properties(struct sam *sam, const struct json *resource, const char *section);

/* Refuses properties that are not in `names`. */
enum fault sam_check_properties(struct sam *sam, const struct json *properties,
                                const char *const names[], const char *type);

/* The functions of the template: AWS::Lambda::Function, roles, permissions; their events go into
 * the plans of the APIs. */
enum fault sam_add_function(struct sam *sam, const struct json *resource);

/* Notes an API of the template; `resource` NULL: the implicit one. */
enum fault sam_add_api(struct sam *sam, const struct json *resource, unsigned line,
                       struct sam_api **out);

/* Makes the resources of an API whose plan is full. */
enum fault sam_expand_api(struct sam *sam, struct sam_api *api);

/* The API that an event belongs to. */
enum fault sam_find_api(struct sam *sam, const struct json *rest_api_id, unsigned line,
                        struct sam_api **out);

#endif
