/* The end of instances, whatever they do; what they can see; and the same without a sandbox. */
#include "../unit.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cgroup.h"
#include "host_rig.h"

/* A program that stands in the command lines of all that a test starts, so that what is left can
 * be found. */
#define MARK "portico-mark-61c2"

#define FORKS                                                              \
    "import os, subprocess, sys, time\n"                                   \
    "def handler(event, context):\n"                                       \
    "    for i in range(20):\n"                                            \
    "        subprocess.Popen(['sh', '-c', 'sleep 600; : " MARK "'],\n"    \
    "                         start_new_session=i % 2 == 0)\n"             \
    "    if os.fork() == 0:\n"                                             \
    "        os.setsid()\n"                                                \
    "        if os.fork() == 0:\n"                                         \
    "            subprocess.call(['sh', '-c', 'sleep 600; : " MARK "'])\n" \
    "        os._exit(0)\n"                                                \
    "    return 'forked'\n"

static void kill_instance(struct rig *rig, uint64_t id)
{
    struct host_message message = {.op = HOST_KILL, .id = id};

    assert_int_equal(host_send(rig->socket, &message, NULL, 0), HOST_DONE);
}

static void start_python(struct rig *rig, struct rig_instance *instance, uint64_t id,
                         const char *code)
{
    rig_write(rig, 'a', "app.py", code);
    rig_start(rig, instance, id, 'a', "python3.11", "app.handler");
    assert_int_equal(rig_frame(instance).type, INSTANCE_READY);
}

static void check_answer(struct rig_instance *instance, const char *event, const char *answer)
{
    unit_same_text("answer", rig_invoke(instance, event).payload, span_of(answer));
}

/* The settings that tests which concern both go through. */
static const char *const SETTINGS[] = {NULL, "sandbox=off"};

static void a_killed_instance_leaves_nothing(void **state)
{
    for (size_t i = 0; i < COUNT(SETTINGS); i++) {
        struct rig_instance instance;
        struct host_ended ended;
        struct rig rig;

        rig_open(&rig, SETTINGS[i]);
        start_python(&rig, &instance, 1, FORKS);
        check_answer(&instance, "{}", "\"forked\"");
        assert_true(rig_is_running(MARK));
        kill_instance(&rig, 1);
        ended = rig_ended(&rig, 1);
        assert_false(rig_is_running(MARK));
        assert_int_equal(ended.signal, SIGKILL);
        assert_true(ended.peak_kb > 1000);
        assert_false(ended.is_oom);
        rig_release(&instance);
        rig_close(&rig);
    }
    (void)state;
}

static void a_runtime_that_ends_takes_its_children_along(void **state)
{
    struct rig_instance instance;
    struct rig rig;

    rig_open(&rig, NULL);
    start_python(&rig, &instance, 1, FORKS "\ndef again(event, context): pass\n");
    check_answer(&instance, "{}", "\"forked\"");
    assert_int_equal(kill(instance.pid, SIGTERM), 0);
    assert_int_equal(rig_ended(&rig, 1).signal, SIGTERM);
    assert_false(rig_is_running(MARK));
    rig_release(&instance);
    rig_close(&rig);
    (void)state;
}

static void nothing_outlives_the_host(void **state)
{
    for (size_t i = 0; i < COUNT(SETTINGS); i++) {
        struct rig_instance instance;
        struct rig rig;

        rig_open(&rig, SETTINGS[i]);
        start_python(&rig, &instance, 1, FORKS);
        check_answer(&instance, "{}", "\"forked\"");
        kill(rig.pid, SIGKILL);
        waitpid(rig.pid, NULL, 0);
        rig.pid = 0;
        rig_wait_gone(MARK);
        rig_release(&instance);
        rig_close(&rig);
    }
    (void)state;
}

static void instances_end_with_the_connection_that_started_them(void **state)
{
    struct rig_instance mine, other;
    struct rig rig;
    int second;

    rig_open(&rig, NULL);
    start_python(&rig, &mine, 1, FORKS);
    check_answer(&mine, "{}", "\"forked\"");
    second = rig.socket;
    rig_connect(&rig);
    start_python(&rig, &other, 1, "def handler(event, context): return 'other'\n");
    close(second);
    rig_wait_gone(MARK);
    check_answer(&other, "{}", "\"other\""); /* the same id, another connection */
    rig_release(&mine);
    rig_release(&other);
    rig_close(&rig);
    (void)state;
}

