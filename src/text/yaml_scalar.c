/* The rules of YAML 1.1 (yaml.org/type) as the reader that AWS uses applies them.  JSON allows
 * fewer forms of numbers, so what is a number is written anew. */
#include "text/yaml_scalar.h"

#include "base/ascii.h"

#define DIGITS_MAX 400 /* longer ones are texts */

static bool is_one_of(struct span text, const char *const words[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_is(text, words[i]))
            return true;
    return false;
}

static bool is_null(struct span text)
{
    static const char *const WORDS[] = {"", "~", "null", "Null", "NULL"};

    return is_one_of(text, WORDS, COUNT(WORDS));
}

static bool is_bool(struct span text, bool *value)
{
    static const char *const TRUE[] = {"true", "True", "TRUE", "yes", "Yes",
                                       "YES",  "on",   "On",   "ON"};
    static const char *const FALSE[] = {"false", "False", "FALSE", "no", "No",
                                        "NO",    "off",   "Off",   "OFF"};

    *value = is_one_of(text, TRUE, COUNT(TRUE));
    return *value || is_one_of(text, FALSE, COUNT(FALSE));
}

/* Takes digits and '_' off the front; the digits alone go to `out`.  Answers their number. */
static size_t take_digits(struct span *in, struct buf *out)
{
    size_t n = 0;

    for (; in->len > 0 && (ascii_is_digit(in->at[0]) || (n > 0 && in->at[0] == '_'));
         *in = span_skip(*in, 1))
        if (in->at[0] != '_') {
            buf_add_char(out, in->at[0]);
            n++;
        }
    return n;
}

/* Digits of base 2, 8 or 16 as a decimal number; false when there are others or too many. */
static bool add_based(struct buf *out, struct span digits, unsigned base)
{
    uint64_t value = 0;

    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.at[i];
        unsigned digit = ascii_is_digit(c)      ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 99;

        if (c == '_')
            continue;
        if (digit >= base || value > (UINT64_MAX - digit) / base)
            return false;
        value = value * base + digit;
    }
    return digits.len > 0 && buf_add_u64(out, value);
}

static bool read_based(struct buf *out, struct span in)
{
    if (in.len < 2 || in.at[0] != '0')
        return false;
    if (in.at[1] == 'x')
        return add_based(out, span_skip(in, 2), 16);
    if (in.at[1] == 'b')
        return add_based(out, span_skip(in, 2), 2);
    return add_based(out, span_skip(in, 1), 8);
}

/* Leading zeros are not JSON. */
static void drop_zeros(struct buf *out, size_t from)
{
    size_t n = 0;

    while (from + n + 1 < out->len && out->at[from + n] == '0')
        n++;
    memmove(out->at + from, out->at + from + n, out->len - from - n);
    out->len -= n;
}

/* A decimal number, whole or with a fraction or an exponent. */
static bool read_decimal(struct buf *out, struct span in)
{
    size_t from = out->len, whole = take_digits(&in, out), fraction = 0;
    bool has_zero = whole > 1 && out->at[from] == '0';

    if (in.len == 0)
        return whole > 0 && !has_zero;
    if (whole == 0)
        buf_add_char(out, '0');
    else
        drop_zeros(out, from);
    if (in.at[0] == '.') {
        in = span_skip(in, 1);
        buf_add_char(out, '.');
        fraction = take_digits(&in, out);
        if (whole + fraction == 0)
            return false;
        if (fraction == 0)
            buf_add_char(out, '0');
    }
    if (in.len == 0)
        return true;
    if (in.at[0] != 'e' && in.at[0] != 'E')
        return false;
    in = span_skip(in, 1);
    buf_add_char(out, 'e');
    if (in.len > 0 && (in.at[0] == '+' || in.at[0] == '-')) {
        buf_add_char(out, in.at[0]);
        in = span_skip(in, 1);
    }
    return take_digits(&in, out) > 0 && in.len == 0;
}

/* The JSON text of a number, or false. */
static bool read_number(struct buf *out, struct span text)
{
    size_t sign;

    if (text.len == 0 || text.len > DIGITS_MAX)
        return false;
    if (text.at[0] == '-')
        buf_add_char(out, '-');
    if (text.at[0] == '-' || text.at[0] == '+')
        text = span_skip(text, 1);
    sign = out->len;
    if (text.len == 0 || (text.at[0] != '.' && !ascii_is_digit(text.at[0])))
        return false;
    if (read_based(out, text))
        return true;
    out->len = sign;
    return read_decimal(out, text);
}

bool yaml_scalar(struct arena *arena, struct span text, struct json *out)
{
    struct buf number;
    bool value;

    out->type = JSON_STRING;
    out->text = text;
    if (is_null(text)) {
        out->type = JSON_NULL;
    } else if (is_bool(text, &value)) {
        out->type = value ? JSON_TRUE : JSON_FALSE;
    } else {
        buf_init(&number, DIGITS_MAX + 8);
        if (read_number(&number, text) && !number.is_over) {
            out->type = JSON_NUMBER;
            out->text = arena_copy(arena, buf_span(&number));
        }
        buf_release(&number);
    }
    return out->type != JSON_NUMBER || out->text.at != NULL;
}
