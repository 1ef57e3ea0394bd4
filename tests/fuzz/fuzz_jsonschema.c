/* JSON Schema: the first line is the schema, the rest the value.  Whatever they are, the work is
 * bounded, and with and without words the result is the same. */
#include "fuzz.h"

#include <assert.h>

#include "text/jsonschema.h"

#define ROOM ((size_t)16 * 1024 * 1024)
#define STEPS 20000

static void run(struct arena *arena, struct span text, struct span document, struct buf *words)
{
    enum jsonschema_result quick, told;
    struct jsonschema *schema;
    struct json *value;
    struct problem why;

    if (jsonschema_compile(arena, text, NULL, &schema, &why) != OK) {
        assert(why.code != OK && why.text[0]);
        return;
    }
    if (json_parse(arena, document, &value, NULL) == OK) {
        quick = jsonschema_run(schema, arena, value, STEPS, NULL);
        told = jsonschema_run(schema, arena, value, STEPS, words);
        assert(quick == told || quick == JSONSCHEMA_TOO_COSTLY || told == JSONSCHEMA_TOO_COSTLY);
        assert((words->len > 2) == (told == JSONSCHEMA_INVALID));
    }
    jsonschema_release(schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span document = span_make(bytes, size), schema;
    struct arena arena;
    struct buf words;

    if (!span_split(&document, '\n', &schema) || !document.at)
        document = SPAN("{\"a\":[1,{\"b\":\"c\"}]}");
    arena_init(&arena, ROOM);
    buf_init(&words, ROOM);
    run(&arena, schema, document, &words);
    arena_release(&arena);
    buf_release(&words);
    return 0;
}
