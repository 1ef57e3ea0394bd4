/* Strict readers of numbers.  The C library's accept blanks, signs and the
 * locale's point; no process of Portico calls setlocale, so strtod reads a point. */
#include "base/number.h"

#include <math.h>
#include <stdlib.h>

#include "base/ascii.h"

bool number_u64(struct span s, uint64_t *out)
{
    uint64_t n = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_digit(s.at[i]))
            return false;
        if (__builtin_mul_overflow(n, 10u, &n) ||
            __builtin_add_overflow(n, (uint64_t)(s.at[i] - '0'), &n))
            return false;
    }
    *out = n;
    return true;
}

bool number_i64(struct span s, int64_t *out)
{
    bool is_negative = s.len > 0 && s.at[0] == '-';
    uint64_t n;

    if (!number_u64(is_negative ? span_skip(s, 1) : s, &n))
        return false;
    if (n > (uint64_t)INT64_MAX + (is_negative ? 1 : 0))
        return false;
    *out = is_negative ? (int64_t)(0 - n) : (int64_t)n;
    return true;
}

bool number_hex(struct span s, uint64_t *out)
{
    uint64_t n = 0;

    if (s.len == 0 || s.len > 16)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        int digit = ascii_hex(s.at[i]);

        if (digit < 0)
            return false;
        n = n << 4 | (uint64_t)digit;
    }
    *out = n;
    return true;
}

static size_t skip_digits(struct span s, size_t i)
{
    while (i < s.len && ascii_is_digit(s.at[i]))
        i++;
    return i;
}

/* Takes one or more digits at *i. */
static bool take_digits(struct span s, size_t *i)
{
    size_t start = *i;

    *i = skip_digits(s, start);
    return *i > start;
}

/* Takes the exponent at *i, if one begins there. */
static bool take_exponent(struct span s, size_t *i)
{
    if (*i == s.len || ascii_lower(s.at[*i]) != 'e')
        return true;
    (*i)++;
    if (*i < s.len && (s.at[*i] == '+' || s.at[*i] == '-'))
        (*i)++;
    return take_digits(s, i);
}

/* JSON's grammar: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool is_json_number(struct span s)
{
    size_t i = s.len > 0 && s.at[0] == '-' ? 1 : 0;
    size_t start = i;

    if (!take_digits(s, &i) || (s.at[start] == '0' && i > start + 1))
        return false;
    if (i < s.len && s.at[i] == '.') {
        i++;
        if (!take_digits(s, &i))
            return false;
    }
    return take_exponent(s, &i) && i == s.len;
}

bool number_double(struct span s, double *out)
{
    char text[512];
    double n;

    if (s.len >= sizeof text || !is_json_number(s))
        return false;
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    n = strtod(text, NULL);
    if (!isfinite(n))
        return false;
    *out = n;
    return true;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "put_hex8 turns the bytes round");

/* The eight digits of 32 bits at once: a nibble to each byte, then all to letters. */
static void put_hex8(uint32_t number, char *out)
{
    uint64_t n = number, above_nine;

    n = (n | n << 16) & 0x0000ffff0000ffff; /* lowest nibbles end up in the lowest byte */
    n = (n | n << 8) & 0x00ff00ff00ff00ff;
    n = (n | n << 4) & 0x0f0f0f0f0f0f0f0f;
    above_nine = (n + 0x0606060606060606) >> 4 & 0x0101010101010101;
    n += 0x3030303030303030 + above_nine * ('a' - '0' - 10);
    n = __builtin_bswap64(n);
    memcpy(out, &n, sizeof n);
}

void number_put_hex(uint64_t number, unsigned digits, char *out)
{
    char all[16];

    put_hex8((uint32_t)(number >> 32), all);
    put_hex8((uint32_t)number, all + 8);
    memcpy(out, all + sizeof all - digits, digits);
}
