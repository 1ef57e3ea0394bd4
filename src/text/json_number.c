/* JSON numbers by value.  The text is the truth: it is compared digit by digit, so that numbers
 * that no double holds still compare right and nothing is rounded on the way. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/map.h"
#include "base/number.h"
#include "text/json.h"

/* An exponent beyond this says "huge" or "tiny"; longer texts cannot bring it back. */
#define EXPONENT_MAX 1000000000

/* digits * 10^(power - number of digits), so 0.digits * 10^power; zero has no digits. */
struct decimal {
    bool is_negative;
    struct span digits; /* significant ones, a point may stand among them */
    size_t count;       /* without the point */
    int64_t power;
};

static int64_t read_exponent(struct span s)
{
    bool is_negative = s.len > 0 && s.at[0] == '-';
    int64_t n = 0;

    if (s.len > 0 && (s.at[0] == '-' || s.at[0] == '+'))
        s = span_skip(s, 1);
    for (size_t i = 0; i < s.len && n <= EXPONENT_MAX; i++)
        n = n * 10 + (s.at[i] - '0');
    if (n > EXPONENT_MAX)
        n = EXPONENT_MAX;
    return is_negative ? -n : n;
}

static bool is_exponent_mark(char c)
{
    return c == 'e' || c == 'E';
}

static bool is_zero_or_point(char c)
{
    return c == '0' || c == '.';
}

/* Takes a JSON number apart; the text must be one. */
static struct decimal decimal_of(struct span s)
{
    struct decimal d = {.is_negative = s.len > 0 && s.at[0] == '-'};
    size_t end = 0, point, first, last;

    if (d.is_negative)
        s = span_skip(s, 1);
    while (end < s.len && !is_exponent_mark(s.at[end]))
        end++;
    if (end < s.len)
        d.power = read_exponent(span_skip(s, end + 1));
    s = span_first(s, end);
    point = span_find(s, '.');
    for (first = 0; first < end && is_zero_or_point(s.at[first]);)
        first++;
    for (last = end; last > first && is_zero_or_point(s.at[last - 1]);)
        last--;
    if (first == last)
        return (struct decimal){.is_negative = false};
    d.digits = span_make(s.at + first, last - first);
    d.count = last - first - (first < point && point < last ? 1 : 0);
    d.power += first < point ? (int64_t)(point - first) : -(int64_t)(first - point - 1);
    return d;
}

/* Steps over the point. */
static char next_digit(struct span *digits)
{
    char c;

    if (digits->len == 0)
        return '0';
    if (*digits->at == '.')
        *digits = span_skip(*digits, 1);
    c = *digits->at;
    *digits = span_skip(*digits, 1);
    return c;
}

