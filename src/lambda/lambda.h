/* The functions of a gateway: all instances, on one loop.  docs/internals/lambda.md
 *
 * The loop is the only worker's, or one of its own when there are more workers, so that an idle
 * instance serves whichever worker asks next. */
#ifndef LAMBDA_LAMBDA_H
#define LAMBDA_LAMBDA_H

#include "base/map.h"
#include "lambda/host_link.h"
#include "lambda/invoke.h"
#include "net/loop.h"
#include "snapshot/snapshot.h"

#define LAMBDA_CONCURRENCY_MAX 1000 /* of the account (spec/lambda.md, section 3.5) */

struct lambda_settings {
    const char *host;       /* the host's socket; "" : there is none, every invocation fails */
    const char *log_folder; /* where functions' logs go; "": nowhere */
    const char *endpoint;   /* AWS_ENDPOINT_URL of functions; "": not set */
    unsigned instances_max; /* what the machine can hold; lambda_instances_max */
    size_t memory_max;      /* bytes of events and answers under way; 0: no end */
};

struct instance;
struct log_writer;

/* Read by any thread, for /_portico/metrics. */
struct lambda_metrics {
    _Atomic uint64_t instances, starts;
    _Atomic size_t bytes; /* of events and answers under way; any thread gives back */
    _Atomic uint64_t ends[INVOKE_FAILED + 1]; /* invocations, by enum invoke_end */
};

struct lambda {
    struct loop *loop;
    struct lambda_settings settings;
    struct host_link link;
    struct log_writer *logs;
    struct random random;
    struct map pools;           /* ARN -> struct pool */
    struct instance *instances; /* all, newest first */
    struct instance *freed;     /* until the turn ends */
    struct task sweep;
    unsigned instance_count, in_flight;
    uint64_t last_id;
    struct lambda_metrics metrics;
    int64_t refused_at; /* the last word about a function that cannot be started */
    int64_t hint_at;    /* the last word about a full machine */
    char *scratch;      /* two times LAMBDA_SCRATCH: for frames, for output */
};

#define LAMBDA_SCRATCH (64 * 1024)

/* Texts of the settings must live on.  Nothing is connected before the first invocation. */
void lambda_init(struct lambda *lambda, struct loop *loop, const struct lambda_settings *settings);

/* Ends everything; invocations under way come back as failed.  On the loop's thread. */
void lambda_release(struct lambda *lambda);

/* Instances that half of the machine's free memory holds: 16 to LAMBDA_CONCURRENCY_MAX. */
unsigned lambda_instances_max(void);

/* Ends what was started from functions that are not there any more, or have changed.  Called on
 * the loop when a new snapshot is served. */
void lambda_follow(struct lambda *lambda, const struct snapshot *snap);

/* An invocation has arrived on the loop (invoke_start's). */
void lambda_take(struct lambda *lambda, struct invoke *invoke);

/* Frees the instance when the turn ends. */
void lambda_discard(struct lambda *lambda, struct instance *instance);

#endif
