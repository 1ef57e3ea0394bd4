/* Frames out of any bytes, received in two pieces: what is taken lies in the reader, and no
 * descriptor appears from nothing. */
#include "fuzz.h"

#include <assert.h>

#include "link/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span parts[2] = {{(const char *)bytes, size / 2},
                            {(const char *)bytes + size / 2, size - size / 2}};
    struct frame_reader reader;
    struct frame frame;

    frame_reader_init(&reader);
    for (size_t i = 0; i < 2; i++) {
        if (frame_fill_bytes(&reader, parts[i], -1) != FRAME_READY)
            break;
        while (frame_take(&reader, &frame) == FRAME_READY) {
            assert(frame.descriptor == -1);
            assert(frame.payload.len <= FRAME_PAYLOAD_MAX);
            for (size_t n = 0; n < frame.payload.len; n++)
                (void)*(const volatile char *)(frame.payload.at + n);
        }
    }
    frame_reader_release(&reader);
    return 0;
}
