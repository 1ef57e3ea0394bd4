/* The store on one machine: SQLite in WAL mode.
 *
 * A transaction takes a connection from a pool, so that readers never wait for the writer or for
 * each other, and every thread has its own prepared statements without being known here.  SQLite
 * allows one writer; writers of this process queue at a condition, because SQLite's own waiting
 * is a poll with sleeps.  The busy timeout is left for other processes (a backup, a shell).
 *
 * synchronous=FULL: a commit that was answered survives a power cut. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/session.h"

#define COLUMNS "account, region, kind, parent, id, sort, version, revision, body"

static const char *const SQL[STATEMENT_COUNT] = {
    [SQL_BEGIN_READ] = "BEGIN",
    [SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_REVISION] = "SELECT value FROM counter WHERE name = 'revision'",
    [SQL_EPOCH] = "SELECT value FROM counter WHERE name = 'epoch'",
    [SQL_RAISE_REVISION] = "UPDATE counter SET value = value + 1 WHERE name = 'revision'"
                           " RETURNING value",
    [SQL_GET] = "SELECT " COLUMNS " FROM record"
                " WHERE account = ?1 AND region = ?2 AND kind = ?3 AND parent = ?4 AND id = ?5",
    [SQL_FIND] = "SELECT " COLUMNS " FROM record WHERE kind = ?3 AND parent = ?4 AND id = ?5",
    [SQL_INSERT] = "INSERT INTO record (" COLUMNS ")"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8)"
                   " ON CONFLICT DO NOTHING RETURNING number",
    [SQL_PUT] = "INSERT INTO record (" COLUMNS ")"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8)"
                " ON CONFLICT (kind, parent, id, account, region) DO UPDATE SET"
                " sort = excluded.sort, body = excluded.body, revision = excluded.revision,"
                " version = version + 1 RETURNING number",
    [SQL_UNLINK] = "DELETE FROM link WHERE source = ?1",
    [SQL_LINK] = "INSERT INTO link (source, member, kind, parent, id) VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_DELETE] = "DELETE FROM record"
                   " WHERE account = ?1 AND region = ?2 AND kind = ?3 AND parent = ?4 AND id = ?5",
    /* '0' follows '/': the range holds every path that begins with the parent and '/'. */
    [SQL_DELETE_BELOW] = "DELETE FROM record WHERE account = ?1 AND region = ?2 AND kind = ?3"
                         " AND (parent = ?4 OR (parent >= ?4 || '/' AND parent < ?4 || '0'))",
    [SQL_LIST] = "SELECT " COLUMNS " FROM record"
                 " WHERE account = ?1 AND region = ?2 AND kind = ?3 AND parent = ?4"
                 " AND (sort, id) > (?5, ?6) ORDER BY sort, id LIMIT ?7",
    [SQL_LIST_BELOW] = "SELECT " COLUMNS " FROM record"
                       " WHERE account = ?1 AND region = ?2 AND kind = ?3"
                       " AND (parent = ?4 OR (parent >= ?4 || '/' AND parent < ?4 || '0'))"
                       " ORDER BY parent, sort, id",
    [SQL_REFERRERS] = "SELECT r.account, r.region, r.kind, r.parent, r.id, r.sort, r.version,"
                      " r.revision, r.body FROM link AS l JOIN record AS r ON r.number = l.source"
                      " WHERE l.kind = ?3 AND l.parent = ?4 AND l.id = ?5 AND l.member = ?6"
                      " AND r.account = ?1 AND r.region = ?2 AND r.kind = ?7"
                      " ORDER BY r.parent, r.sort, r.id LIMIT ?8",
    [SQL_EACH] = "SELECT " COLUMNS " FROM record WHERE kind = ?1 AND revision > ?2"
                 " ORDER BY parent, id, account, region",
    [SQL_GONE] = "SELECT account, region, kind, parent, id, '', 0, revision, NULL FROM gone"
                 " WHERE kind = ?1 AND revision > ?2 ORDER BY parent, id, account, region",
    [SQL_BLOB_USED] = "SELECT 1 FROM link WHERE kind = 'Blob' AND parent = '' AND id = ?1 LIMIT 1",
    [SQL_BLOB_LOOSE] = "SELECT name FROM loose_blob WHERE name > ?1 ORDER BY name LIMIT 1",
    [SQL_BLOB_FORGET] = "DELETE FROM loose_blob WHERE name = ?1",
};

/* --- connections -------------------------------------------------------------------------- */

