/* Frames on the channel between the gateway and an instance that runs one of our own bootstraps
 * (runtimes/).  docs/internals/host.md
 *
 * On the wire: u32 length of the payload (big-endian), u8 type, payload.  The instance says
 * INSTANCE_READY or INSTANCE_INIT_ERROR once, then answers each INSTANCE_INVOKE with one
 * INSTANCE_RESULT or INSTANCE_ERROR.  One invocation at a time.  What comes from an instance is
 * from outside: its code can write anything. */
#ifndef LINK_INSTANCE_H
#define LINK_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

enum instance_type {
    INSTANCE_INVOKE = 'I',     /* u32 header length, JSON header, the event */
    INSTANCE_READY = 'N',      /* empty: the handler is loaded */
    INSTANCE_INIT_ERROR = 'X', /* JSON error object; the instance ends after it */
    INSTANCE_RESULT = 'R',     /* the answer as it is */
    INSTANCE_ERROR = 'E'       /* JSON error object */
};

#define INSTANCE_HEAD_LEN 5

/* The largest answer that Lambda lets through (spec/lambda.md, section 2).  A longer one is sent by
 * our bootstraps as an error, so a longer frame is a broken instance. */
#define INSTANCE_PAYLOAD_MAX 6291556

struct instance_invoke {
    struct span request_id;
    int64_t deadline_ms; /* wall clock, since 1970 */
    struct span function_arn;
    struct span trace_id;                 /* may be empty */
    struct span client_context, identity; /* JSON texts, put in as they are; empty: absent */
};

/* Adds everything of an INSTANCE_INVOKE frame but the event, of which `event_len` bytes are to
 * follow.  False when the buffer is over. */
bool instance_invoke_write(struct buf *out, const struct instance_invoke *invoke, size_t event_len);

/* Collects frames of an instance out of what was received, in whatever pieces. */
struct instance_reader {
    unsigned char head[INSTANCE_HEAD_LEN];
    unsigned head_len;  /* bytes of the head that are there */
    size_t payload_len; /* wanted; known when the head is whole */
    struct buf payload; /* keeps its memory between frames up to INSTANCE_KEEP_MAX */
};

#define INSTANCE_KEEP_MAX (64 * 1024)

enum instance_status {
    INSTANCE_FRAME,     /* a whole frame was taken */
    INSTANCE_MORE,      /* the input is used up */
    INSTANCE_BROKEN,    /* an unknown type, or too long: kill it */
    INSTANCE_NO_MEMORY, /* the payload does not fit into memory */
};

struct instance_frame {
    enum instance_type type;
    struct span payload; /* valid until the next take, or the release */
};

/* No memory is taken before the first payload. */
void instance_reader_init(struct instance_reader *reader);
void instance_reader_release(struct instance_reader *reader);

/* Takes bytes off the front of *in, up to the end of a frame. */
enum instance_status instance_reader_take(struct instance_reader *reader, struct span *in,
                                          struct instance_frame *out);

#endif
