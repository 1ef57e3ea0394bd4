/* Memory that may be used, counted and not held: who takes much of it for somebody outside draws
 * first, and refuses when nothing is left.  One thread draws and gives; others may look. */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct budget {
    size_t size;
    _Atomic size_t used;
};

static inline size_t budget_used(const struct budget *budget)
{
    return atomic_load_explicit(&budget->used, memory_order_relaxed);
}

/* False when so much is not left.  A budget that is NULL never ends. */
static inline bool budget_draw(struct budget *budget, size_t n)
{
    size_t used = budget ? budget_used(budget) : 0;

    if (!budget)
        return true;
    if (n > budget->size - used)
        return false;
    atomic_store_explicit(&budget->used, used + n, memory_order_relaxed);
    return true;
}

static inline void budget_give(struct budget *budget, size_t n)
{
    if (budget)
        atomic_store_explicit(&budget->used, budget_used(budget) - n, memory_order_relaxed);
}

#endif
