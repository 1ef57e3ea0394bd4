/* A worker: one thread, one loop, its connections and the snapshot it serves from. */
#ifndef GATEWAY_WORKER_H
#define GATEWAY_WORKER_H

#include <stdatomic.h>

#include "base/budget.h"
#include "base/counter.h"
#include "base/random.h"
#include "gateway/mapping/coding.h"
#include "http/client.h"
#include "http/server.h"
#include "net/loop.h"
#include "snapshot/publication.h"
#include "telemetry/histogram.h"

struct lambda;

/* What all workers of a gateway share. */
struct gateway {
    struct publication publication;
    const char *control_socket;   /* where control calls go */
    const char *account, *region; /* of calls that name none */
    const char *ca_file;          /* certificates trusted besides the system's; NULL or "": none */
    _Atomic bool has_control;     /* the feed is connected; else health says degraded */
    _Atomic uint64_t revision;    /* that is served by all workers */
    const struct shelf *shelf;    /* for the metric of retired bytes */
    struct counter requests[6];   /* by class of status; 0: broken */
    struct counter control_requests;
    struct histogram latency;         /* of requests to APIs */
    struct histogram backend_latency; /* of calls to HTTP backends, until they are held */
    struct counter backend_ends[OP_RESULT_COUNT]; /* the same calls by their end */
    struct lambda *lambda;                        /* its functions; NULL: there are none */
    _Atomic unsigned large_bodies; /* control calls that hold more than HTTP_BODY_MAX */
    size_t connections_max;        /* per worker */
    size_t memory_max;             /* of requests and answers, per worker; 0: no end */
    struct budget memory[COUNTER_SHARDS];
    bool logs_access; /* a line on stderr for each request to an API */
    const int *listeners;
    size_t listener_count;
    _Atomic unsigned accepting; /* workers that do; the last to stop closes the listeners */
};

#define WORKER_SCRATCH_MAX (128 * 1024) /* more than the longest head */

#define WORKER_CALLS_KEPT 512 /* structs of calls to backends, 5 KB each */

struct worker {
    struct gateway *gateway;
    unsigned number;
    struct loop loop;
    struct http_handler handler;
    struct http_server server;
    struct http_pool control;
    struct http_client client; /* of backends */
    struct stock backend_calls;
    struct buf scratch; /* for text that is copied in the same step */
    struct random random;
    int64_t said_at; /* when it last explained a failed integration in the log */
    struct coder coder;
    const struct snapshot *snapshot; /* owns a use; NULL before the first */
    struct task drain;
};

/* Prepares the next worker, before any thread runs. */
enum fault worker_init(struct worker *worker, struct gateway *gateway, struct problem *why);

/* Serves until worker_drain has been called and the last connection is gone. */
void worker_run(struct worker *worker);

/* From any thread, once. */
void worker_drain(struct worker *worker);

void worker_release(struct worker *worker);

#endif
