/* What a policy is compiled to; for the files policy_*.c only. */
#ifndef AUTH_POLICY_PROGRAM_H
#define AUTH_POLICY_PROGRAM_H

#include <stdint.h>

#include "auth/policy.h"

/* ---- patterns ------------------------------------------------------------------------------- */

/* In a compiled pattern a wildcard is a byte that UTF-8 never has, so that a '*' which a variable
 * brought in is only a character. */
#define ANY_RUN '\xff'
#define ANY_ONE '\xfe'
#define PATTERN_EXPANDED_MAX 4096 /* with the values of its variables; longer never matches */

/* A pattern with variables is a chain of these: text, then what the variable says. */
struct pattern_piece {
    struct pattern_piece *next;
    struct span text; /* compiled */
    struct span key;  /* of the variable behind it; len 0: none */
    unsigned hash;
    bool has_fallback;
    struct span fallback; /* "${key, 'fallback'}" */
};

struct pattern {
    struct span text;                   /* compiled; all of it when there are no pieces */
    size_t plain;                       /* bytes of it before the first wildcard */
    const struct pattern_piece *pieces; /* NULL: no variables */
};

enum pattern_style {
    PATTERN_PLAIN = 0,     /* '*' and '?' are characters */
    PATTERN_WILD = 1,      /* they are wildcards */
    PATTERN_VARIABLES = 2, /* ${...} is looked up */
    PATTERN_FOLD = 4,      /* letters are lowered; to be matched with `fold` */
    PATTERN_EVERY_PART = 8 /* of an ARN may have variables, not only the last one */
};

/* False only when the arena is over. */
bool pattern_compile(struct arena *arena, struct span text, unsigned style, struct pattern *out);

/* With `fold` letters of `text` are lowered.  A variable without value matches nothing. */
bool pattern_matches(const struct pattern *pattern, const struct policy_context *context,
                     struct span text, bool fold);

/* An ARN in its six components, the last one with its colons. */
struct arn {
    struct span parts[6];
    bool is_whole; /* it had six */
};

struct arn_pattern {
    bool is_any; /* "*" */
    bool is_bad; /* too short to be one: matches nothing */
    struct pattern parts[6];
};

struct arn arn_split(struct span text);

/* Components that are missing are "*", if the pattern has a wildcard or `pads_plain`. */
bool arn_pattern_compile(struct arena *arena, struct span text, unsigned style, bool pads_plain,
                         struct arn_pattern *out);
bool arn_pattern_matches(const struct arn_pattern *pattern, const struct policy_context *context,
                         const struct arn *arn);

/* ---- conditions ----------------------------------------------------------------------------- */

struct network {
    unsigned char address[16]; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;
};

struct operand {
    bool is_bad; /* not a value of its kind: equals nothing */
    union {
        struct pattern text;
        struct arn_pattern arn;
        struct network network;
        struct span bytes;
        double number;
        int64_t date; /* milliseconds of the epoch */
        bool truth;
    };
};

enum set_form { SET_NONE, SET_ANY, SET_ALL };

struct operator_row;

struct condition {
    const struct condition *next;
    const struct operator_row *row;
    enum set_form set;
    bool if_exists;
    struct span key;
    unsigned hash;
    size_t count;
    const struct operand *operands;
};

/* Finds what "ForAllValues:StringLikeIfExists" means; false when it is no operator. */
bool condition_operator(struct span name, struct condition *out);

/* One key of one operator.  `has_variables`: the Version knows them.  FAULT_TYPE when a value is
 * not of the operator's kind (it is compiled all the same: it equals nothing), FAULT_NO_MEMORY. */
enum fault condition_compile(struct arena *arena, const struct json *values, bool has_variables,
                             struct condition *condition);

bool condition_holds(const struct condition *condition, const struct policy_context *context);

/* ---- the policy ----------------------------------------------------------------------------- */

enum principal_kind {
    PRINCIPAL_ANY,
    PRINCIPAL_ACCOUNT,
    PRINCIPAL_ARN, /* or a unique id */
    PRINCIPAL_SERVICE,
    PRINCIPAL_FEDERATED,
    PRINCIPAL_OTHER /* never the caller */
};

struct principal {
    enum principal_kind kind;
    struct span value; /* of an account: its number */
};

struct statement {
    struct span sid;
    bool denies;
    bool is_broken; /* something in it is not understood: it denies if it can, never allows */
    bool has_principals, not_principal, not_action, not_resource;
    size_t principal_count, action_count, resource_count;
    const struct principal *principals;
    const struct pattern *actions;
    const struct arn_pattern *resources; /* NULL: of any resource */
    const struct condition *conditions;
};

struct policy {
    enum policy_kind kind;
    bool has_variables; /* Version 2012-10-17 */
    size_t count;
    struct statement *statements;
};

/* The key of a context, or NULL; `hash` is policy_key_hash(name). */
const struct policy_key *policy_key_find(const struct policy_context *context, struct span name,
                                         unsigned hash);
unsigned policy_key_hash(struct span name);

/* A single value or an array of values as a chain: the first, and its count. */
const struct json *policy_list_first(const struct json *value, size_t *count);

/* Rules of saving (policy_check.c): FAULT_SYNTAX with AWS's words. */
enum fault policy_check(struct arena *arena, const struct json *document, enum policy_kind kind,
                        struct problem *why);

#endif
