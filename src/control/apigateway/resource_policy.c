/* The short form is written out on saving, so that a deployed document needs nobody who knows the
 * API's ARN. */
#include "control/apigateway/resource_policy.h"

#include "auth/policy.h"

#define RESOURCE_POLICY_MAX 8192

static enum fault refuse(struct call *call)
{
    return call_refuse_as(call, "BadRequestException",
                          "Invalid policy document. Please check the policy syntax and ensure that "
                          "Principals are valid.");
}

static void write_out(struct call *call, struct span api, struct json *resource)
{
    struct span prefix = SPAN("execute-api:");

    if (resource->type == JSON_STRING && span_starts(resource->text, SPAN("execute-api:/")))
        resource->text =
            arena_format(call->arena, "arn:aws:execute-api:%.*s:%.*s:%.*s%.*s",
                         SPAN_ARG(call->region), SPAN_ARG(call->account), SPAN_ARG(api),
                         SPAN_ARG(span_skip(resource->text, prefix.len)));
}

/* One, or a list of them. */
static void write_out_all(struct call *call, struct span api, struct json *resources)
{
    if (!resources)
        return;
    write_out(call, api, resources);
    if (resources->type == JSON_ARRAY)
        for (struct json *one = resources->first; one; one = one->next)
            write_out(call, api, one);
}

static void write_out_statement(struct call *call, struct span api, struct json *statement)
{
    write_out_all(call, api, json_member(statement, "Resource"));
    write_out_all(call, api, json_member(statement, "NotResource"));
}

/* The document as it is kept; at NULL when it is no JSON. */
static struct span complete(struct call *call, struct span api, struct span text)
{
    struct json *document, *statements;
    struct buf out;
    struct span kept;

    if (json_parse(call->arena, text, &document, NULL) != OK)
        return (struct span){0};
    statements = json_member(document, "Statement");
    if (json_is(statements, JSON_ARRAY))
        for (struct json *one = statements->first; one; one = one->next)
            write_out_statement(call, api, one);
    else
        write_out_statement(call, api, statements);
    buf_init(&out, POLICY_TEXT_MAX);
    json_write(&out, document);
    kept = out.is_over ? (struct span){0} : arena_copy(call->arena, buf_span(&out));
    buf_release(&out);
    return kept;
}

enum fault resource_policy_check(struct call *call, struct json *tree)
{
    struct json *policy = json_member(tree, "policy");
    const struct policy *compiled;
    struct span kept;

    if (!json_is(policy, JSON_STRING) || policy->text.len == 0)
        return OK;
    if (policy->text.len > RESOURCE_POLICY_MAX)
        return refuse(call);
    kept = complete(call, json_member_text(tree, "id", SPAN("")), policy->text);
    if (!kept.at || policy_parse(call->arena, kept, POLICY_RESOURCE, &compiled, NULL) != OK)
        return refuse(call);
    policy->text = kept;
    return OK;
}

void resource_policy_show(struct call *call, struct json *tree)
{
    struct json *policy = json_member(tree, "policy");
    struct buf out;

    if (!json_is(policy, JSON_STRING))
        return;
    buf_init(&out, 2 * POLICY_TEXT_MAX);
    json_write_text(&out, policy->text);
    if (!out.is_over)
        policy->text = arena_copy(call->arena, span_make(out.at + 1, out.len - 2));
    buf_release(&out);
}
