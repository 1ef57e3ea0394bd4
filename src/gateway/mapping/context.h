/* $context of a request to a REST API: one table of names, read by templates, parameter mappings,
 * gateway responses and events (spec/vtl.md, section 8.4). */
#ifndef GATEWAY_MAPPING_CONTEXT_H
#define GATEWAY_MAPPING_CONTEXT_H

#include "gateway/exchange.h"
#include "vtl/value.h"

/* The value of a dotted name ("identity.sourceIp"): a text or a number, null when there is none.
 * Texts are in the exchange's arena, the snapshot or the request. */
struct vtl_value context_value(struct exchange *x, struct span name);

/* The same as text; at NULL when there is none. */
struct span context_text(struct exchange *x, struct span name);

/* Puts all names into the map, in AWS's order, with identity and the empty override containers as
 * maps below it.  False when its arena is over. */
bool context_fill(struct exchange *x, struct vtl_map *context);

#endif
