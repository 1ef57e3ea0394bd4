/* The server's side of the Runtime API: the ordinary HTTP server on a listener that only the
 * instance reaches.  What is legal follows from the instance's state (spec/lambda.md, section 4.1).
 *
 *     next      STARTING, or BUSY with its answer given; blocks until there is an invocation
 *     response, error    BUSY, with the invocation's id
 *     init/error         STARTING */
#include "lambda/runtime.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "caller/browser.h"
#include "http/server.h"
#include "lambda/failure.h"
#include "lambda/instance.h"
#include "lambda/lambda.h"
#include "lambda/pool.h"

#define CONNECTIONS_MAX 16
#define HEADERS_MAX (16 * 1024)

/* A connection is silent while the function works. */
static const struct http_deadlines DEADLINES = {
    .head = 10 * MICROS_PER_SECOND,
    .idle = 2 * 3600LL * MICROS_PER_SECOND,
    .body = 30 * MICROS_PER_SECOND,
    .send = 30 * MICROS_PER_SECOND,
    .linger = 1 * MICROS_PER_SECOND,
};

/* A call whose body is being read; in its stream's arena. */
struct request {
    struct task task;
    struct runtime *runtime;
    struct http_stream *stream;
    struct request *following;
    enum runtime_call call;
    struct span id;
};

struct runtime {
    struct instance *instance;
    struct loop *loop;
    struct http_handler handler;
    struct http_server server;
    struct http_stream *next; /* the blocked call */
    struct request *requests;
    char answered_id[UUID_TEXT_LEN + 1]; /* of the invocation before */
    bool is_closing;
};

enum runtime_call runtime_call_of(struct span method, struct span path, struct span *id)
{
    struct span prefix = SPAN("/2018-06-01/runtime/"), word;
    bool is_post = span_is(method, "POST");

    *id = SPAN("");
    if (!span_starts(path, prefix))
        return RUNTIME_UNKNOWN;
    path = span_skip(path, prefix.len);
    if (span_is(path, "invocation/next"))
        return span_is(method, "GET") ? RUNTIME_NEXT : RUNTIME_UNKNOWN;
    if (span_is(path, "init/error"))
        return is_post ? RUNTIME_INIT_ERROR : RUNTIME_UNKNOWN;
    if (!is_post || !span_split(&path, '/', &word) || !span_is(word, "invocation") ||
        !span_split(&path, '/', id))
        return RUNTIME_UNKNOWN;
    return span_is(path, "response") ? RUNTIME_RESPONSE
           : span_is(path, "error")  ? RUNTIME_ERROR
                                     : RUNTIME_UNKNOWN;
}

static void refuse(struct http_stream *stream, int status, const char *type, const char *message)
{
    http_stream_reply(stream, status, SPAN("Content-Type: application/json\r\n"),
                      arena_format(&stream->arena, "{\"errorMessage\":\"%s\",\"errorType\":\"%s\"}",
                                   message, type));
}

static void accept_answer(struct http_stream *stream)
{
    http_stream_reply(stream, 202, SPAN("Content-Type: application/json\r\n"),
                      SPAN("{\"status\":\"OK\"}"));
}

/* ---- next ---------------------------------------------------------------------------------- */

static void take_next(struct runtime *runtime, struct http_stream *stream)
{
    struct instance *instance = runtime->instance;
    bool has_answered = instance->state == INSTANCE_BUSY && !instance->invoke;

    if (runtime->next || (instance->state != INSTANCE_STARTING && !has_answered)) {
        refuse(stream, 403, "InvalidStateTransition", "Transition is not allowed");
        return;
    }
    runtime->next = stream;
    if (instance->state == INSTANCE_STARTING)
        lambda_instance_ready(instance);
    else
        lambda_instance_free(instance);
}

/* Texts that could end a header line are left out. */
static void add_header(struct buf *lines, const char *name, struct span value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.at[i] < 0x20 || value.at[i] == 0x7f)
            return;
    if (value.len > 0)
        buf_addf(lines, "%s: %.*s\r\n", name, SPAN_ARG(value));
}

bool runtime_send(struct runtime *runtime, const struct invoke *invoke, int64_t deadline_ms)
{
    struct http_stream *stream = runtime->next;
    struct buf lines;

    if (!stream)
        return false;
    runtime->next = NULL;
    buf_init(&lines, HEADERS_MAX);
    buf_addf(&lines,
             "Content-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: %s\r\n"
             "Lambda-Runtime-Deadline-Ms: %lld\r\n",
             invoke->request_id, (long long)deadline_ms);
    add_header(&lines, "Lambda-Runtime-Invoked-Function-Arn", invoke->function->arn);
    add_header(&lines, "Lambda-Runtime-Trace-Id", invoke->trace);
    add_header(&lines, "Lambda-Runtime-Client-Context", invoke->client_context);
    http_stream_reply(stream, 200, buf_span(&lines), buf_span(&invoke->event));
    buf_release(&lines);
    return true;
}

/* ---- answers ------------------------------------------------------------------------------- */

static void forget(struct request *request)
{
    struct request **at = &request->runtime->requests;

    while (*at && *at != request)
        at = &(*at)->following;
    if (*at)
        *at = request->following;
}

