/* Integration responses.  One that is literal is written here, once: a worker only copies it. */
#include <stdlib.h>

#include "base/number.h"
#include "compile/build.h"
#include "snapshot/reply_header.h"

#define LINES_MAX (256 * 1024)

static const struct json NONE_DECLARED = {.type = JSON_OBJECT};

/* A header that the method response does not declare is dropped (section 11). */
static void compile_headers(struct build *b, const struct json *method_response,
                            const struct json *one, struct integration_response *out)
{
    const struct json *declared = json_member(method_response, "responseParameters");

    out->headers = build_mappings(b, json_member(one, "responseParameters"),
                                  SPAN("method.response."), declared ? declared : &NONE_DECLARED);
    for (size_t i = 0; i < out->headers.count; i++)
        out->is_literal = out->is_literal && out->headers.at[i].from.source == SOURCE_LITERAL;
}

static void compile_bodies(struct build *b, const struct json *one,
                           struct integration_response *out)
{
    const struct json *templates = json_member(one, "responseTemplates");
    struct body_template *bodies;

    if (!json_is(templates, JSON_OBJECT) || templates->count == 0)
        return;
    bodies = build_array(b, templates->count, sizeof *bodies);
    for (const struct json *t = templates->first; t; t = t->next) {
        struct body_template *body = &bodies[out->body_count++];

        *body = build_template(b, t);
        out->is_literal = out->is_literal && !body->code && !body->is_broken;
    }
    out->bodies = bodies;
}

static void write_lines(struct build *b, struct integration_response *out)
{
    bool has_type = false;
    struct buf lines;

    buf_init(&lines, LINES_MAX);
    for (size_t i = 0; i < out->headers.count; i++)
        if (!reply_header_add(&lines, out->headers.at[i].to.name, out->headers.at[i].from.name,
                              &has_type))
            out->is_invalid = true;
    if (!has_type)
        buf_add(&lines, SPAN("Content-Type: application/json\r\n"));
    if (lines.is_over)
        out->is_invalid = true;
    out->lines = build_keep(b, buf_span(&lines));
    buf_release(&lines);
}

static void compile_response(struct build *b, const struct json *method, const struct json *one,
                             struct integration_response *out)
{
    const struct json *method_response =
        json_member_span(json_member(method, "methodResponses"), one->name);
    struct span pattern = json_member_text(one, "selectionPattern", SPAN(""));
    uint64_t status = 0;

    number_u64(one->name, &status);
    out->status = (int)status;
    out->is_invalid = !method_response || status < 100 || status > 599;
    out->is_literal = true;
    if (pattern.len > 0) {
        out->pattern = build_pattern(b, pattern);
        out->is_never = !out->pattern;
    }
    out->handling = build_handling(one);
    compile_headers(b, method_response, one, out);
    compile_bodies(b, one, out);
    if (out->is_literal)
        write_lines(b, out);
}

static int compare_status(const void *a, const void *b)
{
    return ((const struct integration_response *)a)->status -
           ((const struct integration_response *)b)->status;
}

void build_responses(struct build *b, const struct json *method, const struct json *integration,
                     struct method *out)
{
    const struct json *responses = json_member(integration, "integrationResponses");
    struct integration_response *list;

    if (!responses || responses->count == 0)
        return;
    list = build_array(b, responses->count, sizeof *list);
    for (const struct json *one = responses->first; one; one = one->next)
        compile_response(b, method, one, &list[out->response_count++]);
    qsort(list, out->response_count, sizeof *list, compare_status);
    out->responses = list;
}
