/* Inside http/: one accepted connection.  Others use http/server.h. */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include "http/server.h"

/* More than a head, so that a body behind the longest head is still read in large pieces. */
#define HTTP_BUFFER (HTTP_HEAD_MAX + 8192)

enum connection_state {
    WAITS_FOR_HEAD, /* idle, or a part of a head is there */
    HANDLED,        /* a stream is with the handler */
    SENDING,        /* the reply is not all sent */
    STREAMING,      /* the same, while its body is made; the stream is still there */
    LINGERING,      /* the reply is sent; what still comes is thrown away */
    CLOSED,
};

struct http_connection {
    struct watch watch;
    struct timer timer;
    struct task again; /* goes on with pipelined requests in the next turn */
    struct http_server *server;
    struct http_connection *next, *previous;
    struct http_stream *stream;
    char *in;                 /* HTTP_BUFFER bytes while there is something in it */
    uint32_t in_len, in_used; /* read; of these, done with */
    uint32_t in_head;         /* end of the head that `stream` looks at */
    size_t scanned;
    struct buf out; /* what the socket did not take; `out_sent` of it are sent by now */
    size_t out_sent;
    int64_t pace_began;  /* of the transfer that connection_pace watches */
    int64_t pace_paused; /* since when it is not the client's turn; 0: it is */
    uint64_t pace_moved;
    enum connection_state state;
    bool may_read;     /* the socket may have bytes (edge-triggered) */
    bool is_ending;    /* the client's end was reported, maybe behind unread bytes */
    bool has_ended;    /* the client will send no more */
    bool collects;     /* `stream` gathers its body */
    bool is_advancing; /* connection_advance is on the stack */
    bool must_close;   /* after this reply, and nothing of what follows is looked at */
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } peer;
};

/* Goes on as far as possible without waiting. */
void connection_advance(struct http_connection *c);

/* Ends it; it is freed when the turn ends. */
void connection_close(struct http_connection *c);

/* What was read and not used. */
struct span connection_unread(const struct http_connection *c);

/* One read of the socket.  0: nothing now, or no more. */
size_t connection_receive(struct http_connection *c, char *at, size_t room);

/* Reads once into the buffer.  Bytes read, 0 when there is nothing now or no more. */
size_t connection_read(struct http_connection *c);

/* Gives the buffer back when all in it is done with; else moves the rest to its front. */
void connection_settle_buffer(struct http_connection *c);

/* A transfer begins, or has moved `n` bytes: its deadline is `grace` after its last progress, and
 * never later than `grace` after its begin plus a second for each HTTP_RATE_MIN bytes. */
void connection_pace_begin(struct http_connection *c, int64_t grace);
void connection_pace(struct http_connection *c, int64_t grace, size_t n);

/* The transfer waits for others than the client, until the next connection_pace. */
void connection_pace_pause(struct http_connection *c);

/* Goes over a body that nobody wanted, where all of it came with the head. */
void connection_skip_body(struct http_connection *c);

/* Goes on gathering the body with what is in the buffer and on the socket. */
void connection_gather(struct http_connection *c);

/* Goes on with a reply whose body is pulled from a source. */
void connection_stream(struct http_connection *c);

/* The body that is handed out, or the reply that is streamed, has failed. */
void connection_fail_body(struct http_connection *c, enum op_result result);
void connection_fail_reply(struct http_connection *c);

/* Answers a head that is no request. */
void connection_refuse(struct http_connection *c, int status);

/* Sends what is left; then goes on with the next request. */
void connection_flush(struct http_connection *c);

/* Pools (server.c). */
struct http_stream *server_take_stream(struct http_server *server);
void server_give_stream(struct http_server *server, struct http_stream *stream);
char *server_take_buffer(struct http_server *server);
void server_give_buffer(struct http_server *server, char *buffer);

#endif
