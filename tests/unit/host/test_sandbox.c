/* What is run for an instance: bubblewrap's arguments and sandbox-init's plan, without running it.
 */
#include "../unit.h"

#include "host/init.h"
#include "host/sandbox.h"

#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct runtime PYTHON = {RUNTIME_PYTHON, "/usr/bin/python3.11", 3, 11};
static const struct runtime NODE = {RUNTIME_NODE, "/usr/bin/node", 20, 1};
static const struct runtime PROVIDED = {.kind = RUNTIME_PROVIDED};

static struct sandbox sandbox_of(const char *bwrap, bool is_root)
{
    return (struct sandbox){.data = "/data",
                            .bootstraps = "/lib/portico/runtimes",
                            .init = "/lib/portico/sandbox-init",
                            .bwrap = bwrap,
                            .process_max = 100,
                            .is_root = is_root};
}

static struct host_start start_of(const struct json *environment)
{
    return (struct host_start){.function = SPAN("f"),
                               .package = SPAN(SHA),
                               .handler = SPAN("app.handler"),
                               .memory_mb = 200,
                               .storage_mb = 512,
                               .environment = environment};
}

/* All arguments with a blank between them. */
static void join(const struct words *words, struct buf *out)
{
    for (unsigned i = 0; i < words->count; i++) {
        buf_add_text(out, words->all[i]);
        buf_add_char(out, ' ');
    }
}

static bool holds(const struct buf *text, const char *part)
{
    return span_search(buf_span(text), span_of(part)) < text->len;
}

static void the_arguments_say_what_is_seen_and_what_is_not(void **state)
{
    static const struct {
        const char *about;
        const struct runtime *runtime;
        bool is_root, is_own, wanted;
        const char *words;
    } CASES[] = {
        {"the package", &PYTHON, 0, 0, 1, "--ro-bind /data/packages/" SHA " /var/task "},
        {"the bootstrap", &PYTHON, 0, 0, 1, "--ro-bind /lib/portico/runtimes/python /var/runtime "},
        {"another bootstrap", &NODE, 0, 0, 1,
         "--ro-bind /lib/portico/runtimes/nodejs /var/runtime "},
        {"no bootstrap", &PROVIDED, 0, 0, 0, " /var/runtime "},
        {"the size of /tmp", &PYTHON, 0, 0, 1, "--perms 1777 --size 536870912 --tmpfs /tmp "},
        {"users have a user namespace", &PYTHON, 0, 0, 1, " --unshare-user --uid 993 --gid 990 "},
        {"root has none", &PYTHON, 1, 0, 0, "--unshare-user"},
        {"root keeps what changing users needs", &PYTHON, 1, 0, 1,
         " --cap-drop ALL --cap-add CAP_SETUID --cap-add CAP_SETGID "},
        {"the machine's network", &PYTHON, 0, 0, 0, "--unshare-net"},
        {"a network of its own", &PYTHON, 0, 1, 1, " --unshare-net "},
        {"nothing is writable but /tmp", &PYTHON, 0, 0, 1, " --remount-ro / -- "},
        {"nor /proc", &PYTHON, 0, 0, 1, " --remount-ro /proc "},
        {"no binding that can be written", &PYTHON, 0, 0, 0, " --bind "},
        {"not all of /etc", &PYTHON, 0, 0, 0, "--ro-bind /etc /etc "},
        {"no private keys", &PYTHON, 0, 0, 0, "--ro-bind /etc/ssl /etc/ssl "},
        {"no variables", &PYTHON, 0, 0, 0, "--setenv"},
        {"the end", &PYTHON, 0, 0, 1, "-- /.sandbox-init "},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct sandbox sandbox = sandbox_of("/usr/bin/bwrap", CASES[i].is_root);
        struct host_start start = start_of(NULL);
        struct words words;
        struct arena arena;
        struct buf text;

        if (CASES[i].is_own)
            start.network = HOST_NETWORK_OWN;
        arena_init(&arena, 1 << 20);
        buf_init(&text, 1 << 16);
        assert_true(sandbox_words(&sandbox, CASES[i].runtime, &start, &arena, &words));
        join(&words, &text);
        if (holds(&text, CASES[i].words) != CASES[i].wanted)
            fail_msg("%s: %.*s", CASES[i].about, SPAN_ARG(buf_span(&text)));
        buf_release(&text);
        arena_release(&arena);
    }
    (void)state;
}

