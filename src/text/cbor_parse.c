/* Reading CBOR.  Recursion is bounded by JSON_DEPTH_MAX; counts are not believed: each element
 * takes at least a byte that must be there. */
#include <math.h>

#include "base/base64.h"
#include "base/map.h"
#include "base/utf8.h"
#include "text/cbor.h"
#include "text/cbor_head.h"

struct parser {
    struct arena *arena;
    struct problem *why;
    struct span whole, rest;
};

/* The first bytes of an item. */
struct head {
    enum cbor_major major;
    unsigned extra;
    uint64_t n; /* 0 when indefinite */
    bool is_indefinite;
};

static enum fault fail(struct parser *p, enum fault code, const char *words)
{
    return problem_set(p->why, code, "%s at byte %zu", words, (size_t)(p->rest.at - p->whole.at));
}

static enum fault no_memory(struct parser *p)
{
    return fail(p, FAULT_NO_MEMORY, "no memory for CBOR");
}

static enum fault take_head(struct parser *p, struct head *head)
{
    unsigned first, size;

    if (p->rest.len == 0)
        return fail(p, FAULT_SYNTAX, "CBOR that ends early");
    first = (unsigned char)p->rest.at[0];
    *head = (struct head){.major = first >> 5, .extra = first & 31};
    p->rest = span_skip(p->rest, 1);
    if (head->extra < CBOR_ONE_BYTE) {
        head->n = head->extra;
        return OK;
    }
    if (head->extra == CBOR_INDEFINITE && head->major >= CBOR_BYTES && head->major <= CBOR_MAP) {
        head->is_indefinite = true;
        return OK;
    }
    if (head->extra > CBOR_DOUBLE)
        return fail(p, FAULT_SYNTAX, "a CBOR head that does not exist");
    size = 1u << (head->extra - CBOR_ONE_BYTE);
    if (p->rest.len < size)
        return fail(p, FAULT_SYNTAX, "CBOR that ends early");
    for (unsigned i = 0; i < size; i++)
        head->n = head->n << 8 | (unsigned char)p->rest.at[i];
    p->rest = span_skip(p->rest, size);
    return OK;
}

static bool take_break(struct parser *p)
{
    if (p->rest.len == 0 || (unsigned char)p->rest.at[0] != CBOR_BREAK)
        return false;
    p->rest = span_skip(p->rest, 1);
    return true;
}

/* --- strings --- */

static enum fault take_piece(struct parser *p, uint64_t len, struct span *out)
{
    if (len > p->rest.len)
        return fail(p, FAULT_SYNTAX, "CBOR that ends early");
    *out = span_first(p->rest, (size_t)len);
    p->rest = span_skip(p->rest, (size_t)len);
    return OK;
}

/* Takes the pieces of a string of indefinite length; copies them to `to` unless it is NULL. */
static enum fault take_pieces(struct parser *p, enum cbor_major major, char *to, size_t *len)
{
    *len = 0;
    while (!take_break(p)) {
        struct span piece;
        struct head head;
        enum fault rc = take_head(p, &head);

        if (rc == OK && (head.major != major || head.is_indefinite))
            rc = fail(p, FAULT_SYNTAX, "a CBOR string with an odd piece");
        if (rc == OK)
            rc = take_piece(p, head.n, &piece);
        if (rc == OK && major == CBOR_TEXT && !utf8_is_valid(piece))
            rc = fail(p, FAULT_SYNTAX, "a CBOR text that is no UTF-8");
        if (rc != OK)
            return rc;
        if (to && piece.len > 0)
            memcpy(to + *len, piece.at, piece.len);
        *len += piece.len;
    }
    return OK;
}

/* Measures first, then copies. */
static enum fault join_pieces(struct parser *p, enum cbor_major major, struct span *out)
{
    struct span begin = p->rest;
    size_t len;
    enum fault rc = take_pieces(p, major, NULL, &len);
    char *copy = rc == OK ? arena_try(p->arena, len) : NULL;

    if (rc != OK)
        return rc;
    if (!copy)
        return no_memory(p);
    p->rest = begin;
    rc = take_pieces(p, major, copy, &len);
    *out = span_make(copy, len);
    return rc;
}

static enum fault take_string(struct parser *p, const struct head *head, struct span *out)
{
    enum fault rc =
        head->is_indefinite ? join_pieces(p, head->major, out) : take_piece(p, head->n, out);

    if (rc == OK && head->major == CBOR_TEXT && !utf8_is_valid(*out))
        return fail(p, FAULT_SYNTAX, "a CBOR text that is no UTF-8");
    return rc;
}

static enum fault make_text(struct parser *p, const struct head *head, struct json **out)
{
    struct span text;
    enum fault rc = take_string(p, head, &text);

    if (rc != OK)
        return rc;
    if (head->major == CBOR_BYTES) {
        char *encoded = arena_try(p->arena, base64_len(text.len));

        if (!encoded)
            return no_memory(p);
        text = span_make(encoded, base64_encode(text, encoded));
    }
    *out = json_text(p->arena, text);
    return *out ? OK : no_memory(p);
}

/* --- numbers --- */

static enum fault make_number(struct parser *p, const struct head *head, struct json **out)
{
    struct json *number = json_new(p->arena, JSON_NUMBER);
    bool is_negative = head->major == CBOR_NEGATIVE;

    if (!number)
        return no_memory(p);
    if (is_negative && head->n == UINT64_MAX)
        number->text = SPAN("-18446744073709551616");
    else
        number->text = arena_format(p->arena, "%s%llu", is_negative ? "-" : "",
                                    (unsigned long long)head->n + is_negative);
    *out = number;
    return number->text.at ? OK : no_memory(p);
}

