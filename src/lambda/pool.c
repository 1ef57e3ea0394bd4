/* Who gets which instance.  An invocation takes the instance that was used last (its caches are
 * warm, and the others may age); without one it waits for an instance that starts.  So nothing
 * waits for a function to end, and a function may call itself through its own API.  Only where the
 * machine holds no more instances is a busy one waited for: better late than refused. */
#include "lambda/pool.h"

#include <assert.h>

#include "base/log.h"
#include "base/mem.h"

#define HINT_EVERY (10 * MICROS_PER_SECOND)

static struct pool *pool_of(struct lambda *lambda, const struct function *function)
{
    struct pool *pool = map_get(&lambda->pools, function->arn);

    if (pool)
        return pool;
    pool = mem_zero(1, sizeof *pool);
    pool->lambda = lambda;
    pool->function = function;
    part_use(&function->part);
    pool->arn = mem_text(function->arn.at, function->arn.len);
    if (map_set(&lambda->pools, span_of(pool->arn), pool))
        return pool;
    part_leave(&function->part);
    mem_free(pool->arn);
    mem_free(pool);
    return NULL;
}

bool lambda_pool_free(struct pool *pool)
{
    if (pool->instances > 0 || pool->in_flight > 0)
        return false;
    map_remove(&pool->lambda->pools, span_of(pool->arn));
    part_leave(&pool->function->part);
    mem_free(pool->arn);
    mem_free(pool);
    return true;
}

void lambda_pool_remove_idle(struct pool *pool, struct instance *instance)
{
    struct instance **at = &pool->idle;

    while (*at && *at != instance)
        at = &(*at)->below;
    if (*at)
        *at = instance->below;
    instance->below = NULL;
}

static bool is_current(const struct pool *pool, const struct instance *instance)
{
    return !pool->is_dropped && instance->function->revision == pool->function->revision;
}

static void end_outdated(struct pool *pool)
{
    struct instance *one = pool->idle, *next;

    for (; one; one = next) {
        next = one->below;
        if (!is_current(pool, one))
            lambda_instance_kill(one);
    }
}

void lambda_pool_renew(struct pool *pool, const struct function *function)
{
    const struct function *old = pool->function;

    pool->is_dropped = function == NULL;
    if (function && function->revision > old->revision) {
        pool->function = function;
        part_use(&function->part);
        part_leave(&old->part);
    } else if (function) {
        return; /* a worker's snapshot may be older than ours */
    }
    end_outdated(pool);
}

/* ---- limits -------------------------------------------------------------------------------- */

/* Words when the invocation is one too many. */
static const char *over_limit(const struct pool *pool)
{
    if (pool->function->reserved >= 0 && pool->in_flight >= (uint64_t)pool->function->reserved)
        return "ReservedFunctionConcurrentInvocationLimitExceeded";
    if (pool->lambda->in_flight >= LAMBDA_CONCURRENCY_MAX)
        return "ConcurrentInvocationLimitExceeded";
    return NULL;
}

/* The instance that has been idle for the longest, of any function. */
static struct instance *oldest_idle(struct lambda *lambda)
{
    struct instance *oldest = NULL;

    for (struct instance *one = lambda->instances; one; one = one->next)
        if (one->state == INSTANCE_IDLE && (!oldest || one->timer.at < oldest->timer.at))
            oldest = one;
    return oldest;
}

static bool has_room(struct lambda *lambda)
{
    struct instance *oldest;

    if (lambda->instance_count < lambda->settings.instances_max)
        return true;
    oldest = lambda->settings.instances_max > 0 ? oldest_idle(lambda) : NULL;
    if (oldest)
        lambda_instance_kill(oldest); /* room for its successor; both live for a moment */
    else if (lambda->loop->now - lambda->hint_at > HINT_EVERY) {
        lambda->hint_at = lambda->loop->now;
        log_warn("%u instances of functions run, which is what this machine holds: no more are "
                 "started",
                 lambda->instance_count);
    }
    return oldest != NULL;
}

/* ---- growth -------------------------------------------------------------------------------- */

static void grow(struct pool *pool)
{
    while (pool->waiting > pool->starting && pool->starting < POOL_STARTING_MAX &&
           has_room(pool->lambda))
        lambda_instance_start(pool);
}

