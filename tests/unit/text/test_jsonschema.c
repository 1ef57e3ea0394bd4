/* JSON Schema draft 4: what is refused and in which words, references, and costs. */
#include "../unit.h"

#include "text/jsonschema.h"

#define ROOM ((size_t)64 * 1024 * 1024)

static const struct json *no_document(void *context, struct span uri)
{
    (void)context;
    (void)uri;
    return NULL;
}

/* Compiles and runs; the words are in `out`. */
static enum jsonschema_result run(struct arena *arena, const char *about, const char *schema_text,
                                  const char *value_text,
                                  const struct jsonschema_resolver *resolver, struct buf *out)
{
    struct jsonschema *schema;
    enum jsonschema_result result;
    struct problem why;
    struct json *value;

    if (jsonschema_compile(arena, span_of(schema_text), resolver, &schema, &why) != OK)
        fail_msg("%s: %s", about, why.text);
    if (json_parse(arena, span_of(value_text), &value, &why) != OK)
        fail_msg("%s: %s", about, why.text);
    result = jsonschema_run(schema, arena, value, 0, NULL);
    if (jsonschema_run(schema, arena, value, 0, out) != result)
        fail_msg("%s: another result with words", about);
    jsonschema_release(schema);
    return result;
}

struct row {
    const char *about, *schema, *value, *words; /* NULL: it is valid */
};

static void run_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        struct arena arena;
        struct buf out;
        enum jsonschema_result result;

        arena_init(&arena, ROOM);
        buf_init(&out, ROOM);
        result = run(&arena, row->about, row->schema, row->value, NULL, &out);
        if (result != (row->words ? JSONSCHEMA_INVALID : JSONSCHEMA_VALID))
            fail_msg("%s: result %d, words %.*s", row->about, result, SPAN_ARG(buf_span(&out)));
        unit_same_text(row->about, buf_span(&out), span_of(row->words));
        buf_release(&out);
        arena_release(&arena);
    }
}

