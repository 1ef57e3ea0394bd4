/* The host's messages: what is written reads back, what is wrong is refused, descriptors arrive. */
#include "../unit.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/host.h"

#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void each_message_reads_back_as_it_was_written(void **state)
{
    static const char *const TEXTS[] = {
        "{\"op\":\"start\",\"id\":7,\"function\":\"arn:aws:lambda:us-east-1:000000000000:function:"
        "f\","
        "\"version\":\"$LATEST\",\"package\":\"" SHA "\",\"runtime\":\"python3.11\","
        "\"handler\":\"app.handler\",\"memory_mb\":128,\"timeout_s\":3,\"storage_mb\":512,"
        "\"network\":\"host\",\"environment\":{\"A\":\"1\",\"B\":\"\\\"x\\n\"}}",
        "{\"op\":\"kill\",\"id\":0}",
        "{\"op\":\"freeze\",\"id\":1,\"on\":true}",
        "{\"op\":\"freeze\",\"id\":1,\"on\":false}",
        "{\"op\":\"unpack\",\"id\":2,\"package\":\"" SHA "\"}",
        "{\"op\":\"started\",\"id\":3,\"pid\":4711,\"channel\":\"frames\"}",
        "{\"op\":\"started\",\"id\":3,\"pid\":4711,\"channel\":\"listener\"}",
        "{\"op\":\"refused\",\"id\":4,\"type\":\"Runtime.InvalidEntrypoint\",\"message\":\"no\"}",
        "{\"op\":\"refused\",\"id\":4,\"message\":\"Could not unzip\"}",
        "{\"op\":\"ended\",\"id\":5,\"exit\":0,\"signal\":null,\"peak_kb\":9000,\"oom\":false}",
        "{\"op\":\"ended\",\"id\":5,\"exit\":null,\"signal\":9,\"peak_kb\":0,\"oom\":true}",
        "{\"op\":\"unpacked\",\"id\":9223372036854775807,\"size\":262144000}",
    };

    for (size_t i = 0; i < COUNT(TEXTS); i++) {
        struct host_message message;
        struct problem why = {0};
        struct arena arena;
        struct buf out;

        arena_init(&arena, HOST_ARENA_MAX);
        buf_init(&out, HOST_MESSAGE_MAX);
        if (host_decode(&arena, span_of(TEXTS[i]), &message, &why) != OK)
            fail_msg("%s: %s", TEXTS[i], why.text);
        assert_true(host_encode(&out, &message));
        unit_same_text("message", buf_span(&out), span_of(TEXTS[i]));
        buf_release(&out);
        arena_release(&arena);
    }
    (void)state;
}

#define START(package, memory, environment, network)                                         \
    "{\"op\":\"start\",\"id\":1,\"function\":\"f\",\"version\":\"1\",\"package\":\"" package \
    "\",\"runtime\":\"r\",\"handler\":\"h\",\"memory_mb\":" memory                           \
    ",\"timeout_s\":3,\"network\":\"" network "\",\"environment\":" environment "}"

static void a_message_with_a_wrong_member_is_refused(void **state)
{
    static const struct {
        const char *about;
        struct span text;
    } CASES[] = {
        {"not JSON", SPAN_INIT("{\"op\":")},
        {"not an object", SPAN_INIT("[]")},
        {"no op", SPAN_INIT("{\"id\":1}")},
        {"no id", SPAN_INIT("{\"op\":\"kill\"}")},
        {"a negative id", SPAN_INIT("{\"op\":\"kill\",\"id\":-1}")},
        {"an unknown op", SPAN_INIT("{\"op\":\"explode\",\"id\":1}")},
        {"freeze without on", SPAN_INIT("{\"op\":\"freeze\",\"id\":1}")},
        {"a package that is a path",
         SPAN_INIT("{\"op\":\"unpack\",\"id\":1,\"package\":\"../x\"}")},
        {"a package in upper case", SPAN_INIT(START("00112233445566778899AABBCCDDEEFF00112233445566"
                                                    "778899AABBCCDDEEFF",
                                                    "128", "{}", "host"))},
        {"no memory", SPAN_INIT(START(SHA, "0", "{}", "host"))},
        {"too much memory", SPAN_INIT(START(SHA, "1000000", "{}", "host"))},
        {"an environment that is a list", SPAN_INIT(START(SHA, "128", "[]", "host"))},
        {"a variable that is a number", SPAN_INIT(START(SHA, "128", "{\"A\":1}", "host"))},
        {"a variable with '=' in its name", SPAN_INIT(START(SHA, "128", "{\"A=B\":\"\"}", "host"))},
        {"a variable without a name", SPAN_INIT(START(SHA, "128", "{\"\":\"\"}", "host"))},
        {"a variable with NUL", SPAN_INIT(START(SHA, "128", "{\"A\":\"x\\u0000y\"}", "host"))},
        {"an unknown network", SPAN_INIT(START(SHA, "128", "{}", "lunar"))},
        {"an end without exit or signal",
         SPAN_INIT("{\"op\":\"ended\",\"id\":1,\"peak_kb\":1,\"exit\":null,\"signal\":null}")},
        {"a channel of an unknown kind",
         SPAN_INIT("{\"op\":\"started\",\"id\":1,\"pid\":1,\"channel\":\"pigeon\"}")},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct host_message message;
        struct arena arena;

        arena_init(&arena, HOST_ARENA_MAX);
        if (host_decode(&arena, CASES[i].text, &message, NULL) == OK)
            fail_msg("%s: was taken", CASES[i].about);
        arena_release(&arena);
    }
    (void)state;
}

