/* IAM policies: read, checked in AWS's words, compiled once, matched many times.
 *
 * A compiled policy is immutable and lives in the arena it was compiled in.  A request is put
 * together by the caller: who, which action, which resource, and a context of condition keys.
 * Matching takes no memory and keeps nothing.  What cannot be decided fails closed: a statement
 * that allows does not match, one that denies does. */
#ifndef AUTH_POLICY_H
#define AUTH_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"
#include "text/json.h"

#define POLICY_TEXT_MAX 131072 /* of a document; the model's ceiling */
#define POLICY_KEYS_MAX 192    /* condition keys of one request */
#define POLICY_ACTION_MAX 256  /* bytes of a request's action */

/* What the policy hangs on.  It decides which elements a statement may and must have. */
enum policy_kind {
    POLICY_IDENTITY, /* of a user, group or role */
    POLICY_BOUNDARY,
    POLICY_SESSION,
    POLICY_RESOURCE, /* of a function, an API, ...: has principals */
    POLICY_TRUST     /* of a role: a resource policy without Resource */
};

struct policy;

/* Reads a document as somebody saves it: the grammar and all rules of iam-sts 4.2.  FAULT_SYNTAX
 * with AWS's words in why->text (code MalformedPolicyDocument), FAULT_TOO_LARGE,
 * FAULT_NO_MEMORY. */
enum fault policy_parse(struct arena *arena, struct span text, enum policy_kind kind,
                        const struct policy **out, struct problem *why);

/* Compiles a tree that Portico keeps or that a function answered: it need not obey the rules of
 * saving, only be made of statements (`Statement` an object or an array).  What it does not
 * understand fails closed.  The tree must live as long as the policy. */
enum fault policy_compile(struct arena *arena, const struct json *document, enum policy_kind kind,
                          const struct policy **out, struct problem *why);

/* ---- a request ------------------------------------------------------------------------------ */

enum policy_caller {
    CALLER_ANONYMOUS,
    CALLER_ROOT,
    CALLER_USER,
    CALLER_ROLE_SESSION,
    CALLER_FEDERATED, /* of GetFederationToken */
    CALLER_WEB,       /* a web identity that asks for a role: arn is its provider's */
    CALLER_SERVICE    /* arn is its name, as "apigateway.amazonaws.com" */
};

struct policy_principal {
    enum policy_caller caller;
    struct span account;  /* 12 digits; empty for anonymous callers and services */
    struct span arn;      /* "arn:aws:iam::123456789012:user/a", of the session for a role */
    struct span role_arn; /* CALLER_ROLE_SESSION: with path */
    struct span id;       /* unique id of the user or role ("AIDA...", "AROA..."), or empty */
};

struct policy_key {
    struct span name;
    struct span value;         /* of a single-valued key */
    const struct span *values; /* of a multi-valued key; NULL else */
    size_t count;
    unsigned hash;
};

/* The condition keys of a request.  Spans are borrowed. */
struct policy_context {
    size_t count;
    bool is_over; /* a key did not fit: nothing is allowed */
    struct policy_key keys[POLICY_KEYS_MAX];
};

void policy_context_init(struct policy_context *context);

/* Names compare without case.  A name that is set twice: the first stays. */
void policy_context_set(struct policy_context *context, struct span name, struct span value);
void policy_context_set_many(struct policy_context *context, struct span name,
                             const struct span *values, size_t count);

struct policy_request {
    struct policy_principal principal;
    struct span action;                   /* "lambda:InvokeFunction"; <= POLICY_ACTION_MAX */
    struct span resource;                 /* an ARN, or "*" */
    const struct policy_context *context; /* NULL: no keys */
};

/* ---- one policy ----------------------------------------------------------------------------- */

enum policy_effect { POLICY_SILENT, POLICY_ALLOWS, POLICY_DENIES };

/* How an allowing statement of a resource policy named the caller, from weak to strong. */
enum policy_grant {
    GRANT_NONE,
    GRANT_ACCOUNT, /* the account: it only delegates to the caller's own policies */
    GRANT_ROLE,    /* the role behind the session */
    GRANT_DIRECT   /* the caller itself, everybody, or a service */
};

struct policy_match {
    enum policy_effect effect;
    enum policy_grant grant;
    unsigned statement; /* index of the one that decided; the first that denies, or allows */
    struct span sid;    /* its Sid, may be empty */
    const struct policy *policy; /* NULL when silent */
};

/* policy NULL is silent. */
struct policy_match policy_evaluate(const struct policy *policy,
                                    const struct policy_request *request);

/* A resource policy alone: does a statement allow and none deny?  For callers that are services
 * (apigateway.amazonaws.com calling a function), whom no other policy governs. */
bool policy_allows(const struct policy *policy, const struct policy_request *request);

/* ---- all policies of a request -------------------------------------------------------------- */

/* Which policy decided, in the order in which messages name them. */
enum policy_reason {
    REASON_ALLOWED,
    REASON_RESOURCE, /* resource-based, of another account or alone */
    REASON_TRUST,
    REASON_IDENTITY,
    REASON_BOUNDARY,
    REASON_SESSION
};

struct policy_set {
    const struct policy *const *identity; /* inline, attached and of groups */
    size_t identity_count;
    const struct policy *boundary;       /* NULL when there is none */
    const struct policy *const *session; /* documents of the session; NULL when it has none */
    size_t session_count;
    const struct policy *resource; /* NULL when there is none */
    struct span account;           /* that owns the resource */
    bool is_trust;                 /* `resource` is a trust or key policy: never bypassed */
};

struct policy_decision {
    enum policy_effect effect; /* POLICY_SILENT: an implicit deny */
    enum policy_reason reason;
    struct policy_match match; /* what decided; policy is NULL for an implicit deny */
};

/* iam-sts 5.1, for every kind of caller. */
struct policy_decision policy_decide(const struct policy_set *set,
                                     const struct policy_request *request);

/* Tables A (same account) and B of auth.md 4.3: what an identity's or an authorizer's policy and a
 * resource policy say together. */
enum policy_effect policy_combine(enum policy_effect identity, enum policy_effect resource,
                                  bool is_same_account);

/* "User: ARN is not authorized to perform: ACTION on resource: RESOURCE because no identity-based
 * policy allows the ACTION action"; the decision must not be an allow. */
void policy_write_denial(struct buf *out, const struct policy_request *request,
                         const struct policy_decision *decision);

#endif
