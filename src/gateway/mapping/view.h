/* A request as mappings, templates and events see it (spec/data-plane-rest.md, sections 7.1 and 9).
 * Made once per exchange, when something first looks: a literal mock never does. */
#ifndef GATEWAY_MAPPING_VIEW_H
#define GATEWAY_MAPPING_VIEW_H

#include "gateway/exchange.h"
#include "vtl/template.h"

struct view {
    struct vtl_pairs headers; /* as sent, in order, without those of the hop */
    struct vtl_pairs query;   /* decoded, in order */
    struct vtl_pairs path;    /* parameters of the resource path; values as sent, not decoded */
};

/* NULL when the exchange has no memory left for it. */
const struct view *exchange_view(struct exchange *x);

/* The path parameters alone, for those who need nothing else. */
struct vtl_pairs exchange_path(struct exchange *x);

/* True for headers that end at the gateway: nothing behind it sees them. */
bool header_is_of_hop(struct span name);

/* The last value of the name, exactly as written; at is NULL when there is none. */
struct span pairs_last(struct vtl_pairs pairs, struct span name);

/* The values that a resource's path ("/users/{id}", "/{proxy+}") takes from a request's path (as
 * route_find got it, and matched).  The result is in the arena. */
struct vtl_pairs path_parameters(struct arena *arena, struct span resource_path, struct span path);

/* A query string's arguments, decoded.  at NULL and count 0 for none; *fits is false when the arena
 * is over. */
struct vtl_pairs query_arguments(struct arena *arena, struct span query, bool *fits);

/* "Root=...;Parent=...;Sampled=..." for this request: the client's, completed, or a new one
 * (section 7.6).  Made once. */
struct span exchange_trace(struct exchange *x);

#endif
