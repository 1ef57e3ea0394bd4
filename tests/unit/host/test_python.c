/* Python functions in real instances: handlers, context, logs, errors, and how they end. */
#include "../unit.h"

#include <unistd.h>

#include "host_rig.h"

#define REQUEST "8476a536-e9f4-11e8-9739-2dfe598c3fcd"

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

    rig_start(&rig, &instance, ++id, 'a', "python3.12", handler);
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
    unit_same_text(about, frame.payload, span_of(payload));
}

static void functions_answer_events(void **state)
{
    static const struct {
        const char *about, *file, *code, *handler, *answer;
    } CASES[] = {
        {"the event comes back", "app.py", "def handler(event, context): return event\n",
         "app.handler", "{\"n\": [1, 2.5]}"},
        {"nothing", "app.py", "def handler(event, context): pass\n", "app.handler", "null"},
        {"not ASCII", "app.py", "def handler(event, context): return 'é'\n", "app.handler",
         "\"é\""},
        {"decimals", "app.py",
         "from decimal import Decimal as D\n"
         "def handler(event, context): return [D('1'), D('1.5')]\n",
         "app.handler", "[1, 1.5]"},
        {"a module in a package", "lib/mod.py", "def handler(event, context): return __name__\n",
         "lib/mod.handler", "\"lib.mod\""},
        {"a module by dots", "lib/mod.py", "def handler(event, context): return __name__\n",
         "lib.mod.handler", "\"lib.mod\""},
        {"the environment", "app.py",
         "import os, sys\n"
         "def handler(event, context): return [os.getcwd(), os.environ['_X_AMZN_TRACE_ID'], "
         "os.environ['LAMBDA_TASK_ROOT'], os.getuid() % 1000, sys.path[0], 'HOME' in os.environ]\n",
         "app.handler",
         "[\"/var/task\", \"Root=1-2-3\", \"/var/task\", 993, \"/var/task\", false]"},
        {"the context", "app.py",
         "def handler(event, c): return [c.aws_request_id, c.function_name, c.memory_limit_in_mb, "
         "c.invoked_function_arn, c.client_context, c.identity.cognito_identity_id, "
         "0 < c.get_remaining_time_in_millis() <= 3000]\n",
         "app.handler", "[\"" REQUEST "\", \"f\", \"128\", \"arn:f\", null, null, true]"},
        {"a class that can be called", "app.py",
         "class H:\n    def __call__(self, event, context): return 'called'\nhandler = H()\n",
         "app.handler", "\"called\""},
    };

    rig_folder(&rig, 'a', "lib");
    for (size_t i = 0; i < COUNT(CASES); i++) {
        rig_write(&rig, 'a', CASES[i].file, CASES[i].code);
        start(CASES[i].handler);
        check_frame(CASES[i].about, rig_frame(&instance), INSTANCE_READY, "");
        for (int twice = 0; twice < 2; twice++)
            check_frame(CASES[i].about, rig_invoke(&instance, "{\"n\": [1, 2.50]}"),
                        INSTANCE_RESULT, CASES[i].answer);
        stop();
    }
    (void)state;
}

static void prints_and_logs_have_awss_format(void **state)
{
    rig_write(&rig, 'a', "app.py",
              "import logging, sys\n"
              "logging.warning('in init')\n"
              "log = logging.getLogger()\n"
              "def handler(event, context):\n"
              "    print('plain', 1)\n"
              "    log.error('two\\nlines %s', 'x')\n"
              "    log.info('not shown')\n"
              "    log.setLevel('INFO')\n"
              "    log.info('shown')\n"
              "    print('to err', file=sys.stderr)\n"
              "    print('without end', end='')\n");
    start("app.handler");
    rig_log(instance.out, "Z\tNone\tin init\n");
    check_frame("ready", rig_frame(&instance), INSTANCE_READY, "");
    check_frame("answer", rig_invoke(&instance, "{}"), INSTANCE_RESULT, "null");
    rig_log(instance.out, "plain 1\n[ERROR]\t2");
    rig_log(instance.err, "to err\n");
    stop();

    start("app.handler");
    check_frame("ready", rig_frame(&instance), INSTANCE_READY, "");
    rig_invoke(&instance, "{}");
    rig_log(instance.out, "Z\t" REQUEST "\ttwo\rlines x\n[INFO]\t");
    stop();

    start("app.handler");
    check_frame("ready", rig_frame(&instance), INSTANCE_READY, "");
    rig_invoke(&instance, "{}");
    rig_log(instance.out, "\tshown\nwithout end");
    stop();
    (void)state;
}

