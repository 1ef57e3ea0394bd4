/* Calls are plain sequential code that may block (the store, the wait for gateways), so they run
 * on a few threads; the loop reads requests and writes answers for all of them. */
#include "control/serve.h"

#include <stdio.h>

#include "base/mem.h"
#include "control/dispatch.h"
#include "http/file_source.h"

#define CONNECTIONS_MAX 1024
#define BODY_MAX (72 * 1024 * 1024) /* the gateway knows which calls may send how much */
#define LARGE_BODIES_MAX 4          /* over HTTP_BODY_MAX, in memory at once */

struct control_server {
    struct control *control;
    struct loop loop;
    struct http_handler handler;
    struct http_server server;
    pthread_t threads[SERVE_THREADS];
    pthread_mutex_t lock; /* guards the three below */
    pthread_cond_t filled;
    struct job *first, *last;
    bool is_stopping;
    struct task drain;
    unsigned large_bodies; /* of the loop's thread alone */
};

/* A call between the loop and a thread; lives in its stream's arena, what it makes in its own. */
struct job {
    struct task task; /* first collected, then answered */
    struct control_server *server;
    struct http_stream *stream;
    struct job *next;
    struct arena arena;
    struct buf body;
    struct encoded encoded;
    bool is_large;
    struct file_source *file; /* while it is sent */
};

/* The stream is gone after its reply, and the job with it. */
static void reply(struct job *job, int status, struct span lines, struct span body)
{
    job->server->large_bodies -= job->is_large;
    http_stream_reply(job->stream, status, lines, body);
}

/* What a job leaves when its stream, and so the job, is gone. */
struct rest {
    struct arena arena;
    struct buf body;
    struct file_source *file;
};

static struct rest rest_of(const struct job *job)
{
    return (struct rest){job->arena, job->body, job->file};
}

static void release_rest(struct rest *rest)
{
    buf_release(&rest->body);
    arena_release(&rest->arena);
    if (rest->file)
        file_source_release(rest->file);
    mem_free(rest->file);
}

static void sent(struct task *task)
{
    struct job *job = container_of(task, struct job, task);
    struct rest rest = rest_of(job);

    job->server->large_bodies -= job->is_large;
    http_stream_end(job->stream);
    release_rest(&rest);
}

static void send_file(struct job *job, struct span lines)
{
    job->file = mem_alloc(sizeof *job->file);
    file_source_init(job->file, job->encoded.file, job->encoded.file_size);
    job->task.run = sent;
    http_stream_send(job->stream, (int)job->encoded.status, lines, job->encoded.file_size,
                     &job->file->source, &job->task);
}

static void answer(struct task *task)
{
    struct job *job = container_of(task, struct job, task);
    struct rest rest = rest_of(job);
    struct buf lines;

    buf_init(&lines, HTTP_HEAD_MAX);
    for (unsigned i = 0; i < job->encoded.header_count; i++)
        buf_addf(&lines, "%.*s: %.*s\r\n", SPAN_ARG(job->encoded.headers[i].name),
                 SPAN_ARG(job->encoded.headers[i].value));
    if (job->encoded.has_file) {
        send_file(job, buf_span(&lines));
    } else {
        reply(job, (int)job->encoded.status, buf_span(&lines), buf_span(&rest.body));
        release_rest(&rest);
    }
    buf_release(&lines);
}

static struct job *take_job(struct control_server *server)
{
    struct job *job;

    pthread_mutex_lock(&server->lock);
    while (!server->first && !server->is_stopping)
        pthread_cond_wait(&server->filled, &server->lock);
    job = server->first;
    if (job)
        server->first = job->next;
    pthread_mutex_unlock(&server->lock);
    return job;
}

static void *work(void *ctx)
{
    struct control_server *server = ctx;
    struct job *job;

    while ((job = take_job(server)) != NULL) {
        arena_init(&job->arena, CALL_MEMORY_MAX);
        buf_init(&job->body, DISPATCH_BODY_MAX);
        dispatch(server->control, &job->arena, &job->stream->request, job->stream->body, &job->body,
                 &job->encoded);
        job->task.run = answer;
        loop_post(&server->loop, &job->task);
    }
    return NULL;
}

/* The body is there: to a thread. */
static void collected(struct task *task)
{
    struct job *job = container_of(task, struct job, task);
    struct control_server *server = job->server;

    if (job->stream->collect.result != OP_DONE) {
        reply(job, 400, SPAN("Content-Type: application/json\r\n"),
              SPAN("{\"message\":\"Bad Request\"}"));
        return;
    }
    job->next = NULL;
    pthread_mutex_lock(&server->lock);
    if (server->first)
        server->last->next = job;
    else
        server->first = job;
    server->last = job;
    pthread_cond_signal(&server->filled);
    pthread_mutex_unlock(&server->lock);
}

static void on_request(struct http_handler *handler, struct http_stream *stream)
{
    struct job *job = arena_new(&stream->arena, struct job);

    job->server = container_of(handler, struct control_server, handler);
    job->stream = stream;
    job->task.run = collected;
    job->is_large =
        stream->request.framing == HTTP_CHUNKED || stream->request.length > HTTP_BODY_MAX;
    job->server->large_bodies += job->is_large;
    if (job->server->large_bodies > LARGE_BODIES_MAX)
        reply(job, 503, SPAN("Content-Type: application/json\r\nRetry-After: 1\r\n"),
              SPAN("{\"message\":\"Several large packages are being uploaded; try again in a "
                   "second\"}"));
    else
        http_stream_collect(stream, BODY_MAX, &job->task);
}

static void on_drain(struct task *task)
{
    http_server_drain(&container_of(task, struct control_server, drain)->server);
}

struct control_server *control_server_new(struct control *control, int listener,
                                          struct problem *why)
{
    struct control_server *server = mem_zero(1, sizeof *server);

    server->control = control;
    server->handler.request = on_request;
    server->drain.run = on_drain;
    if (loop_init(&server->loop, &CLOCK_SYSTEM, why) != OK) {
        mem_free(server);
        return NULL;
    }
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->filled, NULL);
    http_server_init(&server->server, &server->loop, &server->handler, CONNECTIONS_MAX);
    server->server.only_own_uid = true;
    if (!http_server_listen(&server->server, listener)) {
        problem_set(why, FAULT_IO, "cannot watch the control socket");
        loop_release(&server->loop);
        mem_free(server);
        return NULL;
    }
    for (size_t i = 0; i < SERVE_THREADS; i++)
        if (pthread_create(&server->threads[i], NULL, work, server) != 0) {
            problem_set(why, FAULT_IO, "cannot start a thread");
            return NULL; /* the process ends */
        }
    return server;
}

void control_server_run(struct control_server *server)
{
    while (!server->server.is_draining || server->server.connection_count > 0)
        loop_turn(&server->loop, -1);
    pthread_mutex_lock(&server->lock);
    server->is_stopping = true;
    pthread_cond_broadcast(&server->filled);
    pthread_mutex_unlock(&server->lock);
    for (size_t i = 0; i < SERVE_THREADS; i++)
        pthread_join(server->threads[i], NULL);
    http_server_release(&server->server);
    loop_release(&server->loop);
    mem_free(server);
}

void control_server_stop(struct control_server *server)
{
    loop_post(&server->loop, &server->drain);
}
