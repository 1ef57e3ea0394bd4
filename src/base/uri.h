/* Percent-encoding (RFC 3986). */
#ifndef BASE_URI_H
#define BASE_URI_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"

/* Decodes %XX; with `plus_is_blank` also '+' to a blank, as in queries.  A '%' that two hex
 * digits do not follow stays as it is.  The result may be `s` itself.  at is NULL when the arena
 * is over. */
struct span uri_decode(struct arena *arena, struct span s, bool plus_is_blank);

/* False when a '%' is not followed by two hexadecimal digits. */
bool uri_escapes_are_valid(struct span s);

/* Adds `s` with all but A-Z a-z 0-9 - . _ ~ as %XX (upper case); '/' kept when `keep_slash`. */
bool uri_add_encoded(struct buf *out, struct span s, bool keep_slash);

#endif
