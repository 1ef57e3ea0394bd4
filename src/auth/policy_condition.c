/* Condition operators: a table of names, and for each sort of value how it is read from a policy
 * and compared with a value of a request (iam-sts 4.4).
 *
 * Values of one key are alternatives; a negated operator holds when none of them matches.  A key
 * that is not there fails a positive operator and satisfies a negated one. */
#include "auth/policy_program.h"

#include <arpa/inet.h>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/number.h"

enum sort {
    SORT_TEXT,
    SORT_NUMBER,
    SORT_DATE,
    SORT_BOOL,
    SORT_BYTES,
    SORT_NETWORK,
    SORT_ARN,
    SORT_NULL
};

enum relation { IS_EQUAL, IS_LESS, IS_LESS_EQUAL, IS_GREATER, IS_GREATER_EQUAL };

struct operator_row {
    struct span name;
    enum sort sort;
    bool is_negated;
    unsigned style;         /* of texts: enum pattern_style */
    enum relation relation; /* of numbers and dates */
};

static const struct operator_row ROWS[] = {
    {SPAN_INIT("StringEquals"), SORT_TEXT, false, PATTERN_PLAIN, 0},
    {SPAN_INIT("StringNotEquals"), SORT_TEXT, true, PATTERN_PLAIN, 0},
    {SPAN_INIT("StringEqualsIgnoreCase"), SORT_TEXT, false, PATTERN_FOLD, 0},
    {SPAN_INIT("StringNotEqualsIgnoreCase"), SORT_TEXT, true, PATTERN_FOLD, 0},
    {SPAN_INIT("StringLike"), SORT_TEXT, false, PATTERN_WILD, 0},
    {SPAN_INIT("StringNotLike"), SORT_TEXT, true, PATTERN_WILD, 0},
    {SPAN_INIT("NumericEquals"), SORT_NUMBER, false, 0, IS_EQUAL},
    {SPAN_INIT("NumericNotEquals"), SORT_NUMBER, true, 0, IS_EQUAL},
    {SPAN_INIT("NumericLessThan"), SORT_NUMBER, false, 0, IS_LESS},
    {SPAN_INIT("NumericLessThanEquals"), SORT_NUMBER, false, 0, IS_LESS_EQUAL},
    {SPAN_INIT("NumericGreaterThan"), SORT_NUMBER, false, 0, IS_GREATER},
    {SPAN_INIT("NumericGreaterThanEquals"), SORT_NUMBER, false, 0, IS_GREATER_EQUAL},
    {SPAN_INIT("DateEquals"), SORT_DATE, false, 0, IS_EQUAL},
    {SPAN_INIT("DateNotEquals"), SORT_DATE, true, 0, IS_EQUAL},
    {SPAN_INIT("DateLessThan"), SORT_DATE, false, 0, IS_LESS},
    {SPAN_INIT("DateLessThanEquals"), SORT_DATE, false, 0, IS_LESS_EQUAL},
    {SPAN_INIT("DateGreaterThan"), SORT_DATE, false, 0, IS_GREATER},
    {SPAN_INIT("DateGreaterThanEquals"), SORT_DATE, false, 0, IS_GREATER_EQUAL},
    {SPAN_INIT("Bool"), SORT_BOOL, false, 0, 0},
    {SPAN_INIT("BinaryEquals"), SORT_BYTES, false, 0, 0},
    {SPAN_INIT("IpAddress"), SORT_NETWORK, false, 0, 0},
    {SPAN_INIT("NotIpAddress"), SORT_NETWORK, true, 0, 0},
    {SPAN_INIT("ArnEquals"), SORT_ARN, false, PATTERN_WILD, 0},
    {SPAN_INIT("ArnLike"), SORT_ARN, false, PATTERN_WILD, 0},
    {SPAN_INIT("ArnNotEquals"), SORT_ARN, true, PATTERN_WILD, 0},
    {SPAN_INIT("ArnNotLike"), SORT_ARN, true, PATTERN_WILD, 0},
    {SPAN_INIT("Null"), SORT_NULL, false, 0, 0},
};

static bool take_prefix(struct span *s, struct span prefix)
{
    if (!span_starts(*s, prefix))
        return false;
    *s = span_skip(*s, prefix.len);
    return true;
}

bool condition_operator(struct span name, struct condition *out)
{
    struct span suffix = SPAN("IfExists");

    out->set = take_prefix(&name, SPAN("ForAllValues:"))  ? SET_ALL
               : take_prefix(&name, SPAN("ForAnyValue:")) ? SET_ANY
                                                          : SET_NONE;
    out->if_exists = span_ends(name, suffix);
    if (out->if_exists)
        name.len -= suffix.len;
    for (size_t i = 0; i < COUNT(ROWS); i++)
        if (span_equal(ROWS[i].name, name)) {
            out->row = &ROWS[i];
            return ROWS[i].sort != SORT_NULL || (!out->if_exists && out->set == SET_NONE);
        }
    return false;
}

/* ---- values: read from texts ---------------------------------------------------------------- */

