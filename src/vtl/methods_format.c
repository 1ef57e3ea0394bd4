/* String.format: the conversions of java.util.Formatter that texts and numbers need. */
#include <stdio.h>

#include "base/ascii.h"
#include "vtl/arguments.h"
#include "vtl/print.h"
#include "vtl/text16.h"

#define WIDTH_MAX 1000
#define NUMBER_ROOM 1500

struct conversion {
    bool is_left, has_plus, has_blank, has_zero, has_comma, has_parenthesis;
    int width, precision; /* -1: not given */
    int argument;         /* from 1; 0: the next one */
    char kind;
};

static bool bad_format(struct method_call *call)
{
    return run_fail(call->run, FAULT_TYPE, "bad format or argument of format()");
}

static int take_number(struct span *s)
{
    int n = 0;

    while (s->len && ascii_is_digit(s->at[0]) && n <= WIDTH_MAX) {
        n = n * 10 + (s->at[0] - '0');
        *s = span_skip(*s, 1);
    }
    return n;
}

static bool take_flag(struct conversion *c, char flag)
{
    switch (flag) {
    case '-':
        return c->is_left = true;
    case '+':
        return c->has_plus = true;
    case ' ':
        return c->has_blank = true;
    case '0':
        return c->has_zero = true;
    case ',':
        return c->has_comma = true;
    case '(':
        return c->has_parenthesis = true;
    }
    return false;
}

/* Takes what follows '%'. */
static bool take_conversion(struct span *s, struct conversion *c)
{
    struct span before = *s;

    *c = (struct conversion){.width = -1, .precision = -1};
    if (s->len && ascii_is_digit(s->at[0]) && s->at[0] != '0') {
        c->argument = take_number(s);
        if (s->len && s->at[0] == '$') {
            *s = span_skip(*s, 1);
        } else {
            c->argument = 0;
            *s = before;
        }
    }
    while (s->len && take_flag(c, s->at[0]))
        *s = span_skip(*s, 1);
    if (s->len && ascii_is_digit(s->at[0]))
        c->width = take_number(s);
    if (s->len && s->at[0] == '.') {
        *s = span_skip(*s, 1);
        c->precision = take_number(s);
    }
    if (s->len == 0 || c->width > WIDTH_MAX || c->precision > WIDTH_MAX)
        return false;
    c->kind = s->at[0];
    *s = span_skip(*s, 1);
    return true;
}

static bool write_padded(struct run *run, const struct conversion *c, struct span text)
{
    size_t len = text16_len(text);
    size_t missing = c->width > 0 && (size_t)c->width > len ? (size_t)c->width - len : 0;

    if (c->is_left && !run_write(run, text))
        return false;
    while (missing--)
        if (!run_write(run, SPAN(" ")))
            return false;
    return c->is_left || run_write(run, text);
}

/* Puts separators between thousands of the whole part. */
static size_t group_digits(const char *digits, char *out)
{
    size_t whole = strspn(digits, "0123456789"), n = 0;

    for (size_t i = 0; digits[i]; i++) {
        if (i && i < whole && (whole - i) % 3 == 0)
            out[n++] = ',';
        out[n++] = digits[i];
    }
    out[n] = '\0';
    return n;
}

/* `digits` has no sign. */
static bool write_number(struct run *run, const struct conversion *c, bool is_negative,
                         const char *digits)
{
    char grouped[2 * NUMBER_ROOM], text[4 * NUMBER_ROOM];
    const char *sign = is_negative    ? (c->has_parenthesis ? "(" : "-")
                       : c->has_plus  ? "+"
                       : c->has_blank ? " "
                                      : "";
    const char *tail = is_negative && c->has_parenthesis ? ")" : "";
    size_t used = strlen(sign) + strlen(tail), zeros = 0, len;

    len = c->has_comma ? group_digits(digits, grouped)
                       : (size_t)snprintf(grouped, sizeof grouped, "%s", digits);
    if (c->has_zero && c->width > 0 && (size_t)c->width > used + len)
        zeros = (size_t)c->width - used - len;
    len = (size_t)snprintf(text, sizeof text, "%s%0*d", sign, (int)zeros, 0);
    if (zeros == 0)
        len = strlen(sign);
    len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", grouped, tail);
    return write_padded(run, c, (struct span){text, len});
}

