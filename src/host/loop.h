/* The host's one loop: descriptors that something is done about. */
#ifndef HOST_LOOP_H
#define HOST_LOOP_H

#include <stdbool.h>

/* Embedded in its owner, which gets back to itself with OWNER_OF. */
struct source {
    void (*ready)(struct source *source);
    int fd; /* -1: not watched */
};

#define OWNER_OF(source_at, type, member) \
    ((type *)(void *)((char *)(source_at)-offsetof(type, member)))

/* Watches fd, which becomes the source's, for reading and hang-up.  False when the system refuses;
 * fd stays the caller's then. */
bool source_watch(int epoll, struct source *source, int fd, void (*ready)(struct source *source));

/* Ends the watching and closes the descriptor; may be called when there is none. */
void source_close(int epoll, struct source *source);

/* Waits for one event, at most `wait_ms` (-1: no end), and has it dealt with.  One at a time: what
 * deals with it may free any source. */
void source_wait(int epoll, int wait_ms);

#endif