static void a_flood_of_output_and_a_closed_one_do_no_harm(void **state)
{
    struct rig_instance instance;
    struct rig rig;

    rig_open(&rig, NULL);
    start_python(&rig, &instance, 1,
                 "def handler(event, context):\n    while True: print('x' * 1000)\n");
    rig_send(&instance, "{}");
    rig_log(instance.out, "xxxx");
    kill_instance(&rig, 1);
    assert_int_equal(rig_ended(&rig, 1).signal, SIGKILL);
    rig_release(&instance);

    start_python(&rig, &instance, 2,
                 "import os\ndef handler(event, context):\n    os.close(1); os.close(2)\n"
                 "    return 'still there'\n");
    check_answer(&instance, "{}", "\"still there\"");
    kill_instance(&rig, 2);
    rig_ended(&rig, 2);
    rig_release(&instance);
    rig_close(&rig);
    (void)state;
}

static void a_frozen_instance_stands_still(void **state)
{
    struct host_message freeze = {.op = HOST_FREEZE, .id = 1, .is_on = true};
    struct rig_instance instance;
    struct rig rig;

    rig_open(&rig, NULL);
    start_python(&rig, &instance, 1, "def handler(event, context): return 'ok'\n");
    assert_int_equal(host_send(rig.socket, &freeze, NULL, 0), HOST_DONE);
    rig_wait_state(instance.pid, 'T');
    freeze.is_on = false;
    assert_int_equal(host_send(rig.socket, &freeze, NULL, 0), HOST_DONE);
    check_answer(&instance, "{}", "\"ok\"");
    freeze.is_on = true;
    assert_int_equal(host_send(rig.socket, &freeze, NULL, 0), HOST_DONE);
    rig_wait_state(instance.pid, 'T');
    kill_instance(&rig, 1);
    assert_int_equal(rig_ended(&rig, 1).signal, SIGKILL);
    rig_release(&instance);
    rig_close(&rig);
    (void)state;
}

static bool has_memory_limit(void)
{
    struct cgroups groups;
    bool has;

    cgroups_open(&groups, "/sys/fs/cgroup", "/proc/self/cgroup");
    has = groups.has_memory;
    cgroups_close(&groups);
    return has;
}

static void a_function_that_eats_memory_is_killed(void **state)
{
    struct rig_instance instance;
    struct host_ended ended;
    struct rig rig;

    if (!has_memory_limit())
        skip();
    rig_open(&rig, NULL);
    start_python(&rig, &instance, 1,
                 "def handler(event, context):\n"
                 "    eaten = []\n"
                 "    while True: eaten.append(bytearray(1 << 20))\n");
    rig_send(&instance, "{}");
    ended = rig_ended(&rig, 1);
    assert_int_equal(ended.signal, SIGKILL);
    assert_true(ended.is_oom);
    assert_true(ended.peak_kb > 64 * 1024 && ended.peak_kb < 160 * 1024);
    rig_release(&instance);
    rig_close(&rig);
    (void)state;
}

static void a_fork_bomb_is_held_and_ended(void **state)
{
    struct rig_instance instance;
    struct rig rig;

    rig_open(&rig, NULL);
    start_python(&rig, &instance, 1,
                 "import os\n"
                 "def handler(event, context):\n"
                 "    n = 0\n"
                 "    try:\n"
                 "        while n < 5000:\n"
                 "            if os.fork() == 0:\n"
                 "                os.execv('/bin/sh', ['sh', '-c', 'read x; : " MARK "'])\n"
                 "            n += 1\n"
                 "    except OSError: pass\n"
                 "    return n < 1100\n");
    check_answer(&instance, "{}", "true");
    kill_instance(&rig, 1);
    rig_ended(&rig, 1);
    assert_false(rig_is_running(MARK));
    rig_release(&instance);
    rig_close(&rig);
    (void)state;
}

/* ---- what is seen --------------------------------------------------------------------------- */

