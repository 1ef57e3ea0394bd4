/* The client side: one call is one operation; connections to a target are kept for the next.
 *
 * Answers are collected whole, up to a limit.  A call that fails before any byte of its answer on a
 * connection that was used before is tried once more on a fresh one when its method is idempotent:
 * the peer may just have closed it. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <sys/socket.h>

#include "base/arena.h"
#include "base/buf.h"
#include "http/h1.h"
#include "http/message.h"
#include "net/loop.h"
#include "net/op.h"

#define HTTP_POOL_IDLE_MAX 32
#define HTTP_POOL_IDLE_TIME (30 * MICROS_PER_SECOND)
#define HTTP_CLIENT_READ 16384 /* bytes asked for at once */
#define HTTP_INTERIM_MAX 8     /* 1xx answers before the real one */

struct http_client_connection;

/* The connections of one loop to one target. */
struct http_pool {
    struct loop *loop;
    struct sockaddr_storage address;
    socklen_t address_len;
    struct http_client_connection *idle; /* newest first */
    struct http_client_connection *closed;
    size_t idle_count;
    struct task sweep;
};

void http_pool_init(struct http_pool *pool, struct loop *loop, const struct sockaddr *address,
                    socklen_t address_len);

/* The same for a unix socket.  False when the path is too long for one. */
bool http_pool_init_unix(struct http_pool *pool, struct loop *loop, const char *path);

/* Closes the idle connections.  No call may be under way. */
void http_pool_release(struct http_pool *pool);

/* One call.  The caller fills the first part, then calls http_call_start; when `op` has ended with
 * OP_DONE the second part holds the answer, until http_call_release. */
struct http_call {
    struct span method; /* also in `head`; decides about bodies and repeats */
    struct span head;   /* request line, header lines, blank line; must live until the end */
    struct span body;   /* must live until the end */
    size_t answer_max;  /* bytes of the answer's body */
    int64_t time_max;   /* microseconds for the whole call */

    struct op op;
    struct http_response response; /* its spans point into `in` */
    struct span answer;

    struct http_pool *pool;
    struct http_client_connection *connection;
    struct timer deadline;
    struct buf in;      /* head and raw body */
    struct buf decoded; /* a chunked body */
    struct h1_chunks chunks;
    size_t sent, scanned, head_len, interim;
    bool was_repeated;
};

void http_call_start(struct http_call *call, struct http_pool *pool, struct task *waiter);

/* Frees what the call holds; it must have ended. */
void http_call_release(struct http_call *call);

#endif
