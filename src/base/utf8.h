/* UTF-8: well-formed only (no surrogates, no overlong forms, up to U+10FFFF). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

bool utf8_is_valid(struct span s);

/* Takes one code point off the front.  False at the end or at a malformed sequence (then *s is
 * unchanged). */
bool utf8_take(struct span *s, uint32_t *point);

/* Writes 1 to 4 bytes for a scalar value and returns their number. */
size_t utf8_put(uint32_t point, char out[static 4]);

/* Number of UTF-16 code units, as Java and JavaScript count length.  The text must be valid. */
size_t utf8_utf16_len(struct span s);

/* Adds `s` to `out`, each malformed sequence replaced by U+FFFD as Java's decoder does it (one
 * per maximal valid prefix).  False when the buffer is over. */
bool utf8_add_repaired(struct buf *out, struct span s);

#endif
