/* Counters that many threads raise and one reads now and then: a shard per worker, each on a
 * cache line of its own, so that counting never waits. */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

#define COUNTER_SHARDS 64 /* the highest number of workers */

struct counter {
    struct {
        _Alignas(64) _Atomic uint64_t value;
    } shards[COUNTER_SHARDS];
};

/* `worker` is below COUNTER_SHARDS; only that worker's thread may pass it. */
static inline void counter_add(struct counter *counter, unsigned worker, uint64_t n)
{
    _Atomic uint64_t *value = &counter->shards[worker].value;

    atomic_store_explicit(value, atomic_load_explicit(value, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static inline uint64_t counter_sum(const struct counter *counter)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < COUNTER_SHARDS; i++)
        sum += atomic_load_explicit(&counter->shards[i].value, memory_order_relaxed);
    return sum;
}

#endif
