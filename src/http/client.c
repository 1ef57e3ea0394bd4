/* Outbound calls.  A connection belongs to at most one call; the call drives it through resolving,
 * connecting, TLS, sending and reading, and gives it back only when nothing is left on it.
 *
 * Head and body stand in one buffer.  Chunks are decoded where they lie, so that no byte of a body
 * is copied to a second buffer; when the buffer moves, the spans of the head are moved along. */
#include "http/client.h"

#include <assert.h>
#include <sys/epoll.h>

#include "base/mem.h"
#include "base/number.h"
#include "http/client_connection.h"

#define READ_MAX (128 * 1024)
#define READS_PER_TURN 4
#define ADDRESS_TIME_MAX (2 * MICROS_PER_SECOND) /* for one address while there are others */
#define ROOM_FOR_MORE 64 /* asked for beyond what is due, so that a read tells when it was all */

static void set_deadline(struct http_call *call, int64_t at)
{
    struct timer *timer = call->connection ? &call->connection->timer : &call->deadline;

    call->deadline_at = at;
    timer_set(call->op.loop, timer, at);
}

/* When a phase must be over: by its own limit, never later than the whole call. */
static int64_t phase_end(const struct http_call *call, int64_t phase_max)
{
    if (phase_max > 0 && phase_max < call->time_max)
        return call->began + phase_max;
    return call->began + call->time_max;
}

static void enter(struct http_call *call, enum http_call_phase phase, int64_t phase_max)
{
    call->phase = phase;
    set_deadline(call, phase_end(call, phase_max));
}

/* ---- ends ------------------------------------------------------------------------------------ */

/* Only a connection on which nothing is left, in either direction, may carry another call. */
static bool may_be_kept(struct http_call *call)
{
    struct layer *layer = &call->connection->layer;
    char byte;

    if (!call->response.keeps_alive || !call->has_sent_all || layer->is_ending)
        return false;
    return !layer->may_read || (layer->tls && layer_read(layer, &byte, 1) == LAYER_AGAIN);
}

/* How long the connection may idle: shorter than the peer says it waits («timeout=5»), so that it
 * is not the peer who closes just when the next request is sent. */
static int64_t idle_time(const struct http_call *call)
{
    struct span value =
        http_header_find(call->response.headers, call->response.header_count, "Keep-Alive");
    struct span timeout = SPAN("timeout="), digits;
    uint64_t seconds;

    if (!value.at)
        return HTTP_POOL_IDLE_TIME;
    digits = span_skip(value, span_search(value, timeout));
    digits = span_starts(digits, timeout) ? span_skip(digits, timeout.len) : SPAN("");
    if (!number_u64(span_trim(span_first(digits, span_find(digits, ','))), &seconds) ||
        seconds > HTTP_POOL_IDLE_TIME / MICROS_PER_SECOND)
        return HTTP_POOL_IDLE_TIME;
    return seconds > 1 ? (int64_t)(seconds - 1) * MICROS_PER_SECOND : MICROS_PER_SECOND / 2;
}

/* Gives the connection away and leaves whatever the call was waiting for. */
static void leave(struct http_call *call, bool is_fit)
{
    struct http_client_connection *c = call->connection;

    timer_clear(call->op.loop, &call->deadline);
    if (call->source)
        call->source->reader = NULL;
    call->source = NULL;
    call->connection = NULL;
    call->pool->busy_count--;
    if (c && is_fit)
        pool_give(c, idle_time(call));
    else if (c)
        pool_close(c);
}

static void wake_reader(struct http_call *call)
{
    if (call->rest.reader)
        loop_ready(call->op.loop, call->rest.reader);
}

static void end_call(struct http_call *call, enum op_result result)
{
    if (call->connection || call->phase == CALL_RESOLVES || call->phase == CALL_CONNECTS)
        leave(call, result == OP_DONE && may_be_kept(call));
    if (result == OP_DONE)
        call->phase = CALL_ENDED;
    if (call->is_streamed) {
        call->rest.state = result;
        wake_reader(call);
        return;
    }
    op_end(&call->op, result);
}

static void begin(struct http_call *call);

static bool is_idempotent(struct span method)
{
    return span_is(method, "GET") || span_is(method, "HEAD") || span_is(method, "PUT") ||
           span_is(method, "DELETE") || span_is(method, "OPTIONS");
}

