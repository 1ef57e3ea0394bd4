/* A call to an HTTP backend: the operation that HTTP and HTTP_PROXY share.
 *
 * A driver's `start` fills a request and returns backend_start; its `take` begins with
 * backend_taken, which has decided the reply when the call failed. */
#ifndef GATEWAY_INTEGRATION_BACKEND_H
#define GATEWAY_INTEGRATION_BACKEND_H

#include "gateway/exchange.h"
#include "snapshot/endpoint.h"

#define BACKEND_HOLD_MAX (256 * 1024)         /* so much is held for a backend that fails late */
#define BACKEND_ANSWER_MAX (10 * 1024 * 1024) /* spec/data-plane-rest.md, section 12 */

/* Between `start` and the end of the exchange; it outlives the arena, since the answer that it
 * holds is sent when the arena is gone. */
struct backend_call {
    struct cleanup cleanup;
    struct worker *worker;
    struct http_target target; /* in the exchange's arena or the snapshot */
    struct http_call call;
};

struct backend_request {
    const struct http_target *target;
    struct span method;
    struct span head;      /* request line, header lines, blank line; in the exchange's arena */
    struct span body;      /* must live until the exchange has ended */
    struct source *source; /* or what the body is pulled from; x->stream->source */
    size_t hold_max;       /* of the answer; what is larger is streamed.  0: it is collected */
};

/* Calls; the verdict is `start`'s. */
enum verdict backend_start(struct exchange *x, const struct backend_request *request);

/* GO_ON when there is an answer; it lives until the exchange has ended.  Else the reply is decided
 * by spec/data-plane-rest.md, 10.3. */
enum verdict backend_taken(struct exchange *x, const struct http_call **call);

/* Decides the reply: the backend's body, streamed when it is large. */
enum verdict backend_relay(struct exchange *x, int status, struct span lines);

/* Puts together where the integration's URI points for this request, into the arena.  `parameter`
 * gives the value for {name}; at NULL: there is none, and nothing stands there.  False when it is
 * no valid URI: the answer is 500. */
bool backend_uri(struct exchange *x, struct span (*parameter)(struct exchange *x, struct span name),
                 struct endpoint_uri *out);

#endif
