/* text/eventstream: messages byte by byte, and what is refused. */
#include "../unit.h"

#include "text/eventstream.h"

#define ROOM ((size_t)32 * 1024 * 1024)

static const struct eventstream_header HEADERS[] = {
    {SPAN_INIT(":message-type"), EVENTSTREAM_STRING, SPAN_INIT("event"), 0},
    {SPAN_INIT("yes"), EVENTSTREAM_TRUE, {NULL, 0}, 0},
    {SPAN_INIT("no"), EVENTSTREAM_FALSE, {NULL, 0}, 0},
    {SPAN_INIT("byte"), EVENTSTREAM_BYTE, {NULL, 0}, -1},
    {SPAN_INIT("short"), EVENTSTREAM_SHORT, {NULL, 0}, -300},
    {SPAN_INIT("int"), EVENTSTREAM_INT, {NULL, 0}, 70000},
    {SPAN_INIT("long"), EVENTSTREAM_LONG, {NULL, 0}, INT64_MIN},
    {SPAN_INIT("bytes"), EVENTSTREAM_BYTES, SPAN_INIT("\x00\x01"), 0},
    {SPAN_INIT("time"), EVENTSTREAM_TIME, {NULL, 0}, 1363896240500},
    {SPAN_INIT("uuid"), EVENTSTREAM_UUID, SPAN_INIT("0123456789abcdef"), 0},
};

static void the_checksum_is_that_of_zlib(void **state)
{
    assert_int_equal(eventstream_crc(0, SPAN("123456789")), 0xcbf43926);
    assert_int_equal(eventstream_crc(eventstream_crc(0, SPAN("12345")), SPAN("6789")), 0xcbf43926);
    assert_int_equal(eventstream_crc(0, SPAN("")), 0);
    (void)state;
}

static void a_message_has_the_documented_bytes(void **state)
{
    static const unsigned char EMPTY[] = {0, 0,    0,    0x10, 0,    0,    0,    0,
                                          5, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff};
    struct buf out;

    buf_init(&out, ROOM);
    assert_true(eventstream_write(&out, NULL, 0, SPAN("")));
    assert_int_equal(out.len, sizeof EMPTY);
    assert_memory_equal(out.at, EMPTY, sizeof EMPTY);
    buf_release(&out);
    (void)state;
}

static void a_message_is_read_back_once_it_is_whole(void **state)
{
    struct eventstream_message message;
    struct arena arena;
    struct span in;
    struct buf out;

    arena_init(&arena, ROOM);
    buf_init(&out, ROOM);
    assert_true(eventstream_write(&out, HEADERS, COUNT(HEADERS), SPAN("{\"a\":1}")));
    for (size_t n = 0; n < out.len; n++) {
        in = span_make(out.at, n);
        assert_int_equal(eventstream_take(&arena, &in, &message, NULL), EVENTSTREAM_MORE);
        assert_int_equal(in.len, n);
    }
    assert_true(eventstream_write(&out, NULL, 0, SPAN("next")));
    in = buf_span(&out);
    assert_int_equal(eventstream_take(&arena, &in, &message, NULL), EVENTSTREAM_MESSAGE);
    unit_same_text("payload", message.payload, SPAN("{\"a\":1}"));
    assert_int_equal(message.count, COUNT(HEADERS));
    for (size_t i = 0; i < COUNT(HEADERS); i++) {
        unit_same_text("name", message.headers[i].name, HEADERS[i].name);
        unit_same_text("value", message.headers[i].value, HEADERS[i].value);
        assert_int_equal(message.headers[i].type, HEADERS[i].type);
        assert_int_equal(message.headers[i].number, HEADERS[i].number);
    }
    unit_same_text("found", eventstream_text(&message, ":message-type"), SPAN("event"));
    assert_null(eventstream_text(&message, "bytes").at);
    assert_int_equal(eventstream_take(&arena, &in, &message, NULL), EVENTSTREAM_MESSAGE);
    unit_same_text("payload", message.payload, SPAN("next"));
    assert_int_equal(in.len, 0);
    buf_release(&out);
    arena_release(&arena);
    (void)state;
}

static void every_changed_byte_is_noticed(void **state)
{
    struct eventstream_message message;
    struct arena arena;
    struct problem why;
    struct buf out;

    arena_init(&arena, ROOM);
    buf_init(&out, ROOM);
    assert_true(eventstream_write(&out, HEADERS, COUNT(HEADERS), SPAN("payload")));
    for (size_t n = 0; n < out.len; n++) {
        struct span in = buf_span(&out);

        out.at[n] ^= 1;
        assert_int_equal(eventstream_take(&arena, &in, &message, &why), EVENTSTREAM_BAD);
        out.at[n] ^= 1;
    }
    buf_release(&out);
    arena_release(&arena);
    (void)state;
}

static void what_does_not_fit_is_not_written(void **state)
{
    static char long_name[300];
    const struct eventstream_header cases[] = {
        {SPAN(""), EVENTSTREAM_TRUE, {NULL, 0}, 0},
        {span_make(long_name, sizeof long_name), EVENTSTREAM_TRUE, {NULL, 0}, 0},
        {SPAN("a"), EVENTSTREAM_BYTE, {NULL, 0}, 128},
        {SPAN("a"), EVENTSTREAM_INT, {NULL, 0}, INT64_MAX},
        {SPAN("a"), EVENTSTREAM_UUID, SPAN("short"), 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out;

        buf_init(&out, ROOM);
        assert_false(eventstream_write(&out, &cases[i], 1, SPAN("")));
        assert_int_equal(out.len, 0);
        buf_release(&out);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checksum_is_that_of_zlib),
        cmocka_unit_test(a_message_has_the_documented_bytes),
        cmocka_unit_test(a_message_is_read_back_once_it_is_whole),
        cmocka_unit_test(every_changed_byte_is_noticed),
        cmocka_unit_test(what_does_not_fit_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
