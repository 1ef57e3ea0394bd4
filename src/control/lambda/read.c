/* What is told about functions: one, its configuration, all of them, their versions. */
#include "control/handler.h"
#include "control/lambda/function.h"
#include "control/lambda/package.h"

#define PAGE_MAX 50 /* AWS gives no more, whatever MaxItems says */

/* The ARN shows the qualifier that was asked by. */
static void show_qualifier(struct call *call, const struct function_target *target,
                           struct json *record)
{
    json_set(record, "FunctionArn", json_text(call->arena, function_target_arn(call, target)));
}

static enum fault get_configuration(struct call *call)
{
    struct function_target target;
    enum fault rc = function_find(call, &target, &call->output);

    if (!rc)
        show_qualifier(call, &target, call->output);
    return rc;
}

static enum fault get_function(struct call *call)
{
    struct json *out = json_new(call->arena, JSON_OBJECT);
    struct json *code = json_new(call->arena, JSON_OBJECT), *record, *reserved, *tags;
    struct function_target target;
    enum fault rc = function_find(call, &target, &record);

    if (rc)
        return rc;
    show_qualifier(call, &target, record);
    json_set(code, "RepositoryType", json_text(call->arena, SPAN("S3")));
    json_set(
        code, "Location",
        json_text(call->arena, package_link(call, json_member_text(record, "package", SPAN("")))));
    json_set(out, "Code", code);
    tags = json_member(record, "tags");
    if (tags)
        json_set(out, "Tags", json_copy(call->arena, tags));
    reserved = json_member(record, "reservedConcurrency");
    if (reserved)
        json_set(json_set(out, "Concurrency", json_new(call->arena, JSON_OBJECT)),
                 "ReservedConcurrentExecutions", json_copy(call->arena, reserved));
    json_set(out, "Configuration", record);
    call->output = out;
    return call->arena->is_over ? FAULT_NO_MEMORY : OK;
}

/* ---- lists --------------------------------------------------------------------------------- */

/* Lists do not tell how a function is. */
static void hide_state(struct json *record)
{
    static const struct span HIDDEN[] = {
        SPAN_INIT("State"),
        SPAN_INIT("LastUpdateStatus"),
        SPAN_INIT("RuntimeVersionConfig"),
    };

    for (size_t i = 0; i < COUNT(HIDDEN); i++)
        json_remove(record, HIDDEN[i]);
}

static void show_version(struct call *call, struct json *record)
{
    struct span arn = json_member_text(record, "FunctionArn", SPAN(""));

    json_set(record, "FunctionArn",
             json_text(call->arena, arena_format(call->arena, "%.*s:$LATEST", SPAN_ARG(arn))));
}

static enum fault list_functions(struct call *call)
{
    struct record_key key = {call->account, call->region, SPAN("Function"), SPAN(""), SPAN("")};
    bool all = json_member(call->input, "FunctionVersion") != NULL;
    int64_t limit = json_member_int(call->input, "MaxItems", PAGE_MAX);
    struct json *items = json_new(call->arena, JSON_ARRAY), *record;
    struct record_list page = {0};
    enum fault rc = OK;

    /* MasterRegion asks for copies of functions at the edge, of which there are none. */
    if (!json_member(call->input, "MasterRegion"))
        rc = store_list(call->tx, &key, json_member_text(call->input, "Marker", SPAN("")),
                        limit < PAGE_MAX ? (unsigned)limit : PAGE_MAX, call->arena, &page, NULL);
    if (rc == FAULT_SYNTAX)
        return call_refuse_as(call, "InvalidParameterValueException", "Invalid Marker");
    for (struct record *r = rc ? NULL : page.first; r && !rc; r = r->next) {
        rc = json_parse(call->arena, r->body, &record, NULL) == OK ? OK : FAULT_IO;
        if (rc)
            break;
        hide_state(record);
        if (all)
            show_version(call, record);
        json_append(items, record);
    }
    if (rc)
        return rc;
    call->output = json_new(call->arena, JSON_OBJECT);
    json_set(call->output, "Functions", items);
    if (page.next_position.len > 0)
        json_set(call->output, "NextMarker", json_text(call->arena, page.next_position));
    return call->arena->is_over ? FAULT_NO_MEMORY : OK;
}

/* There is only the latest. */
static enum fault list_versions(struct call *call)
{
    struct json *items = json_new(call->arena, JSON_ARRAY), *record;
    struct function_target target;
    enum fault rc = function_find(call, &target, &record);

    if (rc)
        return rc;
    hide_state(record);
    show_version(call, record);
    json_append(items, record);
    call->output = json_new(call->arena, JSON_OBJECT);
    json_set(call->output, "Versions", items);
    return call->arena->is_over ? FAULT_NO_MEMORY : OK;
}

/* Terraform reads it after each create. */
static enum fault get_code_signing(struct call *call)
{
    struct json *out = json_new(call->arena, JSON_OBJECT), *record;
    struct function_target target;
    enum fault rc = function_find(call, &target, &record);

    json_set(out, "CodeSigningConfigArn", json_text(call->arena, SPAN("")));
    if (!rc)
        json_set(out, "FunctionName", json_text(call->arena, target.name));
    call->output = out;
    return rc;
}

const struct handler LAMBDA_READ_HANDLERS[] = {
    {.name = "lambda_get_function", .reads_only = true, .run = get_function},
    {.name = "lambda_get_configuration", .reads_only = true, .run = get_configuration},
    {.name = "lambda_list_functions", .reads_only = true, .run = list_functions},
    {.name = "lambda_list_versions", .reads_only = true, .run = list_versions},
    {.name = "lambda_get_code_signing", .reads_only = true, .run = get_code_signing},
    {0},
};
