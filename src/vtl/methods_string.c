/* Methods of java.lang.String.  Indexes count UTF-16 units, as in Java. */
#include <locale.h>
#include <pthread.h>
#include <wctype.h>

#include "base/utf8.h"
#include "vtl/arguments.h"
#include "vtl/text16.h"

static bool out_of_range(struct method_call *call)
{
    return run_fail(call->run, FAULT_RANGE, "string index is out of range");
}

static struct span self_of(const struct method_call *call)
{
    return vtl_span(call->self);
}

static bool charge_self(struct method_call *call)
{
    return run_charge(call->run, self_of(call).len);
}

static bool string_length(struct method_call *call)
{
    return charge_self(call) && answer_int(call, (int64_t)text16_len(self_of(call)));
}

static bool string_is_empty(struct method_call *call)
{
    return answer_bool(call, call->self.len == 0);
}

static bool string_substring(struct method_call *call)
{
    int64_t len, from, to;
    struct span out;

    if (!charge_self(call))
        return false;
    len = (int64_t)text16_len(self_of(call));
    to = len;
    if (!argument_int(call, 0, &from) || (call->count == 2 && !argument_int(call, 1, &to)))
        return true;
    if (from < 0 || to > len || from > to)
        return out_of_range(call);
    return text16_slice(call->run, self_of(call), (size_t)from, (size_t)to, &out) &&
           answer_text(call, out);
}

static bool string_char_at(struct method_call *call)
{
    int64_t i;
    struct span out;

    if (!charge_self(call))
        return false;
    if (!argument_int(call, 0, &i))
        return true;
    if (i < 0 || i >= (int64_t)text16_len(self_of(call)))
        return out_of_range(call);
    return text16_slice(call->run, self_of(call), (size_t)i, (size_t)i + 1, &out) &&
           answer_text(call, out);
}

static bool string_code_point_at(struct method_call *call)
{
    int64_t i;
    struct span s = self_of(call);
    uint32_t c;

    if (!charge_self(call))
        return false;
    if (!argument_int(call, 0, &i))
        return true;
    if (i < 0 || i >= (int64_t)text16_len(s))
        return out_of_range(call);
    s = span_skip(s, text16_offset(s, (size_t)i));
    return answer_int(call, utf8_take(&s, &c) ? (int64_t)c : 0xFFFD);
}

/* A text, or the code point of one. */
static bool argument_needle(struct method_call *call, char room[static 4], struct span *out)
{
    int64_t point;

    if (argument_text(call, 0, out))
        return true;
    if (!argument_int(call, 0, &point) || point < 0 || point > 0x10FFFF ||
        (point >= 0xD800 && point < 0xE000))
        return false;
    *out = (struct span){room, utf8_put((uint32_t)point, room)};
    return true;
}

static bool string_index_of(struct method_call *call)
{
    struct span s = self_of(call), needle;
    char room[4];
    int64_t from = 0;
    size_t skipped, found;

    if (!charge_self(call))
        return false;
    if (!argument_needle(call, room, &needle) ||
        (call->count == 2 && !argument_int(call, 1, &from)))
        return true;
    skipped = text16_offset(s, from < 0 ? 0 : (size_t)from);
    found = span_search(span_skip(s, skipped), needle);
    if (needle.len && skipped + found >= s.len)
        return answer_int(call, -1);
    return answer_int(call, (int64_t)text16_index(s, skipped + found));
}

static bool string_last_index_of(struct method_call *call)
{
    struct span s = self_of(call), needle;
    char room[4];
    int64_t from = INT32_MAX;
    size_t start;

    if (!charge_self(call))
        return false;
    if (!argument_needle(call, room, &needle) ||
        (call->count == 2 && !argument_int(call, 1, &from)))
        return true;
    if (from < 0 || needle.len > s.len)
        return answer_int(call, -1);
    start = text16_offset(s, (size_t)from);
    if (start > s.len - needle.len)
        start = s.len - needle.len;
    if (!run_charge(call->run, s.len * (needle.len / 64 + 1)))
        return false;
    for (size_t i = start + 1; i-- > 0;)
        if (span_starts(span_skip(s, i), needle))
            return answer_int(call, (int64_t)text16_index(s, i));
    return answer_int(call, -1);
}

static bool string_contains(struct method_call *call)
{
    struct span s = self_of(call), needle;

    if (!charge_self(call))
        return false;
    if (!argument_text(call, 0, &needle))
        return true;
    return answer_bool(call, needle.len == 0 || span_search(s, needle) < s.len);
}

