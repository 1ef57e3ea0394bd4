/* Headers, query and path parameters of a request, taken apart for whoever maps them. */
#include "gateway/mapping/view.h"

#include "base/number.h"
#include "base/uri.h"

#define QUERY_ARGUMENTS_MAX 4096 /* a target has at most 10 KB */

bool header_is_of_hop(struct span name)
{
    static const struct span HOP[] = {
        SPAN_INIT("Connection"),
        SPAN_INIT("Content-Length"),
        SPAN_INIT("Content-MD5"),
        SPAN_INIT("Expect"),
        SPAN_INIT("Max-Forwards"),
        SPAN_INIT("Server"),
        SPAN_INIT("Proxy-Authenticate"),
        SPAN_INIT("TE"),
        SPAN_INIT("Trailer"),
        SPAN_INIT("Transfer-Encoding"),
        SPAN_INIT("Upgrade"),
        SPAN_INIT("WWW-Authenticate"),
    };

    for (size_t i = 0; i < COUNT(HOP); i++)
        if (span_equal_nocase(name, HOP[i]))
            return true;
    return false;
}

struct span pairs_last(struct vtl_pairs pairs, struct span name)
{
    for (size_t i = pairs.count; i-- > 0;)
        if (span_equal(pairs.at[i].name, name))
            return pairs.at[i].value;
    return (struct span){NULL, 0};
}

static struct vtl_pairs visible_headers(struct arena *arena, const struct http_request *r,
                                        bool *fits)
{
    struct vtl_pair *pairs = arena_try_array(arena, r->header_count, sizeof *pairs);
    size_t n = 0;

    *fits = *fits && (pairs || r->header_count == 0);
    for (unsigned i = 0; pairs && i < r->header_count; i++)
        if (!header_is_of_hop(r->headers[i].name))
            pairs[n++] = (struct vtl_pair){r->headers[i].name, r->headers[i].value};
    return (struct vtl_pairs){pairs, n};
}

/* AWS splits at semicolons, too. */
static bool is_between(char c)
{
    return c == '&' || c == ';';
}

static struct span take_argument(struct span *query)
{
    size_t len = 0;
    struct span one;

    while (len < query->len && !is_between(query->at[len]))
        len++;
    one = span_first(*query, len);
    *query = span_skip(*query, len < query->len ? len + 1 : len);
    return one;
}

struct vtl_pairs query_arguments(struct arena *arena, struct span query, bool *fits)
{
    size_t count = query.len > 0 ? 1 : 0, n = 0;
    struct vtl_pair *pairs;

    for (size_t i = 0; i < query.len; i++)
        count += is_between(query.at[i]);
    count = count < QUERY_ARGUMENTS_MAX ? count : QUERY_ARGUMENTS_MAX;
    if (count == 0)
        return (struct vtl_pairs){NULL, 0};
    pairs = arena_try_array(arena, count, sizeof *pairs);
    while (pairs && n < count && query.len > 0) {
        struct span one = take_argument(&query);
        size_t equals = span_find(one, '=');

        if (one.len == 0)
            continue;
        pairs[n].name = uri_decode(arena, span_first(one, equals), true);
        pairs[n].value =
            equals < one.len ? uri_decode(arena, span_skip(one, equals + 1), true) : SPAN("");
        if (!pairs[n].name.at || !pairs[n].value.at)
            *fits = false;
        n++;
    }
    *fits = *fits && pairs;
    return (struct vtl_pairs){pairs, pairs ? n : 0};
}

/* Takes the next segment of a path that has no slash at its front. */
static struct span take_segment(struct span *path)
{
    size_t len = span_find(*path, '/');
    struct span segment = span_first(*path, len);

    *path = span_skip(*path, len < path->len ? len + 1 : len);
    return segment;
}

static struct span trim_slashes(struct span path, bool also_end)
{
    while (path.len > 0 && path.at[0] == '/')
        path = span_skip(path, 1);
    if (also_end && path.len > 0 && path.at[path.len - 1] == '/')
        path.len--;
    return path;
}

