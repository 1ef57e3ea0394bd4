/* The protocols of the service APIs behind one face: which operation a request means, its input
 * as a tree, the answer in bytes. */
#ifndef CONTROL_PROTOCOL_H
#define CONTROL_PROTOCOL_H

#include "control/call.h"
#include "control/encode.h"
#include "http/message.h"

struct protocol {
    /* Finds the operation; `signing` is the service of the credentials, or empty.  FAULT_DENIED
     * with call->refused when there is none, FAULT_NO_MEMORY. */
    enum fault (*route)(struct call *call, const struct http_request *request, struct span body,
                        struct span signing, struct control_match *out);
    /* FAULT_TYPE: call->refused is filled. */
    enum fault (*decode)(struct call *call, const struct http_request *request, struct span body,
                         struct json **input);
    /* call->output, or call->refused, as an answer; false when there is no room. */
    bool (*encode)(struct call *call, struct span request_id, struct buf *body,
                   struct encoded *out);
    bool (*encode_error)(struct call *call, struct span request_id, struct buf *body,
                         struct encoded *out);
    struct model_answer unsigned_answer; /* to a call without credentials */
};

/* By the form of the request: a form to "/" is query, all else rest-json. */
const struct protocol *protocol_of(const struct http_request *request);

#endif
