/* The String methods that take a regular expression, through PCRE2: java.util.regex differs from it
 * only in corners.  Compiled patterns live in the run's arena and die with it.
 *
 * No limit of PCRE2 bounds the time of a match: its count starts anew at each place of the text,
 * and one item may scan all of it.  So each item that is tried calls out, is charged for, and looks
 * at the clock now and then: (a+)+$ fails instead of running on. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <time.h>

#include "base/ascii.h"
#include "base/number.h"
#include "base/utf8.h"
#include "vtl/arguments.h"

#define MATCH_LIMIT 10000000 /* backstop; time ends a match before */
#define HEAP_LIMIT_KB 8192
#define PATTERN_MAX 8192
#define COMPILE_COST 64    /* as if a byte of a pattern were so many of a text */
#define CALLOUTS_A_LOOK 64 /* items matched between two looks at the clock */
#define CPU_SECONDS_MAX 1  /* of a run, since its first regular expression */

struct regex {
    struct run *run;
    struct span pattern;
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    uint32_t groups;
    uint32_t callouts;
};

static void *take(size_t size, void *arena)
{
    return arena_try(arena, size);
}

static void leave(void *at, void *arena)
{
    (void)at;
    (void)arena;
}

/* The thread's time, not the day's: a busy machine must not fail a template. */
static double cpu_seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Called for each item of a pattern that is tried. */
static int watch(pcre2_callout_block *block, void *owner)
{
    struct regex *regex = owner;

    (void)block;
    if (++regex->callouts % CALLOUTS_A_LOOK)
        return 0;
    if (!run_charge(regex->run, 0))
        return PCRE2_ERROR_CALLOUT;
    return cpu_seconds() < regex->run->regex_end ? 0 : PCRE2_ERROR_CALLOUT;
}

static struct regex *fail(struct run *run, enum fault fault, const char *words)
{
    run_fail(run, fault, "%s", words);
    return NULL;
}

static pcre2_code *compile(struct run *run, struct span pattern, pcre2_compile_context *context)
{
    const uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT;
    unsigned char words[128];
    PCRE2_SIZE offset;
    int error;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)(pattern.len ? pattern.at : ""), pattern.len,
                                     options, &error, &offset, context);

    if (code)
        return code;
    pcre2_get_error_message(error, words, sizeof words);
    if (error == PCRE2_ERROR_HEAP_FAILED)
        run_no_memory(run);
    else
        run_fail(run, FAULT_SYNTAX, "bad regular expression '%.*s': %s",
                 pattern.len > 80 ? 80 : (int)pattern.len, pattern.at, (char *)words);
    return NULL;
}

static struct regex *regex_new(struct run *run, struct span pattern)
{
    pcre2_general_context *general = pcre2_general_context_create(take, leave, run->arena);
    pcre2_compile_context *context = general ? pcre2_compile_context_create(general) : NULL;
    struct regex *regex = run_new(run, sizeof *regex);

    if (!context || !regex)
        return fail(run, FAULT_NO_MEMORY, "no memory for a regular expression");
    if (pattern.len > PATTERN_MAX)
        return fail(run, FAULT_TOO_LARGE, "regular expression is too long");
    if (!run_charge(run, pattern.len * COMPILE_COST))
        return NULL;
    pcre2_set_newline(context, PCRE2_NEWLINE_ANY);
    pcre2_set_parens_nest_limit(context, 100);
    regex->run = run;
    regex->pattern = pattern;
    regex->code = compile(run, pattern, context);
    if (!regex->code)
        return NULL;
    regex->match = pcre2_match_data_create_from_pattern(regex->code, general);
    regex->limits = pcre2_match_context_create(general);
    if (!regex->match || !regex->limits)
        return fail(run, FAULT_NO_MEMORY, "no memory for a regular expression");
    pcre2_set_heap_limit(regex->limits, HEAP_LIMIT_KB);
    pcre2_set_match_limit(regex->limits, MATCH_LIMIT);
    pcre2_set_callout(regex->limits, watch, regex);
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
    return regex;
}

/* The last expression is kept: loops use the same again and again.  NULL on failure. */
static struct regex *regex_compile(struct run *run, struct span pattern)
{
    struct regex *last = run->regex;

    if (last && span_equal(last->pattern, pattern))
        return last;
    if (run->regex_end == 0)
        run->regex_end = cpu_seconds() + CPU_SECONDS_MAX;
    last = regex_new(run, pattern);
    if (last)
        run->regex = last;
    return last;
}

