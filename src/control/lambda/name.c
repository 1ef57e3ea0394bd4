/* From the front: what looks like a region, an account or the word "function" is one only when
 * something follows it, as in AWS's own expression. */
#include "control/lambda/name.h"

#include "base/ascii.h"

/* "eu-west-1", "us-gov-east-1" */
static bool is_region(struct span s)
{
    bool has_dash = false;

    if (s.len < 8 || !ascii_is_digit(s.at[s.len - 1]) || s.at[s.len - 2] != '-')
        return false;
    for (size_t i = 0; i + 1 < s.len; i++) {
        if (s.at[i] != '-' && (s.at[i] < 'a' || s.at[i] > 'z'))
            return false;
        has_dash |= s.at[i] == '-' && i == 2;
    }
    return has_dash || span_starts(s, SPAN("eusc-"));
}

static bool is_account(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_digit(s.at[i]))
            return false;
    return s.len == 12;
}

static bool is_plain(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_alnum(s.at[i]) && s.at[i] != '-' && s.at[i] != '_')
            return false;
    return s.len > 0;
}

/* Takes the piece before the next ':' when it `fits` and something follows it. */
static bool take_if(struct span *rest, bool (*fits)(struct span), struct span *out)
{
    size_t colon = span_find(*rest, ':');

    if (colon == rest->len || !fits(span_first(*rest, colon)))
        return false;
    *out = span_first(*rest, colon);
    *rest = span_skip(*rest, colon + 1);
    return true;
}

static bool is_arn(struct span s)
{
    return span_is(s, "arn");
}

static bool is_partition(struct span s)
{
    return span_starts(s, SPAN("aws"));
}

static bool is_lambda(struct span s)
{
    return span_is(s, "lambda");
}

static bool is_function(struct span s)
{
    return span_is(s, "function");
}

bool function_name_parse(struct span text, struct function_name *out)
{
    struct function_name name = {.region = {"", 0}, .account = {"", 0}, .qualifier = {"", 0}};
    struct span word;
    size_t colon;

    if (take_if(&text, is_arn, &word) &&
        !(take_if(&text, is_partition, &word) && take_if(&text, is_lambda, &word)))
        return false;
    take_if(&text, is_region, &name.region);
    take_if(&text, is_account, &name.account);
    take_if(&text, is_function, &word);
    colon = span_find(text, ':');
    name.name = span_first(text, colon);
    if (colon < text.len) {
        name.qualifier = span_skip(text, colon + 1);
        if (!span_is(name.qualifier, "$LATEST") && !is_plain(name.qualifier))
            return false;
    }
    if (!is_plain(name.name))
        return false;
    *out = name;
    return true;
}
