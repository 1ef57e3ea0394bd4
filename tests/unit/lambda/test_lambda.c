/* The pool, played against a host of our own: what starts, who waits, who is answered what. */
#include "fake_host.h"

#include "base/log.h"
#include "lambda/lambda.h"
#include "lambda/pool.h"

static struct fake_host host;
static struct clock standing;
static struct loop loop;
static struct shelf shelf;
static struct lambda lambda;
static struct function *function;

static struct function *make_function(const char *name, int64_t reserved, uint64_t revision)
{
    struct function *f = part_new(&shelf, sizeof *f, NULL);

    f->arn = arena_format(&f->part.arena, "arn:aws:lambda:r:1:function:%s", name);
    f->name = arena_copy(&f->part.arena, span_of(name));
    f->region = SPAN("r");
    f->account = SPAN("1");
    f->version = SPAN("$LATEST");
    f->runtime = SPAN("nodejs20.x");
    f->handler = SPAN("index.handler");
    f->package = SPAN("0123456789012345678901234567890123456789012345678901234567890123");
    f->log_format = SPAN("Text");
    f->timeout = 3 * MICROS_PER_SECOND;
    f->memory_mb = 128;
    f->storage_mb = 512;
    f->reserved = reserved;
    f->revision = revision;
    part_seal(&f->part);
    return f;
}

