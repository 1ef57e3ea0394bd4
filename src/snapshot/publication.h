/* How a new snapshot reaches the workers: one mailbox per worker, no lock.
 *
 * The compile thread offers; a worker takes between two loop turns.  A worker that was too slow
 * for one offer finds the next; the one it missed is given back. */
#ifndef SNAPSHOT_PUBLICATION_H
#define SNAPSHOT_PUBLICATION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/counter.h"
#include "snapshot/snapshot.h"

/* All workers, and the loop of functions where that is one of its own. */
#define PUBLICATION_MAX (COUNTER_SHARDS + 1)

struct publication {
    struct {
        _Alignas(64) _Atomic(const struct snapshot *) offered; /* owns one use */
        _Atomic uint64_t revision;                             /* that the worker serves */
        void (*wake)(void *ctx); /* makes the worker's loop turn; any thread may call it */
        void *ctx;
    } workers[PUBLICATION_MAX];
    unsigned worker_count;
    int taken_fd; /* an eventfd that becomes readable when a worker has taken a snapshot */
};

/* False when the system refuses the eventfd. */
bool publication_init(struct publication *publication);

/* Gives back what nobody took.  All threads must have ended. */
void publication_release(struct publication *publication);

/* Adds a worker before any thread runs, and returns its number. */
unsigned publication_join(struct publication *publication, void (*wake)(void *ctx), void *ctx);

/* Offers the snapshot to every worker and wakes them.  The caller keeps its own use. */
void publication_offer(struct publication *publication, const struct snapshot *snap);

/* For worker `number`: the newest snapshot, which it owns a use of, instead of `current`, which
 * is given back; or `current` itself when there is nothing new. */
const struct snapshot *publication_take(struct publication *publication, unsigned number,
                                        const struct snapshot *current);

/* The revision that every worker serves at least; UINT64_MAX without workers. */
uint64_t publication_revision(const struct publication *publication);

#endif