static bool write_whole(struct method_call *call, const struct conversion *c, struct vtl_value v)
{
    char digits[NUMBER_ROOM];
    bool is_negative = v.type == VTL_BIG ? v.text[0] == '-' : v.number < 0;

    if ((v.type != VTL_INT && v.type != VTL_LONG && v.type != VTL_BIG) || c->precision >= 0)
        return bad_format(call);
    if (v.type == VTL_BIG)
        snprintf(digits, sizeof digits, "%.*s", SPAN_ARG(span_skip(vtl_span(v), is_negative)));
    else
        snprintf(digits, sizeof digits, "%llu",
                 (unsigned long long)(is_negative ? 0 - (uint64_t)v.number : (uint64_t)v.number));
    return write_number(call->run, c, is_negative, digits);
}

/* %x and %o print the bits of negative numbers. */
static bool write_bits(struct method_call *call, const struct conversion *c, struct vtl_value v)
{
    const char *format = c->kind == 'x' ? "%llx" : c->kind == 'X' ? "%llX" : "%llo";
    char digits[40];
    uint64_t bits = (uint64_t)v.number;

    if (v.type != VTL_INT && v.type != VTL_LONG)
        return bad_format(call);
    if (v.type == VTL_INT)
        bits = (uint32_t)bits;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(digits, sizeof digits, format, (unsigned long long)bits);
#pragma GCC diagnostic pop
    return write_number(call->run, c, false, digits);
}

static bool write_fraction(struct method_call *call, const struct conversion *c, struct vtl_value v)
{
    char digits[NUMBER_ROOM];
    double d;
    int precision = c->precision < 0 ? 6 : c->precision;

    if (v.type != VTL_DOUBLE && v.type != VTL_DECIMAL)
        return bad_format(call);
    d = number_as_double(v);
    if (c->kind == 'f')
        snprintf(digits, sizeof digits, "%.*f", precision, d < 0 ? -d : d);
    else
        snprintf(digits, sizeof digits, "%.*e", precision, d < 0 ? -d : d);
    return write_number(call->run, c, d < 0, digits);
}

static bool write_text(struct method_call *call, const struct conversion *c, struct vtl_value v)
{
    struct method_call upper = {.run = call->run};
    struct span text = SPAN("null");
    size_t len;

    if (v.type != VTL_NULL && !value_text(call->run, v, &text))
        return false;
    len = text16_len(text);
    if (c->precision >= 0 && (size_t)c->precision < len &&
        !text16_slice(call->run, text, 0, (size_t)c->precision, &text))
        return false;
    if (c->kind == 'S') {
        upper.self = vtl_text(text);
        if (!string_upper(&upper))
            return false;
        text = vtl_span(upper.result);
    }
    return write_padded(call->run, c, text);
}

static bool write_value(struct method_call *call, const struct conversion *c, struct vtl_value v)
{
    switch (c->kind) {
    case 's':
    case 'S':
        return write_text(call, c, v);
    case 'd':
        return v.type == VTL_NULL ? write_text(call, c, v) : write_whole(call, c, v);
    case 'x':
    case 'X':
    case 'o':
        return write_bits(call, c, v);
    case 'f':
    case 'e':
        return write_fraction(call, c, v);
    case 'b':
        return write_text(call, c, v.type == VTL_BOOL ? v : vtl_bool(v.type != VTL_NULL));
    case 'c':
        if (v.type != VTL_STRING || text16_len(vtl_span(v)) != 1)
            return bad_format(call);
        return write_text(call, c, v);
    }
    return bad_format(call);
}

static bool write_format(struct method_call *call, struct span s)
{
    uint32_t next = 1, place;
    struct conversion c;

    while (s.len) {
        size_t n = span_find(s, '%');

        if (!run_write(call->run, span_first(s, n)))
            return false;
        if (n == s.len)
            break;
        s = span_skip(s, n + 1);
        if (!take_conversion(&s, &c))
            return bad_format(call);
        if (c.kind == '%' || c.kind == 'n') {
            if (!write_padded(call->run, &c, c.kind == '%' ? SPAN("%") : SPAN("\n")))
                return false;
            continue;
        }
        place = c.argument ? (uint32_t)c.argument : next++;
        if (place >= call->count)
            return bad_format(call);
        if (!write_value(call, &c, call->arguments[place]))
            return false;
    }
    return true;
}

bool string_format(struct method_call *call)
{
    size_t mark = text_begin(call->run);
    struct span format, out;

    if (!argument_text(call, 0, &format))
        return true;
    return write_format(call, format) && text_end(call->run, mark, &out) && answer_text(call, out);
}