static enum fault fault_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return FAULT_CONFLICT;
    case SQLITE_NOMEM:
        return FAULT_NO_MEMORY;
    case SQLITE_TOOBIG:
        return FAULT_TOO_LARGE;
    default:
        return FAULT_IO;
    }
}

enum fault session_fail(struct store_tx *tx, int code, struct problem *why)
{
    if (!tx->fault)
        tx->fault = fault_of(code);
    return problem_set(why, tx->fault, "the store failed: %s", sqlite3_errmsg(tx->db));
}

static void session_free(struct store_tx *tx)
{
    if (!tx)
        return;
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(tx->statements[i]);
    sqlite3_close(tx->db);
    mem_free(tx);
}

/* The file is made here, readable to its owner only; SQLite gives its WAL the same rights. */
static enum fault make_file(const char *path, struct problem *why)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (file < 0)
        return problem_set(why, FAULT_IO, "cannot open '%s': %s", path, strerror(errno));
    close(file);
    return OK;
}

static enum fault session_open(struct store *store, struct store_tx **out, struct problem *why)
{
    static const char SETTINGS[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                   "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                                   "PRAGMA journal_size_limit = 16777216";
    struct store_tx *tx = mem_zero(1, sizeof *tx);
    char *path = sqlite3_mprintf("%s/portico.db", store->folder);
    enum fault rc = FAULT_NO_MEMORY;

    tx->store = store;
    if (!path || (rc = make_file(path, why)))
        goto failed;
    if (sqlite3_open_v2(path, &tx->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ||
        sqlite3_busy_timeout(tx->db, STORE_WAIT_MS) ||
        sqlite3_exec(tx->db, SETTINGS, NULL, NULL, NULL)) {
        rc = problem_set(why, FAULT_IO, "cannot open the store '%s': %s", path,
                         sqlite3_errmsg(tx->db));
        goto failed;
    }
    sqlite3_free(path);
    *out = tx;
    return OK;
failed:
    sqlite3_free(path);
    session_free(tx);
    return rc;
}

sqlite3_stmt *session_statement(struct store_tx *tx, enum statement which, struct problem *why)
{
    sqlite3_stmt **statement = &tx->statements[which];

    if (*statement)
        return *statement;
    int code =
        sqlite3_prepare_v3(tx->db, SQL[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    if (code != SQLITE_OK)
        session_fail(tx, code, why);
    return *statement;
}

void session_bind(sqlite3_stmt *statement, int place, struct span text)
{
    /* An empty text, not NULL: the columns are NOT NULL and are compared. */
    sqlite3_bind_text64(statement, place, text.len ? text.at : "", text.len, SQLITE_STATIC,
                        SQLITE_UTF8);
}

enum fault session_run(struct store_tx *tx, sqlite3_stmt *statement, uint64_t *out,
                       struct problem *why)
{
    enum fault rc = OK;
    int code = sqlite3_step(statement);
    bool has_row = code == SQLITE_ROW;

    if (has_row) {
        uint64_t number = (uint64_t)sqlite3_column_int64(statement, 0);
        /* The change is complete only when the statement has ended. */
        code = sqlite3_step(statement);
        if (code == SQLITE_DONE && out)
            *out = number;
    }
    if (code != SQLITE_DONE)
        rc = session_fail(tx, code, why);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return rc ? rc : has_row || !out ? OK : FAULT_NOT_FOUND;
}

static enum fault run_plain(struct store_tx *tx, enum statement which, struct problem *why)
{
    sqlite3_stmt *statement = session_statement(tx, which, why);

    return statement ? session_run(tx, statement, NULL, why) : tx->fault;
}

/* --- the pool ----------------------------------------------------------------------------- */

static enum fault wait_to_write(struct store *store, struct problem *why)
{
    struct timespec end;
    enum fault rc = OK;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += STORE_WAIT_MS / 1000;
    pthread_mutex_lock(&store->lock);
    while (store->is_writing && !rc)
        if (pthread_cond_timedwait(&store->written, &store->lock, &end) == ETIMEDOUT)
            rc = problem_set(why, FAULT_CONFLICT, "the store is busy: another write takes long");
    if (!store->is_writing) {
        rc = OK;
        store->is_writing = true;
    }
    pthread_mutex_unlock(&store->lock);
    return rc;
}

static enum fault session_take(struct store *store, struct store_tx **out, struct problem *why)
{
    struct store_tx *tx;

    pthread_mutex_lock(&store->lock);
    tx = store->idle;
    if (tx) {
        store->idle = tx->next_idle;
        store->idle_count--;
    }
    pthread_mutex_unlock(&store->lock);
    if (!tx)
        return session_open(store, out, why);
    *out = tx;
    return OK;
}

/* Gives the right to write back, and the connection: to the pool, or away when it failed or
 * there are enough. */
static void session_give(struct store_tx *tx, bool is_sound)
{
    struct store *store = tx->store;

    pthread_mutex_lock(&store->lock);
    if (tx->mode == STORE_WRITE) {
        store->is_writing = false;
        pthread_cond_signal(&store->written);
    }
    if (is_sound && store->idle_count < SESSIONS_IDLE_MAX) {
        tx->next_idle = store->idle;
        store->idle = tx;
        store->idle_count++;
        tx = NULL;
    }
    pthread_mutex_unlock(&store->lock);
    session_free(tx);
}

static void release_writer(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    store->is_writing = false;
    pthread_cond_signal(&store->written);
    pthread_mutex_unlock(&store->lock);
}

/* --- transactions ------------------------------------------------------------------------- */

enum fault store_begin(struct store *store, enum store_mode mode, struct store_tx **out,
                       struct problem *why)
{
    struct store_tx *tx = NULL;
    enum fault rc = mode == STORE_WRITE ? wait_to_write(store, why) : OK;

    if (rc)
        return rc;
    rc = session_take(store, &tx, why);
    if (rc) {
        if (mode == STORE_WRITE)
            release_writer(store);
        return rc;
    }
    tx->mode = mode;
    tx->fault = OK;
    tx->revision = 0;
    rc = run_plain(tx, mode == STORE_WRITE ? SQL_BEGIN_WRITE : SQL_BEGIN_READ, why);
    if (rc) {
        session_give(tx, false);
        return rc;
    }
    *out = tx;
    return OK;
}

void store_abort(struct store_tx *tx)
{
    if (!tx)
        return;
    bool is_sound = sqlite3_get_autocommit(tx->db) || run_plain(tx, SQL_ROLLBACK, NULL) == OK;

    session_give(tx, is_sound && !tx->fault);
}

enum fault store_commit(struct store_tx *tx, uint64_t *revision, struct problem *why)
{
    uint64_t last = 0;
    enum fault rc = tx->fault;

    if (rc)
        problem_set(why, rc, "the transaction had failed before");
    else
        rc = store_revision(tx, &last, why);
    if (!rc)
        rc = run_plain(tx, SQL_COMMIT, why);
    if (rc) {
        store_abort(tx);
        return rc;
    }
    session_give(tx, true);
    if (revision)
        *revision = last;
    return OK;
}

enum fault store_revision(struct store_tx *tx, uint64_t *revision, struct problem *why)
{
    sqlite3_stmt *statement = session_statement(tx, SQL_REVISION, why);

    return statement ? session_run(tx, statement, revision, why) : tx->fault;
}

enum fault store_epoch(struct store_tx *tx, uint64_t *epoch, struct problem *why)
{
    sqlite3_stmt *statement = session_statement(tx, SQL_EPOCH, why);

    return statement ? session_run(tx, statement, epoch, why) : tx->fault;
}

/* --- the store ---------------------------------------------------------------------------- */

enum fault store_open(const char *folder, struct store **out, struct problem *why)
{
    struct store *store = mem_zero(1, sizeof *store);
    struct store_tx *first = NULL;
    pthread_condattr_t monotonic;
    enum fault rc;

    store->folder = mem_text(folder, strlen(folder));
    store->blobs = -1;
    pthread_mutex_init(&store->lock, NULL);
    pthread_mutex_init(&store->blob_lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&store->written, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if ((rc = session_open(store, &first, why)) || (rc = migration_run(first->db, folder, why)) ||
        (rc = blobs_open(folder, &store->blobs, why))) {
        session_free(first);
        store_close(store);
        return rc;
    }
    session_give(first, true);
    if ((rc = blobs_sweep(store, why)) != OK) {
        store_close(store);
        return rc;
    }
    *out = store;
    return OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    while (store->idle) {
        struct store_tx *tx = store->idle;

        store->idle = tx->next_idle;
        session_free(tx);
    }
    if (store->blobs >= 0)
        close(store->blobs);
    pthread_cond_destroy(&store->written);
    pthread_mutex_destroy(&store->lock);
    pthread_mutex_destroy(&store->blob_lock);
    mem_free(store->folder);
    mem_free(store);
}

const char *store_library_version(void)
{
    return sqlite3_libversion();
}
