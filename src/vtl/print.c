/* Java's toString of values.  JSON arrays print as JSON, JSON objects as Java maps: that is how
 * json-smart's classes behave, and how API Gateway was recorded. */
#include "vtl/print.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

static bool print_at(struct buf *out, struct vtl_value value, unsigned depth);
static bool json_at_depth(struct buf *out, struct vtl_value value, bool escape_slash,
                          unsigned depth);

/* ---- numbers ----------------------------------------------------------------------------------*/

#define EXACT_MAX 9007199254740992.0 /* up to here every whole number is a double */

/* Most fractions are short: whole numbers over a small power of ten, which divides back to the same
 * double.  Prints those; false for others. */
static bool print_short(struct buf *out, double d)
{
    static const double POWERS[] = {1e1, 1e2, 1e3, 1e4, 1e5, 1e6};

    if (d < 1e-3 || d >= 1e7)
        return false;
    for (unsigned i = 0; i < COUNT(POWERS); i++) {
        double scaled = rint(d * POWERS[i]);
        char digits[24];
        size_t n = sizeof digits;
        uint64_t whole;

        if (scaled >= EXACT_MAX || scaled / POWERS[i] != d)
            continue;
        whole = (uint64_t)scaled;
        for (unsigned k = 0; k <= i; k++, whole /= 10)
            digits[--n] = (char)('0' + whole % 10);
        digits[--n] = '.';
        return buf_add_u64(out, whole) &&
               buf_add(out, (struct span){digits + n, sizeof digits - n});
    }
    return false;
}

/* The shortest digits that read back as d > 0, and the exponent of the first. */
static int shortest(double d, char digits[static 32], int *exponent)
{
    char text[PRINT_DOUBLE_MAX];
    int n = 0;

    /* 15 digits read back when fewer would, but for the smallest of all; the zeros they end with
     * are dropped below */
    for (int precision = d < DBL_MIN ? 1 : 14; precision < 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, d);
        if (strtod(text, NULL) == d)
            break;
    }
    for (const char *c = text; *c != 'e'; c++)
        if (*c != '.')
            digits[n++] = *c;
    *exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    while (n > 1 && digits[n - 1] == '0')
        n--;
    return n;
}

/* d > 0 */
static void print_finite(struct buf *out, double d)
{
    char digits[32];
    int n, exponent;

    n = shortest(d, digits, &exponent);
    if (d < 1e-3 || d >= 1e7) {
        buf_add_char(out, digits[0]);
        buf_addf(out, ".%.*sE%d", n > 1 ? n - 1 : 1, n > 1 ? digits + 1 : "0", exponent);
    } else if (exponent < 0) {
        buf_addf(out, "0.%.*s%.*s", -exponent - 1, "000", n, digits);
    } else {
        for (int i = 0; i <= exponent; i++)
            buf_add_char(out, i < n ? digits[i] : '0');
        buf_addf(out, ".%.*s", n > exponent + 1 ? n - exponent - 1 : 1,
                 n > exponent + 1 ? digits + exponent + 1 : "0");
    }
}

void print_double(struct buf *out, double d)
{
    if (isnan(d) || isinf(d)) {
        buf_add_text(out, isnan(d) ? "NaN" : d < 0 ? "-Infinity" : "Infinity");
        return;
    }
    if (signbit(d))
        buf_add_char(out, '-');
    d = fabs(d);
    if (d == 0) {
        buf_add_text(out, "0.0");
        return;
    }
    if (!print_short(out, d) && !out->is_over)
        print_finite(out, d);
}

/* ---- Java
 * ---------------------------------------------------------------------------------------*/

static bool print_part(struct buf *out, struct vtl_value value, unsigned depth)
{
    if (value.type == VTL_NULL)
        return buf_add_text(out, "null"), true;
    return print_at(out, value, depth);
}

static bool print_list(struct buf *out, struct vtl_list *list, unsigned depth)
{
    if (list->kind == VTL_JSON_ARRAY)
        return json_at_depth(out, vtl_of_list(list), true, depth);
    if (list->kind == VTL_ARRAY)
        return buf_add_text(out, "[Ljava.lang.Object;@1"), true;
    buf_add_char(out, '[');
    for (uint32_t i = 0; i < list->count && !out->is_over; i++) {
        if (i)
            buf_add_text(out, ", ");
        if (list->at[i].type == VTL_LIST && list->at[i].list == list)
            buf_add_text(out, "(this Collection)");
        else if (!print_part(out, list->at[i], depth))
            return false;
    }
    buf_add_char(out, ']');
    return true;
}

static bool print_map(struct buf *out, struct vtl_map *map, unsigned depth)
{
    if (map->is_silent)
        return true;
    if (!vtl_map_open(map))
        return true;
    buf_add_char(out, '{');
    for (uint32_t i = 0; i < map->count && !out->is_over; i++) {
        if (i)
            buf_add_text(out, ", ");
        if (!print_part(out, map->at[i].key, depth))
            return false;
        buf_add_char(out, '=');
        if (map->at[i].value.type == VTL_MAP && map->at[i].value.map == map)
            buf_add_text(out, "(this Map)");
        else if (!print_part(out, map->at[i].value, depth))
            return false;
    }
    buf_add_char(out, '}');
    return true;
}

