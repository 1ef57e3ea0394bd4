/* Records: reading and changing them in a transaction. */
#include <inttypes.h>

#include "base/base64.h"
#include "store/session.h"

static void bind_key(sqlite3_stmt *s, const struct record_key *key)
{
    session_bind(s, 1, key->account);
    session_bind(s, 2, key->region);
    session_bind(s, 3, key->kind);
    session_bind(s, 4, key->parent);
    session_bind(s, 5, key->id);
}

static struct span column(sqlite3_stmt *s, struct arena *arena, int i)
{
    struct span text = {(const char *)sqlite3_column_text(s, i), 0};

    text.len = (size_t)sqlite3_column_bytes(s, i);
    return arena_copy(arena, text);
}

/* The current row, copied.  False when the arena is over. */
static bool take_row(sqlite3_stmt *s, struct arena *arena, struct record *out)
{
    *out = (struct record){
        .key = {column(s, arena, 0), column(s, arena, 1), column(s, arena, 2), column(s, arena, 3),
                column(s, arena, 4)},
        .sort = column(s, arena, 5),
        .version = (uint64_t)sqlite3_column_int64(s, 6),
        .revision = (uint64_t)sqlite3_column_int64(s, 7),
    };
    if (sqlite3_column_type(s, 8) != SQLITE_NULL)
        out->body = column(s, arena, 8);
    return !arena->is_over;
}

static enum fault arena_is_over(struct store_tx *tx, struct problem *why)
{
    if (!tx->fault)
        tx->fault = FAULT_NO_MEMORY;
    return problem_set(why, FAULT_NO_MEMORY, "the store's answer does not fit into memory");
}

static void end_statement(sqlite3_stmt *s)
{
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
}

static enum fault get_with(struct store_tx *tx, enum statement which, const struct record_key *key,
                           struct arena *arena, struct record *out, struct problem *why)
{
    sqlite3_stmt *s = session_statement(tx, which, why);
    enum fault rc = OK;
    int code;

    if (!s)
        return tx->fault;
    bind_key(s, key);
    code = sqlite3_step(s);
    if (code == SQLITE_DONE)
        rc = problem_set(why, FAULT_NOT_FOUND, "no %.*s '%.*s'", SPAN_ARG(key->kind),
                         SPAN_ARG(key->id));
    else if (code != SQLITE_ROW)
        rc = session_fail(tx, code, why);
    else if (out && !take_row(s, arena, out))
        rc = arena_is_over(tx, why);
    end_statement(s);
    return rc;
}

enum fault store_get(struct store_tx *tx, const struct record_key *key, struct arena *arena,
                     struct record *out, struct problem *why)
{
    return get_with(tx, SQL_GET, key, arena, out, why);
}

enum fault store_find(struct store_tx *tx, const struct record_key *key, struct arena *arena,
                      struct record *out, struct problem *why)
{
    return get_with(tx, SQL_FIND, key, arena, out, why);
}

/* The first change of a transaction raises the revision; all its changes share it. */
static enum fault need_revision(struct store_tx *tx, struct problem *why)
{
    sqlite3_stmt *s;

    if (tx->revision)
        return OK;
    s = session_statement(tx, SQL_RAISE_REVISION, why);
    return s ? session_run(tx, s, &tx->revision, why) : tx->fault;
}

static enum fault write_links(struct store_tx *tx, uint64_t number, const struct record_link *links,
                              size_t link_count, struct problem *why)
{
    sqlite3_stmt *s = session_statement(tx, SQL_UNLINK, why);
    enum fault rc;

    if (!s)
        return tx->fault;
    sqlite3_bind_int64(s, 1, (sqlite3_int64)number);
    rc = session_run(tx, s, NULL, why);
    s = session_statement(tx, SQL_LINK, why);
    for (size_t i = 0; !rc && s && i < link_count; i++) {
        sqlite3_bind_int64(s, 1, (sqlite3_int64)number);
        session_bind(s, 2, links[i].member);
        session_bind(s, 3, links[i].kind);
        session_bind(s, 4, links[i].parent);
        session_bind(s, 5, links[i].id);
        rc = session_run(tx, s, NULL, why);
    }
    return s ? rc : tx->fault;
}