static bool string_starts_with(struct method_call *call)
{
    struct span s = self_of(call), prefix;
    int64_t from = 0;

    if (!argument_text(call, 0, &prefix) || (call->count == 2 && !argument_int(call, 1, &from)))
        return true;
    if (from < 0 || from > (int64_t)text16_len(s))
        return answer_bool(call, false);
    return charge_self(call) &&
           answer_bool(call, span_starts(span_skip(s, text16_offset(s, (size_t)from)), prefix));
}

static bool string_ends_with(struct method_call *call)
{
    struct span suffix;

    if (!argument_text(call, 0, &suffix))
        return true;
    return answer_bool(call, span_ends(self_of(call), suffix));
}

static bool string_compare_to(struct method_call *call)
{
    struct span other;

    if (!argument_text(call, 0, &other))
        return true;
    return charge_self(call) && run_charge(call->run, other.len) &&
           answer_int(call, text16_compare(self_of(call), other));
}

static bool string_concat(struct method_call *call)
{
    struct span other;

    if (!argument_text(call, 0, &other))
        return true;
    return calculate(call->run, EXPRESSION_ADD, call->self, call->arguments[0], &call->result);
}

/* ---- case -------------------------------------------------------------------------------------*/

static locale_t unicode;

static void open_locale(void)
{
    unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static uint32_t change_case(uint32_t c, bool is_upper)
{
    if (c < 0x80)
        return is_upper ? (c >= 'a' && c <= 'z' ? c - 32 : c) : (c >= 'A' && c <= 'Z' ? c + 32 : c);
    if (!unicode)
        return c;
    return (uint32_t)(is_upper ? towupper_l((wint_t)c, unicode) : towlower_l((wint_t)c, unicode));
}

static bool convert(struct run *run, struct span s, bool is_upper, struct span *out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    size_t mark = text_begin(run);
    char bytes[4];
    uint32_t c;

    pthread_once(&once, open_locale);
    if (s.len > run->out_limit - run->out->len || !run_charge(run, s.len * 4))
        return run_fail(run, FAULT_TOO_LARGE, "output is too large");
    while (s.len) {
        if (!utf8_take(&s, &c)) {
            c = 0xFFFD;
            s = span_skip(s, 1);
        }
        if (c == 0xDF && is_upper) /* sharp s has two letters in upper case */
            buf_add_text(run->out, "SS");
        else
            buf_add(run->out, (struct span){bytes, utf8_put(change_case(c, is_upper), bytes)});
    }
    if (run->out->is_over)
        return run_fail(run, FAULT_TOO_LARGE, "output is too large");
    return text_end(run, mark, out);
}

bool string_lower(struct method_call *call)
{
    struct span out;

    return convert(call->run, self_of(call), false, &out) && answer_text(call, out);
}

bool string_upper(struct method_call *call)
{
    struct span out;

    return convert(call->run, self_of(call), true, &out) && answer_text(call, out);
}

static bool string_equals_ignore_case(struct method_call *call)
{
    struct span other, a, b;

    if (!argument_text(call, 0, &other))
        return answer_bool(call, false);
    return convert(call->run, self_of(call), false, &a) && convert(call->run, other, false, &b) &&
           answer_bool(call, span_equal(a, b));
}

static bool string_compare_ignore_case(struct method_call *call)
{
    struct span other, a, b;

    if (!argument_text(call, 0, &other))
        return true;
    return convert(call->run, self_of(call), false, &a) && convert(call->run, other, false, &b) &&
           answer_int(call, text16_compare(a, b));
}

/* ---- pieces -----------------------------------------------------------------------------------*/

static bool string_trim(struct method_call *call)
{
    struct span s = self_of(call);

    while (s.len && (unsigned char)s.at[0] <= ' ')
        s = span_skip(s, 1);
    while (s.len && (unsigned char)s.at[s.len - 1] <= ' ')
        s.len--;
    return charge_self(call) && answer_text(call, s);
}

/* The literal replacement: an empty needle stands before each character and at the end. */
static bool string_replace(struct method_call *call)
{
    struct run *run = call->run;
    struct span s = self_of(call), needle, with, out;
    size_t mark = text_begin(run);

    if (!argument_text(call, 0, &needle) || !argument_text(call, 1, &with))
        return true;
    while (s.len) {
        size_t n = span_search(s, needle);

        if (needle.len == 0) {
            struct span rest = s;
            uint32_t c;

            if (!utf8_take(&rest, &c))
                rest = span_skip(rest, 1);
            if (!run_write(run, with) || !run_write(run, span_first(s, s.len - rest.len)))
                return false;
            s = rest;
            continue;
        }
        if (!run_write(run, span_first(s, n)))
            return false;
        s = span_skip(s, n);
        if (s.len == 0)
            break;
        if (!run_write(run, with))
            return false;
        s = span_skip(s, needle.len);
        if (s.len == 0)
            break;
    }
    if (needle.len == 0 && !run_write(run, with))
        return false;
    return text_end(run, mark, &out) && answer_text(call, out);
}

static bool string_get_bytes(struct method_call *call)
{
    struct vtl_list *list = list_make(call->run, VTL_ARRAY);
    struct span s = self_of(call);

    if (!list || !run_charge(call->run, s.len * sizeof(struct vtl_value)))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!list_push(call->run, list, vtl_number((signed char)s.at[i])))
            return false;
    return answer(call, vtl_of_list(list));
}

