/* The store: what Portico must not lose.
 *
 * Two classes live here.  A *record* is one thing of an AWS service (a stage, a method): a JSON
 * body under the key account, region, kind, parent, id.  A *blob* is an immutable file named by
 * the SHA-256 of its content (a deployment's document, a package).
 *
 * Records are read and changed in a transaction, which sees one moment of the store.  All changes
 * of a write transaction become durable together, under one revision: a number that the store
 * raises by exactly one for each commit that changed something.
 *
 * Faults of every call: FAULT_IO (disk full, unreadable: later calls may succeed again),
 * FAULT_CONFLICT (somebody else is writing: run the whole transaction again), FAULT_NO_MEMORY
 * (also: the arena is over).  A fault in a transaction spoils it: only `store_abort` is left, and
 * `store_commit` answers the first fault.  FAULT_NOT_FOUND, FAULT_EXISTS and FAULT_SYNTAX are
 * answers, not failures, and spoil nothing.
 *
 * Threads: `struct store` may be used by many at once; a transaction belongs to one thread. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/span.h"

struct store;
struct store_tx;

/* `parent` is the path of ids from the outermost kind down, joined with '/': "" for a RestApi,
 * "a1b2c3d4e5" for its stages, "a1b2c3d4e5/r2/GET" for the responses of a method. */
struct record_key {
    struct span account, region, kind, parent, id;
};

struct record {
    struct record_key key;
    struct span sort; /* lists are ordered by it, then by id */
    struct span body; /* JSON, at most RECORD_BODY_MAX */
    uint64_t version; /* 1 when created, one more at each change; set by the store */
    uint64_t revision;
    struct record *next; /* in a list */
};

#define RECORD_BODY_MAX (8 * 1024 * 1024)

/* From a record to another one of the same account and region. */
struct record_link {
    struct span member; /* where it stands in the body, as in "deploymentId" */
    struct span kind, parent, id;
};

struct record_list {
    struct record *first;
    size_t count;
    struct span next_position; /* empty at the end */
};

/* --- the store ---------------------------------------------------------------------------- */

/* Opens or creates the store in an existing folder and brings its tables up to date.
 * FAULT_UNSUPPORTED when a newer Portico has written it. */
enum fault store_open(const char *folder, struct store **out, struct problem *why);

/* No transaction may be open.  NULL is fine. */
void store_close(struct store *store);

/* The version of SQLite that runs, as in "3.40.1". */
const char *store_library_version(void);

/* --- transactions ------------------------------------------------------------------------- */

enum store_mode { STORE_READ, STORE_WRITE };

/* One writer at a time: a second one waits, at most STORE_WAIT_MS, then FAULT_CONFLICT. */
#define STORE_WAIT_MS 5000
enum fault store_begin(struct store *store, enum store_mode mode, struct store_tx **out,
                       struct problem *why);

/* Makes the changes durable.  Ends the transaction whatever it answers.  *revision is that of the
 * changes, or the store's last one when nothing was changed. */
enum fault store_commit(struct store_tx *tx, uint64_t *revision, struct problem *why);

/* Drops the changes.  NULL is fine. */
void store_abort(struct store_tx *tx);

/* The last revision that this transaction sees (its own changes included). */
enum fault store_revision(struct store_tx *tx, uint64_t *revision, struct problem *why);

/* Names the history that revisions count in: another one in every store that was made anew. */
enum fault store_epoch(struct store_tx *tx, uint64_t *epoch, struct problem *why);

/* --- records: texts that are read live in `arena` ----------------------------------------- */

/* FAULT_NOT_FOUND.  `out` may be NULL to ask whether it is there. */
enum fault store_get(struct store_tx *tx, const struct record_key *key, struct arena *arena,
                     struct record *out, struct problem *why);

/* The same without looking at account and region. */
enum fault store_find(struct store_tx *tx, const struct record_key *key, struct arena *arena,
                      struct record *out, struct problem *why);

/* FAULT_EXISTS when there is one, FAULT_TOO_LARGE for the body. */
enum fault store_insert(struct store_tx *tx, const struct record *record,
                        const struct record_link *links, size_t link_count, struct problem *why);

/* Creates or replaces, links too. */
enum fault store_put(struct store_tx *tx, const struct record *record,
                     const struct record_link *links, size_t link_count, struct problem *why);

/* FAULT_NOT_FOUND. */
enum fault store_delete(struct store_tx *tx, const struct record_key *key, struct problem *why);

/* Deletes the records of key->kind at and below the path key->parent; key->id is not read. */
enum fault store_delete_below(struct store_tx *tx, const struct record_key *key,
                              struct problem *why);

/* The records of key->kind whose parent is key->parent, at most `limit` from `position` on (empty:
 * from the first).  FAULT_SYNTAX for a position that no list has given. */
enum fault store_list(struct store_tx *tx, const struct record_key *key, struct span position,
                      unsigned limit, struct arena *arena, struct record_list *out,
                      struct problem *why);

/* All records of key->kind at and below the path key->parent, ordered by parent, sort and id. */
enum fault store_list_below(struct store_tx *tx, const struct record_key *key, struct arena *arena,
                            struct record_list *out, struct problem *why);

/* The records of `kind` that link to `target` through `member`, at most `limit`. */
enum fault store_referrers(struct store_tx *tx, const struct record_key *target, struct span kind,
                           struct span member, unsigned limit, struct arena *arena,
                           struct record_list *out, struct problem *why);

/* Deletions are remembered for this many revisions. */
#define STORE_GONE_KEPT 10000

/* Visits the records of a kind, in all accounts and regions, that were changed after the revision
 * `since` (0: all of them), and, unless it is 0, those that were deleted after it: their body.at is
 * NULL.  `since` must not be older than STORE_GONE_KEPT.  The record's texts live until `visit`
 * returns.  Stops at the first visit that does not answer OK, and answers that. */
enum fault store_each(struct store_tx *tx, struct span kind, uint64_t since,
                      enum fault (*visit)(void *context, const struct record *record),
                      void *context, struct problem *why);

/* --- blobs -------------------------------------------------------------------------------- */

#define BLOB_NAME_LEN 64

/* What a record needs it links to: a record_link with this kind, no parent, and the blob's name as
 * id.  A blob that no record links to and nobody holds is removed, at the latest at the next
 * start. */
#define BLOB_LINK "Blob"

/* Durable when it returns, and held: it stays, whatever others delete, until store_blob_release.
 * Writes the name, SHA-256 in lower-case hexadecimal, and a NUL.  FAULT_IO also when
 * BLOB_HOLDS_MAX are held. */
enum fault store_blob_put(struct store *store, struct span content,
                          char name[static BLOB_NAME_LEN + 1], struct problem *why);

/* Ends a hold.  To be called when the transaction that wanted the blob is over, however it ended:
 * if no record links to the blob then, it is removed. */
void store_blob_release(struct store *store, struct span name);

/* Removes blobs whose last link was deleted.  Cheap when there are none.  Not in a transaction. */
enum fault store_blobs_clean(struct store *store, struct problem *why);

/* A descriptor for reading, owned by the caller.  FAULT_NOT_FOUND. */
enum fault store_blob_open(struct store *store, struct span name, int *out, struct problem *why);

#endif
