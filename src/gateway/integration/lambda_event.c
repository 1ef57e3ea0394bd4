/* Members in the order in which AWS writes them, since functions log events and tests compare them.
 * Headers are sorted without regard to case, as AWS's map does it. */
#include "gateway/integration/lambda_event.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/base64.h"
#include "gateway/mapping/context.h"
#include "gateway/mapping/view.h"
#include "text/json.h"

/* One of several that may share a name. */
struct entry {
    struct span name, value;
    size_t order;
};

struct entries {
    struct entry *at;
    size_t count;
    bool is_nocase;
};

static int compare_nocase(struct span a, struct span b)
{
    size_t least = a.len < b.len ? a.len : b.len;

    for (size_t i = 0; i < least; i++) {
        int order = (unsigned char)ascii_lower(a.at[i]) - (unsigned char)ascii_lower(b.at[i]);

        if (order)
            return order;
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

static int compare_headers(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = compare_nocase(x->name, y->name);

    return order ? order : x->order < y->order ? -1 : 1;
}

/* Names in the order in which they were first sent. */
static int compare_order(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    return x->order < y->order ? -1 : x->order > y->order;
}

static bool is_same(const struct entries *entries, size_t i, size_t k)
{
    return entries->is_nocase ? span_equal_nocase(entries->at[i].name, entries->at[k].name)
                              : span_equal(entries->at[i].name, entries->at[k].name);
}

/* "name":VALUE for each name; entries of one name stand together. */
static void write_map(struct buf *out, const struct entries *entries, bool is_multi)
{
    size_t end;

    if (entries->count == 0) {
        buf_add(out, SPAN("null"));
        return;
    }
    for (size_t i = 0; i < entries->count; i = end) {
        for (end = i + 1; end < entries->count && is_same(entries, i, end);)
            end++;
        buf_add_char(out, i == 0 ? '{' : ',');
        json_write_text(out, entries->at[i].name);
        buf_add_char(out, ':');
        if (!is_multi) {
            json_write_text(out, entries->at[end - 1].value);
            continue;
        }
        for (size_t k = i; k < end; k++) {
            buf_add_char(out, k == i ? '[' : ',');
            json_write_text(out, entries->at[k].value);
        }
        buf_add_char(out, ']');
    }
    buf_add_char(out, '}');
}

static void write_maps(struct buf *out, const struct entries *entries, const char *single,
                       const char *multi)
{
    buf_addf(out, ",\"%s\":", single);
    write_map(out, entries, false);
    buf_addf(out, ",\"%s\":", multi);
    write_map(out, entries, true);
}

/* ---- headers ------------------------------------------------------------------------------- */

/* Headers that say how the request came here are written anew. */
static bool is_ours(struct span name)
{
    static const struct span OURS[] = {
        SPAN_INIT("X-Forwarded-For"),
        SPAN_INIT("X-Forwarded-Port"),
        SPAN_INIT("X-Forwarded-Proto"),
        SPAN_INIT("X-Amzn-Trace-Id"),
    };

    for (size_t i = 0; i < COUNT(OURS); i++)
        if (span_equal_nocase(name, OURS[i]))
            return true;
    return false;
}

static void add_entry(struct entries *entries, struct span name, struct span value)
{
    entries->at[entries->count] = (struct entry){name, value, entries->count};
    entries->count++;
}

static struct span forwarded_for(struct exchange *x)
{
    const struct http_request *r = &x->stream->request;
    struct span chain = http_header_find(r->headers, r->header_count, "X-Forwarded-For");
    char peer[HTTP_PEER_TEXT_MAX];

    http_stream_peer(x->stream, peer);
    return arena_format(exchange_arena(x), "%.*s%s%s", SPAN_ARG(chain), chain.len ? ", " : "",
                        peer);
}

static struct span forwarded_port(const struct exchange *x)
{
    struct span host = x->stream->request.host;
    size_t colon = span_find_last(host, ':');

    return colon < host.len && host.at[host.len - 1] != ']' ? span_skip(host, colon + 1)
                                                            : SPAN("80");
}

/* Events name the root alone, unless the client sent more. */
static struct span trace(struct exchange *x)
{
    const struct http_request *r = &x->stream->request;
    struct span whole = exchange_trace(x);

    return http_header_find(r->headers, r->header_count, "X-Amzn-Trace-Id").at
               ? whole
               : span_first(whole, span_find(whole, ';'));
}

static bool write_headers(struct exchange *x, const struct view *view, struct buf *out)
{
    struct entries entries = {.is_nocase = true};

    entries.at = arena_try_array(exchange_arena(x), view->headers.count + 5, sizeof *entries.at);
    if (!entries.at)
        return false;
    for (size_t i = 0; i < view->headers.count; i++)
        if (!is_ours(view->headers.at[i].name))
            add_entry(&entries, view->headers.at[i].name, view->headers.at[i].value);
    if (!http_header_find(x->stream->request.headers, x->stream->request.header_count, "Host").at)
        add_entry(&entries, SPAN("Host"), x->stream->request.host); /* HTTP/1.0 */
    add_entry(&entries, SPAN("X-Amzn-Trace-Id"), trace(x));
    add_entry(&entries, SPAN("X-Forwarded-For"), forwarded_for(x));
    add_entry(&entries, SPAN("X-Forwarded-Port"), forwarded_port(x));
    add_entry(&entries, SPAN("X-Forwarded-Proto"), SPAN("http"));
    qsort(entries.at, entries.count, sizeof *entries.at, compare_headers);
    write_maps(out, &entries, "headers", "multiValueHeaders");
    return true;
}

/* ---- query, path, stage -------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = span_compare(x->name, y->name);

    return order ? order : x->order < y->order ? -1 : 1;
}

/* Brings the values of a name together without looking at each pair of arguments: sorts by name,
 * gives each group the place of its first, and sorts back. */
static void group(struct entries *entries)
{
    size_t first = 0;

    qsort(entries->at, entries->count, sizeof *entries->at, compare_names);
    for (size_t i = 0; i < entries->count; i++) {
        if (!span_equal(entries->at[i].name, entries->at[first].name))
            first = i;
        /* the first's order, then the position within the group */
        entries->at[i].order = i == first ? entries->at[i].order * entries->count
                                          : entries->at[first].order + (i - first);
    }
    qsort(entries->at, entries->count, sizeof *entries->at, compare_order);
}

static bool write_query(struct exchange *x, const struct view *view, struct buf *out)
{
    struct entries entries = {0};

    entries.at = arena_try_array(exchange_arena(x), view->query.count + 1, sizeof *entries.at);
    if (!entries.at)
        return false;
    for (size_t i = 0; i < view->query.count; i++)
        add_entry(&entries, view->query.at[i].name, view->query.at[i].value);
    group(&entries);
    write_maps(out, &entries, "queryStringParameters", "multiValueQueryStringParameters");
    return true;
}

static void write_pairs(struct buf *out, const char *name, struct vtl_pairs pairs)
{
    buf_addf(out, ",\"%s\":", name);
    if (pairs.count == 0) {
        buf_add(out, SPAN("null"));
        return;
    }
    for (size_t i = 0; i < pairs.count; i++) {
        buf_add_char(out, i == 0 ? '{' : ',');
        json_write_text(out, pairs.at[i].name);
        buf_add_char(out, ':');
        json_write_text(out, pairs.at[i].value);
    }
    buf_add_char(out, '}');
}

/* ---- requestContext ------------------------------------------------------------------------ */

static void write_context(struct exchange *x, struct buf *out)
{
    static const struct {
        const char *before; /* what is written before the value, with its name */
        struct span name;   /* in $context */
        bool is_number;
    } MEMBERS[] = {
        {"{\"resourceId\":", SPAN_INIT("resourceId"), false},
        {",\"resourcePath\":", SPAN_INIT("resourcePath"), false},
        {",\"httpMethod\":", SPAN_INIT("httpMethod"), false},
        {",\"extendedRequestId\":", SPAN_INIT("extendedRequestId"), false},
        {",\"requestTime\":", SPAN_INIT("requestTime"), false},
        {",\"path\":", SPAN_INIT("path"), false},
        {",\"accountId\":", SPAN_INIT("accountId"), false},
        {",\"protocol\":", SPAN_INIT("protocol"), false},
        {",\"stage\":", SPAN_INIT("stage"), false},
        {",\"domainPrefix\":", SPAN_INIT("domainPrefix"), false},
        {",\"requestTimeEpoch\":", SPAN_INIT("requestTimeEpoch"), true},
        {",\"requestId\":", SPAN_INIT("requestId"), false},
        {",\"identity\":{\"cognitoIdentityPoolId\":", SPAN_INIT("identity.cognitoIdentityPoolId"),
         false},
        {",\"accountId\":", SPAN_INIT("identity.accountId"), false},
        {",\"cognitoIdentityId\":", SPAN_INIT("identity.cognitoIdentityId"), false},
        {",\"caller\":", SPAN_INIT("identity.caller"), false},
        {",\"sourceIp\":", SPAN_INIT("identity.sourceIp"), false},
        {",\"principalOrgId\":", SPAN_INIT("identity.principalOrgId"), false},
        {",\"accessKey\":", SPAN_INIT("identity.accessKey"), false},
        {",\"cognitoAuthenticationType\":", SPAN_INIT("identity.cognitoAuthenticationType"), false},
        {",\"cognitoAuthenticationProvider\":", SPAN_INIT("identity.cognitoAuthenticationProvider"),
         false},
        {",\"userArn\":", SPAN_INIT("identity.userArn"), false},
        {",\"userAgent\":", SPAN_INIT("identity.userAgent"), false},
        {",\"user\":", SPAN_INIT("identity.user"), false},
        {"},\"domainName\":", SPAN_INIT("domainName"), false},
        {",\"deploymentId\":", SPAN_INIT("deploymentId"), false},
        {",\"apiId\":", SPAN_INIT("apiId"), false},
    };

    buf_add(out, SPAN(",\"requestContext\":"));
    for (size_t i = 0; i < COUNT(MEMBERS); i++) {
        struct span value = context_text(x, MEMBERS[i].name);

        buf_add_text(out, MEMBERS[i].before);
        if (!value.at)
            buf_add(out, SPAN("null"));
        else if (MEMBERS[i].is_number)
            buf_add(out, value);
        else
            json_write_text(out, value);
    }
    buf_add_char(out, '}');
}

/* ---- body ---------------------------------------------------------------------------------- */

static void write_body(struct exchange *x, struct buf *out)
{
    const struct http_request *r = &x->stream->request;
    struct span type = http_header_find(r->headers, r->header_count, "Content-Type");
    struct span body = x->stream->body;
    bool is_binary = media_is_binary(x->stage->deployment, type) && body.len > 0;
    char *room;

    buf_add(out, SPAN(",\"body\":"));
    if (body.len == 0) {
        buf_add(out, SPAN("null"));
    } else if (!is_binary) {
        json_write_text(out, body);
    } else {
        buf_add_char(out, '"');
        room = buf_room(out, base64_len(body.len));
        if (room)
            out->len += base64_encode(body, room);
        buf_add_char(out, '"');
    }
    buf_add(out,
            is_binary ? SPAN(",\"isBase64Encoded\":true}") : SPAN(",\"isBase64Encoded\":false}"));
}

bool lambda_event_write(struct exchange *x, struct buf *out)
{
    const struct view *view = exchange_view(x);

    if (!view)
        return false;
    buf_add(out, SPAN("{\"resource\":"));
    json_write_text(out, x->method->resource_path);
    buf_add(out, SPAN(",\"path\":"));
    json_write_text(out, x->target.path.len > 0 ? x->target.path : SPAN("/"));
    buf_add(out, SPAN(",\"httpMethod\":"));
    json_write_text(out, context_text(x, SPAN("httpMethod")));
    if (!write_headers(x, view, out) || !write_query(x, view, out))
        return false;
    write_pairs(out, "pathParameters", view->path);
    write_pairs(out, "stageVariables", x->stage->variables);
    write_context(x, out);
    write_body(x, out);
    return !out->is_over && !exchange_arena(x)->is_over;
}
