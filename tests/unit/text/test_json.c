/* text/json: parsing, writing, reading, comparing and changing JSON trees. */
#include "../unit.h"

#include "base/mem.h"
#include "text/json.h"

#define ROOM ((size_t)16 * 1024 * 1024)

static struct arena arena;
static struct buf out;

static int begin(void **state)
{
    arena_init(&arena, ROOM);
    buf_init(&out, ROOM);
    (void)state;
    return 0;
}

static int end(void **state)
{
    arena_release(&arena);
    buf_release(&out);
    (void)state;
    return 0;
}

static struct json *parse(struct span text)
{
    struct json *value = NULL;
    struct problem why;

    if (json_parse(&arena, text, &value, &why) != OK)
        fail_msg("%.*s: %s", SPAN_ARG(text), why.text);
    return value;
}

static struct json *parse_text(const char *text)
{
    return parse(span_of(text));
}

static struct span written(const struct json *value)
{
    buf_clear(&out);
    assert_true(json_write(&out, value));
    return buf_span(&out);
}

/* Rows: a text and its compact form (NULL: the text itself). */
static void what_is_json_is_parsed_and_written_compactly(void **state)
{
    static const struct {
        const char *about, *text, *compact;
    } CASES[] = {
        {"null", "null", NULL},
        {"true", "true", NULL},
        {"false", "false", NULL},
        {"a blank around", " \t\r\n1 \n", "1"},
        {"zero", "0", NULL},
        {"minus zero", "-0", NULL},
        {"an integer of any length", "123456789012345678901234567890", NULL},
        {"a fraction keeps its text", "1.500", NULL},
        {"an exponent keeps its text", "1E+2", NULL},
        {"a small exponent", "1e-2", NULL},
        {"a huge exponent", "1e999999", NULL},
        {"an empty string", "\"\"", NULL},
        {"a string", "\"abc\"", NULL},
        {"the simple escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"an escaped letter", "\"\\u0041\"", "\"A\""},
        {"an escaped control character", "\"\\u001F\"", "\"\\u001f\""},
        {"NUL", "\"a\\u0000b\"", NULL},
        {"DEL is plain", "\"\x7f\"", NULL},
        {"two bytes", "\"\\u00e9\"", "\"\xc3\xa9\""},
        {"three bytes", "\"\\u20AC\"", "\"\xe2\x82\xac\""},
        {"a surrogate pair", "\"\\uD83D\\uDE00\"", "\"\xf0\x9f\x98\x80\""},
        {"raw UTF-8 stays", "\"\xf0\x9f\x98\x80\xc3\xa9\"", NULL},
        {"a high half alone", "\"\\ud800\"", "\"\xef\xbf\xbd\""},
        {"a high half before a letter", "\"\\ud800x\"", "\"\xef\xbf\xbdx\""},
        {"a low half alone", "\"\\udc00\"", "\"\xef\xbf\xbd\""},
        {"two high halves", "\"\\ud800\\ud800\"", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"a high half before another escape", "\"\\ud800\\n\"", "\"\xef\xbf\xbd\\n\""},
        {"a high half before a character", "\"\\ud800\\u0041\"", "\"\xef\xbf\xbd\x41\""},
        {"U+2028 stays", "\"\xe2\x80\xa8\"", NULL},
        {"a plain run of over 16", "\"0123456789abcdef0123456789abcdef\"", NULL},
        {"an escape after 16", "\"0123456789abcdef\\n0123456789abcdef\\t\"", NULL},
        {"an empty array", "[]", NULL},
        {"an empty array with blanks", "[ \n ]", "[]"},
        {"an empty object", "{ }", "{}"},
        {"an array", "[1, 2 ,3]", "[1,2,3]"},
        {"nested", "[[],[[]],{\"a\":[{}]}]", NULL},
        {"members keep their order", "{\"b\" : 1 , \"a\" : 2}", "{\"b\":1,\"a\":2}"},
        {"duplicates are kept", "{\"a\":1,\"a\":2}", NULL},
        {"an empty name", "{\"\":1}", NULL},
        {"an escaped name", "{\"\\u0061\\n\":1}", "{\"a\\n\":1}"},
        {"containers after containers", "[{\"a\":[]},{\"b\":{}},[[1],2]]", NULL},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        const char *want = CASES[i].compact ? CASES[i].compact : CASES[i].text;

        unit_same_text(CASES[i].about, written(parse_text(CASES[i].text)), span_of(want));
    }
    (void)state;
}

