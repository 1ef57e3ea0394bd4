/* c-ares opens and closes sockets as it likes and expects level-triggered events, while the loop is
 * edge-triggered: so its sockets stand in an epoll descriptor of their own, and the loop watches
 * that one.  A change of resolv.conf is noticed when the next query is made: a laptop that has
 * moved to another network must not keep its old name servers. */
#include "net/resolver.h"

#include <ares.h>
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define EVENTS_MAX 8
#define QUERY_TIME_MS 2000
#define QUERY_TRIES 2
#define CONFIGURATION "/etc/resolv.conf"

struct name {
    struct resolver *resolver;
    struct addresses addresses; /* ports are not set */
    int64_t until;              /* the loop's time */
    bool is_asking, is_unknown;
    struct lookup *waiting;
    size_t len;
    char text[RESOLVER_NAME_LEN_MAX + 1];
};

bool address_parse(const char *host, uint16_t port, struct address *out)
{
    *out = (struct address){0};
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
        out->len = sizeof out->v4;
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        return true;
    }
    if (inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1) {
        out->len = sizeof out->v6;
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        return true;
    }
    return false;
}

/* ---- c-ares on the loop ---------------------------------------------------------------------- */

static void set_timeout(struct resolver *r)
{
    struct timeval at;

    if (r->channel && ares_timeout(r->channel, NULL, &at))
        timer_set(r->loop, &r->timeout, r->loop->now + at.tv_sec * MICROS_PER_SECOND + at.tv_usec);
    else
        timer_clear(r->loop, &r->timeout);
}

static void on_sockets(struct watch *watch, uint32_t events)
{
    struct resolver *r = container_of(watch, struct resolver, watch);
    struct epoll_event ready[EVENTS_MAX];
    int n;

    (void)events;
    while (r->channel && (n = epoll_wait(r->epoll, ready, EVENTS_MAX, 0)) > 0)
        for (int i = 0; i < n; i++)
            ares_process_fd(r->channel,
                            ready[i].events & ~(uint32_t)EPOLLOUT ? ready[i].data.fd
                                                                  : ARES_SOCKET_BAD,
                            ready[i].events & EPOLLOUT ? ready[i].data.fd : ARES_SOCKET_BAD);
    set_timeout(r);
}

static void on_timeout(struct timer *timer)
{
    struct resolver *r = container_of(timer, struct resolver, timeout);

    ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    set_timeout(r);
}

