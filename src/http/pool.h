/* Outbound connections: kept per target, so that a call seldom has to connect.
 *
 * An idle connection stays watched: one that is closed or says something unasked is dropped at
 * once, so no call has to ask the system whether its connection is alive.  All belongs to one
 * loop's thread. */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include "base/budget.h"
#include "base/map.h"
#include "base/stock.h"
#include "crypto/tls.h"
#include "net/layer.h"
#include "net/loop.h"
#include "net/resolver.h"

#define HTTP_POOLS_MAX 256              /* targets of a worker; the one unused longest goes */
#define HTTP_POOL_IDLE_MAX 512          /* connections of a target */
#define HTTP_CLIENT_IDLE_MAX 2048       /* of all targets together */
#define HTTP_CLIENT_BUFFER (128 * 1024) /* most answers fit into one */
#define HTTP_CLIENT_BUFFERS_KEPT 32
#define HTTP_POOL_IDLE_TIME (30 * MICROS_PER_SECOND)

struct http_client_connection;

/* The connections to one target. */
struct http_pool {
    struct loop *loop;
    struct http_client *client; /* NULL: a pool of its own, to a fixed address */
    struct address_any {
        struct sockaddr_storage at;
        socklen_t len; /* 0: found by name */
    } fixed;
    struct tls_peer peer; /* its host is `host` */
    char host[RESOLVER_NAME_LEN_MAX + 1];
    uint16_t port;
    bool is_tls;
    struct http_client_connection *idle; /* newest first */
    struct http_client_connection *idle_last;
    struct http_client_connection *closed; /* freed when the turn ends */
    size_t idle_count, busy_count;         /* busy: calls that hold a connection or want one */
    struct task sweep;
    bool is_retired; /* freed with the sweep */
    struct http_pool *newer, *older;
    struct span key;
    char key_text[RESOLVER_NAME_LEN_MAX + 16];
};

/* All targets of one worker. */
struct http_client {
    struct loop *loop;
    struct resolver resolver;
    const char *ca_file;    /* trusted besides the system's, or NULL */
    struct tls_client *tls; /* NULL before the first connection that needs it */
    struct map pools;
    struct http_pool *newest, *oldest; /* by use */
    size_t idle_count;
    struct budget *budget; /* of answers that are held; NULL: it does not end */
    struct stock buffers;  /* of HTTP_CLIENT_BUFFER bytes, for answers */
};

struct http_target {
    struct span host; /* a name or an address, without brackets */
    uint16_t port;
    bool is_tls, is_unverified;
};

/* `servers` as for the resolver; `ca_file` may be NULL or "".  False, and *why says so, when the
 * system refuses or the file cannot be used. */
bool http_client_init(struct http_client *client, struct loop *loop, const char *servers,
                      const char *ca_file, struct problem *why);

/* Closes the idle connections.  No call may be under way. */
void http_client_release(struct http_client *client);

/* The pool of a target; the client's.  To be used in this turn.  NULL when the host is too long for
 * one or all pools are busy. */
struct http_pool *http_client_pool(struct http_client *client, const struct http_target *target);

/* A pool of its own for a unix socket.  False when the path is too long for one. */
bool http_pool_init_unix(struct http_pool *pool, struct loop *loop, const char *path);

/* Closes the idle connections of a pool of its own.  No call may be under way. */
void http_pool_release(struct http_pool *pool);

#endif