static void what_is_not_json_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *about, *text;
        size_t offset;
    } CASES[] = {
        {"nothing", "", 0},
        {"only blanks", "  ", 2},
        {"a byte order mark", "\xef\xbb\xbf{}", 0},
        {"a form feed", "\f1", 0},
        {"a word", "nul", 0},
        {"a longer word", "nulls", 4},
        {"upper case", "True", 0},
        {"NaN", "NaN", 0},
        {"minus Infinity", "-Infinity", 1},
        {"a leading zero", "01", 0},
        {"a leading zero after minus", "-01", 1},
        {"two zeros", "00", 0},
        {"a plus", "+1", 0},
        {"a leading point", ".5", 0},
        {"a trailing point", "1.", 2},
        {"a point before an exponent", "1.e5", 2},
        {"an empty exponent", "1e", 2},
        {"an exponent of a sign", "1e+", 3},
        {"two points", "1.2.3", 3},
        {"only minus", "-", 1},
        {"hexadecimal", "0x10", 1},
        {"two values", "1 2", 2},
        {"a string without end", "\"abc", 0},
        {"a string that ends in a backslash", "\"abc\\", 0},
        {"an escaped quote at the end", "\"abc\\\"", 0},
        {"single quotes", "'a'", 0},
        {"an unknown escape", "\"a\\x\"", 2},
        {"an escape of a line end", "\"a\\\n\"", 2},
        {"three hexadecimal digits", "\"\\u123\"", 1},
        {"other than hexadecimal digits", "\"\\u12g4\"", 1},
        {"a bad second half", "\"\\ud800\\u12\"", 1},
        {"a raw line end in a string", "\"a\nb\"", 2},
        {"a raw tab in a string", "\"a\tb\"", 2},
        {"an overlong form", "\"\xc0\xaf\"", 1},
        {"a raw surrogate", "\"\xed\xa0\x80\"", 1},
        {"a lone continuation byte", "\"a\x80\"", 2},
        {"a cut sequence", "\"\xe2\x82\"", 1},
        {"past U+10FFFF", "\"\xf4\x90\x80\x80\"", 1},
        {"a backslash before a high byte", "\"\\\xc3\xa9\"", 1},
        {"malformed UTF-8 in a name", "{\"\xff\":1}", 2},
        {"an open array", "[", 1},
        {"an array without end", "[1", 2},
        {"a trailing comma", "[1,]", 3},
        {"a leading comma", "[,1]", 1},
        {"two commas", "[1,,2]", 3},
        {"no comma", "[1 2]", 3},
        {"the wrong bracket", "[1}", 2},
        {"the wrong brace", "{\"a\":1]", 6},
        {"a closing bracket", "]", 0},
        {"a bracket too many", "[]]", 2},
        {"an open object", "{", 1},
        {"a name without quotes", "{a:1}", 1},
        {"a number as name", "{1:1}", 1},
        {"no colon", "{\"a\" 1}", 5},
        {"no value", "{\"a\":}", 5},
        {"a trailing comma in an object", "{\"a\":1,}", 7},
        {"no colon at the end", "{\"a\"", 4},
        {"a comment", "/* */1", 0},
        {"a comment at the end", "1//", 1},
        {"a colon in an array", "[\"a\":1]", 4},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct json *value = NULL;
        struct problem why;

        if (json_parse(&arena, span_of(CASES[i].text), &value, &why) != FAULT_SYNTAX || value)
            fail_msg("%s: not refused", CASES[i].about);
        if (why.offset != CASES[i].offset)
            fail_msg("%s: place %zu (%s)", CASES[i].about, why.offset, why.text);
        assert_int_equal(json_parse(&arena, span_of(CASES[i].text), &value, NULL), FAULT_SYNTAX);
    }
    (void)state;
}