static void answer_invocation(struct request *request)
{
    struct runtime *runtime = request->runtime;
    struct instance *instance = runtime->instance;
    struct http_stream *stream = request->stream;
    bool is_too_large = stream->collect.result == OP_TOO_LARGE;
    struct buf payload;

    if (!instance->invoke || !span_is(request->id, instance->invoke->request_id)) {
        bool is_second = span_is(request->id, runtime->answered_id);

        refuse(stream, 400, is_second ? "InvalidStateTransition" : "InvalidRequestID",
               is_second ? "Transition is not allowed" : "Invalid request ID");
        return;
    }
    buf_init(&payload, INVOKE_PAYLOAD_MAX);
    if (is_too_large)
        failure_too_large(&payload);
    else
        buf_add(&payload, stream->body);
    memcpy(runtime->answered_id, instance->invoke->request_id, sizeof runtime->answered_id);
    lambda_instance_answer(
        instance, is_too_large || request->call == RUNTIME_ERROR ? INVOKE_ERROR : INVOKE_RESULT,
        &payload);
    buf_release(&payload);
    /* Free when it asks for the next; one that never does is ended. */
    timer_set(runtime->loop, &instance->timer,
              runtime->loop->now + instance->function->timeout + INSTANCE_INIT_TIME);
    if (is_too_large)
        refuse(stream, 413, "RequestEntityTooLarge",
               "Exceeded maximum allowed payload size (6291556 bytes).");
    else
        accept_answer(stream);
}

static void take_init_error(struct request *request)
{
    struct instance *instance = request->runtime->instance;

    if (instance->state != INSTANCE_STARTING) {
        refuse(request->stream, 403, "InvalidStateTransition", "Transition is not allowed");
        return;
    }
    lambda_instance_init_failed(instance, request->stream->body);
    accept_answer(request->stream);
}

static void collected(struct task *task)
{
    struct request *request = container_of(task, struct request, task);
    enum op_result result = request->stream->collect.result;

    forget(request);
    if (result != OP_DONE && result != OP_TOO_LARGE)
        refuse(request->stream, 400, "InvalidRequest", "the body cannot be read");
    else if (request->call == RUNTIME_INIT_ERROR)
        take_init_error(request);
    else
        answer_invocation(request);
}

static void on_request(struct http_handler *handler, struct http_stream *stream)
{
    struct runtime *runtime = container_of(handler, struct runtime, handler);
    struct span id;
    enum runtime_call call = runtime_call_of(stream->request.method, stream->request.path, &id);
    struct request *request;

    if (browser_refusal(&stream->request)) { /* the listener may be on the machine's loopback */
        refuse(stream, 403, "AccessDenied", "web pages may not speak for a runtime");
        return;
    }
    if (runtime->is_closing || runtime->instance->state >= INSTANCE_ENDING) {
        refuse(stream, 403, "InvalidStateTransition", "the instance ends");
        return;
    }
    if (call == RUNTIME_UNKNOWN) {
        refuse(stream, 404, "NotFound", "no such path of the Runtime API");
        return;
    }
    if (call == RUNTIME_NEXT) {
        take_next(runtime, stream);
        return;
    }
    request = arena_new(&stream->arena, struct request);
    *request = (struct request){.task.run = collected,
                                .runtime = runtime,
                                .stream = stream,
                                .following = runtime->requests,
                                .call = call,
                                .id = arena_copy(&stream->arena, id)};
    runtime->requests = request;
    http_stream_collect(stream, INVOKE_PAYLOAD_MAX, &request->task);
}

/* The runtime has hung up.  Without its `next` it can take no invocation. */
static void on_gone(struct http_handler *handler, struct http_stream *stream)
{
    struct runtime *runtime = container_of(handler, struct runtime, handler);
    struct instance *instance = runtime->instance;

    if (stream != runtime->next)
        return; /* its body is collected: that has ended, too */
    runtime->next = NULL;
    http_stream_reply(stream, 500, SPAN(""), SPAN(""));
    if (instance->state != INSTANCE_IDLE)
        return;
    lambda_pool_remove_idle(instance->pool, instance);
    instance->state = INSTANCE_BUSY;
    timer_set(runtime->loop, &instance->timer, runtime->loop->now + INSTANCE_INIT_TIME);
}

struct runtime *runtime_new(struct instance *instance, struct loop *loop, int listener)
{
    struct runtime *runtime = mem_zero(1, sizeof *runtime);

    runtime->instance = instance;
    runtime->loop = loop;
    runtime->handler = (struct http_handler){on_request, on_gone};
    http_server_init(&runtime->server, loop, &runtime->handler, CONNECTIONS_MAX);
    runtime->server.deadlines = &DEADLINES;
    if (fcntl(listener, F_SETFL, O_NONBLOCK) == 0 && http_server_listen(&runtime->server, listener))
        return runtime;
    log_warn("cannot watch the Runtime API's listener of function %.*s",
             SPAN_ARG(instance->function->name));
    close(listener);
    http_server_release(&runtime->server);
    mem_free(runtime);
    return NULL;
}

void runtime_free(struct runtime *runtime)
{
    struct request *request;
    int listener;

    if (!runtime)
        return;
    runtime->is_closing = true;
    if (runtime->next)
        refuse(runtime->next, 500, "InstanceEnds", "the instance ends");
    while ((request = runtime->requests) != NULL) {
        runtime->requests = request->following;
        loop_unready(runtime->loop, &request->task);
        refuse(request->stream, 500, "InstanceEnds", "the instance ends");
    }
    listener = runtime->server.listeners[0].watch.fd;
    http_server_release(&runtime->server);
    close(listener);
    mem_free(runtime);
}
