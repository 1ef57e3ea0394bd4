/* From the tree of a document to a program.
 *
 * Two callers: somebody saves a policy, then policy_check.c has found all rules kept before; or it
 * comes from Portico's own records or from a function, then only its shape counts.  What is not
 * understood marks its statement as broken, which then denies if it can but never allows. */
#include "auth/policy_program.h"

#include "base/ascii.h"

#define NO_MEMORY "no memory for a policy"

const struct json *policy_list_first(const struct json *value, size_t *count)
{
    bool is_list = json_is(value, JSON_ARRAY);

    *count = is_list ? value->count : value != NULL;
    return is_list ? value->first : value;
}

static bool all_are_texts(const struct json *one, size_t count)
{
    for (; count > 0; count--, one = one->next)
        if (one->type != JSON_STRING)
            return false;
    return true;
}

/* The member `name`, or else `not_name`, as a list of texts.  FAULT_TYPE when it is none. */
static enum fault find_list(const struct json *tree, const char *name, const char *not_name,
                            bool *is_not, const struct json **first, size_t *count)
{
    const struct json *value = json_member(tree, name);

    *is_not = !value;
    if (!value)
        value = json_member(tree, not_name);
    *first = policy_list_first(value, count);
    return *count > 0 && all_are_texts(*first, *count) ? OK : FAULT_TYPE;
}

static enum fault compile_actions(struct arena *arena, const struct json *tree,
                                  struct statement *out)
{
    const struct json *one;
    struct pattern *actions;
    enum fault rc =
        find_list(tree, "Action", "NotAction", &out->not_action, &one, &out->action_count);

    if (rc != OK)
        return rc;
    actions = arena_try_array(arena, out->action_count, sizeof *actions);
    if (!actions)
        return FAULT_NO_MEMORY;
    for (size_t i = 0; i < out->action_count; i++, one = one->next)
        if (!pattern_compile(arena, one->text, PATTERN_WILD | PATTERN_FOLD, &actions[i]))
            return FAULT_NO_MEMORY;
    out->actions = actions;
    return OK;
}

static enum fault compile_resources(struct arena *arena, const struct json *tree,
                                    const struct policy *policy, struct statement *out)
{
    unsigned style = PATTERN_WILD | (policy->has_variables ? PATTERN_VARIABLES : 0u);
    bool pads_plain = policy->kind != POLICY_RESOURCE;
    struct arn_pattern *resources;
    const struct json *one;
    enum fault rc;

    if (policy->kind == POLICY_TRUST && !json_member(tree, "Resource") &&
        !json_member(tree, "NotResource"))
        return OK;
    rc = find_list(tree, "Resource", "NotResource", &out->not_resource, &one, &out->resource_count);
    if (rc != OK) {
        out->is_broken = true;
        return OK;
    }
    resources = arena_try_array(arena, out->resource_count, sizeof *resources);
    if (!resources)
        return FAULT_NO_MEMORY;
    for (size_t i = 0; i < out->resource_count; i++, one = one->next)
        if (!arn_pattern_compile(arena, one->text, style, pads_plain, &resources[i]))
            return FAULT_NO_MEMORY;
    out->resources = resources;
    return OK;
}

/* ---- principals ----------------------------------------------------------------------------- */

static bool is_account(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_digit(s.at[i]))
            return false;
    return s.len == 12;
}

/* "123456789012" and "arn:aws:iam::123456789012:root" are the same. */
static struct principal read_aws_principal(struct span value)
{
    struct arn arn = arn_split(value);

    if (span_is(value, "*"))
        return (struct principal){PRINCIPAL_ANY, value};
    if (is_account(value))
        return (struct principal){PRINCIPAL_ACCOUNT, value};
    if (arn.is_whole && span_is(arn.parts[5], "root") && span_is(arn.parts[2], "iam"))
        return (struct principal){PRINCIPAL_ACCOUNT, arn.parts[4]};
    return (struct principal){PRINCIPAL_ARN, value};
}

static struct principal read_principal(struct span type, struct span value)
{
    if (span_is(type, "AWS"))
        return read_aws_principal(value);
    if (span_is(type, "Service"))
        return (struct principal){PRINCIPAL_SERVICE, value};
    if (span_is(type, "Federated"))
        return (struct principal){PRINCIPAL_FEDERATED, value};
    return (struct principal){PRINCIPAL_OTHER, value};
}

static size_t count_principals(const struct json *map)
{
    size_t all = 0, count;

    for (const struct json *type = map->first; type; type = type->next) {
        policy_list_first(type, &count);
        all += count;
    }
    return all;
}

static enum fault compile_principal_map(struct arena *arena, const struct json *map,
                                        struct statement *out)
{
    size_t count = count_principals(map), n = 0, of_type;
    struct principal *principals = arena_try_array(arena, count, sizeof *principals);

    if (!principals && count > 0)
        return FAULT_NO_MEMORY;
    for (const struct json *type = map->first; type; type = type->next) {
        const struct json *one = policy_list_first(type, &of_type);

        for (; of_type > 0; of_type--, one = one->next)
            if (one->type == JSON_STRING)
                principals[n++] = read_principal(type->name, one->text);
            else
                out->is_broken = true;
    }
    out->principals = principals;
    out->principal_count = n;
    return OK;
}

