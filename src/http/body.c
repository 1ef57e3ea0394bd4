/* Bodies of requests: gathered whole, or handed out piece by piece as they come, or skipped.
 *
 * A piece lies in the connection's buffer behind the head; the next is read to the same place when
 * the reader has taken it, so that an upload needs no memory of its own. */
#include <sys/socket.h>

#include "http/connection.h"

#define BODY_READS 8 /* of READ_MAX bytes; then others get their turn */
#define READ_MAX (64 * 1024)

static void end_gathering(struct http_connection *c, enum op_result result)
{
    struct http_stream *stream = c->stream;

    if (result != OP_DONE && c->collects)
        c->must_close = true; /* where the next request would begin is not known */
    c->collects = false;
    timer_clear(c->server->loop, &c->timer);
    if (result == OP_DONE) {
        stream->has_body_read = true;
        if (!stream->body.at)
            stream->body = buf_span(&stream->gathered);
    }
    op_end(&stream->collect, result);
}

/* Takes body bytes from the buffer.  OP_PENDING when more must come. */
static enum op_result take_body(struct http_connection *c)
{
    struct http_stream *stream = c->stream;
    struct span in = connection_unread(c), piece;

    if (stream->request.framing == HTTP_LENGTH) {
        size_t n = stream->left < in.len ? (size_t)stream->left : in.len;

        if (!buf_add(&stream->gathered, span_first(in, n)))
            return OP_TOO_LARGE;
        c->in_used += (uint32_t)n;
        stream->left -= n;
        return stream->left == 0 ? OP_DONE : OP_PENDING;
    }
    while (in.len > 0 && !stream->chunks.is_done) {
        if (!h1_chunks_take(&stream->chunks, &in, &piece))
            return OP_GARBAGE;
        if (!buf_add(&stream->gathered, piece))
            return OP_TOO_LARGE;
    }
    c->in_used = c->in_len - (uint32_t)in.len;
    return stream->chunks.is_done ? OP_DONE : OP_PENDING;
}

/* Reads body bytes to where they belong: past the buffer when their number is known, so that a
 * head which fills the buffer cannot make us read a large body byte by byte. */
static size_t read_body(struct http_connection *c)
{
    struct http_stream *stream = c->stream;
    size_t n, room = stream->left < READ_MAX ? (size_t)stream->left : READ_MAX;
    char *at;

    if (stream->request.framing == HTTP_CHUNKED) {
        c->in_len = c->in_used = c->in_head; /* all is used; the head stays: its spans are in use */
        return connection_read(c);
    }
    if (!c->may_read || !(at = buf_room(&stream->gathered, room)))
        return 0;
    n = connection_receive(c, at, room);
    stream->gathered.len += n;
    stream->left -= n;
    return n;
}

/* Draws what the body has grown by. */
static bool draw(struct http_connection *c)
{
    struct http_stream *stream = c->stream;
    size_t more = stream->gathered.cap - stream->drawn;

    if (stream->gathered.cap <= stream->drawn)
        return true;
    if (!budget_draw(c->server->budget, more))
        return false;
    stream->drawn += more;
    return true;
}

void connection_gather(struct http_connection *c)
{
    struct http_stream *stream = c->stream;
    enum op_result result;
    int reads = 0;

    while ((result = take_body(c)) == OP_PENDING) {
        size_t n;

        if (++reads > BODY_READS) {
            loop_ready(c->server->loop, &c->again);
            return;
        }
        n = read_body(c);
        if (!draw(c)) {
            result = OP_NO_MEMORY;
            break;
        }
        if (n > 0) {
            connection_pace(c, c->server->deadlines->body, n);
            continue;
        }
        if (stream->gathered.is_over)
            result = OP_TOO_LARGE;
        else if (c->has_ended)
            result = OP_BROKEN;
        break;
    }
    if (result != OP_PENDING)
        end_gathering(c, result);
}

void connection_skip_body(struct http_connection *c)
{
    struct http_stream *stream = c->stream;
    struct span in = connection_unread(c), piece;

    if (stream->has_body_read || c->must_close)
        return;
    if (stream->request.framing == HTTP_LENGTH) {
        if (stream->left > in.len)
            return;
        c->in_used += (uint32_t)stream->left;
    } else {
        while (in.len > 0 && !stream->chunks.is_done)
            if (!h1_chunks_take(&stream->chunks, &in, &piece))
                return;
        if (!stream->chunks.is_done)
            return;
        c->in_used = c->in_len - (uint32_t)in.len;
    }
    stream->has_body_read = true;
}

static const char CONTINUE[] = "HTTP/1.1 100 Continue\r\n\r\n";

/* A client that waits to be asked for the body is asked. */
static void ask_for_body(struct http_connection *c)
{
    if (c->stream->request.expects_continue && connection_unread(c).len == 0 &&
        send(c->watch.fd, CONTINUE, sizeof CONTINUE - 1, MSG_NOSIGNAL) < 0)
        c->has_ended = true;
}

