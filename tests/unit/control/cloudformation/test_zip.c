/* The zips that are written here: the format, and that equal content gives equal bytes. */
#include "../../unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/cloudformation/code.h"
#include "control/cloudformation/zip.h"

#define ROOM 4096

static unsigned number(struct span zip, size_t at, unsigned bytes)
{
    unsigned value = 0;

    assert_true(at + bytes <= zip.len);
    while (bytes-- > 0)
        value = value << 8 | (unsigned char)zip.at[at + bytes];
    return value;
}

static void one_entry_is_what_the_format_says(void **state)
{
    struct buf out;
    struct zip zip;
    struct span made;
    size_t directory;

    buf_init(&out, ROOM);
    zip_begin(&zip, &out);
    assert_true(zip_add(&zip, SPAN("a/b.txt"), SPAN("123456789"), true));
    assert_true(zip_end(&zip));
    made = buf_span(&out);
    assert_int_equal(number(made, 0, 4), 0x04034b50);
    assert_int_equal(number(made, 14, 4), 0xcbf43926); /* the check value of CRC-32 */
    assert_int_equal(number(made, 18, 4), 9);
    assert_int_equal(number(made, 22, 4), 9);
    assert_memory_equal(made.at + 30, "a/b.txt123456789", 16);
    directory = 30 + 16;
    assert_int_equal(number(made, directory, 4), 0x02014b50);
    assert_int_equal(number(made, directory + 38, 4) >> 16, 0100755);
    assert_int_equal(number(made, directory + 42, 4), 0);
    assert_int_equal(number(made, made.len - 22, 4), 0x06054b50);
    assert_int_equal(number(made, made.len - 12, 2), 1);
    assert_int_equal(number(made, made.len - 10, 4), made.len - 22 - directory);
    assert_int_equal(number(made, made.len - 6, 4), directory);
    buf_release(&out);
    (void)state;
}

static void a_zip_over_its_ceiling_is_told(void **state)
{
    struct buf out;
    struct zip zip;

    buf_init(&out, 64);
    zip_begin(&zip, &out);
    assert_false(zip_add(&zip, SPAN("a"), SPAN("0123456789012345678901234567890123456789"), false));
    assert_false(zip_end(&zip));
    buf_release(&out);
    (void)state;
}

/* ---- folders ------------------------------------------------------------------------------- */

static void put(int folder, const char *name, const char *content)
{
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(file >= 0);
    assert_int_equal(write(file, content, strlen(content)), strlen(content));
    close(file);
}

static int make_folder(char path[static 32])
{
    int folder;

    strncpy(path, "/tmp/portico-code-XXXXXX", 32);
    assert_non_null(mkdtemp(path));
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder >= 0);
    assert_int_equal(mkdirat(folder, "code", 0755), 0);
    assert_int_equal(mkdirat(folder, "code/__pycache__", 0755), 0);
    put(folder, "code/b.py", "b");
    put(folder, "code/a.py", "a");
    put(folder, "code/__pycache__/x", "x");
    assert_int_equal(symlinkat("../shared.py", folder, "code/link.py"), 0);
    put(folder, "shared.py", "s");
    assert_int_equal(symlinkat("/etc", folder, "out"), 0);
    return folder;
}

static void remove_folder(int folder, const char *path)
{
    static const char *const FILES[] = {
        "code/b.py", "code/a.py", "code/__pycache__/x",   "code/link.py", "code/package.json",
        "shared.py", "out",       "code/requirements.txt"};

    for (size_t i = 0; i < COUNT(FILES); i++)
        unlinkat(folder, FILES[i], 0);
    unlinkat(folder, "code/__pycache__", AT_REMOVEDIR);
    unlinkat(folder, "code", AT_REMOVEDIR);
    close(folder);
    rmdir(path);
}

static void a_folder_is_packed_sorted_and_without_what_is_left_out(void **state)
{
    char path[32];
    int folder = make_folder(path);
    struct code_notes notes;
    struct problem why = {0};
    struct buf first, second;

    buf_init(&first, ROOM);
    buf_init(&second, ROOM);
    assert_int_equal(code_pack_path(folder, SPAN("./code/"), &first, &notes, &why), OK);
    assert_int_equal(notes.files, 3);
    assert_null(notes.missing);
    assert_memory_equal(first.at + 30, "a.pyaPK", 7);
    assert_true(span_search(buf_span(&first), SPAN("link.pysPK")) < first.len);
    assert_true(span_search(buf_span(&first), SPAN("pycache")) == first.len);
    assert_int_equal(code_pack_path(folder, SPAN("code"), &second, &notes, &why), OK);
    unit_same_text("the same bytes", buf_span(&second), buf_span(&first));
    buf_release(&first);
    buf_release(&second);
    remove_folder(folder, path);
    (void)state;
}

static void paths_that_are_none_are_refused(void **state)
{
    static const struct {
        const char *uri;
        enum fault code;
        const char *words;
    } CASES[] = {
        {"..", FAULT_DENIED, "'..' leaves the folder of the template"},
        {"code/../..", FAULT_DENIED, "'code/../..' leaves the folder of the template"},
        {"/etc", FAULT_DENIED, "'/etc' leaves the folder of the template"},
        {"out", FAULT_DENIED, "'out' leaves the folder of the template"},
        {"none", FAULT_NOT_FOUND, "there is no 'none' in the folder of the template"},
        {"shared.py", FAULT_TYPE, "'shared.py' is neither a folder nor a zip file"},
        {"code/__pycache__/x/y", FAULT_NOT_FOUND,
         "there is no 'code/__pycache__/x/y' in the folder of the template"},
        {"s3://a/b", FAULT_UNSUPPORTED, "code from 's3://a/b' is not yet in Portico"},
    };
    char path[32];
    int folder = make_folder(path);

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct code_notes notes;
        struct problem why = {0};
        struct buf zip;

        buf_init(&zip, ROOM);
        if (code_pack_path(folder, span_of(CASES[i].uri), &zip, &notes, &why) != CASES[i].code)
            fail_msg("%s: wrong fault, %s", CASES[i].uri, why.text);
        unit_same_text(CASES[i].uri, span_of(why.text), span_of(CASES[i].words));
        buf_release(&zip);
    }
    remove_folder(folder, path);
    (void)state;
}

static void missing_dependencies_are_noted(void **state)
{
    static const struct {
        const char *file, *content, *missing;
    } CASES[] = {
        {"code/package.json", "{\"dependencies\":{\"a\":\"1\"}}", "npm install"},
        {"code/package.json", "{\"type\":\"module\"}", NULL},
        {"code/package.json", "not JSON", NULL},
        {"code/requirements.txt", "requests", "pip install -r requirements.txt -t ."},
    };
    char path[32];
    int folder = make_folder(path);

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct code_notes notes;
        struct problem why = {0};
        struct buf zip;

        put(folder, CASES[i].file, CASES[i].content);
        buf_init(&zip, ROOM);
        assert_int_equal(code_pack_path(folder, SPAN("code"), &zip, &notes, &why), OK);
        unit_same_text(CASES[i].content, span_of(notes.missing), span_of(CASES[i].missing));
        buf_release(&zip);
    }
    remove_folder(folder, path);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_entry_is_what_the_format_says),
        cmocka_unit_test(a_zip_over_its_ceiling_is_told),
        cmocka_unit_test(a_folder_is_packed_sorted_and_without_what_is_left_out),
        cmocka_unit_test(paths_that_are_none_are_refused),
        cmocka_unit_test(missing_dependencies_are_noted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
