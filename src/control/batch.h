/* Operations of the service APIs that are made here and not by a client, as one: all of them
 * happen, in one transaction, or none does.
 *
 * Each is checked, prepared and run by what a client's call would be checked, prepared and run
 * by; there is no other way to the records. */
#ifndef CONTROL_BATCH_H
#define CONTROL_BATCH_H

#include "control/call.h"

struct batch_call {
    struct batch_call *next;
    struct call call;
    struct control_match match;
    const void *subject; /* whatever the caller wants to find again */
};

struct batch {
    struct control *control;
    struct arena *arena;
    struct span account, region;
    struct batch_call *first, *last;
    size_t count;
    /* Runs last in the transaction, with a call that has no operation.  May be NULL. */
    enum fault (*finish)(struct call *call, void *ctx);
    void *ctx;
};

/* Adds an operation; `input` has its members by name, labels too.  The call may be completed
 * (ids) until batch_run.  FAULT_DENIED when the input is refused: `why` has the words;
 * FAULT_UNSUPPORTED when the operation is not there yet. */
enum fault batch_add(struct batch *batch, const char *service, const char *operation,
                     struct json *input, const void *subject, struct batch_call **out,
                     struct problem *why);

/* Prepares and runs all; answers when gateways serve what was changed, as for any write.  On
 * failure nothing has changed, *failed is the call that was refused (NULL: none alone), and `why`
 * has the words. */
enum fault batch_run(struct batch *batch, const struct batch_call **failed, struct problem *why);

#endif
