/* A message of the host's protocol out of any bytes: what is understood can be written, and reads
 * back as the same text.  The same bytes are read as frames of an instance. */
#include "fuzz.h"

#include <assert.h>

#include "link/host.h"
#include "link/instance.h"

static void as_message(struct span text)
{
    struct host_message message, again;
    struct buf first, second;
    struct arena arena;

    arena_init(&arena, HOST_ARENA_MAX);
    buf_init(&first, 1 << 20);
    buf_init(&second, 1 << 20);
    if (text.len <= HOST_MESSAGE_MAX && host_decode(&arena, text, &message, NULL) == OK) {
        assert(host_encode(&first, &message));
        assert(host_decode(&arena, buf_span(&first), &again, NULL) == OK);
        assert(host_encode(&second, &again));
        assert(span_equal(buf_span(&first), buf_span(&second)));
    }
    buf_release(&first);
    buf_release(&second);
    arena_release(&arena);
}

static void as_frames(struct span bytes)
{
    struct instance_reader reader;
    struct instance_frame frame;

    instance_reader_init(&reader);
    while (instance_reader_take(&reader, &bytes, &frame) == INSTANCE_FRAME)
        for (size_t i = 0; i < frame.payload.len; i++)
            (void)*(const volatile char *)(frame.payload.at + i);
    instance_reader_release(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    as_message(span_make(bytes, size));
    as_frames(span_make(bytes, size));
    return 0;
}
