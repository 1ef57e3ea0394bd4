/* What both Lambda integrations share: which function, whether it may be invoked, the call. */
#ifndef GATEWAY_INTEGRATION_LAMBDA_H
#define GATEWAY_INTEGRATION_LAMBDA_H

#include "gateway/exchange.h"
#include "lambda/invoke.h"

/* False for headers that no mapping and no override may set for an AWS service
 * (spec/data-plane-rest.md, 7.3). */
bool lambda_may_set(struct span header);

/* GO_ON with a call whose event is to be written, then lambda_start.  Else the reply is decided. */
enum verdict lambda_prepare(struct exchange *x, struct invoke **invoke);

/* Invokes; the verdict is the driver's. */
enum verdict lambda_start(struct exchange *x, struct invoke *invoke);

/* For the driver's `take`: GO_ON when the function has ended, whatever its answer; it lives until
 * the exchange has ended. */
enum verdict lambda_taken(struct exchange *x, const struct invoke **invoke);

/* 502 with AWS's words. */
enum verdict lambda_bad_answer(struct exchange *x);

/* The ARN in "arn:..:lambda:path/2015-03-31/functions/ARN/invocations"; at NULL: it is none. */
struct span lambda_uri_function(struct span uri);

#endif
