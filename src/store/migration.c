/* The tables, as a list of steps from each version to the next.
 *
 * A step is never changed once it is released: a change of the tables is a new step.  The
 * version is kept in the database itself (user_version) and raised in the transaction of the
 * step, so that a crash between steps leaves a database of a known version. */
#include <inttypes.h>

#include "store/session.h"

/* "Prt1": tells our file from any other SQLite database. */
#define APPLICATION_ID 0x50727431

static const char *const STEPS[] = {
    /* 1 */
    "CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "INSERT INTO counter VALUES ('revision', 0);"
    "CREATE TABLE record ("
    "  number INTEGER PRIMARY KEY,"
    "  account TEXT NOT NULL, region TEXT NOT NULL, kind TEXT NOT NULL,"
    "  parent TEXT NOT NULL, id TEXT NOT NULL, sort TEXT NOT NULL,"
    "  version INTEGER NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL,"
    "  UNIQUE (kind, parent, id, account, region));"
    "CREATE INDEX record_list ON record (account, region, kind, parent, sort, id);"
    "CREATE TABLE link ("
    "  source INTEGER NOT NULL REFERENCES record (number) ON DELETE CASCADE,"
    "  member TEXT NOT NULL, kind TEXT NOT NULL, parent TEXT NOT NULL, id TEXT NOT NULL);"
    "CREATE INDEX link_source ON link (source);"
    "CREATE INDEX link_target ON link (kind, parent, id);",
    /* 2: what was deleted lately, so that changes can be told by revision; and a name for the
     * history that revisions count in. */
    "CREATE TABLE gone ("
    "  kind TEXT NOT NULL, parent TEXT NOT NULL, id TEXT NOT NULL,"
    "  account TEXT NOT NULL, region TEXT NOT NULL, revision INTEGER NOT NULL,"
    "  PRIMARY KEY (kind, parent, id, account, region)) WITHOUT ROWID;"
    "CREATE INDEX gone_revision ON gone (revision);"
    "CREATE INDEX record_revision ON record (kind, revision);"
    "CREATE TRIGGER record_deleted AFTER DELETE ON record BEGIN"
    "  INSERT OR REPLACE INTO gone SELECT old.kind, old.parent, old.id, old.account, old.region,"
    "    value FROM counter WHERE name = 'revision';"
    "  DELETE FROM gone WHERE revision <"
    "    (SELECT value FROM counter WHERE name = 'revision') - " STORE_GONE_KEPT_TEXT ";"
    "END;"
    "CREATE TRIGGER record_created AFTER INSERT ON record BEGIN"
    "  DELETE FROM gone WHERE kind = new.kind AND parent = new.parent AND id = new.id"
    "    AND account = new.account AND region = new.region;"
    "END;"
    "INSERT INTO counter VALUES ('epoch', random());",
    /* 3: which blobs records use; the names whose use ended wait in loose_blob for the sweep */
    "CREATE TABLE loose_blob (name TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TRIGGER blob_unused AFTER DELETE ON link WHEN old.kind = 'Blob'"
    "  BEGIN INSERT OR IGNORE INTO loose_blob VALUES (old.id); END;"
    "INSERT INTO link SELECT number, 'document', 'Blob', '', json_extract(body, '$.document')"
    "  FROM record WHERE kind = 'Deployment' AND json_extract(body, '$.document') IS NOT NULL;",
};

static enum fault read_number(sqlite3 *db, const char *pragma, int64_t *out, struct problem *why)
{
    enum fault rc = OK;
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(db, pragma, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        rc = problem_set(why, FAULT_IO, "cannot read the store: %s", sqlite3_errmsg(db));
    else
        *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return rc;
}

static enum fault run_step(sqlite3 *db, int64_t version, struct problem *why)
{
    char *mark = sqlite3_mprintf("PRAGMA application_id = %d; PRAGMA user_version = %lld; COMMIT",
                                 APPLICATION_ID, (long long)(version + 1));
    enum fault rc = OK;

    if (!mark)
        return problem_set(why, FAULT_NO_MEMORY, "cannot bring the store up to date: no memory");
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db, STEPS[version], NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db, mark, NULL, NULL, NULL) != SQLITE_OK) {
        rc = problem_set(why, FAULT_IO, "cannot bring the store to version %" PRId64 ": %s",
                         version + 1, sqlite3_errmsg(db));
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    sqlite3_free(mark);
    return rc;
}

enum fault migration_run(sqlite3 *db, const char *folder, struct problem *why)
{
    int64_t version, application;
    enum fault rc;

    if ((rc = read_number(db, "PRAGMA user_version", &version, why)) ||
        (rc = read_number(db, "PRAGMA application_id", &application, why)))
        return rc;
    if (application != (version == 0 ? 0 : APPLICATION_ID))
        return problem_set(why, FAULT_UNSUPPORTED, "the database in '%s' is not Portico's", folder);
    if (version < 0 || version > (int64_t)COUNT(STEPS))
        return problem_set(why, FAULT_UNSUPPORTED,
                           "the data in '%s' is of version %" PRId64
                           ", newer than the %zu this Portico knows: use a newer Portico",
                           folder, version, COUNT(STEPS));
    for (; version < (int64_t)COUNT(STEPS); version++)
        if ((rc = run_step(db, version, why)))
            return rc;
    return OK;
}
