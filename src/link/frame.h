/* Frames: how Portico's processes cut a stream socket into messages.
 *
 * On the wire: u32 length of the payload (little-endian), u8 type, payload (JSON).  A frame may
 * carry one descriptor (SCM_RIGHTS), which travels with its first byte and is announced by the
 * highest bit of the type.  A payload is at most FRAME_PAYLOAD_MAX; what is larger goes into a
 * file whose descriptor is passed. */
#ifndef LINK_FRAME_H
#define LINK_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define FRAME_PAYLOAD_MAX (64 * 1024)
#define FRAME_HEAD_LEN 5
#define FRAME_TYPE_MAX 0x7f

struct frame {
    uint8_t type;
    struct span payload; /* in the reader: valid until the next frame_fill or frame_release */
    int descriptor;      /* -1, or now owned by the caller */
};

enum frame_status {
    FRAME_READY,  /* frame_fill: bytes came; frame_take: a frame was taken */
    FRAME_AGAIN,  /* no more at present */
    FRAME_CLOSED, /* the peer closed between two frames */
    FRAME_BROKEN  /* closed within a frame, an error, or not our protocol: close the socket */
};

/* Two descriptors can wait: that of a frame whose end is not there yet, and that of the next. */
#define FRAME_DESCRIPTORS 2

/* Holds at most one frame that is not complete yet, whatever the peer sends. */
struct frame_reader {
    char *at;
    size_t start, end; /* bytes that were read and not yet taken */
    int descriptors[FRAME_DESCRIPTORS];
    unsigned descriptor_count; /* came, not yet taken; in order */
};

/* Takes FRAME_PAYLOAD_MAX + FRAME_HEAD_LEN bytes of memory. */
void frame_reader_init(struct frame_reader *reader);

/* Closes a descriptor that nobody took. */
void frame_reader_release(struct frame_reader *reader);

/* Receives once; blocks only if the socket does.  Take all frames first: a reader that is full
 * answers FRAME_BROKEN. */
enum frame_status frame_fill(struct frame_reader *reader, int socket);

/* The same from memory, for tests.  Takes over `descriptor` (-1: none).  FRAME_BROKEN when the
 * bytes do not fit. */
enum frame_status frame_fill_bytes(struct frame_reader *reader, struct span bytes, int descriptor);

/* Takes the next whole frame out of what was received. */
enum frame_status frame_take(struct frame_reader *reader, struct frame *out);

/* Writes a whole frame to a blocking socket; `descriptor` (-1: none) stays the caller's.  False
 * when the peer is gone, a send timeout of the socket passed or the payload is too large; the
 * stream cannot be used any more then. */
bool frame_write(int socket, uint8_t type, struct span payload, int descriptor);

#endif
