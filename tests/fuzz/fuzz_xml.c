/* XML: whatever the text is, reading ends, and a text that was read is written and read back. */
#include "fuzz.h"

#include <assert.h>

#include "text/xml.h"

#define ROOM ((size_t)16 * 1024 * 1024)

static void write_again(struct arena *arena, struct span text, struct buf *out)
{
    struct xml *again;
    enum fault rc;

    if (!xml_element(out, SPAN("a"), text))
        return;
    rc = xml_parse(arena, buf_span(out), &again, NULL);
    assert(rc == OK || rc == FAULT_NO_MEMORY);
    assert(rc != OK || span_equal(again->text, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct problem why;
    struct arena arena;
    struct xml *root;
    struct buf out;

    arena_init(&arena, ROOM);
    buf_init(&out, ROOM);
    if (xml_parse(&arena, span_make(bytes, size), &root, &why) == OK)
        write_again(&arena, root->text, &out);
    else
        assert(why.code != OK && why.text[0]);
    buf_release(&out);
    arena_release(&arena);
    return 0;
}
