/* Function records to parts, and their way into a snapshot. */
#include "../unit.h"

#include "compile/follow.h"
#include "compile/function.h"

static struct shelf shelf;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    shelf_init(&shelf);
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    shelf_reclaim(&shelf);
    assert_int_equal(shelf.bytes, 0);
    return 0;
}

static struct feed_record record_of(const char *text, uint64_t revision)
{
    struct json *body = NULL;

    assert_int_equal(json_parse(&arena, span_of(text), &body, NULL), OK);
    return (struct feed_record){
        {SPAN("000000000000"), SPAN("eu-west-1"), SPAN("Function"), SPAN(""), SPAN("f")},
        revision,
        body};
}

#define ARN "arn:aws:lambda:eu-west-1:000000000000:function:f"

static void arns_are_taken_apart(void **state)
{
    static const struct {
        const char *text;
        bool is_fine;
        const char *arn, *qualifier;
    } CASES[] = {
        {ARN, true, ARN, ""},
        {ARN ":live", true, ARN, "live"},
        {ARN ":$LATEST", true, ARN, "$LATEST"},
        {ARN ":a:b", false, "", ""},
        {"arn:aws:lambda:eu-west-1:000000000000:layer:f", false, "", ""},
        {"arn:aws:lambda:eu-west-1:000000000000:function:", false, "", ""},
        {"arn:aws:lambda:eu-west-1:000000000000:function:a/b", false, "", ""},
        {"arn:aws:lambda", false, "", ""},
        {"", false, "", ""},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct function_arn out;

        if (function_arn_read(span_of(CASES[i].text), &out) != CASES[i].is_fine)
            fail_msg("'%s': wrong verdict", CASES[i].text);
        if (!CASES[i].is_fine)
            continue;
        unit_same_text(CASES[i].text, out.arn, span_of(CASES[i].arn));
        unit_same_text(CASES[i].text, out.qualifier, span_of(CASES[i].qualifier));
    }
    (void)state;
}

static void a_record_becomes_a_function(void **state)
{
    struct feed_record record = record_of(
        "{\"FunctionArn\":\"" ARN "\",\"Runtime\":\"python3.11\",\"Handler\":\"app.handler\","
        "\"Timeout\":10,\"MemorySize\":256,\"package\":\"ab\",\"reservedConcurrency\":0,"
        "\"Environment\":{\"Variables\":{\"A\":\"1\"}},\"policy\":{\"Statement\":[]}}",
        5);
    struct function *f = function_compile(&shelf, SPAN(ARN), &record);

    unit_same_text("arn", f->arn, SPAN(ARN));
    unit_same_text("name", f->name, SPAN("f"));
    unit_same_text("version", f->version, SPAN("$LATEST"));
    unit_same_text("handler", f->handler, SPAN("app.handler"));
    unit_same_text("variable", f->environment.at[0].value, SPAN("1"));
    unit_same_text("state", f->not_ready, SPAN(""));
    assert_int_equal(f->timeout, 10000000);
    assert_int_equal(f->memory_mb, 256);
    assert_int_equal(f->storage_mb, 512);
    assert_int_equal(f->reserved, 0);
    assert_non_null(f->policy);
    part_leave(&f->part);
    record = record_of("{\"FunctionArn\":\"" ARN "\",\"Timeout\":99999,\"MemorySize\":1}", 5);
    f = function_compile(&shelf, SPAN(ARN), &record);
    assert_int_equal(f->timeout, 900000000LL);
    assert_int_equal(f->memory_mb, 128);
    assert_int_equal(f->reserved, -1);
    part_leave(&f->part);
    assert_null(function_compile(&shelf, SPAN("arn:aws:lambda:a:b:function:/"), &record));
    record.body = NULL;
    assert_null(function_compile(&shelf, SPAN(ARN), &record));
    (void)state;
}

static struct snapshot *build(struct feed_record *record, bool is_whole,
                              const struct snapshot *before)
{
    struct feed_batch batch = {
        .revision = 9, .is_whole = is_whole, .records = record, .record_count = record ? 1 : 0};

    return follow_build(&shelf, &batch, before);
}

static void functions_stay_until_their_record_changes(void **state)
{
    struct feed_record record = record_of("{\"FunctionArn\":\"" ARN "\"}", 5);
    struct snapshot *first = build(&record, true, NULL), *second, *third, *fourth;
    const struct function *f = snapshot_function(first, SPAN(ARN));

    assert_non_null(f);
    assert_null(snapshot_function(first, SPAN(ARN "x")));
    second = build(NULL, false, first);
    assert_ptr_equal(snapshot_function(second, SPAN(ARN)), f);
    record.revision++;
    third = build(&record, false, second);
    assert_int_equal(snapshot_function(third, SPAN(ARN))->revision, 6);
    record.body = NULL;
    fourth = build(&record, false, third);
    assert_null(snapshot_function(fourth, SPAN(ARN)));
    part_leave(&first->part);
    part_leave(&second->part);
    part_leave(&third->part);
    part_leave(&fourth->part);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(arns_are_taken_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_becomes_a_function, set_up, tear_down),
        cmocka_unit_test_setup_teardown(functions_stay_until_their_record_changes, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
