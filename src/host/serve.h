/* The host's state, and the loop over its sockets and children. */
#ifndef HOST_SERVE_H
#define HOST_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/cgroup.h"
#include "host/loop.h"
#include "host/sandbox.h"
#include "link/child.h"
#include "link/host.h"

#define HOST_PEERS_MAX 256
#define HOST_INSTANCES_MAX 4096

struct instance;
struct unpacking;
struct peer;

struct host {
    struct sandbox sandbox;
    const char *missing; /* why no function can be started; NULL: nothing is missing */
    const char *search;  /* folders of interpreters, separated by ':' */
    struct runtimes runtimes;
    struct cgroups groups;
    uint64_t launched; /* instances so far; the last one's number */
    const struct child *child;
    int epoll;
    struct source listener, signals, lifeline;
    struct peer *peers; /* a list each */
    struct instance *instances;
    struct unpacking *unpackings;
    unsigned peer_count, instance_count, unpacking_count;
    bool is_stopping;
};

/* Serves until the supervisor says to end, or is gone.  No instance runs any more then.  `sandbox`,
 * `search` and `child` are set by the caller, the rest is zero; `listener` becomes the host's.
 * FAULT_IO when the system refuses the loop. */
enum fault host_serve(struct host *host, int listener, struct problem *why);

/* Tells a peer something; a connection that cannot take it is closed, later, with all its
 * instances. */
void peer_say(struct peer *peer, const struct host_message *message, const int *descriptors,
              unsigned count);
void peer_refuse(struct peer *peer, uint64_t id, const char *type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