struct pair {
    int near, far;
    struct arena arena;
};

static struct pair pair_open(void)
{
    struct pair pair;
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends),
                     0);
    pair.near = ends[0];
    pair.far = ends[1];
    arena_init(&pair.arena, HOST_ARENA_MAX);
    return pair;
}

static void pair_close(struct pair *pair)
{
    close(pair->near);
    close(pair->far);
    arena_release(&pair->arena);
}

static void a_message_brings_its_descriptors(void **state)
{
    struct host_message sent = {.op = HOST_STARTED, .id = 3, .started = {.pid = 5}}, got;
    struct pair pair = pair_open();
    int ends[2], descriptors[HOST_DESCRIPTORS_MAX];
    char letter = 'x';

    assert_int_equal(host_receive(pair.far, &pair.arena, &got, descriptors, NULL), HOST_AGAIN);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(host_send(pair.near, &sent, (int[]){ends[0], ends[1]}, 2), HOST_DONE);
    assert_int_equal(host_receive(pair.far, &pair.arena, &got, descriptors, NULL), HOST_DONE);
    assert_int_equal(got.started.pid, 5);
    assert_true(descriptors[0] >= 0 && descriptors[1] >= 0);
    assert_int_equal(descriptors[2], -1);
    assert_int_equal(write(descriptors[1], &letter, 1), 1);
    assert_int_equal(read(ends[0], &letter, 1), 1);
    for (int i = 0; i < 2; i++) {
        close(ends[i]);
        close(descriptors[i]);
    }
    close(pair.near);
    pair.near = -1;
    assert_int_equal(host_receive(pair.far, &pair.arena, &got, descriptors, NULL), HOST_GONE);
    pair_close(&pair);
    (void)state;
}

static void what_is_too_long_is_not_sent_and_the_connection_stays(void **state)
{
    static char text[HOST_MESSAGE_MAX];
    struct host_message message = {.op = HOST_REFUSED, .id = 1}, got;
    struct pair pair = pair_open();
    int descriptors[HOST_DESCRIPTORS_MAX];

    memset(text, 'x', sizeof text);
    message.refused.message = span_make(text, sizeof text);
    assert_int_equal(host_send(pair.near, &message, NULL, 0), HOST_TOO_LONG);
    message.refused.message = span_make(text, sizeof text - 100);
    assert_int_equal(host_send(pair.near, &message, NULL, 0), HOST_DONE);
    assert_int_equal(host_receive(pair.far, &pair.arena, &got, descriptors, NULL), HOST_DONE);
    assert_int_equal(got.refused.message.len, sizeof text - 100);
    pair_close(&pair);
    (void)state;
}

static void a_peer_that_speaks_something_else_is_gone(void **state)
{
    struct pair pair = pair_open();
    int descriptors[HOST_DESCRIPTORS_MAX];
    struct host_message got;
    struct problem why;

    assert_int_equal(send(pair.near, "hello", 5, 0), 5);
    assert_int_equal(host_receive(pair.far, &pair.arena, &got, descriptors, &why), HOST_GONE);
    pair_close(&pair);
    (void)state;
}

static void a_full_socket_says_later(void **state)
{
    struct host_message message = {.op = HOST_KILL};
    struct pair pair = pair_open();
    enum host_status status;

    while ((status = host_send(pair.near, &message, NULL, 0)) == HOST_DONE)
        message.id++;
    assert_int_equal(status, HOST_AGAIN);
    pair_close(&pair);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(each_message_reads_back_as_it_was_written),
    cmocka_unit_test(a_message_with_a_wrong_member_is_refused),
    cmocka_unit_test(a_message_brings_its_descriptors),
    cmocka_unit_test(what_is_too_long_is_not_sent_and_the_connection_stays),
    cmocka_unit_test(a_peer_that_speaks_something_else_is_gone),
    cmocka_unit_test(a_full_socket_says_later),
};

UNIT_MAIN(TESTS)
