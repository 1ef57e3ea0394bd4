/* What comes from functions: proxy answers, and the paths of the Runtime API.  Whatever a function
 * answers, the lines that are made of it are header lines and nothing else. */
#include "fuzz.h"

#include <stdlib.h>

#include "gateway/integration/lambda.h"
#include "gateway/integration/lambda_answer.h"
#include "http/h1.h"
#include "lambda/runtime.h"

/* Each line has a name, a colon and a value that ends with CR LF. */
static void check_lines(struct span lines)
{
    while (lines.len > 0) {
        size_t end = span_find(lines, '\r'), colon = span_find(lines, ':');

        if (end + 1 >= lines.len || lines.at[end + 1] != '\n' || colon == 0 || colon >= end)
            abort();
        for (size_t i = 0; i < colon; i++)
            if (!H1_TOKEN[(unsigned char)lines.at[i]])
                abort();
        for (size_t i = colon + 1; i < end; i++)
            if (!H1_VALUE[(unsigned char)lines.at[i]])
                abort();
        lines = span_skip(lines, end + 2);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span text = span_make(bytes, size), id;
    struct lambda_answer answer;
    struct arena arena;
    struct buf lines;

    arena_init(&arena, 1 << 20);
    buf_init(&lines, 16 * 1024);
    if (lambda_answer_read(&arena, text, &answer, &lines)) {
        if (answer.status < 200 || answer.status > 599)
            abort();
        check_lines(buf_span(&lines));
    } else if (!answer.reason) {
        abort();
    }
    if (runtime_call_of(SPAN("POST"), text, &id) == RUNTIME_RESPONSE && span_find(id, '/') < id.len)
        abort();
    runtime_call_of(SPAN("GET"), text, &id);
    lambda_uri_function(text);
    buf_release(&lines);
    arena_release(&arena);
    return 0;
}
