/* One loop per thread: descriptors, timers, tasks and messages from other threads.
 *
 * Descriptors are watched edge-triggered and registered once.  Nothing that runs on a loop may
 * block.  All calls but loop_post and loop_stop belong to the loop's own thread. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/fault.h"

/* A watched descriptor; embedded in its owner, which gets back to itself with container_of. */
struct watch {
    void (*ready)(struct watch *watch, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLHUP ... */
    int fd;
};

/* A deadline; embedded.  Zero-initialised it is not set. */
struct timer {
    void (*due)(struct timer *timer);
    int64_t at;      /* when it is wanted, in the loop's time; 0: not set */
    int64_t queued;  /* when the loop will look at it */
    size_t position; /* in the heap, from 1; 0: not queued */
};

/* Something to do before the loop waits again; embedded.  Runs once per `loop_ready`. */
struct task {
    void (*run)(struct task *task);
    struct task *next;
    bool is_queued;
};

#define LOOP_EVENTS_MAX 256
#define LOOP_PASSES_MAX 8 /* over the ready list in one turn; then events and timers come first */

struct loop {
    const struct clock *clock;
    int64_t now, wall; /* microseconds, read once a turn (base/clock.h) */
    int epoll, wake;
    struct timer **timers; /* a binary heap by `queued` */
    size_t timer_count, timer_room;
    struct task *ready_first, *ready_last;
    pthread_mutex_t posted_lock; /* guards the three below */
    struct task *posted_first, *posted_last;
    bool is_stopping;
    void (*turn)(struct loop *loop); /* called once a turn before events, or NULL */
    void *owner;
};

#define container_of(member_at, type, member) \
    ((type *)(void *)((char *)(member_at)-offsetof(type, member)))

enum fault loop_init(struct loop *loop, const struct clock *clock, struct problem *why);
void loop_release(struct loop *loop);

/* Runs until loop_stop. */
void loop_run(struct loop *loop);

/* One turn; waits at most `wait_ms` (-1: until something happens).  For tests. */
void loop_turn(struct loop *loop, int wait_ms);

/* Watches fd for reading, writing and hang-up.  False when the system refuses. */
bool loop_watch(struct loop *loop, struct watch *watch, int fd,
                void (*ready)(struct watch *watch, uint32_t events));

/* The same for reading and hang-up only: a unix socket reports each read of its peer as room for
 * more.  loop_watch_output adds writing, for a peer that is slow once. */
bool loop_watch_input(struct loop *loop, struct watch *watch, int fd,
                      void (*ready)(struct watch *watch, uint32_t events));
bool loop_watch_output(struct loop *loop, struct watch *watch);

/* Shared listeners: level-triggered, one loop is woken per connection. */
bool loop_watch_listener(struct loop *loop, struct watch *watch, int fd,
                         void (*ready)(struct watch *watch, uint32_t events));

/* To be called before the descriptor is closed.  The watch must live until the turn ends: events
 * of this turn that were not delivered yet are dropped by it. */
void loop_unwatch(struct loop *loop, struct watch *watch);

/* Sets or moves the timer.  Moving it to later costs nothing until it is looked at. */
void timer_set(struct loop *loop, struct timer *timer, int64_t at);
void timer_clear(struct loop *loop, struct timer *timer); /* may be called when not set */

/* Puts the task on the ready list, unless it is there. */
void loop_ready(struct loop *loop, struct task *task);

/* Takes the task off the ready list again.  Walks the list: for owners that end. */
void loop_unready(struct loop *loop, struct task *task);

/* From any thread: runs the task on the loop's thread.  It must not be queued already. */
void loop_post(struct loop *loop, struct task *task);

/* From any thread: the loop makes a turn. */
void loop_wake(struct loop *loop);

/* From any thread: loop_run returns after its turn. */
void loop_stop(struct loop *loop);

#endif
