/* The loop: order, timers that move, messages from other threads. */
#include "../unit.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"

static struct clock standing;
static struct loop loop;

static int set_up(void **state)
{
    (void)state;
    standing = clock_fixed(1000, 1000);
    return loop_init(&loop, &standing, NULL) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    loop_release(&loop);
    return 0;
}

struct probe {
    struct timer timer;
    struct task task;
    struct watch watch;
    unsigned runs, order;
    uint32_t events;
};

static unsigned order;

static void on_due(struct timer *timer)
{
    struct probe *probe = container_of(timer, struct probe, timer);

    probe->runs++;
    probe->order = ++order;
}

static void on_task(struct task *task)
{
    container_of(task, struct probe, task)->runs++;
}

static void on_ready(struct watch *watch, uint32_t events)
{
    struct probe *probe = container_of(watch, struct probe, watch);

    probe->runs++;
    probe->events |= events;
}

static void timers_fire_in_order_of_their_time(void **state)
{
    struct probe probes[50] = {0};

    order = 0;
    for (unsigned i = 0; i < COUNT(probes); i++) {
        probes[i].timer.due = on_due;
        timer_set(&loop, &probes[i].timer, 2000 + (int64_t)(i * 37 % 50));
    }
    timer_clear(&loop, &probes[3].timer);
    standing.fixed_now = 1999;
    loop_turn(&loop, 0);
    assert_int_equal(order, 0);
    standing.fixed_now = 3000;
    loop_turn(&loop, 0);
    assert_int_equal(order, 49);
    for (unsigned i = 0; i < COUNT(probes); i++)
        if (i != 3 && probes[i].order - 1 != i * 37 % 50 - (i * 37 % 50 > 3 * 37 % 50))
            fail_msg("timer %u fired as number %u", i, probes[i].order);
    (void)state;
}

static void a_timer_that_moved_fires_once_at_its_new_time(void **state)
{
    struct probe later = {.timer.due = on_due}, sooner = {.timer.due = on_due};

    timer_set(&loop, &later.timer, 2000);
    timer_set(&loop, &later.timer, 5000);
    timer_set(&loop, &sooner.timer, 5000);
    timer_set(&loop, &sooner.timer, 2000);
    standing.fixed_now = 2500;
    loop_turn(&loop, 0);
    assert_int_equal(later.runs, 0);
    assert_int_equal(sooner.runs, 1);
    standing.fixed_now = 5000;
    loop_turn(&loop, 0);
    assert_int_equal(later.runs, 1);
    assert_int_equal(sooner.runs, 1);
    assert_int_equal(loop.timer_count, 0);
    (void)state;
}

static void a_ready_task_runs_once_however_often_it_is_queued(void **state)
{
    struct probe probe = {.task.run = on_task};

    loop_ready(&loop, &probe.task);
    loop_ready(&loop, &probe.task);
    loop_turn(&loop, 1000);
    loop_turn(&loop, 0);
    assert_int_equal(probe.runs, 1);
    (void)state;
}

static void *post_from_thread(void *probe)
{
    loop_post(&loop, &((struct probe *)probe)->task);
    loop_stop(&loop);
    return NULL;
}

static void run_again(struct task *task)
{
    on_task(task);
    loop_ready(&loop, task);
}

static void a_task_that_never_ends_starves_nobody(void **state)
{
    struct probe endless = {.task.run = run_again}, late = {.timer.due = on_due};

    timer_set(&loop, &late.timer, 2000);
    loop_ready(&loop, &endless.task);
    loop_turn(&loop, 0);
    assert_true(endless.runs > 0);
    standing.fixed_now = 2000;
    loop_turn(&loop, 0);
    assert_int_equal(late.runs, 1);
    loop_unready(&loop, &endless.task);
    endless.runs = 0;
    loop_turn(&loop, 0);
    assert_int_equal(endless.runs, 0);
    (void)state;
}

static void another_thread_wakes_and_stops_the_loop(void **state)
{
    struct probe probe = {.task.run = on_task};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, post_from_thread, &probe), 0);
    loop_run(&loop);
    pthread_join(thread, NULL);
    loop_turn(&loop, 0);
    assert_int_equal(probe.runs, 1);
    (void)state;
}

static void a_descriptor_tells_of_bytes_and_of_its_peers_end(void **state)
{
    struct probe probe = {0};
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_true(loop_watch(&loop, &probe.watch, pair[0], on_ready));
    loop_turn(&loop, 1000);
    assert_true(probe.events & EPOLLOUT);
    assert_int_equal(write(pair[1], "x", 1), 1);
    loop_turn(&loop, 1000);
    assert_true(probe.events & EPOLLIN);
    close(pair[1]);
    loop_turn(&loop, 1000);
    assert_true(probe.events & EPOLLRDHUP);
    probe.runs = 0;
    loop_unwatch(&loop, &probe.watch);
    loop_turn(&loop, 0);
    assert_int_equal(probe.runs, 0);
    close(pair[0]);
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    TEST(timers_fire_in_order_of_their_time),
    TEST(a_timer_that_moved_fires_once_at_its_new_time),
    TEST(a_ready_task_runs_once_however_often_it_is_queued),
    TEST(a_task_that_never_ends_starves_nobody),
    TEST(another_thread_wakes_and_stops_the_loop),
    TEST(a_descriptor_tells_of_bytes_and_of_its_peers_end),
};

UNIT_MAIN(TESTS)
