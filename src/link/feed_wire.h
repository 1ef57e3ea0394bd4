/* What both ends of the feed agree on; private to link/. */
#ifndef LINK_FEED_WIRE_H
#define LINK_FEED_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

/* A record whose frame would be too large leaves out "body" and carries it as a descriptor. */
enum feed_type {
    FEED_HELLO = 1,  /* {"epoch","revision"} */
    FEED_RECORD = 2, /* {"account","region","kind","parent","id","revision","body"} */
    FEED_BLOB = 3,   /* {"sha256"} and a descriptor */
    FEED_COMMIT = 4, /* {"revision"} */
    FEED_ACK = 5     /* {"revision"} */
};

/* False when the peer is gone. */
bool feed_send_hello(int socket, struct span epoch, uint64_t revision);
bool feed_send_revision(int socket, enum feed_type type, uint64_t revision);

/* Each parses a payload; texts point into it or into the arena.  False when it is malformed. */
bool feed_read_hello(struct arena *arena, struct span payload, struct span *epoch,
                     uint64_t *revision);
bool feed_read_revision(struct arena *arena, struct span payload, uint64_t *revision);

#endif
