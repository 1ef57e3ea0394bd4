/* Values of parameter mappings (spec/data-plane-rest.md, sections 9.1 and 11.4). */
#ifndef GATEWAY_MAPPING_SOURCE_H
#define GATEWAY_MAPPING_SOURCE_H

#include "gateway/mapping/render.h"

/* The values of a source, in order; none when the request has none: the mapping is skipped then.
 * They are in the exchange's memory, or borrowed from the snapshot or the request.
 * FAULT_SYNTAX: a part of a body is wanted that is no JSON.  FAULT_NO_MEMORY, FAULT_TOO_LARGE. */
enum fault source_values(struct exchange *x, const struct mapping *mapping, struct texts *out);

/* The same as one text, joined by commas; at NULL when there is none. */
enum fault source_text(struct exchange *x, const struct mapping *mapping, struct span *out);

#endif