/* Searches from `offset`; *found says whether something matched. */
static bool regex_search(struct regex *regex, struct span s, size_t offset, uint32_t options,
                         bool *found)
{
    int rc;

    if (!run_charge(regex->run, 0))
        return false;
    rc = pcre2_match(regex->code, (PCRE2_SPTR)(s.len ? s.at : ""), s.len, offset,
                     options | PCRE2_NO_UTF_CHECK, regex->match, regex->limits);
    *found = rc > 0;
    if (rc > 0)
        return run_charge(regex->run, pcre2_get_ovector_pointer(regex->match)[1] - offset);
    if (rc == PCRE2_ERROR_NOMATCH)
        return run_charge(regex->run, s.len - offset);
    if (regex->run->arena->is_over)
        return run_no_memory(regex->run);
    return run_fail(regex->run, FAULT_TOO_LARGE, "regular expression takes too long to match");
}

static struct span group_of(const struct regex *regex, struct span s, uint32_t group)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(regex->match) + 2 * (size_t)group;

    if (at[0] == PCRE2_UNSET || at[1] < at[0])
        return (struct span){s.at, 0};
    return (struct span){s.at + at[0], at[1] - at[0]};
}

/* The start of the next character: an empty match goes on behind it. */
static size_t step(struct span s, size_t offset)
{
    struct span rest = span_skip(s, offset);
    uint32_t c;

    return utf8_take(&rest, &c) ? s.len - rest.len : offset + 1;
}

/* What a regular expression is matched against must be well-formed. */
static bool check_subject(struct method_call *call)
{
    if (!run_charge(call->run, call->self.len))
        return false;
    return utf8_is_valid(vtl_span(call->self)) ||
           run_fail(call->run, FAULT_TYPE, "text is not well-formed");
}

bool string_matches(struct method_call *call)
{
    struct regex *regex;
    struct span pattern;
    bool found;

    if (!argument_text(call, 0, &pattern))
        return true;
    regex = check_subject(call) ? regex_compile(call->run, pattern) : NULL;
    return regex &&
           regex_search(regex, vtl_span(call->self), 0, PCRE2_ANCHORED | PCRE2_ENDANCHORED,
                        &found) &&
           answer_bool(call, found);
}

/* ---- replacing --------------------------------------------------------------------------------*/

static bool bad_replacement(struct regex *regex)
{
    return run_fail(regex->run, FAULT_SYNTAX, "bad group in a replacement");
}

/* "${name}", behind "${". */
static bool add_named(struct regex *regex, struct span s, struct span *with)
{
    size_t len = span_find(*with, '}');
    char name[64];
    int group;

    if (len == with->len || len >= sizeof name)
        return bad_replacement(regex);
    memcpy(name, with->at, len);
    name[len] = '\0';
    *with = span_skip(*with, len + 1);
    group = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)name);
    if (group <= 0)
        return bad_replacement(regex);
    return run_write(regex->run, group_of(regex, s, (uint32_t)group));
}

/* "$1", behind "$": further digits belong to it as long as there is such a group. */
static bool add_group(struct regex *regex, struct span s, struct span *with)
{
    uint32_t group = 0;
    size_t n = 0;

    if (with->len && with->at[0] == '{') {
        *with = span_skip(*with, 1);
        return add_named(regex, s, with);
    }
    while (n < with->len && ascii_is_digit(with->at[n])) {
        uint32_t wider = group * 10 + (uint32_t)(with->at[n] - '0');

        if (wider > regex->groups)
            break;
        group = wider;
        n++;
    }
    if (n == 0)
        return bad_replacement(regex);
    *with = span_skip(*with, n);
    return run_write(regex->run, group_of(regex, s, group));
}

static bool add_replacement(struct regex *regex, struct span s, struct span with)
{
    while (with.len) {
        size_t n = 0;
        char c;

        while (n < with.len && with.at[n] != '$' && with.at[n] != '\\')
            n++;
        if (!run_write(regex->run, span_first(with, n)))
            return false;
        with = span_skip(with, n);
        if (with.len == 0)
            break;
        c = with.at[0];
        with = span_skip(with, 1);
        if (c == '$') {
            if (!add_group(regex, s, &with))
                return false;
        } else {
            if (with.len == 0)
                return bad_replacement(regex);
            if (!run_write(regex->run, span_first(with, 1)))
                return false;
            with = span_skip(with, 1);
        }
    }
    return true;
}

