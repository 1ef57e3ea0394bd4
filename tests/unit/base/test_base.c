/* base/: the properties that everything else leans on. */
#include "../unit.h"

#include <limits.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/random.h"
#include "base/uri.h"
#include "base/utf8.h"

static void an_arena_refuses_what_is_over_its_ceiling(void **state)
{
    struct arena arena;

    arena_init(&arena, 10000);
    assert_non_null(arena_try(&arena, 5000));
    assert_null(arena_try(&arena, 50000));
    assert_true(arena.is_over);
    assert_null(arena_try(&arena, SIZE_MAX));
    assert_null(arena_try_array(&arena, SIZE_MAX / 2, 4));
    assert_non_null(arena_alloc(&arena, ARENA_SMALL_MAX));
    assert_non_null(arena_alloc(&arena, ARENA_SMALL_MAX));
    arena_release(&arena);
    (void)state;
}

static void an_arena_survives_a_failed_allocation(void **state)
{
    struct arena arena;

    arena_init(&arena, 1 << 20);
    mem_fail_after(1);
    assert_null(arena_try(&arena, 10));
    mem_fail_after(0);
    assert_non_null(arena_try(&arena, 10));
    arena_reset(&arena);
    assert_int_equal(arena.used, ARENA_BLOCK_DEFAULT);
    arena_release(&arena);
    (void)state;
}

static void a_buffer_stops_at_its_ceiling_and_says_so(void **state)
{
    struct buf buf;

    buf_init(&buf, 10);
    assert_true(buf_add_text(&buf, "0123456789"));
    assert_false(buf_add_char(&buf, 'x'));
    assert_true(buf.is_over);
    unit_same_text("what was added stays", buf_span(&buf), SPAN("0123456789"));
    buf_clear(&buf);
    assert_true(buf_addf(&buf, "%d-%s", 42, "ab"));
    assert_true(buf_add_u64(&buf, 7));
    unit_same_text("formatted", buf_span(&buf), SPAN("42-ab7"));
    assert_string_equal(buf_text(&buf), "42-ab7");
    buf_release(&buf);
    (void)state;
}

static void numbers_are_read_strictly(void **state)
{
    static const struct {
        const char *text;
        bool is_u64, is_i64, is_double;
    } CASES[] = {
        {"0", true, true, true},
        {"", false, false, false},
        {"+5", false, false, false},
        {" 5", false, false, false},
        {"-5", false, true, true},
        {"007", true, true, false},
        {"18446744073709551615", true, false, true},
        {"18446744073709551616", false, false, true},
        {"-9223372036854775808", false, true, true},
        {"1.5e3", false, false, true},
        {"1.", false, false, false},
        {"1e999", false, false, false},
        {"0x10", false, false, false},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct span s = span_of(CASES[i].text);
        uint64_t u;
        int64_t n;
        double d;

        if (number_u64(s, &u) != CASES[i].is_u64 || number_i64(s, &n) != CASES[i].is_i64 ||
            number_double(s, &d) != CASES[i].is_double)
            fail_msg("'%s' is read wrongly", CASES[i].text);
    }
    (void)state;
}

static void a_split_gives_every_piece(void **state)
{
    struct span rest = SPAN("a,,b,"), piece;
    const char *want[] = {"a", "", "b", ""};
    size_t n = 0;

    while (span_split(&rest, ',', &piece))
        unit_same_text("piece", piece, span_of(want[n++]));
    assert_int_equal(n, 4);
    (void)state;
}

