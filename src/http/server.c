/* The server: listeners, the list of connections, and the pools that make a request free of
 * allocations once it is warm. */
#include "http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "http/connection.h"

#define ACCEPTS_PER_TURN 64
/* What a request holds at least: its stream, the first block of its arena, its head's buffer. */
#define STREAM_COST (sizeof(struct http_stream) + ARENA_BLOCK_DEFAULT + HTTP_BUFFER)
#define FREE_STREAMS_MAX 256
#define FREE_BUFFERS_MAX 256
#define SCRATCH_MAX (HTTP_ANSWER_HEAD_MAX + 2 * HTTP_HEAD_MAX)

const struct http_deadlines HTTP_DEADLINES = {
    .head = 10 * MICROS_PER_SECOND,
    .idle = 75 * MICROS_PER_SECOND,
    .body = 30 * MICROS_PER_SECOND,
    .send = 30 * MICROS_PER_SECOND,
    .linger = 1 * MICROS_PER_SECOND,
};

struct free_buffer {
    struct free_buffer *next;
};

struct http_stream *server_take_stream(struct http_server *server)
{
    struct http_stream *stream = server->free_streams;

    if (!budget_draw(server->budget, STREAM_COST))
        return NULL;
    if (stream) {
        server->free_streams = stream->next_free;
        server->free_stream_count--;
        return stream;
    }
    stream = mem_try(sizeof *stream);
    if (!stream) {
        budget_give(server->budget, STREAM_COST);
        return NULL;
    }
    arena_init(&stream->arena, HTTP_STREAM_MEMORY_MAX);
    buf_init(&stream->gathered, 0);
    stream->drawn = 0;
    return stream;
}

static void free_stream(struct http_stream *stream)
{
    arena_release(&stream->arena);
    mem_free(stream);
}

void server_give_stream(struct http_server *server, struct http_stream *stream)
{
    buf_release(&stream->gathered);
    budget_give(server->budget, STREAM_COST + stream->drawn);
    stream->drawn = 0;
    if (server->free_stream_count == FREE_STREAMS_MAX) {
        free_stream(stream);
        return;
    }
    arena_reset(&stream->arena);
    stream->next_free = server->free_streams;
    server->free_streams = stream;
    server->free_stream_count++;
}

char *server_take_buffer(struct http_server *server)
{
    struct free_buffer *buffer = server->free_buffers;

    if (!buffer)
        return mem_try(HTTP_BUFFER);
    server->free_buffers = buffer->next;
    server->free_buffer_count--;
    return (char *)buffer;
}

void server_give_buffer(struct http_server *server, char *buffer)
{
    struct free_buffer *free_one = (struct free_buffer *)(void *)buffer;

    if (server->free_buffer_count == FREE_BUFFERS_MAX) {
        mem_free(buffer);
        return;
    }
    free_one->next = server->free_buffers;
    server->free_buffers = free_one;
    server->free_buffer_count++;
}

/* Frees the connections that were closed in this turn: an event for them may still have been
 * under way.  One that still stands on the ready list waits until it has come off. */
static void sweep(struct task *task)
{
    struct http_server *server = container_of(task, struct http_server, sweep);
    struct http_connection *closed = server->closed, *c;

    server->closed = NULL;
    while ((c = closed) != NULL) {
        closed = c->next;
        if (!c->again.is_queued) {
            mem_free(c);
            continue;
        }
        c->next = server->closed;
        server->closed = c;
        loop_ready(server->loop, &server->sweep);
    }
}

void http_server_init(struct http_server *server, struct loop *loop, struct http_handler *handler,
                      size_t connections_max)
{
    *server = (struct http_server){
        .loop = loop,
        .handler = handler,
        .deadlines = &HTTP_DEADLINES,
        .connections_max = connections_max,
        .sweep.run = sweep,
        .date_second = -1,
        .hint_at = INT64_MIN / 2,
        .reserve = open("/dev/null", O_RDONLY | O_CLOEXEC),
    };
    buf_init(&server->scratch, SCRATCH_MAX);
}

static void on_event(struct watch *watch, uint32_t events)
{
    struct http_connection *c = container_of(watch, struct http_connection, watch);
    struct http_server *server = c->server;

    if (events & (EPOLLERR | EPOLLHUP)) {
        if (c->stream && !c->stream->is_gone) {
            c->stream->is_gone = true;
            if (c->stream->is_open)
                connection_fail_body(c, OP_BROKEN);
            if (c->state == STREAMING) {
                connection_fail_reply(c);
            } else if (c->collects) {
                c->collects = false;
                op_end(&c->stream->collect, OP_BROKEN);
            } else if (server->handler->gone) {
                server->handler->gone(server->handler, c->stream);
            }
        } else if (!c->stream) {
            connection_close(c);
        }
        return;
    }
    if (events & EPOLLRDHUP)
        c->is_ending = true;
    if (events & (EPOLLIN | EPOLLRDHUP))
        c->may_read = true;
    connection_advance(c);
}

/* What a deadline means depends on what the connection was waiting for. */
static void on_deadline(struct timer *timer)
{
    struct http_connection *c = container_of(timer, struct http_connection, timer);

    if (c->state == HANDLED && c->collects) {
        c->collects = false;
        op_end(&c->stream->collect, OP_TIMED_OUT);
    } else if (c->state == HANDLED && c->stream->is_open) {
        connection_fail_body(c, OP_TIMED_OUT);
    } else if (c->state == STREAMING) {
        connection_fail_reply(c);
    } else if (c->state == WAITS_FOR_HEAD && c->in_len > c->in_used) {
        connection_refuse(c, 408);
    } else if (c->state != HANDLED) {
        connection_close(c);
    }
}

