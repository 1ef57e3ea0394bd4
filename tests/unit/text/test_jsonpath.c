/* text/jsonpath: what paths find, what they refuse, and their budget. */
#include "../unit.h"

#include "base/mem.h"
#include "text/jsonpath.h"

#define ROOM ((size_t)64 * 1024 * 1024)

static const char STORE[] =
    "{\"store\":{\"book\":[{\"t\":\"A\",\"p\":8.95,\"tags\":[\"x\",\"y\"]},{\"t\":\"B\",\"p\":12,"
    "\"isbn\":null},{\"t\":\"C\",\"p\":8,\"a b\":{\"p\":1}}],\"open\":true,\"none\":null,"
    "\"empty\":[]},\"limit\":10,\"a-b\":7,\"\":1}";

/* `want` is NULL when nothing is found. */
static void expect(const char *document, const char *path, const char *want)
{
    struct json *root, *found;
    struct arena arena;
    struct buf got;

    arena_init(&arena, ROOM);
    buf_init(&got, ROOM);
    assert_int_equal(json_parse(&arena, span_of(document), &root, NULL), OK);
    if (json_path_read(&arena, root, span_of(path), &found))
        fail_msg("%s: does not compile", path);
    if (found)
        json_write(&got, found);
    else
        buf_add_text(&got, "(nothing)");
    unit_same_text(path, buf_span(&got), span_of(want ? want : "(nothing)"));
    buf_release(&got);
    arena_release(&arena);
}

static void definite_paths_find_one_value_or_none(void **state)
{
    static const struct {
        const char *path, *want;
    } ROWS[] = {
        {"$.limit", "10"},
        {"limit", "10"},
        {"$['limit']", "10"},
        {" $[\"limit\"] ", "10"},
        {"$.a-b", "7"},
        {"$['']", "1"},
        {"$.store.book[0].t", "\"A\""},
        {"$.store.book[-1].t", "\"C\""},
        {"$.store.book[2]['a b'].p", "1"},
        {"$.store.book[9]", NULL},
        {"$.store.none", "null"},
        {"$.store.none.x", NULL},
        {"$.store.book.t", NULL},
        {"$.limit[0]", NULL},
        {"$.nope", NULL},
        {"$.store.book[1]['t','p','q']", "{\"t\":\"B\",\"p\":12}"},
        {"$.store.book.length()", "3"},
        {"$.store.book[0].t.length()", "1"},
        {"$.limit.length()", NULL},
    };

    for (size_t i = 0; i < COUNT(ROWS); i++)
        expect(STORE, ROWS[i].path, ROWS[i].want);
    expect("[1,[2]]", "$[1][0]", "2");
    expect("\"text\"", "$", "\"text\"");
    (void)state;
}

static void indefinite_paths_find_an_array(void **state)
{
    static const struct {
        const char *path, *want;
    } ROWS[] = {
        {"$.store.book[*].t", "[\"A\",\"B\",\"C\"]"},
        {"$.store.book.*.p", "[8.95,12,8]"},
        {"$..p", "[8.95,12,8,1]"},
        {"$..['p']", "[8.95,12,8,1]"},
        {"$..book[0].t", "[\"A\"]"},
        {"$..tags[1:]", "[\"y\"]"},
        {"$.store.book[0,2].t", "[\"A\",\"C\"]"},
        {"$.store.book[0:2].t", "[\"A\",\"B\"]"},
        {"$.store.book[:1].t", "[\"A\"]"},
        {"$.store.book[-1:].t", "[\"C\"]"},
        {"$.store.book[:-1].t", "[\"A\",\"B\"]"},
        {"$.nope[*]", "[]"},
        {"$..nope", "[]"},
        {"$.store.empty[*]", "[]"},
    };

    for (size_t i = 0; i < COUNT(ROWS); i++)
        expect(STORE, ROWS[i].path, ROWS[i].want);
    expect("{\"a\":{\"a\":1}}", "$..a", "[{\"a\":1},1]");
    expect("{\"a\":1,\"b\":\"c\"}", "$.*", "[1,\"c\"]");
    (void)state;
}

