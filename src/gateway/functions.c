/* With one worker its loop serves the instances, too, so a call costs no switch between threads;
 * with more, one thread holds them for all, so that an instance which one worker has warmed serves
 * the others. */
#include "gateway/functions.h"

static void on_turn(struct loop *loop)
{
    struct functions *functions = loop->owner;
    const struct snapshot *before = functions->snapshot;

    functions->snapshot =
        publication_take(&functions->gateway->publication, functions->number, before);
    if (functions->snapshot != before)
        lambda_follow(&functions->lambda, functions->snapshot);
}

static void on_wake(void *ctx)
{
    loop_wake(&((struct functions *)ctx)->loop);
}

static void *serve(void *functions)
{
    loop_run(&((struct functions *)functions)->loop);
    return NULL;
}

static enum fault start_thread(struct functions *functions, struct problem *why)
{
    enum fault rc = loop_init(&functions->loop, &CLOCK_SYSTEM, why);

    if (rc)
        return rc;
    functions->loop.owner = functions;
    functions->loop.turn = on_turn;
    functions->number = publication_join(&functions->gateway->publication, on_wake, functions);
    if (pthread_create(&functions->thread, NULL, serve, functions) != 0)
        return problem_set(why, FAULT_IO, "cannot start the thread of functions");
    functions->has_thread = true;
    return OK;
}

enum fault functions_init(struct functions *functions, struct gateway *gateway,
                          struct worker *workers, unsigned worker_count,
                          const struct lambda_settings *settings, struct problem *why)
{
    bool is_alone = worker_count == 1;

    *functions = (struct functions){.gateway = gateway};
    lambda_init(&functions->lambda, is_alone ? &workers[0].loop : &functions->loop, settings);
    gateway->lambda = &functions->lambda;
    return is_alone ? OK : start_thread(functions, why);
}

void functions_release(struct functions *functions)
{
    if (functions->has_thread) {
        loop_stop(&functions->loop);
        pthread_join(functions->thread, NULL);
    }
    lambda_release(&functions->lambda);
    if (functions->snapshot)
        part_leave(&functions->snapshot->part);
    if (functions->has_thread)
        loop_release(&functions->loop);
}
