/* The errors that the service itself writes for a function (spec/lambda.md, section 2.1). */
#ifndef LAMBDA_FAILURE_H
#define LAMBDA_FAILURE_H

#include "base/buf.h"
#include "link/host.h"

/* Each adds a JSON object. */
void failure_timed_out(struct buf *out, const char *request_id, int64_t timeout);
void failure_exited(struct buf *out, const char *request_id, const struct host_ended *ended);
void failure_too_large(struct buf *out);

/* What the host refused: type and message are the host's. */
void failure_not_started(struct buf *out, const char *request_id, struct span type,
                         struct span message);

/* "exit status 1", "signal: killed"; NULL, when nothing is known, gives "". */
void failure_reason(struct buf *out, const struct host_ended *ended);

#endif
