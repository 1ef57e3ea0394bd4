/* One invocation of a function: an operation of the exchange that waits for it.
 * docs/internals/lambda.md
 *
 * The exchange's loop and the loop of the instances may be different threads.  An invocation
 * belongs to one side at a time: it goes over with invoke_start and comes back when the function
 * has ended, even if nobody waits any more; so a client that leaves kills no function. */
#ifndef LAMBDA_INVOKE_H
#define LAMBDA_INVOKE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/random.h"
#include "net/op.h"
#include "snapshot/function.h"

#define INVOKE_EVENT_MAX 6291456   /* spec/lambda.md, section 2 */
#define INVOKE_PAYLOAD_MAX 6291556 /* of an answer */
#define INVOKE_TAIL_MAX 4096

struct lambda;

enum invoke_end {
    INVOKE_RESULT,    /* payload: what the function answered */
    INVOKE_ERROR,     /* payload: the JSON object of its error, or of its end */
    INVOKE_THROTTLED, /* over the function's, the account's or the machine's limit */
    INVOKE_FAILED     /* Portico could not run it: words */
};

struct invoke {
    /* The caller's to fill between invoke_new and invoke_start. */
    const struct function *function;
    struct buf event; /* ceiling INVOKE_EVENT_MAX */
    char request_id[UUID_TEXT_LEN + 1];
    struct span trace, client_context; /* in `arena` */
    struct arena arena;
    bool wants_tail;

    /* The caller's to read when op has ended with OP_DONE.  OP_TIMED_OUT: its time was over;
     * OP_CANCELLED; the function then goes on to its end. */
    struct op op;
    enum invoke_end end;
    struct buf payload;
    const char *words; /* of INVOKE_FAILED and INVOKE_THROTTLED; static */
    struct buf tail;   /* the last of its log, if wanted */

    /* Inside lambda/. */
    struct lambda *lambda;
    struct task task; /* carries it over and back */
    struct timer deadline;
    struct invoke *next; /* waiting */
    size_t bytes;        /* of its texts, as they are counted in the lambda's metrics */
    bool is_started, is_returned, is_given_up;
};

/* Never NULL. */
struct invoke *invoke_new(void);

/* Sends it off.  `waiter` runs on `loop` when op has ended: after `time_max` microseconds (0: no
 * limit but the function's own) at the latest. */
void invoke_start(struct invoke *invoke, struct lambda *lambda, struct loop *loop,
                  struct task *waiter, int64_t time_max);

/* The caller is done with it; at any time on its loop.  Memory is freed when the function has
 * ended, too.  NULL is fine. */
void invoke_free(struct invoke *invoke);

/* On the instances' loop: counts more bytes of it.  False, and nothing counted, when the memory
 * that all of them may have is over. */
bool invoke_draw(struct invoke *invoke, size_t bytes);

/* On the instances' loop: gives it back, decided. */
void invoke_return(struct invoke *invoke, enum invoke_end end);

#endif
