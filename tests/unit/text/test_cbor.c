/* text/cbor: the examples of RFC 8949, appendix A, and what is refused. */
#include "../unit.h"

#include "base/ascii.h"
#include "text/cbor.h"

#define ROOM ((size_t)16 * 1024 * 1024)

static struct span from_hex(const char *hex, char *to)
{
    size_t n = 0;

    for (; hex[0] && hex[1]; hex += 2)
        to[n++] = (char)(ascii_hex(hex[0]) << 4 | ascii_hex(hex[1]));
    return span_make(to, n);
}

static void values_become_json(void **state)
{
    static const struct {
        const char *hex, *json;
    } CASES[] = {
        {"00", "0"},
        {"17", "23"},
        {"1818", "24"},
        {"1903e8", "1000"},
        {"1a000f4240", "1000000"},
        {"1bffffffffffffffff", "18446744073709551615"},
        {"20", "-1"},
        {"3903e7", "-1000"},
        {"3bffffffffffffffff", "-18446744073709551616"},
        {"f90000", "0.0"},
        {"f98000", "-0.0"},
        {"f93c00", "1.0"},
        {"f93e00", "1.5"},
        {"f97bff", "65504.0"},
        {"f90001", "5.9604644775390625e-08"},
        {"fa47c35000", "100000.0"},
        {"fb3ff199999999999a", "1.1"},
        {"f97c00", "\"Infinity\""},
        {"fb7ff8000000000000", "\"NaN\""},
        {"f9fc00", "\"-Infinity\""},
        {"f4", "false"},
        {"f5", "true"},
        {"f6", "null"},
        {"f7", "null"},
        {"c11a514b67b0", "1363896240"},
        {"c1fb41d452d9ec200000", "1363896240.5"},
        {"4401020304", "\"AQIDBA==\""},
        {"40", "\"\""},
        {"6449455446", "\"IETF\""},
        {"62c3bc", "\"\xc3\xbc\""},
        {"83010203", "[1,2,3]"},
        {"8301820203820405", "[1,[2,3],[4,5]]"},
        {"a26161016162820203", "{\"a\":1,\"b\":[2,3]}"},
        {"5f42010243030405ff", "\"AQIDBAU=\""},
        {"7f657374726561646d696e67ff", "\"streaming\""},
        {"9f018202039f0405ffff", "[1,[2,3],[4,5]]"},
        {"bf61610161629f0203ffff", "{\"a\":1,\"b\":[2,3]}"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        char bytes[64];
        struct problem why;
        struct arena arena;
        struct json *value;
        struct buf out;

        arena_init(&arena, ROOM);
        buf_init(&out, ROOM);
        if (cbor_parse(&arena, from_hex(CASES[i].hex, bytes), &value, &why) != OK)
            fail_msg("%s: %s", CASES[i].hex, why.text);
        json_write(&out, value);
        unit_same_text(CASES[i].hex, buf_span(&out), span_of(CASES[i].json));
        buf_release(&out);
        arena_release(&arena);
    }
    (void)state;
}

static void what_is_no_value_is_refused(void **state)
{
    static const struct {
        const char *about, *hex;
        enum fault code;
    } CASES[] = {
        {"nothing", "", FAULT_SYNTAX},
        {"a head that is cut", "1903", FAULT_SYNTAX},
        {"a text that is cut", "6449", FAULT_SYNTAX},
        {"an array that is cut", "8301", FAULT_SYNTAX},
        {"a count that is not believed", "9bffffffffffffffff00", FAULT_SYNTAX},
        {"no UTF-8", "61ff", FAULT_SYNTAX},
        {"a name that is no text", "a10101", FAULT_SYNTAX},
        {"a name twice", "a2616101616102", FAULT_SYNTAX},
        {"bytes behind", "0000", FAULT_SYNTAX},
        {"a break alone", "ff", FAULT_SYNTAX},
        {"a head that does not exist", "1c", FAULT_SYNTAX},
        {"pieces of another kind", "5f6161ff", FAULT_SYNTAX},
        {"pieces without end", "7f6161", FAULT_SYNTAX},
        {"a character in two pieces", "7f61c361bcff", FAULT_SYNTAX},
        {"a time that is no number", "c16161", FAULT_SYNTAX},
        {"another tag", "c249010000000000000000", FAULT_UNSUPPORTED},
        {"another simple value", "f0", FAULT_UNSUPPORTED},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        char bytes[64];
        struct problem why = {0};
        struct arena arena;
        struct json *value = NULL;

        arena_init(&arena, ROOM);
        if (cbor_parse(&arena, from_hex(CASES[i].hex, bytes), &value, &why) != CASES[i].code)
            fail_msg("%s: %s", CASES[i].about, why.text);
        arena_release(&arena);
    }
    (void)state;
}

static void depth_is_bounded(void **state)
{
    static const char OPENING[] = {(char)0x81, (char)0x9f, (char)0xc1};
    char bytes[2000];

    for (size_t i = 0; i < COUNT(OPENING); i++) {
        struct arena arena;
        struct json *value;

        memset(bytes, OPENING[i], sizeof bytes);
        arena_init(&arena, ROOM);
        assert_int_equal(cbor_parse(&arena, span_make(bytes, sizeof bytes), &value, NULL),
                         FAULT_TOO_LARGE);
        arena_release(&arena);
    }
    (void)state;
}

static void trees_are_written_and_read_back(void **state)
{
    static const struct {
        const char *json, *hex;
    } CASES[] = {
        {"{\"a\":1,\"b\":[2,-3]}", "a26161016162820222"},
        {"[23,24,255,256,65535,65536,4294967296]",
         "8717181818ff19010019ffff1a000100001b0000000100000000"},
        {"1.5", "fb3ff8000000000000"},
        {"1.0", "01"},
        {"1e400", "fb7ff0000000000000"},
        {"[true,false,null,\"\xc3\xbc\"]", "84f5f4f662c3bc"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        char bytes[64];
        struct arena arena;
        struct json *value, *again;
        struct buf out;

        arena_init(&arena, ROOM);
        buf_init(&out, ROOM);
        assert_int_equal(json_parse(&arena, span_of(CASES[i].json), &value, NULL), OK);
        assert_true(cbor_write(&out, value));
        if (!span_equal(buf_span(&out), from_hex(CASES[i].hex, bytes)))
            fail_msg("%s: other bytes", CASES[i].json);
        assert_int_equal(cbor_parse(&arena, buf_span(&out), &again, NULL), OK);
        if (!json_equal(value, again) && i != 4)
            fail_msg("%s: not read back", CASES[i].json);
        buf_release(&out);
        arena_release(&arena);
    }
    (void)state;
}

static void bytes_and_times_have_forms_of_their_own(void **state)
{
    char bytes[64];
    struct buf out;

    buf_init(&out, ROOM);
    cbor_write_map(&out, 2);
    cbor_write_text(&out, SPAN("b"));
    cbor_write_bytes(&out, SPAN("\x01\x02"));
    cbor_write_text(&out, SPAN("t"));
    assert_true(cbor_write_time(&out, SPAN("1363896240.5")));
    assert_true(
        span_equal(buf_span(&out), from_hex("a261624201026174c1fb41d452d9ec200000", bytes)));
    buf_release(&out);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_json),
        cmocka_unit_test(what_is_no_value_is_refused),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(trees_are_written_and_read_back),
        cmocka_unit_test(bytes_and_times_have_forms_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
