/* JSON: what parses must write, read back equal, and write the same bytes again. */
#include "fuzz.h"

#include <assert.h>

#include "text/json.h"

#define ROOM ((size_t)64 * 1024 * 1024)

static void check(struct arena *arena, struct span text, struct buf *once, struct buf *again)
{
    struct json *value = NULL, *back = NULL;
    struct problem why;

    if (json_parse(arena, text, &value, &why) != OK) {
        assert(why.code != OK && why.text[0] && why.offset <= text.len);
        return;
    }
    assert(json_write(once, value));
    assert(json_parse(arena, buf_span(once), &back, NULL) == OK);
    assert(json_equal(value, back) && json_hash(value) == json_hash(back));
    assert(json_write(again, json_copy(arena, back)));
    assert(span_equal(buf_span(once), buf_span(again)));
    buf_clear(again);
    assert(json_write_pretty(again, back, 2));
    assert(json_parse(arena, buf_span(again), &back, NULL) == OK && json_equal(value, back));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct buf once, again;
    struct arena arena;

    arena_init(&arena, ROOM);
    buf_init(&once, ROOM);
    buf_init(&again, ROOM);
    check(&arena, span_make(bytes, size), &once, &again);
    arena_release(&arena);
    buf_release(&once);
    buf_release(&again);
    return 0;
}