/* Exactly `digits` digits off the front. */
static bool take_number(struct span *s, size_t digits, int *out)
{
    uint64_t n;

    if (s->len < digits || !number_u64(span_first(*s, digits), &n))
        return false;
    *out = (int)n;
    *s = span_skip(*s, digits);
    return true;
}

/* "Z", "+hh:mm", "-hhmm" or nothing: minutes to subtract. */
static bool take_zone(struct span s, int *minutes)
{
    bool is_west = s.len > 0 && *s.at == '-';
    int h, m;

    *minutes = 0;
    if (s.len == 0 || span_is(s, "Z") || span_is(s, "z"))
        return true;
    if (*s.at != '+' && !is_west)
        return false;
    s = span_skip(s, 1);
    if (!take_number(&s, 2, &h))
        return false;
    take_prefix(&s, SPAN(":"));
    if (!take_number(&s, 2, &m) || s.len > 0)
        return false;
    *minutes = (is_west ? -1 : 1) * (h * 60 + m);
    return true;
}

/* "hh:mm", "hh:mm:ss" or "hh:mm:ss.fff" off the front, in milliseconds. */
static bool take_time(struct span *s, int64_t *out)
{
    int h, m, sec = 0, ms = 0, scale = 100;

    if (!take_number(s, 2, &h) || !take_prefix(s, SPAN(":")) || !take_number(s, 2, &m) || h > 24 ||
        m > 59)
        return false;
    if (take_prefix(s, SPAN(":")) && (!take_number(s, 2, &sec) || sec > 60))
        return false;
    if (take_prefix(s, SPAN(".")))
        for (; s->len > 0 && ascii_is_digit(*s->at); *s = span_skip(*s, 1), scale /= 10)
            ms += (*s->at - '0') * scale;
    *out = ((int64_t)h * 3600 + m * 60 + sec) * 1000 + ms;
    return true;
}

