/* What a function answered to a proxy integration, by the rules of spec/data-plane-rest.md, 10.7.
 */
#ifndef GATEWAY_INTEGRATION_LAMBDA_ANSWER_H
#define GATEWAY_INTEGRATION_LAMBDA_ANSWER_H

#include "base/arena.h"
#include "base/buf.h"

struct lambda_answer {
    int status;
    struct span body; /* as the function gave it: maybe base64 */
    bool is_base64;
    bool has_type;      /* a Content-Type is among the lines */
    const char *reason; /* why it is malformed; static */
};

/* Reads it and adds its header lines.  False when AWS would call it malformed; `reason` then says
 * why.  Texts are in the arena or in `payload`. */
bool lambda_answer_read(struct arena *arena, struct span payload, struct lambda_answer *out,
                        struct buf *lines);

#endif
