/* Packages: what is unpacked, what is refused and with which words; then the same by a real host.
 */
#include "../unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/tree.h"
#include "host/package.h"
#include "host/unpacker.h"
#include "host_rig.h"
#include "zip.h"

#define ZIP_MAX (1 << 20)
#define NAME(literal) .name = SPAN_INIT(literal)

struct fixture {
    char path[64];
    int folder, archive;
};

static struct fixture fixture_open(struct span archive)
{
    struct fixture f;

    snprintf(f.path, sizeof f.path, "/tmp/portico-package-XXXXXX");
    assert_non_null(mkdtemp(f.path));
    f.folder = open(f.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    f.archive = memfd_create("zip", MFD_CLOEXEC);
    assert_int_equal(pwrite(f.archive, archive.at, archive.len, 0), archive.len);
    return f;
}

static void fixture_close(struct fixture *f)
{
    assert_true(tree_empty(f->folder));
    close(f->folder);
    close(f->archive);
    assert_int_equal(rmdir(f->path), 0);
}

static void check_file(const struct fixture *f, const char *name, mode_t mode, const char *content)
{
    struct tm made = {
        .tm_year = 120, .tm_mday = 2, .tm_hour = 3, .tm_min = 4, .tm_sec = 6, .tm_isdst = -1};
    struct stat about;
    char text[256];
    int file = openat(f->folder, name, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (file < 0)
        fail_msg("'%s' is not there", name);
    n = read(file, text, sizeof text);
    unit_same_text(name, span_make(text, n > 0 ? (size_t)n : 0), span_of(content));
    assert_int_equal(fstat(file, &about), 0);
    assert_int_equal(about.st_mode & 0777, mode);
    assert_int_equal(about.st_mtime, mktime(&made));
    close(file);
}

static void a_package_becomes_files_and_folders_and_links(void **state)
{
    static const struct zip_entry ENTRIES[] = {
        {NAME("app.py"), .content = "x = 1\n"},
        {NAME("lib/"), .mode = S_IFDIR | 0700},
        {NAME("lib/deep/er/mod.js"), .content = "deflated", .method = 8},
        {NAME("./bootstrap"), .content = "#!/bin/sh\n", .mode = S_IFREG | 0700},
        {NAME("secret"), .content = "s", .mode = S_IFREG | 0600},
        {NAME("set-id"), .content = "s", .mode = S_IFREG | 06755},
        {NAME("gr\xc3\xb6\xc3\x9f"
              "e.txt"),
         .content = "utf8", .flags = 0x800},
        {NAME("lib/link"), .content = "../app.py", .mode = S_IFLNK | 0777},
        {NAME("zip64"), .content = "64", .is_zip64 = true},
        {NAME("empty")},
    };
    char target[32] = "";
    struct problem why = {0};
    struct fixture f;
    uint64_t size = 0;
    struct buf zip;

    umask(022);
    buf_init(&zip, ZIP_MAX);
    zip_write(&zip, ENTRIES, COUNT(ENTRIES));
    f = fixture_open(buf_span(&zip));
    if (package_unpack(f.archive, f.folder, &size, &why) != OK)
        fail_msg("refused: %s", why.text);
    assert_int_equal(size, 6 + 8 + 10 + 1 + 1 + 4 + 2);
    check_file(&f, "app.py", 0644, "x = 1\n");
    check_file(&f, "lib/deep/er/mod.js", 0644, "deflated");
    check_file(&f, "bootstrap", 0755, "#!/bin/sh\n");
    check_file(&f, "secret", 0644, "s");
    check_file(&f, "set-id", 0755, "s");
    check_file(&f,
               "gr\xc3\xb6\xc3\x9f"
               "e.txt",
               0644, "utf8");
    check_file(&f, "zip64", 0644, "64");
    check_file(&f, "empty", 0644, "");
    assert_int_equal(readlinkat(f.folder, "lib/link", target, sizeof target - 1), 9);
    assert_string_equal(target, "../app.py");
    fixture_close(&f);
    buf_release(&zip);
    (void)state;
}

static const struct {
    const char *about;
    enum fault code;
    struct zip_entry entries[3]; /* until the first without a name */
} ATTACKS[] = {
    {"an absolute path", FAULT_SYNTAX, {{NAME("/etc/x"), .content = "x"}}},
    {"a path that climbs", FAULT_SYNTAX, {{NAME("a/../../x"), .content = "x"}}},
    {"a path that only climbs", FAULT_SYNTAX, {{NAME(".."), .content = "x"}}},
    {"a name that is not UTF-8", FAULT_SYNTAX, {{NAME("caf\xe9"), .content = "x"}}},
    {"an overlong UTF-8 name", FAULT_SYNTAX, {{NAME("a\xc0\xafx"), .content = "x"}}},
    {"a file of no name", FAULT_SYNTAX, {{NAME("./."), .content = "x"}}},
    {"two files of one name",
     FAULT_SYNTAX,
     {{NAME("a"), .content = "x"}, {NAME("./a"), .content = "y"}}},
    {"a file where a folder is",
     FAULT_SYNTAX,
     {{NAME("a/b"), .content = "x"}, {NAME("a"), .content = "y"}}},
    {"a folder where a file is",
     FAULT_SYNTAX,
     {{NAME("a"), .content = "x"}, {NAME("a/b"), .content = "y"}}},
    {"a link to an absolute path",
     FAULT_SYNTAX,
     {{NAME("a"), .content = "/etc/passwd", .mode = S_IFLNK | 0777}}},
    {"a link that climbs out",
     FAULT_SYNTAX,
     {{NAME("a/b"), .content = "../../x", .mode = S_IFLNK | 0777}}},
    {"a file through a link",
     FAULT_SYNTAX,
     {{NAME("d/x"), .content = "x"},
      {NAME("a"), .content = "d", .mode = S_IFLNK | 0777},
      {NAME("a/y"), .content = "y"}}},
    {"a device", FAULT_SYNTAX, {{NAME("null"), .content = "", .mode = S_IFCHR | 0666}}},
    {"an encrypted file", FAULT_SYNTAX, {{NAME("a"), .content = "0123456789abcdef", .flags = 1}}},
    {"a wrong checksum", FAULT_SYNTAX, {{NAME("a"), .content = "x", .is_corrupt = true}}},
    {"a size that is not there", FAULT_SYNTAX, {{NAME("a"), .content = "x", .claims = 1000}}},
    {"a zip64 size of exabytes",
     FAULT_TOO_LARGE,
     {{NAME("a"), .content = "x", .claims = 1ULL << 60, .is_zip64 = true}}},
    {"a size over the limit",
     FAULT_TOO_LARGE,
     {{NAME("a"), .content = "x", .claims = PACKAGE_SIZE_MAX + 1}}},
    {"an unknown compression",
     FAULT_SYNTAX,
     {{NAME("a"), .content = "xxxxxxxxxxxx", .method = 77}}},
    {"only a folder", FAULT_NOT_FOUND, {{NAME("a/"), .mode = S_IFDIR | 0755}}},
};

static void write_attack(struct buf *zip, size_t i)
{
    size_t count = 0;

    while (count < COUNT(ATTACKS[i].entries) && ATTACKS[i].entries[count].name.len > 0)
        count++;
    zip_write(zip, ATTACKS[i].entries, count);
}

static void what_nobody_means_is_refused(void **state)
{
    for (size_t i = 0; i < COUNT(ATTACKS); i++) {
        struct problem why = {0};
        struct fixture f;
        uint64_t size;
        enum fault rc;
        struct buf zip;

        buf_init(&zip, ZIP_MAX);
        write_attack(&zip, i);
        f = fixture_open(buf_span(&zip));
        rc = package_unpack(f.archive, f.folder, &size, &why);
        if (rc != ATTACKS[i].code)
            fail_msg("%s: %s, %s", ATTACKS[i].about, fault_name(rc), why.text);
        fixture_close(&f);
        buf_release(&zip);
    }
    (void)state;
}

static void what_is_no_zip_is_refused(void **state)
{
    static const struct span CASES[] = {SPAN_INIT(""), SPAN_INIT("hello"),
                                        SPAN_INIT("PK\x03\x04 and nothing else"),
                                        SPAN_INIT("\x1f\x8b\x08 a gzip")};

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fixture f = fixture_open(CASES[i]);
        uint64_t size;

        assert_int_equal(package_unpack(f.archive, f.folder, &size, NULL), FAULT_SYNTAX);
        fixture_close(&f);
    }
    (void)state;
}

static void names_have_bounds(void **state)
{
    char name[PACKAGE_NAME_MAX + 2];
    size_t deepest = 2 * PACKAGE_DEPTH_MAX - 1;

    memset(name, 'x', sizeof name);
    assert_false(package_name_is_safe(span_make(name, 256)));
    assert_true(package_name_is_safe(span_make(name, 255)));
    for (size_t i = 1; i < sizeof name; i += 2)
        name[i] = '/';
    assert_true(package_name_is_safe(span_make(name, deepest)));
    assert_false(package_name_is_safe(span_make(name, deepest + 2)));
    memset(name, '/', sizeof name);
    name[0] = 'x';
    assert_true(package_name_is_safe(span_make(name, PACKAGE_NAME_MAX)));
    assert_false(package_name_is_safe(span_make(name, PACKAGE_NAME_MAX + 1)));
    (void)state;
}

/* ---- by a real host ------------------------------------------------------------------------ */

static void write_blob(const struct rig *rig, char letter, struct span content)
{
    char path[256], sha[HOST_PACKAGE_LEN + 1];
    FILE *out;

    memset(sha, letter, HOST_PACKAGE_LEN);
    sha[HOST_PACKAGE_LEN] = '\0';
    snprintf(path, sizeof path, "%s/blobs/%s", rig->data, sha);
    out = fopen(path, "we");
    assert_non_null(out);
    fwrite(content.at, 1, content.len, out);
    fclose(out);
}

static struct host_message unpack(struct rig *rig, char letter)
{
    struct host_message message = {.op = HOST_UNPACK, .id = 9};
    int descriptors[HOST_DESCRIPTORS_MAX];
    char sha[HOST_PACKAGE_LEN];

