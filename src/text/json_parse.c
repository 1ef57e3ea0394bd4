/* The JSON parser: one pass, no recursion.  The containers that are open stand on a stack of
 * JSON_DEPTH_MAX, so that depth costs nothing and is limited at once.  A value is one node of the
 * arena; strings without escapes are looked at where they stand. */
#include "base/ascii.h"
#include "base/utf8.h"
#include "text/json.h"
#include "text/json_scan.h"

#define BATCH_FIRST 4
#define BATCH_MAX 64

struct parser {
    struct arena *arena;
    struct problem *why;
    struct span text;
    const char *at, *end;
    struct json *spare; /* nodes taken from the arena in batches */
    size_t spare_count, batch;
    struct json *open[JSON_DEPTH_MAX];
    unsigned depth;
    struct span name; /* of the member whose value comes next */
};

static enum fault refuse(const struct parser *p, const char *at, enum fault code, const char *words)
{
    return problem_at(p->why, code, p->text.at, p->text.len, (size_t)(at - p->text.at), "%s",
                      words);
}

static enum fault no_memory(const struct parser *p)
{
    return refuse(p, p->at, FAULT_NO_MEMORY, "not enough memory for this JSON text");
}

/* The words for a place where something else was due. */
static enum fault unexpected(const struct parser *p, const char *due)
{
    if (p->at == p->end)
        return problem_at(p->why, FAULT_SYNTAX, p->text.at, p->text.len, p->text.len,
                          "unexpected end of JSON text: %s was due", due);
    return problem_at(p->why, FAULT_SYNTAX, p->text.at, p->text.len, (size_t)(p->at - p->text.at),
                      "unexpected character in JSON text: %s was due", due);
}

static inline void skip_blanks(struct parser *p)
{
    while (p->at < p->end && ascii_is_blank(*p->at))
        p->at++;
}

/* A node with the pending name, linked into the innermost open container. */
static inline struct json *add_node(struct parser *p)
{
    struct json *node;

    if (p->spare_count == 0) {
        p->batch = p->batch ? p->batch * 2 : BATCH_FIRST;
        if (p->batch > BATCH_MAX)
            p->batch = BATCH_MAX;
        p->spare = arena_try(p->arena, p->batch * sizeof *p->spare);
        if (!p->spare)
            return NULL;
        p->spare_count = p->batch;
    }
    node = p->spare++;
    p->spare_count--;
    *node = (struct json){.name = p->name};
    if (p->depth > 0) {
        struct json *parent = p->open[p->depth - 1];

        if (parent->last)
            parent->last->next = node;
        else
            parent->first = node;
        parent->last = node;
        parent->count++;
    }
    return node;
}

/* --- strings --- */

/* Takes the four digits of \uXXXX at `at`. */
static bool take_unit(const char **at, const char *end, uint32_t *unit)
{
    uint32_t n = 0;

    if (end - *at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int digit = ascii_hex((*at)[i]);

        if (digit < 0)
            return false;
        n = n << 4 | (uint32_t)digit;
    }
    *at += 4;
    *unit = n;
    return true;
}

/* Decodes what follows "\u".  Half a surrogate pair cannot be said in UTF-8: it becomes U+FFFD,
 * where Java would carry it along and write '?' in the end. */
static bool take_unicode(const char **at, const char *end, uint32_t *point)
{
    const char *low_at;
    uint32_t high, low;

    if (!take_unit(at, end, &high))
        return false;
    *point = high;
    if (high < 0xd800 || high > 0xdfff)
        return true;
    *point = 0xfffd;
    if (high >= 0xdc00 || end - *at < 2 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return true;
    low_at = *at + 2;
    if (!take_unit(&low_at, end, &low))
        return false;
    if (low < 0xdc00 || low > 0xdfff)
        return true;
    *point = 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00));
    *at = low_at;
    return true;
}

/* The character that a one-letter escape stands for, or 0. */
static char simple_escape(char c)
{
    switch (c) {
    case '"':
    case '\\':
    case '/':
        return c;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return 0;
    }
}

