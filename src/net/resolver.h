/* Names to addresses, by c-ares on the loop: hosts file first, then DNS.  localhost and names below
 * it are this machine, and nobody is asked.
 *
 * One query serves all who wait for a name; its answer is kept for its time to live, within
 * bounds.  A resolver belongs to its loop's thread. */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/map.h"
#include "net/op.h"

#define RESOLVER_NAMES_MAX 1024
#define RESOLVER_NAME_LEN_MAX 253
#define RESOLVER_TTL_MIN (1 * MICROS_PER_SECOND)
#define RESOLVER_TTL_MAX (300 * MICROS_PER_SECOND)
#define RESOLVER_TTL_FAILURE (1 * MICROS_PER_SECOND) /* how long «no such name» is believed */
#define ADDRESSES_MAX 8

struct address {
    socklen_t len;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

struct addresses {
    unsigned count;
    struct address at[ADDRESSES_MAX];
};

/* "127.0.0.1", "::1", without brackets.  False when the host is no address. */
bool address_parse(const char *host, uint16_t port, struct address *out);

/* One who waits.  When `op` has ended with OP_DONE the addresses are there, in the order in which
 * they are to be tried; OP_REFUSED: there is no such name, or nobody could be asked. */
struct lookup {
    struct op op;
    struct addresses addresses;
    uint16_t port;
    struct name *name;
    struct lookup *next;
};

struct resolver {
    struct loop *loop;
    struct ares_channeldata *channel; /* NULL before the first query */
    const char *servers;              /* "ADDRESS:PORT,..."; NULL: as the system is configured */
    struct watch watch;               /* of `epoll`, which holds the sockets of c-ares */
    int epoll;
    struct timer timeout;
    struct map names;
    size_t asking;         /* queries under way */
    int64_t configured_at; /* the time of change of resolv.conf when the channel was made */
};

/* False when the system refuses an epoll descriptor. */
bool resolver_init(struct resolver *resolver, struct loop *loop, const char *servers);

/* Nobody may wait. */
void resolver_release(struct resolver *resolver);

/* What is known already.  False when it must be asked for. */
bool resolver_known(struct resolver *resolver, const char *host, uint16_t port,
                    struct addresses *out);

/* Asks.  Cancelling takes the lookup off; the query goes on and its answer is kept. */
void resolver_find(struct resolver *resolver, const char *host, uint16_t port,
                   struct lookup *lookup, struct task *waiter);

#endif