static bool string_to_char_array(struct method_call *call)
{
    struct vtl_list *list = list_make(call->run, VTL_ARRAY);
    struct span s = self_of(call), before;
    uint32_t c;

    if (!list || !run_charge(call->run, s.len * sizeof(struct vtl_value)))
        return false;
    while (s.len) {
        before = s;
        if (!utf8_take(&s, &c))
            s = span_skip(s, 1);
        before.len -= s.len;
        if (before.len == 4) { /* a pair of units, each of which prints as '?' */
            if (!list_push(call->run, list, vtl_text(SPAN("?"))))
                return false;
            before = SPAN("?");
        }
        if (!list_push(call->run, list, vtl_text(before)))
            return false;
    }
    return answer(call, vtl_of_list(list));
}

static bool string_hash_code(struct method_call *call)
{
    return charge_self(call) && answer_int(call, text16_hash(self_of(call)));
}

static bool string_intern(struct method_call *call)
{
    return answer(call, call->self);
}

static bool string_value_of(struct method_call *call)
{
    struct span text;

    return value_text(call->run, call->arguments[0], &text) && answer_text(call, text);
}

/* ---- join -------------------------------------------------------------------------------------*/

static bool join_one(struct run *run, struct span separator, bool is_first, struct vtl_value value)
{
    if (!is_first && !run_write(run, separator))
        return false;
    if (value.type == VTL_NULL)
        return run_write(run, SPAN("null"));
    return value_write(run, value);
}

/* join(separator, list) and join(separator, a, b, ...) */
static bool string_join(struct method_call *call)
{
    struct run *run = call->run;
    const struct vtl_value *at = call->arguments + 1;
    size_t count = call->count - 1, mark = text_begin(run);
    struct span separator, out;

    if (!argument_text(call, 0, &separator))
        return true;
    if (count == 1 && at->type == VTL_LIST) {
        if (!vtl_list_open(at->list))
            return run_no_memory(run);
        count = at->list->count;
        at = at->list->at;
    }
    for (size_t i = 0; i < count; i++)
        if (!join_one(run, separator, i == 0, at[i]))
            return false;
    return text_end(run, mark, &out) && answer_text(call, out);
}

static const struct vtl_method ROWS[] = {
    {"charAt", 1, 1, string_char_at},
    {"codePointAt", 1, 1, string_code_point_at},
    {"compareTo", 1, 1, string_compare_to},
    {"compareToIgnoreCase", 1, 1, string_compare_ignore_case},
    {"concat", 1, 1, string_concat},
    {"contains", 1, 1, string_contains},
    {"endsWith", 1, 1, string_ends_with},
    {"equals", 1, 1, method_equals},
    {"equalsIgnoreCase", 1, 1, string_equals_ignore_case},
    {"format", 1, METHOD_ARGUMENTS_MAX, string_format},
    {"getBytes", 0, 1, string_get_bytes},
    {"hashCode", 0, 0, string_hash_code},
    {"indexOf", 1, 2, string_index_of},
    {"intern", 0, 0, string_intern},
    {"isEmpty", 0, 0, string_is_empty},
    {"join", 2, METHOD_ARGUMENTS_MAX, string_join},
    {"lastIndexOf", 1, 2, string_last_index_of},
    {"length", 0, 0, string_length},
    {"matches", 1, 1, string_matches},
    {"replace", 2, 2, string_replace},
    {"replaceAll", 2, 2, string_replace_all},
    {"replaceFirst", 2, 2, string_replace_first},
    {"split", 1, 2, string_split},
    {"startsWith", 1, 2, string_starts_with},
    {"substring", 1, 2, string_substring},
    {"toCharArray", 0, 0, string_to_char_array},
    {"toLowerCase", 0, 0, string_lower},
    {"toString", 0, 0, method_to_string},
    {"toUpperCase", 0, 0, string_upper},
    {"trim", 0, 0, string_trim},
    {"valueOf", 1, 1, string_value_of},
};

const struct method_table STRING_METHODS = {ROWS, COUNT(ROWS)};
