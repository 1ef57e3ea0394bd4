/* The event loop.  Timers are kept in a heap by the time they were first queued for; a timer that
 * was moved to later is queued again when the loop meets it, so that an idle deadline that moves
 * with every request costs one assignment. */
#include "net/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

static void read_time(struct loop *loop)
{
    loop->now = clock_now(loop->clock);
    loop->wall = clock_wall(loop->clock);
}

enum fault loop_init(struct loop *loop, const struct clock *clock, struct problem *why)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    *loop = (struct loop){.clock = clock, .epoll = -1, .wake = -1};
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->epoll < 0 || loop->wake < 0 ||
        epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wake, &event) != 0) {
        problem_set(why, FAULT_IO, "cannot create an event loop: %s", strerror(errno));
        if (loop->epoll >= 0)
            close(loop->epoll);
        if (loop->wake >= 0)
            close(loop->wake);
        return FAULT_IO;
    }
    pthread_mutex_init(&loop->posted_lock, NULL);
    read_time(loop);
    return OK;
}

void loop_release(struct loop *loop)
{
    close(loop->epoll);
    close(loop->wake);
    mem_free(loop->timers);
    pthread_mutex_destroy(&loop->posted_lock);
}

static bool watch_with(struct loop *loop, struct watch *watch, int fd, uint32_t events,
                       void (*ready)(struct watch *watch, uint32_t events))
{
    struct epoll_event event = {.events = events, .data.ptr = watch};

    watch->fd = fd;
    watch->ready = ready;
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool loop_watch(struct loop *loop, struct watch *watch, int fd,
                void (*ready)(struct watch *watch, uint32_t events))
{
    return watch_with(loop, watch, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, ready);
}

bool loop_watch_input(struct loop *loop, struct watch *watch, int fd,
                      void (*ready)(struct watch *watch, uint32_t events))
{
    return watch_with(loop, watch, fd, EPOLLIN | EPOLLRDHUP | EPOLLET, ready);
}

bool loop_watch_output(struct loop *loop, struct watch *watch)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = watch};

    return epoll_ctl(loop->epoll, EPOLL_CTL_MOD, watch->fd, &event) == 0;
}

bool loop_watch_listener(struct loop *loop, struct watch *watch, int fd,
                         void (*ready)(struct watch *watch, uint32_t events))
{
    return watch_with(loop, watch, fd, EPOLLIN | EPOLLEXCLUSIVE, ready);
}

void loop_unwatch(struct loop *loop, struct watch *watch)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->ready = NULL;
}

/* ---- timers -------------------------------------------------------------------------------- */

static void place(struct loop *loop, struct timer *timer, size_t position)
{
    loop->timers[position - 1] = timer;
    timer->position = position;
}

static void sift_up(struct loop *loop, struct timer *timer)
{
    size_t i = timer->position;

    while (i > 1 && loop->timers[i / 2 - 1]->queued > timer->queued) {
        place(loop, loop->timers[i / 2 - 1], i);
        i /= 2;
    }
    place(loop, timer, i);
}

static void sift_down(struct loop *loop, struct timer *timer)
{
    size_t i = timer->position, child;

    while ((child = i * 2) <= loop->timer_count) {
        if (child < loop->timer_count &&
            loop->timers[child]->queued < loop->timers[child - 1]->queued)
            child++;
        if (loop->timers[child - 1]->queued >= timer->queued)
            break;
        place(loop, loop->timers[child - 1], i);
        i = child;
    }
    place(loop, timer, i);
}

static void enqueue(struct loop *loop, struct timer *timer)
{
    if (loop->timer_count == loop->timer_room) {
        loop->timer_room = loop->timer_room ? loop->timer_room * 2 : 64;
        loop->timers = mem_resize(loop->timers, loop->timer_room * sizeof(struct timer *));
    }
    timer->queued = timer->at;
    place(loop, timer, ++loop->timer_count);
    sift_up(loop, timer);
}

static void dequeue(struct loop *loop, struct timer *timer)
{
    struct timer *last = loop->timers[--loop->timer_count];

    if (last != timer) {
        place(loop, last, timer->position);
        sift_up(loop, last);
        sift_down(loop, last);
    }
    timer->position = 0;
}

void timer_set(struct loop *loop, struct timer *timer, int64_t at)
{
    timer->at = at;
    if (timer->position == 0) {
        enqueue(loop, timer);
    } else if (at < timer->queued) {
        timer->queued = at;
        sift_up(loop, timer);
    }
}