/* The connection broke: once more on a fresh one where that is safe. */
static void fail_call(struct http_call *call, enum op_result result)
{
    struct http_client_connection *c = call->connection;
    bool has_said = call->sent > 0 || call->pump.moved > 0;

    if (c && c->is_used && call->phase == CALL_WAITS && call->interim == 0 && call->in.len == 0 &&
        !call->was_repeated && call->pump.moved == 0 &&
        (!has_said || is_idempotent(call->method))) {
        call->was_repeated = true;
        call->connection = NULL;
        pool_close(c);
        begin(call);
        return;
    }
    end_call(call, result);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void run_pump(struct http_call *call)
{
    switch (pump_run(&call->pump, &call->connection->layer)) {
    case PUMP_DONE:
        call->has_sent_all = true;
        break;
    case PUMP_GOES_ON:
        loop_ready(call->op.loop, &call->resume);
        break;
    case PUMP_SOURCE_FAILED: /* its state says why */
        end_call(call, OP_CANCELLED);
        break;
    case PUMP_WAITS_FOR_SOURCE:
    case PUMP_WAITS_FOR_SINK:
    case PUMP_SINK_FAILED: /* reading tells, an early answer included */
        break;
    }
}

static void send_more(struct http_call *call)
{
    while (call->sent < call->head.len + call->body.len) {
        struct span head = {NULL, 0}, body = call->body;
        struct iovec parts[2];
        ssize_t n;

        if (call->sent < call->head.len)
            head = span_skip(call->head, call->sent);
        else
            body = span_skip(call->body, call->sent - call->head.len);
        parts[0] = (struct iovec){(char *)(uintptr_t)head.at, head.len};
        parts[1] = (struct iovec){(char *)(uintptr_t)body.at, body.len};
        n = layer_write(&call->connection->layer, parts, body.len ? 2 : 1);
        if (n < 0)
            return; /* LAYER_AGAIN: an event follows; else reading tells */
        call->sent += (size_t)n;
    }
    if (call->source && !call->has_sent_all)
        run_pump(call);
    else
        call->has_sent_all = true;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static struct span body_of(const struct http_call *call)
{
    return span_skip(buf_span(&call->in), call->head_len);
}

static void end_answer(struct http_call *call)
{
    call->answer = body_of(call);
    call->rest.state = OP_DONE;
    end_call(call, OP_DONE);
}

/* Parses the head once it is whole.  False when more must come, or the call has ended. */
static bool take_head(struct http_call *call)
{
    while (call->head_len == 0) {
        size_t end = h1_head_end(buf_span(&call->in), &call->scanned);

        if (end > HTTP_ANSWER_HEAD_MAX || (end == 0 && call->in.len > HTTP_ANSWER_HEAD_MAX) ||
            (end > 0 && h1_response_parse(span_first(buf_span(&call->in), end), call->method,
                                          &call->response) != H1_FINE)) {
            end_call(call, OP_GARBAGE);
            return false;
        }
        if (end == 0)
            return false;
        if (call->response.status / 100 != 1) {
            call->head_len = end;
            call->left = call->response.length;
            return true;
        }
        if (call->response.status == 101 || ++call->interim > HTTP_INTERIM_MAX) {
            end_call(call, OP_GARBAGE);
            return false;
        }
        buf_drop(&call->in, end);
        call->scanned = 0;
    }
    return true;
}

/* Decodes what lies behind `from` to where the body ends.  False when the call has ended. */
static bool take_chunks(struct http_call *call, size_t from)
{
    struct span raw = span_skip(buf_span(&call->in), from), piece;

    call->in.len = from;
    while (raw.len > 0 && !call->chunks.is_done) {
        if (!h1_chunks_take(&call->chunks, &raw, &piece)) {
            end_call(call, OP_GARBAGE);
            return false;
        }
        if (piece.len > 0)
            memmove(call->in.at + call->in.len, piece.at, piece.len);
        call->in.len += piece.len;
        call->received += piece.len;
    }
    if (raw.len == 0)
        return true;
    end_call(call, OP_GARBAGE); /* bytes behind the answer that nobody asked for */
    return false;
}

/* Counts body bytes that lie behind `from`.  False when the call has ended. */
static bool take_body(struct http_call *call, size_t from)
{
    size_t n = call->in.len - from;

    switch (call->response.framing) {
    case HTTP_NO_BODY:
    case HTTP_LENGTH:
        if (n > call->left || call->response.framing == HTTP_NO_BODY) {
            if (n > 0) {
                end_call(call, OP_GARBAGE);
                return false;
            }
            break;
        }
        call->left -= n;
        call->received += n;
        break;
    case HTTP_CHUNKED:
        if (!take_chunks(call, from))
            return false;
        break;
    case HTTP_UNTIL_CLOSE:
        call->received += n;
        break;
    }
    if (call->received <= call->answer_max)
        return true;
    end_call(call, OP_TOO_LARGE);
    return false;
}

static bool is_whole(const struct http_call *call)
{
    switch (call->response.framing) {
    case HTTP_NO_BODY:
        return true;
    case HTTP_LENGTH:
        return call->left == 0;
    case HTTP_CHUNKED:
        return call->chunks.is_done;
    case HTTP_UNTIL_CLOSE:
        return false; /* only the peer's end makes it whole */
    }
    return false;
}

/* The backend's silence counts only while somebody waits for it. */
static void watch_rest(struct http_call *call)
{
    int64_t end = call->began + HTTP_REST_TIME_MAX;
    int64_t idle = call->op.loop->now + HTTP_REST_IDLE_TIME;

    set_deadline(call, body_of(call).len > 0 || end < idle ? end : idle);
}

/* More than is held: the waiter goes on with what is there, and pulls the rest. */
static void begin_streaming(struct http_call *call)
{
    call->is_streamed = true;
    call->rest.state = OP_PENDING;
    watch_rest(call);
    op_end(&call->op, OP_DONE);
}

/* Looks at what was read behind `from`. */
static void take_answer(struct http_call *call, size_t from)
{
    bool had_head = call->head_len > 0;

    if (call->phase == CALL_WAITS)
        enter(call, CALL_READS, 0);
    if (!take_head(call))
        return;
    if (!had_head && call->response.framing == HTTP_LENGTH && call->left > call->answer_max) {
        end_call(call, OP_TOO_LARGE);
        return;
    }
    if (!take_body(call, had_head ? from : call->head_len))
        return;
    if (is_whole(call))
        end_answer(call);
    else if (!call->is_streamed &&
             (call->holds_nothing || (call->hold_max > 0 && call->received >= call->hold_max)))
        begin_streaming(call);
}

/* The spans of the head follow when the buffer has moved. */
static void move_spans(struct http_call *call, const char *was)
{
    const char *is = call->in.at;

    if (was == is || call->head_len == 0)
        return;
    for (unsigned i = 0; i < call->response.header_count; i++) {
        struct http_header *h = &call->response.headers[i];

        h->name.at = is + (h->name.at - was);
        h->value.at = is + (h->value.at - was);
    }
}

/* How much to ask for: what fits into a buffer of the stock; then all that is due where that is
 * known, else more as more has come. */
static size_t read_size(const struct http_call *call)
{
    if (call->in.cap == HTTP_CLIENT_BUFFER && call->in.len < call->in.cap - ROOM_FOR_MORE)
        return call->in.cap - call->in.len;
    if (call->head_len > 0 && call->response.framing == HTTP_LENGTH)
        return (call->left < READ_MAX ? (size_t)call->left : READ_MAX) + ROOM_FOR_MORE;
    return call->received < READ_MAX ? HTTP_CLIENT_READ : READ_MAX;
}

/* The first buffer is of the stock, where there is one. */
static void take_buffer(struct http_call *call)
{
    struct http_client *client = call->pool->client;

    if (call->in.at || !client || !(call->in.at = stock_take(&client->buffers)))
        return;
    call->in.cap = HTTP_CLIENT_BUFFER;
}

/* Draws what the buffer has grown by. */
static bool draw(struct http_call *call)
{
    struct http_client *client = call->pool->client;
    size_t more = call->in.cap - call->drawn;

    if (!client || call->in.cap <= call->drawn)
        return true;
    if (!budget_draw(client->budget, more))
        return false;
    call->drawn += more;
    return true;
}

static void give_buffer(struct http_call *call)
{
    if (call->pool->client)
        budget_give(call->pool->client->budget, call->drawn);
    call->drawn = 0;
    if (call->in.cap == HTTP_CLIENT_BUFFER && call->pool->client)
        stock_give(&call->pool->client->buffers, call->in.at);
    else
        buf_release(&call->in);
}

/* One read.  False when there is nothing now, or the call has ended. */
static bool read_once(struct http_call *call)
{
    struct http_client_connection *c = call->connection;
    size_t from = call->in.len, room;
    const char *was;
    char *at;
    ssize_t n;

    take_buffer(call);
    was = call->in.at;
    room = read_size(call);
    at = buf_room(&call->in, room);
    move_spans(call, was);
    if (!at || !draw(call)) {
        end_call(call, at ? OP_NO_MEMORY : OP_TOO_LARGE);
        return false;
    }
    n = layer_read(&c->layer, at, room);
    if (n == LAYER_AGAIN)
        return false;
    if (n > 0) {
        call->in.len += (size_t)n;
        take_answer(call, from);
        return call->connection == c;
    }
    if (n == 0 && call->head_len > 0 && call->response.framing == HTTP_UNTIL_CLOSE)
        end_answer(call);
    else
        fail_call(call, OP_BROKEN);
    return false;
}

static void read_more(struct http_call *call)
{
    const struct http_client_connection *c = call->connection;

    for (int i = 0; i < READS_PER_TURN; i++) {
        if (call->is_streamed || !read_once(call))
            return;
    }
    if (call->connection == c && !call->is_streamed)
        loop_ready(call->op.loop, &call->resume);
}

/* ---- what streams ---------------------------------------------------------------------------- */

static struct span peek_rest(struct source *source)
{
    struct http_call *call = container_of(source, struct http_call, rest);

    if (call->taken == body_of(call).len && call->connection) {
        call->in.len = call->head_len;
        call->taken = 0;
        read_once(call);
        if (call->connection)
            watch_rest(call);
    }
    return span_skip(body_of(call), call->taken);
}

static void take_rest(struct source *source, size_t n)
{
    container_of(source, struct http_call, rest)->taken += n;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* Connects to the next of the addresses. */
static void connect_next(struct http_call *call)
{
    struct addresses *addresses = &call->lookup.addresses;
    int64_t limit;

    while (call->next_address < addresses->count) {
        struct address *a = &addresses->at[call->next_address++];
        struct http_client_connection *c = pool_connect(call->pool, &a->any, a->len);

        if (!c)
            continue;
        timer_clear(call->op.loop, &call->deadline);
        call->connection = c;
        c->call = call;
        enter(call, CALL_CONNECTS, call->connect_max);
        limit = call->op.loop->now + ADDRESS_TIME_MAX;
        if (call->next_address < addresses->count && limit < call->deadline_at)
            set_deadline(call, limit);
        return; /* an event tells, even when it is connected already */
    }
    end_call(call, OP_REFUSED);
}

/* A connection could not be made: the next address, or the end. */
static void give_up_address(struct http_call *call)
{
    struct http_client_connection *c = call->connection;

    call->connection = NULL;
    pool_close(c);
    connect_next(call);
}

/* Goes on from connecting to TLS to sending.  False when it is not open yet. */
static bool open_connection(struct http_call *call, uint32_t events)
{
    struct http_client_connection *c = call->connection;
    int rc;

    if (c->state == CLIENT_CONNECTING) {
        if (events & (EPOLLERR | EPOLLHUP)) {
            give_up_address(call);
            return false;
        }
        if (!(events & EPOLLOUT))
            return false;
        c->state = CLIENT_OPEN;
        if (call->pool->is_tls && !pool_begin_tls(c)) {
            end_call(call, OP_REFUSED);
            return false;
        }
        if (call->pool->is_tls)
            c->state = CLIENT_SHAKING;
    }
    if (c->state == CLIENT_SHAKING) {
        rc = layer_shake(&c->layer);
        if (rc == LAYER_AGAIN)
            return false;
        if (rc == LAYER_BROKEN) {
            end_call(call, OP_REFUSED);
            return false;
        }
        c->state = CLIENT_OPEN;
    }
    enter(call, CALL_WAITS, call->first_max);
    return true;
}

void call_event(struct http_call *call, uint32_t events)
{
    struct http_client_connection *c = call->connection;

    if (call->phase == CALL_CONNECTS) {
        if (!open_connection(call, events))
            return;
        events |= EPOLLOUT;
    }
    if ((events & EPOLLOUT) && !call->has_sent_all)
        send_more(call);
    if (call->connection != c || !c->layer.may_read)
        return;
    if (call->is_streamed)
        wake_reader(call);
    else
        read_more(call);
}

void call_deadline(struct http_call *call)
{
    if (call->phase == CALL_CONNECTS && call->next_address < call->lookup.addresses.count &&
        call->op.loop->now < phase_end(call, call->connect_max))
        give_up_address(call);
    else
        end_call(call, OP_TIMED_OUT);
}

static void on_deadline(struct timer *timer)
{
    struct http_call *call = container_of(timer, struct http_call, deadline);

    if (call->lookup.op.result == OP_PENDING)
        call->lookup.op.cancel(&call->lookup.op); /* resumes, and finds the call ended */
    end_call(call, OP_TIMED_OUT);
}

static void on_cancel(struct op *op)
{
    struct http_call *call = container_of(op, struct http_call, op);

    if (op->result != OP_PENDING)
        return;
    if (call->phase == CALL_RESOLVES && call->lookup.op.result == OP_PENDING)
        call->lookup.op.cancel(&call->lookup.op);
    end_call(call, OP_CANCELLED);
}

/* ---- the beginning --------------------------------------------------------------------------- */

/* The name was found, the source has more, or reading had given others their turn. */
static void on_resume(struct task *task)
{
    struct http_call *call = container_of(task, struct http_call, resume);

    if (call->phase == CALL_RESOLVES && call->op.result == OP_PENDING) {
        if (call->lookup.op.result == OP_DONE)
            connect_next(call);
        else
            end_call(call, OP_REFUSED);
        return;
    }
    if (call->connection && call->phase != CALL_CONNECTS)
        call_event(call, EPOLLOUT);
}

static void find_address(struct http_call *call)
{
    struct http_pool *pool = call->pool;

    enter(call, CALL_RESOLVES, call->connect_max);
    call->next_address = 0;
    if (resolver_known(&pool->client->resolver, pool->host, pool->port, &call->lookup.addresses))
        connect_next(call);
    else
        resolver_find(&pool->client->resolver, pool->host, pool->port, &call->lookup,
                      &call->resume);
}

static void connect_fixed(struct http_call *call)
{
    struct http_pool *pool = call->pool;
    struct http_client_connection *c =
        pool_connect(pool, (struct sockaddr *)&pool->fixed.at, pool->fixed.len);

    call->connection = c;
    if (!c) {
        call->phase = CALL_CONNECTS;
        end_call(call, OP_REFUSED);
        return;
    }
    c->call = call;
    enter(call, CALL_WAITS, call->first_max); /* a unix socket connects at once or never */
    send_more(call);
}

static void begin(struct http_call *call)
{
    struct http_client_connection *c = call->was_repeated ? NULL : pool_take(call->pool);

    call->sent = 0;
    call->has_sent_all = false;
    pump_init(&call->pump, call->source, call->is_chunked);
    if (c) {
        c->call = call;
        call->connection = c;
        enter(call, CALL_WAITS, call->first_max);
        send_more(call);
    } else if (call->pool->client) {
        find_address(call);
    } else {
        connect_fixed(call);
    }
}

void http_call_start(struct http_call *call, struct http_pool *pool, struct task *waiter)
{
    size_t held = call->hold_max > 0 ? call->hold_max : call->answer_max;

    op_begin(&call->op, pool->loop, waiter, on_cancel);
    call->pool = pool;
    call->deadline.due = on_deadline;
    call->resume.run = on_resume;
    call->rest = (struct source){peek_rest, take_rest, OP_PENDING, NULL};
    call->began = pool->loop->now;
    buf_init(&call->in, HTTP_ANSWER_HEAD_MAX + held + 2 * READ_MAX);
    if (call->source)
        call->source->reader = &call->resume;
    pool->busy_count++;
    begin(call);
}

void http_call_break(struct http_call *call)
{
    assert(call->op.result != OP_PENDING);
    if (call->connection)
        leave(call, false);
}

void http_call_release(struct http_call *call)
{
    http_call_break(call);
    loop_unready(call->op.loop, &call->resume);
    give_buffer(call);
}