static void a_raw_nul_is_refused_everywhere(void **state)
{
    static const struct span TEXTS[] = {SPAN_INIT("\0"), SPAN_INIT("1\0"), SPAN_INIT("\"\0\""),
                                        SPAN_INIT("[\0]"), SPAN_INIT("{\"a\0\":1}")};
    struct json *value;

    for (size_t i = 0; i < COUNT(TEXTS); i++)
        assert_int_equal(json_parse(&arena, TEXTS[i], &value, NULL), FAULT_SYNTAX);
    (void)state;
}

static void a_problem_names_line_and_column(void **state)
{
    struct json *value;
    struct problem why;

    assert_int_equal(json_parse(&arena, SPAN("{\n  \"a\": x\n}"), &value, &why), FAULT_SYNTAX);
    assert_int_equal(why.line, 2);
    assert_int_equal(why.column, 8);
    assert_string_equal(why.text, "unexpected character in JSON text: a value was due");
    (void)state;
}

static void depth_is_limited_where_the_header_says(void **state)
{
    struct json *value = NULL;
    struct problem why;
    char text[2 * (JSON_DEPTH_MAX + 1)];

    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    value = parse(span_make(text, 2 * (size_t)JSON_DEPTH_MAX));
    assert_int_equal(written(value).len, 2 * JSON_DEPTH_MAX);
    memset(text, '[', sizeof text);
    assert_int_equal(json_parse(&arena, span_make(text, sizeof text), &value, &why),
                     FAULT_TOO_LARGE);
    assert_int_equal(why.offset, JSON_DEPTH_MAX);
    (void)state;
}

static void a_tree_that_is_too_deep_is_not_written_or_copied(void **state)
{
    struct json *root = json_new(&arena, JSON_ARRAY), *at = root, *other;

    for (int i = 1; i < JSON_TREE_DEPTH_MAX; i++)
        at = json_append(at, json_new(&arena, JSON_ARRAY));
    assert_int_equal(written(root).len, 2 * JSON_TREE_DEPTH_MAX);
    other = json_copy(&arena, root);
    assert_non_null(other);
    assert_true(json_equal(root, other));
    assert_true(json_hash(root) == json_hash(other));
    json_append(at, json_new(&arena, JSON_ARRAY));
    buf_clear(&out);
    assert_false(json_write(&out, root));
    assert_true(out.is_over);
    assert_null(json_copy(&arena, root));
    assert_false(json_equal(root, root));
    (void)state;
}