static bool print_at(struct buf *out, struct vtl_value value, unsigned depth)
{
    if (depth > PRINT_DEPTH_MAX)
        return false;
    switch (value.type) {
    case VTL_BOOL:
        return buf_add_text(out, value.is_true ? "true" : "false"), true;
    case VTL_INT:
    case VTL_LONG:
        if (value.number < 0)
            buf_add_char(out, '-');
        return buf_add_u64(out,
                           value.number < 0 ? 0 - (uint64_t)value.number : (uint64_t)value.number),
               true;
    case VTL_DOUBLE:
        return print_double(out, value.real), true;
    case VTL_BIG:
    case VTL_DECIMAL:
    case VTL_STRING:
        return buf_add(out, vtl_span(value)), true;
    case VTL_CLASS:
        return buf_addf(out, "class %.*s", SPAN_ARG(vtl_span(value))), true;
    case VTL_LIST:
        return print_list(out, value.list, depth + 1);
    case VTL_MAP:
        return print_map(out, value.map, depth + 1);
    case VTL_ENTRY:
        if (!print_part(out, value.entry->key, depth + 1))
            return false;
        buf_add_char(out, '=');
        return print_part(out, value.entry->value, depth + 1);
    case VTL_NULL:
    case VTL_ITERATOR:
    case VTL_BLOCK:
    case VTL_LOOP:
    case VTL_INPUT:
    case VTL_UTIL:
        break;
    }
    return true;
}

bool print_value(struct buf *out, struct vtl_value value)
{
    return print_at(out, value, 0);
}

/* ---- JSON -------------------------------------------------------------------------------------*/

static const char *short_escape(uint32_t c, bool escape_slash)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    case '/':
        return escape_slash ? "\\/" : NULL;
    }
    return NULL;
}

static bool is_plain(unsigned char c, bool escape_slash)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\' && (c != '/' || !escape_slash);
}

static void quote(struct buf *out, struct span s, bool escape_slash)
{
    buf_add_char(out, '"');
    while (s.len) {
        size_t n = 0;
        struct span before;
        uint32_t c;

        while (n < s.len && is_plain((unsigned char)s.at[n], escape_slash))
            n++;
        buf_add(out, span_first(s, n));
        s = span_skip(s, n);
        before = s;
        if (s.len == 0)
            break;
        if (!utf8_take(&s, &c)) {
            s = span_skip(s, 1);
            c = 0xFFFD;
        }
        if (short_escape(c, escape_slash))
            buf_add_text(out, short_escape(c, escape_slash));
        else if (c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x2000 && c <= 0x20FF))
            buf_addf(out, "\\u%04X", c);
        else if (c == 0xFFFD)
            buf_add_text(out, "\xEF\xBF\xBD");
        else
            buf_add(out, span_first(before, before.len - s.len));
    }
    buf_add_char(out, '"');
}

static bool json_list(struct buf *out, struct vtl_list *list, bool escape_slash, unsigned depth)
{
    if (!vtl_list_open(list))
        return true;
    buf_add_char(out, '[');
    for (uint32_t i = 0; i < list->count && !out->is_over; i++) {
        if (i)
            buf_add_char(out, ',');
        if (!json_at_depth(out, list->at[i], escape_slash, depth))
            return false;
    }
    buf_add_char(out, ']');
    return true;
}

static void json_key(struct buf *out, struct vtl_value key, bool escape_slash)
{
    struct buf text;

    if (key.type == VTL_STRING) {
        quote(out, vtl_span(key), escape_slash);
        return;
    }
    buf_init(&text, 4096);
    if (print_value(&text, key))
        quote(out, buf_span(&text), escape_slash);
    buf_release(&text);
}

static bool json_map(struct buf *out, struct vtl_map *map, bool escape_slash, unsigned depth)
{
    if (!vtl_map_open(map))
        return true;
    buf_add_char(out, '{');
    for (uint32_t i = 0; i < map->count && !out->is_over; i++) {
        if (i)
            buf_add_char(out, ',');
        json_key(out, map->at[i].key, escape_slash);
        buf_add_char(out, ':');
        if (!json_at_depth(out, map->at[i].value, escape_slash, depth))
            return false;
    }
    buf_add_char(out, '}');
    return true;
}

static bool json_at_depth(struct buf *out, struct vtl_value value, bool escape_slash,
                          unsigned depth)
{
    if (depth > PRINT_DEPTH_MAX)
        return false;
    switch (value.type) {
    case VTL_NULL:
        return buf_add_text(out, "null"), true;
    case VTL_STRING:
        return quote(out, vtl_span(value), escape_slash), true;
    case VTL_DOUBLE:
        if (isnan(value.real) || isinf(value.real))
            return buf_add_text(out, "null"), true;
        return print_double(out, value.real), true;
    case VTL_LIST:
        return json_list(out, value.list, escape_slash, depth + 1);
    case VTL_MAP:
        return json_map(out, value.map, escape_slash, depth + 1);
    case VTL_BOOL:
    case VTL_INT:
    case VTL_LONG:
    case VTL_BIG:
    case VTL_DECIMAL:
    case VTL_CLASS:
    case VTL_ENTRY:
    case VTL_ITERATOR:
    case VTL_BLOCK:
    case VTL_LOOP:
    case VTL_INPUT:
    case VTL_UTIL:
        break;
    }
    return print_at(out, value, depth);
}

bool print_json(struct buf *out, struct vtl_value value, bool escape_slash)
{
    return json_at_depth(out, value, escape_slash, 0);
}

#define PRINT_MAX (10 * 1024 * 1024)

bool vtl_print(struct arena *arena, struct vtl_value value, struct span *out)
{
    struct buf text;
    bool is_done;

    if (value.type == VTL_STRING) {
        *out = vtl_span(value);
        return true;
    }
    buf_init(&text, PRINT_MAX);
    is_done = print_value(&text, value) && !text.is_over;
    if (is_done)
        *out = arena_copy(arena, buf_span(&text));
    buf_release(&text);
    return is_done && out->at;
}
