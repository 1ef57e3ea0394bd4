/* One instance: a process of the host that runs one invocation at a time.
 *
 *     STARTING -> IDLE <-> BUSY,   each -> ENDING -> gone
 *
 * An instance is ENDING from the moment it is killed or its channel closes until the host says that
 * nothing of it runs any more, so that its last words and the reason of its end are known. */
#ifndef LAMBDA_INSTANCE_H
#define LAMBDA_INSTANCE_H

#include "lambda/instance_log.h"
#include "lambda/invoke.h"
#include "link/host.h"
#include "link/instance.h"
#include "net/loop.h"

#define INSTANCE_INIT_TIME (10 * MICROS_PER_SECOND) /* spec/lambda.md, section 4.4 */

enum instance_state {
    INSTANCE_STARTING,
    INSTANCE_IDLE,
    INSTANCE_BUSY, /* without `invoke`: it has answered, but not asked for the next one */
    INSTANCE_ENDING,
    INSTANCE_GONE /* freed when the turn ends */
};

struct pool;
struct runtime;

struct instance {
    struct instance *next, *previous; /* of all; `next` also of those to be freed */
    struct instance *below;           /* on the stack of idle ones */
    struct pool *pool;
    const struct function *function; /* what it was started from; owns a use */
    uint64_t id;                     /* in the host's messages */
    int64_t pid;
    enum instance_state state;
    bool is_asked_for;  /* the host has its start */
    bool has_not_begun; /* its init has not ended: somebody waits for it */
    struct watch channel;
    struct timer timer; /* of init, of the invocation, of idleness, of patience while ENDING */
    struct instance_reader reader;
    struct runtime *runtime; /* the channel is a listener; NULL: frames */
    struct invoke *invoke;
    struct buf head; /* of the frame that is being sent; then the invocation's event */
    size_t sent;
    struct instance_log log;
    int64_t asked_at, init_time; /* init_time: microseconds, 0 once it was reported */
    int64_t invoked_at;          /* the clock's time, not the turn's */
    int64_t memory_read_at;
    unsigned memory_mb;             /* what REPORT says */
    const struct host_ended *ended; /* while it is being put to rest */
};

/* Asks the host for one more; the pool counts it as starting. */
void lambda_instance_start(struct pool *pool);

/* Gives an IDLE (or just ready) instance its invocation. */
void lambda_instance_run(struct instance *instance, struct invoke *invoke);

/* It has nothing to do: waits on the pool's stack for at most POOL_IDLE_TIME. */
void lambda_instance_rest(struct instance *instance);

/* Ends it, whatever it does. */
void lambda_instance_kill(struct instance *instance);

/* ---- from the host ------------------------------------------------------------------------- */

/* Descriptors: channel, stdout, stderr; now the instance's. */
void lambda_instance_started(struct instance *instance, const struct host_started *started,
                             const int descriptors[static HOST_DESCRIPTORS_MAX]);
void lambda_instance_refused(struct instance *instance, const struct host_refused *refused);
void lambda_instance_ended(struct instance *instance, const struct host_ended *ended);

/* The host is gone, and all its instances with it. */
void lambda_instance_lost(struct instance *instance);

/* ---- from the channel or the runtime ------------------------------------------------------- */

/* Init is over. */
void lambda_instance_ready(struct instance *instance);

/* Init has failed; `error` is JSON. */
void lambda_instance_init_failed(struct instance *instance, struct span error);

/* Answers the invocation that it runs; the payload is moved.  Not free yet: lambda_instance_free.
 */
void lambda_instance_answer(struct instance *instance, enum invoke_end end, struct buf *payload);

/* It may have the next invocation. */
void lambda_instance_free(struct instance *instance);

#endif