/* "2026-01-31" off the front, in days. */
static bool take_day(struct span *s, int64_t *out)
{
    int year, month, day;

    if (!take_number(s, 4, &year) || !take_prefix(s, SPAN("-")) || !take_number(s, 2, &month) ||
        !take_prefix(s, SPAN("-")) || !take_number(s, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *out = clock_days(year, month, day);
    return true;
}

/* ISO 8601, or seconds of the epoch. */
static bool read_date(struct span s, int64_t *out)
{
    int64_t time = 0, days;
    double seconds;
    int zone = 0;

    if (number_double(s, &seconds)) {
        if (seconds < -1e12 || seconds > 1e12)
            return false;
        *out = (int64_t)(seconds * 1000);
        return true;
    }
    if (!take_day(&s, &days))
        return false;
    if (s.len > 0 && (!take_prefix(&s, SPAN("T")) || !take_time(&s, &time) || !take_zone(s, &zone)))
        return false;
    *out = days * 86400000 + time - (int64_t)zone * 60000;
    return true;
}

static bool read_address(struct span s, unsigned char out[static 16], bool *is_v4)
{
    static const unsigned char MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char text[INET6_ADDRSTRLEN];

    if (s.len == 0 || s.len >= sizeof text || memchr(s.at, '\0', s.len))
        return false;
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    *is_v4 = inet_pton(AF_INET, text, out + 12) == 1;
    if (*is_v4)
        memcpy(out, MAPPED, sizeof MAPPED);
    return *is_v4 || inet_pton(AF_INET6, text, out) == 1;
}

static bool read_network(struct span s, struct network *out)
{
    size_t slash = span_find(s, '/');
    uint64_t bits = 128;
    bool is_v4;

    if (!read_address(span_first(s, slash), out->address, &is_v4))
        return false;
    if (slash < s.len) {
        if (!number_u64(span_skip(s, slash + 1), &bits) || bits > (is_v4 ? 32 : 128))
            return false;
        bits += is_v4 ? 96 : 0;
    }
    out->bits = (unsigned)bits;
    return true;
}

static bool read_truth(struct span s, bool *out)
{
    *out = span_equal_nocase(s, SPAN("true"));
    return *out || span_equal_nocase(s, SPAN("false"));
}

/* ---- compiling ------------------------------------------------------------------------------ */

static struct span value_text(const struct json *value)
{
    struct span text = {NULL, 0};

    json_scalar_text(value, &text);
    return text;
}

/* False when memory is gone. */
static bool compile_operand(struct arena *arena, struct span text, const struct operator_row *row,
                            unsigned variables, struct operand *out)
{
    switch (row->sort) {
    case SORT_TEXT:
        return pattern_compile(arena, text, row->style | variables, &out->text);
    case SORT_ARN:
        return arn_pattern_compile(arena, text, row->style | variables | PATTERN_EVERY_PART, false,
                                   &out->arn);
    case SORT_NUMBER:
        out->is_bad = !number_double(text, &out->number);
        return true;
    case SORT_DATE:
        out->is_bad = !read_date(text, &out->date);
        return true;
    case SORT_NETWORK:
        out->is_bad = !read_network(text, &out->network);
        return true;
    case SORT_BYTES:
        out->is_bad = !base64_decode(arena, text, false, &out->bytes);
        return !arena->is_over;
    case SORT_BOOL: /* "${key}" may say true or false */
        return pattern_compile(arena, text, PATTERN_FOLD | variables, &out->text);
    case SORT_NULL:
        out->is_bad = !read_truth(text, &out->truth);
        return true;
    }
    return false;
}

enum fault condition_compile(struct arena *arena, const struct json *values, bool has_variables,
                             struct condition *condition)
{
    const struct json *one = policy_list_first(values, &condition->count);
    unsigned variables = has_variables ? PATTERN_VARIABLES : 0;
    struct operand *operands = arena_try_array(arena, condition->count, sizeof *operands);
    bool is_bad = condition->count == 0;

    if (!operands && condition->count > 0)
        return FAULT_NO_MEMORY;
    condition->operands = operands;
    for (size_t i = 0; i < condition->count; i++, one = one->next) {
        struct span text = value_text(one);

        if (!text.at)
            operands[i].is_bad = true;
        else if (!compile_operand(arena, text, condition->row, variables, &operands[i]))
            return FAULT_NO_MEMORY;
        is_bad = is_bad || operands[i].is_bad;
    }
    return is_bad ? FAULT_TYPE : OK;
}

/* ---- comparing ------------------------------------------------------------------------------ */

static bool relates(enum relation relation, int order)
{
    switch (relation) {
    case IS_EQUAL:
        return order == 0;
    case IS_LESS:
        return order < 0;
    case IS_LESS_EQUAL:
        return order <= 0;
    case IS_GREATER:
        return order > 0;
    case IS_GREATER_EQUAL:
        return order >= 0;
    }
    return false;
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static bool is_inside(const struct network *network, struct span text)
{
    unsigned char address[16];
    unsigned bytes = network->bits / 8, rest = network->bits % 8;
    bool is_v4;

    if (!read_address(text, address, &is_v4) || memcmp(address, network->address, bytes) != 0)
        return false;
    return rest == 0 || ((address[bytes] ^ network->address[bytes]) >> (8 - rest)) == 0;
}

static bool bytes_match(const struct operand *operand, struct span text)
{
    struct arena arena;
    struct span bytes;
    bool is_equal;

    arena_init(&arena, 64 * 1024);
    is_equal = base64_decode(&arena, text, false, &bytes) && span_equal(bytes, operand->bytes);
    arena_release(&arena);
    return is_equal;
}

static bool operand_matches(const struct operand *operand, const struct operator_row *row,
                            const struct policy_context *context, struct span value)
{
    struct arn arn;
    double number;
    int64_t date;

    if (operand->is_bad)
        return false;
    switch (row->sort) {
    case SORT_TEXT:
        return pattern_matches(&operand->text, context, value, row->style & PATTERN_FOLD);
    case SORT_BOOL:
        return pattern_matches(&operand->text, context, value, true);
    case SORT_ARN:
        arn = arn_split(value);
        return arn_pattern_matches(&operand->arn, context, &arn);
    case SORT_NUMBER:
        return number_double(value, &number) &&
               relates(row->relation, ORDER(number, operand->number));
    case SORT_DATE:
        return read_date(value, &date) && relates(row->relation, ORDER(date, operand->date));
    case SORT_NETWORK:
        return is_inside(&operand->network, value);
    case SORT_BYTES:
        return bytes_match(operand, value);
    case SORT_NULL:
        break;
    }
    return false;
}

/* Does the operator hold for one value of the request? */
static bool holds_for(const struct condition *condition, const struct policy_context *context,
                      struct span value)
{
    bool is_found = false;

    for (size_t i = 0; i < condition->count && !is_found; i++)
        is_found = operand_matches(&condition->operands[i], condition->row, context, value);
    return is_found != condition->row->is_negated;
}

static bool null_holds(const struct condition *condition, const struct policy_key *key)
{
    bool is_absent = !key || (key->values ? key->count == 0 : key->value.len == 0);

    for (size_t i = 0; i < condition->count; i++)
        if (!condition->operands[i].is_bad && condition->operands[i].truth == is_absent)
            return true;
    return false;
}

bool condition_holds(const struct condition *condition, const struct policy_context *context)
{
    const struct policy_key *key = policy_key_find(context, condition->key, condition->hash);
    const struct span *values;
    size_t count;

    if (condition->row->sort == SORT_NULL)
        return null_holds(condition, key);
    if (!key || (key->values && key->count == 0))
        return condition->if_exists || condition->set == SET_ALL ||
               (condition->set == SET_NONE && condition->row->is_negated);
    if (condition->set == SET_NONE) /* a key of many values is not for these */
        return !key->values && holds_for(condition, context, key->value);
    values = key->values ? key->values : &key->value;
    count = key->values ? key->count : 1;
    for (size_t i = 0; i < count; i++)
        if (holds_for(condition, context, values[i]) != (condition->set == SET_ALL))
            return condition->set == SET_ANY;
    return condition->set == SET_ALL;
}
