/* Control groups on folders that look like a system's: which files get which limits. */
#include "../unit.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/cgroup.h"

static char base[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(base, sizeof base, "/tmp/portico-cgroup-XXXXXX");
    return mkdtemp(base) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static const char *in_base(const char *path)
{
    static char out[4][512];
    static unsigned next;
    char *made = out[next++ % 4];

    snprintf(made, sizeof out[0], "%s/%s", base, path);
    return made;
}

static void make_folder(const char *path)
{
    assert_int_equal(mkdir(in_base(path), 0755), 0);
}

static void write_text(const char *path, const char *text)
{
    FILE *out = fopen(in_base(path), "we");

    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void check_text(const char *path, const char *want)
{
    char text[256] = "";
    FILE *in = fopen(in_base(path), "re");

    if (!in)
        fail_msg("'%s' is not there", path);
    unit_same_text(path, span_make(text, fread(text, 1, sizeof text, in)), span_of(want));
    fclose(in);
}

/* A real group has its files when it is made; here they are put in afterwards. */
static void add_files(const char *folder, const char *const *names)
{
    for (; *names; names++) {
        char path[300];

        snprintf(path, sizeof path, "%s/%s", folder, *names);
        write_text(path, "");
    }
}

/* How the parent of a host's groups is named, when it runs in our process namespace. */
static const char *own_name(int pid)
{
    static char name[64];
    struct stat about;

    assert_int_equal(stat("/proc/self/ns/pid", &about), 0);
    snprintf(name, sizeof name, "portico-%llu-%d", (unsigned long long)about.st_ino, pid);
    return name;
}

static void nothing_is_made_where_nothing_is_delegated(void **state)
{
    struct cgroups groups;

    write_text("self", "0::/user.slice/shell.scope\n");
    cgroups_open(&groups, in_base("missing"), in_base("self"));
    assert_int_equal(groups.count, 0);
    assert_false(groups.has_memory);
    assert_true(cgroup_make(&groups, 1, 128, 100));
    assert_true(cgroup_enter(&groups, 1));
    assert_false(cgroup_remove(&groups, 1));
    (void)state;
}

static void version_1_has_a_tree_for_each_kind(void **state)
{
    char memory[128], group[160];
    struct cgroups groups;

    make_folder("v1");
    make_folder("v1/memory");
    make_folder("v1/memory/here");
    make_folder("v1/pids");
    write_text("self", "9:name=systemd:/\n4:memory:/here\n8:pids:/\n0::/\n");
    cgroups_open(&groups, in_base("v1"), in_base("self"));
    assert_int_equal(groups.count, 2);
    assert_true(groups.has_memory && groups.has_processes);
    assert_false(groups.is_v2);
    snprintf(memory, sizeof memory, "v1/memory/here/%s", own_name((int)getpid()));
    assert_int_equal(access(in_base(memory), F_OK), 0);
    assert_false(cgroup_make(&groups, 7, 128, 100)); /* no kernel behind it: no files */
    snprintf(group, sizeof group, "%s/7", memory);
    assert_int_not_equal(access(in_base(group), F_OK), 0);
    cgroups_close(&groups);
    assert_int_not_equal(access(in_base(memory), F_OK), 0);
    (void)state;
}

static void groups_of_dead_hosts_go_but_only_in_our_process_namespace(void **state)
{
    char dead[128], inner[160];
    struct cgroups groups;

    make_folder("v1");
    make_folder("v1/pids");
    make_folder("v1/pids/portico-1-999999999");
    snprintf(dead, sizeof dead, "v1/pids/%s", own_name(999999999));
    snprintf(inner, sizeof inner, "%s/3", dead);
    make_folder(dead);
    make_folder(inner);
    write_text("self", "8:pids:/\n");
    cgroups_open(&groups, in_base("v1"), in_base("self"));
    assert_int_not_equal(access(in_base(dead), F_OK), 0);
    assert_int_equal(access(in_base("v1/pids/portico-1-999999999"), F_OK), 0);
    cgroups_close(&groups);
    (void)state;
}

static void a_parent_that_somebody_removed_is_made_again(void **state)
{
    struct cgroups groups;

    make_folder("v1");
    make_folder("v1/pids");
    write_text("self", "8:pids:/\n");
    cgroups_open(&groups, in_base("v1"), in_base("self"));
    assert_int_equal(rmdir(groups.folders[0]), 0);
    cgroup_make(&groups, 1, 128, 100);
    assert_int_equal(access(groups.folders[0], F_OK), 0);
    cgroups_close(&groups);
    (void)state;
}

static void version_2_moves_portico_into_a_leaf_first(void **state)
{
    static const char *const FILES[] = {"cgroup.subtree_control", NULL};
    static const char *const LEAF_FILES[] = {"cgroup.procs", NULL};
    char number[64];
    struct cgroups groups;

    make_folder("v2");
    make_folder("v2/mine");
    make_folder("v2/mine/portico.main");
    write_text("v2/cgroup.controllers", "cpu memory pids\n");
    write_text("v2/mine/cgroup.controllers", "cpu memory pids\n");
    add_files("v2/mine", FILES);
    add_files("v2/mine/portico.main", LEAF_FILES);
    snprintf(number, sizeof number, "%d\n", (int)getpid());
    write_text("v2/mine/cgroup.procs", number);
    write_text("self", "0::/mine\n");
    cgroups_open(&groups, in_base("v2"), in_base("self"));
    snprintf(number, sizeof number, "%d", (int)getpid());
    check_text("v2/mine/portico.main/cgroup.procs", number);
    check_text("v2/mine/cgroup.subtree_control", "+memory +pids");
    assert_int_equal(groups.count, 0); /* the new group has no files, without a kernel */
    (void)state;
}

static void version_2_leaves_other_peoples_processes_where_they_are(void **state)
{
    struct cgroups groups;

    make_folder("v2");
    make_folder("v2/mine");
    write_text("v2/cgroup.controllers", "cpu memory pids\n");
    write_text("v2/mine/cgroup.controllers", "cpu memory pids\n");
    write_text("v2/mine/cgroup.procs", "1\n");
    write_text("v2/mine/cgroup.subtree_control", "");
    write_text("self", "0::/mine\n");
    cgroups_open(&groups, in_base("v2"), in_base("self"));
    assert_int_equal(groups.count, 0);
    check_text("v2/mine/cgroup.subtree_control", "");
    assert_int_not_equal(access(in_base("v2/mine/portico.main"), F_OK), 0);
    write_text("v2/cgroup.subtree_control", "cpu memory pids\n"); /* root would go to the top */
    cgroups_open(&groups, in_base("v2"), in_base("self"));
    assert_int_equal(groups.count, 0); /* the new group has no files, without a kernel */
    check_text("v2/mine/cgroup.subtree_control", "");
    (void)state;
}

static void limits_stand_in_the_files_of_each_version(void **state)
{
    static const char *const FILES[] = {
        "memory.max",    "memory.swap.max",    "memory.oom.group",
        "pids.max",      "cgroup.procs",       "memory.limit_in_bytes",
        "memory.events", "memory.oom_control", NULL};

    for (int version = 1; version <= 2; version++) {
        struct cgroups groups = {.count = 1, .is_v2 = version == 2};

        set_up(NULL);
        snprintf(groups.folders[0], sizeof groups.folders[0], "%s", base);
        make_folder("5");
        add_files("5", FILES);
        assert_true(cgroup_limit(&groups, 5, 128, 100));
        check_text(version == 2 ? "5/memory.max" : "5/memory.limit_in_bytes", "142606336");
        check_text("5/memory.oom.group", version == 2 ? "1" : "");
        check_text("5/pids.max", version == 2 ? "100" : "");
        assert_true(cgroup_enter(&groups, 5));
        check_text("5/cgroup.procs", "0");
        write_text("5/memory.events", "low 0\noom 1\noom_kill 1\n");
        write_text("5/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
        assert_true(cgroup_remove(&groups, 5));
        write_text("5/memory.events", "low 0\noom 1\noom_kill 0\n");
        write_text("5/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n");
        assert_false(cgroup_remove(&groups, 5));
        tear_down(NULL);
    }
    (void)state;
}

#define CGROUP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    CGROUP_TEST(nothing_is_made_where_nothing_is_delegated),
    CGROUP_TEST(version_1_has_a_tree_for_each_kind),
    CGROUP_TEST(groups_of_dead_hosts_go_but_only_in_our_process_namespace),
    CGROUP_TEST(a_parent_that_somebody_removed_is_made_again),
    CGROUP_TEST(version_2_moves_portico_into_a_leaf_first),
    CGROUP_TEST(version_2_leaves_other_peoples_processes_where_they_are),
    cmocka_unit_test(limits_stand_in_the_files_of_each_version),
};

UNIT_MAIN(TESTS)