static void enqueue(struct pool *pool, struct invoke *invoke)
{
    invoke->next = NULL;
    if (pool->waiting_last)
        pool->waiting_last->next = invoke;
    else
        pool->waiting_first = invoke;
    pool->waiting_last = invoke;
    pool->waiting++;
}

static struct invoke *dequeue(struct pool *pool)
{
    struct invoke *invoke = pool->waiting_first;

    if (!invoke)
        return NULL;
    pool->waiting_first = invoke->next;
    if (!pool->waiting_first)
        pool->waiting_last = NULL;
    pool->waiting--;
    return invoke;
}

struct invoke *lambda_pool_first_waiting(const struct pool *pool)
{
    return pool->waiting_first;
}

void lambda_pool_return(struct pool *pool, struct invoke *invoke, enum invoke_end end)
{
    pool->in_flight--;
    pool->lambda->in_flight--;
    invoke_return(invoke, end);
}

static void refuse_waiting(struct pool *pool, const char *words)
{
    struct invoke *invoke;

    while ((invoke = dequeue(pool)) != NULL) {
        invoke->words = words;
        lambda_pool_return(pool, invoke, INVOKE_THROTTLED);
    }
}

/* Starts what those who wait need; if nothing can start, and there is nothing to wait for, they
 * are refused. */
static void serve_waiting(struct pool *pool)
{
    grow(pool);
    if (pool->waiting > 0 && pool->instances == 0)
        refuse_waiting(pool, "ConcurrentInvocationLimitExceeded");
}

void lambda_pool_take(struct lambda *lambda, struct invoke *invoke)
{
    struct pool *pool = pool_of(lambda, invoke->function);
    struct instance *instance;

    if (!pool) {
        invoke->words = "too many functions";
        invoke_return(invoke, INVOKE_FAILED);
        return;
    }
    lambda_pool_renew(pool, invoke->function);
    invoke->words = over_limit(pool);
    if (!invoke->words && !invoke_draw(invoke, invoke->event.len))
        invoke->words = "ConcurrentInvocationLimitExceeded"; /* no memory for its event */
    if (invoke->words) {
        invoke_return(invoke, INVOKE_THROTTLED);
        return;
    }
    pool->in_flight++;
    lambda->in_flight++;
    instance = pool->idle;
    if (instance) {
        lambda_pool_remove_idle(pool, instance);
        lambda_instance_run(instance, invoke);
        return;
    }
    enqueue(pool, invoke);
    serve_waiting(pool);
}

void lambda_pool_next(struct pool *pool, struct instance *instance)
{
    struct invoke *invoke;

    if (instance->state >= INSTANCE_ENDING)
        return;
    if (!is_current(pool, instance)) {
        instance->state = INSTANCE_BUSY; /* it is on no stack */
        lambda_instance_kill(instance);
        return;
    }
    invoke = dequeue(pool);
    if (invoke) {
        lambda_instance_run(instance, invoke);
        grow(pool); /* who still waits must wait for one that starts */
        return;
    }
    lambda_instance_rest(instance);
    instance->below = pool->idle;
    pool->idle = instance;
}

void lambda_pool_not_started(struct pool *pool, struct buf *payload, const char *words)
{
    struct invoke *invoke = dequeue(pool);

    pool->starting--;
    if (!invoke)
        return;
    invoke->words = words;
    if (words) {
        lambda_pool_return(pool, invoke, INVOKE_FAILED);
        return;
    }
    buf_release(&invoke->payload);
    invoke->payload = *payload;
    buf_init(payload, INVOKE_PAYLOAD_MAX);
    lambda_pool_return(pool, invoke, INVOKE_ERROR);
}

void lambda_pool_forget(struct pool *pool, struct instance *instance)
{
    struct lambda *lambda = pool->lambda;

    if (instance->previous)
        instance->previous->next = instance->next;
    else
        lambda->instances = instance->next;
    if (instance->next)
        instance->next->previous = instance->previous;
    instance->next = instance->previous = NULL;
    lambda->instance_count--;
    atomic_fetch_sub_explicit(&lambda->metrics.instances, 1, memory_order_relaxed);
    pool->instances--;
    serve_waiting(pool);
}
