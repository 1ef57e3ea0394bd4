/* Addresses are taken as they are written, never looked up: a name could mean a public address
 * tomorrow.  A PORT alone stands for both loopback addresses and must give one port on both. */
#include "supervise/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/span.h"
#include "supervise/owner.h"

#define BACKLOG 4096
#define PORT_TRIES 16 /* port 0: the other address may not have the same one free */

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t len;
};

static bool make_address(struct address *out, int family, const char *host, uint16_t port)
{
    *out = (struct address){0};
    if (family == AF_INET) {
        out->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
        out->len = sizeof out->v4;
        return inet_pton(AF_INET, host, &out->v4.sin_addr) == 1;
    }
    out->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
    out->len = sizeof out->v6;
    return inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1;
}

static uint16_t port_of(const struct address *address)
{
    return ntohs(address->any.sa_family == AF_INET ? address->v4.sin_port : address->v6.sin6_port);
}

static bool is_loopback(const struct address *address)
{
    if (address->any.sa_family == AF_INET)
        return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

static void print_address(const struct address *address, char out[static ADDRESS_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN] = "";

    if (address->any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof host);
        snprintf(out, ADDRESS_TEXT_MAX, "%s:%u", host, port_of(address));
    } else {
        inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof host);
        snprintf(out, ADDRESS_TEXT_MAX, "[%s]:%u", host, port_of(address));
    }
}

/* A listening socket, or -1 with errno; *address gets its real port. */
static int open_socket(struct address *address)
{
    int family = address->any.sa_family, on = 1;
    int made = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (made < 0)
        return -1;
    if (setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (family != AF_INET6 || setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
        bind(made, &address->any, address->len) == 0 && listen(made, BACKLOG) == 0 &&
        getsockname(made, &address->any, &address->len) == 0)
        return made;
    on = errno;
    close(made);
    errno = on;
    return -1;
}

static enum fault refuse(const struct address *address, int error, struct problem *why)
{
    char text[ADDRESS_TEXT_MAX], next[ADDRESS_TEXT_MAX], by[OWNER_NAME_MAX + 32] = "";
    struct address other = *address;
    uint16_t port = port_of(address);
    struct owner owner;

    print_address(address, text);
    if (error == EACCES)
        return problem_set(why, FAULT_IO,
                           "cannot listen on %s: ports below 1024 need root; "
                           "try --listen 127.0.0.1:4566",
                           text);
    if (error != EADDRINUSE)
        return problem_set(why, FAULT_IO, "cannot listen on %s: %s", text, strerror(error));

    port = port == UINT16_MAX ? 4566 : (uint16_t)(port + 1);
    if (other.any.sa_family == AF_INET)
        other.v4.sin_port = htons(port);
    else
        other.v6.sin6_port = htons(port);
    print_address(&other, next);
    if (owner_of_port(port_of(address), &owner))
        snprintf(by, sizeof by, "%d %s", owner.pid, owner.name);
    return problem_set(why, FAULT_IO, "cannot listen on %s: in use by %s; try --listen %s", text,
                       by[0] ? by : "another user's process", next);
}

static bool is_full(const struct listeners *listeners, struct problem *why)
{
    if (listeners->count < LISTENERS_MAX)
        return false;
    problem_set(why, FAULT_TOO_LARGE, "more than %d listeners", LISTENERS_MAX);
    return true;
}

static void keep(struct listeners *listeners, const struct address *address, int made)
{
    struct listener *listener = &listeners->all[listeners->count++];

    listener->socket = made;
    listener->is_loopback = is_loopback(address);
    print_address(address, listener->text);
}

static enum fault add(struct listeners *listeners, struct address *address, struct problem *why)
{
    int made;

    if (is_full(listeners, why))
        return FAULT_TOO_LARGE;
    made = open_socket(address);
    if (made < 0)
        return refuse(address, errno, why);
    keep(listeners, address, made);
    return OK;
}

/* Both loopback addresses with one port; the second only where the machine has it. */
static enum fault add_loopback(struct listeners *listeners, uint16_t port, struct problem *why)
{
    struct address v4, v6;
    int made, error = 0;

    for (unsigned tries = 0; tries < PORT_TRIES; tries++) {
        enum fault rc;

        make_address(&v4, AF_INET, "127.0.0.1", port);
        rc = add(listeners, &v4, why);
        if (rc != OK || is_full(listeners, why))
            return rc != OK ? rc : FAULT_TOO_LARGE;
        make_address(&v6, AF_INET6, "::1", port_of(&v4));
        made = open_socket(&v6);
        error = errno;
        if (made >= 0)
            keep(listeners, &v6, made);
        if (made >= 0 || error == EADDRNOTAVAIL || error == EAFNOSUPPORT)
            return OK;
        close(listeners->all[--listeners->count].socket);
        if (port != 0)
            break;
    }
    return refuse(&v6, error, why);
}

/* ADDR:PORT or [ADDR6]:PORT into its pieces, the host terminated. */
static bool read_address(struct span text, struct address *out)
{
    size_t colon = span_find_last(text, ':');
    struct span host = span_first(text, colon);
    bool is_v6 = host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']';
    char name[INET6_ADDRSTRLEN];
    uint64_t port;

    if (colon == text.len || !number_u64(span_skip(text, colon + 1), &port) || port > UINT16_MAX)
        return false;
    if (is_v6)
        host = (struct span){host.at + 1, host.len - 2};
    if (host.len >= sizeof name)
        return false;
    snprintf(name, sizeof name, "%.*s", SPAN_ARG(host));
    return make_address(out, is_v6 ? AF_INET6 : AF_INET, name, (uint16_t)port);
}

static enum fault add_one(struct listeners *listeners, struct span text, const char *from,
                          bool allow_remote, struct problem *why)
{
    struct address address;
    uint64_t port;

    if (span_starts(text, SPAN("localhost:")))
        text = span_skip(text, strlen("localhost:"));
    if (number_u64(text, &port) && port <= UINT16_MAX)
        return add_loopback(listeners, (uint16_t)port, why);
    if (!read_address(text, &address))
        return problem_set(why, FAULT_SYNTAX,
                           "%s must be PORT, ADDR:PORT or [ADDR6]:PORT with a numeric address, "
                           "not '%.*s'",
                           from, SPAN_ARG(text));
    if (!is_loopback(&address) && !allow_remote)
        return problem_set(why, FAULT_DENIED,
                           "%.*s is not a loopback address: that needs --auth iam (not yet in "
                           "Portico), or --allow-remote in a container",
                           SPAN_ARG(text));
    return add(listeners, &address, why);
}

enum fault listeners_open(struct listeners *listeners, const char *list, const char *from,
                          bool allow_remote, struct problem *why)
{
    struct span rest = span_of(list), one;
    enum fault rc = OK;

    *listeners = (struct listeners){0};
    while (rc == OK && span_split(&rest, ',', &one))
        rc = add_one(listeners, span_trim(one), from, allow_remote, why);
    if (rc != OK)
        listeners_close(listeners);
    return rc;
}

void listeners_close(struct listeners *listeners)
{
    for (unsigned i = 0; i < listeners->count; i++)
        close(listeners->all[i].socket);
    listeners->count = 0;
}
