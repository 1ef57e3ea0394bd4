/* JSONPath: the first line is the path, the rest the document.  Whatever it is, the work is bounded
 * and the result is a tree that can be written. */
#include "fuzz.h"

#include <assert.h>

#include "text/jsonpath.h"

#define ROOM ((size_t)16 * 1024 * 1024)

static void run(struct arena *arena, struct span text, struct span document, struct buf *out)
{
    struct json *root, *value = NULL, *again = NULL;
    struct jsonpath *path;
    struct problem why;
    enum fault rc;

    if (jsonpath_compile(arena, text, JSONPATH_AWS, &path, &why) != OK) {
        assert(why.code != OK && why.text[0]);
        return;
    }
    if (json_parse(arena, document, &root, NULL) == OK) {
        rc = jsonpath_run(path, arena, root, 20000, &value);
        assert(rc == OK || rc == FAULT_TOO_LARGE || rc == FAULT_NO_MEMORY);
        if (rc == OK) {
            assert(value || jsonpath_is_definite(path));
            json_write(out, value);
            assert(jsonpath_run(path, arena, root, 20000, &again) != OK || !value ||
                   json_equal(value, again));
        }
    }
    jsonpath_release(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span document = span_make(bytes, size), path;
    struct arena arena;
    struct buf out;

    if (!span_split(&document, '\n', &path) || !document.at)
        document = SPAN("{\"a\":[1,{\"b\":\"c\"}]}");
    arena_init(&arena, ROOM);
    buf_init(&out, ROOM);
    run(&arena, path, document, &out);
    arena_release(&arena);
    buf_release(&out);
    return 0;
}
