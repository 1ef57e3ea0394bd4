/* Methods of Integer, Long, Double and Boolean, with the static ones that templates reach through
 * an instance: $i.parseInt("42"). */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "vtl/arguments.h"

static bool is_whole(struct vtl_value v)
{
    return v.type == VTL_INT || v.type == VTL_LONG;
}

/* Java's narrowing: a double is cut and kept within the range, a long loses its high bits. */
static int64_t as_long(struct vtl_value v)
{
    double d;

    if (is_whole(v))
        return v.number;
    d = number_as_double(v);
    if (isnan(d))
        return 0;
    if (d >= 9223372036854775807.0)
        return INT64_MAX;
    return d <= -9223372036854775808.0 ? INT64_MIN : (int64_t)d;
}

static bool number_int_value(struct method_call *call)
{
    int64_t n = as_long(call->self);

    if (!is_whole(call->self))
        n = n > INT32_MAX ? INT32_MAX : n < INT32_MIN ? INT32_MIN : n;
    return answer_int(call, (int32_t)(uint32_t)(uint64_t)n);
}

static bool number_long_value(struct method_call *call)
{
    return answer(call, (struct vtl_value){.type = VTL_LONG, .number = as_long(call->self)});
}

static bool number_double_value(struct method_call *call)
{
    return answer(call,
                  (struct vtl_value){.type = VTL_DOUBLE, .real = number_as_double(call->self)});
}

/* A float prints with fewer digits; it is kept as the double that prints the same. */
static bool number_float_value(struct method_call *call)
{
    char text[40];
    float f = (float)number_as_double(call->self);

    for (int precision = 1; precision <= 9; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, (double)f);
        if (strtof(text, NULL) == f)
            break;
    }
    return answer(call, (struct vtl_value){.type = VTL_DOUBLE, .real = strtod(text, NULL)});
}

/* Java has compareTo within one class only. */
static bool number_compare_to(struct method_call *call)
{
    if (call->arguments[0].type != call->self.type)
        return true;
    return answer_int(call, numbers_compare(call->self, call->arguments[0]));
}

static bool number_hash_code(struct method_call *call)
{
    uint64_t bits;

    if (call->self.type == VTL_INT)
        return answer_int(call, call->self.number);
    if (call->self.type != VTL_LONG && call->self.type != VTL_DOUBLE)
        return true;
    memcpy(&bits, &call->self.number, sizeof bits);
    return answer_int(call, (int32_t)(uint32_t)(bits ^ (bits >> 32)));
}

static bool bad_number(struct method_call *call, struct span text)
{
    return run_fail(call->run, FAULT_TYPE, "'%.*s' is no number", SPAN_ARG(text));
}

static bool parse_whole(struct method_call *call, int64_t least, int64_t most, enum vtl_type type)
{
    struct span text, digits;
    int64_t n;

    if (!argument_text(call, 0, &text))
        return true;
    digits = text;
    if (digits.len > 1 && digits.at[0] == '+' && digits.at[1] != '-')
        digits = span_skip(digits, 1);
    if (!number_i64(digits, &n) || n < least || n > most)
        return bad_number(call, text);
    return answer(call, (struct vtl_value){.type = type, .number = n});
}

static bool number_parse_int(struct method_call *call)
{
    return parse_whole(call, INT32_MIN, INT32_MAX, VTL_INT);
}

static bool number_parse_long(struct method_call *call)
{
    return parse_whole(call, INT64_MIN, INT64_MAX, VTL_LONG);
}

#define DOUBLE_TEXT_MAX 400

/* Java reads what strtod reads, but for hexadecimal and other names of infinity. */
static bool number_parse_double(struct method_call *call)
{
    char copy[DOUBLE_TEXT_MAX + 1];
    struct span text, s;
    char *end;
    double d;

    if (!argument_text(call, 0, &text))
        return true;
    s = span_trim(text);
    if (s.len == 0 || s.len > DOUBLE_TEXT_MAX)
        return bad_number(call, text);
    for (size_t i = 0; i < s.len; i++)
        if (!strchr("0123456789+-.eE", s.at[i]) || s.at[i] == '\0')
            return bad_number(call, text);
    memcpy(copy, s.at, s.len);
    copy[s.len] = '\0';
    d = strtod(copy, &end);
    if (*end != '\0')
        return bad_number(call, text);
    return answer(call, (struct vtl_value){.type = VTL_DOUBLE, .real = d});
}

static bool number_value_of(struct method_call *call)
{
    if (call->arguments[0].type == call->self.type)
        return answer(call, call->arguments[0]);
    if (call->self.type == VTL_INT)
        return number_parse_int(call);
    if (call->self.type == VTL_LONG)
        return number_parse_long(call);
    if (call->self.type == VTL_DOUBLE)
        return number_parse_double(call);
    return true;
}

static bool number_to_hex(struct method_call *call)
{
    struct span text;
    struct vtl_value n = call->arguments[0];

    if (!is_whole(n) || n.type != call->self.type)
        return true;
    text = n.type == VTL_INT ? arena_format(call->run->arena, "%x", (unsigned)(uint32_t)n.number)
                             : arena_format(call->run->arena, "%llx", (unsigned long long)n.number);
    return text.at ? answer_text(call, text) : run_no_memory(call->run);
}

static bool number_to_string(struct method_call *call)
{
    if (call->count == 1)
        call->self = call->arguments[0];
    return is_number(call->self) ? method_to_string(call) : true;
}

static const struct vtl_method NUMBER_ROWS[] = {
    {"compareTo", 1, 1, number_compare_to}, {"doubleValue", 0, 0, number_double_value},
    {"equals", 1, 1, method_equals},        {"floatValue", 0, 0, number_float_value},
    {"hashCode", 0, 0, number_hash_code},   {"intValue", 0, 0, number_int_value},
    {"longValue", 0, 0, number_long_value}, {"parseDouble", 1, 1, number_parse_double},
    {"parseInt", 1, 1, number_parse_int},   {"parseLong", 1, 1, number_parse_long},
    {"toHexString", 1, 1, number_to_hex},   {"toString", 0, 1, number_to_string},
    {"valueOf", 1, 1, number_value_of},
};

const struct method_table NUMBER_METHODS = {NUMBER_ROWS, COUNT(NUMBER_ROWS)};

/* ---- Boolean ----------------------------------------------------------------------------------*/

static bool bool_value(struct method_call *call)
{
    return answer(call, call->self);
}

static bool bool_compare_to(struct method_call *call)
{
    if (call->arguments[0].type != VTL_BOOL)
        return true;
    return answer_int(call, call->self.is_true - call->arguments[0].is_true);
}

static const struct vtl_method BOOL_ROWS[] = {
    {"booleanValue", 0, 0, bool_value},
    {"compareTo", 1, 1, bool_compare_to},
    {"equals", 1, 1, method_equals},
    {"toString", 0, 0, method_to_string},
};

const struct method_table BOOL_METHODS = {BOOL_ROWS, COUNT(BOOL_ROWS)};