static enum fault write_with(struct store_tx *tx, enum statement which, const struct record *record,
                             const struct record_link *links, size_t link_count,
                             struct problem *why)
{
    uint64_t number = 0;
    sqlite3_stmt *s;
    enum fault rc;

    if (record->body.len > RECORD_BODY_MAX)
        return problem_set(why, FAULT_TOO_LARGE, "%.*s of over %d bytes",
                           SPAN_ARG(record->key.kind), RECORD_BODY_MAX);
    if ((rc = need_revision(tx, why)))
        return rc;
    s = session_statement(tx, which, why);
    if (!s)
        return tx->fault;
    bind_key(s, &record->key);
    session_bind(s, 6, record->sort);
    sqlite3_bind_int64(s, 7, (sqlite3_int64)tx->revision);
    session_bind(s, 8, record->body);
    rc = session_run(tx, s, &number, why);
    if (rc == FAULT_NOT_FOUND) /* ON CONFLICT DO NOTHING: no row came back */
        return problem_set(why, FAULT_EXISTS, "there is a %.*s '%.*s' already",
                           SPAN_ARG(record->key.kind), SPAN_ARG(record->key.id));
    return rc ? rc : write_links(tx, number, links, link_count, why);
}

enum fault store_insert(struct store_tx *tx, const struct record *record,
                        const struct record_link *links, size_t link_count, struct problem *why)
{
    return write_with(tx, SQL_INSERT, record, links, link_count, why);
}

enum fault store_put(struct store_tx *tx, const struct record *record,
                     const struct record_link *links, size_t link_count, struct problem *why)
{
    return write_with(tx, SQL_PUT, record, links, link_count, why);
}

static enum fault delete_with(struct store_tx *tx, enum statement which,
                              const struct record_key *key, struct problem *why)
{
    sqlite3_stmt *s;
    enum fault rc = need_revision(tx, why);

    if (rc)
        return rc;
    s = session_statement(tx, which, why);
    if (!s)
        return tx->fault;
    bind_key(s, key);
    if (which == SQL_DELETE_BELOW)
        sqlite3_bind_null(s, 5);
    return session_run(tx, s, NULL, why);
}

enum fault store_delete(struct store_tx *tx, const struct record_key *key, struct problem *why)
{
    enum fault rc = delete_with(tx, SQL_DELETE, key, why);

    if (!rc && sqlite3_changes(tx->db) == 0)
        rc = problem_set(why, FAULT_NOT_FOUND, "no %.*s '%.*s'", SPAN_ARG(key->kind),
                         SPAN_ARG(key->id));
    return rc;
}

enum fault store_delete_below(struct store_tx *tx, const struct record_key *key,
                              struct problem *why)
{
    return delete_with(tx, SQL_DELETE_BELOW, key, why);
}

/* Collects the rows of a bound statement; ends it. */
static enum fault take_rows(struct store_tx *tx, sqlite3_stmt *s, struct arena *arena,
                            struct record_list *out, struct problem *why)
{
    struct record_list list = {0};
    struct record **end = &list.first;
    enum fault rc = OK;
    int code;

    while (!rc && (code = sqlite3_step(s)) != SQLITE_DONE) {
        if (code != SQLITE_ROW) {
            rc = session_fail(tx, code, why);
            break;
        }
        *end = arena_new(arena, struct record);
        if (!take_row(s, arena, *end))
            rc = arena_is_over(tx, why);
        end = &(*end)->next;
        list.count++;
    }
    end_statement(s);
    if (!rc)
        *out = list;
    return rc;
}

/* A position is where a page ended: its last sort and id, parted by a NUL, in base64. */
static bool read_position(struct arena *arena, struct span position, struct span *sort,
                          struct span *id)
{
    struct span text;
    size_t end;

