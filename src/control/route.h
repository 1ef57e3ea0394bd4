/* Which operation a control call means, for the protocols that say it by method and path. */
#ifndef CONTROL_ROUTE_H
#define CONTROL_ROUTE_H

#include "base/arena.h"
#include "base/fault.h"
#include "control/model.h"

#define ROUTE_LABELS_MAX 16
#define ROUTE_DEPTH_MAX 24 /* segments of a path; longer ones mean nothing */

/* Compiled from the models at start, then only read. */
struct control_routes;

/* What was found.  Labels are decoded and live in the arena of the call. */
struct control_match {
    const struct model_service *service;
    const struct model_operation *operation;
    struct control_label {
        const struct model_member *member;
        struct span value; /* never empty */
    } labels[ROUTE_LABELS_MAX];
    size_t label_count;
};

struct control_routes *control_routes_new(const struct model_service *const *services,
                                          size_t count);
void control_routes_free(struct control_routes *routes);

/* `path` and `query` as they were sent, without '?'.  `service` is the signing name from the
 * credential scope; when it is empty, or no service signs with it, all are looked at.  Literal
 * segments win over labels, an operation with query constants over one without.
 * FAULT_NOT_FOUND: no such path.  FAULT_UNSUPPORTED: the path exists, but not with this method.
 * FAULT_NO_MEMORY. */
enum fault control_route(const struct control_routes *routes, struct arena *arena,
                         struct span service, struct span method, struct span path,
                         struct span query, struct control_match *out);

#endif
