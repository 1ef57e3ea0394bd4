/* Messages of AWS's event streams (spec/lambda.md, section 2.2): framed, with headers and two
 * checksums.  InvokeWithResponseStream answers with them.
 *
 *     u32 length of all, u32 length of the headers, u32 CRC of these eight bytes,
 *     headers, payload, u32 CRC of all before; big-endian. */
#ifndef TEXT_EVENTSTREAM_H
#define TEXT_EVENTSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"

#define EVENTSTREAM_PAYLOAD_MAX (16 * 1024 * 1024)
#define EVENTSTREAM_HEADERS_MAX (128 * 1024)
#define EVENTSTREAM_OVERHEAD 16 /* bytes of a message without headers and payload */

/* As in the message. */
enum eventstream_type {
    EVENTSTREAM_TRUE,
    EVENTSTREAM_FALSE,
    EVENTSTREAM_BYTE,
    EVENTSTREAM_SHORT,
    EVENTSTREAM_INT,
    EVENTSTREAM_LONG,
    EVENTSTREAM_BYTES,
    EVENTSTREAM_STRING,
    EVENTSTREAM_TIME, /* milliseconds since 1970 */
    EVENTSTREAM_UUID
};

struct eventstream_header {
    struct span name; /* 1 to 255 bytes */
    enum eventstream_type type;
    struct span value; /* bytes, string and UUID (16 bytes) */
    int64_t number;    /* byte, short, int, long and time */
};

struct eventstream_message {
    const struct eventstream_header *headers;
    size_t count;
    struct span payload;
};

/* Adds one message.  False when the buffer is over (and marked, as by a message over the limits
 * or a header that does not fit its type). */
bool eventstream_write(struct buf *out, const struct eventstream_header *headers, size_t count,
                       struct span payload);

enum eventstream_result {
    EVENTSTREAM_MESSAGE, /* one was taken */
    EVENTSTREAM_MORE,    /* the message is not whole yet; nothing was taken */
    EVENTSTREAM_BAD      /* never mind what follows: this is no event stream; `why` says it */
};

/* Takes one message off the front of *in.  It points into *in; its headers are in the arena. */
enum eventstream_result eventstream_take(struct arena *arena, struct span *in,
                                         struct eventstream_message *out, struct problem *why);

/* The value of a header of type string; at is NULL when there is none. */
struct span eventstream_text(const struct eventstream_message *message, const char *name);

/* CRC-32 as in zlib and Ethernet; `crc` is that of what came before, 0 at the start. */
uint32_t eventstream_crc(uint32_t crc, struct span bytes);

#endif
