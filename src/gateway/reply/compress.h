/* Compression of bodies, both ways (spec/data-plane-rest.md, section 8.3). */
#ifndef GATEWAY_REPLY_COMPRESS_H
#define GATEWAY_REPLY_COMPRESS_H

#include "gateway/exchange.h"

/* True when the client's body comes compressed: it must be read whole. */
bool expand_needs_body(const struct exchange *x);

/* Expands the client's body, which was read.  REPLY: 415 or 413 is decided. */
enum verdict expand_request(struct exchange *x);

/* Compresses the reply when the API and the client want it: a step. */
enum verdict compress_reply(struct exchange *x);

#endif
