/* ARNs of functions: read once per look-up, without copies. */
#include "snapshot/function.h"

#include "base/ascii.h"

static bool is_name(struct span name)
{
    if (name.len == 0 || name.len > FUNCTION_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!ascii_is_alnum(name.at[i]) && name.at[i] != '-' && name.at[i] != '_')
            return false;
    return true;
}

bool function_arn_read(struct span text, struct function_arn *out)
{
    struct function_arn made = {.qualifier = SPAN("")};
    struct span rest = text, word, service, resource;

    if (text.len > FUNCTION_ARN_MAX || !span_split(&rest, ':', &word) || !span_is(word, "arn") ||
        !span_split(&rest, ':', &word) || !span_split(&rest, ':', &service) ||
        !span_is(service, "lambda") || !span_split(&rest, ':', &made.region) ||
        !span_split(&rest, ':', &made.account) || !span_split(&rest, ':', &resource) ||
        !span_is(resource, "function") || !span_split(&rest, ':', &made.name) ||
        !is_name(made.name))
        return false;
    made.arn = span_make(text.at, (size_t)(made.name.at + made.name.len - text.at));
    if (rest.at && (!span_split(&rest, ':', &made.qualifier) || rest.at))
        return false;
    *out = made;
    return true;
}