static void a_failure_is_told_in_the_words_of_the_java_library(void **state)
{
    static const struct row ROWS[] = {
        {"missing", "{\"required\":[\"b\",\"a\",\"c\"]}", "{\"c\":1}",
         "[object has missing required properties ([\"b\",\"a\"])]"},
        {"type", "{\"type\":\"number\"}", "\"x\"",
         "[instance type (string) does not match any allowed primitive type (allowed: "
         "[\"integer\",\"number\"])]"},
        {"types", "{\"type\":[\"string\",\"null\"]}", "true",
         "[instance type (boolean) does not match any allowed primitive type (allowed: "
         "[\"null\",\"string\"])]"},
        {"too long", "{\"maxLength\":0}", "\"x\"",
         "[string \"x\" is too long (length: 1, maximum allowed: 0)]"},
        {"too short, in code points", "{\"minLength\":3}", "\"\xc3\xa9\xf0\x9f\x98\x80\"",
         "[string \"\xc3\xa9\xf0\x9f\x98\x80\" is too short (length: 2, required minimum: 3)]"},
        {"pattern", "{\"pattern\":\"^a+$\"}", "\"b\"",
         "[ECMA 262 regex \"^a+$\" does not match input string \"b\"]"},
        {"enum", "{\"enum\":[\"a\",{\"b\":[1]}]}", "{\"b\":[2]}",
         "[instance value ({\"b\":[2]}) not found in enum (possible values: "
         "[\"a\",{\"b\":[1]}])]"},
        {"maximum", "{\"maximum\":5}", "5.10",
         "[numeric instance is greater than the required maximum (maximum: 5, found: 5.10)]"},
        {"exclusive maximum", "{\"maximum\":5,\"exclusiveMaximum\":true}", "5.0",
         "[numeric instance is not strictly lower than the required maximum 5]"},
        {"minimum", "{\"minimum\":-1}", "-2",
         "[numeric instance is lower than the required minimum (minimum: -1, found: -2)]"},
        {"exclusive minimum", "{\"minimum\":1,\"exclusiveMinimum\":true}", "1",
         "[numeric instance is not strictly greater than the required minimum 1]"},
        {"multiple", "{\"multipleOf\":2}", "5", "[remainder of division is not zero (5 / 2)]"},
        {"few elements", "{\"minItems\":2}", "[1]",
         "[array is too short: must have at least 2 elements but instance has 1 elements]"},
        {"many elements", "{\"maxItems\":1}", "[1,2]",
         "[array is too long: must have at most 1 elements but instance has 2 elements]"},
        {"equal elements", "{\"uniqueItems\":true}", "[1,{\"a\":1,\"b\":2},{\"b\":2,\"a\":1.0}]",
         "[array must not contain duplicate elements]"},
        {"more elements", "{\"items\":[{}],\"additionalItems\":false}", "[1,2]",
         "[schema only allows 1 elements in array but instance has 2 elements]"},
        {"few properties", "{\"minProperties\":1}", "{}",
         "[object has too few properties (found 0 but schema requires at least 1)]"},
        {"many properties", "{\"maxProperties\":1}", "{\"a\":1,\"b\":1}",
         "[object has too many properties (found 2 but schema requires at most 1)]"},
        {"closed", "{\"properties\":{\"a\":{}},\"additionalProperties\":false}",
         "{\"z\":1,\"a\":1,\"b\":1}",
         "[object instance has properties which are not allowed by the schema: [\"b\",\"z\"]]"},
        {"dependency", "{\"dependencies\":{\"a\":[\"b\",\"c\"]}}", "{\"a\":1,\"b\":1}",
         "[property \"a\" of object has missing property dependencies (schema requires "
         "[\"b\",\"c\"]; missing: [\"c\"])]"},
        {"allOf", "{\"allOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}", "1",
         "[instance failed to match all required schemas (matched only 1 out of 2)]"},
        {"anyOf", "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "1",
         "[instance failed to match at least one required schema among 2]"},
        {"oneOf", "{\"oneOf\":[{\"type\":\"number\"},{\"type\":\"integer\"}]}", "1",
         "[instance failed to match exactly one schema (matched 2 out of 2)]"},
        {"not", "{\"not\":{\"type\":\"integer\"}}", "1",
         "[instance matched a schema which it should not have]"},
        {"date-time", "{\"format\":\"date-time\"}", "\"x\"",
         "[string \"x\" is invalid against requested date format(s) [yyyy-MM-dd'T'HH:mm:ssZ, "
         "yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,12}Z]]"},
    };

    run_rows(ROWS, COUNT(ROWS));
    (void)state;
}

static void several_failures_are_told_by_keyword_and_then_by_member(void **state)
{
    static const struct row ROWS[] = {
        {"keywords by name", "{\"type\":\"string\",\"enum\":[1],\"minimum\":3}", "2",
         "[instance value (2) not found in enum (possible values: [1]), numeric instance is lower "
         "than the required minimum (minimum: 3, found: 2), instance type (integer) does not match "
         "any allowed primitive type (allowed: [\"string\"])]"},
        {"members by name", "{\"properties\":{\"b\":{\"type\":\"string\"},\"a\":{\"minimum\":2}}}",
         "{\"b\":1,\"a\":1}",
         "[numeric instance is lower than the required minimum (minimum: 2, found: 1), instance "
         "type (integer) does not match any allowed primitive type (allowed: [\"string\"])]"},
        {"children are not looked at below what failed",
         "{\"required\":[\"x\"],\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"a\":1}",
         "[object has missing required properties ([\"x\"])]"},
        {"nor those of later siblings",
         "{\"items\":{\"minItems\":1,\"items\":{\"type\":\"string\"}}}", "[[1],[2],[]]",
         "[instance type (integer) does not match any allowed primitive type (allowed: "
         "[\"string\"]), array is too short: must have at least 1 elements but instance has 0 "
         "elements]"},
    };

    run_rows(ROWS, COUNT(ROWS));
    (void)state;
}

