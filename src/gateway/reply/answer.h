/* What a backend answered, handed over by integrations that use integration responses: HTTP and AWS
 * (not their _PROXY forms, which decide the reply themselves).  Selection, parameter mappings,
 * templates and content handling are done from it (spec/data-plane-rest.md, sections 7.5, 8.2 and
 * 11). */
#ifndef GATEWAY_REPLY_ANSWER_H
#define GATEWAY_REPLY_ANSWER_H

#include "gateway/exchange.h"

struct backend_answer {
    int status;
    const struct http_header *headers; /* as received */
    unsigned header_count;
    struct span body;
    /* What selection patterns are matched against.  AWS-Lambda: `errorMessage` of the payload when
     * it has one, else "".  Others: the status; at NULL stands for it. */
    struct span selector;
};

/* For a driver's `take`: keeps the answer (copied; what its spans point to must live until the
 * exchange has ended: its arena or a cleanup) and chooses the response.  The verdict is `take`'s.
 */
enum verdict exchange_answer(struct exchange *x, const struct backend_answer *answer);

/* The same for a mock, which has only a status. */
enum verdict exchange_answer_status(struct exchange *x, int64_t status);

#endif
