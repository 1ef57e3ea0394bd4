/* Pools and connections.  An idle list is used newest first, so that the connections a quiet hour
 * does not need are the ones whose idle time ends. */
#include "http/pool.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/client_connection.h"

/* Frees what was closed in this turn: an event for it may still have been under way. */
static void sweep(struct task *task)
{
    struct http_pool *pool = container_of(task, struct http_pool, sweep);
    struct http_client_connection *c;

    while ((c = pool->closed) != NULL) {
        pool->closed = c->next;
        mem_free(c);
    }
    if (pool->is_retired)
        mem_free(pool);
}

static void init_pool(struct http_pool *pool, struct loop *loop, struct http_client *client)
{
    *pool = (struct http_pool){.loop = loop, .client = client, .sweep.run = sweep};
}

bool http_pool_init_unix(struct http_pool *pool, struct loop *loop, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, strlen(path) + 1);
    init_pool(pool, loop, NULL);
    memcpy(&pool->fixed.at, &address, sizeof address);
    pool->fixed.len = sizeof address;
    return true;
}

/* ---- connections ----------------------------------------------------------------------------- */

static void count_idle(struct http_pool *pool, bool is_more)
{
    size_t n = is_more ? 1 : (size_t)-1;

    pool->idle_count += n;
    if (pool->client)
        pool->client->idle_count += n;
}

static void unlink_idle(struct http_client_connection *c)
{
    struct http_pool *pool = c->pool;

    if (c->previous)
        c->previous->next = c->next;
    else
        pool->idle = c->next;
    if (c->next)
        c->next->previous = c->previous;
    else
        pool->idle_last = c->previous;
    c->next = c->previous = NULL;
    count_idle(pool, false);
}

void pool_close(struct http_client_connection *c)
{
    struct http_pool *pool = c->pool;

    loop_unwatch(pool->loop, &c->watch);
    layer_close(&c->layer);
    timer_clear(pool->loop, &c->timer);
    c->call = NULL;
    c->next = pool->closed;
    pool->closed = c;
    loop_ready(pool->loop, &pool->sweep);
}

static void drop_idle(struct http_client_connection *c)
{
    unlink_idle(c);
    pool_close(c);
}

struct http_client_connection *pool_take(struct http_pool *pool)
{
    struct http_client_connection *c = pool->idle;

    if (c)
        unlink_idle(c);
    return c;
}

void pool_give(struct http_client_connection *c, int64_t idle_time)
{
    struct http_pool *pool = c->pool;

    c->call = NULL;
    c->is_used = true;
    c->next = pool->idle;
    if (c->next)
        c->next->previous = c;
    else
        pool->idle_last = c;
    pool->idle = c;
    count_idle(pool, true);
    timer_set(pool->loop, &c->timer, pool->loop->now + idle_time);
    if (pool->idle_count > HTTP_POOL_IDLE_MAX ||
        (pool->client && pool->client->idle_count > HTTP_CLIENT_IDLE_MAX))
        drop_idle(pool->idle_last);
}

/* Whether an idle connection is still fit for use.  Under TLS the peer may send tickets. */
static bool is_quiet(struct http_client_connection *c)
{
    char byte;

    return c->layer.tls && !c->layer.is_ending && layer_read(&c->layer, &byte, 1) == LAYER_AGAIN;
}

static void on_event(struct watch *watch, uint32_t events)
{
    struct http_client_connection *c = container_of(watch, struct http_client_connection, watch);

    layer_note(&c->layer, events);
    if (c->call)
        call_event(c->call, events);
    else if (c->layer.may_read && !is_quiet(c))
        drop_idle(c); /* it ended, or says something unasked */
}

static void on_timer(struct timer *timer)
{
    struct http_client_connection *c = container_of(timer, struct http_client_connection, timer);

    if (c->call)
        call_deadline(c->call);
    else
        drop_idle(c);
}

struct http_client_connection *pool_connect(struct http_pool *pool, const struct sockaddr *address,
                                            socklen_t len)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, rc;
    struct http_client_connection *c;

    if (fd < 0)
        return NULL;
    if (address->sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    rc = connect(fd, address, len);
    c = rc == 0 || errno == EINPROGRESS ? mem_try(sizeof *c) : NULL;
    if (!c) {
        close(fd);
        return NULL;
    }
    *c = (struct http_client_connection){
        .layer = {.fd = fd},
        .timer.due = on_timer,
        .pool = pool,
        .state = CLIENT_CONNECTING,
    };
    if (!loop_watch(pool->loop, &c->watch, fd, on_event)) {
        close(fd);
        mem_free(c);
        return NULL;
    }
    return c;
}