static int compare_size(struct decimal a, struct decimal b)
{
    if (a.count == 0 || b.count == 0)
        return (a.count > 0) - (b.count > 0);
    if (a.power != b.power)
        return a.power < b.power ? -1 : 1;
    while (a.digits.len > 0 || b.digits.len > 0) {
        char x = next_digit(&a.digits), y = next_digit(&b.digits);

        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

int json_number_compare(struct span a, struct span b)
{
    struct decimal x, y;
    int64_t n, m;

    if (number_i64(a, &n) && number_i64(b, &m)) /* nearly always */
        return (n > m) - (n < m);
    if (span_equal(a, b))
        return 0;
    x = decimal_of(a);
    y = decimal_of(b);
    if (x.is_negative != y.is_negative)
        return x.is_negative ? -1 : 1;
    return x.is_negative ? compare_size(y, x) : compare_size(x, y);
}

uint64_t json_number_hash(struct span text)
{
    struct decimal d = decimal_of(text);
    char piece[64];
    uint64_t h = (uint64_t)d.power << 1 | d.is_negative;

    do { /* digits in pieces, each hashed together with what came before; the point is left out */
        size_t n = sizeof h;

        memcpy(piece, &h, n);
        while (d.digits.len > 0 && n < sizeof piece)
            piece[n++] = next_digit(&d.digits);
        h = map_hash(span_make(piece, n));
    } while (d.digits.len > 0);
    return h;
}

/* Writes the exact digits into `text`, as many as can matter to a double (768), then a mark that
 * more follow. */
static void shorten(struct decimal d, char *text, size_t size)
{
    size_t n = 0;

    if (d.is_negative)
        text[n++] = '-';
    text[n++] = '0';
    text[n++] = '.';
    while (d.digits.len > 0 && n < 800)
        text[n++] = next_digit(&d.digits);
    if (d.digits.len > 0)
        text[n++] = '1';
    snprintf(text + n, size - n, "e%lld", (long long)d.power);
}

bool json_double(const struct json *value, double *out)
{
    char text[840];
    double n;

    if (!json_is(value, JSON_NUMBER))
        return false;
    if (number_double(value->text, out))
        return true;
    shorten(decimal_of(value->text), text, sizeof text);
    n = strtod(text, NULL);
    if (!isfinite(n))
        return false;
    *out = n;
    return true;
}

bool json_number_int(struct span text, int64_t *out)
{
    struct decimal d;
    uint64_t n = 0;

    if (number_i64(text, out))
        return true;
    d = decimal_of(text);
    if (d.count == 0) {
        *out = 0;
        return true;
    }
    if (d.power > 19 || d.power < (int64_t)d.count)
        return false;
    for (int64_t i = 0; i < d.power; i++) {
        if (__builtin_mul_overflow(n, 10u, &n) ||
            __builtin_add_overflow(n, (uint64_t)(next_digit(&d.digits) - '0'), &n))
            return false;
    }
    if (n > (uint64_t)INT64_MAX + (d.is_negative ? 1 : 0))
        return false;
    *out = d.is_negative ? (int64_t)(0 - n) : (int64_t)n;
    return true;
}

bool json_int(const struct json *value, int64_t *out)
{
    return json_is(value, JSON_NUMBER) && json_number_int(value->text, out);
}

bool json_number_is_whole(struct span text)
{
    struct decimal d = decimal_of(text);

    return d.count == 0 || d.power >= (int64_t)d.count;
}

size_t json_number_digits(struct span text)
{
    return decimal_of(text).count;
}

/* base * 10^n modulo `by`, by squaring. */
static uint64_t shift_modulo(uint64_t base, int64_t n, uint64_t by)
{
    unsigned __int128 result = base % by, ten = 10 % by;

    for (; n > 0; n /= 2) {
        if (n % 2)
            result = result * ten % by;
        ten = ten * ten % by;
    }
    return (uint64_t)result;
}

/* With digits a and b that do not end in 0: a * 10^x is a multiple of b * 10^y only if x >= y,
 * and then if b divides a * 10^(x - y). */
bool json_number_is_multiple(struct span text, struct span of)
{
    struct decimal a = decimal_of(text), b = decimal_of(of);
    unsigned __int128 rest = 0;
    uint64_t divisor = 0;
    int64_t shift;

    assert(b.count > 0 && b.count <= JSON_DIVISOR_DIGITS);
    if (a.count == 0)
        return true;
    shift = (a.power - (int64_t)a.count) - (b.power - (int64_t)b.count);
    if (shift < 0)
        return false;
    while (b.digits.len > 0)
        divisor = divisor * 10 + (uint64_t)(next_digit(&b.digits) - '0');
    while (a.digits.len > 0)
        rest = (rest * 10 + (unsigned)(next_digit(&a.digits) - '0')) % divisor;
    return shift_modulo((uint64_t)rest, shift, divisor) == 0;
}

struct json *json_number(struct arena *arena, int64_t n)
{
    struct json *value = json_new(arena, JSON_NUMBER);

    if (value)
        value->text = arena_format(arena, "%lld", (long long)n);
    return value && value->text.at ? value : NULL;
}

struct json *json_real(struct arena *arena, double n)
{
    struct json *value = json_new(arena, isfinite(n) ? JSON_NUMBER : JSON_NULL);
    char text[40];
    int len = 0;

    if (!value || value->type == JSON_NULL)
        return value;
    for (int digits = 1; digits <= 17; digits++) {
        len = snprintf(text, sizeof text, "%.*g", digits, n);
        if (strtod(text, NULL) == n)
            break;
    }
    if (strchr(text, 'e') && fabs(n) < 1e15 && n == trunc(n))
        len = snprintf(text, sizeof text, "%.1f", n); /* 100000.0, not 1e+05 */
    if (!strpbrk(text, ".e"))
        len += snprintf(text + len, sizeof text - (size_t)len, ".0");
    value->text = arena_copy(arena, span_make(text, (size_t)len));
    return value->text.at ? value : NULL;
}
