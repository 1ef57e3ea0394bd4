/* The data directory: made, locked, cleaned. */
#include "../unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "supervise/folder.h"
#include "supervise/process.h"
#include "base/tree.h"

static int set_up(void **state)
{
    char *base = mem_zero(1, 64);

    snprintf(base, 64, "/tmp/portico-folder-XXXXXX");
    assert_non_null(mkdtemp(base));
    *state = base;
    return 0;
}

static int tear_down(void **state)
{
    int base = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    tree_empty(base);
    close(base);
    rmdir(*state);
    mem_free(*state);
    return 0;
}

static void folders_are_made_for_the_owner_alone(void **state)
{
    char path[128], text[64];
    struct folder folder;
    struct problem why = {0};
    struct stat about;

    snprintf(path, sizeof path, "%s/a/b", (char *)*state);
    if (folder_open(&folder, path, &why) != OK)
        fail_msg("%s", why.text);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0700);
    assert_int_equal(fstat(folder.run, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0700);

    folder_note(&folder, "url", "http://x\n");
    assert_true(folder_read(path, "url", text, sizeof text));
    assert_string_equal(text, "http://x");
    folder_close(&folder);
    assert_false(folder_read(path, "url", text, sizeof text));
    (void)state;
}

static void a_second_one_is_refused_with_the_pid_of_the_first(void **state)
{
    struct folder first, second;
    struct problem why = {0};
    char want[64];
    pid_t pid = 0;

    assert_int_equal(folder_open(&first, *state, &why), OK);
    assert_int_equal(folder_open(&second, *state, &why), FAULT_EXISTS);
    snprintf(want, sizeof want, "in use by another Portico (PID %d)", (int)getpid());
    if (!strstr(why.text, want))
        fail_msg("said '%s'", why.text);
    assert_true(folder_is_held(*state, &pid));
    assert_int_equal(pid, getpid());
    folder_close(&first);
    assert_false(folder_is_held(*state, &pid));
    assert_int_equal(folder_open(&second, *state, &why), OK);
    folder_close(&second);
}

static void sockets_of_a_long_path_live_elsewhere_and_go_with_it(void **state)
{
    char path[256];
    struct folder folder;
    struct problem why = {0};
    struct stat about;
    int made;

    snprintf(path, sizeof path, "%s/%0120d", (char *)*state, 1);
    assert_int_equal(folder_open(&folder, path, &why), OK);
    made = folder_listen(&folder, "feed.sock", SOCK_STREAM, &why);
    if (made < 0)
        fail_msg("%s", why.text);
    close(made);
    assert_true(strlen(folder.sockets) < SOCKET_PATH_MAX);
    assert_int_equal(stat(folder.sockets, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0700);
    folder_close(&folder);
    assert_int_not_equal(stat(folder.sockets, &about), 0);
}

static void memory_leaves_nothing(void **state)
{
    struct folder folder;
    struct problem why = {0};
    struct stat about;
    int made;

    if (folder_open(&folder, ":memory:", &why) != OK)
        skip(); /* no tmpfs here */
    assert_int_equal(stat(folder.path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0700);
    made = folder_listen(&folder, "feed.sock", SOCK_STREAM, &why);
    assert_true(made >= 0);
    close(made);
    folder_close(&folder);
    assert_int_not_equal(stat(folder.path, &about), 0);
    (void)state;
}

static void a_tree_is_emptied_without_following_links(void **state)
{
    char inner[128], link[256], kept[128];
    struct stat about;
    int folder;

    snprintf(kept, sizeof kept, "%s/kept", (char *)*state);
    snprintf(inner, sizeof inner, "%s/tree", (char *)*state);
    assert_int_equal(mkdir(kept, 0700), 0);
    assert_int_equal(mkdir(inner, 0700), 0);
    folder = open(inner, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(folder, "a", 0700), 0);
    assert_int_equal(mkdirat(folder, "a/b", 0700), 0);
    snprintf(link, sizeof link, "%s/a/b/link", inner);
    assert_int_equal(symlink(kept, link), 0);
    assert_true(tree_empty(folder));
    close(folder);
    assert_int_equal(rmdir(inner), 0);
    assert_int_equal(stat(kept, &about), 0);
}

static void starts_wait_longer_with_each_failure(void **state)
{
    static const struct {
        unsigned failures;
        int64_t ms;
    } CASES[] = {{1, 0}, {2, 200}, {3, 1000}, {4, 5000}, {5, 5000}, {100, 5000}};

    for (size_t i = 0; i < COUNT(CASES); i++)
        assert_int_equal(process_backoff(CASES[i].failures), CASES[i].ms * 1000);
    (void)state;
}

static void one_that_served_long_starts_at_once(void **state)
{
    struct process process = {.lifeline = -1, .failures = 3, .is_ready = true};

    process_ended(&process, 9999999);
    assert_int_equal(process.failures, 4);
    assert_int_equal(process.start_at, 9999999 + 5000000);
    process.is_ready = true;
    process_ended(&process, 10000000);
    assert_int_equal(process.failures, 1);
    assert_int_equal(process.start_at, 10000000);
    (void)state;
}

#define FOLDER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    FOLDER_TEST(folders_are_made_for_the_owner_alone),
    FOLDER_TEST(a_second_one_is_refused_with_the_pid_of_the_first),
    FOLDER_TEST(sockets_of_a_long_path_live_elsewhere_and_go_with_it),
    FOLDER_TEST(memory_leaves_nothing),
    FOLDER_TEST(a_tree_is_emptied_without_following_links),
    cmocka_unit_test(starts_wait_longer_with_each_failure),
    cmocka_unit_test(one_that_served_long_starts_at_once),
};

UNIT_MAIN(TESTS)
