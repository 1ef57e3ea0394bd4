/* http/file_source: a file comes piece by piece and whole, and one that is too short is told. */
#include "../unit.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/file_source.h"

#define SIZE (2 * FILE_SOURCE_PIECE + 17)

static int make_file(size_t size)
{
    int fd = memfd_create("file", MFD_CLOEXEC);

    for (size_t i = 0; i < size; i++) {
        char byte = (char)('a' + i % 23);

        assert_int_equal(pwrite(fd, &byte, 1, (off_t)i), 1);
    }
    return fd;
}

static void a_file_comes_whole_whatever_is_taken_at_a_time(void **state)
{
    static const size_t TAKES[] = {1000, FILE_SOURCE_PIECE, 7777};

    for (size_t k = 0; k < COUNT(TAKES); k++) {
        struct file_source *file = mem_alloc(sizeof *file);
        size_t got = 0;
        struct span s;

        file_source_init(file, make_file(SIZE), SIZE);
        while ((s = file->source.peek(&file->source)).len > 0) {
            size_t n = s.len < TAKES[k] ? s.len : TAKES[k];

            for (size_t i = 0; i < n; i++)
                assert_int_equal(s.at[i], 'a' + (got + i) % 23);
            file->source.take(&file->source, n);
            got += n;
        }
        assert_int_equal(file->source.state, OP_DONE);
        assert_int_equal(got, SIZE);
        file_source_release(file);
        mem_free(file);
    }
    (void)state;
}

static void an_empty_file_is_at_its_end(void **state)
{
    struct file_source *file = mem_alloc(sizeof *file);

    file_source_init(file, make_file(0), 0);
    assert_int_equal(file->source.peek(&file->source).len, 0);
    assert_int_equal(file->source.state, OP_DONE);
    file_source_release(file);
    mem_free(file);
    (void)state;
}

static void a_file_that_is_too_short_breaks_the_source(void **state)
{
    struct file_source *file = mem_alloc(sizeof *file);

    file_source_init(file, make_file(10), 11);
    assert_int_equal(file->source.peek(&file->source).len, 10);
    file->source.take(&file->source, 10);
    assert_int_equal(file->source.peek(&file->source).len, 0);
    assert_int_equal(file->source.state, OP_BROKEN);
    file_source_release(file);
    mem_free(file);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(a_file_comes_whole_whatever_is_taken_at_a_time),
    cmocka_unit_test(an_empty_file_is_at_its_end),
    cmocka_unit_test(a_file_that_is_too_short_breaks_the_source),
};

UNIT_MAIN(TESTS)
