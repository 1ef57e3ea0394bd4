/* Makes random paths and documents, asks Jayway's JsonPath (./run starts it) and compares.  What
 * version 2.0 throws at or refuses is not compared: there we follow later versions.  Left out are
 * what 2.0 only answers by accident: ordering values of two kinds, and
 * "..[0]" where an error is half caught.
 *
 *   compare make SEED COUNT > lines      compare check lines answers */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "text/jsonpath.h"

#define LINE_MAX_BYTES (1024 * 1024)
#define ROOM ((size_t)64 * 1024 * 1024)

static unsigned state;

static unsigned draw(unsigned below)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
}

static const char *pick(const char *const *words, size_t count)
{
    return words[draw((unsigned)count)];
}

#define PICK(words) pick(words, COUNT(words))

/* The leaves of the document: all kinds, or those that 2.0 orders as we do. */
static bool is_ordered;

static void make_value(struct buf *out, unsigned depth)
{
    static const char *const NUMBERS[] = {"1", "2", "2.5", "-3", "1.0e2", "0"};
    static const char *const LEAVES[] = {"1",    "2",  "2.5",     "\"a\"", "\"b\"", "\"2\"",
                                         "null", "-3", "\"xyz\"", "1.0e2", "[]",    "{}"};
    static const char *const NAMES[] = {"a", "b", "c", "d-e"};
    unsigned kind = depth ? draw(3) : 0, count = draw(4), first = draw(4);

    if (kind == 0) {
        buf_add_text(out, is_ordered ? PICK(NUMBERS) : PICK(LEAVES));
        return;
    }
    buf_add_char(out, kind == 1 ? '[' : '{');
    for (unsigned i = 0; i < count; i++) {
        if (i)
            buf_add_char(out, ',');
        if (kind == 2)
            buf_addf(out, "\"%s\":", NAMES[(first + i) % 4]);
        make_value(out, depth - 1);
    }
    buf_add_char(out, kind == 1 ? ']' : '}');
}

static void make_path(struct buf *out)
{
    static const char *const STEPS[] = {".a",    ".b",      ".c",       "['a']", "['d-e']", ".d-e",
                                        "[0]",   "[1]",     "[0,1]",    "[1:]",  "[:1]",    "[0:2]",
                                        "[-1:]", "[:-1]",   ".*",       "[*]",   "..a",     "..b",
                                        "..*",   "..['a']", "['a','b']"};
    static const char *const TESTS[] = {
        "@.a",        "@.b == 1",    "@.a > 1",    "@.a <= 2.5",  "@.b == 'a'",   "@.a != 'b'",
        "@['a'] < 2", "@ == 2",      "@ > 1",      "@.a == null", "@.c =~ /x.*/", "!@.a",
        "@.b == '2'", "@.a[0] == 1", "@.a && @.b", "@.a || @.b",  "@.a.b >= 1",   "@"};

    buf_add_char(out, '$');
    for (unsigned n = draw(4) + 1; n > 0; n--) {
        if (draw(4))
            buf_add_text(out, PICK(STEPS));
        else
            buf_addf(out, "[?(%s)]", PICK(TESTS));
    }
}

static int make(unsigned seed, unsigned count)
{
    struct buf line;

    state = seed;
    buf_init(&line, LINE_MAX_BYTES);
    for (; count > 0; count--) {
        buf_clear(&line);
        make_path(&line);
        is_ordered = span_find(buf_span(&line), '<') < line.len ||
                     span_find(buf_span(&line), '>') < line.len;
        buf_add_char(&line, '\t');
        buf_add_char(&line, draw(2) ? '[' : '{');
        if (line.at[line.len - 1] == '{')
            buf_add_text(&line, "\"a\":");
        make_value(&line, 4);
        buf_add_text(&line, line.at[span_find(buf_span(&line), '\t') + 1] == '[' ? "]" : "}");
        printf("%.*s\n", SPAN_ARG(buf_span(&line)));
    }
    buf_release(&line);
    return 0;
}

/* Whether ours is the answer of the other. */
static bool agrees(struct arena *arena, struct span path, struct span document, struct span answer)
{
    struct json *root = NULL, *ours = NULL, *theirs = NULL;
    struct jsonpath *compiled;
    bool is_same;

    if (json_parse(arena, document, &root, NULL) != OK ||
        jsonpath_compile(arena, path, JSONPATH_JAYWAY_2, &compiled, NULL) != OK)
        return false;
    is_same = jsonpath_run(compiled, arena, root, 0, &ours) == OK && ours &&
              jsonpath_is_definite(compiled) == (answer.at[0] == 'D') &&
              json_parse(arena, span_skip(answer, 2), &theirs, NULL) == OK &&
              json_equal(ours, theirs);
    jsonpath_release(compiled);
    if (!is_same) {
        struct buf got;

        buf_init(&got, ROOM);
        json_write(&got, ours);
        printf("%.*s\n  in     %.*s\n  ours   %.*s\n  theirs %.*s\n", SPAN_ARG(path),
               SPAN_ARG(document), SPAN_ARG(buf_span(&got)), SPAN_ARG(answer));
        buf_release(&got);
    }
    return is_same;
}

static struct span read_line(FILE *in, char *text)
{
    struct span line = {NULL, 0};

    if (fgets(text, LINE_MAX_BYTES, in))
        line = span_make(text, strcspn(text, "\n"));
    return line;
}

static int check(const char *lines, const char *answers)
{
    char *line_text = mem_alloc(LINE_MAX_BYTES), *answer_text = mem_alloc(LINE_MAX_BYTES);
    unsigned passed = 0, failed = 0, refused = 0;
    FILE *in = fopen(lines, "re"), *from = fopen(answers, "re");
    struct span line, answer, path;

    if (!in || !from)
        return 1;
    while ((line = read_line(in, line_text)).at && (answer = read_line(from, answer_text)).at) {
        struct arena arena;

        arena_init(&arena, ROOM);
        span_split(&line, '\t', &path);
        if (answer.at[0] != 'D' && answer.at[0] != 'I')
            refused++;
        else if (agrees(&arena, path, line, answer))
            passed++;
        else
            failed++;
        arena_release(&arena);
    }
    fclose(in);
    fclose(from);
    mem_free(line_text);
    mem_free(answer_text);
    printf("%u that Jayway refuses are not compared\n%u passed, %u failed, 0 skipped\n", refused,
           passed, failed);
    return failed > 0 || passed == 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "make") == 0)
        return make((unsigned)strtoul(argv[2], NULL, 10), (unsigned)strtoul(argv[3], NULL, 10));
    if (argc == 4 && strcmp(argv[1], "check") == 0)
        return check(argv[2], argv[3]);
    return 2;
}
