/* Node.js functions in real instances: the forms of handlers and modules, context, console, errors,
 * and how they end.  Skipped where no Node.js is installed. */
#include "../unit.h"

#include <unistd.h>

#include "host/runtime.h"
#include "host_rig.h"

static struct rig rig;
static struct rig_instance instance;

static int set_up(void **state)
{
    (void)state;
    rig_open(&rig, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static void start(const char *handler)
{
    static uint64_t id;

    rig_start(&rig, &instance, ++id, 'a', "nodejs20.x", handler);
}

static void stop(void)
{
    struct host_message message = {.op = HOST_KILL, .id = instance.id};

    assert_int_equal(host_send(rig.socket, &message, NULL, 0), HOST_DONE);
    rig_ended(&rig, instance.id);
    rig_release(&instance);
}

static void check_frame(const char *about, struct instance_frame frame, char type,
                        const char *payload)
{
    if (frame.type != (enum instance_type)type)
        fail_msg("%s: a frame '%c' with %.*s", about, frame.type, SPAN_ARG(frame.payload));
    if (payload)
        unit_same_text(about, frame.payload, span_of(payload));
}

/* Expects the payload to begin with a text. */
static void check_begins(const char *about, struct instance_frame frame, char type,
                         const char *payload)
{
    if (frame.type != (enum instance_type)type || !span_starts(frame.payload, span_of(payload)))
        fail_msg("%s: a frame '%c' with %.*s", about, frame.type, SPAN_ARG(frame.payload));
}

static void handlers_in_all_forms_answer(void **state)
{
    static const struct {
        const char *about, *file, *code, *handler, *answer;
    } CASES[] = {
        {"async", "index.js", "exports.handler = async (e) => ({got: e});", "index.handler",
         "{\"got\":{\"n\":1}}"},
        {"sync that returns a promise", "index.js",
         "exports.handler = (e) => new Promise((r) => setTimeout(() => r('late'), 5));",
         "index.handler", "\"late\""},
        {"callback", "index.js", "exports.handler = (e, c, cb) => cb(null, [1, 'é']);",
         "index.handler", "[1,\"é\"]"},
        {"callback that waits for the loop to be empty", "index.js",
         "exports.handler = (e, c, cb) => { const o = {}; cb(null, o); setTimeout(() => o.x = 1, "
         "5); "
         "};",
         "index.handler", "{\"x\":1}"},
        {"callback that does not wait", "index.js",
         "exports.handler = (e, c, cb) => { c.callbackWaitsForEmptyEventLoop = false; "
         "setTimeout(() => {}, 60000); cb(null, 'now'); };",
         "index.handler", "\"now\""},
        {"context.succeed", "index.js", "exports.handler = (e, c) => c.succeed('old');",
         "index.handler", "\"old\""},
        {"undefined", "index.js", "exports.handler = async () => {};", "index.handler", "null"},
        {"no answer at all", "index.js", "exports.handler = () => {};", "index.handler", "null"},
        {"nested exports", "index.js", "exports.a = {b: {c: async () => 'deep'}};", "index.a.b.c",
         "\"deep\""},
        {"a module in a folder", "lib/mod.js", "exports.handler = async () => __filename;",
         "lib/mod.handler", "\"/var/task/lib/mod.js\""},
        {"an ES module", "esm.mjs",
         "import fs from 'fs'; export const handler = async () => typeof fs.readSync;",
         "esm.handler", "\"function\""},
        {"a CommonJS file by its extension", "com.cjs", "exports.handler = async () => 'cjs';",
         "com.handler", "\"cjs\""},
        {"top-level await", "tla.mjs",
         "const x = await new Promise((r) => setTimeout(() => r(7), 5)); "
         "export const handler = async () => x;",
         "tla.handler", "7"},
        {"a streamed answer", "index.js",
         "exports.handler = awslambda.streamifyResponse(async (e, s) => { s.write('a'); "
         "s.write('b'); s.end(); });",
         "index.handler", "ab"},
    };

    rig_folder(&rig, 'a', "lib");
    for (size_t i = 0; i < COUNT(CASES); i++) {
        rig_write(&rig, 'a', CASES[i].file, CASES[i].code);
        start(CASES[i].handler);
        check_frame(CASES[i].about, rig_frame(&instance), INSTANCE_READY, "");
        for (int twice = 0; twice < 2; twice++)
            check_frame(CASES[i].about, rig_invoke(&instance, "{\"n\":1}"), INSTANCE_RESULT,
                        CASES[i].answer);
        stop();
    }
    (void)state;
}

static void type_module_makes_js_files_modules(void **state)
{
    rig_write(&rig, 'b', "package.json", "{\"type\":\"module\"}");
    rig_write(&rig, 'b', "index.js", "export const handler = async () => import.meta.url;");
    rig_start(&rig, &instance, 100, 'b', "nodejs20.x", "index.handler");
    check_frame("ready", rig_frame(&instance), INSTANCE_READY, "");
    check_frame("answer", rig_invoke(&instance, "{}"), INSTANCE_RESULT,
                "\"file:///var/task/index.js\"");
    stop();
    (void)state;
}

static void the_context_says_what_awss_says(void **state)
{
    rig_write(&rig, 'a', "index.js",
              "exports.handler = async (e, c) => [Object.keys(c).join(), c.awsRequestId, "
              "c.memoryLimitInMB, c.getRemainingTimeInMillis() > 0, process.cwd(), "
              "process.env._X_AMZN_TRACE_ID];");
    start("index.handler");
    check_frame("ready", rig_frame(&instance), INSTANCE_READY, "");
    check_frame("context", rig_invoke(&instance, "{}"), INSTANCE_RESULT,
                "[\"callbackWaitsForEmptyEventLoop,succeed,fail,done,functionVersion,functionName,"
                "memoryLimitInMB,logGroupName,logStreamName,clientContext,identity,"
                "invokedFunctionArn,awsRequestId,tenantId,getRemainingTimeInMillis\","
                "\"8476a536-e9f4-11e8-9739-2dfe598c3fcd\",\"128\",true,\"/var/task\","
                "\"Root=1-2-3\"]");
    stop();
    (void)state;
}

static void the_trace_is_a_variable_of_the_environment(void **state)
{
    rig_write(&rig, 'a', "index.js",
              "const name = '_X_AMZN_TRACE_ID';\n"
              "exports.handler = async () => {\n"
              "  const seen = [process.env[name], Object.keys(process.env).includes(name),\n"
              "    name in process.env, { ...process.env }[name],\n"
              "    require('child_process').execFileSync('printenv', [name]).toString().trim()];\n"
              "  process.env[name] = 'mine';\n"
              "  process.env.OTHER = 5;\n"
              "  seen.push(process.env[name], process.env.OTHER);\n"
              "  delete process.env[name];\n"
              "  seen.push(name in process.env);\n"
              "  return seen;\n"
              "};");
    start("index.handler");
    check_frame("ready", rig_frame(&instance), INSTANCE_READY, "");
    check_frame("seen", rig_invoke(&instance, "{}"), INSTANCE_RESULT,
                "[\"Root=1-2-3\",true,true,\"Root=1-2-3\",\"Root=1-2-3\",\"mine\",\"5\",false]");
    stop();
    (void)state;
}

static void console_lines_have_time_request_and_level(void **state)
{
    rig_write(&rig, 'a', "index.js",
              "console.log('init');\n"
              "exports.handler = async () => { console.log('one\\ntwo %d', 3, {a: 1}); "
              "console.error('bad'); process.stdout.write('raw\\n'); };");
    start("index.handler");
    rig_log(instance.out, "Z\tundefined\tINFO\tinit\n");
    check_frame("ready", rig_frame(&instance), INSTANCE_READY, "");
    check_frame("answer", rig_invoke(&instance, "{}"), INSTANCE_RESULT, "null");
    rig_log(instance.out, "Z\t8476a536-e9f4-11e8-9739-2dfe598c3fcd\tINFO\tone\rtwo 3 { a: 1 }\n");
    stop();
    (void)state;
}

static void errors_are_posted_and_logged_as_aws_does(void **state)
{
    static const struct {
        const char *about, *code, *payload, *log;
    } CASES[] = {
        {"thrown", "exports.handler = async () => { throw new TypeError('no'); };",
         "{\"errorType\":\"TypeError\",\"errorMessage\":\"no\",\"trace\":[\"TypeError: no\",\"",
         "\tERROR\tInvoke Error "
         "\t{\"errorType\":\"TypeError\",\"errorMessage\":\"no\",\"stack\":["},
        {"thrown in a callback handler", "exports.handler = () => { throw new Error('x'); };",
         "{\"errorType\":\"Error\",\"errorMessage\":\"x\",\"trace\":[", "Invoke Error"},
        {"given to the callback", "exports.handler = (e, c, cb) => cb('words');",
         "{\"errorType\":\"string\",\"errorMessage\":\"words\",\"trace\":[]}",
         "Invoke Error \t\"words\"\n"},
        {"an answer that is no JSON",
         "exports.handler = async () => { const a = {}; a.a = a; return a; };",
         "{\"errorType\":\"Error\",\"errorMessage\":\"Unable to stringify response body\"",
         "Invoke Error"},
        {"7 MB", "exports.handler = async () => 'x'.repeat(7 << 20);",
         "{\"errorMessage\":\"Response payload size exceeded maximum allowed payload size (6291556 "
         "bytes).\",\"errorType\":\"Function.ResponseSizeTooLarge\"}",
         NULL},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        rig_write(&rig, 'a', "index.js", CASES[i].code);
        start("index.handler");
        check_frame(CASES[i].about, rig_frame(&instance), INSTANCE_READY, "");
        for (int twice = 0; twice < 2; twice++)
            check_begins(CASES[i].about, rig_invoke(&instance, "{}"), INSTANCE_ERROR,
                         CASES[i].payload);
        if (CASES[i].log)
            rig_log(instance.out, CASES[i].log);
        stop();
    }
    (void)state;
}

static void what_cannot_be_loaded_is_an_init_error(void **state)
{
    static const struct {
        const char *about, *handler, *code, *payload;
    } CASES[] = {
        {"no such module", "other.handler", "",
         "{\"errorType\":\"Runtime.ImportModuleError\",\"errorMessage\":\"Error: Cannot find "
         "module "
         "'other'\\n"},
        {"no such handler", "index.nothing", "exports.handler = 1;",
         "{\"errorType\":\"Runtime.HandlerNotFound\",\"errorMessage\":\"index.nothing is undefined "
         "or not exported\""},
        {"a handler that is a number", "index.handler", "exports.handler = 1;",
         "{\"errorType\":\"Runtime.HandlerNotFound\",\"errorMessage\":\"index.handler is not a "
         "function\",\"trace\":[\"Runtime.HandlerNotFound: index.handler is not a function\","
         "\"    at "},
        {"a syntax error", "index.handler", "exports.handler = {",
         "{\"errorType\":\"Runtime.UserCodeSyntaxError\",\"errorMessage\":\"SyntaxError: "},
        {"a path that climbs", "../index.handler", "",
         "{\"errorType\":\"Runtime.MalformedHandlerName\",\"errorMessage\":\"'../index.handler' is "
         "not a valid handler name. Use absolute paths when specifying root directories in handler "
         "names.\""},
        {"no dot", "index", "",
         "{\"errorType\":\"Runtime.MalformedHandlerName\",\"errorMessage\":\"Bad handler\""},
        {"an exception", "index.handler", "throw new RangeError('init');",
         "{\"errorType\":\"RangeError\",\"errorMessage\":\"init\",\"trace\":[\"RangeError: init\""},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct host_ended ended;

        rig_write(&rig, 'a', "index.js", CASES[i].code);
        start(CASES[i].handler);
        check_begins(CASES[i].about, rig_frame(&instance), INSTANCE_INIT_ERROR, CASES[i].payload);
        ended = rig_ended(&rig, instance.id);
        assert_int_equal(ended.exit, 129);
        rig_log(instance.out, "\tERROR\tUncaught Exception \t{\"errorType\":\"");
        rig_release(&instance);
    }
    (void)state;
}

static void what_nobody_catches_ends_the_process_with_its_code(void **state)
{
    static const struct {
        const char *code, *payload;
        int exit;
    } CASES[] = {
        {"exports.handler = (e, c, cb) => { setTimeout(() => { throw new Error('late'); }, 1); };",
         "{\"errorType\":\"Error\",\"errorMessage\":\"late\",\"trace\":[", 129},
        {"exports.handler = (e, c, cb) => { Promise.reject(new Error('lost')); };",
         "{\"errorType\":\"Runtime.UnhandledPromiseRejection\",\"errorMessage\":\"Error: lost\"",
         128},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        rig_write(&rig, 'a', "index.js", CASES[i].code);
        start("index.handler");
        check_frame("ready", rig_frame(&instance), INSTANCE_READY, "");
        check_begins("error", rig_invoke(&instance, "{}"), INSTANCE_ERROR, CASES[i].payload);
        assert_int_equal(rig_ended(&rig, instance.id).exit, CASES[i].exit);
        rig_release(&instance);
    }
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(handlers_in_all_forms_answer),
    cmocka_unit_test(type_module_makes_js_files_modules),
    cmocka_unit_test(the_context_says_what_awss_says),
    cmocka_unit_test(the_trace_is_a_variable_of_the_environment),
    cmocka_unit_test(console_lines_have_time_request_and_level),
    cmocka_unit_test(errors_are_posted_and_logged_as_aws_does),
    cmocka_unit_test(what_cannot_be_loaded_is_an_init_error),
    cmocka_unit_test(what_nobody_catches_ends_the_process_with_its_code),
};

int main(void)
{
    struct runtime node;

    if (runtime_find(SPAN("nodejs20.x"), "/usr/local/bin:/usr/bin", &node, NULL) != OK) {
        printf("0 passed, 0 failed, %zu skipped\n", COUNT(TESTS));
        return 0;
    }
    return rig_has_sandbox(COUNT(TESTS)) ? cmocka_run_group_tests(TESTS, set_up, tear_down) : 0;
}
