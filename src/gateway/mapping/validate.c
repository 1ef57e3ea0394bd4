/* Parameters before the body is read, the body after.  An empty body is checked as {}. */
#include "gateway/mapping/validate.h"

#include "gateway/mapping/render.h"
#include "gateway/mapping/view.h"

#define WORDS_MAX (16 * 1024)

/* Header names are compared without case, as HTTP has it. */
static bool has_header(struct vtl_pairs headers, struct span name)
{
    for (size_t i = 0; i < headers.count; i++)
        if (span_equal_nocase(headers.at[i].name, name) && span_trim(headers.at[i].value).len > 0)
            return true;
    return false;
}

static bool is_there(const struct view *view, const struct mapping_expression *parameter)
{
    if (parameter->source == SOURCE_HEADER)
        return has_header(view->headers, parameter->name);
    return span_trim(pairs_last(parameter->source == SOURCE_PATH ? view->path : view->query,
                                parameter->name))
               .len > 0;
}

enum verdict validate_parameters(struct exchange *x)
{
    const struct view *view = x->method->required_count ? exchange_view(x) : NULL;
    struct buf words;
    struct span message;
    size_t missing = 0;

    if (x->method->required_count == 0)
        return GO_ON;
    if (!view)
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    buf_init(&words, WORDS_MAX);
    buf_add(&words, SPAN("Missing required request parameters: ["));
    for (size_t i = 0; i < x->method->required_count; i++)
        if (!is_there(view, &x->method->required[i])) {
            buf_add(&words, missing++ ? SPAN(", ") : SPAN(""));
            buf_add(&words, x->method->required[i].name);
        }
    buf_add_char(&words, ']');
    message = arena_copy(exchange_arena(x), buf_span(&words));
    buf_release(&words);
    return missing ? exchange_fail_with(x, BAD_REQUEST_PARAMETERS, message, (struct span){NULL, 0})
                   : GO_ON;
}

static const struct body_model *model_of(const struct exchange *x)
{
    const struct http_request *r = &x->stream->request;

    return x->method->model_count == 0
               ? NULL
               : method_model(x->method,
                              http_header_find(r->headers, r->header_count, "Content-Type"));
}

bool validate_needs_body(const struct exchange *x)
{
    return model_of(x) != NULL;
}

static enum verdict refuse(struct exchange *x, struct span words)
{
    return exchange_fail_with(x, BAD_REQUEST_BODY,
                              gateway_response_default(BAD_REQUEST_BODY)->message, words);
}

enum verdict validate_body(struct exchange *x)
{
    const struct body_model *model = model_of(x);
    struct span body = x->stream->body, found;
    struct rendering *rendering;
    enum jsonschema_result result;
    struct json *tree;
    struct buf words;

    if (!model)
        return GO_ON;
    rendering = exchange_rendering(x);
    if (!rendering)
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    if (!model->schema ||
        json_parse(&rendering->arena, body.len ? body : SPAN("{}"), &tree, NULL) != OK)
        return refuse(x, (struct span){NULL, 0});
    buf_init(&words, WORDS_MAX);
    result = jsonschema_run(model->schema, &rendering->arena, tree, 0, &words);
    found = arena_copy(exchange_arena(x), buf_span(&words));
    buf_release(&words);
    return result == JSONSCHEMA_VALID ? GO_ON : refuse(x, found);
}
