/* One policy against one request.
 *
 * Statements are tried in order and all of them, since a later one may deny.  Within a statement
 * what is cheap and fails most often comes first: action, resource, principal, conditions. */
#include "auth/policy_program.h"

#include <assert.h>

#include "base/ascii.h"

/* ---- condition keys ------------------------------------------------------------------------- */

/* FNV-1a without case: only a quick no for names that differ. */
unsigned policy_key_hash(struct span name)
{
    unsigned hash = 2166136261u;

    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)ascii_lower(name.at[i])) * 16777619u;
    return hash;
}

const struct policy_key *policy_key_find(const struct policy_context *context, struct span name,
                                         unsigned hash)
{
    for (size_t i = 0; context && i < context->count; i++)
        if (context->keys[i].hash == hash && span_equal_nocase(context->keys[i].name, name))
            return &context->keys[i];
    return NULL;
}

void policy_context_init(struct policy_context *context)
{
    context->count = 0;
    context->is_over = false;
}

static void add_key(struct policy_context *context, struct policy_key key)
{
    key.hash = policy_key_hash(key.name);
    if (policy_key_find(context, key.name, key.hash))
        return;
    if (context->count == POLICY_KEYS_MAX)
        context->is_over = true;
    else
        context->keys[context->count++] = key;
}

void policy_context_set(struct policy_context *context, struct span name, struct span value)
{
    add_key(context, (struct policy_key){.name = name, .value = value});
}

void policy_context_set_many(struct policy_context *context, struct span name,
                             const struct span *values, size_t count)
{
    static const struct span NOTHING;

    add_key(context, (struct policy_key){.name = name,
                                         .values = values ? values : &NOTHING,
                                         .count = values ? count : 0});
}

/* ---- principals ----------------------------------------------------------------------------- */

static bool has_account(const struct policy_principal *caller)
{
    return caller->caller == CALLER_ROOT || caller->caller == CALLER_USER ||
           caller->caller == CALLER_ROLE_SESSION || caller->caller == CALLER_FEDERATED;
}

static enum policy_grant grant_of_account(struct span account,
                                          const struct policy_principal *caller)
{
    if (!has_account(caller) || !span_equal(account, caller->account))
        return GRANT_NONE;
    return caller->caller == CALLER_ROOT ? GRANT_DIRECT : GRANT_ACCOUNT;
}

/* By ARN, or by the unique id that a saved ARN was resolved to. */
static enum policy_grant grant_of_arn(struct span arn, const struct policy_principal *caller)
{
    bool is_role = caller->caller == CALLER_ROLE_SESSION;
    bool is_id = caller->id.len > 0 && span_equal(arn, caller->id);

    if (!has_account(caller))
        return GRANT_NONE;
    if (span_equal(arn, caller->arn))
        return GRANT_DIRECT;
    if (is_role)
        return is_id || span_equal(arn, caller->role_arn) ? GRANT_ROLE : GRANT_NONE;
    return is_id ? GRANT_DIRECT : GRANT_NONE;
}

/* How one principal of a policy names the caller. */
static enum policy_grant grant_of(const struct principal *named,
                                  const struct policy_principal *caller)
{
    bool is_same = span_equal(named->value, caller->arn);

    switch (named->kind) {
    case PRINCIPAL_ANY:
        return GRANT_DIRECT;
    case PRINCIPAL_ACCOUNT:
        return grant_of_account(named->value, caller);
    case PRINCIPAL_ARN:
        return grant_of_arn(named->value, caller);
    case PRINCIPAL_SERVICE:
        is_same = is_same || span_is(named->value, "*");
        return caller->caller == CALLER_SERVICE && is_same ? GRANT_DIRECT : GRANT_NONE;
    case PRINCIPAL_FEDERATED:
        return caller->caller == CALLER_WEB && is_same ? GRANT_DIRECT : GRANT_NONE;
    case PRINCIPAL_OTHER:
        break;
    }
    return GRANT_NONE;
}

static enum policy_grant principal_grant(const struct statement *s,
                                         const struct policy_principal *caller)
{
    enum policy_grant best = GRANT_NONE;

    if (!s->has_principals)
        return GRANT_DIRECT;
    for (size_t i = 0; i < s->principal_count; i++) {
        enum policy_grant grant = grant_of(&s->principals[i], caller);

        best = grant > best ? grant : best;
    }
    if (s->not_principal)
        return best == GRANT_NONE ? GRANT_DIRECT : GRANT_NONE;
    return best;
}

/* ---- statements ----------------------------------------------------------------------------- */

/* `action` is lowered, as the patterns are. */
static bool action_matches(const struct statement *s, struct span action)
{
    bool is_found = false;

    for (size_t i = 0; i < s->action_count && !is_found; i++)
        is_found = pattern_matches(&s->actions[i], NULL, action, false);
    return is_found != s->not_action;
}

static bool resource_matches(const struct statement *s, const struct policy_context *context,
                             const struct arn *resource)
{
    bool is_found = false;

    if (!s->resources) /* of a trust policy: the role; of a broken statement: any */
        return true;
    for (size_t i = 0; i < s->resource_count && !is_found; i++)
        is_found = arn_pattern_matches(&s->resources[i], context, resource);
    return is_found != s->not_resource;
}

static bool conditions_hold(const struct statement *s, const struct policy_context *context)
{
    for (const struct condition *c = s->conditions; c; c = c->next)
        if (!condition_holds(c, context))
            return false;
    return true;
}

/* What all statements are asked; `is_undecidable`: something of the request did not fit. */
struct question {
    const struct policy_request *request;
    struct span action;
    struct arn resource;
    bool is_undecidable;
};

/* How the statement bears on the request; GRANT_NONE: not at all. */
static enum policy_grant statement_grant(const struct statement *s, const struct question *q)
{
    const struct policy_context *context = q->request->context;
    enum policy_grant grant;

    if (!action_matches(s, q->action) || !resource_matches(s, context, &q->resource))
        return GRANT_NONE;
    if (s->is_broken || q->is_undecidable)
        return s->denies ? GRANT_DIRECT : GRANT_NONE;
    grant = principal_grant(s, &q->request->principal);
    if (grant == GRANT_NONE || !conditions_hold(s, context))
        return GRANT_NONE;
    return grant;
}

static struct policy_match ask(const struct policy *policy, const struct question *question)
{
    struct policy_match match = {0};

    for (size_t i = 0; i < policy->count; i++) {
        const struct statement *s = &policy->statements[i];
        enum policy_grant grant;

        if (!s->denies && match.grant == GRANT_DIRECT)
            continue;
        grant = statement_grant(s, question);
        if (grant <= (s->denies ? GRANT_NONE : match.grant))
            continue;
        match = (struct policy_match){s->denies ? POLICY_DENIES : POLICY_ALLOWS, grant, (unsigned)i,
                                      s->sid, policy};
        if (s->denies)
            break;
    }
    return match;
}

struct policy_match policy_evaluate(const struct policy *policy,
                                    const struct policy_request *request)
{
    char action[POLICY_ACTION_MAX];
    struct question question = {
        .request = request,
        .action = {action, request->action.len},
        .resource = arn_split(request->resource),
        .is_undecidable = request->context && request->context->is_over,
    };

    if (!policy)
        return (struct policy_match){0};
    assert(request->action.len <= sizeof action);
    for (size_t i = 0; i < request->action.len; i++)
        action[i] = ascii_lower(request->action.at[i]);
    return ask(policy, &question);
}

bool policy_allows(const struct policy *policy, const struct policy_request *request)
{
    return policy_evaluate(policy, request).effect == POLICY_ALLOWS;
}
