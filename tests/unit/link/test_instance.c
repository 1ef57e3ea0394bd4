/* Frames between the gateway and an instance. */
#include "../unit.h"

#include "base/mem.h"
#include "link/instance.h"

static void an_invocation_is_written_with_its_lengths(void **state)
{
    static const char WANT[] = "\0\0\0\x63I\0\0\0\x5d"
                               "{\"requestId\":\"r-1\",\"deadlineMs\":1700000000000,"
                               "\"functionArn\":\"a\",\"traceId\":\"\",\"identity\":null}";
    struct instance_invoke invoke = {.request_id = SPAN("r-1"),
                                     .deadline_ms = 1700000000000,
                                     .function_arn = SPAN("a"),
                                     .identity = SPAN("null")};
    struct buf out;

    buf_init(&out, 4096);
    buf_add_text(&out, "before");
    assert_true(instance_invoke_write(&out, &invoke, 2));
    unit_same_text("frame", span_skip(buf_span(&out), 6), span_make(WANT, sizeof WANT - 1));
    buf_release(&out);
    buf_init(&out, 20);
    assert_false(instance_invoke_write(&out, &invoke, 2));
    buf_release(&out);
    (void)state;
}

static void frames_in_any_pieces_are_taken_whole(void **state)
{
    static const struct span WIRE = SPAN_INIT("\0\0\0\0N\0\0\0\x05Rhello\0\0\0\x02"
                                              "E{}");
    static const struct {
        char type;
        struct span payload;
    } WANT[] = {{'N', SPAN_INIT("")}, {'R', SPAN_INIT("hello")}, {'E', SPAN_INIT("{}")}};

    for (size_t piece = 1; piece <= WIRE.len; piece++) {
        struct instance_reader reader;
        struct instance_frame frame;
        struct span rest = WIRE;
        size_t taken = 0;

        instance_reader_init(&reader);
        while (rest.len > 0) {
            struct span in = span_first(rest, rest.len < piece ? rest.len : piece);
            size_t had = in.len;

            while (instance_reader_take(&reader, &in, &frame) == INSTANCE_FRAME) {
                assert_true(taken < COUNT(WANT));
                assert_int_equal(frame.type, WANT[taken].type);
                unit_same_text("payload", frame.payload, WANT[taken++].payload);
            }
            assert_int_equal(in.len, 0);
            rest = span_skip(rest, had);
        }
        assert_int_equal(taken, COUNT(WANT));
        instance_reader_release(&reader);
    }
    (void)state;
}

static void what_no_instance_may_say_is_broken(void **state)
{
    static const struct {
        const char *about;
        struct span wire;
    } CASES[] = {
        {"an invocation", SPAN_INIT("\0\0\0\0I")},
        {"an unknown type", SPAN_INIT("\0\0\0\0?")},
        {"a length over the limit", SPAN_INIT("\0\x60\0\x65R")},
        {"the largest length", SPAN_INIT("\xff\xff\xff\xffR")},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct span in = CASES[i].wire;
        struct instance_reader reader;
        struct instance_frame frame;

        instance_reader_init(&reader);
        if (instance_reader_take(&reader, &in, &frame) != INSTANCE_BROKEN)
            fail_msg("%s: was taken", CASES[i].about);
        instance_reader_release(&reader);
    }
    (void)state;
}

static void the_largest_answer_fits_and_its_memory_is_given_back(void **state)
{
    static const struct span HEAD = SPAN_INIT("\0\x60\0\x64R"), NEXT = SPAN_INIT("\0\0\0\0R");
    char *body = mem_zero(1, INSTANCE_PAYLOAD_MAX);
    struct span in = HEAD, payload = {body, INSTANCE_PAYLOAD_MAX};
    struct instance_reader reader;
    struct instance_frame frame;

    instance_reader_init(&reader);
    assert_int_equal(instance_reader_take(&reader, &in, &frame), INSTANCE_MORE);
    assert_true(reader.payload.cap < 4096);
    assert_int_equal(instance_reader_take(&reader, &payload, &frame), INSTANCE_FRAME);
    assert_int_equal(frame.payload.len, INSTANCE_PAYLOAD_MAX);
    in = NEXT;
    assert_int_equal(instance_reader_take(&reader, &in, &frame), INSTANCE_FRAME);
    assert_true(reader.payload.cap <= INSTANCE_KEEP_MAX);
    instance_reader_release(&reader);
    mem_free(body);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(an_invocation_is_written_with_its_lengths),
    cmocka_unit_test(frames_in_any_pieces_are_taken_whole),
    cmocka_unit_test(what_no_instance_may_say_is_broken),
    cmocka_unit_test(the_largest_answer_fits_and_its_memory_is_given_back),
};

UNIT_MAIN(TESTS)
