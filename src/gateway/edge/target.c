/* Classification of requests by Host and path.  Pure: no look-up of whether the API exists. */
#include "gateway/edge/target.h"

/* The host without its port. */
static struct span host_name(struct span host)
{
    size_t colon = span_find_last(host, ':');

    if (host.len > 0 && host.at[host.len - 1] == ']')
        return host;
    return span_first(host, colon);
}

static bool starts_nocase(struct span s, struct span prefix)
{
    return s.len >= prefix.len && span_equal_nocase(span_first(s, prefix.len), prefix);
}

/* The API that a Host names; at NULL when it names none. */
static struct span api_of_host(const struct http_request *request)
{
    struct span host = host_name(request->host);
    size_t dot = span_find(host, '.'), alias;
    struct span label = span_first(host, dot);

    if (dot == host.len || !starts_nocase(span_skip(host, dot + 1), SPAN("execute-api.")))
        return (struct span){NULL, 0};
    if (starts_nocase(label, SPAN("vpce-"))) /* the endpoint's own name: a header chooses */
        return http_header_find(request->headers, request->header_count, "x-apigw-api-id");
    alias = span_search(label, SPAN("-vpce-"));
    return span_first(label, alias);
}

/* Takes "/segment" off the front of *path; false when there is none. */
static bool take_segment(struct span *path, struct span *segment)
{
    if (path->len == 0 || path->at[0] != '/')
        return false;
    *path = span_skip(*path, 1);
    *segment = span_first(*path, span_find(*path, '/'));
    *path = span_skip(*path, segment->len);
    return true;
}

static bool take_prefix(struct span *path, struct span prefix)
{
    if (!span_starts(*path, prefix))
        return false;
    *path = span_skip(*path, prefix.len);
    return true;
}

static bool target_of_path(struct span path, struct target *out)
{
    struct target t = {.kind = TARGET_API_PATH};
    struct span word;

    if (take_prefix(&path, SPAN("/_aws/execute-api"))) {
        if (!take_segment(&path, &t.api) || t.api.len == 0)
            return false;
        take_segment(&path, &t.stage);
    } else if (take_prefix(&path, SPAN("/restapis"))) {
        if (!take_segment(&path, &t.api) || !take_segment(&path, &t.stage) ||
            !take_segment(&path, &word) || !span_is(word, "_user_request_"))
            return false; /* a control call */
    } else {
        return false;
    }
    t.path = path;
    *out = t;
    return true;
}

/* POST /2015-03-31/functions/NAME/invocations */
static bool is_invoke(const struct http_request *request)
{
    struct span path = request->path, name;

    return span_is(request->method, "POST") && take_prefix(&path, SPAN("/2015-03-31/functions")) &&
           take_segment(&path, &name) && name.len > 0 && span_is(path, "/invocations");
}

struct target target_of(const struct http_request *request)
{
    struct target t = {.kind = TARGET_API_HOST, .api = api_of_host(request)};
    struct span path = request->path;

    if (t.api.at) {
        while (path.len > 1 && path.at[0] == '/' && path.at[1] == '/')
            path = span_skip(path, 1); /* «//stage/path works as one slash» */
        take_segment(&path, &t.stage);
        t.path = path;
        return t;
    }
    if (target_of_path(request->path, &t))
        return t;
    t = (struct target){.kind = TARGET_CONTROL};
    /* packages are control's: they are links that it gave out */
    if (span_starts(request->path, SPAN("/_portico/")) &&
        !span_starts(request->path, SPAN("/_portico/packages/")))
        t.kind = TARGET_LOCAL;
    else if (is_invoke(request))
        t.kind = TARGET_INVOKE;
    return t;
}
