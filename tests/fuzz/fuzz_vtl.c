/* Templates: whatever is in them, compiling and running ends within its budgets. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/buf.h"
#include "vtl/template.h"

#define MEMORY (16 * 1024 * 1024)
#define STEPS 20000

/* A template, and behind the first zero byte the payload. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct vtl_pair PAIRS[] = {{SPAN_INIT("a"), SPAN_INIT("b")}};
    struct span text = span_make(bytes, size);
    size_t end = span_find(text, '\0');
    struct vtl_environment environment = {.steps = STEPS, .path = {PAIRS, 1}};
    struct vtl_template *template;
    struct problem why;
    struct arena arena;
    struct buf out;

    if (end < size)
        environment.body = span_skip(text, end + 1);
    arena_init(&arena, MEMORY);
    buf_init(&out, VTL_OUTPUT_MAX);
    if (vtl_compile(&arena, span_first(text, end), &template, &why) == OK)
        vtl_run(template, &environment, &arena, &out, &why);
    buf_release(&out);
    arena_release(&arena);
    return 0;
}
