/* A method's document to what a worker does.  Everything that is the same for each request is done
 * here, once: literal templates are read, responses chosen, header lines written.
 *
 * What Portico does not have yet is never passed over: the method or the response then answers 501
 * and says what is missing. */
#include "compile/method.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"
#include "snapshot/mock_status.h"

static void *need(void *at)
{
    assert(at != NULL && "compile: a deployment is over its ceiling");
    return at;
}

static struct span keep(struct build *b, struct span text)
{
    struct span copy = arena_copy(b->arena, text);

    need((void *)(uintptr_t)copy.at);
    return copy;
}

/* Templates without directives and references are plain text. */
static bool is_literal(struct span template)
{
    return span_find(template, '#') == template.len && span_find(template, '$') == template.len;
}

static const struct span TEMPLATES_NOT_YET =
    SPAN_INIT("Not yet in Portico: mapping templates with # or $");

/* ---- responses ----------------------------------------------------------------------------- */

enum header_fate { HEADER_PASSES, HEADER_REMAPPED, HEADER_DROPPED };

/* What becomes of a header that an integration response sets (section 7.5). */
static enum header_fate header_fate(struct span name)
{
    static const struct span REMAPPED[] = {
        SPAN_INIT("Authorization"),
        SPAN_INIT("Connection"),
        SPAN_INIT("Content-Length"),
        SPAN_INIT("Content-MD5"),
        SPAN_INIT("Date"),
        SPAN_INIT("Expect"),
        SPAN_INIT("Host"),
        SPAN_INIT("Max-Forwards"),
        SPAN_INIT("Proxy-Authenticate"),
        SPAN_INIT("Server"),
        SPAN_INIT("Trailer"),
        SPAN_INIT("Upgrade"),
        SPAN_INIT("User-Agent"),
        SPAN_INIT("WWW-Authenticate"),
    };

    if (span_equal_nocase(name, SPAN("Transfer-Encoding")))
        return HEADER_DROPPED;
    for (size_t i = 0; i < COUNT(REMAPPED); i++)
        if (span_equal_nocase(name, REMAPPED[i]))
            return HEADER_REMAPPED;
    return HEADER_PASSES;
}

/* A name or value that could end its line, or is none, must not reach the wire. */
static bool is_sendable(struct span text, bool is_name)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (c < 0x20 || c == 0x7f || (is_name && (c == ':' || c == ' ' || c > 0x7f)))
            return false;
    }
    return !is_name || text.len > 0;
}

/* Adds the line of one `method.response.header.NAME` <- `'VALUE'`. */
static void add_header(struct integration_response *out, struct buf *lines, struct span target,
                       struct span source, bool *has_type)
{
    struct span prefix = SPAN("method.response.header."), name;
    enum header_fate fate;

    if (!span_starts(target, prefix))
        return;
    name = span_skip(target, prefix.len);
    if (source.len < 2 || source.at[0] != '\'' || source.at[source.len - 1] != '\'') {
        out->not_yet = SPAN("Not yet in Portico: response parameters other than 'literals'");
        return;
    }
    source = span_make(source.at + 1, source.len - 2);
    if (!is_sendable(name, true) || !is_sendable(source, false)) {
        out->is_invalid = true;
        return;
    }
    fate = header_fate(name);
    if (fate == HEADER_DROPPED)
        return;
    *has_type = *has_type || span_equal_nocase(name, SPAN("Content-Type"));
    buf_addf(lines, "%s%.*s: %.*s\r\n", fate == HEADER_REMAPPED ? "x-amzn-Remapped-" : "",
             SPAN_ARG(name), SPAN_ARG(source));
}

static void compile_headers(struct build *b, const struct json *one,
                            struct integration_response *out)
{
    const struct json *parameters = json_member(one, "responseParameters");
    bool has_type = false;
    struct buf lines;

    buf_init(&lines, 256 * 1024);
    for (const struct json *p = parameters ? parameters->first : NULL; p; p = p->next)
        add_header(out, &lines, p->name, p->text, &has_type);
    if (!has_type)
        buf_add(&lines, SPAN("Content-Type: application/json\r\n"));
    if (lines.is_over)
        out->is_invalid = true;
    out->lines = keep(b, buf_span(&lines));
    buf_release(&lines);
}

static void compile_bodies(struct build *b, const struct json *one,
                           struct integration_response *out)
{
    const struct json *templates = json_member(one, "responseTemplates");
    struct media_body *bodies;

    if (!templates || templates->count == 0)
        return;
    bodies = need(arena_try_array(b->arena, templates->count, sizeof *bodies));
    for (const struct json *t = templates->first; t; t = t->next) {
        if (!is_literal(t->text))
            out->not_yet = TEMPLATES_NOT_YET;
        bodies[out->body_count].media = keep(b, t->name);
        bodies[out->body_count++].body = keep(b, t->text);
    }
    out->bodies = bodies;
}

static void keep_pattern(struct build *b, struct regex *pattern)
{
    struct deployment *d = b->deployment;

    if (d->pattern_count % 16 == 0)
        d->patterns = mem_resize(d->patterns, (d->pattern_count + 16) * sizeof(struct regex *));
    d->patterns[d->pattern_count++] = pattern;
}

