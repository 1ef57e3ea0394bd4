/* The way of an invocation over to the instances' loop and back.  Both sides touch it only while it
 * is theirs, so it needs no lock; what the owner decides meanwhile (a timeout, a client that has
 * gone) ends the operation, not the invocation. */
#include "lambda/invoke.h"

#include "base/mem.h"
#include "lambda/lambda.h"

#define TEXTS_MAX (64 * 1024)

struct invoke *invoke_new(void)
{
    struct invoke *invoke = mem_zero(1, sizeof *invoke);

    buf_init(&invoke->event, INVOKE_EVENT_MAX);
    buf_init(&invoke->payload, INVOKE_PAYLOAD_MAX);
    buf_init(&invoke->tail, INVOKE_TAIL_MAX);
    arena_init(&invoke->arena, TEXTS_MAX);
    return invoke;
}

static void destroy(struct invoke *invoke)
{
    buf_release(&invoke->event);
    buf_release(&invoke->payload);
    buf_release(&invoke->tail);
    arena_release(&invoke->arena);
    if (invoke->is_started)
        part_leave(&invoke->function->part);
    if (invoke->bytes > 0)
        atomic_fetch_sub_explicit(&invoke->lambda->metrics.bytes, invoke->bytes,
                                  memory_order_relaxed);
    mem_free(invoke);
}

/* Hands a task to a loop; without a system call when it is ours. */
static void carry(struct loop *from, struct loop *to, struct task *task)
{
    if (from == to)
        loop_ready(to, task);
    else
        loop_post(to, task);
}

static void on_cancel(struct op *op)
{
    op_end(op, OP_CANCELLED);
}

static void on_deadline(struct timer *timer)
{
    op_end(&container_of(timer, struct invoke, deadline)->op, OP_TIMED_OUT);
}

static void arrive(struct task *task)
{
    struct invoke *invoke = container_of(task, struct invoke, task);

    lambda_take(invoke->lambda, invoke);
}

void invoke_start(struct invoke *invoke, struct lambda *lambda, struct loop *loop,
                  struct task *waiter, int64_t time_max)
{
    op_begin(&invoke->op, loop, waiter, on_cancel);
    part_use(&invoke->function->part);
    invoke->is_started = true;
    invoke->lambda = lambda;
    invoke->deadline.due = on_deadline;
    if (time_max > 0)
        timer_set(loop, &invoke->deadline, loop->now + time_max);
    invoke->task.run = arrive;
    carry(loop, lambda->loop, &invoke->task);
}

void invoke_free(struct invoke *invoke)
{
    if (!invoke)
        return;
    if (invoke->is_started && !invoke->is_returned) {
        timer_clear(invoke->op.loop, &invoke->deadline);
        invoke->is_given_up = true;
        return;
    }
    destroy(invoke);
}

/* Back on the loop of whoever started it. */
static void come_back(struct task *task)
{
    struct invoke *invoke = container_of(task, struct invoke, task);

    invoke->is_returned = true;
    if (invoke->is_given_up) {
        destroy(invoke);
        return;
    }
    timer_clear(invoke->op.loop, &invoke->deadline);
    op_end(&invoke->op, OP_DONE);
}

bool invoke_draw(struct invoke *invoke, size_t bytes)
{
    struct lambda *lambda = invoke->lambda;
    size_t used = atomic_load_explicit(&lambda->metrics.bytes, memory_order_relaxed);

    if (lambda->settings.memory_max > 0 && used + bytes > lambda->settings.memory_max)
        return false;
    atomic_fetch_add_explicit(&lambda->metrics.bytes, bytes, memory_order_relaxed);
    invoke->bytes += bytes;
    return true;
}

void invoke_return(struct invoke *invoke, enum invoke_end end)
{
    invoke->end = end;
    buf_release(&invoke->event);
    atomic_fetch_add_explicit(&invoke->lambda->metrics.ends[end], 1, memory_order_relaxed);
    invoke->task.run = come_back;
    carry(invoke->lambda->loop, invoke->op.loop, &invoke->task);
}
