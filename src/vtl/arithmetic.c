/* Arithmetic as Velocity's MathUtils does it on Java's numbers: whole numbers stay whole and widen
 * from Integer to Long to BigInteger when they overflow; with a fraction all becomes Double. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "vtl/big.h"
#include "vtl/run.h"

bool is_number(struct vtl_value v)
{
    return v.type == VTL_INT || v.type == VTL_LONG || v.type == VTL_BIG || v.type == VTL_DOUBLE ||
           v.type == VTL_DECIMAL;
}

static bool is_fraction(struct vtl_value v)
{
    return v.type == VTL_DOUBLE || v.type == VTL_DECIMAL;
}

#define NUMBER_TEXT_MAX 1024

double number_as_double(struct vtl_value v)
{
    char text[NUMBER_TEXT_MAX];

    if (v.type == VTL_DOUBLE)
        return v.real;
    if (v.type == VTL_INT || v.type == VTL_LONG)
        return (double)v.number;
    snprintf(text, sizeof text, "%.*s", SPAN_ARG(vtl_span(v)));
    return strtod(text, NULL); /* Portico never sets a locale, so '.' is the point */
}

/* The digits of a whole number; of a small one in `room`. */
static struct span digits_of(struct vtl_value v, char room[static 24])
{
    if (v.type == VTL_BIG)
        return vtl_span(v);
    return (struct span){room, (size_t)snprintf(room, 24, "%lld", (long long)v.number)};
}

static int compare_doubles(double a, double b)
{
    return (a > b) - (a < b);
}

int numbers_compare(struct vtl_value a, struct vtl_value b)
{
    char room_a[24], room_b[24];

    if (is_fraction(a) || is_fraction(b))
        return compare_doubles(number_as_double(a), number_as_double(b));
    if (a.type == VTL_BIG || b.type == VTL_BIG)
        return big_compare(digits_of(a, room_a), digits_of(b, room_b));
    return (a.number > b.number) - (a.number < b.number);
}

static bool is_zero(struct vtl_value v)
{
    return number_as_double(v) == 0;
}

static struct vtl_value calculate_doubles(enum expression_kind kind, double a, double b)
{
    double result = 0;

    if (kind == EXPRESSION_ADD)
        result = a + b;
    else if (kind == EXPRESSION_SUBTRACT)
        result = a - b;
    else if (kind == EXPRESSION_MULTIPLY)
        result = a * b;
    else if (kind == EXPRESSION_DIVIDE)
        result = a / b;
    else
        result = fmod(a, b);
    return (struct vtl_value){.type = VTL_DOUBLE, .real = result};
}

static bool calculate_big(struct run *run, enum expression_kind kind, struct vtl_value a,
                          struct vtl_value b, struct vtl_value *out)
{
    static const enum big_operation OPERATIONS[] = {
        [EXPRESSION_ADD - EXPRESSION_ADD] = BIG_ADD,
        [EXPRESSION_SUBTRACT - EXPRESSION_ADD] = BIG_SUBTRACT,
        [EXPRESSION_MULTIPLY - EXPRESSION_ADD] = BIG_MULTIPLY,
        [EXPRESSION_DIVIDE - EXPRESSION_ADD] = BIG_DIVIDE,
        [EXPRESSION_MODULO - EXPRESSION_ADD] = BIG_MODULO,
    };
    char room_a[24], room_b[24];
    struct span x = digits_of(a, room_a), y = digits_of(b, room_b), text;

    if (!run_charge(run, x.len * y.len * 4))
        return false;
    if (!big_calculate(run->arena, OPERATIONS[kind - EXPRESSION_ADD], x, y, &text))
        return run_fail(run, FAULT_TOO_LARGE, "number has over %d digits", BIG_DIGITS_MAX);
    *out = vtl_text(text);
    out->type = VTL_BIG;
    return true;
}

/* False on overflow. */
static bool calculate_whole(enum expression_kind kind, int64_t a, int64_t b, int64_t *out)
{
    if (kind == EXPRESSION_ADD)
        return !__builtin_add_overflow(a, b, out);
    if (kind == EXPRESSION_SUBTRACT)
        return !__builtin_sub_overflow(a, b, out);
    if (kind == EXPRESSION_MULTIPLY)
        return !__builtin_mul_overflow(a, b, out);
    if (b == -1) {
        *out = kind == EXPRESSION_DIVIDE ? (int64_t)(0 - (uint64_t)a) : 0; /* as Java wraps */
        return true;
    }
    *out = kind == EXPRESSION_DIVIDE ? a / b : a % b;
    return true;
}

static bool calculate_numbers(struct run *run, enum expression_kind kind, struct vtl_value a,
                              struct vtl_value b, struct vtl_value *out)
{
    int64_t whole;

    if ((kind == EXPRESSION_DIVIDE || kind == EXPRESSION_MODULO) && is_zero(b))
        return true;
    if (is_fraction(a) || is_fraction(b)) {
        *out = calculate_doubles(kind, number_as_double(a), number_as_double(b));
        return true;
    }
    if (a.type == VTL_BIG || b.type == VTL_BIG ||
        !calculate_whole(kind, a.number, b.number, &whole))
        return calculate_big(run, kind, a, b, out);
    *out = vtl_number(whole);
    if (a.type == VTL_LONG || b.type == VTL_LONG)
        out->type = VTL_LONG;
    return true;
}

static bool concatenate(struct run *run, struct vtl_value a, struct vtl_value b,
                        struct vtl_value *out)
{
    struct span left, right, text;
    size_t mark;

    if (!value_text(run, a, &left) || !value_text(run, b, &right))
        return false;
    mark = text_begin(run);
    if (!run_write(run, left) || !run_write(run, right) || !text_end(run, mark, &text))
        return false;
    *out = vtl_text(text);
    return true;
}

bool calculate(struct run *run, enum expression_kind kind, struct vtl_value a, struct vtl_value b,
               struct vtl_value *out)
{
    *out = vtl_null();
    if (kind == EXPRESSION_ADD && (a.type == VTL_STRING || b.type == VTL_STRING))
        return concatenate(run, a, b, out);
    if (!is_number(a) || !is_number(b))
        return true;
    return calculate_numbers(run, kind, a, b, out);
}