static double half_of(unsigned bits)
{
    unsigned exponent = bits >> 10 & 31, fraction = bits & 1023;
    double size = exponent == 0    ? ldexp(fraction, -24)
                  : exponent != 31 ? ldexp(fraction + 1024, (int)exponent - 25)
                  : fraction == 0  ? INFINITY
                                   : NAN;

    return bits & 0x8000 ? -size : size;
}

static double real_of(const struct head *head)
{
    uint32_t bits = (uint32_t)head->n;
    float single;
    double real;

    if (head->extra == CBOR_HALF)
        return half_of(bits);
    if (head->extra == CBOR_SINGLE) {
        memcpy(&single, &bits, sizeof single);
        return (double)single;
    }
    memcpy(&real, &head->n, sizeof real);
    return real;
}

static enum fault make_simple(struct parser *p, const struct head *head, struct json **out)
{
    double real;

    switch (head->extra) {
    case CBOR_FALSE:
    case CBOR_TRUE:
        *out = json_bool(p->arena, head->extra == CBOR_TRUE);
        break;
    case CBOR_NULL:
    case CBOR_UNDEFINED:
        *out = json_new(p->arena, JSON_NULL);
        break;
    case CBOR_HALF:
    case CBOR_SINGLE:
    case CBOR_DOUBLE:
        real = real_of(head);
        if (isfinite(real))
            *out = json_real(p->arena, real);
        else
            *out = json_text(p->arena, isnan(real) ? SPAN("NaN")
                                       : real > 0  ? SPAN("Infinity")
                                                   : SPAN("-Infinity"));
        break;
    default:
        return fail(p, FAULT_UNSUPPORTED, "a CBOR simple value that nobody knows");
    }
    return *out ? OK : no_memory(p);
}

/* --- collections --- */

static enum fault make_value(struct parser *p, unsigned depth, struct json **out);

static enum fault make_array(struct parser *p, const struct head *head, unsigned depth,
                             struct json **out)
{
    struct json *array = json_new(p->arena, JSON_ARRAY), *element;
    enum fault rc = OK;

    if (!array)
        return no_memory(p);
    for (uint64_t i = 0; rc == OK && (head->is_indefinite || i < head->n); i++) {
        if (head->is_indefinite && take_break(p))
            break;
        rc = make_value(p, depth - 1, &element);
        if (rc == OK)
            json_append(array, element);
    }
    *out = array;
    return rc;
}

static enum fault take_name(struct parser *p, struct span *name)
{
    struct head head;
    enum fault rc = take_head(p, &head);

    if (rc == OK && head.major != CBOR_TEXT)
        return fail(p, FAULT_SYNTAX, "a CBOR map with a name that is no text");
    return rc == OK ? take_string(p, &head, name) : rc;
}

static enum fault make_members(struct parser *p, const struct head *head, unsigned depth,
                               struct map *names, struct json *object)
{
    enum fault rc = OK;

    for (uint64_t i = 0; rc == OK && (head->is_indefinite || i < head->n); i++) {
        struct json *member = NULL;
        struct span name = {NULL, 0};

        if (head->is_indefinite && take_break(p))
            break;
        rc = take_name(p, &name);
        if (rc == OK && map_get(names, name))
            rc = fail(p, FAULT_SYNTAX, "a CBOR map with a name twice");
        if (rc == OK)
            rc = make_value(p, depth - 1, &member);
        if (rc == OK && !map_set(names, name, member))
            rc = no_memory(p);
        if (rc == OK)
            json_add(object, name, member);
    }
    return rc;
}

static enum fault make_object(struct parser *p, const struct head *head, unsigned depth,
                              struct json **out)
{
    struct json *object = json_new(p->arena, JSON_OBJECT);
    struct map names;
    enum fault rc;

    if (!object)
        return no_memory(p);
    map_init(&names, p->whole.len);
    rc = make_members(p, head, depth, &names, object);
    map_release(&names);
    *out = object;
    return rc;
}

static enum fault make_tagged(struct parser *p, const struct head *head, unsigned depth,
                              struct json **out)
{
    enum fault rc;

    if (head->n != CBOR_TAG_TIME)
        return fail(p, FAULT_UNSUPPORTED, "a CBOR tag other than that of times");
    rc = make_value(p, depth - 1, out);
    if (rc == OK && !json_is(*out, JSON_NUMBER))
        return fail(p, FAULT_SYNTAX, "a CBOR time that is no number");
    return rc;
}

static enum fault make_value(struct parser *p, unsigned depth, struct json **out)
{
    struct head head;
    enum fault rc = take_head(p, &head);

    if (rc != OK)
        return rc;
    if (depth == 0)
        return fail(p, FAULT_TOO_LARGE, "CBOR that is nested too deeply");
    switch (head.major) {
    case CBOR_UNSIGNED:
    case CBOR_NEGATIVE:
        return make_number(p, &head, out);
    case CBOR_BYTES:
    case CBOR_TEXT:
        return make_text(p, &head, out);
    case CBOR_ARRAY:
        return make_array(p, &head, depth, out);
    case CBOR_MAP:
        return make_object(p, &head, depth, out);
    case CBOR_TAG:
        return make_tagged(p, &head, depth, out);
    case CBOR_SIMPLE:
        break;
    }
    return make_simple(p, &head, out);
}

enum fault cbor_parse(struct arena *arena, struct span bytes, struct json **out,
                      struct problem *why)
{
    struct parser p = {.arena = arena, .why = why, .whole = bytes, .rest = bytes};
    struct json *value = NULL;
    enum fault rc = make_value(&p, JSON_DEPTH_MAX, &value);

    if (rc == OK && p.rest.len > 0)
        rc = fail(&p, FAULT_SYNTAX, "bytes behind a CBOR value");
    if (rc == OK)
        *out = value;
    return rc;
}
