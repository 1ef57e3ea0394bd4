/* Replies: one write for head and body where the socket takes them; the rest waits in `out`. */
#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "http/connection.h"

/* A body up to this size is copied behind the head: cheaper than a second vector. */
#define COPY_MAX 4096

/* What a client reads when its head was refused.  Bodies marked [M] in spec/data-plane-rest.md. */
static const struct {
    int status;
    const char *body;
} REFUSALS[] = {
    {400, "{\"message\":\"Bad Request\"}"},
    {408, "{\"message\":\"Request Timeout\"}"},
    {413, "{\"message\":\"Request Too Long\"}"},
    {414, "{\"message\":\"Request URI too long\"}"},
    {431, "{\"message\":\"Request Header Fields Too Large\"}"},
    {501, "{\"message\":\"Not Implemented\"}"},
    {503, "{\"message\":\"Service Unavailable\"}"},
    {505, "{\"message\":\"HTTP Version Not Supported\"}"},
};

static struct span refusal_body(int status)
{
    for (size_t i = 0; i < COUNT(REFUSALS); i++)
        if (REFUSALS[i].status == status)
            return span_of(REFUSALS[i].body);
    return SPAN("{\"message\":\"Bad Request\"}");
}

static struct span date_line(struct http_server *server)
{
    int64_t second = server->loop->wall / MICROS_PER_SECOND;

    if (second != server->date_second) {
        server->date_second = second;
        clock_http(server->loop->wall, server->date);
    }
    return span_of(server->date);
}

static bool status_has_body(int status)
{
    return status / 100 != 1 && status != 204 && status != 304;
}

/* Puts the head into the server's scratch buffer.  An unknown length is framed in chunks, or by the
 * connection's end for a client of HTTP/1.0. */
static void write_head(struct http_connection *c, int status, struct span lines, uint64_t body_len)
{
    struct buf *out = &c->server->scratch;

    buf_clear(out);
    buf_add(out, SPAN("HTTP/1.1 "));
    buf_add_u64(out, (uint64_t)status);
    buf_add_char(out, ' ');
    buf_add_text(out, http_phrase(status));
    buf_add(out, SPAN("\r\nDate: "));
    buf_add(out, date_line(c->server));
    buf_add(out, SPAN("\r\n"));
    buf_add(out, lines);
    if (body_len == HTTP_LENGTH_UNKNOWN) {
        if (c->stream->pump.is_chunked)
            buf_add(out, SPAN("Transfer-Encoding: chunked\r\n"));
    } else if (status_has_body(status)) {
        buf_add(out, SPAN("Content-Length: "));
        buf_add_u64(out, body_len);
        buf_add(out, SPAN("\r\n"));
    }
    buf_add(out, c->must_close ? SPAN("Connection: close\r\n\r\n")
                               : SPAN("Connection: keep-alive\r\n\r\n"));
}

/* The reply is sent: on to the next request, or to the end. */
static void end_reply(struct http_connection *c)
{
    struct http_server *server = c->server;

    buf_release(&c->out);
    c->out_sent = 0;
    if (c->must_close) {
        c->state = LINGERING;
        shutdown(c->watch.fd, SHUT_WR);
        timer_set(server->loop, &c->timer, server->loop->now + server->deadlines->linger);
        connection_settle_buffer(c);
        loop_ready(server->loop, &c->again);
        return;
    }
    c->state = WAITS_FOR_HEAD;
    timer_set(server->loop, &c->timer, server->loop->now + server->deadlines->idle);
    if (!c->is_advancing)
        connection_advance(c);
}

void connection_flush(struct http_connection *c)
{
    while (c->out_sent < c->out.len) {
        struct span rest = span_skip(buf_span(&c->out), c->out_sent);
        ssize_t n = send(c->watch.fd, rest.at, rest.len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) {
            connection_close(c);
            return;
        }
        c->out_sent += (size_t)n;
        connection_pace(c, c->server->deadlines->send, (size_t)n);
    }
    end_reply(c);
}

/* Sends head and body; keeps what the socket does not take. */
static void send_reply(struct http_connection *c, struct span body)
{
    struct buf *head = &c->server->scratch;
    struct iovec parts[2];
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 1};
    size_t sent = 0, head_len;
    ssize_t n;

    if (body.len <= COPY_MAX && buf_add(head, body))
        body.len = 0;
    head_len = head->len;
    parts[0] = (struct iovec){head->at, head_len};
    parts[1] = (struct iovec){(char *)(uintptr_t)body.at, body.len};
    message.msg_iovlen = body.len ? 2 : 1;
    n = head->is_over && body.len == 0 ? -1 : sendmsg(c->watch.fd, &message, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        connection_close(c);
        return;
    }
    if (n > 0)
        sent = (size_t)n;
    if (sent == head_len + body.len) {
        end_reply(c);
        return;
    }
    if (sent < head_len)
        buf_add(&c->out, span_make(head->at + sent, head_len - sent));
    sent = sent < head_len ? 0 : sent - head_len;
    if (!buf_add(&c->out, span_skip(body, sent))) {
        connection_close(c); /* no memory to hold it: broken, never cut short in silence */
        return;
    }
    c->state = SENDING;
    connection_pace_begin(c, c->server->deadlines->send);
}

/* Decides whether the connection may carry another request after this reply. */
static void settle_request(struct http_stream *stream)
{
    struct http_connection *c = stream->connection;

    if (c->server->is_draining)
        c->must_close = true;
    connection_skip_body(c);
    if (!stream->has_body_read) /* the rest of the body would be read as the next request */
        c->must_close = true;
}

