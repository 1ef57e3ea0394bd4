/* A method's document to what a worker does.  Everything that is the same for each request is done
 * here, once: literal templates are read, responses chosen, header lines written.
 *
 * What Portico does not have yet is never passed over: the method then answers 501 and says what is
 * missing. */
#include "compile/method.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/number.h"
#include "snapshot/mock_status.h"

/* ---- requests ------------------------------------------------------------------------------ */

/* A mock's literal template asks for the same status each time. */
static struct outcome literal_outcome(struct build *b, const struct method *method,
                                      const struct body_template *template)
{
    char selector[24];
    int64_t status;
    int len;

    arena_reset(&b->scratch);
    if (template->is_broken || !mock_status(&b->scratch, template->text, &status))
        return (struct outcome){.kind = OUTCOME_FAILURE, .failure = API_CONFIGURATION_ERROR};
    len = snprintf(selector, sizeof selector, "%lld", (long long)status);
    return method_outcome(method, span_make(selector, (size_t)len));
}

static void compile_templates(struct build *b, const struct json *integration, struct method *out)
{
    const struct json *templates = json_member(integration, "requestTemplates");
    struct request_template *list;

    if (!json_is(templates, JSON_OBJECT) || templates->count == 0)
        return;
    list = build_array(b, templates->count, sizeof *list);
    for (const struct json *t = templates->first; t; t = t->next) {
        struct request_template *one = &list[out->template_count++];

        one->of = build_template(b, t);
        if (!one->of.code && out->integration.type == INTEGRATION_MOCK)
            one->outcome = literal_outcome(b, out, &one->of);
    }
    out->templates = list;
}

static enum passthrough passthrough_of(struct span word)
{
    if (span_is(word, "NEVER"))
        return NEVER;
    return span_is(word, "WHEN_NO_TEMPLATES") ? WHEN_NO_TEMPLATES : WHEN_NO_MATCH;
}

/* ---- integrations -------------------------------------------------------------------------- */

#define TIMEOUT_DEFAULT_MS 29000

static enum integration_type integration_type_of(struct span word)
{
    static const struct span WORDS[INTEGRATION_TYPE_COUNT] = {
        [INTEGRATION_MOCK] = SPAN_INIT("MOCK"),
        [INTEGRATION_HTTP] = SPAN_INIT("HTTP"),
        [INTEGRATION_HTTP_PROXY] = SPAN_INIT("HTTP_PROXY"),
        [INTEGRATION_AWS] = SPAN_INIT("AWS"),
        [INTEGRATION_AWS_PROXY] = SPAN_INIT("AWS_PROXY"),
    };

    for (unsigned i = 0; i < COUNT(WORDS); i++)
        if (span_equal(word, WORDS[i]))
            return (enum integration_type)i;
    return INTEGRATION_MOCK;
}

static void compile_integration(struct build *b, const struct json *one, struct integration *out)
{
    const struct json *timeout = json_member(one, "timeoutInMillis");
    uint64_t ms = TIMEOUT_DEFAULT_MS;

    if (json_is(timeout, JSON_NUMBER))
        number_u64(timeout->text, &ms);
    out->type = integration_type_of(json_member_text(one, "type", SPAN("MOCK")));
    out->verb = build_keep(b, json_member_text(one, "httpMethod", SPAN("ANY")));
    out->credentials = build_keep(b, json_member_text(one, "credentials", SPAN("")));
    out->uri = build_keep(b, json_member_text(one, "uri", SPAN("")));
    out->timeout = (int64_t)ms * MICROS_PER_MS;
    if ((out->type == INTEGRATION_HTTP || out->type == INTEGRATION_HTTP_PROXY) &&
        !endpoint_compile(b->arena, out->uri, &out->endpoint))
        build_need(NULL);
    out->endpoint.is_unverified =
        json_member_bool(json_member(one, "tlsConfig"), "insecureSkipVerification", false);
    out->streams = span_is(json_member_text(one, "responseTransferMode", SPAN("")), "STREAM");
    out->handling = build_handling(one);
    out->mappings = build_mappings(b, json_member(one, "requestParameters"),
                                   SPAN("integration.request."), NULL);
}

/* Guards that are not there yet must not be open doors, nor may a call go elsewhere. */
static struct span missing_part(const struct json *method, const struct json *integration)
{
    struct span type = json_member_text(method, "authorizationType", SPAN("NONE"));

    if (!span_is(type, "NONE"))
        return SPAN("Not yet in Portico: authorizationType other than NONE");
    if (json_member_bool(method, "apiKeyRequired", false))
        return SPAN("Not yet in Portico: API keys");
    if (json_member(integration, "connectionType") &&
        !span_is(json_member_text(integration, "connectionType", SPAN("")), "INTERNET"))
        return SPAN("Not yet in Portico: VPC links");
    if (span_is(json_member_text(integration, "type", SPAN("")), "HTTP_PROXY") &&
        json_member_text(integration, "contentHandling", SPAN("")).len > 0)
        return SPAN("Not yet in Portico: contentHandling of HTTP_PROXY");
    if (span_is(json_member_text(integration, "type", SPAN("")), "AWS_PROXY") &&
        span_is(json_member_text(integration, "responseTransferMode", SPAN("")), "STREAM"))
        return SPAN("Not yet in Portico: responseTransferMode STREAM of functions");
    return SPAN("");
}

void method_compile(struct build *b, const struct json *resource, const struct json *one,
                    struct method *out)
{
    const struct json *integration = json_member(one, "methodIntegration");

    out->verb = build_keep(b, one->name);
    out->resource_id = build_keep(b, json_member_text(resource, "id", SPAN("")));
    out->resource_path = build_keep(b, json_member_text(resource, "path", SPAN("/")));
    out->not_yet = missing_part(one, integration);
    if (!build_validator(b, one, out) && out->not_yet.len == 0)
        out->not_yet = SPAN("The deployment does not hold the request validator of this method");
    compile_integration(b, integration, &out->integration);
    out->passthrough =
        passthrough_of(json_member_text(integration, "passthroughBehavior", SPAN("WHEN_NO_MATCH")));
    build_responses(b, one, integration, out);
    compile_templates(b, integration, out);
}
