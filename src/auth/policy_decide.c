/* All policies of a request together (iam-sts 5.1): an explicit deny anywhere wins; within an
 * account the resource's policy may permit alone if it names the caller; across accounts both
 * sides must permit; boundaries and session policies only narrow. */
#include "auth/policy_program.h"

/* What a group of policies of one sort says. */
static struct policy_match evaluate_all(const struct policy *const *policies, size_t count,
                                        const struct policy_request *request)
{
    struct policy_match best = {0};

    for (size_t i = 0; i < count; i++) {
        struct policy_match match = policy_evaluate(policies[i], request);

        if (match.effect > best.effect)
            best = match;
    }
    return best;
}

enum policy_effect policy_combine(enum policy_effect identity, enum policy_effect resource,
                                  bool is_same_account)
{
    if (identity == POLICY_DENIES || resource == POLICY_DENIES)
        return POLICY_DENIES;
    if (is_same_account)
        return identity == POLICY_ALLOWS || resource == POLICY_ALLOWS ? POLICY_ALLOWS
                                                                      : POLICY_SILENT;
    return identity == POLICY_ALLOWS && resource == POLICY_ALLOWS ? POLICY_ALLOWS : POLICY_SILENT;
}

/* What each sort of policy says. */
struct votes {
    struct policy_match resource, identity, boundary, session;
    bool has_boundary, has_session;
};

static struct votes collect(const struct policy_set *set, const struct policy_request *request)
{
    struct votes votes = {
        .resource = policy_evaluate(set->resource, request),
        .identity = evaluate_all(set->identity, set->identity_count, request),
        .boundary = policy_evaluate(set->boundary, request),
        .session = evaluate_all(set->session, set->session_count, request),
        .has_boundary = set->boundary != NULL,
        .has_session = set->session != NULL,
    };

    return votes;
}

static struct policy_decision silent(enum policy_reason reason)
{
    return (struct policy_decision){.effect = POLICY_SILENT, .reason = reason};
}

static struct policy_decision allowed(struct policy_match by)
{
    return (struct policy_decision){POLICY_ALLOWS, REASON_ALLOWED, by};
}

/* An explicit deny, named in the order of iam-sts 5.2. */
static bool is_denied(const struct policy_set *set, const struct votes *votes,
                      struct policy_decision *out)
{
    const struct {
        enum policy_reason reason;
        const struct policy_match *match;
    } ORDER[] = {
        {set->is_trust ? REASON_TRUST : REASON_RESOURCE, &votes->resource},
        {REASON_IDENTITY, &votes->identity},
        {REASON_BOUNDARY, &votes->boundary},
        {REASON_SESSION, &votes->session},
    };

    for (size_t i = 0; i < COUNT(ORDER); i++)
        if (ORDER[i].match->effect == POLICY_DENIES) {
            *out = (struct policy_decision){POLICY_DENIES, ORDER[i].reason, *ORDER[i].match};
            return true;
        }
    return false;
}

/* Boundary and session policies; `by` is what permitted so far. */
static struct policy_decision narrow(const struct votes *votes, struct policy_match by)
{
    if (votes->has_boundary && votes->boundary.effect != POLICY_ALLOWS)
        return silent(REASON_BOUNDARY);
    if (votes->has_session && votes->session.effect != POLICY_ALLOWS)
        return silent(REASON_SESSION);
    return allowed(by);
}

/* The caller's own policies. */
static struct policy_decision identity_side(const struct votes *votes,
                                            const struct policy_request *request)
{
    /* A federated user without a session policy has no rights of its own. */
    bool has_none = request->principal.caller == CALLER_FEDERATED && !votes->has_session;

    if (votes->identity.effect != POLICY_ALLOWS || has_none)
        return silent(REASON_IDENTITY);
    return narrow(votes, votes->identity);
}

static bool has_own_policies(enum policy_caller caller)
{
    return caller != CALLER_ANONYMOUS && caller != CALLER_SERVICE && caller != CALLER_WEB;
}

struct policy_decision policy_decide(const struct policy_set *set,
                                     const struct policy_request *request)
{
    const struct policy_principal *caller = &request->principal;
    enum policy_reason resource_side = set->is_trust ? REASON_TRUST : REASON_RESOURCE;
    bool is_same_account = span_equal(caller->account, set->account);
    struct votes votes = collect(set, request);
    struct policy_decision denied;
    enum policy_grant grant = votes.resource.grant;

    if (is_denied(set, &votes, &denied))
        return denied;
    if (!has_own_policies(caller->caller))
        return grant != GRANT_NONE ? allowed(votes.resource) : silent(resource_side);
    if (grant == GRANT_NONE && (set->is_trust || !is_same_account))
        return silent(resource_side);
    if (caller->caller == CALLER_ROOT)
        return allowed(votes.resource);
    if (is_same_account && grant == GRANT_DIRECT)
        return allowed(votes.resource);
    if (is_same_account && grant == GRANT_ROLE)
        return narrow(&votes, votes.resource);
    return identity_side(&votes, request);
}

/* ---- words ---------------------------------------------------------------------------------- */

static const struct {
    const char *implicit, *explicit;
} SUFFIXES[] = {
    [REASON_ALLOWED] = {"", ""},
    [REASON_RESOURCE] = {"resource-based policy", "a resource-based policy"},
    [REASON_TRUST] = {"role trust policy", "the role trust policy"},
    [REASON_IDENTITY] = {"identity-based policy", "an identity-based policy"},
    [REASON_BOUNDARY] = {"permissions boundary", "a permissions boundary"},
    [REASON_SESSION] = {"session policy", "a session policy"},
};

void policy_write_denial(struct buf *out, const struct policy_request *request,
                         const struct policy_decision *decision)
{
    struct span who = request->principal.arn;

    if (request->principal.caller == CALLER_ANONYMOUS)
        who = SPAN("anonymous");
    buf_addf(out, "User: %.*s is not authorized to perform: %.*s on resource: %.*s", SPAN_ARG(who),
             SPAN_ARG(request->action), SPAN_ARG(request->resource));
    if (decision->effect == POLICY_DENIES)
        buf_addf(out, " with an explicit deny in %s", SUFFIXES[decision->reason].explicit);
    else
        buf_addf(out, " because no %s allows the %.*s action", SUFFIXES[decision->reason].implicit,
                 SPAN_ARG(request->action));
}