/* Decodes `raw`, whose quotes are off and whose characters were checked, into the arena. */
static enum fault decode(struct parser *p, struct span raw, struct span *out)
{
    const char *at = raw.at, *end = raw.at + raw.len;
    char *to = arena_try(p->arena, raw.len); /* decoded text is never longer */
    struct span decoded = {to, 0};

    if (!to)
        return no_memory(p);
    while (at < end) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        size_t n = (size_t)((slash ? slash : end) - at);
        uint32_t point;

        memcpy(to, at, n);
        to += n;
        at += n;
        if (!slash)
            break;
        at += 2;
        if (at[-1] == 'u') {
            if (!take_unicode(&at, end, &point))
                return refuse(p, slash, FAULT_SYNTAX, "\\u needs four hexadecimal digits");
            to += utf8_put(point, to);
            continue;
        }
        *to = simple_escape(at[-1]);
        if (!*to++)
            return refuse(p, slash, FAULT_SYNTAX, "unknown escape in a JSON string");
    }
    decoded.len = (size_t)(to - decoded.at);
    *out = decoded;
    return OK;
}

/* Skips one character that is not plain; a backslash takes the next character along. */
static enum fault skip_special(struct parser *p, bool *is_escaped)
{
    struct span rest = span_make(p->at, (size_t)(p->end - p->at));
    uint32_t point;

    if (*p->at == '\\') {
        *is_escaped = true;
        p->at += rest.len > 1 && p->at[1] >= 0 ? 2 : 1;
        return OK;
    }
    if ((unsigned char)*p->at < 0x20)
        return refuse(p, p->at, FAULT_SYNTAX, "control character in a JSON string");
    if (!utf8_take(&rest, &point))
        return refuse(p, p->at, FAULT_SYNTAX, "malformed UTF-8 in a JSON string");
    p->at = rest.at;
    return OK;
}

/* Takes a string whose opening quote is at the cursor. */
static enum fault take_string(struct parser *p, struct span *out)
{
    const char *quote = p->at, *start = p->at + 1;
    bool is_escaped = false;
    struct span raw;
    enum fault rc;

    p->at = start + json_plain(start, (size_t)(p->end - start));
    while (p->at < p->end && *p->at != '"') {
        rc = skip_special(p, &is_escaped);
        if (rc)
            return rc;
        p->at += json_plain(p->at, (size_t)(p->end - p->at));
    }
    if (p->at == p->end)
        return refuse(p, quote, FAULT_SYNTAX, "JSON string without end");
    raw = span_make(start, (size_t)(p->at - start));
    p->at++;
    if (is_escaped)
        return decode(p, raw, out);
    *out = raw;
    return OK;
}

/* --- the other values --- */

static bool take_digits(struct parser *p)
{
    const char *start = p->at;

    while (p->at < p->end && ascii_is_digit(*p->at))
        p->at++;
    return p->at > start;
}

static enum fault take_number(struct parser *p, struct span *out)
{
    const char *start = p->at, *digits;

    if (*p->at == '-')
        p->at++;
    digits = p->at;
    if (!take_digits(p))
        return unexpected(p, "a digit");
    if (*digits == '0' && p->at > digits + 1)
        return refuse(p, digits, FAULT_SYNTAX, "a number may not begin with 0");
    if (p->at < p->end && *p->at == '.') {
        p->at++;
        if (!take_digits(p))
            return unexpected(p, "a digit");
    }
    if (p->at < p->end && (*p->at == 'e' || *p->at == 'E')) {
        p->at++;
        if (p->at < p->end && (*p->at == '+' || *p->at == '-'))
            p->at++;
        if (!take_digits(p))
            return unexpected(p, "a digit");
    }
    *out = span_make(start, (size_t)(p->at - start));
    return OK;
}

static enum fault take_word(struct parser *p, struct json *node, struct span word,
                            enum json_type type)
{
    if ((size_t)(p->end - p->at) < word.len || memcmp(p->at, word.at, word.len) != 0)
        return unexpected(p, "a value");
    p->at += word.len;
    node->type = type;
    return OK;
}

