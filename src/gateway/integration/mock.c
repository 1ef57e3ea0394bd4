/* MOCK: a template asks for a status.  A literal one was read when the deployment was compiled, so
 * only others are rendered and read here. */
#include "gateway/integration/integration.h"
#include "gateway/mapping/request.h"
#include "gateway/reply/answer.h"
#include "snapshot/mock_status.h"

/* True when the outcome is known without looking at the request. */
static bool is_decided(const struct exchange *x, const struct request_template *template)
{
    return template && !template->of.code && !template->of.is_broken &&
           x->stage->deployment->binary_type_count == 0;
}

static enum verdict take_status(struct exchange *x, struct span text)
{
    int64_t status;

    if (mock_status(exchange_arena(x), text, &status))
        return exchange_answer_status(x, status);
    exchange_explain(x, CONFIGURATION_ERROR "Unable to parse statusCode. It should be an integer "
                                            "that is defined in the request template.");
    return exchange_fail(x, API_CONFIGURATION_ERROR);
}

static enum verdict start(struct exchange *x)
{
    const struct request_template *template = request_template(x);
    struct span text;

    if (is_decided(x, template)) {
        x->outcome = template->outcome;
        if (x->outcome.kind == OUTCOME_RESPONSE)
            return GO_ON;
        return take_status(x, template->of.text); /* once more, to say why it fails */
    }
    return request_body(x, &text) == REPLY ? REPLY : take_status(x, text);
}

const struct integration_driver MOCK_DRIVER = {request_needs_body, start, NULL};
