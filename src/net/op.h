/* An operation: something a task waits for (an outbound call, a long computation).
 *
 * It is a small state machine of its own, ends exactly once by putting the waiting task on the
 * loop's ready list, and never calls back into whoever started it.  `cancel` is a request: the
 * operation still ends, with OP_CANCELLED unless it was done already. */
#ifndef NET_OP_H
#define NET_OP_H

#include "net/loop.h"

enum op_result {
    OP_PENDING,
    OP_DONE,
    OP_REFUSED,   /* could not connect */
    OP_BROKEN,    /* the peer reset, or closed before its end */
    OP_GARBAGE,   /* what came is no answer */
    OP_TOO_LARGE, /* over the limit that was given */
    OP_TIMED_OUT,
    OP_CANCELLED,
    OP_NO_MEMORY, /* the budget it draws on is empty */
};

#define OP_RESULT_COUNT (OP_NO_MEMORY + 1)

struct op {
    struct loop *loop;
    struct task *waiter; /* made ready at the end */
    enum op_result result;
    void (*cancel)(struct op *op); /* NULL: it cannot be hurried */
};

static inline void op_begin(struct op *op, struct loop *loop, struct task *waiter,
                            void (*cancel)(struct op *op))
{
    *op = (struct op){loop, waiter, OP_PENDING, cancel};
}

/* Ends the operation; a second end is ignored. */
static inline void op_end(struct op *op, enum op_result result)
{
    if (op->result != OP_PENDING)
        return;
    op->result = result;
    loop_ready(op->loop, op->waiter);
}

#endif
