/* PCRE2 behind a small face.  The limits make a hostile expression fail in under a millisecond
 * instead of stalling a worker. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

#include "base/mem.h"
#include "text/regex.h"

#define MATCH_LIMIT 100000
#define DEPTH_LIMIT 1000
#define HEAP_LIMIT_KB 1024

struct regex {
    pcre2_code *code;
    pcre2_match_context *limits;
};

void regex_free(struct regex *regex)
{
    if (!regex)
        return;
    pcre2_code_free(regex->code);
    pcre2_match_context_free(regex->limits);
    mem_free(regex);
}

enum fault regex_new(struct span pattern, struct regex **out, struct problem *why)
{
    return regex_new_with(pattern, 0, out, why);
}

static uint32_t options_of(unsigned flags)
{
    uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;

    if (!(flags & REGEX_ANYWHERE))
        options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
    if (flags & REGEX_NO_CASE)
        options |= PCRE2_CASELESS;
    if (flags & REGEX_LINES)
        options |= PCRE2_MULTILINE;
    if (flags & REGEX_DOT_ALL)
        options |= PCRE2_DOTALL;
    if (flags & REGEX_COMMENTS)
        options |= PCRE2_EXTENDED;
    if (flags & REGEX_JAVASCRIPT)
        options |= PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF |
                   PCRE2_DOLLAR_ENDONLY;
    return options;
}

enum fault regex_new_with(struct span pattern, unsigned flags, struct regex **out,
                          struct problem *why)
{
    struct regex *regex;
    PCRE2_SIZE place;
    int error;

    if (pattern.len > REGEX_PATTERN_MAX)
        return problem_set(why, FAULT_TOO_LARGE, "regular expression of over %d bytes",
                           REGEX_PATTERN_MAX);
    regex = mem_zero(1, sizeof *regex);
    regex->code = pcre2_compile((PCRE2_SPTR)(pattern.at ? pattern.at : ""), pattern.len,
                                options_of(flags), &error, &place, NULL);
    if (!regex->code) {
        char words[128];

        pcre2_get_error_message(error, (PCRE2_UCHAR *)words, sizeof words);
        regex_free(regex);
        return problem_at(why, FAULT_SYNTAX, pattern.at, pattern.len, place,
                          "bad regular expression: %s", words);
    }
    pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
    regex->limits = pcre2_match_context_create(NULL);
    if (!regex->limits) {
        regex_free(regex);
        return problem_set(why, FAULT_NO_MEMORY, "no memory for a regular expression");
    }
    pcre2_set_match_limit(regex->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(regex->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(regex->limits, HEAP_LIMIT_KB);
    *out = regex;
    return OK;
}

enum regex_result regex_matches(const struct regex *regex, struct span text)
{
    pcre2_match_data *place = pcre2_match_data_create(1, NULL);
    int found;

    if (!place)
        return REGEX_TOO_COSTLY;
    found = pcre2_match(regex->code, (PCRE2_SPTR)(text.at ? text.at : ""), text.len, 0, 0, place,
                        regex->limits);
    pcre2_match_data_free(place);
    if (found >= 0)
        return REGEX_YES;
    if (found == PCRE2_ERROR_NOMATCH ||
        (found <= PCRE2_ERROR_UTF8_ERR1 && found >= PCRE2_ERROR_UTF8_ERR21))
        return REGEX_NO;
    return REGEX_TOO_COSTLY;
}

void regex_version(char out[static REGEX_VERSION_MAX])
{
    char whole[256] = ""; /* pcre2_config wants room for the longest there may be */

    pcre2_config(PCRE2_CONFIG_VERSION, whole);
    snprintf(out, REGEX_VERSION_MAX, "%.60s", whole);
}
