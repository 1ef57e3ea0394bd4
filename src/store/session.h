/* Inside the store: connections with their prepared statements.  Not for other folders. */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/span.h"
#include "store/store.h"

#define SESSIONS_IDLE_MAX 8

/* STORE_GONE_KEPT in SQL. */
#define STORE_GONE_KEPT_TEXT "10000"

enum statement {
    SQL_BEGIN_READ,
    SQL_BEGIN_WRITE,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_REVISION,
    SQL_EPOCH,
    SQL_RAISE_REVISION,
    SQL_GET,
    SQL_FIND,
    SQL_INSERT,
    SQL_PUT,
    SQL_UNLINK,
    SQL_LINK,
    SQL_DELETE,
    SQL_DELETE_BELOW,
    SQL_LIST,
    SQL_LIST_BELOW,
    SQL_REFERRERS,
    SQL_EACH,
    SQL_GONE,
    SQL_BLOB_USED,
    SQL_BLOB_LOOSE,
    SQL_BLOB_FORGET,
    STATEMENT_COUNT
};

/* A connection; while it is in use, a transaction. */
struct store_tx {
    struct store *store;
    struct store_tx *next_idle;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT]; /* prepared at first use, then kept */
    enum store_mode mode;
    enum fault fault;  /* the first failure; spoils the transaction */
    uint64_t revision; /* that its changes get; 0 before the first */
};

#define BLOB_HOLDS_MAX 1024 /* a template may bring hundreds of packages in one batch */

struct store {
    char *folder;
    int blobs;            /* the folder's blobs/, a descriptor */
    pthread_mutex_t lock; /* guards the fields below */
    pthread_cond_t written;
    bool is_writing;
    struct store_tx *idle;
    unsigned idle_count;
    pthread_mutex_t blob_lock; /* guards `holds`, and a blob from its last check to its removal */
    struct {
        char name[BLOB_NAME_LEN + 1];
        unsigned count; /* 0: a free row */
    } holds[BLOB_HOLDS_MAX];
};

/* Fills `why` from the connection's last error, spoils the transaction, returns the fault. */
enum fault session_fail(struct store_tx *tx, int code, struct problem *why);

/* A statement, reset and ready to be bound.  NULL: failed, as `session_fail` says. */
sqlite3_stmt *session_statement(struct store_tx *tx, enum statement which, struct problem *why);

void session_bind(sqlite3_stmt *statement, int place, struct span text);

/* Runs a statement that answers no rows, or at most one number, into *out (may be NULL). */
enum fault session_run(struct store_tx *tx, sqlite3_stmt *statement, uint64_t *out,
                       struct problem *why);

/* Brings the tables of an open connection up to date. */
enum fault migration_run(sqlite3 *db, const char *folder, struct problem *why);

/* Opens or makes the blobs folder beneath `folder` and removes what a crash left half written. */
enum fault blobs_open(const char *folder, int *out, struct problem *why);

/* Keeps the blob from being removed until store_blob_release.  False when too many are held. */
bool blob_hold(struct store *store, const char *name);

/* Removes every blob that no record names: what a crash left.  Before the store is used. */
enum fault blobs_sweep(struct store *store, struct problem *why);

#endif
