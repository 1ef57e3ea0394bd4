/* Python functions in real instances: the forms of handlers, errors, logs, and their end. */
#include "../unit.h"

#include <signal.h>
#include <unistd.h>

#include "host_rig.h"

static struct rig rig;

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

static void check_frame(const char *about, struct instance_frame frame, char type,
                        const char *payload)
{
    if (frame.type != (enum instance_type)type)
        fail_msg("%s: a frame '%c' with %.*s", about, frame.type, SPAN_ARG(frame.payload));
    unit_same_text(about, frame.payload, span_of(payload));
}

static void a_function_answers_events(void **state)
{
    struct rig_instance instance;

    rig_write(
        &rig, 'a', "app.py",
        "import os\n"
        "def handler(event, context):\n"
        "    print('hello from', context.function_name)\n"
        "    return {'got': event, 'é': 'ü', 'left': context.get_remaining_time_in_millis() > "
        "0, 'trace': os.environ['_X_AMZN_TRACE_ID'], 'task': os.getcwd()}\n");
    rig_start(&rig, &instance, 1, 'a', "python3.11", "app.handler");
    check_frame("ready", rig_frame(&instance), INSTANCE_READY, "");
    for (int i = 0; i < 3; i++)
        check_frame("answer", rig_invoke(&instance, "{\"n\": [1, 2.50]}"), INSTANCE_RESULT,
                    "{\"got\": {\"n\": [1, 2.5]}, \"é\": \"ü\", \"left\": true, "
                    "\"trace\": \"Root=1-2-3\", \"task\": \"/var/task\"}");
    rig_log(instance.out, "hello from f\n");
    rig_release(&instance);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(a_function_answers_events),
};

int main(void)
{
    return cmocka_run_group_tests(TESTS, set_up, tear_down);
}