static void values_that_follow_the_schema_are_valid(void **state)
{
    static const struct row ROWS[] = {
        {"the empty schema", "{}", "[1,\"a\",null]", NULL},
        {"the built-in model",
         "{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"title\":\"Empty Schema\","
         "\"type\":\"object\"}",
         "{\"a\":1}", NULL},
        {"keywords of other types", "{\"maxLength\":1,\"minimum\":5,\"required\":[\"a\"]}",
         "[\"abc\",1]", NULL},
        {"an integer is a number", "{\"type\":\"number\"}", "1", NULL},
        {"exact decimals", "{\"multipleOf\":0.01}", "19.99", NULL},
        {"numbers that no double holds", "{\"multipleOf\":3}", "3000000000000000000000000000003",
         NULL},
        {"numbers by value", "{\"enum\":[1.0]}", "1", NULL},
        {"many choices", "{\"enum\":[1,2,3,4,5,6,7,8,9,{\"a\":[]}]}", "{\"a\":[]}", NULL},
        {"a pattern anywhere", "{\"pattern\":\"b\"}", "\"abc\"", NULL},
        {"unknown keywords and formats", "{\"format\":\"int32\",\"example\":1,\"discriminator\":2}",
         "1", NULL},
        {"additionalItems without a tuple",
         "{\"items\":{\"type\":\"integer\"},\"additionalItems\":false}", "[1,2]", NULL},
        {"a pattern's properties are not additional",
         "{\"patternProperties\":{\"^x\":{\"type\":\"integer\"}},\"additionalProperties\":false}",
         "{\"x1\":1}", NULL},
        {"a property named $ref", "{\"properties\":{\"$ref\":{\"type\":\"string\"}}}",
         "{\"$ref\":\"a\"}", NULL},
        {"a tree that refers to itself",
         "{\"properties\":{\"next\":{\"$ref\":\"#\"},\"n\":{\"type\":\"integer\"}}}",
         "{\"n\":1,\"next\":{\"n\":2,\"next\":{}}}", NULL},
        {"definitions", "{\"$ref\":\"#/definitions/a~1b%20~0\",\"definitions\":{\"a/b ~\":{}}}",
         "1", NULL},
        {"null or a model",
         "{\"properties\":{\"s\":{\"oneOf\":[{\"type\":\"null\"},{\"$ref\":\"#/definitions/m\"}]}},"
         "\"required\":[\"s\"],\"definitions\":{\"m\":{\"type\":\"object\"}}}",
         "{\"s\":null}", NULL},
    };

    run_rows(ROWS, COUNT(ROWS));
    (void)state;
}

static void integers_are_told_apart_by_their_text(void **state)
{
    static const struct row ROWS[] = {
        {"a point", "{\"type\":\"integer\"}", "1.0",
         "[instance type (number) does not match any allowed primitive type (allowed: "
         "[\"integer\"])]"},
        {"of a name twice both are looked at", "{\"properties\":{\"a\":{\"type\":\"null\"}}}",
         "{\"a\":1,\"a\":null}",
         "[instance type (integer) does not match any allowed primitive type (allowed: "
         "[\"null\"])]"},
    };

    run_rows(ROWS, COUNT(ROWS));
    (void)state;
}

