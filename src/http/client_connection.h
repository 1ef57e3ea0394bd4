/* Inside http/: one outbound connection, idle in its pool or with a call. */
#ifndef HTTP_CLIENT_CONNECTION_H
#define HTTP_CLIENT_CONNECTION_H

#include "http/pool.h"

struct http_call;

enum client_state { CLIENT_CONNECTING, CLIENT_SHAKING, CLIENT_OPEN };

struct http_client_connection {
    struct watch watch;
    struct layer layer;
    struct timer timer; /* the end of idling; the call's deadline */
    struct http_pool *pool;
    struct http_call *call; /* NULL: idle */
    struct http_client_connection *next, *previous;
    enum client_state state;
    bool is_used; /* it has answered before */
};

/* Takes the newest idle one out of the pool, or NULL. */
struct http_client_connection *pool_take(struct http_pool *pool);

/* Begins to connect.  NULL when the system refuses at once. */
struct http_client_connection *pool_connect(struct http_pool *pool, const struct sockaddr *address,
                                            socklen_t len);

/* Keeps a connection on which nothing is left in either direction, for so many microseconds. */
void pool_give(struct http_client_connection *c, int64_t idle_time);

void pool_close(struct http_client_connection *c);

/* Makes the TLS part, once connected.  False when it cannot be made. */
bool pool_begin_tls(struct http_client_connection *c);

/* The call's share (client.c): an event, and a deadline, of a connection that is not idle. */
void call_event(struct http_call *call, uint32_t events);
void call_deadline(struct http_call *call);

#endif
