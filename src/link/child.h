/* The tie between the supervisor and a process it starts.  docs/internals/processes.md
 *
 * A child is started as `portico-NAME name=value...`; values that are descriptors it inherits.
 * Its lifeline is a SOCK_SEQPACKET pair with the supervisor: the child says `ready` or
 * `refuse WORDS` on it, the supervisor says `drain`, and its end means that the supervisor is
 * gone, so the child goes too.  Signals a terminal or a service manager sends to the whole group
 * are ignored by children: orders come over the lifeline. */
#ifndef LINK_CHILD_H
#define LINK_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define CHILD_MESSAGE_MAX 1024
#define CHILD_LISTENERS_MAX 32

struct child {
    int lifeline;
    int argc;
    char **argv; /* borrowed from main */
};

/* Called first in main.  Reads the settings, and makes the process safe: umask 077, no new
 * privileges, no core with secrets, inherited descriptors close-on-exec, signals as above.
 * Ends the process with words and exit 2 when it was not started by the supervisor. */
void child_open(struct child *child, const char *name, int argc, char **argv);

/* True when `portico version` asks which libraries the process runs with: main says so on stdout,
 * and ends without having opened the child. */
bool child_tells_version(int argc, char **argv);

/* The value of a setting; the fallback when it is not there.  Owned by argv. */
const char *child_text(const struct child *child, const char *name, const char *fallback);

/* Ends the process when the value is not a number. */
uint64_t child_number(const struct child *child, const char *name, uint64_t fallback);

/* An inherited descriptor, -1 when it is not there.  A name may be given many times: `i` counts
 * from 0. */
int child_descriptor(const struct child *child, const char *name, unsigned i);

/* The child serves. */
void child_ready(const struct child *child);

/* To try again is useless (data of a newer version, say): the supervisor gives up with these
 * words.  Ends the process with exit 1. */
void child_refuse(const struct child *child, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

enum child_order {
    CHILD_DRAIN, /* take nothing new, finish what there is, exit 0 */
    CHILD_STOP   /* the supervisor is gone, or will not wait: exit at once */
};

/* Blocks until there is an order.  After CHILD_DRAIN call it again for CHILD_STOP. */
enum child_order child_wait(const struct child *child);

/* ---- the supervisor's side ----------------------------------------------------------------- */

enum child_word {
    CHILD_SAYS_NOTHING, /* no more at present */
    CHILD_SAYS_READY,
    CHILD_SAYS_REFUSE, /* `words` are filled, terminated */
    CHILD_SAYS_BYE     /* the lifeline's other end is closed */
};

/* Reads one message of a child without blocking. */
enum child_word child_hear(int lifeline, char words[static CHILD_MESSAGE_MAX]);

/* Tells a child to drain. */
void child_tell_drain(int lifeline);

#endif