static void formats_accept_what_their_standards_say(void **state)
{
    static const struct {
        const char *format, *text;
        bool holds;
    } CASES[] = {
        {"date-time", "2024-02-29T23:59:59Z", true},
        {"date-time", "2023-02-29T23:59:59Z", false},
        {"date-time", "2024-01-01T00:00:00.123456789012+01:00", true},
        {"date-time", "2024-01-01T00:00:00.+01:00", false},
        {"date-time", "2024-01-01T00:00:00-0800", true},
        {"date-time", "2024-01-01T24:00:00Z", false},
        {"date-time", "2024-01-01 00:00:00Z", false},
        {"date-time", "2024-01-01T00:00:00", false},
        {"email", "a.b+c@example.com", true},
        {"email", "a@b", true},
        {"email", "a..b@example.com", false},
        {"email", "@example.com", false},
        {"email", "a@", false},
        {"email", "a b@example.com", false},
        {"hostname", "example.com", true},
        {"hostname", "-a.com", false},
        {"hostname", "a..com", false},
        {"ipv4", "127.0.0.1", true},
        {"ipv4", "256.0.0.1", false},
        {"ipv4", "1.2.3", false},
        {"ipv4", "1.2.3.04", false},
        {"ipv6", "::1", true},
        {"ipv6", "::", true},
        {"ipv6", "1:2:3:4:5:6:7:8", true},
        {"ipv6", "::ffff:1.2.3.4", true},
        {"ipv6", "1:2:3:4:5:6:7:8:9", false},
        {"ipv6", "1::2::3", false},
        {"ipv6", ":1", false},
        {"ipv6", "1.2.3.4", false},
        {"uri", "https://a/b?c=%20#d", true},
        {"uri", "https://a b", false},
        {"uri", "%zz", false},
        {"regex", "^(a|b)+$", true},
        {"regex", "(", false},
        {"uuid", "123e4567-e89b-12d3-a456-426614174000", true},
        {"uuid", "123e4567-e89b-12d3-a456-42661417400g", false},
        {"date", "whatever", true},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        char schema[64], value[128];
        enum jsonschema_result result;
        struct arena arena;

        snprintf(schema, sizeof schema, "{\"format\":\"%s\"}", CASES[i].format);
        snprintf(value, sizeof value, "\"%s\"", CASES[i].text);
        arena_init(&arena, ROOM);
        result = run(&arena, value, schema, value, NULL, NULL);
        if (result != (CASES[i].holds ? JSONSCHEMA_VALID : JSONSCHEMA_INVALID))
            fail_msg("%s as %s", CASES[i].text, CASES[i].format);
        arena_release(&arena);
    }
    (void)state;
}

static void what_is_no_schema_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *schema;
        enum fault code;
        const char *words;
    } CASES[] = {
        {"{", FAULT_SYNTAX, NULL},
        {"[]", FAULT_TYPE, NULL},
        {"{\"type\":\"strin\"}", FAULT_TYPE, "'type' in the schema at '#' names no primitive type"},
        {"{\"properties\":{\"a\":{\"items\":{\"maxLength\":-1}}}}", FAULT_TYPE,
         "'maxLength' in the schema at '#/properties/a/items' must be a whole number of at least "
         "0"},
        {"{\"properties\":{\"a\":true}}", FAULT_TYPE, NULL},
        {"{\"required\":[]}", FAULT_TYPE, NULL},
        {"{\"required\":true}", FAULT_TYPE, NULL},
        {"{\"required\":[\"a\",\"a\"]}", FAULT_TYPE, NULL},
        {"{\"enum\":[]}", FAULT_TYPE, NULL},
        {"{\"multipleOf\":0}", FAULT_TYPE, NULL},
        {"{\"multipleOf\":1.234567890123456789}", FAULT_TOO_LARGE, NULL},
        {"{\"exclusiveMinimum\":true}", FAULT_TYPE, NULL},
        {"{\"minimum\":1,\"exclusiveMinimum\":2}", FAULT_TYPE, NULL},
        {"{\"allOf\":[]}", FAULT_TYPE, NULL},
        {"{\"pattern\":\"(\"}", FAULT_TYPE, NULL},
        {"{\"patternProperties\":{\"[\":{}}}", FAULT_TYPE, NULL},
        {"{\"dependencies\":{\"a\":\"b\"}}", FAULT_TYPE, NULL},
        {"{\"uniqueItems\":1}", FAULT_TYPE, NULL},
        {"{\"additionalItems\":1}", FAULT_TYPE, NULL},
        {"{\"additionalProperties\":[]}", FAULT_TYPE, NULL},
        {"{\"title\":1}", FAULT_TYPE, NULL},
        {"{\"definitions\":{\"a\":{\"type\":1}}}", FAULT_TYPE, NULL},
        {"{\"$ref\":\"#\"}", FAULT_TYPE, NULL},
        {"{\"$ref\":\"#/definitions/no\"}", FAULT_NOT_FOUND,
         "the reference '#/definitions/no' leads nowhere"},
        {"{\"items\":{\"$ref\":\"other\"}}", FAULT_NOT_FOUND, NULL},
        {"{\"items\":{\"$ref\":\"#a\"}}", FAULT_NOT_FOUND, NULL},
    };
    const struct jsonschema_resolver none = {no_document, NULL};

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct jsonschema *schema = NULL;
        struct arena arena;
        struct problem why;

        arena_init(&arena, ROOM);
        if (jsonschema_compile(&arena, span_of(CASES[i].schema), &none, &schema, &why) !=
            CASES[i].code)
            fail_msg("%s: another fault: %s", CASES[i].schema, why.text);
        assert_null(schema);
        if (CASES[i].words)
            assert_string_equal(why.text, CASES[i].words);
        arena_release(&arena);
    }
    (void)state;
}