    memset(sha, letter, sizeof sha);
    message.package = span_make(sha, sizeof sha);
    assert_int_equal(host_send(rig->socket, &message, NULL, 0), HOST_DONE);
    message = rig_hear(rig, descriptors);
    assert_int_equal(message.id, 9);
    return message;
}

static void a_host_unpacks_a_package_and_runs_it(void **state)
{
    static const struct zip_entry ENTRIES[] = {
        {NAME("app.py"), .method = 8,
         .content = "def handler(event, context):\n    return 'ok'\n"}};
    struct rig_instance instance;
    struct host_message said;
    struct rig rig;
    struct buf zip;

    rig_open(&rig, NULL);
    buf_init(&zip, ZIP_MAX);
    zip_write(&zip, ENTRIES, COUNT(ENTRIES));
    write_blob(&rig, 'c', buf_span(&zip));
    for (int i = 0; i < 2; i++) { /* the second time it is there already */
        said = unpack(&rig, 'c');
        assert_int_equal(said.op, HOST_UNPACKED);
        assert_int_equal(said.size, strlen(ENTRIES[0].content));
    }
    rig_start(&rig, &instance, 1, 'c', "python3.11", "app.handler");
    assert_int_equal(rig_frame(&instance).type, INSTANCE_READY);
    unit_same_text("answer", rig_invoke(&instance, "{}").payload, SPAN("\"ok\""));
    rig_release(&instance);
    buf_release(&zip);
    rig_close(&rig);
    (void)state;
}

static const char *words_for(enum fault code)
{
    return code == FAULT_TOO_LARGE ? PACKAGE_WORDS_LARGE
           : code == FAULT_SYNTAX  ? PACKAGE_WORDS_BAD
                                   : PACKAGE_WORDS_EMPTY;
}

static void a_host_refuses_an_attack_and_keeps_nothing_of_it(void **state)
{
    static const size_t CHOSEN[] = {0, 3, COUNT(ATTACKS) - 3, COUNT(ATTACKS) - 1};
    struct rig rig;
    char path[128];
    int folder;

    rig_open(&rig, NULL);
    for (size_t i = 0; i < COUNT(CHOSEN); i++) {
        struct host_message said;
        struct buf zip;

        buf_init(&zip, ZIP_MAX);
        write_attack(&zip, CHOSEN[i]);
        write_blob(&rig, 'd', buf_span(&zip));
        said = unpack(&rig, 'd');
        assert_int_equal(said.op, HOST_REFUSED);
        unit_same_text(ATTACKS[CHOSEN[i]].about, said.refused.message,
                       span_of(words_for(ATTACKS[CHOSEN[i]].code)));
        buf_release(&zip);
    }
    assert_int_equal(unpack(&rig, 'e').op, HOST_REFUSED); /* no such blob */
    snprintf(path, sizeof path, "%s/packages", rig.data);
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder >= 0);
    assert_int_equal(unlinkat(AT_FDCWD, path, AT_REMOVEDIR), 0); /* it is empty */
    close(folder);
    rig_close(&rig);
    (void)state;
}

