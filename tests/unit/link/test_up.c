/* The question of `portico up`: what one end sends the other reads. */
#include "../unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "link/up.h"

static void what_is_sent_is_read(void **state)
{
    struct up_ask ask = {.op = SPAN("up"), .path = SPAN("/a \"b\"/é"), .url = SPAN("http://x")};
    struct up_ask got = {.stack = SPAN("old")};
    struct frame_reader reader;
    struct frame frame;
    struct arena arena;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    arena_init(&arena, 65536);
    assert_true(up_ask_send(pair[0], &ask));
    frame_reader_init(&reader);
    assert_int_equal(frame_fill(&reader, pair[1]), FRAME_READY);
    assert_int_equal(frame_take(&reader, &frame), FRAME_READY);
    assert_int_equal(frame.type, UP_ASK);
    assert_int_equal(up_ask_read(&arena, frame.payload, &got), OK);
    unit_same_text("op", got.op, ask.op);
    unit_same_text("path", got.path, ask.path);
    unit_same_text("url", got.url, ask.url);
    unit_same_text("what was not said", got.stack, SPAN(""));
    assert_int_equal(up_ask_read(&arena, SPAN("{"), &got), FAULT_SYNTAX);
    frame_reader_release(&reader);
    arena_release(&arena);
    close(pair[0]);
    close(pair[1]);
    (void)state;
}

static void a_question_that_is_too_long_is_not_sent(void **state)
{
    static char path[FRAME_PAYLOAD_MAX];
    struct up_ask ask = {.op = SPAN("up"), .path = {path, sizeof path}};

    memset(path, 'x', sizeof path);
    assert_false(up_ask_send(-1, &ask));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_is_read),
        cmocka_unit_test(a_question_that_is_too_long_is_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
