/* Where a gateway's functions live: on the loop of its only worker, or on a thread of their own. */
#ifndef GATEWAY_FUNCTIONS_H
#define GATEWAY_FUNCTIONS_H

#include "gateway/worker.h"
#include "lambda/lambda.h"

struct functions {
    struct lambda lambda;
    struct gateway *gateway;
    struct loop loop; /* of the thread */
    pthread_t thread;
    bool has_thread;
    unsigned number; /* in the publication */
    const struct snapshot *snapshot;
};

/* After the workers were initialised, before any of their threads runs.  Sets gateway->lambda. */
enum fault functions_init(struct functions *functions, struct gateway *gateway,
                          struct worker *workers, unsigned worker_count,
                          const struct lambda_settings *settings, struct problem *why);

/* After the workers' threads have ended: ends the instances and writes the last of their logs. */
void functions_release(struct functions *functions);

#endif
