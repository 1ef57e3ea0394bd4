/* Which function a call means.  Another region is told as AWS does; another account too, and
 * since AWS's words do not help somebody who has mistyped a number, the log says which is meant. */
#include "control/lambda/function.h"

#include "base/log.h"

const struct model_kind *function_kind(struct call *call)
{
    return model_kind(call->match->service, SPAN("Function"));
}

static struct span arn_of(struct call *call, struct span name)
{
    return arena_format(call->arena, "arn:aws:lambda:%.*s:%.*s:function:%.*s",
                        SPAN_ARG(call->region), SPAN_ARG(call->account), SPAN_ARG(name));
}

static enum fault refuse_account(struct call *call, struct span arn)
{
    struct span name = call->match->operation->name;

    log_warn("a function of another account was asked for: %.*s, but this call's account is "
             "%.*s; an access key of twelve digits chooses the account",
             SPAN_ARG(arn), SPAN_ARG(call->account));
    return call_refuse_format(
        call, "AccessDeniedException",
        "User: arn:aws:iam::%.*s:root is not authorized to perform: lambda:%.*s on "
        "resource: %.*s because no resource-based policy allows the lambda:%.*s "
        "action",
        SPAN_ARG(call->account), SPAN_ARG(name), SPAN_ARG(arn), SPAN_ARG(name));
}

static enum fault check_place(struct call *call, const struct function_name *name, struct span text)
{
    if (name->region.len > 0 && !span_equal(name->region, call->region))
        return call_refuse_format(call, "ResourceNotFoundException",
                                  "Functions from '%.*s' are not reachable in this "
                                  "region ('%.*s')",
                                  SPAN_ARG(name->region), SPAN_ARG(call->region));
    if (name->account.len > 0 && !span_equal(name->account, call->account))
        return refuse_account(call, text);
    if (name->name.len > FUNCTION_NAME_MAX)
        return call_refuse_format(call, "InvalidParameterValueException",
                                  "1 validation error detected: Value '%.*s' at "
                                  "'functionName' failed to satisfy constraint: Member "
                                  "must have length less than or equal to 64",
                                  SPAN_ARG(name->name));
    return OK;
}

enum fault function_target(struct call *call, struct function_target *out)
{
    struct span text = json_member_text(call->input, "FunctionName",
                                        json_member_text(call->input, "Resource", SPAN("")));
    struct span asked = json_member_text(call->input, "Qualifier", SPAN(""));
    struct function_name name;
    enum fault rc;

    if (!function_name_parse(text, &name))
        return call_refuse_as(call, "InvalidParameterValueException",
                              "The name of the function is not valid");
    if ((rc = check_place(call, &name, text)) != OK)
        return rc;
    if (asked.len > 0 && name.qualifier.len > 0 && !span_equal(asked, name.qualifier))
        return call_refuse_as(call, "InvalidParameterValueException",
                              "The derived qualifier from the function name does not match the "
                              "specified qualifier.");
    *out = (struct function_target){name.name, arn_of(call, name.name),
                                    asked.len > 0 ? asked : name.qualifier};
    return call->arena->is_over ? FAULT_NO_MEMORY : OK;
}

struct span function_target_arn(struct call *call, const struct function_target *target)
{
    if (target->qualifier.len == 0)
        return target->arn;
    return arena_format(call->arena, "%.*s:%.*s", SPAN_ARG(target->arn),
                        SPAN_ARG(target->qualifier));
}

enum fault function_load(struct call *call, const struct function_target *target, struct json **out)
{
    const struct model_kind *kind = function_kind(call);
    bool is_latest = target->qualifier.len == 0 || span_is(target->qualifier, "$LATEST");
    enum fault rc =
        is_latest ? call_load(call, kind, SPAN(""), target->name, out) : FAULT_NOT_FOUND;

    if (rc == FAULT_NOT_FOUND)
        return call_refuse_answer(call, &kind->missing, function_target_arn(call, target));
    return rc;
}

enum fault function_find(struct call *call, struct function_target *target, struct json **out)
{
    enum fault rc = function_target(call, target);

    return rc ? rc : function_load(call, target, out);
}

enum fault function_save(struct call *call, const struct function_target *target,
                         struct json *record, bool is_new)
{
    const struct model_kind *kind = function_kind(call);
    enum fault rc = call_save(call, kind, SPAN(""), target->name, record, is_new);

    call->needs_feed = true;
    return rc == FAULT_EXISTS ? call_refuse_answer(call, &kind->exists, target->name) : rc;
}

struct json *function_revision(struct call *call)
{
    char *text = arena_alloc(call->arena, UUID_TEXT_LEN + 1);

    random_uuid(&call->random, text);
    return json_text(call->arena, span_make(text, UUID_TEXT_LEN));
}

void function_touch(struct call *call, struct json *record)
{
    char now[CLOCK_TEXT_MAX];
    size_t len = clock_iso(clock_wall(call->control->clock), now);
    struct span date = {now, len ? len - 1 : 0}; /* AWS writes the offset, not Z */

    json_set(record, "LastModified",
             json_text(call->arena, arena_format(call->arena, "%.*s+0000", SPAN_ARG(date))));
    json_set(record, "RevisionId", function_revision(call));
}

enum fault function_check_revision(struct call *call, struct span current, const char *api)
{
    struct span given = json_member_text(call->input, "RevisionId", SPAN(""));

    if (given.len == 0 || span_equal(given, current))
        return OK;
    return call_refuse_format(call, "PreconditionFailedException",
                              "The Revision Id provided does not match the latest "
                              "Revision Id. Call the %s API to retrieve the latest "
                              "Revision Id",
                              api);
}

const struct kind_hooks FUNCTION_HOOKS = {.kind = "Function", .blob = "package"};