static void compile_response(struct build *b, const struct json *method, const struct json *one,
                             struct integration_response *out)
{
    struct span pattern = json_member_text(one, "selectionPattern", SPAN(""));
    uint64_t status = 0;

    number_u64(one->name, &status);
    out->status = (int)status;
    out->is_invalid = !json_member_span(json_member(method, "methodResponses"), one->name) ||
                      status < 100 || status > 599;
    if (pattern.len > 0) {
        if (regex_new(pattern, &out->pattern, NULL) == OK)
            keep_pattern(b, out->pattern);
        else
            out->is_never = true;
    }
    if (json_member_text(one, "contentHandling", SPAN("")).len > 0)
        out->not_yet = SPAN("Not yet in Portico: contentHandling");
    compile_headers(b, one, out);
    compile_bodies(b, one, out);
}

static int compare_status(const void *a, const void *b)
{
    return ((const struct integration_response *)a)->status -
           ((const struct integration_response *)b)->status;
}

static void compile_responses(struct build *b, const struct json *method,
                              const struct json *integration, struct method *out)
{
    const struct json *responses = json_member(integration, "integrationResponses");
    struct integration_response *list;

    if (!responses || responses->count == 0)
        return;
    list = need(arena_try_array(b->arena, responses->count, sizeof *list));
    for (const struct json *one = responses->first; one; one = one->next)
        compile_response(b, method, one, &list[out->response_count++]);
    qsort(list, out->response_count, sizeof *list, compare_status);
    out->responses = list;
}

/* ---- requests ------------------------------------------------------------------------------ */

static struct outcome template_outcome(struct build *b, const struct method *method,
                                       struct span template)
{
    char selector[24];
    int64_t status;
    int len;

    if (!is_literal(template))
        return (struct outcome){.kind = OUTCOME_NOT_YET, .not_yet = TEMPLATES_NOT_YET};
    arena_reset(&b->scratch);
    if (!mock_status(&b->scratch, template, &status))
        return (struct outcome){.kind = OUTCOME_FAILURE, .failure = API_CONFIGURATION_ERROR};
    len = snprintf(selector, sizeof selector, "%lld", (long long)status);
    return method_outcome(method, span_make(selector, (size_t)len));
}

static void compile_templates(struct build *b, const struct json *integration, struct method *out)
{
    const struct json *templates = json_member(integration, "requestTemplates");
    struct request_template *list;

    if (!templates || templates->count == 0)
        return;
    list = need(arena_try_array(b->arena, templates->count, sizeof *list));
    for (const struct json *t = templates->first; t; t = t->next) {
        list[out->template_count].media = keep(b, t->name);
        list[out->template_count++].outcome = template_outcome(b, out, t->text);
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
    const struct json *parameters = json_member(one, "requestParameters");
    const struct json *timeout = json_member(one, "timeoutInMillis");
    struct vtl_pair *pairs;
    uint64_t ms = TIMEOUT_DEFAULT_MS;

    if (json_is(timeout, JSON_NUMBER))
        number_u64(timeout->text, &ms);
    out->type = integration_type_of(json_member_text(one, "type", SPAN("MOCK")));
    out->verb = keep(b, json_member_text(one, "httpMethod", SPAN("ANY")));
    out->uri = keep(b, json_member_text(one, "uri", SPAN("")));
    out->timeout = (int64_t)ms * MICROS_PER_MS;
    if ((out->type == INTEGRATION_HTTP || out->type == INTEGRATION_HTTP_PROXY) &&
        !endpoint_compile(b->arena, out->uri, &out->endpoint))
        need(NULL);
    if (!json_is(parameters, JSON_OBJECT) || parameters->count == 0)
        return;
    pairs = need(arena_try_array(b->arena, parameters->count, sizeof *pairs));
    for (const struct json *p = parameters->first; p; p = p->next) {
        pairs[out->parameter_count].name = keep(b, p->name);
        pairs[out->parameter_count++].value = keep(b, p->text);
    }
    out->parameters = pairs;
}

/* Guards that are not there yet must not be open doors. */
static struct span missing_guard(const struct json *method)
{
    struct span type = json_member_text(method, "authorizationType", SPAN("NONE"));

    if (!span_is(type, "NONE"))
        return SPAN("Not yet in Portico: authorizationType other than NONE");
    if (json_member_bool(method, "apiKeyRequired", false))
        return SPAN("Not yet in Portico: API keys");
    if (json_member_text(method, "requestValidatorId", SPAN("")).len > 0)
        return SPAN("Not yet in Portico: request validators");
    return SPAN("");
}

void method_compile(struct build *b, const struct json *resource, const struct json *one,
                    struct method *out)
{
    const struct json *integration = json_member(one, "methodIntegration");

    out->verb = keep(b, one->name);
    out->resource_id = keep(b, json_member_text(resource, "id", SPAN("")));
    out->resource_path = keep(b, json_member_text(resource, "path", SPAN("/")));
    out->not_yet = b->not_yet.len > 0 ? b->not_yet : missing_guard(one);
    compile_integration(b, integration, &out->integration);
    out->passthrough =
        passthrough_of(json_member_text(integration, "passthroughBehavior", SPAN("WHEN_NO_MATCH")));
    compile_responses(b, one, integration, out);
    compile_templates(b, integration, out);
}
