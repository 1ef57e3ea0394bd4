/* The listening TCP sockets.  The supervisor makes them once and passes them on, so that no
 * restart of a gateway ever refuses a connection. */
#ifndef SUPERVISE_LISTENER_H
#define SUPERVISE_LISTENER_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/fault.h"

#define LISTENERS_MAX 32
#define ADDRESS_TEXT_MAX 64

struct listener {
    int socket; /* listening, not blocking, close-on-exec */
    bool is_loopback;
    char text[ADDRESS_TEXT_MAX]; /* "127.0.0.1:4566", "[::1]:4566": with the real port */
};

struct listeners {
    struct listener all[LISTENERS_MAX];
    unsigned count;
};

/* Opens what a comma separated list names: ADDR:PORT, [ADDR6]:PORT, or PORT for both loopback
 * addresses (where the machine has no ::1, for the first alone).  Port 0 takes a free one, the
 * same for both.  `from` names the option in messages.  FAULT_SYNTAX for a text that is no
 * address, FAULT_DENIED for one that is not loopback when that is not allowed, FAULT_IO when the
 * system refuses: then nothing stays open. */
enum fault listeners_open(struct listeners *listeners, const char *list, const char *from,
                          bool allow_remote, struct problem *why);

void listeners_close(struct listeners *listeners);

#endif