/* Two models that refer to each other. */
struct models {
    struct json *a, *b;
};

static const struct json *find_model(void *context, struct span uri)
{
    static const struct span BASE =
        SPAN_INIT("https://apigateway.amazonaws.com/restapis/abc/models/");
    const struct models *models = context;

    if (!span_starts(uri, BASE))
        return NULL;
    uri = span_skip(uri, BASE.len);
    return span_is(uri, "A") ? models->a : span_is(uri, "B") ? models->b : NULL;
}

static void models_refer_to_each_other_through_the_resolver(void **state)
{
    static const char A[] =
        "{\"type\":\"object\",\"properties\":{\"b\":{\"$ref\":"
        "\"https://apigateway.amazonaws.com/restapis/abc/models/B\"}},\"required\":[\"n\"]}";
    static const char B[] =
        "{\"type\":\"array\",\"items\":{\"$ref\":\"#/definitions/a\"},\"definitions\":{\"a\":"
        "{\"$ref\":\"https://apigateway.amazonaws.com/restapis/abc/models/A#\"}}}";
    static const struct {
        const char *value;
        enum jsonschema_result result;
    } CASES[] = {
        {"{\"n\":1,\"b\":[{\"n\":2,\"b\":[]}]}", JSONSCHEMA_VALID},
        {"{\"n\":1,\"b\":[{\"n\":2,\"b\":[{}]}]}", JSONSCHEMA_INVALID},
        {"{\"n\":1,\"b\":{}}", JSONSCHEMA_INVALID},
    };
    struct models models;
    struct jsonschema_resolver resolver = {find_model, &models};
    struct arena arena;

    arena_init(&arena, ROOM);
    assert_int_equal(json_parse(&arena, span_of(A), &models.a, NULL), OK);
    assert_int_equal(json_parse(&arena, span_of(B), &models.b, NULL), OK);
    for (size_t i = 0; i < COUNT(CASES); i++)
        assert_int_equal(run(&arena, CASES[i].value, A, CASES[i].value, &resolver, NULL),
                         CASES[i].result);
    arena_release(&arena);
    (void)state;
}