static void on_interest(void *ctx, ares_socket_t fd, int may_read, int may_write)
{
    struct resolver *r = ctx;
    struct epoll_event event = {.data.fd = fd};

    event.events = (may_read ? EPOLLIN : 0U) | (may_write ? EPOLLOUT : 0U);
    if (event.events == 0)
        epoll_ctl(r->epoll, EPOLL_CTL_DEL, fd, NULL);
    else if (epoll_ctl(r->epoll, EPOLL_CTL_MOD, fd, &event) != 0)
        epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int64_t configuration_time(void)
{
    struct stat status;

    if (stat(CONFIGURATION, &status) != 0)
        return 0;
    return status.st_mtim.tv_sec * MICROS_PER_SECOND + status.st_mtim.tv_nsec / 1000;
}

/* Makes the channel, or makes it again when the configuration has changed and nobody waits. */
static bool have_channel(struct resolver *r)
{
    struct ares_options options = {
        .timeout = QUERY_TIME_MS,
        .tries = QUERY_TRIES,
        .sock_state_cb = on_interest,
        .sock_state_cb_data = r,
    };
    int64_t changed = configuration_time();

    if (r->channel && (changed == r->configured_at || r->asking > 0))
        return true;
    if (r->channel)
        ares_destroy(r->channel);
    r->channel = NULL;
    r->configured_at = changed;
    if (ares_init_options(&r->channel, &options,
                          ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB) !=
        ARES_SUCCESS) {
        r->channel = NULL;
        return false;
    }
    return !r->servers || ares_set_servers_ports_csv(r->channel, r->servers) == ARES_SUCCESS;
}

bool resolver_init(struct resolver *r, struct loop *loop, const char *servers)
{
    *r = (struct resolver){.loop = loop, .servers = servers, .timeout.due = on_timeout};
    map_init(&r->names, RESOLVER_NAMES_MAX);
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (r->epoll < 0)
        return false;
    if (loop_watch(loop, &r->watch, r->epoll, on_sockets))
        return true;
    close(r->epoll);
    return false;
}

void resolver_release(struct resolver *r)
{
    const struct map_entry *entry;

    if (r->channel)
        ares_destroy(r->channel); /* ends the queries that nobody waits for any more */
    r->channel = NULL;
    timer_clear(r->loop, &r->timeout);
    loop_unwatch(r->loop, &r->watch);
    close(r->epoll);
    for (size_t i = 0; (entry = map_next(&r->names, &i)) != NULL;)
        mem_free(entry->value);
    map_release(&r->names);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Takes what fits of an answer; the order is c-ares's (RFC 6724).  Returns the time to live. */
static int64_t take_nodes(struct addresses *out, const struct ares_addrinfo *answer)
{
    int64_t ttl = RESOLVER_TTL_MAX;

    out->count = 0;
    for (const struct ares_addrinfo_node *n = answer->nodes; n; n = n->ai_next) {
        struct address *one = &out->at[out->count];

        if (out->count == ADDRESSES_MAX || n->ai_addrlen > sizeof one->v6)
            continue;
        memcpy(&one->any, n->ai_addr, n->ai_addrlen);
        one->len = n->ai_addrlen;
        out->count++;
        if (n->ai_ttl * (int64_t)MICROS_PER_SECOND < ttl)
            ttl = n->ai_ttl * (int64_t)MICROS_PER_SECOND;
    }
    return ttl < RESOLVER_TTL_MIN ? RESOLVER_TTL_MIN : ttl;
}

static void copy_addresses(const struct addresses *from, uint16_t port, struct addresses *out)
{
    *out = *from;
    for (unsigned i = 0; i < out->count; i++)
        if (out->at[i].any.sa_family == AF_INET6)
            out->at[i].v6.sin6_port = htons(port);
        else
            out->at[i].v4.sin_port = htons(port);
}

static void on_answer(void *ctx, int status, int timeouts, struct ares_addrinfo *answer)
{
    struct name *name = ctx;
    struct lookup *lookup = name->waiting, *next;
    int64_t ttl = RESOLVER_TTL_FAILURE;

    (void)timeouts;
    name->is_asking = false;
    name->waiting = NULL;
    name->resolver->asking--;
    if (status == ARES_SUCCESS)
        ttl = take_nodes(&name->addresses, answer);
    if (answer)
        ares_freeaddrinfo(answer);
    name->is_unknown = status != ARES_SUCCESS || name->addresses.count == 0;
    name->until = name->resolver->loop->now + ttl;
    for (; lookup; lookup = next) {
        next = lookup->next;
        copy_addresses(&name->addresses, lookup->port, &lookup->addresses);
        op_end(&lookup->op, name->is_unknown ? OP_REFUSED : OP_DONE);
    }
}

/* Makes room when the table is full: names that have expired go, or else all nobody waits for. */
static void make_room(struct resolver *r)
{
    const struct map_entry *entry;

    for (int round = 0; round < 2 && r->names.live >= RESOLVER_NAMES_MAX; round++)
        for (size_t i = 0; (entry = map_next(&r->names, &i)) != NULL;) {
            struct name *name = entry->value;

            if (name->is_asking || (round == 0 && name->until > r->loop->now))
                continue;
            map_remove(&r->names, entry->key);
            mem_free(name);
        }
}

static struct name *name_of(struct resolver *r, const char *host)
{
    struct span key = span_of(host);
    struct name *name = map_get(&r->names, key);

    if (name || key.len > RESOLVER_NAME_LEN_MAX)
        return name;
    make_room(r);
    name = mem_zero(1, sizeof *name);
    name->resolver = r;
    name->len = key.len;
    memcpy(name->text, key.at, key.len + 1);
    if (!map_set(&r->names, span_make(name->text, name->len), name)) {
        mem_free(name);
        return NULL;
    }
    return name;
}

/* localhost and all below it are this machine, whatever the hosts file says or lacks (RFC 6761,
 * 6.3): minimal systems and containers have none.  IPv4 first: most local servers listen there. */
static bool is_this_machine(struct span host)
{
    struct span name = SPAN("localhost");

    if (host.len < name.len || !span_equal_nocase(span_skip(host, host.len - name.len), name))
        return false;
    return host.len == name.len || host.at[host.len - name.len - 1] == '.';
}

bool resolver_known(struct resolver *r, const char *host, uint16_t port, struct addresses *out)
{
    const struct name *name;

    if (address_parse(host, port, &out->at[0])) {
        out->count = 1;
        return true;
    }
    if (is_this_machine(span_of(host))) {
        out->count = 2;
        return address_parse("127.0.0.1", port, &out->at[0]) &&
               address_parse("::1", port, &out->at[1]);
    }
    name = map_get(&r->names, span_of(host));
    if (!name || name->is_asking || name->is_unknown || name->until <= r->loop->now)
        return false;
    copy_addresses(&name->addresses, port, out);
    return true;
}

static void on_cancel(struct op *op)
{
    struct lookup *lookup = container_of(op, struct lookup, op), **at;

    if (op->result != OP_PENDING)
        return;
    for (at = &lookup->name->waiting; *at && *at != lookup; at = &(*at)->next)
        ;
    if (*at)
        *at = lookup->next;
    op_end(op, OP_CANCELLED);
}

void resolver_find(struct resolver *r, const char *host, uint16_t port, struct lookup *lookup,
                   struct task *waiter)
{
    struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct name *name = name_of(r, host);

    op_begin(&lookup->op, r->loop, waiter, on_cancel);
    lookup->port = port;
    lookup->name = name;
    lookup->addresses.count = 0;
    if (resolver_known(r, host, port, &lookup->addresses)) {
        op_end(&lookup->op, OP_DONE);
        return;
    }
    if (!name || (!name->is_asking && name->is_unknown && name->until > r->loop->now) ||
        (!name->is_asking && !have_channel(r))) {
        op_end(&lookup->op, OP_REFUSED);
        return;
    }
    lookup->next = name->waiting;
    name->waiting = lookup;
    if (name->is_asking)
        return;
    name->is_asking = true;
    r->asking++;
    ares_getaddrinfo(r->channel, name->text, NULL, &hints, on_answer, name);
    set_timeout(r);
}
