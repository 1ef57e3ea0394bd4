/* What is small: tags of functions, reserved concurrency, the account's limits. */
#include "control/handler.h"
#include "control/lambda/function.h"
#include "control/lambda/package.h"

#define TAGS_MAX 50
#define CONCURRENT_MAX 1000  /* of an account, at once */
#define UNRESERVED_LEAST 100 /* what functions may not reserve of it */
#define CODE_SIZE_MAX 80530636800

/* ---- tags ---------------------------------------------------------------------------------- */

static enum fault find_tagged(struct call *call, struct function_target *target,
                              struct json **record)
{
    enum fault rc = function_target(call, target);

    if (rc)
        return rc;
    if (target->qualifier.len > 0)
        return call_refuse_as(call, "InvalidParameterValueException",
                              "Tags on function aliases and versions are not supported. Please "
                              "specify a function ARN.");
    return function_load(call, target, record);
}

static enum fault tag(struct call *call)
{
    const struct json *added = json_member(call->input, "Tags");
    struct function_target target;
    struct json *record, *tags;
    enum fault rc = find_tagged(call, &target, &record);

    if (rc)
        return rc;
    tags = json_member(record, "tags");
    if (!tags)
        tags = json_set(record, "tags", json_new(call->arena, JSON_OBJECT));
    for (const struct json *one = added->first; one && tags; one = one->next)
        json_set_span(tags, one->name, json_copy(call->arena, one));
    if (!tags)
        return FAULT_NO_MEMORY;
    if (tags->count > TAGS_MAX)
        return call_refuse_as(call, "InvalidParameterValueException",
                              "Number of tags exceeds resource tag limit.");
    return function_save(call, &target, record, false);
}

static enum fault untag(struct call *call)
{
    const struct json *keys = json_member(call->input, "TagKeys");
    struct function_target target;
    struct json *record, *tags;
    enum fault rc = find_tagged(call, &target, &record);

    if (rc)
        return rc;
    tags = json_member(record, "tags");
    for (const struct json *one = tags ? keys->first : NULL; one; one = one->next)
        json_remove(tags, one->text);
    return function_save(call, &target, record, false);
}

static enum fault list_tags(struct call *call)
{
    struct function_target target;
    struct json *record, *tags;
    enum fault rc = find_tagged(call, &target, &record);

    if (rc)
        return rc;
    tags = json_member(record, "tags");
    call->output = json_new(call->arena, JSON_OBJECT);
    json_set(call->output, "Tags",
             tags ? json_copy(call->arena, tags) : json_new(call->arena, JSON_OBJECT));
    return call->arena->is_over ? FAULT_NO_MEMORY : OK;
}

/* ---- concurrency --------------------------------------------------------------------------- */

struct usage {
    int64_t count, code_size, reserved;
};

/* Of all functions but the one of that name. */
static enum fault add_up(struct call *call, struct span except, struct usage *out)
{
    struct json *all;
    enum fault rc = call_load_all(call, "Function", SPAN(""), &all);

    *out = (struct usage){0};
    for (const struct json *one = rc ? NULL : all->first; one; one = one->next) {
        if (span_equal(json_member_text(one, "FunctionName", SPAN("")), except))
            continue;
        out->count++;
        out->code_size += json_member_int(one, "CodeSize", 0);
        out->reserved += json_member_int(one, "reservedConcurrency", 0);
    }
    return rc;
}

static void show_reserved(struct call *call, const struct json *record)
{
    const struct json *reserved = json_member(record, "reservedConcurrency");

    call->output = json_new(call->arena, JSON_OBJECT);
    if (reserved)
        json_set(call->output, "ReservedConcurrentExecutions", json_copy(call->arena, reserved));
}

static enum fault put_concurrency(struct call *call)
{
    int64_t wanted = json_member_int(call->input, "ReservedConcurrentExecutions", 0);
    struct function_target target;
    struct usage others;
    struct json *record;
    enum fault rc = function_find(call, &target, &record);

    if (rc || (rc = add_up(call, target.name, &others)))
        return rc;
    if (wanted > 0 && others.reserved + wanted > CONCURRENT_MAX - UNRESERVED_LEAST)
        return call_refuse_format(call, "InvalidParameterValueException",
                                  "Specified ReservedConcurrentExecutions for function decreases "
                                  "account's UnreservedConcurrentExecution below its minimum value "
                                  "of [%d].",
                                  UNRESERVED_LEAST);
    json_set(record, "reservedConcurrency", json_number(call->arena, wanted));
    show_reserved(call, record);
    return function_save(call, &target, record, false);
}

static enum fault get_concurrency(struct call *call)
{
    struct function_target target;
    struct json *record;
    enum fault rc = function_find(call, &target, &record);

    if (!rc)
        show_reserved(call, record);
    return rc;
}

static enum fault delete_concurrency(struct call *call)
{
    struct function_target target;
    struct json *record;
    enum fault rc = function_find(call, &target, &record);

    if (rc)
        return rc;
    json_remove(record, SPAN("reservedConcurrency"));
    return function_save(call, &target, record, false);
}

/* ---- the account --------------------------------------------------------------------------- */

static enum fault account_settings(struct call *call)
{
    struct json *out = json_new(call->arena, JSON_OBJECT);
    struct json *limit = json_set(out, "AccountLimit", json_new(call->arena, JSON_OBJECT));
    struct json *used = json_set(out, "AccountUsage", json_new(call->arena, JSON_OBJECT));
    struct usage usage;
    enum fault rc = add_up(call, SPAN(""), &usage);

    if (rc)
        return rc;
    json_set(limit, "TotalCodeSize", json_number(call->arena, CODE_SIZE_MAX));
    json_set(limit, "CodeSizeUnzipped", json_number(call->arena, PACKAGE_UNZIPPED_MAX));
    json_set(limit, "CodeSizeZipped", json_number(call->arena, PACKAGE_ZIPPED_MAX));
    json_set(limit, "ConcurrentExecutions", json_number(call->arena, CONCURRENT_MAX));
    json_set(limit, "UnreservedConcurrentExecutions",
             json_number(call->arena, CONCURRENT_MAX - usage.reserved));
    json_set(used, "TotalCodeSize", json_number(call->arena, usage.code_size));
    json_set(used, "FunctionCount", json_number(call->arena, usage.count));
    call->output = out;
    return call->arena->is_over ? FAULT_NO_MEMORY : OK;
}

const struct handler LAMBDA_ACCOUNT_HANDLERS[] = {
    {.name = "lambda_tag", .run = tag},
    {.name = "lambda_untag", .run = untag},
    {.name = "lambda_list_tags", .reads_only = true, .run = list_tags},
    {.name = "lambda_put_concurrency", .run = put_concurrency},
    {.name = "lambda_get_concurrency", .reads_only = true, .run = get_concurrency},
    {.name = "lambda_delete_concurrency", .run = delete_concurrency},
    {.name = "lambda_account_settings", .reads_only = true, .run = account_settings},
    {0},
};