static enum fault compile_principals(struct arena *arena, const struct json *tree,
                                     enum policy_kind kind, struct statement *out)
{
    static const struct principal ANY = {PRINCIPAL_ANY, SPAN_INIT("*")};
    const struct json *value = json_member(tree, "Principal");

    out->has_principals = kind == POLICY_RESOURCE || kind == POLICY_TRUST;
    if (!out->has_principals)
        return OK;
    out->not_principal = !value;
    if (!value)
        value = json_member(tree, "NotPrincipal");
    if (json_is(value, JSON_OBJECT))
        return compile_principal_map(arena, value, out);
    if (json_is(value, JSON_STRING) && span_is(value->text, "*")) {
        out->principals = &ANY;
        out->principal_count = 1;
        return OK;
    }
    out->is_broken = true;
    return OK;
}

/* ---- conditions ----------------------------------------------------------------------------- */

static enum fault compile_operator(struct arena *arena, const struct json *keys,
                                   const struct policy *policy, struct statement *out)
{
    struct condition common = {0};

    if (keys->type != JSON_OBJECT || !condition_operator(keys->name, &common)) {
        out->is_broken = true;
        return OK;
    }
    for (const struct json *key = keys->first; key; key = key->next) {
        struct condition *condition = arena_new(arena, struct condition);
        enum fault rc;

        *condition = common;
        condition->key = key->name;
        condition->hash = policy_key_hash(key->name);
        condition->next = out->conditions;
        rc = condition_compile(arena, key, policy->has_variables, condition);
        if (rc == FAULT_NO_MEMORY)
            return rc;
        if (rc != OK)
            out->is_broken = true;
        out->conditions = condition;
    }
    return OK;
}

static enum fault compile_conditions(struct arena *arena, const struct json *tree,
                                     const struct policy *policy, struct statement *out)
{
    const struct json *conditions = json_member(tree, "Condition");

    if (!conditions)
        return OK;
    if (conditions->type != JSON_OBJECT) {
        out->is_broken = true;
        return OK;
    }
    for (const struct json *keys = conditions->first; keys; keys = keys->next)
        if (compile_operator(arena, keys, policy, out) != OK)
            return FAULT_NO_MEMORY;
    return OK;
}

/* ---- statements ----------------------------------------------------------------------------- */

static enum fault compile_statement(struct arena *arena, const struct json *tree,
                                    const struct policy *policy, struct statement *out,
                                    struct problem *why)
{
    struct span effect = json_member_text(tree, "Effect", SPAN(""));
    enum fault rc;

    if (!json_is(tree, JSON_OBJECT))
        return problem_set(why, FAULT_TYPE, "a statement is not an object");
    out->denies = span_is(effect, "Deny");
    if (!out->denies && !span_is(effect, "Allow"))
        return problem_set(why, FAULT_TYPE, "effect '%.*s' is neither Allow nor Deny",
                           SPAN_ARG(effect));
    out->sid = json_member_text(tree, "Sid", SPAN(""));
    rc = compile_actions(arena, tree, out);
    if (rc == FAULT_TYPE)
        return problem_set(why, rc, "a statement has no action, or one that is not a text");
    if (rc == OK)
        rc = compile_resources(arena, tree, policy, out);
    if (rc == OK)
        rc = compile_principals(arena, tree, policy->kind, out);
    if (rc == OK)
        rc = compile_conditions(arena, tree, policy, out);
    return rc == OK ? OK : problem_set(why, rc, NO_MEMORY);
}

enum fault policy_compile(struct arena *arena, const struct json *document, enum policy_kind kind,
                          const struct policy **out, struct problem *why)
{
    struct policy *policy = arena_new(arena, struct policy);
    const struct json *one;
    enum fault rc;

    if (!json_is(document, JSON_OBJECT) || !json_member(document, "Statement"))
        return problem_set(why, FAULT_TYPE, "a policy has no statements");
    policy->kind = kind;
    policy->has_variables = span_is(json_member_text(document, "Version", SPAN("")), "2012-10-17");
    one = policy_list_first(json_member(document, "Statement"), &policy->count);
    policy->statements = arena_try_array(arena, policy->count, sizeof *policy->statements);
    if (!policy->statements && policy->count > 0)
        return problem_set(why, FAULT_NO_MEMORY, NO_MEMORY);
    for (size_t i = 0; i < policy->count; i++, one = one->next) {
        rc = compile_statement(arena, one, policy, &policy->statements[i], why);
        if (rc != OK)
            return rc;
    }
    *out = policy;
    return OK;
}

enum fault policy_parse(struct arena *arena, struct span text, enum policy_kind kind,
                        const struct policy **out, struct problem *why)
{
    struct json *document;
    enum fault rc;

    if (text.len > POLICY_TEXT_MAX)
        return problem_set(why, FAULT_TOO_LARGE, "policy is over %d bytes", POLICY_TEXT_MAX);
    rc = json_parse(arena, text, &document, NULL);
    if (rc == FAULT_NO_MEMORY)
        return problem_set(why, rc, NO_MEMORY);
    if (rc == OK)
        rc = policy_check(arena, document, kind, why);
    else
        rc = policy_check(arena, NULL, kind, why);
    return rc == OK ? policy_compile(arena, document, kind, out, why) : rc;
}
