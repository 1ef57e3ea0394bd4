/* Mailboxes of snapshots.  An exchange of one pointer hands a use over in either direction:
 * whoever gets the pointer out of the box owns it. */
#include "snapshot/publication.h"

#include <assert.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool publication_init(struct publication *publication)
{
    memset(publication, 0, sizeof *publication);
    publication->taken_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return publication->taken_fd >= 0;
}

static void leave(const struct snapshot *snap)
{
    if (snap)
        part_leave(&snap->part);
}

void publication_release(struct publication *publication)
{
    for (unsigned i = 0; i < publication->worker_count; i++)
        leave(atomic_exchange(&publication->workers[i].offered, NULL));
    if (publication->taken_fd >= 0)
        close(publication->taken_fd);
    publication->taken_fd = -1;
}

unsigned publication_join(struct publication *publication, void (*wake)(void *ctx), void *ctx)
{
    unsigned number = publication->worker_count++;

    assert(number < PUBLICATION_MAX);
    publication->workers[number].wake = wake;
    publication->workers[number].ctx = ctx;
    return number;
}

void publication_offer(struct publication *publication, const struct snapshot *snap)
{
    for (unsigned i = 0; i < publication->worker_count; i++) {
        part_use(&snap->part);
        leave(
            atomic_exchange_explicit(&publication->workers[i].offered, snap, memory_order_acq_rel));
        if (publication->workers[i].wake)
            publication->workers[i].wake(publication->workers[i].ctx);
    }
}

const struct snapshot *publication_take(struct publication *publication, unsigned number,
                                        const struct snapshot *current)
{
    static const uint64_t ONE = 1;
    const struct snapshot *snap;
    ssize_t written;

    if (!atomic_load_explicit(&publication->workers[number].offered, memory_order_relaxed))
        return current;
    snap =
        atomic_exchange_explicit(&publication->workers[number].offered, NULL, memory_order_acq_rel);
    if (!snap)
        return current;
    leave(current);
    atomic_store_explicit(&publication->workers[number].revision, snap->revision,
                          memory_order_release);
    written = write(publication->taken_fd, &ONE, sizeof ONE);
    (void)written; /* fails only when the counter is full: then it is readable anyway */
    return snap;
}

uint64_t publication_revision(const struct publication *publication)
{
    uint64_t least = UINT64_MAX;

    for (unsigned i = 0; i < publication->worker_count; i++) {
        uint64_t one =
            atomic_load_explicit(&publication->workers[i].revision, memory_order_acquire);

        if (one < least)
            least = one;
    }
    return least;
}
