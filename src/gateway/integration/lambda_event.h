/* The event that a Lambda proxy integration sends, version 1.0 (spec/data-plane-rest.md, 10.6). */
#ifndef GATEWAY_INTEGRATION_LAMBDA_EVENT_H
#define GATEWAY_INTEGRATION_LAMBDA_EVENT_H

#include "gateway/exchange.h"

/* Writes the event.  False when it does not fit into the buffer, or the exchange has no memory
 * left. */
bool lambda_event_write(struct exchange *x, struct buf *out);

#endif
