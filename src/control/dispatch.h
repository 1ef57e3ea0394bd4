/* From a request of the service APIs to its answer. */
#ifndef CONTROL_DISPATCH_H
#define CONTROL_DISPATCH_H

#include "base/buf.h"
#include "control/call.h"
#include "control/encode.h"
#include "http/message.h"

#define DISPATCH_BODY_MAX (64UL * 1024 * 1024)

/* Runs the call on the calling thread, which may block.  `body` takes the answer's body; *out
 * lives in `arena`. */
void dispatch(struct control *control, struct arena *arena, const struct http_request *request,
              struct span request_body, struct buf *body, struct encoded *out);

#endif
