/* The gateway's end of the host's socket: asks for instances and hears of their ends.  Connects
 * when the first instance is wanted, and again after the host was gone. */
#ifndef LAMBDA_HOST_LINK_H
#define LAMBDA_HOST_LINK_H

#include "link/host.h"
#include "net/loop.h"

struct lambda;

struct host_link {
    struct lambda *lambda;
    const char *path;
    struct watch watch; /* fd -1: not connected */
    struct timer retry;
    struct task post; /* sends at the end of the turn, so that a loss is nobody's inner call */
    int64_t pause;    /* before the next try */
    struct host_letter *first, *last; /* not sent yet */
    struct arena arena;
};

void host_link_init(struct host_link *link, struct lambda *lambda, const char *path);
void host_link_release(struct host_link *link);

/* Sends now or later.  A start is kept while the host is away; a kill is dropped then, since the
 * host takes its instances with it.  False when the message is too long. */
bool host_link_send(struct host_link *link, const struct host_message *message);

/* Nobody waits for this instance any more: a start that was not sent is dropped.  True when it was
 * so. */
bool host_link_forget(struct host_link *link, uint64_t id);

#endif
