/* The choices that a request makes among what a method offers: template, response, body. */
#include "snapshot/deployment.h"

/* "Application/JSON; charset=utf-8" -> the type without parameters. */
static struct span media_of(struct span value)
{
    return span_trim(span_first(value, span_find(value, ';')));
}

const struct request_template *method_template(const struct method *method,
                                               struct span content_type)
{
    struct span media = content_type.at ? media_of(content_type) : SPAN("application/json");
    const struct request_template *fallback = NULL;

    for (size_t i = 0; i < method->template_count; i++) {
        if (span_equal_nocase(method->templates[i].media, media))
            return &method->templates[i];
        if (span_is(method->templates[i].media, "$default"))
            fallback = &method->templates[i];
    }
    return fallback;
}

static struct outcome outcome_of(const struct integration_response *response)
{
    if (response->not_yet.len > 0)
        return (struct outcome){.kind = OUTCOME_NOT_YET, .not_yet = response->not_yet};
    if (response->is_invalid)
        return (struct outcome){.kind = OUTCOME_FAILURE, .failure = API_CONFIGURATION_ERROR};
    return (struct outcome){.kind = OUTCOME_RESPONSE, .response = response};
}

struct outcome method_outcome(const struct method *method, struct span selector)
{
    const struct integration_response *fallback = NULL;

    for (size_t i = 0; i < method->response_count; i++) {
        const struct integration_response *response = &method->responses[i];

        if (response->is_never)
            continue;
        if (!response->pattern)
            fallback = fallback ? fallback : response;
        else if (regex_matches(response->pattern, selector) == REGEX_YES)
            return outcome_of(response);
    }
    if (fallback)
        return outcome_of(fallback);
    return (struct outcome){.kind = OUTCOME_FAILURE, .failure = API_CONFIGURATION_ERROR};
}

struct span response_body(const struct integration_response *response, struct span accept)
{
    struct span media = media_of(span_first(accept, span_find(accept, ',')));
    const struct media_body *json = NULL;

    if (response->body_count == 0)
        return (struct span){NULL, 0};
    for (size_t i = 0; i < response->body_count; i++) {
        if (span_equal_nocase(response->bodies[i].media, media))
            return response->bodies[i].body;
        if (span_is(response->bodies[i].media, "application/json"))
            json = &response->bodies[i];
    }
    return json ? json->body : response->bodies[0].body;
}
