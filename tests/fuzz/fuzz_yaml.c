/* YAML: what parses is a tree within its limits that can be written as JSON, and every node of it
 * has a line; what does not has words. */
#include "fuzz.h"

#include <assert.h>

#include "text/yaml.h"

#define ROOM ((size_t)128 * 1024 * 1024)

static void check_lines(const struct yaml *yaml, const struct json *node)
{
    assert(yaml_line(yaml, node) > 0);
    for (const struct json *one = node->first; one; one = one->next)
        check_lines(yaml, one);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct problem why = {0};
    struct json *back;
    struct arena arena;
    struct yaml yaml;
    struct buf text;

    arena_init(&arena, ROOM);
    buf_init(&text, ROOM);
    if (yaml_parse(&arena, span_make(bytes, size), &yaml, &why) != OK) {
        assert(why.code != OK && why.text[0]);
    } else {
        assert(json_write(&text, yaml.root));
        assert(json_parse(&arena, buf_span(&text), &back, NULL) == OK);
        assert(json_equal(yaml.root, back));
        if (yaml.count < 5000)
            check_lines(&yaml, yaml.root);
    }
    buf_release(&text);
    arena_release(&arena);
    return 0;
}
