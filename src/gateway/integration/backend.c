/* One call to a backend and what its failures mean to the client. */
#include "gateway/integration/backend.h"

#include "base/log.h"
#include "gateway/mapping/view.h"

/* A held body from this size on is pulled too: it would be copied where the socket is full. */
#define PULLED_MIN 32768

static void end(struct cleanup *cleanup)
{
    struct backend_call *b = container_of(cleanup, struct backend_call, cleanup);

    counter_add(&b->worker->gateway->backend_ends[b->call.op.result], b->worker->number, 1);
    http_call_release(&b->call);
    stock_give(&b->worker->backend_calls, b);
}

/* A call that still sends looks at the stream's body and at the arena. */
static void let_go(struct cleanup *cleanup)
{
    http_call_break(&container_of(cleanup, struct backend_call, cleanup)->call);
}

static enum verdict invalid_endpoint(struct exchange *x)
{
    exchange_explain(x, CONFIGURATION_ERROR "Invalid endpoint address");
    return exchange_fail(x, API_CONFIGURATION_ERROR);
}

enum verdict backend_start(struct exchange *x, const struct backend_request *request)
{
    struct http_pool *pool = http_client_pool(&x->worker->client, request->target);
    struct backend_call *b;

    if (!pool) {
        log_warn("no room for connections to another backend: there are %d busy ones",
                 HTTP_POOLS_MAX);
        return exchange_fail(x, INTEGRATION_FAILURE);
    }
    b = stock_take(&x->worker->backend_calls);
    if (!b)
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    b->worker = x->worker;
    b->target = *request->target;
    http_call_init(&b->call);
    b->call.method = request->method;
    b->call.head = request->head;
    b->call.body = request->body;
    b->call.source = request->source;
    b->call.hold_max = request->hold_max;
    b->call.holds_nothing = request->hold_max > 0 && x->method->integration.streams;
    b->call.answer_max = BACKEND_ANSWER_MAX;
    b->call.time_max = x->method->integration.timeout;
    x->operation = b;
    http_call_start(&b->call, pool, &x->resume);
    exchange_at_end(x, &b->cleanup, end);
    b->cleanup.let_go = let_go;
    return exchange_wait(x, &b->call.op);
}

/* The client's body did not come as it should. */
static enum verdict fail_body(struct exchange *x)
{
    switch (x->stream->source.state) {
    case OP_TOO_LARGE:
        return exchange_fail(x, REQUEST_TOO_LARGE);
    case OP_TIMED_OUT:
        return exchange_message(x, 408, "RequestTimeoutException", SPAN("Request Timeout"));
    default:
        return exchange_message(x, 400, "BadRequestException", SPAN("Bad Request"));
    }
}

/* What the log says of a backend that failed; NULL: that is said elsewhere. */
static const char *words_of(const struct http_call *call)
{
    switch (call->op.result) {
    case OP_TIMED_OUT:
        return "timeout error: no whole answer within the integration's timeout";
    case OP_REFUSED:
        return call->phase == CALL_RESOLVES ? NULL : "network error: cannot be connected to";
    case OP_GARBAGE:
        return "the answer is not valid HTTP/1.1";
    case OP_NO_MEMORY:
        return "no memory is left for the answer";
    case OP_TOO_LARGE:
        return "the answer is too large";
    case OP_PENDING:
    case OP_DONE:
    case OP_BROKEN:
    case OP_CANCELLED:
        break;
    }
    return "network error: the connection ended before the answer did";
}

/* spec/data-plane-rest.md, 10.3 */
static enum verdict fail(struct exchange *x, const struct backend_call *b)
{
    const struct http_call *call = &b->call;
    const char *words = words_of(call);

    if (x->stream->is_open && x->stream->source.state != OP_PENDING &&
        x->stream->source.state != OP_DONE)
        return fail_body(x);

