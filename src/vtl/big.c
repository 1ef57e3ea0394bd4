/* Big whole numbers in limbs of nine decimal digits, on the stack.  They are rare and short, so
 * the schoolbook ways are good enough; digits have a ceiling. */
#include "vtl/big.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BASE 1000000000u
#define LIMB_DIGITS 9
#define LIMBS_MAX (BIG_DIGITS_MAX / LIMB_DIGITS)

struct big {
    uint32_t limb[2 * LIMBS_MAX + 2]; /* the lowest first */
    int count;                        /* without leading zeros; 0 for zero */
    bool is_negative;
};

static void trim(struct big *a)
{
    while (a->count && a->limb[a->count - 1] == 0)
        a->count--;
    if (a->count == 0)
        a->is_negative = false;
}

static bool read_big(struct span text, struct big *out)
{
    memset(out, 0, sizeof *out);
    if (text.len && text.at[0] == '-') {
        out->is_negative = true;
        text = span_skip(text, 1);
    }
    while (text.len && text.at[0] == '0')
        text = span_skip(text, 1);
    if (text.len > BIG_DIGITS_MAX)
        return false;
    while (text.len) {
        size_t n = text.len % LIMB_DIGITS ? text.len % LIMB_DIGITS : LIMB_DIGITS;
        uint32_t limb = 0;

        for (size_t i = 0; i < n; i++)
            limb = limb * 10 + (uint32_t)(text.at[i] - '0');
        out->limb[(text.len - 1) / LIMB_DIGITS] = limb;
        if (!out->count)
            out->count = (int)((text.len - 1) / LIMB_DIGITS) + 1;
        text = span_skip(text, n);
    }
    trim(out);
    return true;
}

static bool write_big(struct arena *arena, const struct big *a, struct span *out)
{
    char text[(2 * LIMBS_MAX + 2) * LIMB_DIGITS + 2];
    size_t n = 0;

    if (a->count > LIMBS_MAX)
        return false;
    if (a->is_negative)
        text[n++] = '-';
    n += (size_t)snprintf(text + n, sizeof text - n, "%u", a->count ? a->limb[a->count - 1] : 0);
    for (int i = a->count - 2; i >= 0; i--)
        n += (size_t)snprintf(text + n, sizeof text - n, "%09u", a->limb[i]);
    *out = arena_copy(arena, (struct span){text, n});
    return out->at != NULL;
}

static int compare_sizes(const struct big *a, const struct big *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (int i = a->count - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

static void add_sizes(const struct big *a, const struct big *b, struct big *out)
{
    int n = a->count > b->count ? a->count : b->count;
    uint32_t carry = 0;

    for (int i = 0; i < n; i++) {
        uint32_t sum = (i < a->count ? a->limb[i] : 0) + (i < b->count ? b->limb[i] : 0) + carry;

        out->limb[i] = sum % BASE;
        carry = sum / BASE;
    }
    out->count = n;
    if (carry)
        out->limb[out->count++] = carry;
}

/* a >= b in size */
static void subtract_sizes(const struct big *a, const struct big *b, struct big *out)
{
    uint32_t borrow = 0;

    for (int i = 0; i < a->count; i++) {
        uint32_t less = (i < b->count ? b->limb[i] : 0) + borrow;

        borrow = a->limb[i] < less;
        out->limb[i] = a->limb[i] + (borrow ? BASE : 0) - less;
    }
    out->count = a->count;
    trim(out);
}

static void add(const struct big *a, const struct big *b, struct big *out)
{
    if (a->is_negative == b->is_negative) {
        add_sizes(a, b, out);
        out->is_negative = a->is_negative;
    } else if (compare_sizes(a, b) >= 0) {
        subtract_sizes(a, b, out);
        out->is_negative = a->is_negative;
    } else {
        subtract_sizes(b, a, out);
        out->is_negative = b->is_negative;
    }
    trim(out);
}

static void multiply(const struct big *a, const struct big *b, struct big *out)
{
    for (int i = 0; i < a->count; i++) {
        uint64_t carry = 0;

        for (int k = 0; k < b->count || carry; k++) {
            uint64_t sum = out->limb[i + k] + carry;

            if (k < b->count)
                sum += (uint64_t)a->limb[i] * b->limb[k];
            out->limb[i + k] = (uint32_t)(sum % BASE);
            carry = sum / BASE;
        }
    }
    out->count = a->count + b->count;
    out->is_negative = a->is_negative != b->is_negative;
    trim(out);
}

static void multiply_small(const struct big *a, uint32_t n, struct big *out)
{
    const struct big small = {.limb = {n}, .count = n != 0};

    memset(out, 0, sizeof *out);
    multiply(a, &small, out);
    out->is_negative = false;
}

/* One limb of a quotient: the largest q with divisor * q <= rest. */
static uint32_t quotient_limb(const struct big *rest, const struct big *divisor)
{
    uint32_t low = 0, high = BASE - 1;
    struct big product;

    while (low < high) {
        uint32_t middle = low + (high - low + 1) / 2;

        multiply_small(divisor, middle, &product);
        if (compare_sizes(&product, rest) <= 0)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static void divide(const struct big *a, const struct big *b, struct big *quotient, struct big *rest)
{
    struct big product, next;

    memset(rest, 0, sizeof *rest);
    for (int i = a->count - 1; i >= 0; i--) {
        memmove(&rest->limb[1], &rest->limb[0], (size_t)rest->count * sizeof rest->limb[0]);
        rest->limb[0] = a->limb[i];
        rest->count++;
        trim(rest);
        quotient->limb[i] = quotient_limb(rest, b);
        multiply_small(b, quotient->limb[i], &product);
        memset(&next, 0, sizeof next);
        subtract_sizes(rest, &product, &next);
        *rest = next;
    }
    quotient->count = a->count;
    quotient->is_negative = a->is_negative != b->is_negative;
    rest->is_negative = a->is_negative;
    trim(quotient);
    trim(rest);
}

bool big_calculate(struct arena *arena, enum big_operation operation, struct span a, struct span b,
                   struct span *out)
{
    struct big x, y, result = {.count = 0}, rest = {.count = 0};

    if (!read_big(a, &x) || !read_big(b, &y))
        return false;
    switch (operation) {
    case BIG_SUBTRACT:
        y.is_negative = !y.is_negative;
        add(&x, &y, &result);
        break;
    case BIG_ADD:
        add(&x, &y, &result);
        break;
    case BIG_MULTIPLY:
        multiply(&x, &y, &result);
        break;
    case BIG_DIVIDE:
        divide(&x, &y, &result, &rest);
        break;
    case BIG_MODULO:
        divide(&x, &y, &rest, &result);
        break;
    }
    return write_big(arena, &result, out);
}

int big_compare(struct span a, struct span b)
{
    struct big x, y;
    int order;

    if (!read_big(a, &x) || !read_big(b, &y))
        return span_compare(a, b);
    if (x.is_negative != y.is_negative)
        return x.is_negative ? -1 : 1;
    order = compare_sizes(&x, &y);
    return x.is_negative ? -order : order;
}
