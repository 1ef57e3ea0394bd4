/* Template first, then mappings, then overrides: AWS documents that an override wins. */
#include "gateway/mapping/request.h"

#include "gateway/mapping/content.h"
#include "gateway/mapping/render.h"
#include "gateway/mapping/source.h"

#define PARAMETERS_MAX 4096 /* values that mappings and overrides set for one place */

static struct span content_type(const struct exchange *x)
{
    const struct http_request *r = &x->stream->request;

    return http_header_find(r->headers, r->header_count, "Content-Type");
}

const struct request_template *request_template(const struct exchange *x)
{
    return method_template(x->method, content_type(x));
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

bool request_needs_body(const struct exchange *x)
{
    const struct request_template *template = request_template(x);
    const struct mappings *mappings = &x->method->integration.mappings;

    if (template ? template->of.code != NULL : passes_through(x->method))
        return true;
    for (size_t i = 0; i < mappings->count; i++)
        if (mappings->at[i].from.source == SOURCE_BODY)
            return true;
    return false;
}

enum verdict request_body(struct exchange *x, struct span *out)
{
    const struct request_template *template = request_template(x);
    enum content_change change = content_of_request(
        media_is_binary(x->stage->deployment, content_type(x)), x->method->integration.handling);
    struct span body;

    if (!template && !passes_through(x->method))
        return exchange_fail(x, UNSUPPORTED_MEDIA_TYPE);
    if (!content_apply(exchange_arena(x), change, x->stream->body, &body)) {
        exchange_explain(x, CONFIGURATION_ERROR "Unable to base64 decode the body.");
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    }
    if (!template) {
        *out = body;
        return GO_ON;
    }
    /* AWS transforms no bytes, not even those that would be text. */
    if (!content_is_text(change)) {
        exchange_explain(x, CONFIGURATION_ERROR
                         "Unable to transform request: the body is binary (binaryMediaTypes)");
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    }
    if (!template->of.code && !template->of.is_broken) {
        *out = template->of.text;
        return GO_ON;
    }
    if (!exchange_rendering(x) || !render_template(x, &template->of, body, &x->rendering->request))
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    *out = buf_span(&x->rendering->request);
    return GO_ON;
}

/* ---- parameters ---------------------------------------------------------------------------- */

struct list {
    struct vtl_pair *at;
    size_t count, room;
};

/* An empty value is not sent. */
static bool add(struct exchange *x, struct list *list, struct span name, struct span value)
{
    if (value.len == 0)
        return true;
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 8;
        struct vtl_pair *more =
            room > PARAMETERS_MAX ? NULL : arena_try_array(exchange_arena(x), room, sizeof *more);

        if (!more)
            return false;
        if (list->count)
            memcpy(more, list->at, list->count * sizeof *more);
        list->at = more;
        list->room = room;
    }
    list->at[list->count++] = (struct vtl_pair){name, value};
    return true;
}

static enum fault map_one(struct exchange *x, const struct mapping *mapping, struct list *list)
{
    struct texts values;
    enum fault rc = source_values(x, mapping, &values);

    for (size_t i = 0; !rc && i < values.count; i++)
        rc = add(x, list, mapping->to.name, values.at[i]) ? OK : FAULT_NO_MEMORY;
    return rc;
}

static void drop(struct list *list, struct span name, bool has_case)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++)
        if (!(has_case ? span_equal(list->at[i].name, name)
                       : span_equal_nocase(list->at[i].name, name)))
            list->at[kept++] = list->at[i];
    list->count = kept;
}

static enum fault override(struct exchange *x, const char *member, struct list *list)
{
    struct vtl_map *map = render_overrides(x, "requestOverride", member);
    enum fault rc = OK;

    for (uint32_t i = 0; map && !rc && i < map->count; i++) {
        struct span name;
        struct texts values;

        if (!vtl_print(&x->rendering->arena, map->at[i].key, &name) ||
            !render_texts(x, map->at[i].value, &values))
            return FAULT_NO_MEMORY;
        drop(list, name, !span_is(span_of(member), "header"));
        for (size_t k = 0; !rc && k < values.count; k++)
            rc = add(x, list, name, values.at[k]) ? OK : FAULT_NO_MEMORY;
    }
    return rc;
}

enum verdict request_parameters(struct exchange *x, struct request_parameters *out)
{
    static const char *const MEMBERS[] = {
        [TO_PATH] = "path", [TO_QUERY] = "querystring", [TO_HEADER] = "header"};
    const struct mappings *mappings = &x->method->integration.mappings;
    struct list lists[COUNT(MEMBERS)] = {0};
    enum fault rc = OK;

    for (size_t i = 0; !rc && i < mappings->count; i++)
        rc = map_one(x, &mappings->at[i], &lists[mappings->at[i].to.place]);
    for (size_t i = 0; !rc && i < COUNT(MEMBERS); i++)
        rc = override(x, MEMBERS[i], &lists[i]);
    if (rc == FAULT_SYNTAX)
        return exchange_fail_with(x, BAD_REQUEST_BODY, SPAN("Invalid JSON in request body"),
                                  (struct span){NULL, 0});
    if (rc)
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    *out = (struct request_parameters){
        .path = {lists[TO_PATH].at, lists[TO_PATH].count},
        .query = {lists[TO_QUERY].at, lists[TO_QUERY].count},
        .header = {lists[TO_HEADER].at, lists[TO_HEADER].count},
    };
    return GO_ON;
}