static bool replace_matches(struct regex *regex, struct span s, struct span with, bool all)
{
    size_t offset = 0, copied = 0;
    bool found;

    while (offset <= s.len) {
        struct span whole;
        size_t start, end;

        if (!regex_search(regex, s, offset, 0, &found))
            return false;
        if (!found)
            break;
        whole = group_of(regex, s, 0);
        start = (size_t)(whole.at - s.at);
        end = start + whole.len;
        if (!run_write(regex->run, (struct span){s.at + copied, start - copied}) ||
            !add_replacement(regex, s, with))
            return false;
        copied = end;
        offset = whole.len ? end : step(s, end);
        if (!all)
            break;
    }
    return run_write(regex->run, span_skip(s, copied));
}

static bool replace(struct method_call *call, bool all)
{
    struct span s = vtl_span(call->self), pattern, with, out;
    struct regex *regex;
    size_t mark = text_begin(call->run);

    if (!argument_text(call, 0, &pattern) || !argument_text(call, 1, &with))
        return true;
    regex = check_subject(call) ? regex_compile(call->run, pattern) : NULL;
    if (s.len == 0)
        s.at = "";
    return regex && replace_matches(regex, s, with, all) && text_end(call->run, mark, &out) &&
           answer_text(call, out);
}

bool string_replace_all(struct method_call *call)
{
    return replace(call, true);
}

bool string_replace_first(struct method_call *call)
{
    return replace(call, false);
}

/* ---- splitting --------------------------------------------------------------------------------*/

static bool split_matches(struct regex *regex, struct span s, int64_t limit, struct vtl_list *list)
{
    size_t offset = 0, from = 0;
    bool found;

    while (offset <= s.len && (limit <= 0 || list->count + 1 < limit)) {
        struct span whole;
        size_t start, end;

        if (!regex_search(regex, s, offset, 0, &found))
            return false;
        if (!found)
            break;
        whole = group_of(regex, s, 0);
        start = (size_t)(whole.at - s.at);
        end = start + whole.len;
        offset = whole.len ? end : step(s, end);
        if (end == 0 || (whole.len == 0 && start >= s.len))
            continue; /* an empty match at the start or the end gives no piece */
        if (!list_push(regex->run, list, vtl_text((struct span){s.at + from, start - from})))
            return false;
        from = end;
    }
    return list_push(regex->run, list, vtl_text(span_skip(s, from)));
}

static bool is_literal(struct span pattern)
{
    return pattern.len == 1 && !strchr(".$|()[{^?*+\\", pattern.at[0]) && pattern.at[0] != '\0';
}

static bool split_literal(struct run *run, struct span s, char separator, int64_t limit,
                          struct vtl_list *list)
{
    if (!run_charge(run, s.len))
        return false;
    while (limit <= 0 || list->count + 1 < limit) {
        size_t n = span_find(s, separator);

        if (n == s.len)
            break;
        if (!list_push(run, list, vtl_text(span_first(s, n))))
            return false;
        s = span_skip(s, n + 1);
    }
    return list_push(run, list, vtl_text(s));
}

static void drop_empty_tail(struct vtl_list *list, bool keep_first)
{
    while (list->count > keep_first && list->at[list->count - 1].len == 0)
        list->count--;
}

/* Without a limit trailing empty pieces are dropped; a text without a match is one piece. */
bool string_split(struct method_call *call)
{
    struct span s = vtl_span(call->self), pattern;
    struct vtl_list *list = list_make(call->run, VTL_ARRAY);
    struct regex *regex;
    int64_t limit = 0;

    if (!list)
        return false;
    if (!argument_text(call, 0, &pattern) || (call->count == 2 && !argument_int(call, 1, &limit)))
        return true;
    if (s.len == 0)
        s.at = "";
    if (is_literal(pattern)) {
        if (!split_literal(call->run, s, pattern.at[0], limit, list))
            return false;
    } else {
        regex = check_subject(call) ? regex_compile(call->run, pattern) : NULL;
        if (!regex || !split_matches(regex, s, limit, list))
            return false;
    }
    if (limit == 0)
        drop_empty_tail(list, s.len == 0);
    return answer(call, vtl_of_list(list));
}