static int set_up(void **state)
{
    struct lambda_settings settings = {.log_folder = "", .endpoint = "", .instances_max = 20};

    (void)state;
    log_open("test", LOG_ERROR + 1);
    standing = clock_fixed(1000000, 1700000000000000);
    assert_int_equal(loop_init(&loop, &standing, NULL), OK);
    fake_host_init(&host, &loop);
    settings.host = host.path;
    shelf_init(&shelf);
    lambda_init(&lambda, &loop, &settings);
    function = make_function("f", -1, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lambda_release(&lambda);
    loop_turn(&loop, 0);
    loop_turn(&loop, 0);
    part_leave(&function->part);
    loop_release(&loop);
    fake_host_release(&host);
    shelf_reclaim(&shelf);
    assert_int_equal(shelf.bytes, 0);
    return 0;
}

static void wake(struct task *task)
{
    (void)task;
}

static struct task waiter = {.run = wake};

static struct invoke *invoke_event(struct function *f, const char *event)
{
    struct invoke *invoke = invoke_new();

    invoke->function = f;
    buf_add_text(&invoke->event, event);
    random_uuid(&lambda.random, invoke->request_id);
    invoke->wants_tail = true;
    invoke_start(invoke, &lambda, &loop, &waiter, 20 * MICROS_PER_SECOND);
    fake_host_turns(&host);
    return invoke;
}

static void pass(int64_t time)
{
    standing.fixed_now += time;
    standing.fixed_wall += time;
    fake_host_turns(&host);
}

static void say(size_t i, char type, const char *payload)
{
    fake_host_frame(&host, &host.starts[i], type, span_of(payload));
}

static void expect(const char *about, const struct invoke *invoke, enum invoke_end end,
                   const char *part)
{
    struct span payload = buf_span(&invoke->payload);

    if (invoke->op.result != OP_DONE || invoke->end != end)
        fail_msg("%s: result %d, end %d", about, (int)invoke->op.result, (int)invoke->end);
    if (part[0] && span_search(payload, span_of(part)) == payload.len)
        fail_msg("%s: no '%s' in '%.*s'", about, part, SPAN_ARG(payload));
}

/* One that has started and is idle; its number. */
static size_t idle_instance(void)
{
    struct invoke *invoke = invoke_event(function, "{}");
    size_t i = host.start_count - 1;

    say(i, INSTANCE_READY, "");
    say(i, INSTANCE_RESULT, "1");
    expect("the first", invoke, INVOKE_RESULT, "1");
    invoke_free(invoke);
    fake_host_hear(&host.starts[i]);
    return i;
}

/* ---- frames -------------------------------------------------------------------------------- */

static bool tail_has(const struct invoke *invoke, const char *text)
{
    return span_search(buf_span(&invoke->tail), span_of(text)) < invoke->tail.len;
}

static void an_invocation_waits_for_its_instance_and_the_next_reuses_it(void **state)
{
    struct invoke *first = invoke_event(function, "{\"n\":1}"), *second;

    assert_int_equal(host.start_count, 1);
    assert_int_equal(fake_host_hear(&host.starts[0]).len, 0);
    say(0, INSTANCE_READY, "");
    assert_true(fake_host_heard(&host.starts[0], "{\"n\":1}"));
    assert_int_equal(write(host.starts[0].out, "printed\n", 8), 8);
    say(0, INSTANCE_RESULT, "{\"ok\":true}");
    expect("first", first, INVOKE_RESULT, "{\"ok\":true}");
    assert_true(span_starts(buf_span(&first->tail), SPAN("START RequestId: ")));
    assert_true(tail_has(first, "\nprinted\nEND RequestId: "));
    assert_true(tail_has(first, "\tMemory Size: 128 MB\t"));
    invoke_free(first);
    second = invoke_event(function, "{\"n\":2}");
    assert_int_equal(host.start_count, 1);
    assert_true(fake_host_heard(&host.starts[0], "{\"n\":2}"));
    say(0, INSTANCE_ERROR, "{\"errorMessage\":\"no\"}");
    expect("second", second, INVOKE_ERROR, "no");
    invoke_free(second);
    assert_int_equal(lambda.in_flight, 0);
    (void)state;
}

static void the_environment_is_the_services_and_the_functions(void **state)
{
    static const char *const PARTS[] = {
        "\"_HANDLER\":\"index.handler\"",
        "\"AWS_EXECUTION_ENV\":\"AWS_Lambda_nodejs20.x\"",
        "\"AWS_LAMBDA_LOG_STREAM_NAME\":\"2023/11/14/[$LATEST]",
        "\"NODE_PATH\":\"/opt/nodejs/node20/node_modules:/opt/nodejs/node_modules\"",
        "\"AWS_ACCESS_KEY_ID\":\"1\"",
    };
    struct invoke *invoke = invoke_event(function, "{}");

    for (size_t i = 0; i < COUNT(PARTS); i++)
        if (span_search(host.environment, span_of(PARTS[i])) == host.environment.len)
            fail_msg("no %s in %.*s", PARTS[i], SPAN_ARG(host.environment));
    invoke_free(invoke);
    (void)state;
}

static void instances_grow_with_those_that_wait(void **state)
{
    struct invoke *all[12];
    size_t done = 0;

    for (size_t i = 0; i < COUNT(all); i++)
        all[i] = invoke_event(function, "{}");
    assert_int_equal(host.start_count, POOL_STARTING_MAX);
    say(0, INSTANCE_READY, "");
    assert_int_equal(host.start_count, POOL_STARTING_MAX + 1);
    say(0, INSTANCE_RESULT, "1"); /* the ninth has waited for the second instance, as it were */
    say(0, INSTANCE_RESULT, "2");
    for (size_t i = 0; i < COUNT(all); i++) {
        done += all[i]->op.result == OP_DONE;
        invoke_free(all[i]);
    }
    assert_int_equal(done, 2);
    (void)state;
}

static void a_reserved_limit_is_answered_at_once(void **state)
{
    struct function *none = make_function("none", 0, 2), *one = make_function("one", 1, 3);
    struct invoke *a = invoke_event(none, "{}"), *b = invoke_event(one, "{}"),
                  *c = invoke_event(one, "{}");

    expect("none reserved", a, INVOKE_THROTTLED, "");
    assert_string_equal(a->words, "ReservedFunctionConcurrentInvocationLimitExceeded");
    expect("the second of one", c, INVOKE_THROTTLED, "");
    assert_int_equal(b->op.result, OP_PENDING);
    invoke_free(a);
    invoke_free(b);
    invoke_free(c);
    part_leave(&none->part);
    part_leave(&one->part);
    (void)state;
}

static void a_full_machine_ends_what_is_idle_and_then_refuses(void **state)
{
    struct function *other = make_function("other", -1, 2);
    struct invoke *a, *b;

    lambda.settings.instances_max = 1;
    idle_instance();
    a = invoke_event(other, "{}");
    assert_true(host.starts[0].is_killed);
    assert_int_equal(host.start_count, 2);
    b = invoke_event(function, "{}");
    fake_host_ended(&host, &host.starts[0], -1, 9);
    expect("no room", b, INVOKE_THROTTLED, "");
    invoke_free(a);
    invoke_free(b);
    part_leave(&other->part);
    (void)state;
}

static void on_a_full_machine_a_busy_instance_is_waited_for(void **state)
{
    struct invoke *first, *second;

    lambda.settings.instances_max = 1;
    idle_instance();
    first = invoke_event(function, "{}");
    second = invoke_event(function, "{}");
    assert_int_equal(second->op.result, OP_PENDING);
    say(0, INSTANCE_RESULT, "1");
    say(0, INSTANCE_RESULT, "2");
    expect("first", first, INVOKE_RESULT, "1");
    expect("second", second, INVOKE_RESULT, "2");
    assert_int_equal(host.start_count, 1);
    invoke_free(first);
    invoke_free(second);
    (void)state;
}

static void memory_that_is_used_up_is_answered_at_once(void **state)
{
    struct invoke *small, *large, *next;
    size_t one = idle_instance();

    lambda.settings.memory_max = 100;
    small = invoke_event(function, "{\"a\":1}");
    large =
        invoke_event(function, "{\"a\":\"0123456789012345678901234567890123456789012345678901234"
                               "56789012345678901234567890123456789012345678901234567890123\"}");
    expect("no room for the event", large, INVOKE_THROTTLED, "");
    say(one, INSTANCE_RESULT,
        "012345678901234567890123456789012345678901234567890123456789"
        "0123456789012345678901234567890123456789");
    expect("no room for the answer", small, INVOKE_FAILED, "");
    invoke_free(small);
    invoke_free(large);
    next = invoke_event(function, "{}");
    say(one, INSTANCE_RESULT, "1");
    expect("room again", next, INVOKE_RESULT, "1");
    invoke_free(next);
    assert_int_equal(atomic_load(&lambda.metrics.bytes), 0);
    (void)state;
}

/* ---- ends ---------------------------------------------------------------------------------- */

static void a_function_that_takes_too_long_is_killed(void **state)
{
    size_t one = idle_instance();
    struct invoke *invoke = invoke_event(function, "{}");

    pass(3 * MICROS_PER_SECOND + 1);
    expect("timeout", invoke, INVOKE_ERROR, "\"errorType\":\"Sandbox.Timedout\"");
    expect("timeout", invoke, INVOKE_ERROR, "Error: Task timed out after 3.00 seconds\"");
    assert_true(host.starts[one].is_killed);
    invoke_free(invoke);
    fake_host_ended(&host, &host.starts[one], -1, 9);
    assert_int_equal(lambda.instance_count, 0);
    (void)state;
}

static void an_init_that_takes_too_long_is_killed(void **state)
{
    struct invoke *invoke = invoke_event(function, "{}");

    pass(16 * MICROS_PER_SECOND);
    expect("init", invoke, INVOKE_ERROR, "Sandbox.Timedout");
    assert_true(host.starts[0].is_killed);
    invoke_free(invoke);
    pass(5 * MICROS_PER_SECOND);
    assert_int_equal(lambda.instance_count, 0);
    (void)state;
}

static void an_instance_that_ends_answers_with_its_reason(void **state)
{
    static const struct {
        const char *about;
        int exit, signal;
        const char *words;
    } CASES[] = {
        {"a status", 127, 0, "Error: Runtime exited with error: exit status 127\""},
        {"no reason", 0, 0, "Error: Runtime exited without providing a reason\""},
        {"a signal", -1, 9, "Error: Runtime exited with error: signal: killed\""},
        {"another signal", -1, 35, "signal: 35\""},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        size_t one = idle_instance();
        struct invoke *invoke = invoke_event(function, "{}");

        shutdown(host.starts[one].channel, SHUT_RDWR);
        fake_host_turns(&host);
        assert_int_equal(invoke->op.result, OP_PENDING);
        fake_host_ended(&host, &host.starts[one], CASES[i].exit, CASES[i].signal);
        expect(CASES[i].about, invoke, INVOKE_ERROR, CASES[i].words);
        assert_int_equal(lambda.instance_count, 0);
        invoke_free(invoke);
    }
    (void)state;
}

static void an_init_error_answers_one_invocation_and_the_next_starts_anew(void **state)
{
    struct invoke *first = invoke_event(function, "{}"), *second;

    say(0, INSTANCE_INIT_ERROR, "{\"errorType\":\"Runtime.ImportModule\"}");
    expect("first", first, INVOKE_ERROR, "Runtime.ImportModule");
    fake_host_ended(&host, &host.starts[0], 1, 0);
    second = invoke_event(function, "{}");
    assert_int_equal(host.start_count, 2);
    invoke_free(first);
    invoke_free(second);
    (void)state;
}

static void a_refused_start_answers_with_the_hosts_words(void **state)
{
    struct host_message message = {.op = HOST_REFUSED};
    struct invoke *invoke = invoke_event(function, "{}");

    message.id = host.starts[0].id;
    message.refused = (struct host_refused){SPAN("Runtime.InvalidEntrypoint"), SPAN("no python")};
    assert_int_equal(host_send(host.socket, &message, NULL, 0), HOST_DONE);
    fake_host_turns(&host);
    expect("refused", invoke, INVOKE_ERROR, "\"errorType\":\"Runtime.InvalidEntrypoint\"");
    expect("refused", invoke, INVOKE_ERROR, "Error: no python");
    invoke_free(invoke);
    assert_int_equal(lambda.instance_count, 0);
    (void)state;
}

static void a_lost_host_ends_its_instances_and_the_next_one_is_used(void **state)
{
    struct invoke *running, *later;

    idle_instance();
    running = invoke_event(function, "{}");
    fake_host_die(&host);
    fake_host_turns(&host);
    expect("lost", running, INVOKE_ERROR, "Runtime.ExitError");
    assert_int_equal(lambda.instance_count, 0);
    later = invoke_event(function, "{}");
    assert_int_equal(later->op.result, OP_PENDING);
    fake_host_open(&host);
    pass(MICROS_PER_SECOND);
    assert_int_equal(host.start_count, 1);
    say(0, INSTANCE_READY, "");
    say(0, INSTANCE_RESULT, "again");
    expect("later", later, INVOKE_RESULT, "again");
    invoke_free(running);
    invoke_free(later);
    (void)state;
}

static void without_a_host_an_invocation_fails_with_words(void **state)
{
    struct invoke *invoke;

    fake_host_die(&host);
    invoke = invoke_event(function, "{}");
    pass(16 * MICROS_PER_SECOND);
    expect("no host", invoke, INVOKE_FAILED, "");
    assert_non_null(invoke->words);
    invoke_free(invoke);
    (void)state;
}

/* ---- what functions do to us --------------------------------------------------------------- */

static void frames_that_do_not_fit_end_the_instance(void **state)
{
    static const struct {
        const char *about;
        char type;
        const char *payload;
    } CASES[] = {
        {"an answer to nothing", INSTANCE_RESULT, "1"},
        {"ready twice", INSTANCE_READY, ""},
        {"no type at all", '?', ""},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        size_t one = idle_instance();

        say(one, CASES[i].type, CASES[i].payload);
        if (!host.starts[one].is_killed)
            fail_msg("%s: it lives", CASES[i].about);
        fake_host_ended(&host, &host.starts[one], -1, 9);
    }
    (void)state;
}

static void an_answer_over_the_limit_becomes_an_error(void **state)
{
    static char large[7 * 1024 * 1024];
    size_t one = idle_instance();
    struct invoke *invoke = invoke_event(function, "{}");

    memset(large, 'x', sizeof large);
    fake_host_frame(&host, &host.starts[one], INSTANCE_RESULT, span_make(large, sizeof large));
    expect("7 MB", invoke, INVOKE_ERROR, "Function.ResponseSizeTooLarge");
    assert_true(host.starts[one].is_killed);
    invoke_free(invoke);
    (void)state;
}

static void a_large_event_and_a_large_answer_go_through_whole(void **state)
{
    size_t one = idle_instance(), heard = 0, n;
    struct invoke *invoke = invoke_new();
    static char large[6 * 1024 * 1024];

    memset(large, 'y', sizeof large);
    invoke->function = function;
    buf_add(&invoke->event, span_make(large, sizeof large));
    invoke_start(invoke, &lambda, &loop, &waiter, 0);
    do {
        loop_turn(&loop, 0);
        heard += n = fake_host_hear(&host.starts[one]).len;
    } while (n > 0);
    assert_true(heard > sizeof large);
    fake_host_frame(&host, &host.starts[one], INSTANCE_RESULT, span_make(large, sizeof large));
    expect("6 MB", invoke, INVOKE_RESULT, "yyy");
    assert_int_equal(invoke->payload.len, sizeof large);
    invoke_free(invoke);
    (void)state;
}

static void what_prints_without_end_takes_no_memory(void **state)
{
    static char noise[65536];
    size_t one = idle_instance();
    struct invoke *invoke = invoke_event(function, "{}");

    memset(noise, 'z', sizeof noise);
    assert_int_equal(fcntl(host.starts[one].out, F_SETFL, O_NONBLOCK), 0);
    for (int i = 0; i < 100; i++) {
        while (write(host.starts[one].out, noise, sizeof noise) > 0)
            ;
        pass(3 * MICROS_PER_MS);
    }
    say(one, INSTANCE_RESULT, "1");
    expect("noisy", invoke, INVOKE_RESULT, "1");
    assert_int_equal(invoke->tail.len, INVOKE_TAIL_MAX);
    assert_true(tail_has(invoke, "REPORT"));
    invoke_free(invoke);
    (void)state;
}

static void a_closed_stdout_is_no_end(void **state)
{
    size_t one = idle_instance();
    struct invoke *invoke;

    close(host.starts[one].out);
    host.starts[one].out = -1;
    fake_host_turns(&host);
    invoke = invoke_event(function, "{}");
    say(one, INSTANCE_RESULT, "1");
    expect("silent", invoke, INVOKE_RESULT, "1");
    invoke_free(invoke);
    (void)state;
}

/* ---- callers ------------------------------------------------------------------------------- */

static void a_caller_that_leaves_does_not_end_the_function(void **state)
{
    size_t one = idle_instance();
    struct invoke *invoke = invoke_event(function, "{}"), *late;

    invoke->op.cancel(&invoke->op);
    fake_host_turns(&host);
    assert_int_equal(invoke->op.result, OP_CANCELLED);
    invoke_free(invoke);
    assert_false(host.starts[one].is_killed);
    say(one, INSTANCE_RESULT, "1");
    assert_int_equal(lambda.in_flight, 0);
    late = invoke_event(function, "{}");
    assert_int_equal(host.start_count, 1);
    say(one, INSTANCE_RESULT, "2");
    expect("late", late, INVOKE_RESULT, "2");
    invoke_free(late);
    (void)state;
}

static void the_callers_own_time_ends_the_wait_alone(void **state)
{
    size_t one = idle_instance();
    struct invoke *invoke = invoke_new();

    invoke->function = function;
    invoke_start(invoke, &lambda, &loop, &waiter, MICROS_PER_SECOND);
    fake_host_turns(&host);
    pass(2 * MICROS_PER_SECOND);
    assert_int_equal(invoke->op.result, OP_TIMED_OUT);
    assert_false(host.starts[one].is_killed);
    invoke_free(invoke);
    say(one, INSTANCE_RESULT, "1");
    assert_int_equal(lambda.in_flight, 0);
    (void)state;
}

static void a_new_revision_ends_what_is_idle_or_becomes_so(void **state)
{
    size_t one = idle_instance();
    struct function *newer = make_function("f", -1, 2);
    struct invoke *a = invoke_event(function, "{}"), *b = invoke_event(newer, "{}");

    assert_int_equal(host.start_count, 2);
    say(one, INSTANCE_RESULT, "old");
    expect("old", a, INVOKE_RESULT, "old");
    assert_true(host.starts[one].is_killed);
    say(1, INSTANCE_READY, "");
    say(1, INSTANCE_RESULT, "new");
    expect("new", b, INVOKE_RESULT, "new");
    invoke_free(a);
    invoke_free(b);
    part_leave(&newer->part);
    (void)state;
}

static void what_is_idle_for_long_is_ended(void **state)
{
    size_t one = idle_instance();

    pass(POOL_IDLE_TIME + 1);
    assert_true(host.starts[one].is_killed);
    fake_host_ended(&host, &host.starts[one], -1, 9);
    assert_int_equal(lambda.instance_count, 0);
    (void)state;
}

static void a_function_that_is_deleted_ends_with_the_snapshot(void **state)
{
    size_t one = idle_instance();
    const struct function *functions[] = {function};
    struct snapshot *with = snapshot_new(&shelf, 1, NULL, 0, functions, 1),
                    *without = snapshot_new(&shelf, 2, NULL, 0, NULL, 0);

    lambda_follow(&lambda, with);
    fake_host_turns(&host);
    assert_false(host.starts[one].is_killed);
    lambda_follow(&lambda, without);
    fake_host_turns(&host);
    assert_true(host.starts[one].is_killed);
    part_leave(&with->part);
    part_leave(&without->part);
    (void)state;
}

/* ---- the Runtime API ----------------------------------------------------------------------- */

static struct span http(const char *request)
{
    size_t len = strlen(request);

    assert_int_equal(send(host.starts[0].channel, request, len, MSG_NOSIGNAL), len);
    fake_host_turns(&host);
    return fake_host_hear(&host.starts[0]);
}

#define NEXT "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

static struct span post(const char *id, const char *what, const char *body)
{
    struct span text = arena_format(&host.arena,
                                    "POST /2018-06-01/runtime/invocation/%s/%s HTTP/1.1\r\n"
                                    "Host: 127.0.0.1\r\nContent-Length: %zu\r\n\r\n%s",
                                    id, what, strlen(body), body);

    return http(text.at);
}

static bool begins(struct span answer, const char *status)
{
    return span_starts(answer, span_of(status));
}

static bool holds(struct span answer, const char *text)
{
    return span_search(answer, span_of(text)) < answer.len;
}

static void the_runtime_api_serves_other_clients(void **state)
{
    struct invoke *first, *second;
    struct span answer;

    host.gives_listeners = true;
    first = invoke_event(function, "{\"n\":1}");
    answer = http(NEXT);
    assert_true(begins(answer, "HTTP/1.1 200"));
    assert_true(holds(answer, first->request_id));
    assert_true(holds(answer, "{\"n\":1}"));
    assert_true(begins(http(NEXT), "HTTP/1.1 403"));
    assert_true(begins(post("other", "response", "x"), "HTTP/1.1 400"));
    assert_true(begins(post(first->request_id, "response", "x"), "HTTP/1.1 202"));
    expect("first", first, INVOKE_RESULT, "x");
    answer = post(first->request_id, "response", "x");
    assert_true(begins(answer, "HTTP/1.1 400"));
    assert_true(holds(answer, "InvalidStateTransition"));
    second = invoke_event(function, "{\"n\":2}");
    assert_int_equal(host.start_count, 2); /* the first is not free before it asks */
    assert_true(holds(http(NEXT), "{\"n\":2}"));
    assert_true(begins(http("GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), "HTTP/1.1 404"));
    assert_true(begins(http("GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://a.b\r\n\r\n"),
                       "HTTP/1.1 403"));
    assert_true(begins(post(second->request_id, "error", "{\"e\":1}"), "HTTP/1.1 202"));
    expect("second", second, INVOKE_ERROR, "{\"e\":1}");
    invoke_free(first);
    invoke_free(second);
    (void)state;
}

static void an_init_error_of_the_runtime_api_is_the_answer(void **state)
{
    struct invoke *invoke;

    host.gives_listeners = true;
    invoke = invoke_event(function, "{}");
    assert_true(begins(http("POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                            "Content-Length: 2\r\n\r\n{}"),
                       "HTTP/1.1 202"));
    expect("init", invoke, INVOKE_ERROR, "{}");
    assert_true(host.starts[0].is_killed);
    invoke_free(invoke);
    (void)state;
}

static void a_runtime_that_hangs_up_is_given_no_work(void **state)
{
    struct linger reset = {1, 0};
    struct invoke *invoke;

    host.gives_listeners = true;
    invoke = invoke_event(function, "{}");
    http(NEXT);
    post(invoke->request_id, "response", "x");
    invoke_free(invoke);
    http(NEXT);
    setsockopt(host.starts[0].channel, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(host.starts[0].channel);
    host.starts[0].channel = -1;
    fake_host_turns(&host);
    invoke = invoke_event(function, "{}");
    assert_int_equal(host.start_count, 2);
    invoke_free(invoke);
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_invocation_waits_for_its_instance_and_the_next_reuses_it),
        TEST(the_environment_is_the_services_and_the_functions),
        TEST(instances_grow_with_those_that_wait),
        TEST(a_reserved_limit_is_answered_at_once),
        TEST(a_full_machine_ends_what_is_idle_and_then_refuses),
        TEST(on_a_full_machine_a_busy_instance_is_waited_for),
        TEST(memory_that_is_used_up_is_answered_at_once),
        TEST(a_function_that_takes_too_long_is_killed),
        TEST(an_init_that_takes_too_long_is_killed),
        TEST(an_instance_that_ends_answers_with_its_reason),
        TEST(an_init_error_answers_one_invocation_and_the_next_starts_anew),
        TEST(a_refused_start_answers_with_the_hosts_words),
        TEST(a_lost_host_ends_its_instances_and_the_next_one_is_used),
        TEST(without_a_host_an_invocation_fails_with_words),
        TEST(frames_that_do_not_fit_end_the_instance),
        TEST(an_answer_over_the_limit_becomes_an_error),
        TEST(a_large_event_and_a_large_answer_go_through_whole),
        TEST(what_prints_without_end_takes_no_memory),
        TEST(a_closed_stdout_is_no_end),
        TEST(a_caller_that_leaves_does_not_end_the_function),
        TEST(the_callers_own_time_ends_the_wait_alone),
        TEST(a_new_revision_ends_what_is_idle_or_becomes_so),
        TEST(what_is_idle_for_long_is_ended),
        TEST(a_function_that_is_deleted_ends_with_the_snapshot),
        TEST(the_runtime_api_serves_other_clients),
        TEST(an_init_error_of_the_runtime_api_is_the_answer),
        TEST(a_runtime_that_hangs_up_is_given_no_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
