/* CreateFunction, UpdateFunctionCode, UpdateFunctionConfiguration, DeleteFunction.
 *
 * AWS answers a create with Pending and an update with InProgress, and gives the function another
 * RevisionId when that ends.  Here it has ended before the answer goes out, so the answer alone
 * says so: who reads the function afterwards finds it Active.  (spec/lambda.md, 3.1) */
#include "control/handler.h"
#include "control/lambda/function.h"
#include "control/lambda/package.h"
#include "control/lambda/settings.h"

/* Whether the record is there, in a transaction of its own: a package is not written for a call
 * that must fail. */
static enum fault look(struct call *call, const struct function_target *target, bool must_be_there)
{
    struct json *record;
    enum fault rc = store_begin(call->control->store, STORE_READ, &call->tx, NULL);

    if (rc)
        return rc;
    rc = function_load(call, target, &record);
    store_abort(call->tx);
    call->tx = NULL;
    if (must_be_there || (rc != OK && rc != FAULT_DENIED))
        return rc;
    return rc == OK ? call_refuse_answer(call, &function_kind(call)->exists, target->name) : OK;
}

/* What the answer says that the record does not. */
static struct json *show_changing(struct call *call, const struct json *record, bool is_new)
{
    static const char REASON[] = "The function is being created.";
    struct json *shown = json_copy(call->arena, record);

    if (!shown)
        return NULL;
    if (is_new) {
        json_remove(shown, SPAN("LastUpdateStatus"));
        json_set(shown, "State", json_text(call->arena, SPAN("Pending")));
        json_set(shown, "StateReason", json_text(call->arena, span_of(REASON)));
        json_set(shown, "StateReasonCode", json_text(call->arena, SPAN("Creating")));
    } else {
        json_set(shown, "LastUpdateStatus", json_text(call->arena, SPAN("InProgress")));
        json_set(shown, "LastUpdateStatusReason", json_text(call->arena, span_of(REASON)));
        json_set(shown, "LastUpdateStatusReasonCode", json_text(call->arena, SPAN("Creating")));
    }
    json_set(shown, "RevisionId", function_revision(call));
    return shown;
}

static void set_package(struct call *call, struct json *record, const struct package *package)
{
    json_set(record, "package", json_text(call->arena, package->blob));
    json_set(record, "CodeSha256", json_text(call->arena, package->sha256));
    json_set(record, "CodeSize", json_number(call->arena, (int64_t)package->size));
}

/* Takes over the input's members that a FunctionConfiguration has. */
static void take_settings(struct call *call, struct json *record)
{
    const struct model_shape *shape = function_kind(call)->shape;

    for (const struct json *one = call->input->first; one; one = one->next)
        if (model_member(shape, one->name) && !span_is(one->name, "FunctionName") &&
            !span_is(one->name, "RevisionId") && one->type != JSON_NULL)
            json_set_span(record, one->name, json_copy(call->arena, one));
}

/* ---- create -------------------------------------------------------------------------------- */

struct creation {
    struct function_target target;
    struct json *record;
};

static enum fault make_record(struct call *call, struct creation *c)
{
    struct json *tags = json_member(call->input, "Tags");

    c->record = json_new(call->arena, JSON_OBJECT);
    json_set(c->record, "FunctionName", json_text(call->arena, c->target.name));
    json_set(c->record, "FunctionArn", json_text(call->arena, c->target.arn));
    take_settings(call, c->record);
    if (!decode_fallbacks(call->arena, function_kind(call)->shape, c->record, NULL))
        return FAULT_NO_MEMORY;
    if (tags && tags->count > 0)
        json_set(c->record, "tags", json_copy(call->arena, tags));
    json_set(c->record, "State", json_text(call->arena, SPAN("Active")));
    json_set(c->record, "LastUpdateStatus", json_text(call->arena, SPAN("Successful")));
    return settings_complete(call, c->record);
}

static enum fault prepare_create(struct call *call)
{
    struct creation *c = arena_new(call->arena, struct creation);
    struct package package;
    enum fault rc;

    if ((rc = function_target(call, &c->target)) || (rc = settings_check_input(call)) ||
        (rc = make_record(call, c)))
        return rc;
    c->target.qualifier = SPAN(""); /* a name with ":$LATEST" is the name */
    if ((rc = look(call, &c->target, false)) ||
        (rc = package_take(call, json_member(call->input, "Code"), &package)))
        return rc;
    set_package(call, c->record, &package);
    function_touch(call, c->record);
    call->prepared = c;
    return OK;
}

static enum fault create(struct call *call)
{
    struct creation *c = call->prepared;
    enum fault rc = function_save(call, &c->target, c->record, true);

    call->output = show_changing(call, c->record, true);
    return rc;
}

/* ---- update -------------------------------------------------------------------------------- */

static enum fault update(struct call *call, const struct function_target *target,
                         struct json *record)
{
    enum fault rc;

    function_touch(call, record);
    rc = function_save(call, target, record, false);
    call->output = show_changing(call, record, false);
    return rc;
}

static enum fault prepare_code(struct call *call)
{
    struct package *package = arena_new(call->arena, struct package);
    struct function_target target;
    enum fault rc;

    if ((rc = function_target(call, &target)) || (rc = settings_check_input(call)) ||
        (rc = look(call, &target, true)) || (rc = package_take(call, call->input, package)))
        return rc;
    call->prepared = package;
    return OK;
}

static enum fault update_code(struct call *call)
{
    const struct json *architectures = json_member(call->input, "Architectures");
    struct function_target target;
    struct json *record;
    enum fault rc;

    if ((rc = function_find(call, &target, &record)) ||
        (rc = function_check_revision(call, json_member_text(record, "RevisionId", SPAN("")),
                                      "GetFunction/GetAlias")))
        return rc;
    set_package(call, record, call->prepared);
    if (architectures)
        json_set(record, "Architectures", json_copy(call->arena, architectures));
    if (!json_member_bool(call->input, "DryRun", false))
        return update(call, &target, record);
    call->output = record;
    return OK;
}

static enum fault update_configuration(struct call *call)
{
    struct function_target target;
    struct json *record;
    enum fault rc;

    if ((rc = settings_check_input(call)) || (rc = function_find(call, &target, &record)) ||
        (rc = function_check_revision(call, json_member_text(record, "RevisionId", SPAN("")),
                                      "GetFunction/GetAlias")))
        return rc;
    take_settings(call, record);
    rc = settings_complete(call, record);
    return rc ? rc : update(call, &target, record);
}

/* ---- delete -------------------------------------------------------------------------------- */

static enum fault remove_function(struct call *call)
{
    struct function_target target;
    struct json *record;
    enum fault rc = function_find(call, &target, &record);

    if (rc)
        return rc;
    if (target.qualifier.len > 0)
        return call_refuse_as(call, "InvalidParameterValueException",
                              "$LATEST version cannot be deleted without deleting the function.");
    call->needs_feed = true;
    return call_delete(call, function_kind(call), SPAN(""), target.name);
}

const struct handler LAMBDA_WRITE_HANDLERS[] = {
    {.name = "lambda_create_function", .prepare = prepare_create, .run = create},
    {.name = "lambda_update_code", .prepare = prepare_code, .run = update_code},
    {.name = "lambda_update_configuration", .run = update_configuration},
    {.name = "lambda_delete_function", .run = remove_function},
    {0},
};
