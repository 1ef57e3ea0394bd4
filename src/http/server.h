/* The server side: connections on a loop, and the requests in flight on them.
 *
 * When a request's head is whole the handler is called with a stream.  The handler answers each
 * stream exactly once with http_stream_reply, at once or later; the stream is gone after that.
 * Requests of one connection are handled one after the other, so pipelined ones are answered in
 * order.  An idle connection holds no buffer and no stream. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/budget.h"
#include "base/buf.h"
#include "http/h1.h"
#include "http/message.h"
#include "http/pump.h"
#include "http/source.h"
#include "net/loop.h"
#include "net/op.h"

struct http_connection;
struct http_server;

#define HTTP_STREAM_MEMORY_MAX (16 * 1024 * 1024)
#define HTTP_BODY_MAX (10 * 1024 * 1024) /* spec/data-plane-rest.md, section 12 */
#define HTTP_LISTENERS_MAX 16

/* One request in flight. */
struct http_stream {
    struct http_request request;
    struct arena arena; /* for the handler; dies with the stream */
    struct op collect;  /* of http_stream_collect */
    struct op send;     /* of http_stream_send */
    struct span body;   /* once `collect` is done; owned by the stream */
    void *owner;        /* the handler's own */
    bool is_gone;       /* the client went away: the reply will be dropped */
    struct http_connection *connection;
    struct buf gathered; /* a body that did not come with its head */
    struct h1_chunks chunks;
    uint64_t left, limit; /* bytes of the body to come; its ceiling */
    bool has_body_read;   /* nothing of it is left on the connection */
    bool is_open;         /* the body is handed out by `source` */
    size_t drawn;         /* from the server's budget, for `gathered` */
    struct source source;
    struct span piece; /* what `source` has shown and was not taken */
    struct pump pump;  /* of http_stream_send */
    struct http_stream *next_free;
};

struct http_handler {
    void (*request)(struct http_handler *handler, struct http_stream *stream);
    /* The client is gone.  The stream must be answered all the same, soon.  May be NULL. */
    void (*gone)(struct http_handler *handler, struct http_stream *stream);
};

/* A slow or greedy client must not hold what others need.  Microseconds. */
struct http_deadlines {
    int64_t head;   /* from a request's first byte to the end of its head */
    int64_t idle;   /* between requests */
    int64_t body;   /* without progress of a body, and its grace against HTTP_RATE_MIN */
    int64_t send;   /* the same for a reply */
    int64_t linger; /* reading what a refused client still sends, so that it sees the answer */
};

#define HTTP_RATE_MIN 1024 /* bytes a second that a body or a reply must make on the whole */

extern const struct http_deadlines HTTP_DEADLINES;

struct http_server {
    struct loop *loop;
    struct http_handler *handler;
    const struct http_deadlines *deadlines;
    size_t connections_max, connection_count;
    bool only_own_uid; /* unix sockets: other users are refused */
    bool is_draining;
    struct http_connection *connections; /* all of them, newest first */
    struct http_connection *closed;      /* freed when the turn ends */
    struct task sweep;
    struct budget *budget; /* of requests and their bodies; NULL: it does not end */
    struct http_stream *free_streams;
    struct free_buffer *free_buffers;
    size_t free_stream_count, free_buffer_count;
    struct buf scratch; /* a reply is put together here */
    char date[CLOCK_TEXT_MAX];
    int64_t date_second;
    int64_t hint_at; /* the last hint about a client that speaks TLS or HTTP/2 */
    int reserve;     /* a descriptor given up to refuse connections when there is no other */
    size_t listener_count;
    struct http_listener {
        struct watch watch;
        struct http_server *server;
    } listeners[HTTP_LISTENERS_MAX];
};

void http_server_init(struct http_server *server, struct loop *loop, struct http_handler *handler,
                      size_t connections_max);

/* Accepts from a listening, nonblocking descriptor, which stays the caller's.  False when the
 * system refuses or there are HTTP_LISTENERS_MAX. */
bool http_server_listen(struct http_server *server, int fd);

/* Serves one connected descriptor, which becomes the server's.  False when it is full. */
bool http_server_adopt(struct http_server *server, int fd);

/* Accepts who waits, then no more; answers say `Connection: close`, idle connections end after a
 * second. */
void http_server_drain(struct http_server *server);

/* Closes every connection and frees all; no stream may be with the handler. */
void http_server_release(struct http_server *server);

/* Reads the whole body, at most `limit` bytes, and then makes `waiter` ready.
 * stream->collect.result: OP_DONE, OP_TOO_LARGE, OP_BROKEN (gone), OP_GARBAGE (bad coding),
 * OP_TIMED_OUT, OP_NO_MEMORY. */
void http_stream_collect(struct http_stream *stream, size_t limit, struct task *waiter);

/* The same without an operation when the whole body came with its head, or there is none: true, and
 * stream->body is set. */
bool http_stream_body_at_once(struct http_stream *stream, size_t limit);

/* Hands the body out as it comes, instead of collecting it.  The source's state becomes OP_DONE,
 * or as `collect` would have ended.  It belongs to the stream. */
struct source *http_stream_open(struct http_stream *stream, size_t limit);

#define HTTP_LENGTH_UNKNOWN UINT64_MAX

/* Answers with a body of `length` bytes that is pulled from `source`, which must live until
 * stream->send has ended and waiter is ready: OP_DONE, or OP_BROKEN when client or source failed;
 * the client then sees that the answer is cut.  http_stream_end must follow. */
void http_stream_send(struct http_stream *stream, int status, struct span lines, uint64_t length,
                      struct source *source, struct task *waiter);
void http_stream_end(struct http_stream *stream);

/* Answers.  `lines` are whole header lines, each with CR LF; Date, Content-Length and Connection
 * are added here.  Both spans are copied or sent before this returns.  The stream is gone then. */
void http_stream_reply(struct http_stream *stream, int status, struct span lines, struct span body);

#define HTTP_PEER_TEXT_MAX 64

/* The client's address as text, without the port; "" for unix sockets. */
void http_stream_peer(const struct http_stream *stream, char out[static HTTP_PEER_TEXT_MAX]);

#endif