bool pool_begin_tls(struct http_client_connection *c)
{
    struct http_client *client = c->pool->client;
    struct problem why;

    if (!client->tls)
        client->tls = tls_client_new(client->ca_file, &why);
    if (!client->tls) {
        log_error("no TLS to backends: %s", why.text);
        return false;
    }
    c->layer.tls = tls_client_open(client->tls, c->layer.fd, &c->pool->peer);
    return c->layer.tls != NULL;
}

static void close_all_idle(struct http_pool *pool)
{
    while (pool->idle)
        drop_idle(pool->idle);
}

void http_pool_release(struct http_pool *pool)
{
    assert(pool->busy_count == 0);
    close_all_idle(pool);
    loop_unready(pool->loop, &pool->sweep);
    sweep(&pool->sweep);
}

/* ---- pools by target ------------------------------------------------------------------------- */

bool http_client_init(struct http_client *client, struct loop *loop, const char *servers,
                      const char *ca_file, struct problem *why)
{
    if (ca_file && !ca_file[0])
        ca_file = NULL;
    *client = (struct http_client){.loop = loop, .ca_file = ca_file};
    map_init(&client->pools, HTTP_POOLS_MAX);
    stock_init(&client->buffers, HTTP_CLIENT_BUFFER, HTTP_CLIENT_BUFFERS_KEPT);
    /* A file that cannot be used is found out at the start, not by the first call. */
    if (ca_file && !(client->tls = tls_client_new(ca_file, why)))
        return false;
    if (resolver_init(&client->resolver, loop, servers))
        return true;
    problem_set(why, FAULT_IO, "cannot create an epoll descriptor: %s", strerror(errno));
    tls_client_free(client->tls);
    return false;
}

static void unlink_pool(struct http_client *client, struct http_pool *pool)
{
    if (pool->newer)
        pool->newer->older = pool->older;
    else
        client->newest = pool->older;
    if (pool->older)
        pool->older->newer = pool->newer;
    else
        client->oldest = pool->newer;
}

static void link_pool(struct http_client *client, struct http_pool *pool)
{
    pool->newer = NULL;
    pool->older = client->newest;
    if (pool->older)
        pool->older->newer = pool;
    else
        client->oldest = pool;
    client->newest = pool;
}

static void retire(struct http_client *client, struct http_pool *pool)
{
    map_remove(&client->pools, pool->key);
    unlink_pool(client, pool);
    close_all_idle(pool);
    tls_peer_release(&pool->peer);
    pool->is_retired = true;
    loop_ready(pool->loop, &pool->sweep);
}

/* False when every pool is in use. */
static bool make_room(struct http_client *client)
{
    struct http_pool *pool = client->oldest;

    if (client->pools.live < HTTP_POOLS_MAX)
        return true;
    while (pool && pool->busy_count > 0)
        pool = pool->newer;
    if (!pool)
        return false;
    retire(client, pool);
    return true;
}

static struct http_pool *new_pool(struct http_client *client, const struct http_target *target,
                                  struct span key)
{
    struct http_pool *pool = make_room(client) ? mem_try(sizeof *pool) : NULL;

    if (!pool)
        return NULL;
    init_pool(pool, client->loop, client);
    memcpy(pool->key_text, key.at, key.len);
    pool->key = span_make(pool->key_text, key.len);
    for (size_t i = 0; i < target->host.len; i++)
        pool->host[i] = ascii_lower(target->host.at[i]);
    pool->port = target->port;
    pool->is_tls = target->is_tls;
    pool->peer = (struct tls_peer){.host = pool->host, .is_unverified = target->is_unverified};
    if (!map_set(&client->pools, pool->key, pool)) {
        mem_free(pool);
        return NULL;
    }
    link_pool(client, pool);
    return pool;
}

struct http_pool *http_client_pool(struct http_client *client, const struct http_target *target)
{
    char text[RESOLVER_NAME_LEN_MAX + 16];
    struct http_pool *pool;
    size_t n = 0;

    if (target->host.len == 0 || target->host.len > RESOLVER_NAME_LEN_MAX)
        return NULL;
    text[n++] = (char)('0' + target->is_tls + 2 * target->is_unverified);
    text[n++] = (char)(target->port >> 8);
    text[n++] = (char)target->port;
    for (size_t i = 0; i < target->host.len; i++)
        text[n++] = ascii_lower(target->host.at[i]);
    pool = map_get(&client->pools, span_make(text, n));
    if (!pool)
        return new_pool(client, target, span_make(text, n));
    if (client->newest != pool) {
        unlink_pool(client, pool);
        link_pool(client, pool);
    }
    return pool;
}

void http_client_release(struct http_client *client)
{
    while (client->oldest) {
        struct http_pool *pool = client->oldest;

        assert(pool->busy_count == 0);
        retire(client, pool);
        loop_unready(client->loop, &pool->sweep);
        sweep(&pool->sweep);
    }
    map_release(&client->pools);
    stock_release(&client->buffers);
    resolver_release(&client->resolver);
    tls_client_free(client->tls);
}
