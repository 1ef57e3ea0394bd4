/* One instance: a sandboxed process and what it leaves behind. */
#ifndef HOST_INSTANCE_H
#define HOST_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/serve.h"

/* Starts what the message asks for.  The connection is told `started` when the runtime's process
 * is about to run, or `refused`. */
void instance_start(struct host *host, struct peer *owner, const struct host_message *message);

/* By the owner's name for it; ignored when there is none. */
void instance_kill(struct host *host, const struct peer *owner, uint64_t id);
void instance_freeze(struct host *host, const struct peer *owner, uint64_t id, bool is_on);

/* The owner is gone: its instances end, and nobody is told. */
void instances_orphan(struct host *host, const struct peer *owner);
void instances_kill(struct host *host);

/* A child of the host has ended.  False when it was no instance. */
bool instance_ended(struct host *host, pid_t pid, int status);

/* Deals with what does not end by itself; answers when to look again (microseconds, INT64_MAX:
 * not needed). */
int64_t instances_due(struct host *host, int64_t now);

#endif
