/* One connection: reads heads, hands streams to the handler, gathers bodies, sends replies.
 *
 * Everything goes through connection_advance, a loop over the state, so that a handler that
 * answers at once does not deepen the stack with each pipelined request. */
#include "http/connection.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define REQUESTS_PER_TURN 32
#define HINT_EVERY (10 * MICROS_PER_SECOND)
#define LINGER_READS 16

struct span connection_unread(const struct http_connection *c)
{
    return span_make(c->in ? c->in + c->in_used : NULL, c->in_len - c->in_used);
}

static void set_deadline(struct http_connection *c, int64_t after)
{
    timer_set(c->server->loop, &c->timer, c->server->loop->now + after);
}

void connection_pace_begin(struct http_connection *c, int64_t grace)
{
    c->pace_began = c->server->loop->now;
    c->pace_moved = 0;
    c->pace_paused = 0;
    set_deadline(c, grace);
}

void connection_pace_pause(struct http_connection *c)
{
    if (c->pace_paused == 0)
        c->pace_paused = c->server->loop->now;
    timer_clear(c->server->loop, &c->timer);
}

void connection_pace(struct http_connection *c, int64_t grace, size_t n)
{
    int64_t now = c->server->loop->now, latest;

    if (c->pace_paused > 0)
        c->pace_began += now - c->pace_paused;
    c->pace_paused = 0;
    c->pace_moved += n;
    latest = c->pace_began + grace + (int64_t)(c->pace_moved / HTTP_RATE_MIN) * MICROS_PER_SECOND;
    timer_set(c->server->loop, &c->timer, latest < now + grace ? latest : now + grace);
}

void connection_close(struct http_connection *c)
{
    struct http_server *server = c->server;

    assert(c->state != CLOSED);
    loop_unwatch(server->loop, &c->watch);
    close(c->watch.fd);
    timer_clear(server->loop, &c->timer);
    if (c->in)
        server_give_buffer(server, c->in);
    c->in = NULL;
    if (c->stream)
        server_give_stream(server, c->stream);
    c->stream = NULL;
    buf_release(&c->out);
    if (c->previous)
        c->previous->next = c->next;
    else
        server->connections = c->next;
    if (c->next)
        c->next->previous = c->previous;
    c->state = CLOSED;
    c->next = server->closed;
    server->closed = c;
    server->connection_count--;
    loop_ready(server->loop, &server->sweep);
}

size_t connection_receive(struct http_connection *c, char *at, size_t room)
{
    ssize_t n = recv(c->watch.fd, at, room, 0);

    if (n <= 0) {
        c->may_read = false;
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            c->has_ended = true;
        return 0;
    }
    if ((size_t)n < room && !c->is_ending)
        c->may_read = false; /* drained: the next bytes bring an event of their own */
    return (size_t)n;
}

size_t connection_read(struct http_connection *c)
{
    size_t room = HTTP_BUFFER - c->in_len, n;

    if (!c->may_read || room == 0)
        return 0;
    if (!c->in && !(c->in = server_take_buffer(c->server)))
        return 0;
    n = connection_receive(c, c->in + c->in_len, room);
    c->in_len += (uint32_t)n;
    return n;
}

void connection_settle_buffer(struct http_connection *c)
{
    size_t rest = c->in_len - c->in_used;

    if (!c->in)
        return;
    if (rest == 0) {
        server_give_buffer(c->server, c->in);
        c->in = NULL;
    } else if (c->in_used > 0) {
        memmove(c->in, c->in + c->in_used, rest);
    }
    c->in_len = (uint32_t)rest;
    c->in_used = 0;
    c->scanned = 0;
}

/* ---- heads --------------------------------------------------------------------------------- */

/* True, and the connection closed, when the client speaks TLS or HTTP/2 here. */
static bool is_other_protocol(struct http_connection *c)
{
    struct span in = connection_unread(c);
    struct span preface = SPAN("PRI * HTTP/2.0\r\n");
    struct http_server *server = c->server;
    const char *what;

    if (in.len == 0)
        return false;
    if (in.at[0] == 0x16)
        what = "TLS";
    else if (in.len >= preface.len && span_starts(in, preface))
        what = "HTTP/2 without TLS";
    else
        return false;
    if (server->loop->now - server->hint_at > HINT_EVERY) {
        server->hint_at = server->loop->now;
        log_warn("a client speaks %s on a port for plain HTTP/1.1; its connection was closed "
                 "(use http:// in its URL)",
                 what);
    }
    connection_close(c);
    return true;
}