static void a_map_finds_what_was_set_and_keeps_the_order(void **state)
{
    static char names[2000][8];
    struct map map;
    const struct map_entry *entry;
    size_t at = 0, n = 1;

    map_init(&map, 2000);
    for (size_t i = 0; i < 2000; i++) {
        snprintf(names[i], sizeof names[i], "k%zu", i);
        assert_true(map_set(&map, span_of(names[i]), names[i]));
    }
    assert_false(map_set(&map, SPAN("one more"), names[0]));
    for (size_t i = 0; i < 2000; i += 2)
        assert_ptr_equal(map_remove(&map, span_of(names[i])), names[i]);
    assert_null(map_get(&map, SPAN("k0")));
    assert_ptr_equal(map_get(&map, SPAN("k1999")), names[1999]);
    while ((entry = map_next(&map, &at)) != NULL) {
        assert_ptr_equal(entry->value, names[n]);
        n += 2;
    }
    assert_int_equal(n, 2001);
    for (size_t i = 0; i < 2000; i += 2)
        assert_true(map_set(&map, span_of(names[i]), names[i]));
    assert_int_equal(map.live, 2000);
    map_release(&map);
    (void)state;
}

static void base64_is_strict_and_round_trips(void **state)
{
    static const struct {
        const char *text;
        bool url, is_valid;
    } CASES[] = {
        {"", false, true},      {"TQ==", false, true},  {"TQ", false, false},
        {"TQ", true, true},     {"TR==", false, false}, {"TWE=", false, true},
        {"TQ=a", false, false}, {"T", true, false},     {"+/==", false, false},
        {"-_8", true, true},    {"+/8", true, false},   {"TQ==\n", false, false},
        {"====", false, false}, {"TWFu", false, true},
    };
    struct arena arena;
    char bytes[64], text[96];

    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct span out;

        if (base64_decode(&arena, span_of(CASES[i].text), CASES[i].url, &out) != CASES[i].is_valid)
            fail_msg("'%s' (url %d)", CASES[i].text, CASES[i].url);
    }
    for (size_t n = 0; n <= sizeof bytes; n++) {
        struct span in = {bytes, n}, out;

        random_secret(bytes, n);
        assert_true(base64_decode(&arena, span_make(text, base64_encode(in, text)), false, &out));
        assert_true(span_equal(in, out));
        assert_true(
            base64_decode(&arena, span_make(text, base64_encode_url(in, text)), true, &out));
        assert_true(span_equal(in, out));
    }
    arena_release(&arena);
    (void)state;
}

static void malformed_utf8_is_seen_and_repaired_as_java_does(void **state)
{
    static const struct {
        const char *text, *repaired; /* NULL: it is valid */
    } CASES[] = {
        {"abc", NULL},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", NULL},
        {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"a\xe2\x82z", "a\xef\xbf\xbdz"},
        {"\xf0\x9f\x98", "\xef\xbf\xbd"},
        {"\xf5", "\xef\xbf\xbd"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct span s = span_of(CASES[i].text);
        struct buf out;

        buf_init(&out, 1000);
        assert_int_equal(utf8_is_valid(s), CASES[i].repaired == NULL);
        assert_true(utf8_add_repaired(&out, s));
        unit_same_text("repaired", buf_span(&out),
                       CASES[i].repaired ? span_of(CASES[i].repaired) : s);
        buf_release(&out);
    }
    assert_int_equal(utf8_utf16_len(SPAN("a\xc3\xa9\xf0\x9f\x98\x80")), 4);
    (void)state;
}

static void escapes_decode_and_encode(void **state)
{
    struct arena arena;
    struct buf out;

    arena_init(&arena, 1 << 16);
    buf_init(&out, 1000);
    unit_same_text("path", uri_decode(&arena, SPAN("a%2Bb+c%"), false), SPAN("a+b+c%"));
    unit_same_text("query", uri_decode(&arena, SPAN("a%2Bb+c%zz"), true), SPAN("a+b c%zz"));
    assert_false(uri_escapes_are_valid(SPAN("%2")));
    assert_true(uri_add_encoded(&out, SPAN("/a b~\xc3\xa9"), true));
    unit_same_text("encoded", buf_span(&out), SPAN("/a%20b~%C3%A9"));
    buf_release(&out);
    arena_release(&arena);
    (void)state;
}

static void times_are_written_as_each_reader_expects(void **state)
{
    struct clock clock = clock_fixed(0, 784111777123456);
    char out[CLOCK_TEXT_MAX];

    clock_http(clock_wall(&clock), out);
    assert_string_equal(out, "Sun, 06 Nov 1994 08:49:37 GMT");
    clock_iso(clock_wall(&clock), out);
    assert_string_equal(out, "1994-11-06T08:49:37.123Z");
    clock_clf(clock_wall(&clock), out);
    assert_string_equal(out, "06/Nov/1994:08:49:37 +0000");
    clock_basic(clock_wall(&clock), out);
    assert_string_equal(out, "19941106T084937Z");
    (void)state;
}

static void times_of_signatures_are_read_strictly(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
        int64_t seconds;
    } CASES[] = {
        {"19700101T000000Z", true, 0},
        {"19941106T084937Z", true, 784111777},
        {"20240229T235960Z", true, 1709251200},
        {"19691231T235959Z", true, -1},
        {"20240301T000000Z", true, 1709251200},
        {"20240101T000000", false, 0},
        {"20240101t000000Z", false, 0},
        {"20241301T000000Z", false, 0},
        {"20240132T000000Z", false, 0},
        {"20240101T240000Z", false, 0},
        {"2024 101T000000Z", false, 0},
        {"2024-01-01T00:00Z", false, 0},
        {"", false, 0},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        int64_t seconds = 0;

        if (clock_read_basic(span_of(CASES[i].text), &seconds) != CASES[i].is_good ||
            seconds != CASES[i].seconds)
            fail_msg("%s: %lld", CASES[i].text, (long long)seconds);
    }
    (void)state;
}

