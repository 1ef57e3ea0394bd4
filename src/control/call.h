/* One call of a service API on its way: what was asked, what was found, what goes out.
 *
 * A handler is a function of request and store.  It runs in one transaction, may be run again
 * after a conflict, and does nothing outside the store before the commit. */
#ifndef CONTROL_CALL_H
#define CONTROL_CALL_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "control/decode.h"
#include "control/model.h"
#include "control/route.h"
#include "control/words.h"
#include "http/message.h"
#include "link/feed.h"
#include "store/store.h"

/* What the whole process shares; read only while calls run. */
struct control {
    struct store *store;
    struct control_routes *routes;
    struct feed_server *feed;    /* NULL in tests */
    struct span account, region; /* where the credentials name none */
    const struct clock *clock;
    const char *host_path;       /* the function host's socket; NULL where there is none */
    _Atomic unsigned unpackings; /* that threads wait for */
    unsigned char link_key[32];  /* signs links to packages */
};

#define CALL_BLOBS_MAX 8

struct call {
    struct control *control;
    struct arena *arena;
    struct random random;
    const struct control_match *match;
    struct span account, region;
    const struct http_request *request; /* NULL when the call did not come over HTTP */
    const struct json *input;           /* labels, query and body, by member name */
    void *prepared;                     /* what a handler's `prepare` left for its `run` */
    struct store_tx *tx;
    struct json *output;
    struct model_answer refused; /* FAULT_DENIED: what the caller is told; the text is filled */
    bool needs_feed;             /* a gateway must know of this write before it is answered */
    struct span package;         /* of a function, where it did not come in the input; else empty */
    const struct span *ids; /* for new records, in order, instead of ids made here; may be NULL */
    size_t id_count, ids_taken;
    struct span blobs[CALL_BLOBS_MAX]; /* held until the call has ended */
    size_t blob_count;
};

#define CALL_MEMORY_MAX (256UL * 1024 * 1024)

/* Says no in words: `text` may hold {names} of input members, {account}, {region} and {value}.
 * Always FAULT_DENIED. */
enum fault call_refuse(struct call *call, const struct model_error *error, struct span text);
enum fault call_refuse_answer(struct call *call, const struct model_answer *answer,
                              struct span value);

/* The same with the name of an error of the call's service. */
enum fault call_refuse_as(struct call *call, const char *error, const char *text);

/* The same with words as printf makes them; braces in them mean nothing. */
enum fault call_refuse_format(struct call *call, const char *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* 501: a part of an operation that Portico lacks.  Always FAULT_DENIED. */
enum fault call_not_yet(struct call *call, const char *what);

/* ---- records as trees ---------------------------------------------------------------------- */

/* The record of `kind` under the parent path, parsed.  FAULT_NOT_FOUND. */
enum fault call_load(struct call *call, const struct model_kind *kind, struct span parent,
                     struct span id, struct json **out);

/* Writes the tree as the record of `kind`; inserts when it must be new (FAULT_EXISTS). */
enum fault call_save(struct call *call, const struct model_kind *kind, struct span parent,
                     struct span id, const struct json *tree, bool must_be_new);

/* All records of `kind` under the parent, as trees in an array. */
enum fault call_load_all(struct call *call, const char *kind, struct span parent,
                         struct json **out);

/* Deletes the record and all below it. */
enum fault call_delete(struct call *call, const struct model_kind *kind, struct span parent,
                       struct span id);

/* Writes a blob that a record of this call is going to name (kind_hooks.blob): it stays if that
 * record is committed.  The name lives in the arena. */
enum fault call_put_blob(struct call *call, struct span content, struct span *name);

/* The path of the ids of the kind's ancestors, from the labels of the call. */
struct span call_parent_path(struct call *call, const struct model_kind *kind);

/* The id that the labels give for the kind; at NULL when none does. */
struct span call_label(const struct call *call, const struct model_kind *kind);

/* Epoch seconds. */
struct json *call_time(struct call *call);

/* Waits until every connected gateway serves the revision, for a while; says so in the log when
 * one is late. */
void call_await_gateways(struct control *control, uint64_t revision);

/* A fresh id of the kind, or the one that was chosen for it: call->ids, the tag _custom_id_. */
struct span call_new_id(struct call *call, const struct model_kind *kind, const struct json *tree);

/* ---- hooks: what the tables cannot say about a kind, one file per kind ---------------------- */

struct patch;

/* A path that its row alone cannot apply (`hook` in the models). */
struct patch_hook {
    const char *name;
    enum fault (*run)(struct patch *p);
};

struct kind_hooks {
    const char *kind;
    const char *blob; /* the member that names a blob which the record needs, or NULL */
    /* Checks and completes a record before it is written.  `parent` is its path. */
    enum fault (*check)(struct call *call, struct span parent, struct json *tree);
    bool checks_updates;              /* `check` runs after PATCH too */
    const struct patch_hook *patches; /* ended by a row without a name; or NULL */
    /* After it was written, in the same transaction. */
    enum fault (*created)(struct call *call, struct span parent, struct json *tree);
    /* Before it is deleted, in the same transaction: what goes with it besides what is below. */
    enum fault (*deleted)(struct call *call, struct span parent, struct json *tree);
    /* Kinds whose records are always there: the i-th of them as it is while it is not stored.
     * False past the last. */
    bool (*fallback)(struct call *call, size_t i, struct span *id, struct json **tree);
    /* Adds to the output what other records hold. */
    enum fault (*show)(struct call *call, struct span parent, struct json *tree);
};

/* NULL when the kind has none. */
const struct kind_hooks *kind_hooks(const struct model_kind *kind);

extern const struct kind_hooks REST_API_HOOKS, RESOURCE_HOOKS, METHOD_HOOKS, INTEGRATION_HOOKS,
    INTEGRATION_RESPONSE_HOOKS, DEPLOYMENT_HOOKS, STAGE_HOOKS, MODEL_HOOKS, GATEWAY_RESPONSE_HOOKS,
    FUNCTION_HOOKS;

/* The models Empty and Error of a new API (apigateway/model.c). */
enum fault model_create_defaults(struct call *call, struct span api);

/* Runs the verb of the call's operation: FAULT_DENIED with call->refused, FAULT_UNSUPPORTED when
 * the verb is not there yet, faults of the store. */
enum fault verb_run(struct call *call);

#endif
