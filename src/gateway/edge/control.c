/* Control calls: everything that is no API's and not Portico's own goes to the control process,
 * over a unix socket, with the ordinary HTTP client.  Slow clients, limits and (later) TLS were
 * dealt with here, once; control only ever meets this peer. */
#include "base/log.h"
#include "base/mem.h"
#include "gateway/exchange.h"

#define PACKAGE_BODY_MAX 70167210 /* spec/lambda.md, 3.8: a package in base64 */
#define LARGE_BODIES_MAX 4        /* in memory at once; more are told to come back */
#define CONTROL_ANSWER_MAX (64UL * 1024 * 1024)
#define CONTROL_HOLD_MAX (1024 * 1024) /* of an answer; more, a package, is passed on as it comes \
                                        */
#define CONTROL_TIME_MAX (25 * MICROS_PER_SECOND) /* less than a drain may take */
#define CONTROL_HEAD_MAX (64 * 1024)

/* Headers of one hop, and those that are written anew. */
static bool is_hop(struct span name)
{
    static const struct span HOP[] = {
        SPAN_INIT("Connection"), SPAN_INIT("Keep-Alive"),     SPAN_INIT("Proxy-Connection"),
        SPAN_INIT("TE"),         SPAN_INIT("Trailer"),        SPAN_INIT("Transfer-Encoding"),
        SPAN_INIT("Upgrade"),    SPAN_INIT("Content-Length"), SPAN_INIT("Expect"),
    };

    for (size_t i = 0; i < COUNT(HOP); i++)
        if (span_equal_nocase(name, HOP[i]))
            return true;
    return false;
}

/* Clients may not speak in Portico's name. */
static bool is_ours(struct span name)
{
    struct span prefix = SPAN("x-portico-");

    return name.len >= prefix.len && span_equal_nocase(span_first(name, prefix.len), prefix);
}

/* A call and its exchange's duty to free it. */
struct control_call {
    struct http_call call;
    struct cleanup cleanup;
};

static void end_call(struct cleanup *cleanup)
{
    struct control_call *one = container_of(cleanup, struct control_call, cleanup);

    http_call_release(&one->call);
    mem_free(one);
}

/* A place among LARGE_BODIES_MAX, for as long as the exchange lasts. */
struct large_body {
    struct gateway *gateway;
    struct cleanup cleanup;
};

static void end_large(struct cleanup *cleanup)
{
    struct large_body *one = container_of(cleanup, struct large_body, cleanup);

    atomic_fetch_sub(&one->gateway->large_bodies, 1);
}

static bool take_large(struct exchange *x)
{
    struct gateway *gateway = x->worker->gateway;
    struct large_body *one;

    if (atomic_fetch_add(&gateway->large_bodies, 1) >= LARGE_BODIES_MAX) {
        atomic_fetch_sub(&gateway->large_bodies, 1);
        return false;
    }
    one = arena_new(exchange_arena(x), struct large_body);
    one->gateway = gateway;
    exchange_at_end(x, &one->cleanup, end_large);
    return true;
}

/* Only these two carry a package. */
static bool carries_package(const struct http_request *r)
{
    struct span functions = SPAN("/2015-03-31/functions");

    return (span_is(r->method, "POST") && span_equal(r->path, functions)) ||
           (span_is(r->method, "PUT") && span_starts(r->path, functions) &&
            span_ends(r->path, SPAN("/code")));
}

static enum verdict collect(struct exchange *x)
{
    const struct http_request *r = &x->stream->request;
    bool is_large = carries_package(r) && (r->framing == HTTP_CHUNKED || r->length > HTTP_BODY_MAX);

    if (is_large && !take_large(x)) {
        exchange_message(x, 503, "ServiceUnavailableException",
                         SPAN("Several large packages are being uploaded; try again in a second"));
        x->lines = arena_format(exchange_arena(x), "%.*sRetry-After: 1\r\n", SPAN_ARG(x->lines));
        return REPLY;
    }
    http_stream_collect(x->stream, is_large ? PACKAGE_BODY_MAX : HTTP_BODY_MAX, &x->resume);
    return exchange_wait(x, &x->stream->collect);
}

static enum verdict refuse_size(struct exchange *x)
{
    const struct http_request *r = &x->stream->request;

    if (!carries_package(r))
        return exchange_message(x, 413, "RequestEntityTooLargeException",
                                SPAN("Request Entity Too Large"));
    return exchange_message(
        x, 413, "RequestEntityTooLargeException",
        arena_format(exchange_arena(x),
                     "Request must be smaller than %d bytes for the %s "
                     "operation",
                     PACKAGE_BODY_MAX + 1,
                     span_is(r->method, "POST") ? "CreateFunction" : "UpdateFunctionCode"));
}

