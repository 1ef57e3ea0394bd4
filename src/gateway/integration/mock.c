/* MOCK: the work was done when the deployment was compiled; here a template is chosen by media
 * type, and only a passed-through body is read at request time. */
#include "gateway/integration/integration.h"
#include "gateway/reply/answer.h"
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
    int64_t status;

    if (!mock_status(exchange_arena(x), x->stream->body, &status))
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    return exchange_answer_status(x, status);
}

static enum verdict start(struct exchange *x)
{
    const struct request_template *template = chosen_template(x);

    if (!template)
        return passes_through(x->method) ? integrate_body(x)
                                         : exchange_fail(x, UNSUPPORTED_MEDIA_TYPE);
    x->outcome = template->outcome;
    return exchange_outcome(x);
}

const struct integration_driver MOCK_DRIVER = {needs_body, start, NULL};
