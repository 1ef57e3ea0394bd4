/* Outbound calls.  A connection belongs to at most one call; between calls it stands in its
 * pool, watched, so that a peer's close is seen without a system call before the next use. */
#include "http/client.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

struct http_client_connection {
    struct watch watch;
    struct timer idle_end;
    struct http_pool *pool;
    struct http_call *call; /* NULL: idle */
    struct http_client_connection *next;
    bool is_used;   /* it has answered before */
    bool is_ending; /* the peer's end was reported, maybe behind unread bytes */
    bool is_filled; /* the last read was full: more may be waiting */
};

static void sweep(struct task *task)
{
    struct http_pool *pool = container_of(task, struct http_pool, sweep);
    struct http_client_connection *c;

    while ((c = pool->closed) != NULL) {
        pool->closed = c->next;
        mem_free(c);
    }
}

void http_pool_init(struct http_pool *pool, struct loop *loop, const struct sockaddr *address,
                    socklen_t address_len)
{
    assert(address_len <= sizeof pool->address);
    *pool = (struct http_pool){.loop = loop, .address_len = address_len, .sweep.run = sweep};
    memcpy(&pool->address, address, address_len);
}

bool http_pool_init_unix(struct http_pool *pool, struct loop *loop, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, strlen(path) + 1);
    http_pool_init(pool, loop, (struct sockaddr *)&address, sizeof address);
    return true;
}

static void close_connection(struct http_client_connection *c)
{
    loop_unwatch(c->pool->loop, &c->watch);
    close(c->watch.fd);
    timer_clear(c->pool->loop, &c->idle_end);
    c->next = c->pool->closed;
    c->pool->closed = c;
    loop_ready(c->pool->loop, &c->pool->sweep);
}

static void drop_idle(struct http_client_connection *c)
{
    struct http_client_connection **at = &c->pool->idle;

    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->pool->idle_count--;
    close_connection(c);
}

static void on_idle_end(struct timer *timer)
{
    drop_idle(container_of(timer, struct http_client_connection, idle_end));
}

void http_pool_release(struct http_pool *pool)
{
    while (pool->idle)
        drop_idle(pool->idle);
    loop_unready(pool->loop, &pool->sweep);
    sweep(&pool->sweep);
}

static void give_connection(struct http_client_connection *c)
{
    struct http_pool *pool = c->pool;

    c->call = NULL;
    c->is_used = true;
    c->next = pool->idle;
    pool->idle = c;
    pool->idle_count++;
    timer_set(pool->loop, &c->idle_end, pool->loop->now + HTTP_POOL_IDLE_TIME);
    if (pool->idle_count > HTTP_POOL_IDLE_MAX)
        drop_idle(c);
}

/* ---- one call ------------------------------------------------------------------------------ */

/* Only a connection on which nothing is left, in either direction, may carry another call. */
static bool may_be_kept(const struct http_call *call)
{
    const struct http_client_connection *c = call->connection;

    return call->response.keeps_alive && call->sent == call->head.len + call->body.len &&
           !c->is_ending && !c->is_filled;
}

static void end_call(struct http_call *call, enum op_result result)
{
    struct http_client_connection *c = call->connection;

    timer_clear(call->op.loop, &call->deadline);
    if (c && result == OP_DONE && may_be_kept(call))
        give_connection(c);
    else if (c)
        close_connection(c);
    call->connection = NULL;
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

    if (c && c->is_used && call->in.len == 0 && !call->was_repeated &&
        (call->sent == 0 || is_idempotent(call->method))) {
        call->was_repeated = true;
        call->connection = NULL;
        close_connection(c);
        begin(call);
        return;
    }
    end_call(call, result);
}

