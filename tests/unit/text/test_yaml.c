/* YAML templates: what the scalars mean, what the tags become, what is refused and where. */
#include "../unit.h"

#include "text/yaml.h"

#define ROOM ((size_t)64 * 1024 * 1024)

static struct span written(struct arena *arena, const struct json *value)
{
    struct buf text;
    struct span out;

    buf_init(&text, ROOM);
    assert_true(json_write(&text, value));
    out = arena_copy(arena, buf_span(&text));
    buf_release(&text);
    return out;
}

static void reads_as_json(void **state)
{
    static const struct {
        const char *about, *yaml, *json;
    } CASES[] = {
        {"a map", "a: 1\nb: x y\n", "{\"a\":1,\"b\":\"x y\"}"},
        {"a list", "- a\n- [b, c]\n", "[\"a\",[\"b\",\"c\"]]"},
        {"JSON", "{\"a\": [1, 2.50, true, null, \"\\u00e9\\/\"]}",
         "{\"a\":[1,2.50,true,null,\"é/\"]}"},
        {"surrogate pairs of JSON", "{\"a\": \"\\uD83D\\uDE00 \\\\ud83d\"}",
         "{\"a\":\"\xf0\x9f\x98\x80 \\\\ud83d\"}"},
        {"JSON with tabs", "{\n\t\"a\":\t{\"b\":\"c\"}\n}\n", "{\"a\":{\"b\":\"c\"}}"},
        {"quoted scalars are texts", "['1', \"true\", 'null']", "[\"1\",\"true\",\"null\"]"},
        {"booleans", "[yes, No, on, OFF, true, False, y, tRUE]",
         "[true,false,true,false,true,false,\"y\",\"tRUE\"]"},
        {"null", "[~, null, Null, ]", "[null,null,null]"},
        {"whole numbers", "[0, -7, +3, 1_000, 017, 0x1F, 0b101, 08, 12345678901234567890]",
         "[0,-7,3,1000,15,31,5,\"08\",12345678901234567890]"},
        {"fractions", "[1.50, .5, 5., 1e3, 1.5E+2, 01.5, 1.2.3, e3, .]",
         "[1.50,0.5,5.0,1e3,1.5e+2,1.5,\"1.2.3\",\"e3\",\".\"]"},
        {"dates, base 60 and infinity are texts", "[2012-10-17, 12:30, .inf, .nan]",
         "[\"2012-10-17\",\"12:30\",\".inf\",\".nan\"]"},
        {"core tags", "[!!str 1, !!int '2', !!bool 'no', ! 3]", "[\"1\",2,false,\"3\"]"},
        {"CRLF", "a: |\r\n  x\r\n  y\r\nb: 1\r\n", "{\"a\":\"x\\ny\\n\",\"b\":1}"},
        {"a byte order mark",
         "\xef\xbb\xbf"
         "a: 1\n",
         "{\"a\":1}"},
        {"an alias", "a: &x {k: [1]}\nb: *x\n", "{\"a\":{\"k\":[1]},\"b\":{\"k\":[1]}}"},
        {"an anchor on a tag", "a: &x !Ref B\nb: *x\n",
         "{\"a\":{\"Ref\":\"B\"},\"b\":{\"Ref\":\"B\"}}"},
        {"keys are texts", "1: a\nyes: b\n", "{\"1\":\"a\",\"yes\":\"b\"}"},
        {"a quoted '<<' is a key", "'<<': a\n", "{\"<<\":\"a\"}"},
        {"!Ref", "!Ref 12", "{\"Ref\":\"12\"}"},
        {"!Condition", "!Condition C", "{\"Condition\":\"C\"}"},
        {"!Sub", "!Sub '${A}'", "{\"Fn::Sub\":\"${A}\"}"},
        {"!GetAtt with a dot", "!GetAtt A.B.C", "{\"Fn::GetAtt\":[\"A\",\"B.C\"]}"},
        {"!GetAtt as a list", "!GetAtt [A, B]", "{\"Fn::GetAtt\":[\"A\",\"B\"]}"},
        {"tags in tags", "!Join ['', [!Ref A, !Sub b]]",
         "{\"Fn::Join\":[\"\",[{\"Ref\":\"A\"},{\"Fn::Sub\":\"b\"}]]}"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct arena arena;
        struct problem why = {0};
        struct yaml yaml;

        arena_init(&arena, ROOM);
        if (yaml_parse(&arena, span_of(CASES[i].yaml), &yaml, &why) != OK)
            fail_msg("%s: %s", CASES[i].about, why.text);
        unit_same_text(CASES[i].about, written(&arena, yaml.root), span_of(CASES[i].json));
        arena_release(&arena);
    }
    (void)state;
}

static void says_what_is_wrong_and_where(void **state)
{
    static const struct {
        const char *yaml;
        enum fault code;
        unsigned line;
        const char *words;
    } CASES[] = {
        {"", FAULT_SYNTAX, 0, "the template is empty"},
        {"# only\n", FAULT_SYNTAX, 0, "the template is empty"},
        {"a: 1\nb: 2\na: 3\n", FAULT_EXISTS, 3, "the key 'a' is there twice (first on line 1)"},
        {"{\"a\":1,\n\"a\":2}", FAULT_EXISTS, 2, "the key 'a' is there twice (first on line 1)"},
        {"a: &x {b: 1}\nc:\n  <<: *x\n", FAULT_UNSUPPORTED, 3,
         "'<<' is not supported by CloudFormation: write out what it would add"},
        {"a: !Foo b\n", FAULT_UNSUPPORTED, 1, "unknown tag '!Foo'"},
        {"a: !!binary aGk=\n", FAULT_UNSUPPORTED, 1, "unknown tag 'tag:yaml.org,2002:binary'"},
        {"a: 1\n---\nb: 2\n", FAULT_UNSUPPORTED, 2, "a second document begins here; one is wanted"},
        {"[a]: 1\n", FAULT_TYPE, 1, "a key must be a text"},
        {"a: &x b\n*x : 1\n", FAULT_TYPE, 2, "a key must be a text, not the alias '*x'"},
        {"a: *x\n", FAULT_NOT_FOUND, 1, "there is no anchor '&x' before this alias"},
        {"a: &x\n  - *x\n", FAULT_SYNTAX, 2, "the alias '*x' stands inside its own anchor"},
        {"a: !GetAtt b\n", FAULT_SYNTAX, 1, "'!GetAtt b' names no attribute"},
        {"a: 1\n b: 2\n", FAULT_SYNTAX, 2, "mapping values are not allowed in this context"},
        {"a: [1\n", FAULT_SYNTAX, 2, NULL},
        {"a: \x01\n", FAULT_SYNTAX, 1, "control characters are not allowed"},
        {"a: \xff\n", FAULT_SYNTAX, 1, "invalid leading UTF-8 octet"},
        {"\xff\xfe"
         "a",
         FAULT_SYNTAX, 1, "the template is UTF-16; save it as UTF-8"},
        {"a: 1\nb: x\xef\xbb\xbfy\n", FAULT_SYNTAX, 2,
         "a byte order mark in the middle of the template"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct arena arena;
        struct problem why = {0};
        struct yaml yaml;

        arena_init(&arena, ROOM);
        if (yaml_parse(&arena, span_of(CASES[i].yaml), &yaml, &why) != CASES[i].code)
            fail_msg("'%s': wrong fault, %s", CASES[i].yaml, why.text);
        if (CASES[i].words)
            unit_same_text(CASES[i].yaml, span_of(why.text), span_of(CASES[i].words));
        if (CASES[i].line && why.line != CASES[i].line)
            fail_msg("'%s': line %u", CASES[i].yaml, why.line);
        arena_release(&arena);
    }
    (void)state;
}

static void nodes_know_their_lines(void **state)
{
    struct span text = SPAN("a:\n  b: 1\n  c: !Ref\n    X\nd: &x [1,\n  2]\ne: *x\n");
    struct json *made, foreign = {0};
    struct arena arena;
    struct yaml yaml;

    arena_init(&arena, ROOM);
    assert_int_equal(yaml_parse(&arena, text, &yaml, NULL), OK);
    assert_int_equal(yaml_line(&yaml, yaml.root), 1);
    assert_int_equal(yaml_line(&yaml, json_member(json_member(yaml.root, "a"), "b")), 2);
    assert_int_equal(yaml_line(&yaml, json_member(json_member(yaml.root, "a"), "c")), 3);
    assert_int_equal(yaml_line(&yaml, json_at(json_member(yaml.root, "d"), 1)), 6);
    assert_int_equal(yaml_line(&yaml, json_at(json_member(yaml.root, "e"), 1)), 6);
    made = yaml_new(&yaml, JSON_OBJECT, 5);
    assert_int_equal(yaml_line(&yaml, made), 5);
    assert_int_equal(yaml_line(&yaml, &foreign), 0);
    assert_int_equal(yaml_line(&yaml, NULL), 0);
    arena_release(&arena);
    (void)state;
}

/* Nine lines that stand for a billion values. */
static void aliases_that_explode_are_refused(void **state)
{
    struct problem why = {0};
    struct arena arena;
    struct yaml yaml;
    struct buf text;

    buf_init(&text, ROOM);
    buf_add_text(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (unsigned i = 1; i < 9; i++) {
        buf_addf(&text, "a%u: &a%u [", i, i);
        for (unsigned k = 0; k < 10; k++)
            buf_addf(&text, "%s*a%u", k ? ", " : "", i - 1);
        buf_add_text(&text, "]\n");
    }
    arena_init(&arena, ROOM);
    assert_int_equal(yaml_parse(&arena, buf_span(&text), &yaml, &why), FAULT_TOO_LARGE);
    assert_int_equal(why.line, 6);
    assert_non_null(strstr(why.text, "the aliases of the template stand for over 200000 values"));
    arena_release(&arena);
    buf_release(&text);
    (void)state;
}

static enum fault parse_nested(size_t depth)
{
    struct arena arena;
    struct yaml yaml;
    struct buf text;
    enum fault rc;

    buf_init(&text, ROOM);
    for (size_t i = 0; i < depth; i++)
        buf_add_char(&text, '[');
    for (size_t i = 0; i < depth; i++)
        buf_add_char(&text, ']');
    arena_init(&arena, ROOM);
    rc = yaml_parse(&arena, buf_span(&text), &yaml, NULL);
    arena_release(&arena);
    buf_release(&text);
    return rc;
}

static void depth_has_a_limit(void **state)
{
    assert_int_equal(parse_nested(YAML_DEPTH_MAX), OK);
    assert_int_equal(parse_nested(YAML_DEPTH_MAX + 1), FAULT_TOO_LARGE);
    assert_int_equal(parse_nested(100000), FAULT_TOO_LARGE);
    (void)state;
}

/* Each alias adds what its anchor is deep. */
static void depth_counts_aliases(void **state)
{
    struct arena arena;
    struct yaml yaml;
    struct buf text;

    buf_init(&text, ROOM);
    buf_add_text(&text, "a0: &a0 [x]\n");
    for (unsigned i = 1; i < 200; i++)
        buf_addf(&text, "a%u: &a%u [*a%u]\n", i, i, i - 1);
    arena_init(&arena, ROOM);
    assert_int_equal(yaml_parse(&arena, buf_span(&text), &yaml, NULL), FAULT_TOO_LARGE);
    arena_release(&arena);
    buf_release(&text);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_as_json),
        cmocka_unit_test(says_what_is_wrong_and_where),
        cmocka_unit_test(nodes_know_their_lines),
        cmocka_unit_test(aliases_that_explode_are_refused),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(depth_counts_aliases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