void http_stream_reply(struct http_stream *stream, int status, struct span lines, struct span body)
{
    struct http_connection *c = stream->connection;
    struct http_server *server = c->server;
    bool is_head = span_is(stream->request.method, "HEAD");

    c->collects = false;
    if (stream->is_gone) {
        connection_close(c);
        return;
    }
    settle_request(stream);
    if (!status_has_body(status))
        body = (struct span){NULL, 0};
    /* What GET would have sent is known only where the body is there. */
    stream->pump.is_chunked = false;
    write_head(c, status, lines, is_head && body.len == 0 ? HTTP_LENGTH_UNKNOWN : body.len);
    if (server->scratch.is_over) {
        connection_close(c);
        return;
    }
    c->stream = NULL; /* sending may begin the next one */
    send_reply(c, is_head ? (struct span){NULL, 0} : body);
    server_give_stream(server, stream);
}

void connection_refuse(struct http_connection *c, int status)
{
    c->must_close = true;
    c->in_used = c->in_len;
    write_head(c, status, SPAN("Content-Type: application/json\r\n"), refusal_body(status).len);
    send_reply(c, refusal_body(status));
}

/* ---- streamed -------------------------------------------------------------------------------- */

static void end_send(struct http_connection *c, enum op_result result)
{
    timer_clear(c->server->loop, &c->timer);
    c->state = HANDLED; /* until http_stream_end */
    if (c->stream->pump.source)
        c->stream->pump.source->reader = NULL;
    op_end(&c->stream->send, result);
}

void connection_fail_reply(struct http_connection *c)
{
    end_send(c, OP_BROKEN);
}

/* Sends the head, and what there is of the body in the same write. */
static bool send_head(struct http_connection *c)
{
    struct http_stream *stream = c->stream;
    struct span head = buf_span(&c->server->scratch), piece = {NULL, 0};
    struct layer layer = {.fd = c->watch.fd};
    struct iovec parts[2];
    ssize_t n;

    if (!stream->pump.is_chunked)
        piece = stream->pump.source->peek(stream->pump.source);
    parts[0] = (struct iovec){(char *)(uintptr_t)head.at, head.len};
    parts[1] = (struct iovec){(char *)(uintptr_t)piece.at, piece.len};
    n = layer_write(&layer, parts, piece.len ? 2 : 1);
    if (n == LAYER_BROKEN)
        return false;
    if (n < (ssize_t)head.len)
        return buf_add(&c->out, span_skip(head, n < 0 ? 0 : (size_t)n));
    pump_count(&stream->pump, (size_t)n - head.len);
    return true;
}

/* False when the socket takes no more now, or the reply has failed. */
static bool flush_head(struct http_connection *c)
{
    struct layer layer = {.fd = c->watch.fd};

    while (c->out_sent < c->out.len) {
        struct span rest = span_skip(buf_span(&c->out), c->out_sent);
        struct iovec part = {(char *)(uintptr_t)rest.at, rest.len};
        ssize_t n = layer_write(&layer, &part, 1);

        if (n == LAYER_BROKEN)
            end_send(c, OP_BROKEN);
        if (n < 0)
            return false;
        c->out_sent += (size_t)n;
    }
    return true;
}

void connection_stream(struct http_connection *c)
{
    struct pump *pump = &c->stream->pump;
    struct layer layer = {.fd = c->watch.fd};
    uint64_t before = pump->moved;

    if (!flush_head(c))
        return;
    switch (pump_run(pump, &layer)) {
    case PUMP_WAITS_FOR_SOURCE:
        connection_pace_pause(c);
        break;
    case PUMP_GOES_ON:
        loop_ready(c->server->loop, &c->again);
        connection_pace(c, c->server->deadlines->send, pump->moved - before);
        break;
    case PUMP_WAITS_FOR_SINK:
        connection_pace(c, c->server->deadlines->send, pump->moved - before);
        break;
    case PUMP_DONE:
        end_send(c, OP_DONE);
        break;
    case PUMP_SOURCE_FAILED:
    case PUMP_SINK_FAILED:
        end_send(c, OP_BROKEN);
        break;
    }
}

void http_stream_send(struct http_stream *stream, int status, struct span lines, uint64_t length,
                      struct source *source, struct task *waiter)
{
    struct http_connection *c = stream->connection;
    bool is_unknown = length == HTTP_LENGTH_UNKNOWN;

    op_begin(&stream->send, c->server->loop, waiter, NULL);
    pump_init(&stream->pump, source, is_unknown && stream->request.minor == 1);
    settle_request(stream);
    if (is_unknown && stream->request.minor == 0)
        c->must_close = true;
    write_head(c, status, lines, length);
    if (stream->is_gone || c->server->scratch.is_over || !send_head(c)) {
        end_send(c, OP_BROKEN);
        return;
    }
    source->reader = &c->again;
    c->state = STREAMING;
    connection_pace_begin(c, c->server->deadlines->send);
    connection_stream(c);
}

/* A client that takes the connection's end for the answer's must not see an orderly one. */
static void break_connection(struct http_connection *c)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    setsockopt(c->watch.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    connection_close(c);
}

void http_stream_end(struct http_stream *stream)
{
    struct http_connection *c = stream->connection;

    assert(stream->send.result != OP_PENDING);
    if (stream->send.result != OP_DONE) {
        break_connection(c); /* the stream goes with it */
        return;
    }
    c->stream = NULL;
    end_reply(c);
    server_give_stream(c->server, stream);
}
