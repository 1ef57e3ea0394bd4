/* What `portico up`, `down` and `status` say to control, over DATA/run/up.sock (mode 0600; only
 * Portico's own user is heard).  Never over TCP: it names local folders.
 *
 * The client sends one UP_ASK; back come UP_OUT and UP_ERROR, a line of text each, then UP_END
 * with the exit code as text. */
#ifndef LINK_UP_H
#define LINK_UP_H

#include "base/arena.h"
#include "base/fault.h"
#include "link/frame.h"

#define UP_SOCKET "up.sock"

enum up_frame { UP_ASK = 1, UP_OUT, UP_ERROR, UP_END };

/* Texts that are not said are empty. */
struct up_ask {
    struct span op;     /* "up", "down", "stacks" */
    struct span path;   /* up: the folder or the template, absolute */
    struct span stack;  /* its name */
    struct span region; /* else the one of control */
    struct span url;    /* where Portico listens, as "http://127.0.0.1:4566" */
};

/* False when the peer is gone or the texts are too long. */
bool up_ask_send(int socket, const struct up_ask *ask);

/* Reads the payload of an UP_ASK; texts live in the arena or in the payload.  FAULT_SYNTAX. */
enum fault up_ask_read(struct arena *arena, struct span payload, struct up_ask *out);

#endif
