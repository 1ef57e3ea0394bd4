/* The runner: it knows rows and operations, not what they are for.
 *
 * An exchange lives in its stream's arena and dies with the stream, which the final reply gives
 * back.  A client that goes away cancels the one operation that is attached; the exchange then goes
 * straight to finish_at, so that it is counted. */
#include "gateway/exchange.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "text/json.h"

#define SAY_EVERY (200 * MICROS_PER_MS) /* a worker's explanations in the log */
#define EXCHANGE_MEMORY_FOR_TEXT (64 * 1024)

static unsigned jump(const struct exchange *x, unsigned to)
{
    assert(to >= x->next && "a verdict would go back");
    return to;
}

static void end(struct exchange *x)
{
    const struct stage *pinned = x->is_pinned ? x->stage : NULL;
    struct cleanup *cleanups = x->cleanups;

    for (struct cleanup *cleanup = cleanups; cleanup; cleanup = cleanup->next)
        if (cleanup->let_go)
            cleanup->let_go(cleanup);
    /* The exchange is gone with the stream; what the cleanups free was sent or copied by then. */
    if (x->source && x->has_sent)
        http_stream_end(x->stream);
    else
        http_stream_reply(x->stream, x->status, x->lines, x->body);
    while (cleanups) {
        struct cleanup *cleanup = cleanups;

        cleanups = cleanup->next;
        cleanup->run(cleanup);
    }
    if (pinned)
        part_leave(&pinned->part);
}

static void exchange_run(struct exchange *x)
{
    assert(!x->waiting_for);
    while (x->next < x->plan->count) {
        const struct step *s = &x->plan->steps[x->next++];
        enum verdict v = s->run(x);

        assert((v == WAIT) == (x->waiting_for != NULL));
        if (v == WAIT) {
            if (x->stage && !x->is_pinned) {
                part_use(&x->stage->part);
                x->is_pinned = true;
            }
            return;
        }
        if (v == REPLY)
            x->next = jump(x, x->plan->reply_at);
        else if (v == FINISH)
            x->next = jump(x, x->plan->finish_at);
    }
    end(x);
}

static void on_resume(struct task *task)
{
    struct exchange *x = container_of(task, struct exchange, resume);

    x->waiting_for = NULL;
    if (x->stream->is_gone)
        x->next = jump(x, x->plan->finish_at);
    exchange_run(x);
}

void exchange_begin(struct http_handler *handler, struct http_stream *stream)
{
    static const struct plan *const PLANS[] = {
        [TARGET_API_HOST] = &REST_PLAN,   [TARGET_API_PATH] = &REST_PLAN,
        [TARGET_INVOKE] = &INVOKE_PLAN,   [TARGET_LOCAL] = &LOCAL_PLAN,
        [TARGET_CONTROL] = &CONTROL_PLAN,
    };
    struct exchange *x = arena_new(&stream->arena, struct exchange);

    stream->owner = x;
    x->stream = stream;
    x->worker = container_of(handler, struct worker, handler);
    x->resume.run = on_resume;
    x->target = target_of(&stream->request);
    x->plan = PLANS[x->target.kind];
    exchange_run(x);
}

void exchange_gone(struct http_handler *handler, struct http_stream *stream)
{
    struct exchange *x = stream->owner;

    (void)handler;
    if (x->waiting_for && x->waiting_for->cancel)
        x->waiting_for->cancel(x->waiting_for);
}

/* ---- decided replies ----------------------------------------------------------------------- */

enum verdict exchange_reply(struct exchange *x, int status, struct span lines, struct span body)
{
    x->status = status;
    x->lines = lines;
    x->body = body;
    x->is_decided = true;
    return REPLY;
}

enum verdict exchange_reply_from(struct exchange *x, int status, struct span lines,
                                 struct source *source, uint64_t length)
{
    x->source = source;
    x->source_length = length;
    return exchange_reply(x, status, lines, (struct span){NULL, 0});
}

enum verdict exchange_send(struct exchange *x)
{
    if (!x->source || x->stream->is_gone)
        return GO_ON;
    x->has_sent = true;
    http_stream_send(x->stream, x->status, x->lines, x->source_length, x->source, &x->resume);
    return exchange_wait(x, &x->stream->send);
}

static enum verdict decide_error(struct exchange *x, int status, struct span error_type,
                                 struct span body)
{
    struct span lines =
        arena_join(exchange_arena(x),
                   (struct span[]){SPAN("Content-Type: application/json\r\nx-amzn-ErrorType: "),
                                   error_type, SPAN("\r\n")},
                   3);

    return exchange_reply(x, status, lines, body);
}

enum verdict exchange_message(struct exchange *x, int status, const char *error_type,
                              struct span message)
{
    struct buf text;
    struct span body;

    buf_init(&text, EXCHANGE_MEMORY_FOR_TEXT);
    buf_add_text(&text, "{\"message\": ");
    json_write_text(&text, message);
    buf_add_char(&text, '}');
    body = arena_copy(exchange_arena(x), text.is_over ? SPAN("{}") : buf_span(&text));
    buf_release(&text);
    return decide_error(x, status, span_of(error_type), body);
}

enum verdict exchange_not_yet(struct exchange *x, struct span words)
{
    return exchange_message(x, 501, "NotImplementedException", words);
}

void exchange_explain(struct exchange *x, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    if (x->worker->loop.now < x->worker->said_at + SAY_EVERY && x->worker->said_at != 0)
        return;
    x->worker->said_at = x->worker->loop.now;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    log_warn("(%s) %.*s %.*s: %s", x->request_id, SPAN_ARG(x->stream->request.method),
             SPAN_ARG(x->stream->request.path), text);
}
