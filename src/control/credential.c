/* Reads the credential scope; a scope that is cut short leaves its later parts empty. */
#include "control/credential.h"

#include "base/uri.h"

static struct credential read_scope(struct span scope)
{
    struct credential c = {.is_there = true};
    struct span date;

    if (span_split(&scope, '/', &c.key) && span_split(&scope, '/', &date) &&
        span_split(&scope, '/', &c.region))
        span_split(&scope, '/', &c.service);
    return c;
}

static struct credential of_query(struct arena *arena, struct span query)
{
    struct span prefix = SPAN("X-Amz-Credential="), pair;

    while (span_split(&query, '&', &pair))
        if (span_starts(pair, prefix))
            return read_scope(uri_decode(arena, span_skip(pair, prefix.len), false));
    return (struct credential){0};
}

struct credential credential_of(struct arena *arena, const struct http_request *request)
{
    struct span value = http_header_find(request->headers, request->header_count, "Authorization");
    struct span name = SPAN("Credential="), scope;
    size_t at = span_search(value, name);

    if (!span_starts(value, SPAN("AWS4-HMAC-SHA256")) || at == value.len)
        return of_query(arena, request->query);
    scope = span_skip(value, at + name.len);
    return read_scope(span_trim(span_first(scope, span_find(scope, ','))));
}