    if (words)
        exchange_explain(x, "Execution failed: backend %.*s:%u: %s", SPAN_ARG(b->target.host),
                         b->target.port, words);
    switch (call->op.result) {
    case OP_TIMED_OUT:
        return exchange_fail(x, INTEGRATION_TIMEOUT);
    case OP_REFUSED:
        if (call->phase == CALL_RESOLVES)
            return invalid_endpoint(x);
        return exchange_fail(x, INTEGRATION_FAILURE);
    case OP_GARBAGE:
        return exchange_fail_status(x, API_CONFIGURATION_ERROR, 502);
    case OP_NO_MEMORY:
        return exchange_message(x, 503, "ServiceUnavailableException", SPAN("Service Unavailable"));
    case OP_TOO_LARGE:
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    case OP_PENDING:
    case OP_DONE:
    case OP_BROKEN:
    case OP_CANCELLED:
        break;
    }
    return exchange_fail(x, INTEGRATION_FAILURE);
}

enum verdict backend_taken(struct exchange *x, const struct http_call **call)
{
    struct backend_call *b = x->operation;

    *call = &b->call;
    histogram_add(&x->worker->gateway->backend_latency, x->worker->number,
                  x->worker->loop.now - b->call.began);
    return b->call.op.result == OP_DONE ? GO_ON : fail(x, b);
}

enum verdict backend_relay(struct exchange *x, int status, struct span lines)
{
    struct http_call *call = &((struct backend_call *)x->operation)->call;
    uint64_t length = HTTP_LENGTH_UNKNOWN;

    /* What may be compressed is given whole. */
    if (span_is(x->stream->request.method, "HEAD") || x->stage->deployment->compresses ||
        (!call->is_streamed && call->answer.len < PULLED_MIN))
        return exchange_reply(x, status, lines, call->answer);
    if (!call->is_streamed)
        length = call->answer.len;
    else if (call->response.framing == HTTP_LENGTH)
        length = call->response.length;
    return exchange_reply_from(x, status, lines, &call->rest, length);
}

/* ---- where to ------------------------------------------------------------------------------ */

/* A value from outside must not end the line, begin a query or a fragment, or name another host;
 * what was sent in a path stands as it was sent. */
static bool add_value(struct buf *out, struct span value, bool is_in_query)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        bool is_plain = c > ' ' && c < 0x7f && c != '#' && c != '?' && (!is_in_query || c != '&');

        if (is_plain)
            buf_add_char(out, (char)c);
        else
            buf_addf(out, "%%%02X", c);
    }
    return !out->is_over;
}

static bool add_piece(struct exchange *x, const struct endpoint_piece *piece,
                      struct span (*parameter)(struct exchange *x, struct span name),
                      struct buf *out)
{
    switch (piece->kind) {
    case PIECE_TEXT:
        return buf_add(out, piece->text);
    case PIECE_PARAMETER:
        return add_value(out, parameter(x, piece->text), piece->is_in_query);
    case PIECE_VARIABLE:
        return buf_add(out, pairs_last(x->stage->variables, piece->text));
    }
    return false;
}

bool backend_uri(struct exchange *x, struct span (*parameter)(struct exchange *x, struct span name),
                 struct endpoint_uri *out)
{
    const struct endpoint *endpoint = &x->method->integration.endpoint;
    struct span whole;
    struct buf text;

    *out = endpoint->uri;
    out->target.is_unverified = endpoint->is_unverified;
    if (endpoint->is_fixed && endpoint->piece_count == 0)
        return true;
    if (endpoint->is_fixed && endpoint->piece_count == 1 &&
        endpoint->pieces[0].kind == PIECE_TEXT) {
        out->rest = endpoint->pieces[0].text;
        return true;
    }
    buf_init(&text, ENDPOINT_URI_MAX);
    for (size_t i = 0; i < endpoint->piece_count; i++)
        if (!add_piece(x, &endpoint->pieces[i], parameter, &text))
            break;
    whole = text.is_over ? (struct span){NULL, 0} : arena_copy(exchange_arena(x), buf_span(&text));
    buf_release(&text);
    if (!whole.at)
        return false;
    if (!endpoint->is_fixed) {
        bool is_fine = endpoint_uri_parse(whole, out);

        out->target.is_unverified = endpoint->is_unverified;
        return is_fine;
    }
    out->rest = whole;
    return endpoint_rest_is_valid(whole);
}
