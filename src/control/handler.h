/* Operations that no generic verb can do: what `handler NAME` in a model means. */
#ifndef CONTROL_HANDLER_H
#define CONTROL_HANDLER_H

#include "control/call.h"

struct handler {
    const char *name; /* as in the model */
    bool reads_only;  /* changes no record */
    /* Runs once before the transaction and may block (a package is written and unpacked).  What
     * it leaves behind must be harmless when `run` refuses.  May be NULL. */
    enum fault (*prepare)(struct call *call);
    /* Runs in the transaction, again after a conflict; sets call->output. */
    enum fault (*run)(struct call *call);
};

/* NULL when the name is not there: the operation is answered with 501. */
const struct handler *handler_find(struct span name);

/* One list a file, ended by a row without a name. */
extern const struct handler MODEL_HANDLERS[], STS_HANDLERS[], LAMBDA_READ_HANDLERS[],
    LAMBDA_WRITE_HANDLERS[], LAMBDA_PERMISSION_HANDLERS[], LAMBDA_ACCOUNT_HANDLERS[];

#endif
