/* MOCK: the work was done when the deployment was compiled; here a template is chosen by media
 * type, and only a passed-through body is read at request time. */
#include "gateway/integration/integration.h"

#include <stdio.h>

#include "snapshot/mock_status.h"

static const struct request_template *chosen_template(const struct exchange *x)
{
    const struct http_request *r = &x->stream->request;

    return method_template(x->method,
                           http_header_find(r->headers, r->header_count, "Content-Type"));
}

/* spec/data-plane-rest.md, section 9.3 */
static bool passes_through(const struct method *method)
{
    switch (method->passthrough) {
    case WHEN_NO_MATCH:
        return true;
    case WHEN_NO_TEMPLATES:
        return method->template_count == 0;
    case NEVER:
        return false;
    }
    return false;
}

/* True when no template serves the request's media type and the body is passed through: it is then
 * read as the template would have been. */
static bool needs_body(const struct exchange *x)
{
    return !chosen_template(x) && passes_through(x->method);
}

static enum verdict integrate_body(struct exchange *x)
{
    char selector[24];
    int64_t status;
    int len;

    if (!mock_status(exchange_arena(x), x->stream->body, &status))
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    len = snprintf(selector, sizeof selector, "%lld", (long long)status);
    x->outcome = method_outcome(x->method, span_make(selector, (size_t)len));
    return GO_ON;
}

static enum verdict start(struct exchange *x)
{
    const struct request_template *template = chosen_template(x);

    if (template)
        x->outcome = template->outcome;
    else if (!passes_through(x->method))
        return exchange_fail(x, UNSUPPORTED_MEDIA_TYPE);
    else if (integrate_body(x) == REPLY)
        return REPLY;
    switch (x->outcome.kind) {
    case OUTCOME_RESPONSE:
        return GO_ON;
    case OUTCOME_FAILURE:
        return exchange_fail(x, x->outcome.failure);
    case OUTCOME_NOT_YET:
        return exchange_not_yet(x, x->outcome.not_yet);
    }
    return exchange_fail(x, API_CONFIGURATION_ERROR);
}

const struct integration_driver MOCK_DRIVER = {needs_body, start, NULL};
