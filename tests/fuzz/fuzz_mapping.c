/* Expressions of parameter mappings: what is read is a piece of the text, and reading it again as a
 * path does no harm. */
#include "fuzz.h"

#include <assert.h>

#include "text/jsonpath.h"
#include "text/mapping.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span text = span_make(bytes, size);
    struct mapping_expression from;
    struct mapping_target to;
    struct arena arena;

    if (mapping_parse_target(text, SPAN("integration.request."), &to))
        assert(to.name.len > 0 && to.name.at + to.name.len == text.at + text.len);
    if (!mapping_parse(text, &from))
        return 0;
    assert(from.name.at >= text.at && from.name.at + from.name.len <= text.at + text.len);
    if (from.source == SOURCE_BODY || from.source == SOURCE_ANSWER_BODY) {
        struct jsonpath *path;

        arena_init(&arena, 1 << 20);
        if (jsonpath_compile(&arena, arena_format(&arena, "$%.*s", SPAN_ARG(from.name)),
                             JSONPATH_AWS, &path, NULL) == OK)
            jsonpath_release(path);
        arena_release(&arena);
    }
    return 0;
}
