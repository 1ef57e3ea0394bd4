/* Content codings: which is wanted, and whole bodies there and back. */
#include "../unit.h"

#include "gateway/mapping/coding.h"

static void accept_encoding_names_what_is_wanted_most(void **state)
{
    static const struct {
        const char *value; /* NULL: not sent */
        enum coding wanted;
    } ROWS[] = {
        {NULL, CODING_IDENTITY},
        {"", CODING_IDENTITY},
        {"*", CODING_IDENTITY},
        {"gzip", CODING_GZIP},
        {"GZIP", CODING_GZIP},
        {"deflate,gzip", CODING_DEFLATE},
        {"deflate;q=0.5,gzip;q=1.0", CODING_GZIP},
        {"gzip;q=1.0,identity;q=0.5,*;q=0", CODING_GZIP},
        {"br, gzip", CODING_IDENTITY},
        {"br;q=0.1, gzip", CODING_GZIP},
        {"gzip;q=0", CODING_IDENTITY},
        {"gzip;q=nothing", CODING_GZIP},
        {"identity, gzip;q=0.9", CODING_IDENTITY},
        {",,", CODING_IDENTITY},
    };

    for (size_t i = 0; i < COUNT(ROWS); i++)
        if (coding_accepted(span_of(ROWS[i].value)) != ROWS[i].wanted)
            fail_msg("%s", ROWS[i].value);
    assert_int_equal(coding_of((struct span){NULL, 0}), CODING_IDENTITY);
    assert_int_equal(coding_of(SPAN(" gzip ")), CODING_GZIP);
    assert_int_equal(coding_of(SPAN("gzip, deflate")), CODING_UNKNOWN);
    (void)state;
}

static void bodies_are_the_same_after_both_ways(void **state)
{
    struct coder coder = {0};
    struct arena arena;
    char text[100000];

    arena_init(&arena, 16 << 20);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 7);
    for (int coding = CODING_GZIP; coding <= CODING_DEFLATE; coding++)
        for (size_t len = 1; len <= sizeof text; len *= 10) {
            struct span small, same;

            assert_int_equal(coding_compress(&coder, coding, &arena, span_make(text, len), &small),
                             OK);
            assert_int_equal(coding_expand(&coder, coding, &arena, small, sizeof text, &same), OK);
            unit_same_text("there and back", same, span_make(text, len));
            if (len > 1)
                assert_int_equal(coding_expand(&coder, coding, &arena, small, len - 1, &same),
                                 FAULT_TOO_LARGE);
            assert_int_not_equal(coding_expand(&coder, coding, &arena,
                                               span_first(small, small.len - 1), sizeof text,
                                               &same),
                                 OK);
        }
    assert_int_equal(
        coding_expand(&coder, CODING_GZIP, &arena, SPAN("no gzip"), 100, &(struct span){0}),
        FAULT_SYNTAX);
    coder_release(&coder);
    arena_release(&arena);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(accept_encoding_names_what_is_wanted_most),
    cmocka_unit_test(bodies_are_the_same_after_both_ways),
};

UNIT_MAIN(TESTS)