/* Python expressions, and what they are worth inside. */
static const struct {
    const char *about, *expression, *answer;
} SEEN[] = {
    {"the root", "sorted(d for d in os.listdir('/') if d[:3] != 'lib')",
     "[\".sandbox-init\", \"bin\", \"dev\", \"etc\", \"opt\", \"proc\", "
     "\"sbin\", \"tmp\", \"usr\", \"var\"]"},
    {"secrets",
     "[os.path.exists(p) for p in ('/etc/shadow', '/etc/ssl/private', '/root', "
     "'/home', '/work', '/sys', '/run')]",
     "[false, false, false, false, false, false, false]"},
    {"processes", "sorted(int(p) for p in os.listdir('/proc') if p.isdigit())", "[1, 2]"},
    {"its package cannot be written", "attempt(lambda: open('/var/task/x', 'w'))",
     "\"Read-only file system\""},
    {"nor the bootstrap", "attempt(lambda: open('/var/runtime/bootstrap.py', 'w'))",
     "\"Read-only file system\""},
    {"nor the root", "attempt(lambda: open('/x', 'w'))", "\"Read-only file system\""},
    {"nor the machine", "attempt(lambda: open('/usr/x', 'w'))", "\"Read-only file system\""},
    {"nor /dev", "attempt(lambda: open('/dev/shm/x', 'w'))", "\"Read-only file system\""},
    {"nor the kernel's settings",
     "[attempt(lambda: open(p, 'w')) != None for p in ('/proc/sys/kernel/core_pattern', "
     "'/proc/sysrq-trigger')]",
     "[true, true]"},
    {"nor be root", "[os.getuid() == 0, os.getgid() == 0, len(os.getgroups())]",
     "[false, false, 0]"},
    {"its name", "pwd.getpwuid(os.getuid()).pw_name", "\"sbx_user1051\""},
    {"but /tmp", "open('/tmp/x', 'w').write('12345')", "5"},
    {"until it is full", "attempt(lambda: open('/tmp/y', 'w').write('x' * (17 << 20)))",
     "\"No space left on device\""},
    {"no new namespaces", "attempt(lambda: libc('unshare', 0x10000000))",
     "\"Operation not permitted\""},
    {"no mounts", "attempt(lambda: libc('mount', b'none', b'/tmp', b'tmpfs', 0, 0))",
     "\"Operation not permitted\""},
    {"no tracing", "attempt(lambda: libc('ptrace', 16, 1, 0, 0))", "\"Operation not permitted\""},
    {"no raw sockets", "attempt(lambda: socket.socket(17, 3, 0))",
     "\"Address family not supported by protocol\""},
    {"no new privileges", "status('NoNewPrivs')", "\"1\""},
    {"no capabilities", "status('CapEff') + status('CapPrm')",
     "\"00000000000000000000000000000000\""},
    {"a filter", "status('Seccomp')", "\"2\""},
    {"first to go when memory is short", "open('/proc/self/oom_score_adj').read()", "\"1000\\n\""},
    {"its descriptors", "sorted(os.listdir('/proc/self/fd'))[:4]", "[\"0\", \"1\", \"2\", \"3\"]"},
    {"no others", "len(os.listdir('/proc/self/fd'))", "5"},
    {"names", "[socket.gethostbyname('localhost'), socket.gethostname()]",
     "[\"127.0.0.1\", \"localhost\"]"},
    {"threads and pools", "pool()", "[1, 4, 9]"},
    {"it cannot kill process 1", "attempt(lambda: os.kill(1, 9)) or os.path.exists('/proc/1')",
     "true"},
};

static void a_function_sees_nothing_of_the_machine(void **state)
{
    struct rig_instance instance;
    struct rig rig;

    rig_open(&rig, NULL);
    start_python(&rig, &instance, 1,
                 "import ctypes, os, pwd, socket\n"
                 "from concurrent.futures import ThreadPoolExecutor\n"
                 "lib = ctypes.CDLL(None, use_errno=True)\n"
                 "def libc(name, *args):\n"
                 "    if getattr(lib, name)(*args) != 0:\n"
                 "        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))\n"
                 "def attempt(f):\n"
                 "    try: f()\n"
                 "    except OSError as e: return e.strerror\n"
                 "def status(name):\n"
                 "    for line in open('/proc/self/status'):\n"
                 "        if line.startswith(name + ':'): return line.split()[1]\n"
                 "def pool():\n"
                 "    with ThreadPoolExecutor(3) as p: return list(p.map(lambda x: x * x, [1, 2, "
                 "3]))\n"
                 "def handler(event, context): return eval(event)\n");
    for (size_t i = 0; i < COUNT(SEEN); i++) {
        struct instance_frame frame;
        char event[512];

        snprintf(event, sizeof event, "\"%s\"", SEEN[i].expression);
        frame = rig_invoke(&instance, event);
        unit_same_text(SEEN[i].about, frame.payload, span_of(SEEN[i].answer));
    }
    rig_release(&instance);
    rig_close(&rig);
    (void)state;
}

/* Whether the kernel can close abstract sockets off: Landlock's sixth version. */
static bool can_close_sockets(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 6;
}