struct vtl_pairs path_parameters(struct arena *arena, struct span resource_path, struct span path)
{
    size_t room = 0, n = 0;
    struct vtl_pair *pairs;

    for (size_t i = 0; i < resource_path.len; i++)
        room += resource_path.at[i] == '{';
    pairs = room ? arena_try_array(arena, room, sizeof *pairs) : NULL;
    resource_path = trim_slashes(resource_path, false);
    path = trim_slashes(path, true); /* as routing does */
    while (pairs && n < room && resource_path.len > 0) {
        struct span segment = take_segment(&resource_path);
        bool is_variable = segment.len > 2 && segment.at[0] == '{';
        bool is_greedy = is_variable && segment.at[segment.len - 2] == '+';
        struct span value = is_greedy ? path : take_segment(&path);

        if (is_variable)
            pairs[n++] = (struct vtl_pair){
                span_make(segment.at + 1, segment.len - (is_greedy ? 3 : 2)), value};
    }
    return (struct vtl_pairs){pairs, n};
}

struct vtl_pairs exchange_path(struct exchange *x)
{
    if (x->view)
        return x->view->path;
    if (!x->method)
        return (struct vtl_pairs){NULL, 0};
    return path_parameters(exchange_arena(x), x->method->resource_path, x->target.path);
}

const struct view *exchange_view(struct exchange *x)
{
    struct arena *arena = exchange_arena(x);
    const struct http_request *r = &x->stream->request;
    struct view *view;
    bool fits = true;

    if (x->view)
        return x->view;
    view = arena_new(arena, struct view);
    view->headers = visible_headers(arena, r, &fits);
    view->query = query_arguments(arena, r->query, &fits);
    if (x->method)
        view->path = path_parameters(arena, x->method->resource_path, x->target.path);
    if (!fits || arena->is_over)
        return NULL;
    x->view = view;
    return view;
}

/* ---- trace --------------------------------------------------------------------------------- */

/* The value of "Root=" and its like in a trace header. */
static struct span trace_field(struct span header, struct span name)
{
    struct span field;

    while (span_split(&header, ';', &field)) {
        size_t equals = span_find(field, '=');

        if (span_equal_nocase(span_trim(span_first(field, equals)), name) && equals < field.len)
            return span_trim(span_skip(field, equals + 1));
    }
    return (struct span){NULL, 0};
}

#define ROOT_LEN 35 /* "1-", 8 digits, "-", 24 digits */
#define PARENT_LEN 16

/* Written by hand: it is made for every request that goes to a backend. */
static struct span new_root(struct exchange *x, char out[static ROOT_LEN])
{
    struct random *random = &x->worker->random;

    memcpy(out, "1-", 2);
    number_put_hex((uint64_t)(x->began / MICROS_PER_SECOND), 8, out + 2);
    out[10] = '-';
    number_put_hex(random_next(random), 8, out + 11);
    number_put_hex(random_next(random), 16, out + 19);
    return span_make(out, ROOT_LEN);
}

struct span exchange_trace(struct exchange *x)
{
    const struct http_request *r = &x->stream->request;
    struct span header, root, parent, sampled;
    char root_text[ROOT_LEN], parent_text[PARENT_LEN];

    if (x->trace.at)
        return x->trace;
    header = http_header_find(r->headers, r->header_count, "X-Amzn-Trace-Id");
    root = trace_field(header, SPAN("Root"));
    parent = trace_field(header, SPAN("Parent"));
    sampled = trace_field(header, SPAN("Sampled"));
    if (!sampled.at)
        sampled = parent.at ? SPAN("1") : SPAN("0");
    if (!root.at)
        root = new_root(x, root_text);
    if (!parent.at) {
        number_put_hex(random_next(&x->worker->random), PARENT_LEN, parent_text);
        parent = span_make(parent_text, PARENT_LEN);
    }
    x->trace = arena_join(
        exchange_arena(x),
        (struct span[]){SPAN("Root="), root, SPAN(";Parent="), parent, SPAN(";Sampled="), sampled},
        6);
    return x->trace;
}
