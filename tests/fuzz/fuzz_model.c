/* Any text is a model or is refused with words and, if it has lines, a place in them. */
#include "fuzz.h"

#include <assert.h>

#include "modelgen/emit.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span text = span_make(bytes, size);
    struct problem why = {0};
    struct arena arena;
    struct model model;
    struct buf out;

    arena_init(&arena, MODEL_MEMORY_MAX);
    buf_init(&out, 16 * 1024 * 1024);
    if (model_read(&arena, text, &model, &why) == OK) {
        emit_tables(&out, &model, "fuzz.model");
        emit_coverage(&out, &model);
        assert(out.is_over || out.len > 0);
    } else {
        assert(why.code != OK && why.text[0]);
    }
    model_release(&model);
    buf_release(&out);
    arena_release(&arena);
    return 0;
}
