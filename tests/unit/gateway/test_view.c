/* What mappings and events see of a request. */
#include "../unit.h"

#include "gateway/mapping/view.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* "a=1 b=2" */
static struct span joined(struct vtl_pairs pairs)
{
    struct span text = SPAN("");

    for (size_t i = 0; i < pairs.count; i++)
        text = arena_format(&arena, "%.*s%s%.*s=%.*s", SPAN_ARG(text), i ? " " : "",
                            SPAN_ARG(pairs.at[i].name), SPAN_ARG(pairs.at[i].value));
    return text;
}

static void path_parameters_are_taken_as_sent(void **state)
{
    static const struct {
        const char *resource, *path, *wanted;
    } CASES[] = {
        {"/", "/", ""},
        {"/users", "/users", ""},
        {"/users/{id}", "/users/7", "id=7"},
        {"/users/{id}", "//users/a%20b/", "id=a%20b"},
        {"/{a}/x/{b}", "/1/x/2", "a=1 b=2"},
        {"/{proxy+}", "/a/b/c", "proxy=a/b/c"},
        {"/u/{id}/{rest+}", "/u/1/2/3/", "id=1 rest=2/3"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct span got =
            joined(path_parameters(&arena, span_of(CASES[i].resource), span_of(CASES[i].path)));

        if (!span_is(got, CASES[i].wanted))
            fail_msg("%s on %s: %.*s", CASES[i].path, CASES[i].resource, SPAN_ARG(got));
    }
    (void)state;
}

static void query_arguments_are_decoded(void **state)
{
    static const struct {
        const char *query, *wanted;
    } CASES[] = {
        {"", ""},       {"a=1", "a=1"}, {"a=1&a=2&b", "a=1 a=2 b="},  {"&&a=%41+b&", "a=A b"},
        {"a==", "a=="}, {"=x", "=x"},   {"a=1;b=2&;c", "a=1 b=2 c="},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        bool fits = true;
        struct span got = joined(query_arguments(&arena, span_of(CASES[i].query), &fits));

        if (!fits || !span_is(got, CASES[i].wanted))
            fail_msg("'%s': %.*s", CASES[i].query, SPAN_ARG(got));
    }
    (void)state;
}

static void trace_ids_are_completed(void **state)
{
    static struct http_stream stream;
    static struct worker worker;
    struct exchange x = {.stream = &stream, .worker = &worker, .began = 0x5f5f5f5fLL * 1000000};
    static const struct {
        const char *sent, *begins, *ends;
    } CASES[] = {
        {NULL, "Root=1-5f5f5f5f-", ";Sampled=0"},
        {"Root=1-2-3", "Root=1-2-3;Parent=", ";Sampled=0"},
        {"Root=1-2-3;Parent=4", "Root=1-2-3;Parent=4;Sampled=1", "Sampled=1"},
        {"Root=1-2-3; Sampled=1", "Root=1-2-3;Parent=", ";Sampled=1"},
    };

    arena_init(&stream.arena, 1 << 16);
    random_init_seed(&worker.random, 1);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct span got, ends = span_of(CASES[i].ends);

        x.trace = (struct span){NULL, 0};
        stream.request.header_count = CASES[i].sent ? 1 : 0;
        stream.request.headers[0] = (struct http_header){
            SPAN("x-amzn-trace-id"), span_of(CASES[i].sent ? CASES[i].sent : "")};
        got = exchange_trace(&x);
        if (!span_starts(got, span_of(CASES[i].begins)) ||
            !span_equal(span_skip(got, got.len - ends.len), ends))
            fail_msg("row %zu: %.*s", i, SPAN_ARG(got));
    }
    arena_release(&stream.arena);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(path_parameters_are_taken_as_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(query_arguments_are_decoded, set_up, tear_down),
        cmocka_unit_test(trace_ids_are_completed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
