/* HTTP/1.0 and 1.1 on the wire: a codec without any input or output of its own.
 *
 * It is strict wherever a second reader could see another message than we do (RFC 9112, section
 * 11.2): what is ambiguous is refused, never repaired. */
#ifndef HTTP_H1_H
#define HTTP_H1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "http/message.h"

/* Why a head is refused.  Each maps to one status (h1_refusal_status). */
enum h1_refusal {
    H1_FINE = 0,
    H1_BAD,              /* 400 */
    H1_TARGET_TOO_LONG,  /* 414 */
    H1_HEADERS_TOO_LONG, /* 431 */
    H1_BAD_VERSION,      /* 505 */
    H1_UNKNOWN_CODING,   /* 501: a transfer coding other than chunked */
};

int h1_refusal_status(enum h1_refusal refusal);

/* Looks for the blank line that ends a head.  `*scanned` (0 at first) remembers how far earlier
 * calls looked.  Returns the head's length with the blank line, or 0 when it is not whole yet. */
size_t h1_head_end(struct span in, size_t *scanned);

/* Parses a whole head: request line or status line, header lines, blank line.  The span must end
 * with it.  On refusal *out is in no certain state. */
enum h1_refusal h1_request_parse(struct span head, struct http_request *out);

/* The same for an answer to `method`.  Bodies: none for HEAD, 1xx, 204, 304. */
enum h1_refusal h1_response_parse(struct span head, struct span method, struct http_response *out);

/* What the grammar allows where: RFC 9110 tokens; values (no control characters but the tab). */
extern const bool H1_TOKEN[256], H1_VALUE[256];

/* Decoder of the chunked coding.  Zero-initialise. */
struct h1_chunks {
    uint64_t left; /* bytes of the current chunk still to come */
    unsigned state;
    unsigned line_len; /* of the size line or the trailers read so far */
    bool is_done;
};

#define H1_CHUNK_LINE_MAX 256
#define H1_TRAILERS_MAX 4096

/* Decodes from the front of *in: on success *piece holds body bytes (maybe none) and *in what was
 * not looked at.  Call again until *in is empty or chunks->is_done.  Trailers must be header lines;
 * they are read and dropped.  False when the coding is broken. */
bool h1_chunks_take(struct h1_chunks *chunks, struct span *in, struct span *piece);

#endif
