/* What is run for an instance: bubblewrap's argument vector, and the plan that sandbox-init reads
 * inside.  Pure: from settings and a start message to texts. */
#ifndef HOST_SANDBOX_H
#define HOST_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "host/runtime.h"
#include "link/host.h"

/* Where things are on the machine; texts are owned by main and live as long as the process. */
struct sandbox {
    const char *data;       /* the data directory, absolute */
    const char *bootstraps; /* the folder of runtimes/ */
    const char *init;       /* sandbox-init */
    const char *bwrap;      /* bubblewrap; NULL: no sandbox (--sandbox off) */
    const void *filter;     /* struct sock_filter; NULL: none */
    uint32_t filter_count;  /* instructions in it */
    uint32_t process_max;   /* of one instance */
    bool is_root;           /* the host may mount and become another user */
};

/* Whom a function runs as where the host is root; runtimes/etc/passwd knows them. */
#define SANDBOX_USER 64993
#define SANDBOX_GROUP 64990

#define SANDBOX_WORDS_MAX 256

struct words {
    char *all[SANDBOX_WORDS_MAX + 1]; /* NULL at the end */
    unsigned count;
};

/* The arguments of the process to start, from the arena.  False when the arena is over. */
bool sandbox_words(const struct sandbox *sandbox, const struct runtime *runtime,
                   const struct host_start *start, struct arena *arena, struct words *out);

/* The plan (host/init.h) as bytes.  `port` is that of a listener of the host for the Runtime API, 0
 * when sandbox-init opens one or none is needed.  False when the buffer is over. */
bool sandbox_plan(const struct sandbox *sandbox, const struct runtime *runtime,
                  const struct host_start *start, uint16_t port, struct buf *out);

/* Whether sandbox-init opens the Runtime API's listener in a network of its own. */
bool sandbox_listens(const struct sandbox *sandbox, const struct runtime *runtime,
                     const struct host_start *start);

#endif