static void poll_waits_until_a_time_and_never_by_mistake_for_ever(void **state)
{
    static const struct {
        int64_t now, at;
        int ms;
    } CASES[] = {
        {1000, 1000, 0},
        {5000, 1000, 0},
        {1000, 1001, 1},
        {1000, 2000, 1},
        {1000, 2001, 2},
        {0, INT64_MAX, -1},
        {0, INT64_MAX - 1, INT_MAX},
        {INT64_MAX, 0, 0},
        {9000000, 5000, 0},
    };

    for (size_t i = 0; i < COUNT(CASES); i++)
        if (clock_poll_ms(CASES[i].now, CASES[i].at) != CASES[i].ms)
            fail_msg("row %zu: %d", i, clock_poll_ms(CASES[i].now, CASES[i].at));
    (void)state;
}

static void a_uuid_has_version_and_variant(void **state)
{
    struct random random;
    char uuid[UUID_TEXT_LEN + 1], id[11];

    random_init_seed(&random, 1);
    random_uuid(&random, uuid);
    assert_int_equal(uuid[14], '4');
    assert_non_null(strchr("89ab", uuid[19]));
    random_id(&random, id, 10);
    assert_int_equal(strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789"), 10);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(an_arena_refuses_what_is_over_its_ceiling),
    cmocka_unit_test(an_arena_survives_a_failed_allocation),
    cmocka_unit_test(a_buffer_stops_at_its_ceiling_and_says_so),
    cmocka_unit_test(numbers_are_read_strictly),
    cmocka_unit_test(a_split_gives_every_piece),
    cmocka_unit_test(a_map_finds_what_was_set_and_keeps_the_order),
    cmocka_unit_test(base64_is_strict_and_round_trips),
    cmocka_unit_test(malformed_utf8_is_seen_and_repaired_as_java_does),
    cmocka_unit_test(escapes_decode_and_encode),
    cmocka_unit_test(times_are_written_as_each_reader_expects),
    cmocka_unit_test(times_of_signatures_are_read_strictly),
    cmocka_unit_test(poll_waits_until_a_time_and_never_by_mistake_for_ever),
    cmocka_unit_test(a_uuid_has_version_and_variant),
};

UNIT_MAIN(TESTS)
