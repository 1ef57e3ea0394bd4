/* Base64 (RFC 4648), standard and URL-safe alphabets. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"

/* Length of the padded text for n bytes. */
static inline size_t base64_len(size_t n)
{
    return (n + 2) / 3 * 4;
}

/* Writes base64_len(in.len) characters (no NUL) and returns that length. */
size_t base64_encode(struct span in, char *out);

/* URL-safe without padding; returns the length, at most base64_len(in.len). */
size_t base64_encode_url(struct span in, char *out);

/* Decodes into the arena.  Strict: padding is demanded, unused bits must be zero, nothing else
 * may stand in the text.  `url` chooses the URL-safe alphabet, for which padding is forbidden.
 * False on bad text or when the arena is over. */
bool base64_decode(struct arena *arena, struct span text, bool url, struct span *out);

#endif
