/* Who may invoke a function: AddPermission, RemovePermission, GetPolicy.  The gateway reads the
 * policy from the function's record, so a permission counts as soon as its call is answered. */
#include "control/handler.h"
#include "control/lambda/function.h"
#include "control/lambda/statement.h"

#define POLICY_MAX 20480

static struct span write_text(struct call *call, const struct json *tree)
{
    struct span text = {NULL, 0};
    struct buf out;

    buf_init(&out, RECORD_BODY_MAX);
    if (json_write(&out, tree))
        text = arena_copy(call->arena, buf_span(&out));
    buf_release(&out);
    return text;
}

static struct span revision_of(const struct json *record)
{
    return json_member_text(record, "policyRevision",
                            json_member_text(record, "RevisionId", SPAN("")));
}

static struct json *find_statement(const struct json *statements, struct span sid)
{
    for (struct json *one = statements ? statements->first : NULL; one; one = one->next)
        if (span_equal(json_member_text(one, "Sid", SPAN("")), sid))
            return one;
    return NULL;
}

/* ---- add ----------------------------------------------------------------------------------- */

static struct json *need_policy(struct call *call, struct json *record)
{
    struct json *policy = json_member(record, "policy");

    if (policy)
        return policy;
    policy = json_new(call->arena, JSON_OBJECT);
    json_set(policy, "Version", json_text(call->arena, SPAN("2012-10-17")));
    json_set(policy, "Id", json_text(call->arena, SPAN("default")));
    json_set(policy, "Statement", json_new(call->arena, JSON_ARRAY));
    json_set(record, "policy", policy);
    return policy;
}

static enum fault add_statement(struct call *call, const struct function_target *target,
                                struct json *record, struct json *statement)
{
    struct json *policy = need_policy(call, record);
    struct json *list = json_member(policy, "Statement");
    struct span text = write_text(call, statement), whole;

    if (!list || !text.at)
        return FAULT_NO_MEMORY;
    json_append(list, statement);
    whole = write_text(call, policy);
    if (whole.len > POLICY_MAX)
        return call_refuse_format(call, "PolicyLengthExceededException",
                                  "The final policy size (%zu) is bigger than the limit (%d).",
                                  whole.len, POLICY_MAX);
    json_set(record, "policyRevision", function_revision(call));
    call->output = json_new(call->arena, JSON_OBJECT);
    json_set(call->output, "Statement", json_text(call->arena, text));
    return function_save(call, target, record, false);
}

static enum fault add_permission(struct call *call)
{
    struct span sid = json_member_text(call->input, "StatementId", SPAN(""));
    struct json *record, *statement;
    struct function_target target;
    enum fault rc = function_target(call, &target);

    if (rc)
        return rc;
    if (span_is(target.qualifier, "$LATEST"))
        return call_refuse_as(call, "InvalidParameterValueException",
                              "We currently do not support adding policies for $LATEST.");
    if ((rc = function_load(call, &target, &record)) ||
        (rc = function_check_revision(call, revision_of(record), "GetPolicy")))
        return rc;
    statement = statement_make(call->arena, call->input, target.arn);
    if (!statement)
        return call_refuse_as(call, "InvalidParameterValueException",
                              "The provided principal was invalid. Please check the principal and "
                              "try again.");
    if (find_statement(json_member(json_member(record, "policy"), "Statement"), sid))
        return call_refuse_format(call, "ResourceConflictException",
                                  "The statement id (%.*s) provided already exists. Please provide "
                                  "a new statement id, or remove the existing statement.",
                                  SPAN_ARG(sid));
    return add_statement(call, &target, record, statement);
}

/* ---- remove -------------------------------------------------------------------------------- */

static struct json *without(struct call *call, const struct json *statements, struct span sid)
{
    struct json *rest = json_new(call->arena, JSON_ARRAY);

    for (const struct json *one = statements->first; one; one = one->next)
        if (!span_equal(json_member_text(one, "Sid", SPAN("")), sid))
            json_append(rest, json_copy(call->arena, one));
    return rest;
}

static enum fault remove_permission(struct call *call)
{
    struct span sid = json_member_text(call->input, "StatementId", SPAN(""));
    struct json *record, *policy, *rest;
    struct function_target target;
    enum fault rc = function_target(call, &target);

    if (rc)
        return rc;
    rc = function_load(call, &target, &record);
    if (rc == FAULT_DENIED)
        return call_refuse_format(call, "ResourceNotFoundException", "No policy found for: %.*s",
                                  SPAN_ARG(function_target_arn(call, &target)));
    if (rc)
        return rc;
    policy = json_member(record, "policy");
    if (!policy)
        return call_refuse_as(call, "ResourceNotFoundException",
                              "No policy is associated with the given resource.");
    if (!find_statement(json_member(policy, "Statement"), sid))
        return call_refuse_format(call, "ResourceNotFoundException",
                                  "Statement %.*s is not found in resource policy.", SPAN_ARG(sid));
    if ((rc = function_check_revision(call, revision_of(record), "GetPolicy")))
        return rc;
    rest = without(call, json_member(policy, "Statement"), sid);
    if (!rest)
        return FAULT_NO_MEMORY;
    json_set(policy, "Statement", rest);
    json_set(record, "policyRevision", function_revision(call));
    if (rest->count == 0) {
        json_remove(record, SPAN("policy"));
        json_remove(record, SPAN("policyRevision"));
    }
    return function_save(call, &target, record, false);
}

/* ---- get ----------------------------------------------------------------------------------- */

static enum fault get_policy(struct call *call)
{
    struct json *record, *policy;
    struct function_target target;
    enum fault rc = function_find(call, &target, &record);

    if (rc)
        return rc;
    policy = json_member(record, "policy");
    if (!policy)
        return call_refuse_as(call, "ResourceNotFoundException",
                              "The resource you requested does not exist.");
    call->output = json_new(call->arena, JSON_OBJECT);
    json_set(call->output, "Policy", json_text(call->arena, write_text(call, policy)));
    json_set(call->output, "RevisionId", json_text(call->arena, revision_of(record)));
    return call->arena->is_over ? FAULT_NO_MEMORY : OK;
}

const struct handler LAMBDA_PERMISSION_HANDLERS[] = {
    {.name = "lambda_add_permission", .run = add_permission},
    {.name = "lambda_remove_permission", .run = remove_permission},
    {.name = "lambda_get_policy", .reads_only = true, .run = get_policy},
    {0},
};
