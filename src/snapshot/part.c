/* Parts: counted uses, and a shelf that any thread pushes to and one thread empties.  The shelf
 * is a stack of which only the whole is ever taken, so it has no ABA problem. */
#include "snapshot/part.h"

#include <assert.h>
#include <string.h>

void shelf_init(struct shelf *shelf)
{
    atomic_init(&shelf->first, NULL);
    atomic_init(&shelf->bytes, 0);
    atomic_init(&shelf->served, 0);
}

void *part_new(struct shelf *shelf, size_t size, void (*drop)(struct part *part))
{
    struct arena arena;
    struct part *part;

    assert(size >= sizeof *part);
    arena_init(&arena, PART_BYTES_MAX);
    part = arena_zero(&arena, size);
    part->arena = arena; /* moved: the part lives in the arena that it holds */
    part->shelf = shelf;
    part->drop = drop;
    atomic_init(&part->uses, 1);
    return part;
}

void part_seal(struct part *part)
{
    assert(part->bytes == 0);
    part->bytes = part->arena.used;
    atomic_fetch_add_explicit(&part->shelf->bytes, part->bytes, memory_order_relaxed);
}

void part_use(const struct part *part)
{
    uint32_t before =
        atomic_fetch_add_explicit(&((struct part *)part)->uses, 1, memory_order_relaxed);

    assert(before > 0 && before < UINT32_MAX);
}

static void push(struct part *part)
{
    struct shelf *shelf = part->shelf;

    part->next = atomic_load_explicit(&shelf->first, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&shelf->first, &part->next, part,
                                                  memory_order_acq_rel, memory_order_relaxed))
        ;
}

void part_leave(const struct part *part)
{
    struct part *own = (struct part *)part;
    uint32_t before;

    if (!part)
        return;
    before = atomic_fetch_sub_explicit(&own->uses, 1, memory_order_acq_rel);
    assert(before > 0);
    if (before == 1)
        push(own);
}

void shelf_reclaim(struct shelf *shelf)
{
    struct part *part;

    while ((part = atomic_exchange_explicit(&shelf->first, NULL, memory_order_acq_rel)) != NULL)
        while (part) {
            struct part *next = part->next;
            struct arena arena = part->arena;

            if (part->drop)
                part->drop(part);
            atomic_fetch_sub_explicit(&shelf->bytes, part->bytes, memory_order_relaxed);
            arena_release(&arena);
            part = next;
        }
}

size_t shelf_retired_bytes(const struct shelf *shelf)
{
    size_t all = atomic_load_explicit(&shelf->bytes, memory_order_relaxed);
    size_t served = atomic_load_explicit(&shelf->served, memory_order_relaxed);

    return all > served ? all - served : 0;
}
