/* The host's protocol: how gateway and control have instances started and packages unpacked.
 * docs/internals/host.md
 *
 * The host listens on a SOCK_SEQPACKET unix socket (DATA/run/host.sock).  Each message is one JSON
 * object, {"op":..,"id":..,...}, with up to HOST_DESCRIPTORS_MAX descriptors beside it.  A peer
 * may hold several connections (one a worker, say); `id` is the peer's own name for an instance or
 * an unpacking, unique within its connection.  An instance ends with the connection that started
 * it: a gateway that dies, or that loses the host, begins again with none.
 *
 *   start    -> started (channel, stdout, stderr) or refused; later one ended
 *   kill, freeze -> nothing; of an id that is not known (it has just ended) they are ignored
 *   unpack   -> unpacked or refused */
#ifndef LINK_HOST_H
#define LINK_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"
#include "text/json.h"

#define HOST_MESSAGE_MAX (64 * 1024)
#define HOST_DESCRIPTORS_MAX 3
#define HOST_PACKAGE_LEN 64 /* SHA-256 in lower-case hexadecimal */

/* What an arena needs at least to decode any message. */
#define HOST_ARENA_MAX (4 * 1024 * 1024)

enum host_op {
    HOST_START,   /* to the host */
    HOST_KILL,    /* to the host: id */
    HOST_FREEZE,  /* to the host: id, is_on */
    HOST_UNPACK,  /* to the host: id, package */
    HOST_STARTED, /* from the host: id, started; descriptors channel, stdout, stderr */
    HOST_REFUSED, /* from the host: id, refused */
    HOST_ENDED,   /* from the host: id, ended; nothing of the instance runs any more */
    HOST_UNPACKED /* from the host: id, size */
};

enum host_network {
    HOST_NETWORK_HOST, /* the machine's own; its loopback is Portico's */
    HOST_NETWORK_OWN   /* a loopback and nothing else */
};

struct host_start {
    struct span function, version; /* ARN; "$LATEST" or a number: for the log */
    struct span package;           /* HOST_PACKAGE_LEN hexadecimal digits; unpacked before */
    struct span runtime, handler;  /* "python3.11", "app.handler" */
    uint32_t memory_mb, timeout_s;
    uint32_t storage_mb;            /* of /tmp; 512 when the message does not say */
    const struct json *environment; /* an object of strings: all that the function sees, but for
                                       paths that only the host knows */
    enum host_network network;
};

struct host_started {
    int64_t pid;      /* of the runtime's process, in the host's eyes; for /proc/PID/status */
    bool is_listener; /* the channel is the listening socket of the Runtime API, not frames */
};

#define HOST_TROUBLE "Host.Trouble"

struct host_refused {
    struct span type; /* "Runtime.InvalidEntrypoint"; of an unpacking empty when the package is
                         wrong, HOST_TROUBLE when the host could not */
    struct span message;
};

struct host_ended {
    int32_t exit;     /* -1 when a signal ended it */
    int32_t signal;   /* 0 when it exited */
    uint64_t peak_kb; /* most memory it had; 0 when not known */
    bool is_oom;      /* killed for going over memory_mb */
};

struct host_message {
    enum host_op op;
    uint64_t id;
    union {
        struct host_start start;
        bool is_on;          /* HOST_FREEZE */
        struct span package; /* HOST_UNPACK */
        struct host_started started;
        struct host_refused refused;
        struct host_ended ended;
        uint64_t size; /* HOST_UNPACKED: bytes of all files */
    };
};

/* Adds the JSON text.  False when the buffer is over; a text over HOST_MESSAGE_MAX cannot be sent.
 */
bool host_encode(struct buf *out, const struct host_message *message);

/* Reads a text; spans and the environment live as long as `text` and the arena.  FAULT_SYNTAX for
 * what is not JSON, FAULT_TYPE for an unknown op or a member that is missing or of a wrong type,
 * FAULT_NO_MEMORY.  A package that passes is HOST_PACKAGE_LEN hexadecimal digits, so it can be a
 * file's name; names and values of the environment hold no NUL, names no '='. */
enum fault host_decode(struct arena *arena, struct span text, struct host_message *out,
                       struct problem *why);

enum host_status {
    HOST_DONE,     /* sent, or received */
    HOST_AGAIN,    /* a socket that does not block: later */
    HOST_TOO_LONG, /* to send: over HOST_MESSAGE_MAX; the connection is still good */
    HOST_GONE      /* the peer closed, or does not speak our protocol: close the socket */
};

/* Sends one message; the descriptors stay the caller's. */
enum host_status host_send(int socket, const struct host_message *message, const int *descriptors,
                           unsigned count);

/* Receives one message into the arena, which may be reset before each.  `descriptors` become the
 * caller's; those that did not come are -1. */
enum host_status host_receive(int socket, struct arena *arena, struct host_message *out,
                              int descriptors[static HOST_DESCRIPTORS_MAX], struct problem *why);

/* A connection to the host at `path` that blocks; -1 with errno.  To be tried again later: the
 * host comes back by itself. */
int host_connect(const char *path);

#endif