static void errors_are_posted_and_logged_as_aws_does(void **state)
{
    static const struct {
        const char *about, *code, *payload, *log;
    } CASES[] = {
        {"an exception",
         "def g():\n    raise ValueError('no é')\n\ndef handler(event, context):\n    return 1 + "
         "g()\n",
         "{\"errorMessage\": \"no \\u00e9\", \"errorType\": \"ValueError\", \"requestId\": "
         "\"" REQUEST "\", \"stackTrace\": [\"  File \\\"/var/task/app.py\\\", line 5, in "
         "handler\\n    return 1 + g()\\n\", \"  File \\\"/var/task/app.py\\\", line 2, in g\\n    "
         "raise "
         "ValueError('no \\u00e9')\\n\"]}",
         "[ERROR] ValueError: no é\rTraceback (most recent call last):\r"
         "\u00a0\u00a0File \"/var/task/app.py\", line 5, in handler\r"
         "\u00a0\u00a0\u00a0\u00a0return 1 + g()\r"
         "\u00a0\u00a0File \"/var/task/app.py\", line 2, in g\r"
         "\u00a0\u00a0\u00a0\u00a0raise ValueError('no é')\n"},
        {"an answer that is no JSON", "def handler(event, context): return {1, 2}\n",
         "{\"errorMessage\": \"Unable to marshal response: Object of type set is not JSON "
         "serializable\", \"errorType\": \"Runtime.MarshalError\", \"requestId\": \"" REQUEST
         "\", \"stackTrace\": []}",
         "[ERROR] Runtime.MarshalError: Unable to marshal response: "},
        {"7 MB", "def handler(event, context): return 'x' * (7 << 20)\n",
         "{\"errorMessage\": \"Response payload size exceeded maximum allowed payload size "
         "(6291556 "
         "bytes).\", \"errorType\": \"Function.ResponseSizeTooLarge\"}",
         NULL},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        rig_write(&rig, 'a', "app.py", CASES[i].code);
        start("app.handler");
        check_frame(CASES[i].about, rig_frame(&instance), INSTANCE_READY, "");
        for (int twice = 0; twice < 2; twice++)
            check_frame(CASES[i].about, rig_invoke(&instance, "{}"), INSTANCE_ERROR,
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
        const char *about, *handler, *code, *begins;
    } CASES[] = {
        {"no such module", "other.handler", "",
         "{\"errorMessage\": \"Unable to import module 'other': No module named 'other'\", "
         "\"errorType\": \"Runtime.ImportModuleError\", \"requestId\": \"\", \"stackTrace\": []}"},
        {"no such handler", "app.nothing", "",
         "{\"errorMessage\": \"Handler 'nothing' missing on module 'app'\", \"errorType\": "
         "\"Runtime.HandlerNotFound\""},
        {"no dot", "app", "",
         "{\"errorMessage\": \"Bad handler 'app': not enough values to unpack (expected 2, got "
         "1)\", \"errorType\": \"Runtime.MalformedHandlerName\""},
        {"a syntax error", "app.handler", "def handler(:\n",
         "{\"errorMessage\": \"Syntax error in module 'app': invalid syntax (app.py, line 1)\", "
         "\"errorType\": \"Runtime.UserCodeSyntaxError\", \"requestId\": \"\", \"stackTrace\": [\" "
         " File \\\"/var/task/app.py\\\" Line 1\\n    def handler(:\\n\"]}"},
        {"a built-in module", "sys.exit", "",
         "{\"errorMessage\": \"Cannot use built-in module sys as a handler module\", "
         "\"errorType\": \"Runtime.BuiltInModuleConflict\""},
        {"an exception", "app.handler", "raise KeyError('init')\n",
         "{\"errorMessage\": \"'init'\", \"errorType\": \"KeyError\", \"requestId\": \"\""},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct instance_frame frame;

        rig_write(&rig, 'a', "app.py", CASES[i].code);
        start(CASES[i].handler);
        frame = rig_frame(&instance);
        if (frame.type != INSTANCE_INIT_ERROR ||
            !span_starts(frame.payload, span_of(CASES[i].begins)))
            fail_msg("%s: %.*s", CASES[i].about, SPAN_ARG(frame.payload));
        assert_int_equal(rig_ended(&rig, instance.id).exit, 1);
        rig_log(instance.out, "[ERROR] ");
        rig_release(&instance);
    }
    (void)state;
}

static void the_process_ends_with_the_functions_code(void **state)
{
    rig_write(&rig, 'a', "app.py", "import sys\ndef handler(event, context): sys.exit(event)\n");
    start("app.handler");
    check_frame("ready", rig_frame(&instance), INSTANCE_READY, "");
    rig_send(&instance, "7");
    assert_int_equal(rig_ended(&rig, instance.id).exit, 7);
    rig_release(&instance);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(functions_answer_events),
    cmocka_unit_test(prints_and_logs_have_awss_format),
    cmocka_unit_test(errors_are_posted_and_logged_as_aws_does),
    cmocka_unit_test(what_cannot_be_loaded_is_an_init_error),
    cmocka_unit_test(the_process_ends_with_the_functions_code),
};

int main(void)
{
    return rig_has_sandbox(COUNT(TESTS)) ? cmocka_run_group_tests(TESTS, set_up, tear_down) : 0;
}
