/* Spans: the searches and comparisons that are too long for the header. */
#include "base/span.h"

#include "base/ascii.h"

bool span_equal_nocase(struct span a, struct span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (a.at[i] != b.at[i] && ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
            return false;
    return true;
}

int span_compare(struct span a, struct span b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.at, b.at, shorter) : 0;

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool span_starts(struct span s, struct span prefix)
{
    return s.len >= prefix.len && span_equal(span_first(s, prefix.len), prefix);
}

bool span_ends(struct span s, struct span suffix)
{
    return s.len >= suffix.len && span_equal(span_skip(s, s.len - suffix.len), suffix);
}

size_t span_find(struct span s, char c)
{
    const char *found = s.len ? memchr(s.at, c, s.len) : NULL;

    return found ? (size_t)(found - s.at) : s.len;
}

size_t span_find_last(struct span s, char c)
{
    for (size_t i = s.len; i > 0; i--)
        if (s.at[i - 1] == c)
            return i - 1;
    return s.len;
}

size_t span_search(struct span s, struct span needle)
{
    const char *found;

    if (needle.len == 0)
        return 0;
    found = s.len ? memmem(s.at, s.len, needle.at, needle.len) : NULL;
    return found ? (size_t)(found - s.at) : s.len;
}

struct span span_trim(struct span s)
{
    while (s.len > 0 && ascii_is_blank(s.at[0]))
        s = span_skip(s, 1);
    while (s.len > 0 && ascii_is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

bool span_split(struct span *rest, char separator, struct span *piece)
{
    size_t n;

    if (!rest->at)
        return false;
    n = span_find(*rest, separator);
    *piece = span_first(*rest, n);
    if (n < rest->len)
        *rest = span_skip(*rest, n + 1);
    else
        *rest = (struct span){NULL, 0};
    return true;
}
