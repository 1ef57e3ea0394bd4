/* The Lambda Runtime API (2018-06-01) on an instance's own listener, for runtimes that bring their
 * own client (spec/lambda.md, section 4). */
#ifndef LAMBDA_RUNTIME_H
#define LAMBDA_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct instance;
struct invoke;
struct loop;
struct runtime;

/* Serves `listener`, which becomes the runtime's.  NULL when the system refuses; the listener is
 * closed then, too. */
struct runtime *runtime_new(struct instance *instance, struct loop *loop, int listener);

/* Closes everything.  Not from within one of its own calls.  NULL is fine. */
void runtime_free(struct runtime *runtime);

/* Answers the blocked `next` with the invocation.  False when there is none. */
bool runtime_send(struct runtime *runtime, const struct invoke *invoke, int64_t deadline_ms);

/* What a path of the Runtime API asks for. */
enum runtime_call {
    RUNTIME_NEXT,
    RUNTIME_RESPONSE, /* of `id` */
    RUNTIME_ERROR,    /* of `id` */
    RUNTIME_INIT_ERROR,
    RUNTIME_UNKNOWN
};

enum runtime_call runtime_call_of(struct span method, struct span path, struct span *id);

#endif
