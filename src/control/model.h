/* The facts of an AWS service as tables: what docs/internals/models.md calls a model.
 *
 * tools/modelgen writes one `struct model_service` from each models/NAME.model; nothing here
 * changes at run time, nothing is owned and nothing is freed.  Generic code (route, decode, the
 * operations over a kind) reads these tables; C code that a table cannot replace is named in them
 * (`handler`, `hook`) and found by that name when the process starts.
 *
 * Texts in answers may hold {account}, {region}, {value} (what was refused) and the name of any
 * input member in braces. */
#ifndef CONTROL_MODEL_H
#define CONTROL_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct model_service;
struct model_shape;
struct model_kind;

/* --- errors --------------------------------------------------------------------------------- */

struct model_error {
    struct span code;  /* "NotFoundException" */
    unsigned status;   /* 404 */
    struct span words; /* the body also has Type, and the words as this member; "": as message */
};

/* An error with the words it goes out with.  `error` is NULL where there is none. */
struct model_answer {
    const struct model_error *error;
    struct span text;
};

/* --- types ---------------------------------------------------------------------------------- */

enum model_form {
    FORM_TEXT,
    FORM_BOOL,
    FORM_INT,  /* 32 bits */
    FORM_LONG, /* 64 bits */
    FORM_DOUBLE,
    FORM_TIME, /* in trees: epoch seconds, a JSON number */
    FORM_BLOB, /* in trees: base64 text; as a payload: the bytes as they came */
    FORM_ANY,  /* any JSON */
    FORM_ENUM,
    FORM_SHAPE,
    FORM_LIST,
    FORM_MAP /* from text */
};

/* Values in the order in which AWS prints them. */
struct model_enum {
    struct span name;
    const struct span *values;
    size_t count;
};

struct model_type {
    enum model_form form;
    const struct model_type *of;     /* FORM_LIST, FORM_MAP: what it holds; else NULL */
    const struct model_enum *values; /* FORM_ENUM */
    const struct model_shape *shape; /* FORM_SHAPE */
};

enum model_check {
    CHECK_MATCH, /* the whole text matches `pattern` */
    CHECK_LEAST, /* >= bound */
    CHECK_MOST   /* <= bound */
};

/* What of a member a rule looks at. */
enum model_part {
    PART_ITSELF, /* a number's value, a text's length or pattern, the count of a list or map */
    PART_KEYS,   /* each key of a map, as a text */
    PART_EACH    /* each element or value, as PART_ITSELF */
};

/* Rules without an answer belong to the wire: all that fail are told together, in AWS's
 * validation words.  Rules with one are checked after that, and the first that fails is told. */
struct model_rule {
    enum model_check check;
    enum model_part part;
    struct span pattern; /* CHECK_MATCH */
    double bound;        /* CHECK_LEAST, CHECK_MOST */
    struct model_answer otherwise;
};

/* Where an input or output member travels. */
enum model_place {
    PLACE_BODY,
    PLACE_URI,       /* a label of the path */
    PLACE_QUERY,     /* `wire` is the name; lists repeat it */
    PLACE_QUERY_MAP, /* every query parameter that no other member takes */
    PLACE_HEADER,
    PLACE_PAYLOAD, /* the whole body */
    PLACE_STATUS   /* outputs: the HTTP status */
};

struct model_member {
    struct span name; /* in trees and in error texts */
    struct span wire; /* in the body, query or header; mostly the same */
    const struct model_type *type;
    enum model_place place;
    bool is_required; /* inputs */
    bool is_secret;   /* never logged, encrypted at rest */
    const struct model_rule *rules;
    size_t rule_count;
    const struct model_kind *names; /* inputs, PLACE_URI: the kind whose key this is */
    const struct model_kind *ref;   /* a text, or each of a map: the key of a record of
                                     * that kind under the same ancestor; "" is none */
    struct model_answer unknown;    /* when it is not there; without error: the kind's `missing` */
    struct span sets;               /* inputs: the member of the kind that takes the value, or "" */
    struct span fallback;           /* JSON text of the value when absent at create, or "".  Strings
                                     * may hold {label} */
    struct span when;               /* fallback: only where this member ... */
    const struct span *when_values; /* ... has one of these values (enum or text) */
    size_t when_count;
};

/* Members in AWS's order: outputs are written so, and input errors are told so. */
struct model_shape {
    struct span name;
    const struct model_member *members;
    size_t count;
};

/* --- kinds ---------------------------------------------------------------------------------- */

/* A place in a kind's document that holds the key of a record of another kind. */
struct model_reference {
    const struct span *path; /* member names; "*" stands for every element or value */
    size_t path_count;
    const struct model_kind *to;
};

/* A record may not be deleted while a reference from `by` points to it. */
struct model_refusal {
    struct model_answer answer;
    const struct model_kind *by;
};

enum model_patch_op { PATCH_ADD = 1, PATCH_REPLACE = 2, PATCH_REMOVE = 4, PATCH_COPY = 8 };

/* One path that PATCH knows.  A segment "{name}" takes any text, unescaped (~1, ~0),
 * `keeps_escapes`.  Steps of `target` are member names or map keys that may hold {name}; without a
 * hook the value, read as `type`, is put there (lists: add appends, remove drops the equal one). */
