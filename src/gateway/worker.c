/* A worker's life: takes the newest snapshot at each turn of its loop, serves, drains. */
#include "gateway/worker.h"

#include <unistd.h>

#include "gateway/exchange.h"
#include "gateway/integration/backend.h"
#include "lambda/lambda.h"

/* Between turns no exchange looks at the snapshot: here it may be changed. */
static void on_turn(struct loop *loop)
{
    struct worker *worker = loop->owner;
    struct gateway *gateway = worker->gateway;
    const struct snapshot *before = worker->snapshot;

    worker->snapshot = publication_take(&gateway->publication, worker->number, before);
    if (worker->snapshot != before && gateway->lambda && gateway->lambda->loop == loop)
        lambda_follow(gateway->lambda, worker->snapshot);
}

/* Any thread.  An empty message: it is the turn that counts. */
static void on_wake(void *ctx)
{
    loop_wake(&((struct worker *)ctx)->loop);
}

static void on_drain(struct task *task)
{
    struct worker *worker = container_of(task, struct worker, drain);
    struct gateway *gateway = worker->gateway;

    http_server_drain(&worker->server);
    if (atomic_fetch_sub(&gateway->accepting, 1) == 1)
        for (size_t i = 0; i < gateway->listener_count; i++)
            close(gateway->listeners[i]); /* from now on the system refuses */
}

enum fault worker_init(struct worker *worker, struct gateway *gateway, struct problem *why)
{
    enum fault rc;

    *worker = (struct worker){.gateway = gateway, .handler = {exchange_begin, exchange_gone}};
    if ((rc = loop_init(&worker->loop, &CLOCK_SYSTEM, why)))
        return rc;
    worker->loop.owner = worker;
    worker->loop.turn = on_turn;
    worker->drain.run = on_drain;
    random_init(&worker->random);
    if (!http_pool_init_unix(&worker->control, &worker->loop, gateway->control_socket)) {
        loop_release(&worker->loop);
        return problem_set(why, FAULT_TOO_LARGE, "the path of the control socket is too long: %s",
                           gateway->control_socket);
    }
    if (!http_client_init(&worker->client, &worker->loop, NULL, gateway->ca_file, why)) {
        loop_release(&worker->loop);
        return FAULT_IO;
    }
    stock_init(&worker->backend_calls, sizeof(struct backend_call), WORKER_CALLS_KEPT);
    buf_init(&worker->scratch, WORKER_SCRATCH_MAX);
    worker->number = publication_join(&gateway->publication, on_wake, worker);
    http_server_init(&worker->server, &worker->loop, &worker->handler, gateway->connections_max);
    gateway->memory[worker->number].size = gateway->memory_max ? gateway->memory_max : SIZE_MAX;
    worker->server.budget = worker->client.budget = &gateway->memory[worker->number];
    atomic_fetch_add(&gateway->accepting, 1);
    for (size_t i = 0; i < gateway->listener_count; i++)
        if (!http_server_listen(&worker->server, gateway->listeners[i])) {
            worker_release(worker);
            return problem_set(why, FAULT_IO, "cannot watch listener %zu", i);
        }
    return OK;
}

void worker_run(struct worker *worker)
{
    while (!worker->server.is_draining || worker->server.connection_count > 0)
        loop_turn(&worker->loop, -1);
}

void worker_drain(struct worker *worker)
{
    loop_post(&worker->loop, &worker->drain);
}

void worker_release(struct worker *worker)
{
    http_server_release(&worker->server);
    http_pool_release(&worker->control);
    http_client_release(&worker->client);
    stock_release(&worker->backend_calls);
    buf_release(&worker->scratch);
    coder_release(&worker->coder);
    loop_release(&worker->loop);
    if (worker->snapshot)
        part_leave(&worker->snapshot->part);
    worker->snapshot = NULL;
}