static enum fault open_container(struct parser *p, struct json *node, enum json_type type)
{
    if (p->depth == JSON_DEPTH_MAX)
        return refuse(p, p->at, FAULT_TOO_LARGE, "JSON text is nested too deeply");
    node->type = type;
    p->open[p->depth++] = node;
    p->at++;
    return OK;
}

/* Takes a value, or the opening bracket of one. */
static enum fault take_value(struct parser *p, struct json **out)
{
    struct json *node;

    skip_blanks(p);
    if (p->at == p->end)
        return unexpected(p, "a value");
    node = add_node(p);
    if (!node)
        return no_memory(p);
    *out = node;
    switch (*p->at) {
    case '"':
        node->type = JSON_STRING;
        return take_string(p, &node->text);
    case '{':
        return open_container(p, node, JSON_OBJECT);
    case '[':
        return open_container(p, node, JSON_ARRAY);
    case 't':
        return take_word(p, node, SPAN("true"), JSON_TRUE);
    case 'f':
        return take_word(p, node, SPAN("false"), JSON_FALSE);
    case 'n':
        return take_word(p, node, SPAN("null"), JSON_NULL);
    default:
        if (*p->at != '-' && !ascii_is_digit(*p->at))
            return unexpected(p, "a value");
        node->type = JSON_NUMBER;
        return take_number(p, &node->text);
    }
}

/* Takes `"name":` when the innermost container is an object. */
static enum fault take_name(struct parser *p)
{
    enum fault rc;

    p->name = (struct span){NULL, 0};
    if (p->open[p->depth - 1]->type != JSON_OBJECT)
        return OK;
    skip_blanks(p);
    if (p->at == p->end || *p->at != '"')
        return unexpected(p, "a name in quotes");
    rc = take_string(p, &p->name);
    if (rc)
        return rc;
    skip_blanks(p);
    if (p->at == p->end || *p->at != ':')
        return unexpected(p, "':'");
    p->at++;
    return OK;
}

/* After a value: closes what ends here, and stops at the comma before the next value, or with
 * depth 0 at the end.  `is_fresh`: a container was just opened, so it may close without one. */
static enum fault take_ends(struct parser *p, bool is_fresh)
{
    while (p->depth > 0) {
        bool is_object = p->open[p->depth - 1]->type == JSON_OBJECT;

        skip_blanks(p);
        if (p->at < p->end && *p->at == (is_object ? '}' : ']')) {
            p->at++;
            p->depth--;
            is_fresh = false;
            continue;
        }
        if (is_fresh)
            return OK;
        if (p->at == p->end || *p->at != ',')
            return unexpected(p, is_object ? "',' or '}'" : "',' or ']'");
        p->at++;
        return OK;
    }
    return OK;
}

static enum fault parse(struct parser *p, struct json **root)
{
    struct json *node;
    enum fault rc = take_value(p, root);

    for (node = rc ? NULL : *root; !rc;) {
        rc = take_ends(p, p->depth > 0 && p->open[p->depth - 1] == node);
        if (rc || p->depth == 0)
            break;
        rc = take_name(p);
        if (!rc)
            rc = take_value(p, &node);
    }
    if (rc)
        return rc;
    skip_blanks(p);
    return p->at < p->end ? unexpected(p, "the end") : OK;
}

enum fault json_parse(struct arena *arena, struct span text, struct json **out, struct problem *why)
{
    struct span bytes = text.at ? text : SPAN("");
    struct json *root = NULL;
    struct parser p;
    enum fault rc;

    p.arena = arena;
    p.why = why;
    p.text = bytes;
    p.at = bytes.at;
    p.end = bytes.at + bytes.len;
    p.spare = NULL;
    p.spare_count = 0;
    p.batch = 0;
    p.depth = 0;
    p.name = (struct span){NULL, 0};
    rc = parse(&p, &root);
    if (rc == OK)
        *out = root;
    return rc;
}
