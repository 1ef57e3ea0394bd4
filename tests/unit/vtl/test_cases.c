/* Every line of vtl-cases.jsonl: a template, a payload and what Velocity with API Gateway's one
 * rule was measured to write. */
#include "../unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "text/json.h"
#include "vtl/template.h"

#define FILE_NAME "tests/unit/vtl/vtl-cases.jsonl"
#define FILE_MAX (256 * 1024)
#define LINES_MIN 370

static struct vtl_value variable(struct arena *arena, const char *json)
{
    struct json *tree;

    assert_int_equal(json_parse(arena, span_of(json), &tree, NULL), OK);
    return vtl_of_json(arena, tree);
}

/* The variables that the first line of the file tells of. */
static void fill(struct arena *arena, struct vtl_variable variables[7],
                 struct vtl_environment *environment)
{
    struct vtl_value list = variable(arena, "[\"a\",\"b\",\"c\"]");
    struct vtl_value context = variable(arena, "{\"stage\":\"dev\",\"responseOverride\":"
                                               "{\"header\":{}}}");

    assert_true(vtl_list_open(list.list));
    list.list->kind = VTL_ARRAY_LIST;
    variables[0] = (struct vtl_variable){SPAN("s"), vtl_text(SPAN("Hello World"))};
    variables[1] = (struct vtl_variable){SPAN("n"), vtl_number(7)};
    variables[2] = (struct vtl_variable){SPAN("t"), vtl_bool(true)};
    variables[3] = (struct vtl_variable){SPAN("f"), vtl_bool(false)};
    variables[4] = (struct vtl_variable){SPAN("e"), vtl_text(SPAN(""))};
    variables[5] = (struct vtl_variable){SPAN("list"), list};
    variables[6] =
        (struct vtl_variable){SPAN("map"), variable(arena, "{\"k\":\"v\",\"x-y\":\"dash\"}")};
    environment->variables = variables;
    environment->variable_count = 7;
    environment->context = context.map;
}

static bool passes(const struct json *row, struct buf *got, struct problem *why)
{
    const struct json *out = json_member(row, "out");
    struct vtl_environment environment = {.is_plain_model = true};
    struct vtl_variable variables[7];
    struct vtl_template *template;
    struct arena arena;
    enum fault fault;
    bool passed;

    arena_init(&arena, VTL_MEMORY_DEFAULT);
    fill(&arena, variables, &environment);
    environment.body = json_member_text(row, "body", SPAN(""));
    fault = vtl_compile(&arena, json_member_text(row, "t", SPAN("")), &template, why);
    if (!fault)
        fault = vtl_run(template, &environment, &arena, got, why);
    passed = out ? !fault && span_equal(buf_span(got), out->text) : fault != OK;
    arena_release(&arena);
    return passed;
}

static void every_measured_case_renders_byte_for_byte(void **state)
{
    char *text = mem_alloc(FILE_MAX);
    FILE *in = fopen(FILE_NAME, "re");
    struct span rest, line;
    unsigned lines = 0, failed = 0;

    assert_non_null(in);
    rest = (struct span){text, fread(text, 1, FILE_MAX, in)};
    fclose(in);
    while (span_split(&rest, '\n', &line)) {
        struct problem why = {.code = OK};
        struct arena arena;
        struct json *row;
        struct buf got;

        lines++;
        if (line.len == 0 || lines == 1)
            continue;
        arena_init(&arena, 1 << 20);
        buf_init(&got, VTL_OUTPUT_MAX);
        assert_int_equal(json_parse(&arena, line, &row, NULL), OK);
        if (!passes(row, &got, &why)) {
            failed++;
            print_message("line %u: %.*s\n  got \"%.*s\" %s\n", lines, SPAN_ARG(line),
                          SPAN_ARG(buf_span(&got)), why.text);
        }
        buf_release(&got);
        arena_release(&arena);
    }
    mem_free(text);
    assert_true(lines > LINES_MIN);
    assert_int_equal(failed, 0);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(every_measured_case_renders_byte_for_byte),
};

UNIT_MAIN(TESTS)