static void send_more(struct http_call *call)
{
    while (call->sent < call->head.len + call->body.len) {
        struct span head = {NULL, 0}, body = call->body;
        struct iovec parts[2];
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t n;

        if (call->sent < call->head.len)
            head = span_skip(call->head, call->sent);
        else
            body = span_skip(call->body, call->sent - call->head.len);
        parts[0] = (struct iovec){(char *)(uintptr_t)head.at, head.len};
        parts[1] = (struct iovec){(char *)(uintptr_t)body.at, body.len};
        n = sendmsg(call->connection->watch.fd, &message, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return; /* EAGAIN: an event follows; else reading tells, an early answer included */
        call->sent += (size_t)n;
    }
}

/* Parses the head once it is whole.  False when more must come, or the call has ended. */
static bool take_head(struct http_call *call)
{
    while (call->head_len == 0) {
        size_t end = h1_head_end(buf_span(&call->in), &call->scanned);

        if (end == 0) {
            if (call->in.len > HTTP_HEAD_MAX)
                end_call(call, OP_GARBAGE);
            return false;
        }
        if (h1_response_parse(span_first(buf_span(&call->in), end), call->method,
                              &call->response) != H1_FINE ||
            call->response.status == 101) {
            end_call(call, OP_GARBAGE);
            return false;
        }
        if (call->response.status / 100 != 1) {
            call->head_len = end;
            return true;
        }
        if (++call->interim > HTTP_INTERIM_MAX) {
            end_call(call, OP_GARBAGE);
            return false;
        }
        buf_drop(&call->in, end);
        call->scanned = 0;
    }
    return true;
}

/* The head is parsed again at the end: its spans must point to where the buffer is then. */
static void finish(struct http_call *call, struct span answer)
{
    if (h1_response_parse(span_first(buf_span(&call->in), call->head_len), call->method,
                          &call->response) != H1_FINE) {
        end_call(call, OP_GARBAGE);
        return;
    }
    call->answer = answer;
    end_call(call, answer.len > call->answer_max ? OP_TOO_LARGE : OP_DONE);
}

static void take_chunks(struct http_call *call)
{
    struct span rest = span_skip(buf_span(&call->in), call->head_len), piece;

    while (rest.len > 0 && !call->chunks.is_done) {
        if (!h1_chunks_take(&call->chunks, &rest, &piece)) {
            end_call(call, OP_GARBAGE);
            return;
        }
        if (!buf_add(&call->decoded, piece)) {
            end_call(call, OP_TOO_LARGE);
            return;
        }
    }
    call->in.len = call->head_len; /* what was decoded is not needed raw */
    if (call->chunks.is_done && rest.len > 0)
        end_call(call, OP_GARBAGE); /* bytes behind the answer that nobody asked for */
    else if (call->chunks.is_done)
        finish(call, buf_span(&call->decoded));
}

/* Looks at what has come. */
static void take_answer(struct http_call *call, bool has_ended)
{
    const struct http_response *r = &call->response;
    struct span body;

    if (!take_head(call))
        return;
    body = span_skip(buf_span(&call->in), call->head_len);
    if (body.len > call->answer_max + HTTP_HEAD_MAX) {
        end_call(call, OP_TOO_LARGE);
        return;
    }
    switch (r->framing) {
    case HTTP_NO_BODY:
        if (body.len > 0)
            end_call(call, OP_GARBAGE);
        else
            finish(call, SPAN(""));
        return;
    case HTTP_LENGTH:
        if (r->length > call->answer_max)
            end_call(call, OP_TOO_LARGE);
        else if (body.len > r->length)
            end_call(call, OP_GARBAGE);
        else if (body.len == r->length)
            finish(call, body);
        return;
    case HTTP_CHUNKED:
        take_chunks(call);
        return;
    case HTTP_UNTIL_CLOSE:
        if (has_ended)
            finish(call, body);
        return;
    }
}

static void read_more(struct http_call *call)
{
    struct http_client_connection *c = call->connection;

    while (call->connection == c) {
        char *room = buf_room(&call->in, HTTP_CLIENT_READ);
        ssize_t n;

        if (!room) {
            end_call(call, OP_TOO_LARGE);
            return;
        }
        n = recv(c->watch.fd, room, HTTP_CLIENT_READ, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n > 0) {
            call->in.len += (size_t)n;
            c->is_filled = n == HTTP_CLIENT_READ;
            take_answer(call, false);
            continue;
        }
        if (n == 0 && call->head_len > 0 && call->response.framing == HTTP_UNTIL_CLOSE)
            take_answer(call, true);
        else
            fail_call(call, OP_BROKEN);
        return;
    }
}

static void on_event(struct watch *watch, uint32_t events)
{
    struct http_client_connection *c = container_of(watch, struct http_client_connection, watch);
    struct http_call *call = c->call;

    if (!call) {
        if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
            drop_idle(c); /* it ended, or says something unasked */
        return;
    }
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        c->is_ending = true;
    if ((events & EPOLLERR) && call->sent == 0) {
        fail_call(call, OP_REFUSED);
        return;
    }
    if (events & EPOLLOUT)
        send_more(call);
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP))
        read_more(call);
}

static void on_deadline(struct timer *timer)
{
    end_call(container_of(timer, struct http_call, deadline), OP_TIMED_OUT);
}

static void on_cancel(struct op *op)
{
    struct http_call *call = container_of(op, struct http_call, op);

    if (op->result == OP_PENDING)
        end_call(call, OP_CANCELLED);
}

static struct http_client_connection *connect_to(struct http_pool *pool)
{
    int fd = socket(pool->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct http_client_connection *c;
    int on = 1;

    if (fd < 0)
        return NULL;
    if (pool->address.ss_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c = mem_zero(1, sizeof *c);
    c->pool = pool;
    c->idle_end.due = on_idle_end;
    if ((connect(fd, (struct sockaddr *)&pool->address, pool->address_len) != 0 &&
         errno != EINPROGRESS) ||
        !loop_watch(pool->loop, &c->watch, fd, on_event)) {
        close(fd);
        mem_free(c);
        return NULL;
    }
    return c;
}

static void begin(struct http_call *call)
{
    struct http_pool *pool = call->pool;
    struct http_client_connection *c = call->was_repeated ? NULL : pool->idle;

    call->sent = 0;
    if (c) {
        pool->idle = c->next;
        pool->idle_count--;
        timer_clear(pool->loop, &c->idle_end);
    } else {
        c = connect_to(pool);
    }
    call->connection = c;
    if (!c) {
        end_call(call, OP_REFUSED);
        return;
    }
    c->call = call;
    send_more(call);
}

void http_call_start(struct http_call *call, struct http_pool *pool, struct task *waiter)
{
    op_begin(&call->op, pool->loop, waiter, on_cancel);
    call->pool = pool;
    call->connection = NULL;
    call->deadline = (struct timer){.due = on_deadline};
    call->chunks = (struct h1_chunks){0};
    call->sent = call->scanned = call->head_len = call->interim = 0;
    call->was_repeated = false;
    call->answer = (struct span){NULL, 0};
    buf_init(&call->in, HTTP_HEAD_MAX * 2 + call->answer_max + 32768);
    buf_init(&call->decoded, call->answer_max);
    timer_set(pool->loop, &call->deadline, pool->loop->now + call->time_max);
    begin(call);
}

void http_call_release(struct http_call *call)
{
    assert(call->op.result != OP_PENDING);
    buf_release(&call->in);
    buf_release(&call->decoded);
}