bool http_stream_body_at_once(struct http_stream *stream, size_t limit)
{
    struct http_connection *c = stream->connection;
    const struct http_request *r = &stream->request;
    struct span in = connection_unread(c);

    if (r->framing == HTTP_NO_BODY) {
        stream->body = SPAN("");
        return true;
    }
    if (r->framing != HTTP_LENGTH || r->length > limit || r->length > in.len)
        return false;
    stream->body = span_first(in, (size_t)r->length); /* it came with the head: no copy */
    c->in_used += (uint32_t)r->length;
    stream->left = 0;
    stream->has_body_read = true;
    return true;
}

void http_stream_collect(struct http_stream *stream, size_t limit, struct task *waiter)
{
    struct http_connection *c = stream->connection;
    const struct http_request *r = &stream->request;

    op_begin(&stream->collect, c->server->loop, waiter, NULL);
    if (http_stream_body_at_once(stream, limit)) {
        end_gathering(c, OP_DONE);
        return;
    }
    if (r->framing == HTTP_LENGTH && r->length > limit) {
        end_gathering(c, OP_TOO_LARGE);
        return;
    }
    buf_init(&stream->gathered, limit);
    c->collects = true;
    connection_pace_begin(c, c->server->deadlines->body);
    ask_for_body(c);
    connection_gather(c);
}

/* ---- handed out ------------------------------------------------------------------------------ */

static void end_body(struct http_stream *stream, enum op_result result)
{
    struct http_connection *c = stream->connection;

    stream->source.state = result;
    stream->has_body_read = result == OP_DONE;
    if (result != OP_DONE)
        c->must_close = true; /* where the next request would begin is not known */
    if (c->state == HANDLED)
        timer_clear(c->server->loop, &c->timer);
}

/* Cuts the next piece from what is in the buffer; none when more must be read. */
static void cut_piece(struct http_stream *stream)
{
    struct http_connection *c = stream->connection;
    struct span in = connection_unread(c);

    if (stream->request.framing == HTTP_LENGTH) {
        stream->piece = span_first(in, stream->left < in.len ? (size_t)stream->left : in.len);
        stream->left -= stream->piece.len;
        c->in_used += (uint32_t)stream->piece.len;
        if (stream->piece.len == 0 && stream->left == 0)
            end_body(stream, OP_DONE);
        return;
    }
    while (in.len > 0 && !stream->chunks.is_done && stream->piece.len == 0)
        if (!h1_chunks_take(&stream->chunks, &in, &stream->piece)) {
            end_body(stream, OP_GARBAGE);
            return;
        }
    c->in_used = c->in_len - (uint32_t)in.len;
    if (stream->piece.len > stream->limit)
        end_body(stream, OP_TOO_LARGE);
    else if (stream->piece.len == 0 && stream->chunks.is_done)
        end_body(stream, OP_DONE);
    stream->limit -= stream->piece.len;
}

static struct span peek_body(struct source *source)
{
    struct http_stream *stream = container_of(source, struct http_stream, source);
    struct http_connection *c = stream->connection;
    size_t n;

    if (stream->piece.len > 0 || source->state != OP_PENDING)
        return source->state == OP_PENDING ? stream->piece : SPAN("");
    cut_piece(stream);
    while (stream->piece.len == 0 && source->state == OP_PENDING) {
        c->in_len = c->in_used = c->in_head; /* all is used; the head stays: its spans are */
        n = connection_read(c);
        if (n == 0 && c->has_ended) {
            end_body(stream, OP_BROKEN);
        } else if (n == 0) {
            if (c->state == HANDLED)
                connection_pace(c, c->server->deadlines->body, 0);
            return SPAN("");
        }
        if (c->state == HANDLED)
            connection_pace(c, c->server->deadlines->body, n);
        cut_piece(stream);
    }
    if (source->state != OP_PENDING)
        return SPAN("");
    if (c->state == HANDLED)
        connection_pace_pause(c); /* now the reader has to go on */
    return stream->piece;
}

static void take_piece(struct source *source, size_t n)
{
    struct http_stream *stream = container_of(source, struct http_stream, source);

    stream->piece = span_skip(stream->piece, n);
}

struct source *http_stream_open(struct http_stream *stream, size_t limit)
{
    struct http_connection *c = stream->connection;
    const struct http_request *r = &stream->request;

    stream->source = (struct source){peek_body, take_piece, OP_PENDING, NULL};
    stream->piece = (struct span){NULL, 0};
    stream->limit = limit;
    stream->is_open = true;
    if (r->framing == HTTP_NO_BODY) {
        end_body(stream, OP_DONE);
    } else if (r->framing == HTTP_LENGTH && r->length > limit) {
        end_body(stream, OP_TOO_LARGE);
    } else {
        connection_pace_begin(c, c->server->deadlines->body);
        ask_for_body(c);
    }
    return &stream->source;
}

void connection_fail_body(struct http_connection *c, enum op_result result)
{
    struct http_stream *stream = c->stream;

    if (stream->source.state != OP_PENDING)
        return;
    end_body(stream, result);
    if (stream->source.reader)
        loop_ready(c->server->loop, stream->source.reader);
}
