/* The integrations: where a method's requests go.  One file and one row for each type.
 *
 * The runner calls `start` once, then `take` once.  Both decide the reply with exchange_reply,
 * exchange_fail or exchange_message when there is nothing more to do (REPLY).  Types that use
 * integration responses return exchange_answer (gateway/reply/answer.h) from `take` instead. */
#ifndef GATEWAY_INTEGRATION_INTEGRATION_H
#define GATEWAY_INTEGRATION_INTEGRATION_H

#include "gateway/exchange.h"

struct integration_driver {
    /* True when `start` needs x->stream->body: it is then read whole before. */
    bool (*needs_body)(const struct exchange *x);
    enum verdict (*start)(struct exchange *x); /* may WAIT for its operation */
    enum verdict (*take)(struct exchange *x);  /* reads the result; NULL: nothing is left to do */
};

/* The driver of a type; NULL when Portico does not have it yet. */
const struct integration_driver *integration_driver(enum integration_type type);

extern const struct integration_driver AWS_DRIVER;          /* aws.c */
extern const struct integration_driver HTTP_DRIVER;         /* http.c */
extern const struct integration_driver LAMBDA_PROXY_DRIVER; /* lambda.c */
extern const struct integration_driver MOCK_DRIVER;         /* mock.c */
extern const struct integration_driver HTTP_PROXY_DRIVER;   /* http_proxy.c */

#endif
