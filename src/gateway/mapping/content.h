/* Binary and text payloads: what contentHandling and binaryMediaTypes make of a body
 * (spec/data-plane-rest.md, section 8). */
#ifndef GATEWAY_MAPPING_CONTENT_H
#define GATEWAY_MAPPING_CONTENT_H

#include "base/arena.h"
#include "snapshot/deployment.h"

enum content_change {
    CONTENT_REPAIR, /* to text: malformed UTF-8 becomes U+FFFD */
    CONTENT_KEEP,   /* bytes as they are */
    CONTENT_DECODE, /* base64 to bytes */
    CONTENT_ENCODE  /* bytes to base64 text */
};

/* Of a request's body, by whether its Content-Type is a binary one (8.1). */
enum content_change content_of_request(bool is_binary, enum content_handling handling);

/* Of a backend's answer, by whether its Content-Type is binary, and whether Accept asks for it
 * (8.2). */
enum content_change content_of_answer(bool is_binary, bool wants_binary,
                                      enum content_handling handling);

/* True when a template may read the result. */
static inline bool content_is_text(enum content_change change)
{
    return change == CONTENT_REPAIR || change == CONTENT_ENCODE;
}

/* Changes the body; the result is in the arena, or the body itself.  False: no base64, or the arena
 * is over. */
bool content_apply(struct arena *arena, enum content_change change, struct span body,
                   struct span *out);

#endif
