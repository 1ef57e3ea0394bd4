/* Callers on one thread, instances on another: invocations go over and come back, also when nobody
 * waits for them any more.  Meant for ThreadSanitizer, too. */
#include "fake_host.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "lambda/lambda.h"

#define ROUNDS 200

static struct fake_host host;
static struct loop caller, instances;
static struct shelf shelf;
static struct lambda lambda;
static unsigned woken;

static void *run_instances(void *ctx)
{
    (void)ctx;
    loop_run(&instances);
    return NULL;
}

static void wake(struct task *task)
{
    (void)task;
    woken++;
}

static struct task waiter = {.run = wake};

static struct function *make_function(void)
{
    struct function *f = part_new(&shelf, sizeof *f, NULL);

    f->arn = SPAN("arn:aws:lambda:r:1:function:f");
    f->name = SPAN("f");
    f->region = f->account = f->version = f->runtime = f->handler = f->log_format = SPAN("r");
    f->package = SPAN("0123456789012345678901234567890123456789012345678901234567890123");
    f->timeout = 60 * MICROS_PER_SECOND;
    f->memory_mb = f->storage_mb = 512;
    f->reserved = -1;
    f->revision = 1;
    part_seal(&f->part);
    return f;
}

static void turn(void)
{
    loop_turn(&caller, 1);
    fake_host_turns(&host);
}

/* Plays every instance: ready at once, an answer to whatever comes. */
static void play(bool *is_ready)
{
    for (size_t i = 0; i < host.start_count; i++) {
        if (!is_ready[i])
            fake_host_frame(&host, &host.starts[i], INSTANCE_READY, SPAN(""));
        is_ready[i] = true;
        if (fake_host_hear(&host.starts[i]).len > 0)
            fake_host_frame(&host, &host.starts[i], INSTANCE_RESULT, SPAN("{}"));
    }
}

static void invocations_cross_threads_and_return(void **state)
{
    struct lambda_settings settings = {.log_folder = "", .endpoint = "", .instances_max = 8};
    bool is_ready[STARTS_MAX] = {false};
    struct function *function;
    pthread_t thread;

    log_open("test", LOG_ERROR + 1);
    shelf_init(&shelf);
    assert_int_equal(loop_init(&caller, &CLOCK_SYSTEM, NULL), OK);
    assert_int_equal(loop_init(&instances, &CLOCK_SYSTEM, NULL), OK);
    fake_host_init(&host, &caller);
    settings.host = host.path;
    lambda_init(&lambda, &instances, &settings);
    function = make_function();
    assert_int_equal(pthread_create(&thread, NULL, run_instances, NULL), 0);
    for (int i = 0; i < ROUNDS; i++) {
        struct invoke *invoke = invoke_new();

        invoke->function = function;
        buf_add_text(&invoke->event, "{}");
        invoke_start(invoke, &lambda, &caller, &waiter, 20 * MICROS_PER_SECOND);
        for (int k = 0; invoke->op.result == OP_PENDING && k < 5000; k++) {
            if (i % 7 == 3 && k == 1)
                invoke->op.cancel(&invoke->op);
            turn();
            play(is_ready);
        }
        assert_int_equal(invoke->op.result,
                         i % 7 == 3 && invoke->op.result != OP_DONE ? OP_CANCELLED : OP_DONE);
        invoke_free(invoke);
    }
    for (int k = 0; atomic_load(&lambda.metrics.ends[INVOKE_RESULT]) < ROUNDS && k < 5000; k++) {
        turn();
        play(is_ready);
    }
    assert_int_equal(atomic_load(&lambda.metrics.ends[INVOKE_RESULT]), ROUNDS);
    turn();
    loop_stop(&instances);
    pthread_join(thread, NULL);
    lambda_release(&lambda);
    loop_release(&instances);
    part_leave(&function->part);
    fake_host_release(&host);
    loop_release(&caller);
    shelf_reclaim(&shelf);
    assert_int_equal(shelf.bytes, 0);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invocations_cross_threads_and_return),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