static void make_at(const char *base, const char *path)
{
    char whole[256];

    snprintf(whole, sizeof whole, "%s/%s", base, path);
    assert_int_equal(mkdir(whole, 0755), 0);
}

static void at_its_start_the_host_removes_packages_without_a_zip(void **state)
{
#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    static const char *const MADE[] = {"blobs",         "blobs/" A,         "packages",
                                       "packages/" A,   "packages/" B,      "packages/" B "/in",
                                       "packages/mine", "packages/.new-1-2"};
    struct fixture f = fixture_open(SPAN(""));
    struct stat about;

    for (size_t i = 0; i < COUNT(MADE); i++)
        make_at(f.path, MADE[i]);
    unpackings_sweep(f.path);
    assert_int_equal(fstatat(f.folder, "packages/" A, &about, 0), 0);
    assert_int_equal(fstatat(f.folder, "packages/mine", &about, 0), 0);
    assert_int_equal(fstatat(f.folder, "packages/" B, &about, 0), -1);
    assert_int_equal(fstatat(f.folder, "packages/.new-1-2", &about, 0), -1);
    fixture_close(&f);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(a_package_becomes_files_and_folders_and_links),
    cmocka_unit_test(what_nobody_means_is_refused),
    cmocka_unit_test(what_is_no_zip_is_refused),
    cmocka_unit_test(names_have_bounds),
    cmocka_unit_test(a_host_unpacks_a_package_and_runs_it),
    cmocka_unit_test(a_host_refuses_an_attack_and_keeps_nothing_of_it),
    cmocka_unit_test(at_its_start_the_host_removes_packages_without_a_zip),
};

static int set_up(void **state)
{
    (void)state;
    return package_prepare() ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    package_release();
    return 0;
}

int main(void)
{
    return rig_has_sandbox(COUNT(TESTS)) ? cmocka_run_group_tests(TESTS, set_up, tear_down) : 0;
}
