/* CBOR: whatever the bytes are, reading ends, and what was read is written and read back. */
#include "fuzz.h"

#include <assert.h>

#include "text/cbor.h"

#define ROOM ((size_t)16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct json *value, *again;
    struct problem why;
    struct arena arena;
    struct buf out;

    arena_init(&arena, ROOM);
    buf_init(&out, ROOM);
    if (cbor_parse(&arena, span_make(bytes, size), &value, &why) != OK) {
        assert(why.code != OK && why.text[0]);
    } else if (cbor_write(&out, value)) {
        enum fault rc = cbor_parse(&arena, buf_span(&out), &again, NULL);

        assert(rc == OK || rc == FAULT_NO_MEMORY);
        /* An integer of more than 63 bits is written as a double. */
        assert(rc != OK || again->count == value->count);
    }
    buf_release(&out);
    arena_release(&arena);
    return 0;
}
