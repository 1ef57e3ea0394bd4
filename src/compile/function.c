/* The members of FunctionConfiguration that instances and invocations need.  Control has checked
 * them; what is out of bounds all the same is set to the nearest bound, so that no record can make
 * the gateway ask for the impossible. */
#include "compile/function.h"

#include <assert.h>

#include "base/clock.h"
#include "base/log.h"
#include "text/json.h"

/* Bounds and defaults of spec/lambda.md, section 3. */
#define TIMEOUT_DEFAULT_S 3
#define TIMEOUT_MAX_S 900
#define MEMORY_DEFAULT_MB 128
#define MEMORY_MAX_MB 10240
#define STORAGE_DEFAULT_MB 512
#define STORAGE_MAX_MB 10240

static struct span keep(struct function *function, struct span text)
{
    struct span copy = arena_copy(&function->part.arena, text);

    assert(copy.at != NULL && "compile: a function is over its ceiling");
    return copy;
}

static struct span keep_member(struct function *function, const struct json *body, const char *name,
                               const char *fallback)
{
    return keep(function, json_member_text(body, name, span_of(fallback)));
}

static int64_t bounded(const struct json *body, const char *name, int64_t fallback, int64_t least,
                       int64_t most)
{
    int64_t n = json_member_int(body, name, fallback);

    return n < least ? least : n > most ? most : n;
}

static struct vtl_pairs environment_of(struct function *function, const struct json *body)
{
    const struct json *variables = json_member(json_member(body, "Environment"), "Variables");
    struct vtl_pair *pairs;
    size_t n = 0;

    if (!json_is(variables, JSON_OBJECT) || variables->count == 0)
        return (struct vtl_pairs){NULL, 0};
    pairs = arena_try_array(&function->part.arena, variables->count, sizeof *pairs);
    for (const struct json *one = variables->first; pairs && one; one = one->next)
        if (json_is(one, JSON_STRING))
            pairs[n++] = (struct vtl_pair){keep(function, one->name), keep(function, one->text)};
    return (struct vtl_pairs){pairs, n};
}

static void read_limits(struct function *out, const struct json *body)
{
    out->timeout =
        bounded(body, "Timeout", TIMEOUT_DEFAULT_S, 1, TIMEOUT_MAX_S) * MICROS_PER_SECOND;
    out->memory_mb =
        (uint32_t)bounded(body, "MemorySize", MEMORY_DEFAULT_MB, MEMORY_DEFAULT_MB, MEMORY_MAX_MB);
    out->storage_mb = (uint32_t)bounded(json_member(body, "EphemeralStorage"), "Size",
                                        STORAGE_DEFAULT_MB, STORAGE_DEFAULT_MB, STORAGE_MAX_MB);
    out->reserved = bounded(body, "reservedConcurrency", -1, -1, INT32_MAX);
}

/* A policy that cannot be compiled allows nothing. */
static const struct policy *policy_of(struct function *function, const struct json *document)
{
    const struct policy *policy = NULL;
    struct problem why;

    if (json_is(document, JSON_OBJECT) &&
        policy_compile(&function->part.arena, json_copy(&function->part.arena, document),
                       POLICY_RESOURCE, &policy, &why) != OK)
        log_error("the policy of function %.*s allows nothing: %s", SPAN_ARG(function->name),
                  why.text);
    return policy;
}

struct function *function_compile(struct shelf *shelf, struct span arn,
                                  const struct feed_record *record)
{
    const struct json *body = record->body;
    struct function_arn parts;
    struct function *out;
    struct span state;

    if (!body)
        return NULL;
    if (!function_arn_read(arn, &parts)) {
        log_error("the record %.*s is no function's: it is not served", SPAN_ARG(arn));
        return NULL;
    }
    out = part_new(shelf, sizeof *out, NULL);
    out->arn = keep(out, parts.arn);
    out->account = keep(out, parts.account);
    out->region = keep(out, parts.region);
    out->name = keep(out, parts.name);
    out->version = keep_member(out, body, "Version", "$LATEST");
    out->runtime = keep_member(out, body, "Runtime", "");
    out->handler = keep_member(out, body, "Handler", "");
    out->package = keep_member(out, body, "package", "");
    out->log_format =
        keep(out, json_member_text(json_member(body, "LoggingConfig"), "LogFormat", SPAN("Text")));
    out->environment = environment_of(out, body);
    read_limits(out, body);
    state = json_member_text(body, "State", SPAN("Active"));
    out->not_ready = span_is(state, "Active") ? SPAN("") : keep(out, state);
    out->policy = policy_of(out, json_member(body, "policy"));
    out->revision = record->revision;
    part_seal(&out->part);
    return out;
}
