/* In which order resources are made: what a resource names comes before it. */
#ifndef CONTROL_CLOUDFORMATION_ORDER_H
#define CONTROL_CLOUDFORMATION_ORDER_H

#include "control/cloudformation/template.h"

/* Resources that a transform makes count too (a method of an API is one). */
#define ORDER_RESOURCES_MAX 5000

/* One resource of a template. */
struct resource {
    const struct json *node; /* its name is the logical id */
    struct span type;
    const struct json *properties; /* NULL: none */
    const size_t *needs;           /* indexes of resources before it in the order */
    size_t need_count;
};

struct resources {
    struct resource *all; /* in order; those that need nothing of each other as in the template */
    size_t count;
};

/* Orders template->resources (after the transform).  Refuses names that are neither resources,
 * parameters nor pseudo parameters, in outputs too, and circles, which are written out. */
enum fault order_resources(const struct template *template, struct resources *out,
                           struct problem *why);

#endif
