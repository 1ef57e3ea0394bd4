/* Event streams: whatever the bytes are, reading ends, and a message is written as it was. */
#include "fuzz.h"

#include <assert.h>

#include "text/eventstream.h"

#define ROOM ((size_t)32 * 1024 * 1024)

/* Puts the right checksums in, so that what is behind them is reached. */
static void repair(struct buf *copy)
{
    unsigned char *at = (unsigned char *)copy->at;
    uint32_t whole, crc;

    if (copy->len < EVENTSTREAM_OVERHEAD)
        return;
    crc = eventstream_crc(0, span_make(at, 8));
    for (unsigned i = 0; i < 4; i++)
        at[8 + i] = (unsigned char)(crc >> (24 - 8 * i));
    whole = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    if (whole < EVENTSTREAM_OVERHEAD || whole > copy->len)
        return;
    crc = eventstream_crc(0, span_make(at, whole - 4));
    for (unsigned i = 0; i < 4; i++)
        at[whole - 4 + i] = (unsigned char)(crc >> (24 - 8 * i));
}

static void take_all(struct arena *arena, struct span in, struct buf *out)
{
    struct eventstream_message message;
    struct problem why;
    struct span before = in;
    enum eventstream_result result;

    while ((result = eventstream_take(arena, &in, &message, &why)) == EVENTSTREAM_MESSAGE) {
        struct span taken = span_first(before, before.len - in.len);

        buf_clear(out);
        assert(eventstream_write(out, message.headers, message.count, message.payload));
        assert(span_equal(buf_span(out), taken));
        before = in;
    }
    assert(result != EVENTSTREAM_BAD || why.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena;
    struct buf copy, out;

    arena_init(&arena, ROOM);
    buf_init(&copy, ROOM);
    buf_init(&out, ROOM);
    buf_add(&copy, span_make(bytes, size));
    take_all(&arena, buf_span(&copy), &out);
    repair(&copy);
    take_all(&arena, buf_span(&copy), &out);
    buf_release(&out);
    buf_release(&copy);
    arena_release(&arena);
    return 0;
}