    *sort = *id = SPAN("");
    if (position.len == 0)
        return true;
    if (!base64_decode(arena, position, true, &text))
        return false;
    end = span_find(text, '\0');
    if (end == text.len)
        return false;
    *sort = span_first(text, end);
    *id = span_skip(text, end + 1);
    return true;
}

static struct span write_position(struct arena *arena, const struct record *last)
{
    struct span text =
        arena_format(arena, "%.*s%c%.*s", SPAN_ARG(last->sort), '\0', SPAN_ARG(last->key.id));
    char *out = arena_try(arena, base64_len(text.len) + 1);

    return (struct span){out, out ? base64_encode_url(text, out) : 0};
}

enum fault store_list(struct store_tx *tx, const struct record_key *key, struct span position,
                      unsigned limit, struct arena *arena, struct record_list *out,
                      struct problem *why)
{
    sqlite3_stmt *s = session_statement(tx, SQL_LIST, why);
    struct span sort, id;
    enum fault rc;

    if (!s)
        return tx->fault;
    if (!read_position(arena, position, &sort, &id))
        return problem_set(why, FAULT_SYNTAX, "the position was not given by a list");
    bind_key(s, key);
    session_bind(s, 5, sort);
    session_bind(s, 6, id);
    sqlite3_bind_int64(s, 7, (sqlite3_int64)limit + 1); /* one more tells whether there is more */
    rc = take_rows(tx, s, arena, out, why);
    if (!rc && out->count > limit) {
        struct record *last = out->first;

        for (unsigned i = 1; i < limit; i++)
            last = last->next;
        last->next = NULL;
        out->count = limit;
        out->next_position = write_position(arena, last);
    }
    return rc;
}

enum fault store_list_below(struct store_tx *tx, const struct record_key *key, struct arena *arena,
                            struct record_list *out, struct problem *why)
{
    sqlite3_stmt *s = session_statement(tx, SQL_LIST_BELOW, why);

    if (!s)
        return tx->fault;
    bind_key(s, key);
    return take_rows(tx, s, arena, out, why);
}

enum fault store_referrers(struct store_tx *tx, const struct record_key *target, struct span kind,
                           struct span member, unsigned limit, struct arena *arena,
                           struct record_list *out, struct problem *why)
{
    sqlite3_stmt *s = session_statement(tx, SQL_REFERRERS, why);

    if (!s)
        return tx->fault;
    bind_key(s, target);
    session_bind(s, 6, member);
    session_bind(s, 7, kind);
    sqlite3_bind_int64(s, 8, limit);
    return take_rows(tx, s, arena, out, why);
}

/* Visits the rows of a bound statement; ends it. */
static enum fault visit_rows(struct store_tx *tx, sqlite3_stmt *s,
                             enum fault (*visit)(void *context, const struct record *record),
                             void *context, struct problem *why)
{
    struct arena row;
    enum fault rc = OK;
    int code;

    arena_init(&row, 2UL * RECORD_BODY_MAX);
    while (!rc && (code = sqlite3_step(s)) != SQLITE_DONE) {
        struct record record;

        if (code != SQLITE_ROW)
            rc = session_fail(tx, code, why);
        else if (!take_row(s, &row, &record))
            rc = arena_is_over(tx, why);
        else
            rc = visit(context, &record);
        arena_reset(&row);
    }
    arena_release(&row);
    end_statement(s);
    return rc;
}

enum fault store_each(struct store_tx *tx, struct span kind, uint64_t since,
                      enum fault (*visit)(void *context, const struct record *record),
                      void *context, struct problem *why)
{
    static const enum statement STATEMENTS[] = {SQL_EACH, SQL_GONE};
    enum fault rc = OK;

    for (size_t i = 0; !rc && i < (since ? 2 : 1); i++) {
        sqlite3_stmt *s = session_statement(tx, STATEMENTS[i], why);

        if (!s)
            return tx->fault;
        session_bind(s, 1, kind);
        sqlite3_bind_int64(s, 2, (sqlite3_int64)since);
        rc = visit_rows(tx, s, visit, context, why);
    }
    return rc;
}