/* The head does not fit: too long a target when not even the first line ended. */
static int too_long_status(const struct http_connection *c)
{
    struct span in = connection_unread(c);

    return span_find(in, '\n') == in.len ? 414 : 431;
}

/* Skips the blank lines that some clients send between requests. */
static void skip_blank_lines(struct http_connection *c)
{
    while (c->in_used + 1 < c->in_len && c->in[c->in_used] == '\r' && c->in[c->in_used + 1] == '\n')
        c->in_used += 2;
}

static void begin_stream(struct http_connection *c, size_t head_len)
{
    struct http_stream *stream = server_take_stream(c->server);
    enum h1_refusal refusal;

    if (!stream) {
        connection_refuse(c, 503);
        return;
    }
    refusal = h1_request_parse(span_first(connection_unread(c), head_len), &stream->request);
    if (refusal != H1_FINE) {
        server_give_stream(c->server, stream);
        connection_refuse(c, h1_refusal_status(refusal));
        return;
    }
    c->in_used += (uint32_t)head_len;
    c->in_head = c->in_used;
    c->stream = stream;
    c->state = HANDLED;
    c->must_close = !stream->request.keeps_alive || c->server->is_draining;
    c->collects = false;
    stream->connection = c;
    stream->owner = NULL;
    stream->is_gone = false;
    stream->body = (struct span){NULL, 0};
    stream->chunks = (struct h1_chunks){0};
    stream->left = stream->request.length;
    stream->has_body_read = stream->request.framing == HTTP_NO_BODY;
    stream->collect.result = OP_PENDING;
    stream->is_open = false;
    timer_clear(c->server->loop, &c->timer);
    c->server->handler->request(c->server->handler, stream);
}

/* False when more must come first, or the connection is not waiting for a head any more. */
static bool take_head(struct http_connection *c)
{
    size_t head_len;

    skip_blank_lines(c);
    if (is_other_protocol(c))
        return false;
    head_len = h1_head_end(connection_unread(c), &c->scanned);
    if (head_len > HTTP_HEAD_MAX || (head_len == 0 && connection_unread(c).len >= HTTP_HEAD_MAX)) {
        connection_refuse(c, too_long_status(c));
        return true;
    }
    if (head_len > 0) {
        c->scanned = 0;
        begin_stream(c, head_len);
        return true;
    }
    if (c->in_used == c->in_len)
        c->in_used = c->in_len = 0;
    else if (c->in_used > 0 && c->in_len == HTTP_BUFFER)
        connection_settle_buffer(c);
    if (c->in_used == 0 && c->in_len == 0)
        c->scanned = 0;
    return false;
}

/* Waits for the next head; the first byte of one starts its clock. */
static void wait_for_head(struct http_connection *c)
{
    bool has_begun = c->in_len > c->in_used;

    if (c->has_ended) {
        connection_close(c);
        return;
    }
    if (!has_begun)
        connection_settle_buffer(c);
    if (has_begun && c->timer.at > c->server->loop->now + c->server->deadlines->head)
        set_deadline(c, c->server->deadlines->head);
}

static void linger(struct http_connection *c)
{
    char sink[4096];
    ssize_t n = 1;

    for (int i = 0; i < LINGER_READS && n > 0; i++)
        n = recv(c->watch.fd, sink, sizeof sink, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        connection_close(c);
    else if (n > 0)
        loop_ready(c->server->loop, &c->again);
}

/* What is under way with a request or its reply. */
static void go_on(struct http_connection *c)
{
    switch (c->state) {
    case HANDLED:
        if (c->collects)
            connection_gather(c);
        else if (c->stream->is_open && c->stream->source.reader)
            loop_ready(c->server->loop, c->stream->source.reader);
        break;
    case SENDING:
        connection_flush(c);
        break;
    case STREAMING:
        connection_stream(c);
        break;
    case LINGERING:
        linger(c);
        break;
    case WAITS_FOR_HEAD:
    case CLOSED:
        break;
    }
}

void connection_advance(struct http_connection *c)
{
    int requests = 0;

    if (c->is_advancing)
        return;
    c->is_advancing = true;
    while (c->state == WAITS_FOR_HEAD) {
        if (take_head(c)) {
            if (++requests == REQUESTS_PER_TURN && c->state == WAITS_FOR_HEAD) {
                loop_ready(c->server->loop, &c->again);
                break;
            }
            continue;
        }
        if (c->state != WAITS_FOR_HEAD)
            break;
        if (connection_read(c) == 0) {
            wait_for_head(c);
            break;
        }
    }
    go_on(c);
    c->is_advancing = false;
}
