/* Unpacking a package in a process of its own, which can do nothing but that. */
#ifndef HOST_UNPACKER_H
#define HOST_UNPACKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/serve.h"

#define UNPACKINGS_MAX 16 /* at once; more are refused */

/* True when the process was started to unpack; main then calls unpacker_main. */
bool unpacker_is_meant(int argc, char **argv);
void unpacker_main(void) __attribute__((noreturn));

/* Starts what the message asks for; the peer is told `unpacked` or `refused`. */
void unpacking_start(struct host *host, struct peer *owner, const struct host_message *message);

/* The owner is gone: nobody is told. */
void unpackings_orphan(struct host *host, const struct peer *owner);

/* A child of the host has ended.  False when it was none of these. */
bool unpacking_ended(struct host *host, pid_t pid, int status);

/* As instances_due. */
int64_t unpackings_due(struct host *host, int64_t now);

/* Removes what was left half unpacked. */
void unpackings_sweep(const char *data);

#endif