static void an_interpreter_elsewhere_is_bound_with_its_library_only(void **state)
{
    struct runtime node = {RUNTIME_NODE, "/home/u/bin/node", 20, 1};
    struct sandbox sandbox = sandbox_of("/usr/bin/bwrap", false);
    struct host_start start = start_of(NULL);
    struct words words;
    struct arena arena;
    struct buf text;

    arena_init(&arena, 1 << 20);
    buf_init(&text, 1 << 16);
    assert_true(sandbox_words(&sandbox, &node, &start, &arena, &words));
    join(&words, &text);
    assert_true(holds(&text, " --dir /home/u --dir /home/u/bin --ro-bind /home/u/bin/node "
                             "/home/u/bin/node "));
    assert_false(holds(&text, "--ro-bind /home/u "));
    buf_release(&text);
    arena_release(&arena);
    (void)state;
}

/* The plan's strings with a bar between them. */
static struct init_plan read_plan(const struct buf *plan, struct buf *out)
{
    struct init_plan head;

    assert_true(plan->len > sizeof head);
    memcpy(&head, plan->at, sizeof head);
    for (size_t i = sizeof head + head.filter_count * 8; i < plan->len; i++)
        buf_add_char(out, plan->at[i] ? plan->at[i] : '|');
    return head;
}

static void the_plan_holds_arguments_and_environment(void **state)
{
    static const struct {
        const char *about, *bwrap;
        const struct runtime *runtime;
        bool is_root, is_own;
        uint16_t port;
        const char *strings;
    } CASES[] = {
        {"Python", "bwrap", &PYTHON, 0, 0, 0,
         "/var/task|/usr/bin/python3.11|/var/runtime/bootstrap.py|A=1|LD_PRELOAD=x|"
         "LAMBDA_TASK_ROOT=/var/task|LAMBDA_RUNTIME_DIR=/var/runtime|"},
        {"Node.js has a limit of its heap", "bwrap", &NODE, 1, 0, 0,
         "/var/task|/usr/bin/node|--max-old-space-size=180|/var/runtime/bootstrap.cjs|A=1|"
         "LD_PRELOAD=x|LAMBDA_TASK_ROOT=/var/task|LAMBDA_RUNTIME_DIR=/var/runtime|"},
        {"provided, shared network", "bwrap", &PROVIDED, 0, 0, 4711,
         "/var/task|/var/task/bootstrap|A=1|LD_PRELOAD=x|LAMBDA_TASK_ROOT=/var/task|"
         "LAMBDA_RUNTIME_DIR=/var/runtime|AWS_LAMBDA_RUNTIME_API=127.0.0.1:4711|"},
        {"provided, own network", "bwrap", &PROVIDED, 0, 1, 0,
         "/var/task|/var/task/bootstrap|A=1|LD_PRELOAD=x|LAMBDA_TASK_ROOT=/var/task|"
         "LAMBDA_RUNTIME_DIR=/var/runtime|AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001|"},
        {"no sandbox", NULL, &PYTHON, 0, 0, 0,
         "/data/packages/" SHA "|/usr/bin/python3.11|/lib/portico/runtimes/python/bootstrap.py|"
         "A=1|LD_PRELOAD=x|LAMBDA_TASK_ROOT=/data/packages/" SHA
         "|LAMBDA_RUNTIME_DIR=/lib/portico/runtimes/python|"},
    };
    struct json *variables;
    struct arena arena;

    arena_init(&arena, 1 << 20);
    assert_int_equal(json_parse(&arena,
                                SPAN("{\"A\":\"1\",\"LAMBDA_TASK_ROOT\":\"/elsewhere\","
                                     "\"LD_PRELOAD\":\"x\"}"),
                                &variables, NULL),
                     OK);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct sandbox sandbox = sandbox_of(CASES[i].bwrap, CASES[i].is_root);
        struct host_start start = start_of(variables);
        struct buf plan, strings;
        struct init_plan head;

        if (CASES[i].is_own)
            start.network = HOST_NETWORK_OWN;
        buf_init(&plan, INIT_PLAN_MAX);
        buf_init(&strings, INIT_PLAN_MAX);
        assert_true(sandbox_plan(&sandbox, CASES[i].runtime, &start, CASES[i].port, &plan));
        head = read_plan(&plan, &strings);
        unit_same_text(CASES[i].about, buf_span(&strings), span_of(CASES[i].strings));
        assert_int_equal(head.listens, CASES[i].is_own);
        assert_int_equal(head.user != 0, CASES[i].is_root);
        assert_int_equal(head.process_max, CASES[i].bwrap && !CASES[i].is_root ? 100 : 0);
        buf_release(&plan);
        buf_release(&strings);
    }
    arena_release(&arena);
    (void)state;
}

