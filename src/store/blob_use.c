/* When a blob may go.  Records say which blobs they need by links, and a trigger notes each link
 * that ends, so what to remove is known without looking at all.  Between a blob's writing and the
 * commit of the record that names it stands a hold, which only this process knows: nobody else
 * writes here.  What a crash leaves unnamed is swept at the next start. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/session.h"

bool blob_hold(struct store *store, const char *name)
{
    size_t free_row = BLOB_HOLDS_MAX, i;

    pthread_mutex_lock(&store->blob_lock);
    for (i = 0; i < BLOB_HOLDS_MAX; i++) {
        if (store->holds[i].count > 0 && strcmp(store->holds[i].name, name) == 0)
            break;
        if (store->holds[i].count == 0 && free_row == BLOB_HOLDS_MAX)
            free_row = i;
    }
    if (i == BLOB_HOLDS_MAX && free_row < BLOB_HOLDS_MAX) {
        i = free_row;
        memcpy(store->holds[i].name, name, BLOB_NAME_LEN + 1);
    }
    if (i < BLOB_HOLDS_MAX)
        store->holds[i].count++;
    pthread_mutex_unlock(&store->blob_lock);
    return i < BLOB_HOLDS_MAX;
}

static bool is_held(const struct store *store, const char *name)
{
    for (size_t i = 0; i < BLOB_HOLDS_MAX; i++)
        if (store->holds[i].count > 0 && strcmp(store->holds[i].name, name) == 0)
            return true;
    return false;
}

static enum fault is_used(struct store_tx *tx, struct span name, bool *out, struct problem *why)
{
    sqlite3_stmt *s = session_statement(tx, SQL_BLOB_USED, why);
    uint64_t one;
    enum fault rc;

    if (!s)
        return tx->fault;
    session_bind(s, 1, name);
    rc = session_run(tx, s, &one, why);
    *out = rc == OK;
    return rc == FAULT_NOT_FOUND ? OK : rc;
}

void store_blob_release(struct store *store, struct span name)
{
    char text[BLOB_NAME_LEN + 1];
    struct store_tx *tx;
    bool used = true;

    if (name.len != BLOB_NAME_LEN)
        return;
    memcpy(text, name.at, BLOB_NAME_LEN);
    text[BLOB_NAME_LEN] = '\0';
    pthread_mutex_lock(&store->blob_lock);
    for (size_t i = 0; i < BLOB_HOLDS_MAX; i++)
        if (store->holds[i].count > 0 && strcmp(store->holds[i].name, text) == 0)
            store->holds[i].count--;
    if (!is_held(store, text) && store_begin(store, STORE_READ, &tx, NULL) == OK) {
        if (is_used(tx, name, &used, NULL) == OK && !used)
            unlinkat(store->blobs, text, 0);
        store_abort(tx);
    }
    pthread_mutex_unlock(&store->blob_lock);
}

/* ---- what links left ----------------------------------------------------------------------- */

/* The first loose name after `name`, which it replaces.  FAULT_NOT_FOUND at the end. */
static enum fault next_loose(struct store_tx *tx, char name[static BLOB_NAME_LEN + 1],
                             struct problem *why)
{
    sqlite3_stmt *s = session_statement(tx, SQL_BLOB_LOOSE, why);
    enum fault rc = FAULT_NOT_FOUND;
    int code;

    if (!s)
        return tx->fault;
    session_bind(s, 1, span_of(name));
    code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        snprintf(name, BLOB_NAME_LEN + 1, "%s", (const char *)sqlite3_column_text(s, 0));
        rc = OK;
    } else if (code != SQLITE_DONE) {
        rc = session_fail(tx, code, why);
    }
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return rc;
}

static bool has_loose(struct store *store)
{
    char name[BLOB_NAME_LEN + 1] = "";
    struct store_tx *tx;
    bool has;

    if (store_begin(store, STORE_READ, &tx, NULL) != OK)
        return false;
    has = next_loose(tx, name, NULL) == OK;
    store_abort(tx);
    return has;
}

/* No commit can add a link meanwhile, since this is the one write transaction. */
static enum fault clean_one(struct store_tx *tx, const char *name, struct problem *why)
{
    struct store *store = tx->store;
    bool used = true, held;
    enum fault rc = is_used(tx, span_of(name), &used, why);
    sqlite3_stmt *s;

    if (rc)
        return rc;
    pthread_mutex_lock(&store->blob_lock);
    held = is_held(store, name); /* then its release looks again */
    if (!used && !held)
        unlinkat(store->blobs, name, 0);
    pthread_mutex_unlock(&store->blob_lock);
    s = session_statement(tx, SQL_BLOB_FORGET, why);
    if (!s)
        return tx->fault;
    session_bind(s, 1, span_of(name));
    return session_run(tx, s, NULL, why);
}

enum fault store_blobs_clean(struct store *store, struct problem *why)
{
    char name[BLOB_NAME_LEN + 1] = "";
    struct store_tx *tx;
    enum fault rc;

    if (!has_loose(store))
        return OK;
    rc = store_begin(store, STORE_WRITE, &tx, why);
    if (rc)
        return rc;
    while ((rc = next_loose(tx, name, why)) == OK)
        if ((rc = clean_one(tx, name, why)) != OK)
            break;
    if (rc != FAULT_NOT_FOUND) {
        store_abort(tx);
        return rc;
    }
    return store_commit(tx, NULL, why);
}

/* ---- what a crash left --------------------------------------------------------------------- */

enum fault blobs_sweep(struct store *store, struct problem *why)
{
    int copy = openat(store->blobs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;
    struct store_tx *tx = NULL;
    unsigned removed = 0;
    enum fault rc;

    if (!list) {
        if (copy >= 0)
            close(copy);
        return problem_set(why, FAULT_IO, "cannot list the blobs");
    }
    rc = store_begin(store, STORE_READ, &tx, why);
    while (!rc && (entry = readdir(list)) != NULL) {
        bool used = true;

        if (entry->d_name[0] != '.')
            rc = is_used(tx, span_of(entry->d_name), &used, why);
        if (!rc && !used && unlinkat(store->blobs, entry->d_name, 0) == 0)
            removed++;
    }
    store_abort(tx);
    closedir(list);
    if (removed > 0)
        log_info("removed %u blobs that nothing uses", removed);
    return rc;
}