static void what_costs_too_much_ends_and_is_told(void **state)
{
    static const struct {
        const char *about, *schema, *value;
    } CASES[] = {
        {"an expression that backtracks", "{\"pattern\":\"^(a+)+$\"}",
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\""},
        {"a loop without progress", "{\"allOf\":[{\"anyOf\":[{\"$ref\":\"#\"}]}]}", "1"},
        {"doubling",
         "{\"$ref\":\"#/definitions/a\",\"definitions\":{"
         "\"a\":{\"oneOf\":[{\"allOf\":[{\"$ref\":\"#/definitions/a\"}]},"
         "{\"allOf\":[{\"$ref\":\"#/definitions/a\"}]}]}}}",
         "1"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct arena arena;
        struct buf out;

        arena_init(&arena, ROOM);
        buf_init(&out, ROOM);
        if (run(&arena, CASES[i].about, CASES[i].schema, CASES[i].value, NULL, &out) !=
            JSONSCHEMA_TOO_COSTLY)
            fail_msg("%s", CASES[i].about);
        assert_int_equal(out.len, 0);
        buf_release(&out);
        arena_release(&arena);
    }
    (void)state;
}

/* Each match is a little below the limit of one. */
static void many_dear_expressions_end_and_are_told(void **state)
{
    struct jsonschema *schema;
    struct json *array;
    struct arena arena;

    arena_init(&arena, ROOM);
    array = json_new(&arena, JSON_ARRAY);
    for (unsigned i = 0; i < 100000; i++)
        json_append(array, json_text(&arena, SPAN("aaaaaaaaaaaaaa!")));
    assert_int_equal(jsonschema_compile(&arena,
                                        SPAN("{\"items\":{\"not\":{\"pattern\":\"^(a+)+$\"}}}"),
                                        NULL, &schema, NULL),
                     OK);
    assert_int_equal(jsonschema_run(schema, &arena, json_at(array, 0), 0, NULL), JSONSCHEMA_VALID);
    assert_int_equal(jsonschema_run(schema, &arena, array, 0, NULL), JSONSCHEMA_TOO_COSTLY);
    jsonschema_release(schema);
    arena_release(&arena);
    (void)state;
}

/* An array of n numbers, the last one equal to the first if wanted. */
static void large_arrays_are_searched_for_equals_in_linear_time(void **state)
{
    struct json *array, *last;
    struct jsonschema *schema;
    struct arena arena;
    enum jsonschema_result result;

    arena_init(&arena, ROOM);
    array = json_new(&arena, JSON_ARRAY);
    for (int64_t n = 0; n < 100000; n++)
        json_append(array, json_number(&arena, n));
    assert_int_equal(
        jsonschema_compile(&arena, SPAN("{\"uniqueItems\":true}"), NULL, &schema, NULL), OK);
    result = jsonschema_run(schema, &arena, array, 0, NULL);
    assert_int_equal(result, JSONSCHEMA_VALID);
    last = json_append(array, json_number(&arena, 0));
    assert_non_null(last);
    result = jsonschema_run(schema, &arena, array, 0, NULL);
    assert_int_equal(result, JSONSCHEMA_INVALID);
    jsonschema_release(schema);
    arena_release(&arena);
    (void)state;
}

static void multiples_are_exact(void **state)
{
    static const struct {
        const char *number, *of;
        bool is_multiple;
    } CASES[] = {
        {"0", "7", true},       {"0.3", "0.1", true},    {"1e400", "7", false},
        {"7e400", "7", true},   {"-9", "3", true},       {"10", "4", false},
        {"100", "4", true},     {"0.5", "5", false},     {"1.50", "0.5", true},
        {"1e-7", "1e-8", true}, {"1e-8", "1e-7", false}, {"999999999999999999999", "9", true},
        {"4.35", "0.01", true}, {"3", "1.5", true},      {"1000000000000000000001", "10", false},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        if (json_number_is_multiple(span_of(CASES[i].number), span_of(CASES[i].of)) !=
            CASES[i].is_multiple)
            fail_msg("%s of %s", CASES[i].number, CASES[i].of);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_told_in_the_words_of_the_java_library),
        cmocka_unit_test(several_failures_are_told_by_keyword_and_then_by_member),
        cmocka_unit_test(values_that_follow_the_schema_are_valid),
        cmocka_unit_test(integers_are_told_apart_by_their_text),
        cmocka_unit_test(formats_accept_what_their_standards_say),
        cmocka_unit_test(what_is_no_schema_is_refused_with_its_place),
        cmocka_unit_test(models_refer_to_each_other_through_the_resolver),
        cmocka_unit_test(what_costs_too_much_ends_and_is_told),
        cmocka_unit_test(many_dear_expressions_end_and_are_told),
        cmocka_unit_test(large_arrays_are_searched_for_equals_in_linear_time),
        cmocka_unit_test(multiples_are_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
