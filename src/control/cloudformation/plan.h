/* An API as a list of its methods, before it is resources.
 *
 * This is what readers of other forms fill: SAM's events now, OpenAPI documents later.  A plan
 * becomes AWS::ApiGateway::Resource and Method entries, one for each path and method. */
#ifndef CONTROL_CLOUDFORMATION_PLAN_H
#define CONTROL_CLOUDFORMATION_PLAN_H

#include "control/cloudformation/make.h"

struct plan_method {
    struct plan_method *next;
    struct span path; /* "/users/{id}" */
    struct span verb; /* "GET", "ANY" */
    unsigned line;
    struct json *properties; /* of AWS::ApiGateway::Method, but for the ids and the verb */
};

struct plan {
    struct span api; /* the logical id of its RestApi */
    struct template *template;
    struct plan_method *first, *last;
    size_t count;
};

/* Adds a method; path and verb are checked (any case), `properties` is moved into the plan.
 * FAULT_EXISTS when there is one with that path and verb. */
enum fault plan_add(struct plan *plan, const struct json *path, struct span verb,
                    struct json *properties, struct problem *why);

struct plan_method *plan_find(const struct plan *plan, struct span path, struct span verb);

/* The CORS settings of an AWS::Serverless::Api: adds an OPTIONS method to each path without one.
 * `cors` is the text or map of the template. */
enum fault plan_add_cors(struct plan *plan, const struct json *cors, struct problem *why);

/* Adds the resources to the template; `methods` gets the names of the methods. */
enum fault plan_expand(struct plan *plan, struct json *methods, struct problem *why);

/* Names a deployment of the plan: hexadecimal digits that change with what is deployed.  `salt` is
 * what else it is made of. */
#define PLAN_HASH_LEN 10
enum fault plan_hash(const struct plan *plan, const struct json *salt,
                     char out[static PLAN_HASH_LEN + 1], struct problem *why);

#endif
