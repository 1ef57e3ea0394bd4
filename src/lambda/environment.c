/* Three layers: what the function may change, its own variables, what it may not change.  Nothing
 * of Portico's own environment is passed on. */
#include "lambda/environment.h"

#include "base/ascii.h"

static void set(struct arena *arena, struct json *out, const char *name, struct span value)
{
    json_set(out, name, json_text(arena, value));
}

/* "nodejs20.x" -> "node20". */
static struct span node_folder(struct arena *arena, struct span runtime)
{
    struct span rest = span_skip(runtime, SPAN("nodejs").len);

    return arena_format(arena, "node%.*s", SPAN_ARG(span_first(rest, span_find(rest, '.'))));
}

static void set_defaults(struct arena *arena, struct json *out, const struct function *function,
                         const char *endpoint)
{
    struct span folder;

    set(arena, out, "LANG", SPAN("en_US.UTF-8"));
    set(arena, out, "TZ", SPAN(":UTC"));
    set(arena, out, "PATH", SPAN("/usr/local/bin:/usr/bin/:/bin:/opt/bin"));
    set(arena, out, "LD_LIBRARY_PATH",
        SPAN("/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"));
    set(arena, out, "AWS_XRAY_CONTEXT_MISSING", SPAN("LOG_ERROR"));
    if (endpoint[0])
        set(arena, out, "AWS_ENDPOINT_URL", span_of(endpoint));
    if (span_starts(function->runtime, SPAN("nodejs"))) {
        folder = node_folder(arena, function->runtime);
        set(arena, out, "NODE_PATH",
            arena_format(arena, "/opt/nodejs/%.*s/node_modules:/opt/nodejs/node_modules",
                         SPAN_ARG(folder)));
    } else if (span_starts(function->runtime, SPAN("python"))) {
        set(arena, out, "PYTHONPATH",
            arena_format(arena, "/opt/python/lib/%.*s/site-packages:/opt/python",
                         SPAN_ARG(function->runtime)));
    }
}

/* Any key and secret do for a local Portico; a key of 12 digits is the account. */
static void set_credentials(struct arena *arena, struct json *out, const struct function *function)
{
    set(arena, out, "AWS_ACCESS_KEY_ID", function->account);
    set(arena, out, "AWS_SECRET_ACCESS_KEY", SPAN("portico"));
    set(arena, out, "AWS_SESSION_TOKEN", SPAN("portico"));
}

static void set_reserved(struct arena *arena, struct json *out, const struct function *function,
                         const char *log_stream)
{
    set(arena, out, "_HANDLER", function->handler);
    set(arena, out, "AWS_REGION", function->region);
    set(arena, out, "AWS_DEFAULT_REGION", function->region);
    if (!span_starts(function->runtime, SPAN("provided")))
        set(arena, out, "AWS_EXECUTION_ENV",
            arena_format(arena, "AWS_Lambda_%.*s", SPAN_ARG(function->runtime)));
    set(arena, out, "AWS_LAMBDA_FUNCTION_NAME", function->name);
    set(arena, out, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        arena_format(arena, "%u", function->memory_mb));
    set(arena, out, "AWS_LAMBDA_FUNCTION_VERSION", function->version);
    set(arena, out, "AWS_LAMBDA_INITIALIZATION_TYPE", SPAN("on-demand"));
    set(arena, out, "AWS_LAMBDA_LOG_FORMAT", function->log_format);
    set(arena, out, "AWS_LAMBDA_LOG_GROUP_NAME",
        arena_format(arena, "/aws/lambda/%.*s", SPAN_ARG(function->name)));
    set(arena, out, "AWS_LAMBDA_LOG_STREAM_NAME", span_of(log_stream));
    set(arena, out, "LAMBDA_TASK_ROOT", SPAN("/var/task"));
    set(arena, out, "LAMBDA_RUNTIME_DIR", SPAN("/var/runtime"));
}

struct json *environment_make(struct arena *arena, const struct function *function,
                              const char *log_stream, const char *endpoint)
{
    struct json *out = json_new(arena, JSON_OBJECT);

    if (!out)
        return NULL;
    set_defaults(arena, out, function, endpoint);
    set_credentials(arena, out, function);
    for (size_t i = 0; i < function->environment.count; i++)
        json_set_span(out, function->environment.at[i].name,
                      json_text(arena, function->environment.at[i].value));
    set_reserved(arena, out, function, log_stream);
    return arena->is_over ? NULL : out;
}