static void filters_choose(void **state)
{
    static const struct {
        const char *filter, *want;
    } ROWS[] = {
        {"@.p > 8.5", "AB"},
        {"@.p>=8.95 && @.p<12", "A"},
        {"@.t == 'B' || @.t == \"C\"", "BC"},
        {"!(@.t == 'B')", "AC"},
        {"@.tags", "A"},
        {"!@.tags", "BC"},
        {"@.isbn == null", "B"},
        {"@.isbn != null", "AC"},
        {"@.t != 'A'", "BC"},
        {"@.t =~ /[ab]/i", "AB"},
        {"@.t =~ /a/", ""},
        {"@.t in ['A', 'C']", "AC"},
        {"@.t nin ['A']", "BC"},
        {"@.tags contains 'x'", "A"},
        {"@.tags size 2", "A"},
        {"@.tags empty false", "A"},
        {"@['a b'].p == 1", "C"},
        {"@.p < $.limit", "AC"},
        {"@.tags.length() == 2", "A"},
        {"@.tags[*]", "A"},
        {"@.t > 'A'", "BC"},
        {"@.p > 'A'", ""},
        {"(@.p == 8 || @.p == 12.0) && @.t == 'B'", "B"},
    };

    for (size_t i = 0; i < COUNT(ROWS); i++) {
        char path[128], want[64] = "[";

        snprintf(path, sizeof path, "$.store.book[?(%s)].t", ROWS[i].filter);
        for (const char *c = ROWS[i].want; *c; c++)
            snprintf(want + strlen(want), sizeof want - strlen(want), "%s\"%c\"",
                     want[1] ? "," : "", *c);
        snprintf(want + strlen(want), sizeof want - strlen(want), "]");
        expect(STORE, path, want);
    }
    (void)state;
}

static void bad_paths_are_refused_with_a_place(void **state)
{
    static const char *const PATHS[] = {
        "",
        "$.",
        "$..",
        "$[",
        "$[]",
        "$['a",
        "$[1",
        "$[a]",
        "$['a' 1]",
        "$[?()]",
        "$[?(@.a]",
        "$[?(@.a =~ 1)]",
        "$[?(@.a ==)]",
        "$[?(1)]",
        "$[?(@.a =~ /(/)]",
        "$[?(@.a in [1,)]",
        "$[99999999999]",
        "$.a..",
    };
    struct json_path *path;
    struct problem why;
    struct arena arena;

    arena_init(&arena, ROOM);
    for (size_t i = 0; i < COUNT(PATHS); i++)
        if (json_path_compile(&arena, span_of(PATHS[i]), &path, &why) != FAULT_SYNTAX)
            fail_msg("%s: is accepted", PATHS[i]);
    assert_int_equal(json_path_compile(&arena, SPAN("$.abc[x]"), &path, &why), FAULT_SYNTAX);
    assert_int_equal(why.column, 7);
    unit_same_text("words", span_of(why.text), SPAN("bad path at 'x]'"));
    arena_release(&arena);
    (void)state;
}

static void searches_have_a_budget(void **state)
{
    struct json *root, *found;
    struct arena arena;
    struct buf text;

    arena_init(&arena, (size_t)4 * ROOM);
    buf_init(&text, ROOM);
    for (int i = 0; i < 60; i++)
        buf_add_text(&text, "{\"a\":[1,2,");
    buf_add_text(&text, "0");
    for (int i = 0; i < 60; i++)
        buf_add_text(&text, "]}");
    assert_int_equal(json_parse(&arena, buf_span(&text), &root, NULL), OK);
    assert_int_equal(json_path_read(&arena, root, SPAN("$..*..a"), &found), OK);
    assert_int_equal(json_path_read(&arena, root, SPAN("$..*..*..*..*"), &found), FAULT_TOO_LARGE);
    assert_null(found);
    assert_int_equal(json_path_read(&arena, root, SPAN("$..[?(@..a)]..[?($..b)]..[0]"), &found),
                     FAULT_TOO_LARGE);
    buf_release(&text);
    arena_release(&arena);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(definite_paths_find_one_value_or_none),
    cmocka_unit_test(indefinite_paths_find_an_array),
    cmocka_unit_test(filters_choose),
    cmocka_unit_test(bad_paths_are_refused_with_a_place),
    cmocka_unit_test(searches_have_a_budget),
};

UNIT_MAIN(TESTS)