struct model_patch {
    struct span path; /* as written in the model */
    const struct span *segments;
    size_t segment_count;
    unsigned ops; /* set of model_patch_op */
    const struct span *target;
    size_t target_count;
    const struct model_member *member; /* the last member of the target: its rules hold */
    const struct model_type *type;     /* of the target: of `member`, or of what it holds */
    bool keeps_escapes;
    bool empty_clears;           /* an empty or missing value removes the target */
    struct span from;            /* PATCH_COPY: the only path allowed */
    bool is_later;               /* not in Portico yet: 501 */
    struct span hook;            /* name of the C function that applies it, or "" */
    struct model_answer missing; /* replace and remove of a map key that is not there */
    struct model_answer bad_op;  /* an operation that is not in `ops`; else the kind's */
};

/* A kind of resource.  Its records hold the JSON of `shape`. */
struct model_kind {
    struct span name;
    const struct model_service *service;
    const struct model_shape *shape;
    const struct model_kind *parent; /* NULL at the top */
    const struct model_member *key;  /* NULL: at most one under its parent */
    unsigned id_length;              /* made by the server, of a-z0-9; 0: the caller names it */
    struct model_answer missing;
    bool speaks_for_parent;     /* a missing parent is answered with `missing` of this kind */
    struct model_answer exists; /* without error: a second one replaces the first (put) */
    struct span arn;            /* of a tagged kind, after "...::", as "/restapis/{id}"; or "" */
    bool is_live; /* something creates records of it; references to others are not checked yet */
    const struct model_reference *references;
    size_t reference_count;
    const struct model_refusal *refusals;
    size_t refusal_count;
    const struct model_patch *patches;
    size_t patch_count;
    struct model_answer bad_path; /* PATCH: {path}, {op} */
    struct model_answer bad_op;   /* PATCH: {path}, {op}, {ops} */
};

/* --- operations ----------------------------------------------------------------------------- */

enum model_verb {
    VERB_CREATE,
    VERB_PUT, /* create under a key that the path names, or replace */
    VERB_GET,
    VERB_LIST,
    VERB_UPDATE, /* PATCH */
    VERB_DELETE,
    VERB_TAG,
    VERB_UNTAG,
    VERB_TAGS,    /* lists the tags of an ARN */
    VERB_HANDLER, /* `handler` names a C function */
    VERB_REFUSED, /* answers `refusal`, always */
    VERB_LATER    /* nothing but its name and path is known yet */
};

/* A segment of a path: a literal, or a label whose value is the input member. */
struct model_segment {
    struct span literal;               /* "" for a label */
    const struct model_member *member; /* NULL for a literal */
    bool is_greedy;                    /* the label takes all the rest, slashes included */
};

/* A query parameter that must be there for the operation to be meant ("?mode=import"). */
struct model_constant {
    struct span name;
    struct span value; /* "" when only the name counts */
};

/* What is answered here instead of the kind's `missing`. */
struct model_missing {
    const struct model_kind *kind;
    struct model_answer answer;
};

struct model_operation {
    struct span name;
    enum model_verb verb;
    bool is_later;      /* not in Portico yet: 501 */
    unsigned issue;     /* is_later: the issue that brings it; 0 when none is named */
    bool is_unsigned;   /* AWS takes it without a signature */
    struct span method; /* rest-json; "" in other protocols */
    const struct model_segment *path;
    size_t path_count;
    const struct model_constant *constants;
    size_t constant_count;
    unsigned status;                  /* on success */
    const struct model_shape *input;  /* never NULL; labels stand where AWS checks them */
    const struct model_shape *output; /* NULL: no body */
    const struct model_kind *kind;    /* of the generic verbs; else NULL */
    struct span items;                /* VERB_LIST: the output member that takes the records */
    bool is_paged;                    /* VERB_LIST: has position and limit */
    struct span handler;              /* VERB_HANDLER */
    struct model_answer refusal;      /* VERB_REFUSED */
    const struct model_missing *missing;
    size_t missing_count;
    const struct span *shows; /* output members that are there even when empty ({} or []) */
    size_t show_count;
};

/* --- services ------------------------------------------------------------------------------- */

enum model_protocol { PROTOCOL_REST_JSON, PROTOCOL_JSON, PROTOCOL_QUERY };

struct model_service {
    struct span name;    /* "apigateway" */
    struct span version; /* "2015-07-09" */
    enum model_protocol protocol;
    struct span signing;   /* the service in credential scopes */
    struct span target;    /* PROTOCOL_JSON: what stands before the dot in X-Amz-Target */
    struct span xmlns;     /* PROTOCOL_QUERY */
    bool times_are_iso;    /* else epoch seconds */
    bool paths_name_input; /* validation texts say 'createStageInput.stageName' */
    const struct model_error *errors;
    size_t error_count;
    const struct model_error *validation;    /* what a failed rule without an answer is */
    const struct model_error *serialization; /* what a value of a wrong JSON type is */
    const struct model_kind *kinds;
    size_t kind_count;
    const struct model_operation *operations;
    size_t operation_count;
};

/* All services, in alphabetical order. */
extern const struct model_service *const MODEL_SERVICES[];
extern const size_t MODEL_SERVICE_COUNT;

/* NULL when there is none. */
const struct model_service *model_service(const char *name);
const struct model_kind *model_kind(const struct model_service *service, struct span name);
const struct model_operation *model_operation(const struct model_service *service,
                                              struct span name);
const struct model_error *model_error(const struct model_service *service, const char *code);
const struct model_member *model_member(const struct model_shape *shape, struct span name);

/* What `op` on the path needs C for that is not there: the answer is 501 and names the path. */
bool model_patch_is_later(const struct model_patch *patch, unsigned op);

/* A short name of a verb, as in "create"; for logs and tests. */
const char *model_verb_name(enum model_verb verb);

#endif
