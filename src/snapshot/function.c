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

/* Takes the next part, which must be `word` when that is given. */
static bool take(struct span *rest, const char *word, struct span *part)
{
    return span_split(rest, ':', part) && (!word || span_is(*part, word));
}

bool function_arn_read(struct span text, struct function_arn *out)
{
    struct function_arn made = {.qualifier = SPAN("")};
    struct span rest = text, part;

    if (text.len > FUNCTION_ARN_MAX || !take(&rest, "arn", &part) || !take(&rest, NULL, &part) ||
        !take(&rest, "lambda", &part) || !take(&rest, NULL, &made.region) ||
        !take(&rest, NULL, &made.account) || !take(&rest, "function", &part) ||
        !take(&rest, NULL, &made.name) || !is_name(made.name))
        return false;
    made.arn = span_make(text.at, (size_t)(made.name.at + made.name.len - text.at));
    if (rest.at && (!take(&rest, NULL, &made.qualifier) || rest.at))
        return false;
    *out = made;
    return true;
}
