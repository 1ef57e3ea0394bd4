/* A response that is literal was made when the deployment was compiled; the rest of this file is
 * for the others.  Mappings see the backend's answer as it came, templates after content handling.
 */
#include "gateway/reply/response.h"

#include "gateway/mapping/content.h"
#include "gateway/mapping/source.h"
#include "gateway/mapping/view.h"
#include "gateway/reply/answer.h"
#include "snapshot/reply_header.h"

#define LINES_MAX (256 * 1024)

static struct span accepted(const struct exchange *x)
{
    return http_header_find(x->stream->request.headers, x->stream->request.header_count, "Accept");
}

static enum verdict render_literal(struct exchange *x, const struct integration_response *response)
{
    const struct body_template *template = response_template(response, accepted(x));

    return exchange_reply(x, response->status, response->lines,
                          template ? template->text : (struct span){NULL, 0});
}

/* ---- body ---------------------------------------------------------------------------------- */

/* The backend's body as the client or the template gets it; a mock has none. */
static bool answer_body(struct exchange *x, const struct integration_response *response,
                        struct span *out, bool *is_text)
{
    const struct backend_answer *answer = x->answer;
    const struct deployment *d = x->stage->deployment;
    enum content_change change;

    *out = SPAN("");
    *is_text = true;
    if (!answer)
        return true;
    change = content_of_answer(
        media_is_binary(d, http_header_find(answer->headers, answer->header_count, "Content-Type")),
        d->binary_type_count > 0 && media_is_binary(d, accepted(x)), response->handling);
    *is_text = content_is_text(change);
    return content_apply(exchange_arena(x), change, answer->body, out);
}

static bool render_body(struct exchange *x, const struct integration_response *response,
                        struct span *out)
{
    const struct body_template *template = response_template(response, accepted(x));
    struct span body;
    bool is_text;

    if (!answer_body(x, response, &body, &is_text))
        return false;
    if (!template || template->text.len == 0) { /* null: passed through */
        *out = body;
        return true;
    }
    if (!is_text) {
        exchange_explain(x, CONFIGURATION_ERROR
                         "Unable to transform response: the body is binary (binaryMediaTypes)");
        return false;
    }
    if (!template->code && !template->is_broken) {
        *out = template->text;
        return true;
    }
    if (!exchange_rendering(x) || !render_template(x, template, body, &x->rendering->response))
        return false;
    *out = buf_span(&x->rendering->response);
    return true;
}

/* ---- status and headers -------------------------------------------------------------------- */

/* A whole number from 100 to 599 in $context.responseOverride.status. */
static int render_status(const struct exchange *x, const struct integration_response *response)
{
    struct vtl_map *map = render_overrides(x, "responseOverride", NULL);
    const struct vtl_value *status = map ? vtl_map_get(map, SPAN("status")) : NULL;

    if (status && status->type == VTL_INT && status->number >= 100 && status->number <= 599)
        return (int)status->number;
    return response->status;
}

static bool is_overridden(struct exchange *x, struct vtl_map *overrides, struct span name)
{
    for (uint32_t i = 0; overrides && i < overrides->count; i++) {
        struct span key;

        if (vtl_print(&x->rendering->arena, overrides->at[i].key, &key) &&
            span_equal_nocase(key, name))
            return true;
    }
    return false;
}

static bool add_mapped(struct exchange *x, const struct mapping *mapping, struct buf *lines,
                       bool *has_type)
{
    struct span value;

    if (source_text(x, mapping, &value) != OK)
        return false;
    return !value.at || reply_header_add(lines, mapping->to.name, value, has_type);
}

static bool add_overrides(struct exchange *x, struct vtl_map *overrides, struct buf *lines,
                          bool *has_type)
{
    for (uint32_t i = 0; overrides && i < overrides->count; i++) {
        struct span name;
        struct texts values;

        if (!vtl_print(&x->rendering->arena, overrides->at[i].key, &name) ||
            !render_texts(x, overrides->at[i].value, &values))
            return false;
        for (size_t k = 0; k < values.count; k++)
            if (!reply_header_add(lines, name, values.at[k], has_type))
                return false;
    }
    return true;
}

static bool write_lines(struct exchange *x, const struct integration_response *response,
                        struct buf *lines)
{
    struct vtl_map *overrides = render_overrides(x, "responseOverride", "header");
    bool has_type = false;

    for (size_t i = 0; i < response->headers.count; i++)
        if (!is_overridden(x, overrides, response->headers.at[i].to.name) &&
            !add_mapped(x, &response->headers.at[i], lines, &has_type))
            return false;
    if (!add_overrides(x, overrides, lines, &has_type))
        return false;
    if (!has_type)
        buf_add(lines, SPAN("Content-Type: application/json\r\n"));
    if (x->answer) /* mocks have none */
        buf_addf(lines, "X-Amzn-Trace-Id: %.*s\r\n", SPAN_ARG(exchange_trace(x)));
    return !lines->is_over;
}

enum verdict response_render(struct exchange *x)
{
    const struct integration_response *response = x->outcome.response;
    struct span body, kept = {NULL, 0};
    struct buf lines;

    if (response->is_literal && !x->answer && !x->rendering)
        return render_literal(x, response);
    if (!render_body(x, response, &body))
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    buf_init(&lines, LINES_MAX);
    if (write_lines(x, response, &lines))
        kept = arena_copy(exchange_arena(x), buf_span(&lines));
    buf_release(&lines);
    if (!kept.at) {
        exchange_explain(x, CONFIGURATION_ERROR
                         "Unable to transform response: a header has no value that can be sent");
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    }
    return exchange_reply(x, render_status(x, response), kept, body);
}
