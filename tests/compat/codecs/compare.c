/* Reads what generate.mjs made and compares; writes it again, to the file named, for check.mjs.
 *
 *   compare WRITTEN < lines */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "text/cbor.h"
#include "text/eventstream.h"
#include "text/xml.h"

#define ROOM ((size_t)64 * 1024 * 1024)

/* One line being looked at. */
struct test {
    struct arena arena;
    struct span bytes; /* decoded */
    struct span expected;
    struct buf got;
    FILE *written;
};

static struct span from_hex(struct arena *arena, struct span hex)
{
    char *to = arena_try(arena, hex.len / 2 + 1);

    for (size_t i = 0; i + 1 < hex.len; i += 2)
        to[i / 2] = (char)(ascii_hex(hex.at[i]) << 4 | ascii_hex(hex.at[i + 1]));
    return span_make(to, hex.len / 2);
}

static void add_hex(struct buf *out, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        buf_addf(out, "%02x", (unsigned char)bytes.at[i]);
}

static void write_line(FILE *to, const char *kind, struct span bytes, struct span rest)
{
    struct buf hex;

    buf_init(&hex, ROOM);
    add_hex(&hex, bytes);
    fprintf(to, "%s %.*s %.*s\n", kind, SPAN_ARG(buf_span(&hex)), SPAN_ARG(rest));
    buf_release(&hex);
}

static bool test_cbor(struct test *t)
{
    struct json *value, *expected;

    if (cbor_parse(&t->arena, t->bytes, &value, NULL) != OK ||
        json_parse(&t->arena, t->expected, &expected, NULL) != OK)
        return false;
    json_write(&t->got, value);
    if (!json_equal(value, expected))
        return false;
    buf_clear(&t->got);
    if (!cbor_write(&t->got, value))
        return false;
    write_line(t->written, "cbor", buf_span(&t->got), t->expected);
    return true;
}

static void print_header(struct buf *out, const struct eventstream_header *header)
{
    buf_addf(out, "%.*s=%u:", SPAN_ARG(header->name), header->type);
    switch (header->type) {
    case EVENTSTREAM_TRUE:
    case EVENTSTREAM_FALSE:
        break;
    case EVENTSTREAM_BYTE:
    case EVENTSTREAM_SHORT:
    case EVENTSTREAM_INT:
    case EVENTSTREAM_LONG:
    case EVENTSTREAM_TIME:
        buf_addf(out, "%lld", (long long)header->number);
        break;
    case EVENTSTREAM_BYTES:
    case EVENTSTREAM_STRING:
    case EVENTSTREAM_UUID:
        add_hex(out, header->value);
        break;
    }
    buf_add_char(out, ';');
}

static bool test_event(struct test *t)
{
    struct eventstream_message message;
    struct span in = t->bytes;

    if (eventstream_take(&t->arena, &in, &message, NULL) != EVENTSTREAM_MESSAGE || in.len > 0)
        return false;
    for (size_t i = 0; i < message.count; i++)
        print_header(&t->got, &message.headers[i]);
    add_hex(&t->got, message.payload);
    if (!span_equal(buf_span(&t->got), t->expected))
        return false;
    buf_clear(&t->got);
    return eventstream_write(&t->got, message.headers, message.count, message.payload) &&
           span_equal(buf_span(&t->got), t->bytes);
}

static void print_element(struct buf *out, const struct xml *element)
{
    buf_add(out, element->name);
    for (const struct xml_attribute *a = element->attributes; a; a = a->next)
        buf_addf(out, "[%.*s=%.*s]", SPAN_ARG(a->name), SPAN_ARG(a->value));
    if (element->text.len > 0)
        buf_addf(out, "{%.*s}", SPAN_ARG(element->text));
    if (!element->first)
        return;
    buf_add_char(out, '(');
    for (const struct xml *child = element->first; child; child = child->next)
        print_element(out, child);
    buf_add_char(out, ')');
}

static bool test_xml(struct test *t)
{
    struct xml *root;
    struct buf hex;

    if (xml_parse(&t->arena, t->bytes, &root, NULL) != OK)
        return false;
    print_element(&t->got, root);
    if (!span_equal(buf_span(&t->got), from_hex(&t->arena, t->expected)))
        return false;
    buf_clear(&t->got);
    buf_init(&hex, ROOM);
    add_hex(&hex, root->text);
    xml_element(&t->got, SPAN("a"), root->text);
    write_line(t->written, "xml", buf_span(&t->got), buf_span(&hex));
    buf_release(&hex);
    return true;
}

static bool test_line(FILE *written, struct span line)
{
    static const struct {
        const char *kind;
        bool (*holds)(struct test *t);
    } KINDS[] = {{"cbor", test_cbor}, {"event", test_event}, {"xml", test_xml}};
    struct test t = {.written = written};
    struct span kind, hex;
    bool holds = false;

    if (!span_split(&line, ' ', &kind) || !span_split(&line, ' ', &hex))
        return false;
    arena_init(&t.arena, ROOM);
    buf_init(&t.got, ROOM);
    t.bytes = from_hex(&t.arena, hex);
    t.expected = line.at ? line : SPAN("");
    for (size_t i = 0; i < COUNT(KINDS); i++) {
        if (span_is(kind, KINDS[i].kind))
            holds = KINDS[i].holds(&t);
    }
    if (!holds)
        printf("%.*s %.*s\n  wanted %.*s\n  got %.*s\n", SPAN_ARG(kind), SPAN_ARG(hex),
               SPAN_ARG(t.expected), SPAN_ARG(buf_span(&t.got)));
    buf_release(&t.got);
    arena_release(&t.arena);
    return holds;
}

int main(int argc, char **argv)
{
    FILE *written = argc == 2 ? fopen(argv[1], "we") : NULL;
    unsigned passed = 0, failed = 0;
    char *line = NULL;
    size_t size = 0;
    ssize_t n;

    if (!written) {
        fputs("usage: compare WRITTEN < lines\n", stderr);
        return 2;
    }
    while (failed < 10 && (n = getline(&line, &size, stdin)) > 0) {
        if (line[n - 1] == '\n')
            n--;
        if (test_line(written, span_make(line, (size_t)n)))
            passed++;
        else
            failed++;
    }
    free(line);
    fclose(written);
    printf("%u passed, %u failed, 0 skipped\n", passed, failed);
    return failed > 0 || passed == 0;
}
