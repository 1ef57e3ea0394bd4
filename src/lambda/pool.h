/* The instances of one function: a stack of idle ones, and who waits for those that start. */
#ifndef LAMBDA_POOL_H
#define LAMBDA_POOL_H

#include "lambda/instance.h"
#include "lambda/lambda.h"

/* Instances of one function that start at the same time: a crowd that arrives at once is served by
 * the first of them, and more start while it still waits. */
#define POOL_STARTING_MAX 8

#define POOL_IDLE_TIME (10 * 60 * MICROS_PER_SECOND)

struct pool {
    struct lambda *lambda;
    char *arn;                       /* its key among the pools */
    const struct function *function; /* the newest; owns a use */
    bool is_dropped;                 /* the function is not there any more */
    struct instance *idle;           /* the last used first */
    struct invoke *waiting_first, *waiting_last;
    unsigned instances, starting, waiting;
    unsigned in_flight; /* invocations, waiting ones included: what AWS calls concurrency */
};

/* Serves the invocation, lets it wait for a starting instance, or gives it back. */
void lambda_pool_take(struct lambda *lambda, struct invoke *invoke);

/* The instance may run the next invocation: the first one that waits, else it stands idle. */
void lambda_pool_next(struct pool *pool, struct instance *instance);

/* An invocation has ended. */
void lambda_pool_return(struct pool *pool, struct invoke *invoke, enum invoke_end end);

/* What did not start answers one of those that wait: with `payload` (moved; an error's JSON), or
 * with words when Portico is to blame. */
void lambda_pool_not_started(struct pool *pool, struct buf *payload, const char *words);

/* The first that waits, for its request id; NULL. */
struct invoke *lambda_pool_first_waiting(const struct pool *pool);

/* The instance is no more: counts, and starts another when somebody waits. */
void lambda_pool_forget(struct pool *pool, struct instance *instance);

/* Takes an idle instance off the stack. */
void lambda_pool_remove_idle(struct pool *pool, struct instance *instance);

/* From now on instances are started from `function` (NULL: it is not there any more); ends what is
 * idle and was started from another revision. */
void lambda_pool_renew(struct pool *pool, const struct function *function);

/* Frees a pool that holds nothing; else does nothing. */
bool lambda_pool_free(struct pool *pool);

#endif