/* The head that control reads: the client's, and what the gateway knows of the client. */
static struct span control_head(struct exchange *x)
{
    const struct http_request *r = &x->stream->request;
    char peer[HTTP_PEER_TEXT_MAX];
    struct span head;
    struct buf out;

    buf_init(&out, CONTROL_HEAD_MAX);
    buf_addf(&out, "%.*s %.*s%s%.*s HTTP/1.1\r\n", SPAN_ARG(r->method), SPAN_ARG(r->path),
             r->query.at ? "?" : "", SPAN_ARG(r->query));
    for (unsigned i = 0; i < r->header_count; i++)
        if (!is_hop(r->headers[i].name) && !is_ours(r->headers[i].name))
            buf_addf(&out, "%.*s: %.*s\r\n", SPAN_ARG(r->headers[i].name),
                     SPAN_ARG(r->headers[i].value));
    if (!http_header_find(r->headers, r->header_count, "Host").at)
        buf_addf(&out, "Host: %.*s\r\n", SPAN_ARG(r->host)); /* HTTP/1.0 */
    http_stream_peer(x->stream, peer);
    buf_addf(&out, "X-Portico-Peer: %s\r\nX-Portico-Scheme: http\r\nContent-Length: %zu\r\n\r\n",
             peer, x->stream->body.len);
    head = out.is_over ? (struct span){NULL, 0} : arena_copy(exchange_arena(x), buf_span(&out));
    buf_release(&out);
    return head;
}

static enum verdict forward(struct exchange *x)
{
    struct control_call *one;
    struct span head;

    switch (x->stream->collect.result) {
    case OP_DONE:
        break;
    case OP_TOO_LARGE:
        return refuse_size(x);
    case OP_NO_MEMORY:
        return exchange_message(x, 503, "ServiceUnavailableException", SPAN("Service Unavailable"));
    case OP_TIMED_OUT:
        return exchange_message(x, 408, "RequestTimeoutException", SPAN("Request Timeout"));
    default:
        return exchange_message(x, 400, "BadRequestException", SPAN("Bad Request"));
    }
    head = control_head(x);
    if (!head.at)
        return exchange_message(x, 431, "RequestHeaderSectionTooLargeException",
                                SPAN("Request Header Fields Too Large"));
    one = mem_zero(1, sizeof *one);
    one->call.method = x->stream->request.method;
    one->call.head = head;
    one->call.body = x->stream->body;
    one->call.answer_max = CONTROL_ANSWER_MAX;
    one->call.hold_max = CONTROL_HOLD_MAX;
    one->call.time_max = CONTROL_TIME_MAX;
    x->operation = one;
    exchange_at_end(x, &one->cleanup, end_call);
    http_call_start(&one->call, &x->worker->control, &x->resume);
    return exchange_wait(x, &one->call.op);
}

static enum verdict relay(struct exchange *x)
{
    struct control_call *one = x->operation;
    const struct http_response *r = &one->call.response;
    struct buf lines;

    if (one->call.op.result != OP_DONE) {
        log_warn("a control call failed: the control process %s",
                 one->call.op.result == OP_TIMED_OUT ? "did not answer in time" : "is not there");
        exchange_message(x, 503, "ServiceUnavailableException",
                         SPAN("Portico's control process is not available; it is being started "
                              "again, try in a second"));
        x->lines = arena_format(exchange_arena(x), "%.*sRetry-After: 1\r\n", SPAN_ARG(x->lines));
        return REPLY;
    }
    buf_init(&lines, CONTROL_HEAD_MAX);
    for (unsigned i = 0; i < r->header_count; i++)
        if (!is_hop(r->headers[i].name) && !span_equal_nocase(r->headers[i].name, SPAN("Date")))
            buf_addf(&lines, "%.*s: %.*s\r\n", SPAN_ARG(r->headers[i].name),
                     SPAN_ARG(r->headers[i].value));
    x->status = r->status;
    x->lines = arena_copy(exchange_arena(x), buf_span(&lines));
    x->body = one->call.answer;
    if (one->call.is_streamed) {
        x->source = &one->call.rest;
        x->source_length = r->framing == HTTP_LENGTH ? r->length : (uint64_t)HTTP_LENGTH_UNKNOWN;
    }
    buf_release(&lines);
    return GO_ON;
}

static enum verdict account(struct exchange *x)
{
    counter_add(&x->worker->gateway->control_requests, x->worker->number, 1);
    return GO_ON;
}

static const struct step CONTROL_STEPS[] = {
    {"collect", collect}, {"forward", forward},    /* WAITs for control */
    {"relay", relay},     {"send", exchange_send}, /* reply_at; WAITs for the pump */
    {"account", account},                          /* finish_at */
};

const struct plan CONTROL_PLAN = {CONTROL_STEPS, COUNT(CONTROL_STEPS), 3, 4};
