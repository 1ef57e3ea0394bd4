/* Text as Java counts it: in UTF-16 units.  The bytes stay UTF-8; a cut through a pair of units
 * leaves '?' where Java would keep half a character and print '?'.  Private to vtl/. */
#ifndef VTL_TEXT16_H
#define VTL_TEXT16_H

#include <stdint.h>

#include "vtl/run.h"

size_t text16_len(struct span s);

/* Units from `from` up to `to`, from <= to <= length.  Borrowed where it can be; false when the
 * arena is over. */
bool text16_slice(struct run *run, struct span s, size_t from, size_t to, struct span *out);

/* The unit index of a byte offset. */
size_t text16_index(struct span s, size_t offset);

/* The byte offset of a unit index, s.len when it is past the end. */
size_t text16_offset(struct span s, size_t index);

/* Takes the next unit; `half` holds the second one of a pair and begins as 0.  False at the end. */
bool text16_take(struct span *s, uint32_t *half, uint32_t *unit);

int text16_compare(struct span a, struct span b);
int32_t text16_hash(struct span s);

#endif