static void on_again(struct task *task)
{
    struct http_connection *c = container_of(task, struct http_connection, again);

    if (c->state != CLOSED)
        connection_advance(c);
}

static bool peer_is_allowed(const struct http_server *server, int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    return !server->only_own_uid ||
           (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid());
}

static bool adopt(struct http_server *server, int fd, const void *peer, socklen_t peer_len)
{
    struct http_connection *c;
    int on = 1;

    if (server->connection_count >= server->connections_max || !peer_is_allowed(server, fd))
        return false;
    c = mem_try(sizeof *c);
    if (!c)
        return false;
    memset(c, 0, sizeof *c);
    if (peer && peer_len <= sizeof c->peer)
        memcpy(&c->peer, peer, peer_len);
    if (c->peer.any.sa_family == AF_INET || c->peer.any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->server = server;
    c->timer.due = on_deadline;
    c->again.run = on_again;
    buf_init(&c->out, HTTP_STREAM_MEMORY_MAX);
    if (!loop_watch(server->loop, &c->watch, fd, on_event)) {
        mem_free(c);
        return false;
    }
    c->next = server->connections;
    if (c->next)
        c->next->previous = c;
    server->connections = c;
    server->connection_count++;
    timer_set(server->loop, &c->timer, server->loop->now + server->deadlines->idle);
    return true;
}

bool http_server_adopt(struct http_server *server, int fd)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;

    if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0)
        len = 0;
    return adopt(server, fd, len ? &peer : NULL, len);
}

/* All descriptors are in use: gives up the reserved one to take a connection off the backlog and
 * close it, else the listener would report it for ever. */
static void refuse_one(struct http_server *server, int listener)
{
    int fd;

    if (server->reserve >= 0)
        close(server->reserve);
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    server->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_accept(struct watch *watch, uint32_t events)
{
    struct http_server *server = container_of(watch, struct http_listener, watch)->server;

    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage peer;
        socklen_t len = sizeof peer;
        int fd = accept4(watch->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE)
                refuse_one(server, watch->fd);
            return;
        }
        if (!adopt(server, fd, &peer, len))
            close(fd);
    }
}

bool http_server_listen(struct http_server *server, int fd)
{
    struct http_listener *listener = &server->listeners[server->listener_count];

    if (server->listener_count == HTTP_LISTENERS_MAX)
        return false;
    listener->server = server;
    if (!loop_watch_listener(server->loop, &listener->watch, fd, on_accept))
        return false;
    server->listener_count++;
    return true;
}

void http_server_drain(struct http_server *server)
{
    int64_t end = server->loop->now + MICROS_PER_SECOND;

    server->is_draining = true;
    for (size_t i = 0; i < server->listener_count; i++) {
        on_accept(&server->listeners[i].watch, EPOLLIN); /* who is in the queue was told «yes» */
        loop_unwatch(server->loop, &server->listeners[i].watch);
    }
    server->listener_count = 0;
    for (struct http_connection *c = server->connections; c; c = c->next)
        if (c->state == WAITS_FOR_HEAD)
            timer_set(server->loop, &c->timer, end);
}

void http_server_release(struct http_server *server)
{
    struct http_stream *stream;
    struct free_buffer *buffer;

    while (server->connections)
        connection_close(server->connections);
    for (struct http_connection *c = server->closed; c; c = c->next)
        loop_unready(server->loop, &c->again);
    loop_unready(server->loop, &server->sweep);
    sweep(&server->sweep);
    while ((stream = server->free_streams) != NULL) {
        server->free_streams = stream->next_free;
        free_stream(stream);
    }
    while ((buffer = server->free_buffers) != NULL) {
        server->free_buffers = buffer->next;
        mem_free(buffer);
    }
    for (size_t i = 0; i < server->listener_count; i++)
        loop_unwatch(server->loop, &server->listeners[i].watch);
    buf_release(&server->scratch);
    if (server->reserve >= 0)
        close(server->reserve);
}

/* By hand, since inet_ntop formats with printf, and this is wanted for every proxied request. */
static void put_ipv4(struct in_addr address, char *out)
{
    const unsigned char *bytes = (const unsigned char *)&address.s_addr;

    for (int i = 0; i < 4; i++) {
        if (bytes[i] >= 100)
            *out++ = (char)('0' + bytes[i] / 100);
        if (bytes[i] >= 10)
            *out++ = (char)('0' + bytes[i] / 10 % 10);
        *out++ = (char)('0' + bytes[i] % 10);
        *out++ = i < 3 ? '.' : '\0';
    }
}

void http_stream_peer(const struct http_stream *stream, char out[static HTTP_PEER_TEXT_MAX])
{
    const struct http_connection *c = stream->connection;

    out[0] = '\0';
    if (c->peer.any.sa_family == AF_INET)
        put_ipv4(c->peer.v4.sin_addr, out);
    else if (c->peer.any.sa_family == AF_INET6)
        inet_ntop(AF_INET6, &c->peer.v6.sin6_addr, out, HTTP_PEER_TEXT_MAX);
}
