/* The store on a real folder: what is committed stays, what is not leaves no trace. */
#include "../unit.h"

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/session.h"

static char folder[32];
static struct store *store;
static struct arena arena;
static struct problem why;

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *ftw)
{
    (void)about;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/portico-store-XXXXXX");
    arena_init(&arena, 1 << 24);
    return mkdtemp(folder) && store_open(folder, &store, &why) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store);
    arena_release(&arena);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct record stage(const char *parent, const char *id, const char *body)
{
    return (struct record){
        .key = {SPAN("1"), SPAN("r"), SPAN("Stage"), span_of(parent), span_of(id)},
        .sort = span_of(id),
        .body = span_of(body)};
}

static struct store_tx *begin(enum store_mode mode)
{
    struct store_tx *tx;

    if (store_begin(store, mode, &tx, &why) != OK)
        fail_msg("begin: %s", why.text);
    return tx;
}

static uint64_t commit(struct store_tx *tx)
{
    uint64_t revision = 0;

    if (store_commit(tx, &revision, &why) != OK)
        fail_msg("commit: %s", why.text);
    return revision;
}

static void put(const char *parent, const char *id, const char *body)
{
    struct store_tx *tx = begin(STORE_WRITE);
    struct record record = stage(parent, id, body);

    assert_int_equal(store_put(tx, &record, NULL, 0, &why), OK);
    commit(tx);
}

static void a_commit_raises_the_revision_by_one_and_an_abort_leaves_no_trace(void **state)
{
    struct record a = stage("x", "a", "{}"), b = stage("x", "b", "{}"), got;
    struct store_tx *tx = begin(STORE_WRITE);

    assert_int_equal(store_insert(tx, &a, NULL, 0, &why), OK);
    assert_int_equal(store_insert(tx, &b, NULL, 0, &why), OK);
    assert_int_equal(commit(tx), 1);
    tx = begin(STORE_WRITE);
    a.body = SPAN("{\"changed\":1}");
    assert_int_equal(store_put(tx, &a, NULL, 0, &why), OK);
    store_abort(tx);
    tx = begin(STORE_WRITE);
    assert_int_equal(store_insert(tx, &a, NULL, 0, &why), FAULT_EXISTS);
    assert_int_equal(store_get(tx, &a.key, &arena, &got, &why), OK);
    unit_same_text("body", got.body, SPAN("{}"));
    assert_int_equal(got.version, 1);
    store_abort(tx);
    tx = begin(STORE_WRITE);
    assert_int_equal(store_put(tx, &a, NULL, 0, &why), OK);
    assert_int_equal(commit(tx), 2);
    tx = begin(STORE_READ);
    assert_int_equal(store_get(tx, &a.key, &arena, &got, &why), OK);
    assert_int_equal(got.version, 2);
    assert_int_equal(got.revision, 2);
    assert_int_equal(commit(tx), 2);
    (void)state;
}

static void a_reader_sees_one_moment(void **state)
{
    struct record a = stage("x", "a", "{}");
    struct store_tx *reader;

    put("x", "other", "{}");
    reader = begin(STORE_READ);
    assert_int_equal(store_get(reader, &a.key, &arena, NULL, &why), FAULT_NOT_FOUND);
    put("x", "a", "{}");
    assert_int_equal(store_get(reader, &a.key, &arena, NULL, &why), FAULT_NOT_FOUND);
    commit(reader);
    reader = begin(STORE_READ);
    assert_int_equal(store_get(reader, &a.key, &arena, NULL, &why), OK);
    commit(reader);
    (void)state;
}

static void lists_are_paged_in_order(void **state)
{
    static const char *const IDS[] = {"e", "a", "d", "b", "c"};
    struct record_key key = stage("x", "", "").key;
    struct span position = SPAN("");
    char seen[16] = "";
    struct record_list page;
    struct store_tx *tx;

    for (size_t i = 0; i < COUNT(IDS); i++)
        put("x", IDS[i], "{}");
    put("x/y", "z", "{}");
    tx = begin(STORE_READ);
    do {
        assert_int_equal(store_list(tx, &key, position, 2, &arena, &page, &why), OK);
        for (struct record *r = page.first; r; r = r->next)
            strncat(seen, r->key.id.at, 1);
        strncat(seen, "|", 2);
        position = page.next_position;
    } while (position.len > 0);
    assert_string_equal(seen, "ab|cd|e|");
    assert_int_equal(store_list(tx, &key, SPAN("nonsense!"), 2, &arena, &page, &why), FAULT_SYNTAX);
    assert_int_equal(store_list_below(tx, &key, &arena, &page, &why), OK);
    assert_int_equal(page.count, 6);
    commit(tx);
    (void)state;
}