static void the_pretty_form_is_that_of_stored_documents(void **state)
{
    static const struct {
        const char *text, *pretty;
    } CASES[] = {
        {"1", "1"},
        {"{}", "{ }"},
        {"[]", "[ ]"},
        {"[1,\"a\"]", "[ 1, \"a\" ]"},
        {"{\"a\":1,\"b\":{\"c\":[]}}", "{\n  \"a\" : 1,\n  \"b\" : {\n    \"c\" : [ ]\n  }\n}"},
        {"[{\"a\":1},{}]", "[ {\n  \"a\" : 1\n}, { } ]"},
        {"{\"a\":[{\"b\":1}]}", "{\n  \"a\" : [ {\n    \"b\" : 1\n  } ]\n}"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        buf_clear(&out);
        assert_true(json_write_pretty(&out, parse_text(CASES[i].text), 2));
        unit_same_text(CASES[i].text, buf_span(&out), span_of(CASES[i].pretty));
    }
    (void)state;
}

static void texts_are_quoted_and_repaired(void **state)
{
    static const struct {
        struct span text;
        const char *quoted;
    } CASES[] = {
        {{NULL, 0}, "\"\""},
        {SPAN_INIT("a/b"), "\"a/b\""},
        {SPAN_INIT("\0\x01\x1f"), "\"\\u0000\\u0001\\u001f\""},
        {SPAN_INIT("a\xff"), "\"a\xef\xbf\xbd\""},
        {SPAN_INIT("\xe2\x82 x"), "\"\xef\xbf\xbd x\""},
        {SPAN_INIT("\xe2\x82\xac\"\xc3\xa9\\"), "\"\xe2\x82\xac\\\"\xc3\xa9\\\\\""},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        buf_clear(&out);
        assert_true(json_write_text(&out, CASES[i].text));
        unit_same_text(CASES[i].quoted, buf_span(&out), span_of(CASES[i].quoted));
    }
    buf_clear(&out);
    assert_true(json_write(&out, NULL));
    unit_same_text("nothing", buf_span(&out), SPAN("null"));
    (void)state;
}

static void writing_stops_at_the_ceiling(void **state)
{
    struct json *value = parse_text("{\"a\":[1,true,\"x\\ny\\u00e9\",{}],\"b\":null}");
    struct span whole = written(value);

    for (size_t ceiling = 0; ceiling < whole.len; ceiling++) {
        struct buf small;

        buf_init(&small, ceiling);
        assert_false(json_write(&small, value));
        assert_true(small.is_over && small.len <= ceiling);
        buf_release(&small);
    }
    (void)state;
}

static void the_last_of_duplicate_names_is_found(void **state)
{
    struct json *o = parse_text("{\"a\":1,\"b\":true,\"a\":\"x\",\"n\":-7,\"f\":1.5}");

    assert_true(json_is(json_member(o, "a"), JSON_STRING));
    assert_null(json_member(o, "c"));
    assert_null(json_member(NULL, "c"));
    assert_null(json_member(json_at(o, 0), "c"));
    unit_same_text("text", json_member_text(o, "a", SPAN("?")), SPAN("x"));
    unit_same_text("not a text", json_member_text(o, "b", SPAN("?")), SPAN("?"));
    assert_true(json_member_bool(o, "b", false));
    assert_true(json_member_bool(o, "a", true));
    assert_int_equal(json_member_int(o, "n", 3), -7);
    assert_int_equal(json_member_int(o, "f", 3), 3);
    assert_int_equal(json_member_int(o, "zz", 3), 3);
    assert_true(json_is_true(json_at(o, 1)));
    assert_null(json_at(o, 5));
    assert_null(json_at(NULL, 0));
    (void)state;
}

static void whole_numbers_are_read_exactly(void **state)
{
    static const struct {
        const char *text;
        bool is_whole, fits;
        int64_t n;
    } CASES[] = {
        {"0", true, true, 0},
        {"-0", true, true, 0},
        {"0.0", true, true, 0},
        {"0e999999999999", true, true, 0},
        {"1.0", true, true, 1},
        {"1e2", true, true, 100},
        {"1.5e1", true, true, 15},
        {"150e-1", true, true, 15},
        {"1.5", false, false, 0},
        {"1e-1", false, false, 0},
        {"9223372036854775807", true, true, INT64_MAX},
        {"9223372036854775808", true, false, 0},
        {"-9223372036854775808", true, true, INT64_MIN},
        {"-9223372036854775809", true, false, 0},
        {"9223372036854775807.0", true, true, INT64_MAX},
        {"922337203685477580700e-2", true, true, INT64_MAX},
        {"1e18", true, true, 1000000000000000000},
        {"1e19", true, false, 0},
        {"1e99999999999999999999", true, false, 0},
        {"0.00001e5", true, true, 1},
        {"1000000e-6", true, true, 1},
        {"1000000e-7", false, false, 0},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct json *value = parse_text(CASES[i].text);
        int64_t n = -1;

        if (json_number_is_whole(value->text) != CASES[i].is_whole)
            fail_msg("%s: whole?", CASES[i].text);
        if (json_int(value, &n) != CASES[i].fits || n != (CASES[i].fits ? CASES[i].n : -1))
            fail_msg("%s: got %lld", CASES[i].text, (long long)n);
    }
    assert_false(json_int(NULL, &(int64_t){0}));
    (void)state;
}

static void doubles_are_read_correctly_rounded(void **state)
{
    char nines[1200] = "0.", halves[1200];
    struct json *value;
    double n = -1;

    assert_true(json_double(parse_text("1.5e3"), &n) && n == 1500.0);
    assert_true(json_double(parse_text("1e-400"), &n) && n == 0.0);
    assert_false(json_double(parse_text("1e400"), &n));
    assert_false(json_double(parse_text("true"), &n));
    memset(nines + 2, '9', 1100);
    assert_true(json_double(parse_text(nines), &n) && n == 1.0);
    /* just over half way between 1 and the next double */
    snprintf(halves, sizeof halves,
             "1.00000000000000011102230246251565404236316680908203125%0900d1", 0);
    value = parse_text(halves);
    assert_true(json_double(value, &n) && n > 1.0);
    (void)state;
}

static void numbers_are_built_as_the_shortest_text(void **state)
{
    static const struct {
        double n;
        const char *text;
    } CASES[] = {{1, "1.0"},           {0.1, "0.1"},      {-0.0, "-0.0"},
                 {1e22, "1e+22"},      {1.5, "1.5"},      {0.1 + 0.2, "0.30000000000000004"},
                 {100000, "100000.0"}, {5e-324, "5e-324"}};

    for (size_t i = 0; i < COUNT(CASES); i++)
        unit_same_text("real", written(json_real(&arena, CASES[i].n)), span_of(CASES[i].text));
    unit_same_text("not a number", written(json_real(&arena, 0.0 / 0.0)), SPAN("null"));
    unit_same_text("int", written(json_number(&arena, INT64_MIN)), SPAN("-9223372036854775808"));
    (void)state;
}

static void equality_is_by_value(void **state)
{
    static const struct {
        const char *a, *b;
        bool is_equal;
    } CASES[] = {
        {"1", "1.0", true},
        {"1", "10e-1", true},
        {"-1", "1", false},
        {"0", "-0.0e5", true},
        {"1.5e1", "15", true},
        {"0.05", "5e-2", true},
        {"100", "1e2", true},
        {"12345678901234567890.1", "12345678901234567890.2", false},
        {"1e400", "1e401", false},
        {"1e400", "10e399", true},
        {"\"a\"", "\"\\u0061\"", true},
        {"\"a\"", "\"A\"", false},
        {"\"1\"", "1", false},
        {"null", "false", false},
        {"[1,2]", "[2,1]", false},
        {"[1,2]", "[1,2,3]", false},
        {"[]", "{}", false},
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true},
        {"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false},
        {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
        {"{\"a\":0,\"a\":1}", "{\"a\":1}", true},
        {"{\"a\":0,\"a\":1}", "{\"a\":0}", false},
        {"{\"a\":0,\"a\":1}", "{\"a\":1,\"a\":0}", false},
        {"{\"a\":1,\"b\":[{\"c\":1.0}]}", "{\"b\":[{\"c\":1}],\"a\":1}", true},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct json *a = parse_text(CASES[i].a), *b = parse_text(CASES[i].b);

        if (json_equal(a, b) != CASES[i].is_equal || json_equal(b, a) != CASES[i].is_equal)
            fail_msg("%s and %s", CASES[i].a, CASES[i].b);
        if (CASES[i].is_equal != (json_hash(a) == json_hash(b)))
            fail_msg("hashes of %s and %s", CASES[i].a, CASES[i].b);
    }
    assert_false(json_equal(NULL, NULL));
    (void)state;
}

static void numbers_are_ordered_by_value(void **state)
{
    static const char *const ASCENDING[] = {
        "-1e500",   "-100", "-99.5", "-1",     "-0.1", "-1e-400", "0",     "1e-400",
        "0.099999", "0.1",  "1",     "1.0001", "99.5", "100",     "1e500", "1.1e500"};

    for (size_t i = 0; i < COUNT(ASCENDING); i++) {
        for (size_t k = 0; k < COUNT(ASCENDING); k++) {
            int order = json_number_compare(span_of(ASCENDING[i]), span_of(ASCENDING[k]));

            if ((order > 0) - (order < 0) != (i > k) - (i < k))
                fail_msg("%s and %s: %d", ASCENDING[i], ASCENDING[k], order);
        }
    }
    (void)state;
}

/* An object of `count` members, in order or backwards. */
static struct json *large_object(size_t count, bool is_backwards)
{
    struct json *object = json_new(&arena, JSON_OBJECT);

    for (size_t i = 0; i < count; i++) {
        size_t k = is_backwards ? count - 1 - i : i;

        json_add(object, arena_format(&arena, "name%zu", k), json_number(&arena, (int64_t)k));
    }
    return object;
}

static void large_objects_are_compared_in_linear_time(void **state)
{
    struct json *a = large_object(50000, false), *b = large_object(50000, true);

    assert_true(json_equal(a, b));
    assert_true(json_hash(a) == json_hash(b));
    json_add(b, SPAN("name7"), json_number(&arena, 8));
    assert_false(json_equal(a, b));
    assert_true(json_hash(a) != json_hash(b));
    (void)state;
}

static void comparing_without_memory_still_tells_the_truth(void **state)
{
    struct json *a = large_object(40, false), *b = large_object(40, true);

    for (unsigned n = 1; n < 8; n++) {
        mem_fail_after(n);
        assert_true(json_equal(a, b));
        mem_fail_after(n);
        (void)json_hash(a);
    }
    mem_fail_after(0);
    (void)state;
}

static void trees_are_changed_in_place(void **state)
{
    struct json *o = parse_text("{\"a\":1,\"b\":2,\"a\":3,\"c\":4}");

    assert_non_null(json_set(o, "b", json_text(&arena, SPAN("new"))));
    assert_non_null(json_set(o, "a", json_bool(&arena, true)));
    assert_non_null(json_set(o, "d", json_bool(&arena, false)));
    unit_same_text("set", written(o),
                   SPAN("{\"a\":1,\"b\":\"new\",\"a\":true,\"c\":4,\"d\":false}"));
    assert_int_equal(o->count, 5);
    assert_true(json_remove(o, SPAN("a")));
    assert_false(json_remove(o, SPAN("a")));
    assert_true(json_remove(o, SPAN("d")));
    json_set(o, "e", json_append(json_new(&arena, JSON_ARRAY), json_new(&arena, JSON_NULL)));
    unit_same_text("removed", written(o), SPAN("{\"b\":\"new\",\"c\":4,\"e\":null}"));
    assert_null(json_set(o, "x", NULL));
    assert_null(json_append(NULL, o));
    assert_false(json_remove(NULL, SPAN("a")));
    assert_true(json_remove(o, SPAN("b")) && json_remove(o, SPAN("c")) &&
                json_remove(o, SPAN("e")));
    assert_true(!o->first && !o->last && o->count == 0);
    json_set(o, "f", json_new(&arena, JSON_OBJECT));
    unit_same_text("filled again", written(o), SPAN("{\"f\":{}}"));
    json_set_span(o, SPAN("f"), json_number(&arena, 1));
    json_set_span(o, SPAN("g"), json_number(&arena, 2));
    unit_same_text("the last replaced", written(o), SPAN("{\"f\":1,\"g\":2}"));
    (void)state;
}

static void a_copy_owns_its_texts(void **state)
{
    char text[] = "{\"name\":[\"value\",12]}";
    struct json *value = parse_text(text), *copy = json_copy(&arena, value->first);

    memset(text, 'x', sizeof text - 1);
    unit_same_text("copy", written(copy), SPAN("[\"value\",12]"));
    assert_int_equal(copy->name.len, 0);
    assert_null(copy->next);
    assert_null(json_copy(&arena, NULL));
    (void)state;
}

static uint32_t random_state = 12345;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % below;
}

static struct span random_text(void)
{
    static const struct span PIECES[] = {SPAN_INIT("a"),    SPAN_INIT("\""),
                                         SPAN_INIT("\\"),   SPAN_INIT("\n"),
                                         SPAN_INIT("\0"),   SPAN_INIT("\xc3\xa9"),
                                         SPAN_INIT("/"),    SPAN_INIT("a longer plain run"),
                                         SPAN_INIT(" "),    SPAN_INIT("\xf0\x9f\x98\x80"),
                                         SPAN_INIT("\x1f"), SPAN_INIT("u0041")};
    struct buf text;
    struct span copy;

    buf_init(&text, 1000);
    for (uint32_t n = draw(8); n > 0; n--)
        buf_add(&text, PIECES[draw(COUNT(PIECES))]);
    copy = arena_copy(&arena, buf_span(&text));
    buf_release(&text);
    return copy;
}

static struct json *random_tree(unsigned depth)
{
    enum json_type type = (enum json_type)draw(depth > 0 ? 7 : 5);
    struct json *value = json_new(&arena, type);

    if (type == JSON_NUMBER)
        return draw(2) ? json_number(&arena, (int64_t)draw(100000) - 50000)
                       : json_real(&arena, draw(10000) / 128.0);
    if (type == JSON_STRING)
        value->text = random_text();
    for (uint32_t n = type >= JSON_ARRAY ? draw(6) : 0; n > 0; n--) {
        if (type == JSON_ARRAY)
            json_append(value, random_tree(depth - 1));
        else
            json_add(value, random_text(), random_tree(depth - 1));
    }
    return value;
}

static void what_is_written_reads_back_equal(void **state)
{
    struct buf text;

    buf_init(&text, ROOM);
    for (int i = 0; i < 2000; i++) {
        struct json *value = random_tree(5), *back;

        buf_clear(&text);
        assert_true(draw(2) ? json_write(&text, value) : json_write_pretty(&text, value, 2));
        back = parse(buf_span(&text));
        assert_true(json_equal(value, back));
        assert_true(json_hash(value) == json_hash(back));
        assert_true(json_equal(value, json_copy(&arena, value)));
        if (i % 50 == 0)
            arena_reset(&arena);
    }
    buf_release(&text);
    (void)state;
}

/* Uses each call that takes memory; false when one of them failed. */
static bool use_memory(void)
{
    static const char TEXT[] =
        "{\"a\":[1,2,3,\"x\\ny\",{\"b\\u0041\":[[],[],[],[],[]]}],\"c\":null}";
    struct json *value = NULL, *copy;
    struct arena small;
    struct buf text;
    bool is_done = false;

    arena_init(&small, ROOM);
    buf_init(&text, ROOM);
    if (json_parse(&small, span_of(TEXT), &value, NULL) == OK) {
        copy = json_copy(&small, value);
        json_set(copy, "d", json_number(&small, 12));
        json_set(copy, "e", json_real(&small, 0.5));
        json_set(copy, "f", arena_try(&small, 300000) ? json_text(&small, SPAN("x")) : NULL);
        is_done = json_write(&text, copy) && !small.is_over;
    }
    arena_release(&small);
    buf_release(&text);
    return is_done;
}

static void every_failed_allocation_is_an_answer(void **state)
{
    unsigned n = 1;

    for (bool is_done = false; !is_done; n++) {
        mem_fail_after(n);
        is_done = use_memory();
    }
    mem_fail_after(0);
    assert_true(n > 4);
    (void)state;
}

static void a_full_arena_is_reported(void **state)
{
    struct json *value = NULL;
    struct arena small;
    struct problem why;

    arena_init(&small, 1000);
    assert_int_equal(
        json_parse(&small, SPAN("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]"), &value, &why),
        FAULT_NO_MEMORY);
    assert_null(value);
    assert_true(small.is_over);
    arena_release(&small);
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        TEST(what_is_json_is_parsed_and_written_compactly),
        TEST(what_is_not_json_is_refused_with_its_place),
        TEST(a_raw_nul_is_refused_everywhere),
        TEST(a_problem_names_line_and_column),
        TEST(depth_is_limited_where_the_header_says),
        TEST(a_tree_that_is_too_deep_is_not_written_or_copied),
        TEST(the_pretty_form_is_that_of_stored_documents),
        TEST(texts_are_quoted_and_repaired),
        TEST(writing_stops_at_the_ceiling),
        TEST(the_last_of_duplicate_names_is_found),
        TEST(whole_numbers_are_read_exactly),
        TEST(doubles_are_read_correctly_rounded),
        TEST(numbers_are_built_as_the_shortest_text),
        TEST(equality_is_by_value),
        TEST(numbers_are_ordered_by_value),
        TEST(large_objects_are_compared_in_linear_time),
        TEST(comparing_without_memory_still_tells_the_truth),
        TEST(trees_are_changed_in_place),
        TEST(a_copy_owns_its_texts),
        TEST(what_is_written_reads_back_equal),
        TEST(every_failed_allocation_is_an_answer),
        TEST(a_full_arena_is_reported),
    };

    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
