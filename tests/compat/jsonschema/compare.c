/* Reads what generate.mjs made, decides itself, and says where the two differ. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "text/jsonschema.h"

#define ROOM ((size_t)64 * 1024 * 1024)
#define LINES_PER_CASE 4

static bool take_line(FILE *in, char **line, size_t *size)
{
    ssize_t n = getline(line, size, in);

    if (n > 0 && (*line)[n - 1] == '\n')
        (*line)[n - 1] = '\0';
    return n > 0;
}

/* "valid" or "invalid", as generate.mjs says it; else why there is no answer. */
static const char *decide(struct arena *arena, char *const lines[LINES_PER_CASE],
                          struct problem *why)
{
    struct jsonschema *schema;
    enum jsonschema_result result;
    struct json *value;
    enum fault rc = jsonschema_compile(arena, span_of(lines[1]), NULL, &schema, why);

    if (strcmp(lines[0], "schema") == 0) {
        if (rc == OK)
            jsonschema_release(schema);
        return rc == OK ? "valid" : rc == FAULT_TYPE ? "invalid" : why->text;
    }
    if (rc != OK || json_parse(arena, span_of(lines[2]), &value, why) != OK)
        return why->text;
    result = jsonschema_run(schema, arena, value, 0, NULL);
    jsonschema_release(schema);
    return result == JSONSCHEMA_VALID     ? "valid"
           : result == JSONSCHEMA_INVALID ? "invalid"
                                          : "too costly";
}

int main(void)
{
    char *lines[LINES_PER_CASE] = {0};
    size_t sizes[LINES_PER_CASE] = {0};
    unsigned passed = 0, failed = 0;

    for (;;) {
        struct problem why = {0};
        struct arena arena;
        const char *got;

        for (size_t i = 0; i < LINES_PER_CASE; i++) {
            if (!take_line(stdin, &lines[i], &sizes[i]))
                goto end;
        }
        arena_init(&arena, ROOM);
        got = decide(&arena, lines, &why);
        if (strcmp(got, lines[3]) == 0) {
            passed++;
        } else if (++failed <= 20) {
            printf("%s\n%s\najv: %s, here: %s %s\n", lines[1], lines[2], lines[3], got, why.text);
        }
        arena_release(&arena);
    }
end:
    for (size_t i = 0; i < LINES_PER_CASE; i++)
        free(lines[i]);
    printf("%u passed, %u failed, 0 skipped\n", passed, failed);
    return failed > 0 || passed == 0;
}
