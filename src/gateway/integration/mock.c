/* MOCK: a template asks for a status.  A literal one was read when the deployment was compiled, so
 * only others are rendered and read here. */
#include "gateway/integration/integration.h"
#include "gateway/mapping/request.h"
#include "gateway/reply/answer.h"
#include "snapshot/mock_status.h"

/* True when the outcome is known without looking at the request. */
static bool is_decided(const struct exchange *x, const struct request_template *template)
{
    return template && !template->of.code && x->stage->deployment->binary_type_count == 0;
}

static enum verdict start(struct exchange *x)
{
    const struct request_template *template = request_template(x);
    struct span text;
    int64_t status;

    if (is_decided(x, template)) {
        x->outcome = template->outcome;
        return exchange_outcome(x);
    }
    if (request_body(x, &text) == REPLY)
        return REPLY;
    if (!mock_status(exchange_arena(x), text, &status))
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    return exchange_answer_status(x, status);
}

const struct integration_driver MOCK_DRIVER = {request_needs_body, start, NULL};
