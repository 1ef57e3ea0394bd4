/* AWS reads the template of a mock with a strict JSON parser, and when that fails with one that
 * splits at commas and colons and looks for a key called statusCode.  The second accepts strange
 * texts that users really have, so its habits are kept: a pair without a colon is passed over, and
 * so is anything in later pairs; quotes around a key must match; a key may not begin with '{'. */
#include "snapshot/mock_status.h"

#include "base/number.h"
#include "text/json.h"

/* An integer as it is written: 200.0 and 2e2 are none. */
static bool strict_status(const struct json *value, int64_t *out)
{
    const struct json *status = json_member(value, "statusCode");

    return json_is(value, JSON_OBJECT) && json_is(status, JSON_NUMBER) &&
           number_i64(status->text, out);
}

/* Takes matching quotes off a key.  False when they do not match. */
static bool unquote(struct span *key)
{
    char first = key->len > 0 ? key->at[0] : '\0';
    char last = key->len > 0 ? key->at[key->len - 1] : '\0';
    bool opens = first == '"' || first == '\'', closes = last == '"' || last == '\'';

    if (!opens && !closes)
        return true;
    if (!opens || key->len < 2 || first != last)
        return false;
    *key = span_make(key->at + 1, key->len - 2);
    return true;
}

/* Looks at "key: value".  False when the whole text is to be refused. */
static bool take_pair(struct span pair, bool *found, int64_t *out)
{
    size_t colon = span_find(pair, ':');
    struct span key = span_trim(span_first(pair, colon));

    if (colon == pair.len)
        return true;
    if (key.len > 0 && key.at[0] == '{')
        return false;
    if (!unquote(&key))
        return false;
    if (!span_is(key, "statusCode"))
        return true;
    *found = number_i64(span_trim(span_skip(pair, colon + 1)), out);
    return *found;
}

bool mock_status(struct arena *arena, struct span text, int64_t *out)
{
    struct json *value;
    struct span pair;
    bool found = false;
    int64_t status = 0;

    text = span_trim(text);
    if (json_parse(arena, text, &value, NULL) == OK) {
        if (!strict_status(value, &status))
            return false;
        *out = status;
        return true;
    }
    if (text.len < 2 || text.at[0] != '{' || text.at[text.len - 1] != '}')
        return false;
    text = span_make(text.at + 1, text.len - 2);
    while (span_split(&text, ',', &pair))
        if (!take_pair(pair, &found, &status))
            return false;
    if (found)
        *out = status;
    return found;
}