static void a_function_reaches_no_abstract_socket_of_the_machine(void **state)
{
    static const char NAME[] = "\0portico-test-abstract";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t len = offsetof(struct sockaddr_un, sun_path) + sizeof NAME - 1;
    struct rig_instance instance;
    struct rig rig;
    int listener;

    if (!can_close_sockets())
        skip();
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(address.sun_path, NAME, sizeof NAME - 1);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    rig_open(&rig, NULL);
    start_python(
        &rig, &instance, 1,
        "import socket\n"
        "def attempt(name):\n"
        "    try: socket.socket(socket.AF_UNIX).connect(name)\n"
        "    except OSError as e: return e.strerror\n"
        "def handler(event, context):\n"
        "    own = socket.socket(socket.AF_UNIX)\n"
        "    own.bind('\\0portico-test-own'); own.listen()\n"
        "    return [attempt('\\0portico-test-abstract'), attempt('\\0portico-test-own')]\n");
    check_answer(&instance, "{}", "[\"Operation not permitted\", null]");
    rig_release(&instance);
    rig_close(&rig);
    close(listener);
    (void)state;
}

static void own_network(struct host_start *start)
{
    start->network = HOST_NETWORK_OWN;
}

static void a_network_of_its_own_has_a_loopback_and_nothing_else(void **state)
{
    struct rig_instance instance;
    struct rig rig;

    rig_open(&rig, NULL);
    rig_write(&rig, 'a', "app.py",
              "import socket\n"
              "def handler(event, context): return [i[1] for i in socket.if_nameindex()]\n");
    rig_ask_with(&rig, 1, 'a', "python3.11", "app.handler", own_network);
    rig_take(&rig, &instance, 1);
    assert_int_equal(rig_frame(&instance).type, INSTANCE_READY);
    check_answer(&instance, "{}", "[\"lo\"]");
    rig_release(&instance);
    rig_close(&rig);
    (void)state;
}

/* ---- other runtimes ------------------------------------------------------------------------- */

/* Takes a connection of the instance and its request. */
static void check_listener(struct rig_instance *instance, const char *port)
{
    struct pollfd polled = {.fd = instance->channel, .events = POLLIN};
    struct span got = SPAN(""), end = SPAN("\r\n\r\n");
    char request[1024], want[64];
    int made;

    assert_int_equal(poll(&polled, 1, RIG_WAIT_MS), 1);
    made = accept4(instance->channel, NULL, NULL, SOCK_CLOEXEC);
    assert_true(made >= 0);
    while (span_search(got, end) == got.len) {
        ssize_t n = read(made, request + got.len, sizeof request - got.len);

        assert_true(n > 0);
        got = span_make(request, got.len + (size_t)n);
    }
    assert_true(span_starts(got, SPAN("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n")));
    snprintf(want, sizeof want, "Host: 127.0.0.1:%s", port);
    assert_true(span_search(got, span_of(want)) < got.len);
    close(made);
}

static void provided_runtimes_get_a_listener(void **state)
{
    static void (*const NETWORKS[])(struct host_start * start) = {NULL, own_network};
    static const char *const PORTS[] = {"", "9001"};

    for (size_t i = 0; i < COUNT(NETWORKS); i++) {
        struct rig_instance instance;
        struct rig rig;

        rig_open(&rig, NULL);
        rig_write(&rig, 'a', "bootstrap",
                  "#!/bin/bash\n"
                  "exec 5<>/dev/tcp/${AWS_LAMBDA_RUNTIME_API/:/\\/}\n"
                  "printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: "
                  "%s\\r\\n\\r\\n' $AWS_LAMBDA_RUNTIME_API >&5\n"
                  "read line <&5\n");
        rig_ask_with(&rig, 1, 'a', "provided.al2023", "none", NETWORKS[i]);
        rig_take(&rig, &instance, 1);
        check_listener(&instance, PORTS[i]);
        rig_ended(&rig, 1);
        rig_release(&instance);
        rig_close(&rig);
    }
    (void)state;
}

static void wrap(struct host_start *start)
{
    static const struct json WRAPPER = {.type = JSON_STRING,
                                        .name = SPAN_INIT("AWS_LAMBDA_EXEC_WRAPPER"),
                                        .text = SPAN_INIT("/var/task/wrap")};
    static struct json more, all;

    more = WRAPPER;
    more.next = start->environment->first; /* in front of what is there */
    all = *start->environment;
    all.first = &more;
    start->environment = &all;
}

