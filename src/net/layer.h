/* One connected stream of bytes, plain or under TLS, on a descriptor that is watched
 * edge-triggered.  The layer remembers whether reading may give something, so that no system call
 * is made to learn that there is nothing. */
#ifndef NET_LAYER_H
#define NET_LAYER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct ssl_st;

struct layer {
    int fd;
    struct ssl_st *tls; /* NULL: plain; owned */
    bool may_read;      /* the descriptor may have bytes or an end */
    bool is_ending;     /* the peer's end was reported, maybe behind unread bytes */
};

enum { LAYER_AGAIN = -1, LAYER_BROKEN = -2 };

/* Notes what an event said.  To be called first. */
void layer_note(struct layer *layer, uint32_t events);

/* TLS: goes on with the handshake.  1 when it is done, LAYER_AGAIN, LAYER_BROKEN.  Plain: 1. */
int layer_shake(struct layer *layer);

/* Bytes read; 0 at the peer's orderly end; LAYER_AGAIN when nothing is there; LAYER_BROKEN. */
ssize_t layer_read(struct layer *layer, void *at, size_t room);

/* Bytes written, which may be fewer than there are; LAYER_AGAIN: an event follows; LAYER_BROKEN.
 * Under TLS, after LAYER_AGAIN the next call must begin with the same bytes. */
ssize_t layer_write(struct layer *layer, const struct iovec *parts, int count);

/* Closes the descriptor (which must not be watched any more) and frees. */
void layer_close(struct layer *layer);

#endif
