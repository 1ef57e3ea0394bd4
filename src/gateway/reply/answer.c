/* From a backend's answer to the integration response that serves it. */
#include "gateway/reply/answer.h"

#include <inttypes.h>

/* GO_ON when there is a response; else the failure is decided, and the log says why. */
static enum verdict choose(struct exchange *x, struct span selector, int64_t status)
{
    x->outcome = method_outcome(x->method, selector);
    if (x->outcome.kind == OUTCOME_RESPONSE)
        return GO_ON;
    if (x->outcome.response)
        exchange_explain(
            x, CONFIGURATION_ERROR "Output mapping refers to an invalid method response: %d",
            x->outcome.response->status);
    else
        exchange_explain(x,
                         CONFIGURATION_ERROR
                         "No match for output mapping and no default output mapping configured. "
                         "Endpoint Response Status Code: %" PRId64,
                         status);
    return exchange_fail(x, x->outcome.failure);
}

enum verdict exchange_answer_status(struct exchange *x, int64_t status)
{
    return choose(x, arena_format(exchange_arena(x), "%" PRId64, status), status);
}

enum verdict exchange_answer(struct exchange *x, const struct backend_answer *answer)
{
    struct backend_answer *kept = arena_new(exchange_arena(x), struct backend_answer);

    *kept = *answer;
    x->answer = kept;
    if (!answer->selector.at)
        return exchange_answer_status(x, answer->status);
    return choose(x, answer->selector, answer->status);
}
