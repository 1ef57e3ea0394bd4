/* AWS's expression has four optional parts in front of the name, and tries them from the front:
 * a part is taken when what follows still is a name, else it is not.  So does this, part by part,
 * over the sixteen ways of taking some; the fuzz target holds it against the expression. */
#include "caller/function_name.h"

#include "base/ascii.h"
#include "caller/credential.h"

static bool take_word(struct span *rest, struct span word)
{
    if (!span_starts(*rest, word))
        return false;
    *rest = span_skip(*rest, word.len);
    return true;
}

/* -[a-z]+-\d, the whole of it */
static bool ends_region(struct span s)
{
    if (s.len < 4 || s.at[0] != '-' || s.at[s.len - 2] != '-' || !ascii_is_digit(s.at[s.len - 1]))
        return false;
    for (size_t i = 1; i + 2 < s.len; i++)
        if (!ascii_is_lower(s.at[i]))
            return false;
    return true;
}

/* "eu-west-1", "us-gov-east-1", "us-isob-east-1" */
static bool is_region(struct span s)
{
    struct span rest;

    take_word(&s, SPAN("eusc-"));
    if (s.len < 2 || !ascii_is_lower(s.at[0]) || !ascii_is_lower(s.at[1]))
        return false;
    rest = s = span_skip(s, 2);
    if (ends_region(rest))
        return true;
    if (!take_word(&rest, SPAN("-gov")) && !take_word(&rest, SPAN("-iso")))
        return false;
    if (ends_region(rest))
        return true;
    return span_starts(s, SPAN("-iso")) && rest.len > 0 && ascii_is_lower(rest.at[0]) &&
           ends_region(span_skip(rest, 1));
}

static bool is_plain(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_alnum(s.at[i]) && s.at[i] != '-' && s.at[i] != '_')
            return false;
    return s.len > 0;
}

static bool is_partition(struct span s)
{
    if (s.len == 0)
        return true;
    if (!take_word(&s, SPAN("aws")))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_letter(s.at[i]) && s.at[i] != '-')
            return false;
    return true;
}

/* Takes the piece before the next ':' when it fits. */
static bool take_piece(struct span *rest, bool (*fits)(struct span), struct span *out)
{
    size_t colon = span_find(*rest, ':');

    if (colon == rest->len || !fits(span_first(*rest, colon)))
        return false;
    *out = span_first(*rest, colon);
    *rest = span_skip(*rest, colon + 1);
    return true;
}

/* NAME or NAME:QUALIFIER, the whole of it */
static bool take_name(struct span rest, struct function_name *out)
{
    size_t colon = span_find(rest, ':');

    out->name = span_first(rest, colon);
    if (colon < rest.len) {
        out->qualifier = span_skip(rest, colon + 1);
        if (!span_is(out->qualifier, "$LATEST") && !is_plain(out->qualifier))
            return false;
    }
    return is_plain(out->name);
}

enum part { FUNCTION = 1, ACCOUNT = 2, REGION = 4, ARN = 8 };

static bool parse_with(struct span rest, unsigned parts, struct function_name *out)
{
    struct span partition;

    *out = (struct function_name){.region = {"", 0}, .account = {"", 0}, .qualifier = {"", 0}};
    return (!(parts & ARN) ||
            (take_word(&rest, SPAN("arn:")) && take_piece(&rest, is_partition, &partition) &&
             take_word(&rest, SPAN("lambda:")))) &&
           (!(parts & REGION) || take_piece(&rest, is_region, &out->region)) &&
           (!(parts & ACCOUNT) || take_piece(&rest, credential_is_account, &out->account)) &&
           (!(parts & FUNCTION) || take_word(&rest, SPAN("function:"))) && take_name(rest, out);
}

bool function_name_parse(struct span text, struct function_name *out)
{
    struct function_name name;

    for (unsigned parts = 16; parts-- > 0;)
        if (parse_with(text, parts, &name)) {
            *out = name;
            return true;
        }
    return false;
}
