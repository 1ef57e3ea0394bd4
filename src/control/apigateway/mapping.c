/* What compile would leave out, because it can have no value, is refused here. */
#include "control/apigateway/mapping.h"

#include "text/mapping.h"

#define VALIDATION "Validation Result: warnings : [], errors : "

static enum fault refuse(struct call *call, const char *what, struct span value)
{
    return call_refuse_as(
        call, "BadRequestException",
        arena_text(call->arena,
                   arena_format(call->arena,
                                "Invalid mapping expression specified: " VALIDATION "[%s: %.*s]",
                                what, SPAN_ARG(value))));
}

static enum fault refuse_expression(struct call *call, struct span value)
{
    return refuse(call, "Invalid mapping expression specified", value);
}

static enum fault refuse_parameter(struct call *call, struct span value)
{
    return refuse(call, "Invalid mapping expression parameter specified", value);
}

enum fault mapping_check_declared(struct call *call, const struct json *parameters)
{
    for (const struct json *one = parameters ? parameters->first : NULL; one; one = one->next) {
        struct mapping_target target, other;

        if (!mapping_parse_target(one->name, SPAN("method.request."), &target))
            return refuse_expression(call, one->name);
        for (const struct json *before = parameters->first; before != one; before = before->next)
            if (mapping_parse_target(before->name, SPAN("method.request."), &other) &&
                span_equal(other.name, target.name))
                return call_refuse_as(
                    call, "BadRequestException",
                    "Parameter names must be unique across querystring, header and path");
    }
    return OK;
}

/* The key under which the method declares what the source reads; at NULL: it needs none. */
static struct span declared_key(struct call *call, const struct mapping_expression *from)
{
    static const char *const PLACES[] = {
        [SOURCE_PATH] = "path",
        [SOURCE_QUERY] = "querystring",
        [SOURCE_QUERY_ALL] = "querystring",
        [SOURCE_HEADER] = "header",
        [SOURCE_HEADER_ALL] = "header",
    };

    if (from->source >= COUNT(PLACES) || !PLACES[from->source])
        return (struct span){NULL, 0};
    return arena_format(call->arena, "method.request.%s.%.*s", PLACES[from->source],
                        SPAN_ARG(from->name));
}

static bool is_of_answer(enum mapping_source source)
{
    return source == SOURCE_ANSWER_HEADER || source == SOURCE_ANSWER_HEADER_ALL ||
           source == SOURCE_ANSWER_BODY;
}

static enum fault check_request(struct call *call, const struct json *declared,
                                const struct json *one)
{
    struct mapping_expression from;
    struct mapping_target to;
    struct span key;

    if (!mapping_parse_target(one->name, SPAN("integration.request."), &to))
        return refuse_expression(call, one->name);
    if (!mapping_parse(one->text, &from) || is_of_answer(from.source))
        return refuse_expression(call, one->text);
    key = declared_key(call, &from);
    return !key.at || json_member_span(declared, key) ? OK : refuse_parameter(call, one->text);
}

enum fault mapping_check_request(struct call *call, struct span method,
                                 const struct json *parameters)
{
    size_t slash = span_find_last(method, '/');
    const struct json *declared;
    struct json *record;
    enum fault rc;

    if (!parameters || parameters->count == 0 || slash == method.len)
        return OK;
    rc = call_load(call, model_kind(call->match->service, SPAN("Method")),
                   span_first(method, slash), span_skip(method, slash + 1), &record);
    if (rc)
        return rc;
    declared = json_member(record, "requestParameters");
    for (const struct json *one = parameters->first; one && !rc; one = one->next)
        rc = check_request(call, declared, one);
    return rc;
}

enum fault mapping_check_response(struct call *call, const struct json *method_response,
                                  const struct json *parameters)
{
    const struct json *declared = json_member(method_response, "responseParameters");

    for (const struct json *one = parameters ? parameters->first : NULL; one; one = one->next) {
        struct mapping_expression from;
        struct mapping_target to;

        if (!mapping_parse_target(one->name, SPAN("method.response."), &to) ||
            to.place != TO_HEADER)
            return refuse_expression(call, one->name);
        if (!json_member_span(declared, one->name))
            return refuse_parameter(call, one->name);
        if (!mapping_parse(one->text, &from) ||
            !(is_of_answer(from.source) || from.source == SOURCE_LITERAL ||
              from.source == SOURCE_STAGE_VARIABLE || from.source == SOURCE_CONTEXT))
            return refuse_expression(call, one->text);
    }
    return OK;
}

enum fault mapping_check_gateway(struct call *call, const struct json *parameters)
{
    for (const struct json *one = parameters ? parameters->first : NULL; one; one = one->next) {
        struct mapping_expression from;
        struct mapping_target to;

        if (!mapping_parse_target(one->name, SPAN("gatewayresponse."), &to))
            return refuse_expression(call, one->name);
        if (!mapping_parse(one->text, &from) || is_of_answer(from.source) ||
            from.source == SOURCE_BODY)
            return refuse_expression(call, one->text);
    }
    return OK;
}

enum fault mapping_check_types(struct call *call, const struct json *templates)
{
    for (const struct json *one = templates ? templates->first : NULL; one; one = one->next) {
        size_t slash = span_find(one->name, '/');

        if (span_is(one->name, "$default") || (slash > 0 && slash + 1 < one->name.len))
            continue;
        return call_refuse_as(
            call, "BadRequestException",
            arena_text(call->arena,
                       arena_format(call->arena,
                                    VALIDATION "[Invalid content type specified: %.*s]",
                                    SPAN_ARG(one->name))));
    }
    return OK;
}
