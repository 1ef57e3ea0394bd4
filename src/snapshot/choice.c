/* The choices that a request makes among what a method offers: template, response, body. */
#include "snapshot/deployment.h"

struct span media_of(struct span value)
{
    return span_trim(span_first(value, span_find(value, ';')));
}

bool media_is_binary(const struct deployment *deployment, struct span value)
{
    struct span media = media_of(span_first(value, span_find(value, ',')));

    for (size_t i = 0; i < deployment->binary_type_count; i++) {
        struct span type = deployment->binary_types[i], compared = media;

        if (span_is(type, "*/*"))
            return true;
        if (!value.at)
            continue;
        if (span_ends(type, SPAN("/*"))) {
            type.len--;
            compared = span_first(media, media.len < type.len ? media.len : type.len);
        }
        if (span_equal_nocase(type, compared))
            return true;
    }
    return false;
}

const struct request_template *method_template(const struct method *method,
                                               struct span content_type)
{
    struct span media = content_type.at ? media_of(content_type) : SPAN("application/json");
    const struct request_template *fallback = NULL;

    for (size_t i = 0; i < method->template_count; i++) {
        if (span_equal_nocase(method->templates[i].of.media, media))
            return &method->templates[i];
        if (span_is(method->templates[i].of.media, "$default"))
            fallback = &method->templates[i];
    }
    return fallback;
}

const struct body_model *method_model(const struct method *method, struct span content_type)
{
    struct span media = content_type.at ? media_of(content_type) : SPAN("application/json");
    const struct body_model *fallback = NULL;

    for (size_t i = 0; i < method->model_count; i++) {
        if (span_equal_nocase(method->models[i].media, media))
            return &method->models[i];
        if (span_is(method->models[i].media, "$default"))
            fallback = &method->models[i];
    }
    return fallback;
}

static struct outcome outcome_of(const struct integration_response *response)
{
    if (response->is_invalid)
        return (struct outcome){OUTCOME_FAILURE, response, API_CONFIGURATION_ERROR};
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

const struct body_template *response_template(const struct integration_response *response,
                                              struct span accept)
{
    struct span media = media_of(span_first(accept, span_find(accept, ',')));
    const struct body_template *json = NULL;

    if (response->body_count == 0)
        return NULL;
    for (size_t i = 0; i < response->body_count; i++) {
        if (span_equal_nocase(response->bodies[i].media, media))
            return &response->bodies[i];
        if (span_is(response->bodies[i].media, "application/json"))
            json = &response->bodies[i];
    }
    return json ? json : &response->bodies[0];
}