void timer_clear(struct loop *loop, struct timer *timer)
{
    timer->at = 0;
    if (timer->position)
        dequeue(loop, timer);
}

static void run_timers(struct loop *loop)
{
    while (loop->timer_count > 0 && loop->timers[0]->queued <= loop->now) {
        struct timer *timer = loop->timers[0];

        dequeue(loop, timer);
        if (timer->at > loop->now) {
            enqueue(loop, timer);
            continue;
        }
        timer->at = 0;
        timer->due(timer);
    }
}

/* ---- tasks --------------------------------------------------------------------------------- */

static void append(struct task **first, struct task **last, struct task *task)
{
    task->next = NULL;
    if (*first)
        (*last)->next = task;
    else
        *first = task;
    *last = task;
}

void loop_ready(struct loop *loop, struct task *task)
{
    if (task->is_queued)
        return;
    task->is_queued = true;
    append(&loop->ready_first, &loop->ready_last, task);
}

void loop_unready(struct loop *loop, struct task *task)
{
    struct task **at = &loop->ready_first, *before = NULL;

    if (!task->is_queued)
        return;
    while (*at && *at != task) {
        before = *at;
        at = &before->next;
    }
    if (!*at)
        return; /* posted by another thread and not taken yet */
    *at = task->next;
    if (loop->ready_last == task)
        loop->ready_last = before;
    task->is_queued = false;
}

/* What tasks make ready runs in the same turn, so that an operation's end costs no system call; but
 * only for some passes, so that tasks which go on and on starve neither events nor timers. */
static void run_tasks(struct loop *loop)
{
    for (int pass = 0; pass < LOOP_PASSES_MAX && loop->ready_first; pass++) {
        struct task marker = {0}, *task;

        append(&loop->ready_first, &loop->ready_last, &marker);
        while ((task = loop->ready_first) != &marker) {
            loop->ready_first = task->next;
            task->is_queued = false;
            task->run(task);
        }
        loop->ready_first = marker.next;
    }
}

void loop_wake(struct loop *loop)
{
    uint64_t one = 1;

    if (write(loop->wake, &one, sizeof one) < 0)
        return; /* the counter is full: the loop wakes anyway */
}

void loop_post(struct loop *loop, struct task *task)
{
    pthread_mutex_lock(&loop->posted_lock);
    append(&loop->posted_first, &loop->posted_last, task);
    pthread_mutex_unlock(&loop->posted_lock);
    loop_wake(loop);
}

void loop_stop(struct loop *loop)
{
    pthread_mutex_lock(&loop->posted_lock);
    loop->is_stopping = true;
    pthread_mutex_unlock(&loop->posted_lock);
    loop_wake(loop);
}

/* Moves what other threads posted to the ready list.  False when the loop shall stop. */
static bool take_posted(struct loop *loop)
{
    struct task *task, *next;
    uint64_t count;
    bool is_stopping;

    if (read(loop->wake, &count, sizeof count) < 0 && errno != EAGAIN)
        return true;
    pthread_mutex_lock(&loop->posted_lock);
    task = loop->posted_first;
    loop->posted_first = NULL;
    is_stopping = loop->is_stopping;
    pthread_mutex_unlock(&loop->posted_lock);
    for (; task; task = next) {
        next = task->next;
        loop_ready(loop, task);
    }
    return !is_stopping;
}

static int wait_time(const struct loop *loop, int wait_ms)
{
    int left;

    if (loop->ready_first)
        return 0;
    if (loop->timer_count == 0)
        return wait_ms;
    left = clock_poll_ms(loop->now, loop->timers[0]->queued);
    return wait_ms >= 0 && wait_ms < left ? wait_ms : left;
}

static bool turn(struct loop *loop, int wait_ms)
{
    struct epoll_event events[LOOP_EVENTS_MAX];
    int n = epoll_wait(loop->epoll, events, LOOP_EVENTS_MAX, wait_time(loop, wait_ms));
    bool goes_on = true;

    read_time(loop);
    if (loop->turn)
        loop->turn(loop);
    for (int i = 0; i < n; i++) {
        struct watch *watch = events[i].data.ptr;

        if (!watch)
            goes_on = take_posted(loop);
        else if (watch->ready)
            watch->ready(watch, events[i].events);
    }
    run_timers(loop);
    run_tasks(loop);
    return goes_on;
}

void loop_turn(struct loop *loop, int wait_ms)
{
    turn(loop, wait_ms);
}

void loop_run(struct loop *loop)
{
    while (turn(loop, -1))
        ;
}
