/* Measures jansson on the documents of engines.c.  A program of its own, since both have a
 * json_copy.
 *
 *   jansson FOLDER */
#include "bench.h"

#include <jansson.h>
#include <string.h>

struct text {
    char *at;
    size_t len;
};

static void parse_and_write(void *context)
{
    const struct text *text = context;
    json_t *tree = json_loadb(text->at, text->len, 0, NULL);
    char *written = tree ? json_dumps(tree, JSON_COMPACT) : NULL;

    expect(written, "jansson");
    free(written);
    json_decref(tree);
}

int main(int argc, char **argv)
{
    struct text body, large;
    const char *from;

    expect(argc == 2, "usage: jansson FOLDER");
    from = read_file(argv[1], "body.json", &body.len);
    body.at = strndup(from, body.len);
    large.at = malloc((body.len + 1) * COPIES + 2);
    expect(body.at && large.at, "memory");
    large.len = 0;
    for (unsigned i = 0; i < COPIES; i++) {
        large.at[large.len++] = i ? ',' : '[';
        memcpy(large.at + large.len, body.at, body.len);
        large.len += body.len;
    }
    large.at[large.len++] = ']';
    measure("jansson-1k", parse_and_write, &body, NULL);
    measure("jansson-87k", parse_and_write, &large, NULL);
    free(body.at);
    free(large.at);
    return 0;
}
