/* Paths: the first line is the path, the rest a document. */
#include "fuzz.h"

#include "text/jsonpath.h"

#define ROOM ((size_t)32 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char DOCUMENT[] = "{\"a\":[{\"b\":1,\"c\":\"x\"},{\"b\":[2,[3]],\"d\":null}]}";
    struct span text = span_make(bytes, size), document = span_of(DOCUMENT);
    size_t end = span_find(text, '\n');
    struct json *root, *found;
    struct arena arena;

    if (end < size)
        document = span_skip(text, end + 1);
    arena_init(&arena, ROOM);
    if (json_parse(&arena, document, &root, NULL) == OK)
        json_path_read(&arena, root, span_first(text, end), &found);
    arena_release(&arena);
    return 0;
}