static void names_of_runtimes_are_read(void **state)
{
    static const struct {
        const char *name;
        bool is_ours;
        enum runtime_kind kind;
        unsigned major, minor;
    } CASES[] = {
        {"python3.12", true, RUNTIME_PYTHON, 3, 12},
        {"nodejs20.x", true, RUNTIME_NODE, 20, 0},
        {"nodejs8.x", true, RUNTIME_NODE, 8, 0},
        {"provided", true, RUNTIME_PROVIDED, 0, 0},
        {"provided.al2023", true, RUNTIME_PROVIDED, 0, 0},
        {.name = "python2.7"},
        {.name = "python3."},
        {.name = "python3.1x"},
        {.name = "nodejs"},
        {.name = "nodejs20"},
        {.name = "nodejs20.y"},
        {.name = "nodejs99999.x"},
        {.name = ""},
        {.name = "java21"},
        {.name = "provided.al3000"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        unsigned major, minor;
        enum runtime_kind kind;

        if (runtime_parse(span_of(CASES[i].name), &kind, &major, &minor) != CASES[i].is_ours)
            fail_msg("'%s' is misread", CASES[i].name);
        if (!CASES[i].is_ours)
            continue;
        assert_int_equal(kind, CASES[i].kind);
        assert_int_equal(major, CASES[i].major);
        assert_int_equal(minor, CASES[i].minor);
    }
    (void)state;
}

static void a_runtime_that_is_not_installed_is_refused_with_words(void **state)
{
    struct runtime found;
    struct problem why;

    assert_int_equal(runtime_find(SPAN("nodejs20.x"), "/nowhere:/neither", &found, &why),
                     FAULT_NOT_FOUND);
    assert_string_equal(why.text, "runtime 'nodejs20.x' needs Node.js 18 or newer, and none is "
                                  "installed in /nowhere:/neither");
    assert_int_equal(runtime_find(SPAN("python3.9"), "", &found, &why), FAULT_NOT_FOUND);
    assert_int_equal(runtime_find(SPAN("ruby3.3"), "/usr/bin", &found, &why), FAULT_UNSUPPORTED);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(the_arguments_say_what_is_seen_and_what_is_not),
    cmocka_unit_test(an_interpreter_elsewhere_is_bound_with_its_library_only),
    cmocka_unit_test(the_plan_holds_arguments_and_environment),
    cmocka_unit_test(names_of_runtimes_are_read),
    cmocka_unit_test(a_runtime_that_is_not_installed_is_refused_with_words),
};

UNIT_MAIN(TESTS)