static void a_wrapper_starts_the_runtime(void **state)
{
    struct rig_instance instance;
    struct rig rig;

    rig_open(&rig, NULL);
    rig_write(&rig, 'a', "wrap", "#!/bin/sh\nexport WRAPPED=yes\nexec \"$@\"\n");
    rig_write(&rig, 'a', "app.py",
              "import os\ndef handler(event, context): return os.environ['WRAPPED']\n");
    rig_ask_with(&rig, 1, 'a', "python3.11", "app.handler", wrap);
    rig_take(&rig, &instance, 1);
    assert_int_equal(rig_frame(&instance).type, INSTANCE_READY);
    check_answer(&instance, "{}", "\"yes\"");
    rig_release(&instance);
    rig_close(&rig);
    (void)state;
}

static void what_cannot_be_started_is_refused_with_words(void **state)
{
    static const struct {
        char letter;
        const char *runtime, *type, *words;
    } CASES[] = {
        {'a', "cobol1.x", "Runtime.Unknown", "runtime 'cobol1.x' is not served"},
        {'a', "java21", "Runtime.Unknown", "runtime 'java21' is not served"},
        {'f', "python3.11", "Runtime.Unknown", "is not unpacked"},
        {'a', "provided.al2023", "Runtime.InvalidEntrypoint",
         "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"},
    };
    struct rig rig;

    rig_open(&rig, NULL);
    rig_write(&rig, 'a', "app.py", "");
    for (size_t i = 0; i < COUNT(CASES); i++) {
        int descriptors[HOST_DESCRIPTORS_MAX];
        struct host_message said;

        rig_ask(&rig, i, CASES[i].letter, CASES[i].runtime, "app.handler");
        said = rig_hear(&rig, descriptors);
        assert_int_equal(said.op, HOST_REFUSED);
        assert_int_equal(said.id, i);
        unit_same_text(CASES[i].runtime, said.refused.type, span_of(CASES[i].type));
        if (span_search(said.refused.message, span_of(CASES[i].words)) == said.refused.message.len)
            fail_msg("%s: %.*s", CASES[i].runtime, SPAN_ARG(said.refused.message));
    }
    rig_close(&rig);
    (void)state;
}

static void without_a_sandbox_functions_run_where_they_are(void **state)
{
    struct rig_instance instance;
    char answer[512], sha[HOST_PACKAGE_LEN + 1];
    struct rig rig;

    rig_open(&rig, "sandbox=off");
    memset(sha, 'a', HOST_PACKAGE_LEN);
    sha[HOST_PACKAGE_LEN] = '\0';
    start_python(&rig, &instance, 1,
                 "import os\n"
                 "def handler(event, context): return [os.getcwd(), "
                 "os.environ['LAMBDA_TASK_ROOT'], sorted(os.environ)[0]]\n");
    snprintf(answer, sizeof answer,
             "[\"%s/packages/%s\", \"%s/packages/%s\", \"AWS_LAMBDA_FUNCTION_MEMORY_SIZE\"]",
             rig.data, sha, rig.data, sha);
    check_answer(&instance, "{}", answer);
    rig_release(&instance);
    rig_close(&rig);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(a_killed_instance_leaves_nothing),
    cmocka_unit_test(a_runtime_that_ends_takes_its_children_along),
    cmocka_unit_test(nothing_outlives_the_host),
    cmocka_unit_test(instances_end_with_the_connection_that_started_them),
    cmocka_unit_test(a_flood_of_output_and_a_closed_one_do_no_harm),
    cmocka_unit_test(a_frozen_instance_stands_still),
    cmocka_unit_test(a_function_that_eats_memory_is_killed),
    cmocka_unit_test(a_fork_bomb_is_held_and_ended),
    cmocka_unit_test(a_function_sees_nothing_of_the_machine),
    cmocka_unit_test(a_function_reaches_no_abstract_socket_of_the_machine),
    cmocka_unit_test(a_network_of_its_own_has_a_loopback_and_nothing_else),
    cmocka_unit_test(provided_runtimes_get_a_listener),
    cmocka_unit_test(a_wrapper_starts_the_runtime),
    cmocka_unit_test(what_cannot_be_started_is_refused_with_words),
    cmocka_unit_test(without_a_sandbox_functions_run_where_they_are),
};

int main(void)
{
    return rig_has_sandbox(COUNT(TESTS)) ? cmocka_run_group_tests(TESTS, NULL, NULL) : 0;
}
