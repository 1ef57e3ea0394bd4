/* Members that would change how a function runs, and that Portico cannot honour yet, are refused
 * rather than stored: a template that relies on them must not seem to work. */
#include "control/lambda/settings.h"

#include "control/lambda/function.h"
#include "control/validate.h"
#include "crypto/digest.h"

#define ENVIRONMENT_MAX 4096

/* Nothing is asked for by "", 0, false, [], {} or what holds only such.  The depth is that of the
 * JSON parser. */
static bool is_empty(const struct json *value)
{
    if (!value || value->type == JSON_NULL || value->type == JSON_FALSE)
        return true;
    if (value->type == JSON_STRING)
        return value->text.len == 0;
    if (value->type != JSON_ARRAY && value->type != JSON_OBJECT)
        return false;
    for (const struct json *one = value->first; one; one = one->next)
        if (!is_empty(one))
            return false;
    return true;
}

enum fault settings_check_input(struct call *call)
{
    static const char *const LACKING[] = {
        "Publish",       "PublishTo",
        "VpcConfig",     "DeadLetterConfig",
        "Layers",        "FileSystemConfigs",
        "ImageConfig",   "CodeSigningConfigArn",
        "TenancyConfig", "CapacityProviderConfig",
        "DurableConfig",
    };
    const struct json *snap = json_member(call->input, "SnapStart");

    for (size_t i = 0; i < COUNT(LACKING); i++)
        if (!is_empty(json_member(call->input, LACKING[i])))
            return call_not_yet(call, LACKING[i]);
    if (span_is(json_member_text(call->input, "PackageType", SPAN("")), "Image"))
        return call_not_yet(call, "functions from container images");
    if (span_is(json_member_text(snap, "ApplyOn", SPAN("")), "PublishedVersions"))
        return call_not_yet(call, "SnapStart");
    return OK;
}

/* ---- runtime ------------------------------------------------------------------------------- */

static bool is_runnable(struct span runtime)
{
    return span_starts(runtime, SPAN("nodejs")) || span_starts(runtime, SPAN("python")) ||
           span_starts(runtime, SPAN("provided"));
}

static enum fault check_runtime(struct call *call, const struct json *record)
{
    struct span runtime = json_member_text(record, "Runtime", SPAN(""));
    struct words words = {record, NULL, 0};
    enum fault rc;

    if (runtime.len == 0 || json_member_text(record, "Handler", SPAN("")).len == 0)
        return call_refuse_as(call, "InvalidParameterValueException",
                              "Runtime and Handler are mandatory parameters for functions created "
                              "with deployment packages.");
    rc = validate_rules(call->arena, function_kind(call)->shape, record, &words, &call->refused);
    if (rc)
        return rc == FAULT_TYPE ? FAULT_DENIED : rc;
    if (!is_runnable(runtime))
        return call_not_yet(call,
                            arena_format(call->arena, "the runtime %.*s", SPAN_ARG(runtime)).at);
    return OK;
}

/* ---- environment --------------------------------------------------------------------------- */

/* What the runtime sets itself.  (spec/lambda.md, 4.3) */
static bool is_reserved(struct span name)
{
    static const char *const NAMES[] = {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    };

    for (size_t i = 0; i < COUNT(NAMES); i++)
        if (span_is(name, NAMES[i]))
            return true;
    return false;
}

static enum fault check_reserved(struct call *call, const struct json *variables)
{
    struct buf names;
    enum fault rc = OK;

    buf_init(&names, ENVIRONMENT_MAX);
    for (const struct json *one = variables->first; one; one = one->next) {
        if (!is_reserved(one->name))
            continue;
        buf_add_text(&names, names.len > 0 ? ", " : "");
        buf_add(&names, one->name);
    }
    if (names.len > 0)
        rc = call_refuse_format(call, "InvalidParameterValueException",
                                "Lambda was unable to configure your environment variables because "
                                "the environment variables you have provided contains reserved "
                                "keys that are currently not supported for modification. Reserved "
                                "keys used in this request: %.*s",
                                SPAN_ARG(buf_span(&names)));
    buf_release(&names);
    return rc;
}

static enum fault check_size(struct call *call, const struct json *variables)
{
    enum fault rc = OK;
    struct buf text;

    buf_init(&text, RECORD_BODY_MAX);
    json_write(&text, variables);
    if (text.is_over || text.len > ENVIRONMENT_MAX)
        rc = call_refuse_format(call, "InvalidParameterValueException",
                                "Lambda was unable to configure your environment variables because "
                                "the environment variables you have provided exceeded the 4KB "
                                "limit. String measured: %.*s",
                                SPAN_ARG(buf_span(&text)));
    buf_release(&text);
    return rc;
}

static enum fault check_environment(struct call *call, struct json *record)
{
    struct json *environment = json_member(record, "Environment");
    struct json *variables = json_member(environment, "Variables");
    enum fault rc;

    if (!environment)
        return OK;
    if (!variables)
        variables = json_set(environment, "Variables", json_new(call->arena, JSON_OBJECT));
    if (!variables)
        return FAULT_NO_MEMORY;
    rc = check_reserved(call, variables);
    return rc ? rc : check_size(call, variables);
}

/* ---- completing ---------------------------------------------------------------------------- */

static void set_default(struct call *call, struct json *object, const char *name, struct span value)
{
    if (!json_member(object, name))
        json_set(object, name, json_text(call->arena, value));
}

static void complete_logging(struct call *call, struct json *record)
{
    struct json *logging = json_member(record, "LoggingConfig");

    if (!logging)
        logging = json_set(record, "LoggingConfig", json_new(call->arena, JSON_OBJECT));
    if (!logging)
        return; /* the arena is over; the caller looks */
    set_default(call, logging, "LogFormat", SPAN("Text"));
    if (span_is(json_member_text(logging, "LogFormat", SPAN("")), "JSON")) {
        set_default(call, logging, "ApplicationLogLevel", SPAN("INFO"));
        set_default(call, logging, "SystemLogLevel", SPAN("INFO"));
    }
    set_default(call, logging, "LogGroup",
                arena_format(call->arena, "/aws/lambda/%.*s",
                             SPAN_ARG(json_member_text(record, "FunctionName", SPAN("")))));
}

/* The ARN of a runtime's build; Portico has one build of each. */
static void complete_runtime(struct call *call, struct json *record)
{
    struct json *version = json_new(call->arena, JSON_OBJECT);
    char digest[SHA256_HEX_LEN + 1];

    digest_sha256_hex(json_member_text(record, "Runtime", SPAN("")), digest);
    json_set(record, "RuntimeVersionConfig", version);
    json_set(version, "RuntimeVersionArn",
             json_text(call->arena, arena_format(call->arena, "arn:aws:lambda:%.*s::runtime:%s",
                                                 SPAN_ARG(call->region), digest)));
}

enum fault settings_complete(struct call *call, struct json *record)
{
    struct json *snap = json_member(record, "SnapStart");
    struct json *tracing = json_member(record, "TracingConfig");
    enum fault rc;

    if ((rc = check_runtime(call, record)) || (rc = check_environment(call, record)))
        return rc;
    if (snap) {
        set_default(call, snap, "ApplyOn", SPAN("None"));
        json_set(snap, "OptimizationStatus", json_text(call->arena, SPAN("Off")));
    }
    if (tracing)
        set_default(call, tracing, "Mode", SPAN("PassThrough"));
    complete_logging(call, record);
    complete_runtime(call, record);
    return call->arena->is_over ? FAULT_NO_MEMORY : OK;
}