static void deleting_takes_what_is_below_and_nothing_beside(void **state)
{
    struct record_key key = stage("x", "", "").key;
    struct record_list page;
    struct store_tx *tx;

    put("x", "a", "{}");
    put("x/y", "b", "{}");
    put("x0", "c", "{}");
    tx = begin(STORE_WRITE);
    assert_int_equal(store_delete_below(tx, &key, &why), OK);
    commit(tx);
    key.parent = SPAN("x0");
    tx = begin(STORE_WRITE);
    assert_int_equal(store_list(tx, &key, SPAN(""), 10, &arena, &page, &why), OK);
    assert_int_equal(page.count, 1);
    key.id = SPAN("c");
    assert_int_equal(store_delete(tx, &key, &why), OK);
    assert_int_equal(store_delete(tx, &key, &why), FAULT_NOT_FOUND);
    commit(tx);
    (void)state;
}

static void who_refers_to_a_record_is_known(void **state)
{
    struct record a = stage("x", "a", "{}");
    struct record_link link = {SPAN("deploymentId"), SPAN("Deployment"), SPAN("x"), SPAN("d")};
    struct record_key target = {SPAN("1"), SPAN("r"), SPAN("Deployment"), SPAN("x"), SPAN("d")};
    struct store_tx *tx = begin(STORE_WRITE);
    struct record_list list;

    assert_int_equal(store_put(tx, &a, &link, 1, &why), OK);
    assert_int_equal(
        store_referrers(tx, &target, SPAN("Stage"), SPAN("deploymentId"), 10, &arena, &list, &why),
        OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(store_put(tx, &a, NULL, 0, &why), OK);
    assert_int_equal(
        store_referrers(tx, &target, SPAN("Stage"), SPAN("deploymentId"), 10, &arena, &list, &why),
        OK);
    assert_int_equal(list.count, 0);
    commit(tx);
    (void)state;
}

static enum fault note_one(void *context, const struct record *record)
{
    struct buf *seen = context;

    buf_addf(seen, "%s%.*s/%.*s", record->body.at ? " " : " -", SPAN_ARG(record->key.parent),
             SPAN_ARG(record->key.id));
    return OK;
}

/* " a/x -b/y": what store_each visits. */
static void check_since(uint64_t since, const char *wanted)
{
    struct store_tx *tx = begin(STORE_READ);
    struct buf seen;

    buf_init(&seen, 1000);
    assert_int_equal(store_each(tx, SPAN("Stage"), since, note_one, &seen, &why), OK);
    store_abort(tx);
    unit_same_text("visited", buf_span(&seen), span_of(wanted));
    buf_release(&seen);
}

static void changes_and_deletions_are_told_by_revision(void **state)
{
    struct record_key key = {SPAN("1"), SPAN("r"), SPAN("Stage"), SPAN("a"), SPAN("")};
    struct store_tx *tx;
    uint64_t revision;

    (void)state;
    put("a", "x", "{}");
    put("b", "y", "{}");
    check_since(0, " a/x b/y");
    check_since(1, " b/y");
    tx = begin(STORE_WRITE);
    assert_int_equal(store_delete_below(tx, &key, &why), OK);
    revision = commit(tx);
    check_since(0, " b/y");
    check_since(revision - 1, " -a/x");
    check_since(revision, "");
    put("a", "x", "{}"); /* it is there again */
    check_since(revision - 1, " a/x");
}

static void a_store_has_a_name_of_its_own(void **state)
{
    uint64_t first = 0, again = 0;
    struct store_tx *tx = begin(STORE_READ);

    (void)state;
    assert_int_equal(store_epoch(tx, &first, &why), OK);
    store_abort(tx);
    store_close(store);
    assert_int_equal(store_open(folder, &store, &why), OK);
    tx = begin(STORE_READ);
    assert_int_equal(store_epoch(tx, &again, &why), OK);
    store_abort(tx);
    assert_int_equal(first, again);
    assert_int_not_equal(first, 0);
}

static void a_full_disk_is_told_and_passes(void **state)
{
    static char big[200000];
    struct record a = stage("x", "a", big);
    struct store_tx *tx = begin(STORE_WRITE);
    sqlite3 *db = tx->db;

    memset(big, 'x', sizeof big - 1);
    a.body = span_of(big);
    sqlite3_exec(db, "PRAGMA max_page_count = 1", NULL, NULL, NULL); /* as few as there are */
    assert_int_equal(store_put(tx, &a, NULL, 0, &why), FAULT_IO);
    assert_int_equal(store_commit(tx, NULL, &why), FAULT_IO);
    put("x", "b", "{}");
    (void)state;
}

static void data_of_a_newer_version_is_refused(void **state)
{
    struct store_tx *tx = begin(STORE_READ);
    struct store *second;

    sqlite3_exec(tx->db, "COMMIT; PRAGMA user_version = 999; BEGIN", NULL, NULL, NULL);
    commit(tx);
    assert_int_equal(store_open(folder, &second, &why), FAULT_UNSUPPORTED);
    assert_non_null(strstr(why.text, "newer"));
    (void)state;
}

static void blobs_are_named_by_their_content(void **state)
{
    char name[BLOB_NAME_LEN + 1], again[BLOB_NAME_LEN + 1], content[8] = "";
    int fd;

    assert_int_equal(store_blob_put(store, SPAN("hello"), name, &why), OK);
    assert_int_equal(store_blob_put(store, SPAN("hello"), again, &why), OK);
    assert_string_equal(name, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_string_equal(name, again);
    assert_int_equal(store_blob_open(store, span_of(name), &fd, &why), OK);
    assert_int_equal(read(fd, content, sizeof content), 5);
    close(fd);
    name[0] = name[0] == '0' ? '1' : '0';
    assert_int_equal(store_blob_open(store, span_of(name), &fd, &why), FAULT_NOT_FOUND);
    assert_int_equal(store_blob_open(store, SPAN("../portico.db"), &fd, &why), FAULT_NOT_FOUND);
    (void)state;
}

static bool has_blob(const char *name)
{
    int fd;

    if (store_blob_open(store, span_of(name), &fd, &why) != OK)
        return false;
    close(fd);
    return true;
}

static void put_with_blob(const char *id, const char *name)
{
    struct record_link link = {SPAN("document"), SPAN(BLOB_LINK), SPAN(""), span_of(name)};
    struct record record = stage("a", id, "{}");
    struct store_tx *tx = begin(STORE_WRITE);

    assert_int_equal(store_put(tx, &record, &link, 1, &why), OK);
    commit(tx);
}

static void a_blob_stays_as_long_as_somebody_needs_it(void **state)
{
    char name[BLOB_NAME_LEN + 1];
    struct record_key all = {SPAN("1"), SPAN("r"), SPAN("Stage"), SPAN("a"), SPAN("")};
    struct store_tx *tx;

    assert_int_equal(store_blob_put(store, SPAN("x"), name, &why), OK);
    assert_int_equal(store_blob_put(store, SPAN("x"), name, &why), OK);
    store_blob_release(store, span_of(name));
    assert_true(has_blob(name)); /* the other hold */
    put_with_blob("dev", name);
    store_blob_release(store, span_of(name));
    assert_true(has_blob(name));
    put_with_blob("prod", name);

    tx = begin(STORE_WRITE);
    all.id = SPAN("dev");
    assert_int_equal(store_delete(tx, &all, &why), OK);
    commit(tx);
    assert_int_equal(store_blobs_clean(store, &why), OK);
    assert_true(has_blob(name));

    tx = begin(STORE_WRITE);
    assert_int_equal(store_delete_below(tx, &all, &why), OK);
    commit(tx);
    assert_true(has_blob(name));
    assert_int_equal(store_blobs_clean(store, &why), OK);
    assert_false(has_blob(name));
    (void)state;
}

static void a_blob_that_no_record_came_to_need_goes(void **state)
{
    char name[BLOB_NAME_LEN + 1], kept[BLOB_NAME_LEN + 1];

    assert_int_equal(store_blob_put(store, SPAN("y"), name, &why), OK);
    store_blob_release(store, span_of(name));
    assert_false(has_blob(name));

    /* A crash: nobody released it.  The next start sweeps what no record names. */
    assert_int_equal(store_blob_put(store, SPAN("y"), name, &why), OK);
    assert_int_equal(store_blob_put(store, SPAN("z"), kept, &why), OK);
    put_with_blob("dev", kept);
    store_close(store);
    assert_int_equal(store_open(folder, &store, &why), OK);
    assert_false(has_blob(name));
    assert_true(has_blob(kept));
    (void)state;
}

static void a_held_blob_survives_the_end_of_its_last_record(void **state)
{
    char name[BLOB_NAME_LEN + 1], other[BLOB_NAME_LEN + 1];

    assert_int_equal(store_blob_put(store, SPAN("a"), name, &why), OK);
    put_with_blob("dev", name);
    assert_int_equal(store_blob_put(store, SPAN("b"), other, &why), OK);
    put_with_blob("dev", other); /* replaces the link */
    assert_int_equal(store_blobs_clean(store, &why), OK);
    assert_true(has_blob(name));
    assert_true(has_blob(other));
    store_blob_release(store, span_of(name));
    assert_false(has_blob(name));
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    TEST(a_commit_raises_the_revision_by_one_and_an_abort_leaves_no_trace),
    TEST(a_reader_sees_one_moment),
    TEST(lists_are_paged_in_order),
    TEST(deleting_takes_what_is_below_and_nothing_beside),
    TEST(who_refers_to_a_record_is_known),
    TEST(changes_and_deletions_are_told_by_revision),
    TEST(a_store_has_a_name_of_its_own),
    TEST(a_full_disk_is_told_and_passes),
    TEST(data_of_a_newer_version_is_refused),
    TEST(blobs_are_named_by_their_content),
    TEST(a_blob_stays_as_long_as_somebody_needs_it),
    TEST(a_blob_that_no_record_came_to_need_goes),
    TEST(a_held_blob_survives_the_end_of_its_last_record),
};

UNIT_MAIN(TESTS)
