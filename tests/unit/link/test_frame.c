/* Frames over real sockets and from memory. */
#include "../unit.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "link/frame.h"

static void a_frame_that_comes_byte_by_byte_is_taken_whole(void **state)
{
    static const char WIRE[] = "\x05\0\0\0\x07hello\0\0\0\0\x01";
    struct frame_reader reader;
    struct frame frame;
    unsigned taken = 0;

    frame_reader_init(&reader);
    for (size_t i = 0; i < sizeof WIRE - 1; i++) {
        assert_int_equal(frame_fill_bytes(&reader, span_make(WIRE + i, 1), -1), FRAME_READY);
        if (frame_take(&reader, &frame) != FRAME_READY)
            continue;
        taken++;
        assert_int_equal(frame.type, taken == 1 ? 7 : 1);
        unit_same_text("payload", frame.payload, taken == 1 ? SPAN("hello") : SPAN(""));
        assert_int_equal(frame.descriptor, -1);
    }
    assert_int_equal(taken, 2);
    frame_reader_release(&reader);
    (void)state;
}

static void what_is_not_a_frame_is_refused(void **state)
{
    static const struct {
        const char *about;
        struct span wire;
    } CASES[] = {
        {"a length over the limit", SPAN_INIT("\x01\0\x01\0\x01")},
        {"the largest length", SPAN_INIT("\xff\xff\xff\xff\x01")},
        {"an announced descriptor that did not come", SPAN_INIT("\0\0\0\0\x81")},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct frame_reader reader;
        struct frame frame;

        frame_reader_init(&reader);
        frame_fill_bytes(&reader, CASES[i].wire, -1);
        if (frame_take(&reader, &frame) != FRAME_BROKEN)
            fail_msg("%s: was taken", CASES[i].about);
        frame_reader_release(&reader);
    }
    (void)state;
}

/* Receives until a frame is there. */
static enum frame_status next_frame(struct frame_reader *reader, int socket, struct frame *frame)
{
    enum frame_status status;

    while ((status = frame_take(reader, frame)) == FRAME_AGAIN)
        if ((status = frame_fill(reader, socket)) != FRAME_READY)
            return status;
    return status;
}

static void descriptors_arrive_with_their_frames_in_order(void **state)
{
    struct frame_reader reader;
    struct frame frame;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    frame_reader_init(&reader);
    for (int i = 0; i < 6; i++) {
        int ends[2] = {-1, -1};

        if (i % 3 != 0)
            assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        if (ends[1] >= 0)
            assert_int_equal(write(ends[1], &(char){(char)('a' + i)}, 1), 1);
        assert_true(frame_write(pair[0], (uint8_t)i, SPAN("payload"), ends[0]));
        close(ends[0]);
        close(ends[1]);
    }
    for (int i = 0; i < 6; i++) {
        char got = 0;

        assert_int_equal(next_frame(&reader, pair[1], &frame), FRAME_READY);
        assert_int_equal(frame.type, i);
        assert_int_equal(frame.descriptor >= 0, i % 3 != 0);
        if (frame.descriptor >= 0) {
            assert_int_equal(read(frame.descriptor, &got, 1), 1);
            assert_int_equal(got, 'a' + i);
            assert_int_equal(fcntl(frame.descriptor, F_GETFD), FD_CLOEXEC);
            close(frame.descriptor);
        }
    }
    close(pair[0]);
    assert_int_equal(next_frame(&reader, pair[1], &frame), FRAME_CLOSED);
    frame_reader_release(&reader);
    close(pair[1]);
    (void)state;
}

static void the_largest_payload_fits_and_one_byte_more_is_not_sent(void **state)
{
    char *payload = mem_zero(1, FRAME_PAYLOAD_MAX + 1);
    struct frame_reader reader;
    struct frame frame;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    frame_reader_init(&reader);
    assert_true(frame_write(pair[0], 1, span_make(payload, FRAME_PAYLOAD_MAX), -1));
    assert_int_equal(next_frame(&reader, pair[1], &frame), FRAME_READY);
    assert_int_equal(frame.payload.len, FRAME_PAYLOAD_MAX);
    assert_false(frame_write(pair[0], 1, span_make(payload, FRAME_PAYLOAD_MAX + 1), -1));
    frame_reader_release(&reader);
    close(pair[0]);
    close(pair[1]);
    mem_free(payload);
    (void)state;
}

static void a_peer_that_closes_inside_a_frame_broke_it(void **state)
{
    struct frame_reader reader;
    struct frame frame;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    frame_reader_init(&reader);
    assert_int_equal(write(pair[0], "\x05\0\0\0\x07he", 7), 7);
    close(pair[0]);
    assert_int_equal(next_frame(&reader, pair[1], &frame), FRAME_BROKEN);
    frame_reader_release(&reader);
    close(pair[1]);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(a_frame_that_comes_byte_by_byte_is_taken_whole),
    cmocka_unit_test(what_is_not_a_frame_is_refused),
    cmocka_unit_test(descriptors_arrive_with_their_frames_in_order),
    cmocka_unit_test(the_largest_payload_fits_and_one_byte_more_is_not_sent),
    cmocka_unit_test(a_peer_that_closes_inside_a_frame_broke_it),
};

UNIT_MAIN(TESTS)
