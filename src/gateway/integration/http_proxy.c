/* HTTP_PROXY: the client's request goes to the backend, the backend's answer to the client, each
 * with the changes that AWS makes on the way (spec/data-plane-rest.md, sections 7, 9.1 and 9.2). */
#include "base/number.h"
#include "base/uri.h"
#include "gateway/integration/backend.h"
#include "gateway/integration/integration.h"
#include "gateway/integration/proxy_headers.h"
#include "gateway/mapping/request.h"
#include "gateway/mapping/view.h"

/* What `start` puts together. */
struct draft {
    struct request_parameters parameters;
    struct endpoint_uri uri;
    struct span verb;
};

/* A body of unknown length is read whole: backends get a Content-Length, as from AWS. */
static bool needs_body(const struct exchange *x)
{
    const struct mappings *mappings = &x->method->integration.mappings;

    for (size_t i = 0; i < mappings->count; i++)
        if (mappings->at[i].from.source == SOURCE_BODY)
            return true;
    return x->stream->request.framing == HTTP_CHUNKED;
}

static struct span path_parameter(struct exchange *x, struct span name)
{
    const struct draft *draft = x->operation;

    return pairs_last(draft->parameters.path, name);
}

/* ---- the request ----------------------------------------------------------------------------- */

static struct span verb_of(const struct exchange *x)
{
    struct span verb = x->method->integration.verb;

    return span_is(verb, "ANY") ? x->stream->request.method : verb;
}

/* The URI's query, then the client's, then what is mapped (recorded in section 9.1). */
static void add_target(struct exchange *x, const struct draft *draft, struct buf *head)
{
    struct span rest = draft->uri.rest, query = x->stream->request.query;
    char separator = span_find(rest, '?') < rest.len ? '&' : '?';

    if (rest.len == 0 || rest.at[0] == '?')
        buf_add_char(head, '/');
    buf_add(head, rest);
    if (query.len > 0) {
        buf_add_char(head, separator);
        buf_add(head, query);
        separator = '&';
    }
    for (size_t i = 0; i < draft->parameters.query.count; i++) {
        buf_add_char(head, separator);
        uri_add_encoded(head, draft->parameters.query.at[i].name, false);
        buf_add_char(head, '=');
        uri_add_encoded(head, draft->parameters.query.at[i].value, false);
        separator = '&';
    }
}

static bool all_in(struct span text, const bool set[static 256])
{
    for (size_t i = 0; i < text.len; i++)
        if (!set[(unsigned char)text.at[i]])
            return false;
    return true;
}

/* Which of the headers that Portico adds when nobody else does are there. */
struct seen {
    bool accept, user_agent, host;
};

static void see(struct seen *seen, struct span name)
{
    if (name.len == 6 && span_equal_nocase(name, SPAN("Accept")))
        seen->accept = true;
    else if (name.len == 10 && span_equal_nocase(name, SPAN("User-Agent")))
        seen->user_agent = true;
    else if (name.len == 4 && span_equal_nocase(name, SPAN("Host")))
        seen->host = true;
}

static void add_header(struct buf *head, struct span name, struct span value)
{
    buf_add(head, name);
    buf_add(head, SPAN(": "));
    buf_add(head, value);
    buf_add(head, SPAN("\r\n"));
}

static bool is_mapped(const struct draft *draft, struct span name)
{
    for (size_t i = 0; i < draft->parameters.header.count; i++)
        if (span_equal_nocase(draft->parameters.header.at[i].name, name))
            return true;
    return false;
}

/* False when a mapping sets what no mapping may set, or what is no header. */
static bool add_mapped_headers(const struct draft *draft, struct buf *head, struct seen *seen)
{
    for (size_t i = 0; i < draft->parameters.header.count; i++) {
        struct span name = draft->parameters.header.at[i].name;
        struct span value = draft->parameters.header.at[i].value;

        if (name.len == 0 || !all_in(name, H1_TOKEN) || !all_in(value, H1_VALUE) ||
            proxy_mapped_rule(name) == MAPPED_FAILS)
            return false;
        if (proxy_mapped_rule(name) == MAPPED_IS_DROPPED)
            continue;
        add_header(head, name, value);
        see(seen, name);
    }
    return true;
}

static void add_client_headers(struct exchange *x, const struct draft *draft, struct buf *head,
                               struct seen *seen)
{
    const struct http_request *r = &x->stream->request;
    bool names_some = proxy_connection_names_some(r->headers, r->header_count);

    for (unsigned i = 0; i < r->header_count; i++) {
        const struct http_header *h = &r->headers[i];

        if (proxy_request_rule(h->name) != REQUEST_PASSES || is_mapped(draft, h->name) ||
            (names_some && proxy_connection_names(r->headers, r->header_count, h->name)))
            continue;
        add_header(head, h->name, h->value);
        see(seen, h->name);
    }
}

/* The port of the Host that the client sent, by default of http. */
static struct span port_of(struct span host)
{
    size_t colon = span_find_last(host, ':');
    struct span digits = colon < host.len ? span_skip(host, colon + 1) : SPAN("");
    uint64_t port;

    return digits.len <= 5 && number_u64(digits, &port) ? digits : SPAN("80");
}

/* The client's address goes behind all that came, on however many lines. */
static void add_forwarded(struct exchange *x, struct buf *head)
{
    const struct http_request *r = &x->stream->request;
    struct span name = SPAN("X-Forwarded-For");
    char peer[HTTP_PEER_TEXT_MAX];

    http_stream_peer(x->stream, peer);
    buf_add(head, SPAN("X-Forwarded-For: "));
    for (unsigned i = 0; i < r->header_count; i++)
        if (r->headers[i].name.len == name.len && r->headers[i].value.len > 0 &&
            span_equal_nocase(r->headers[i].name, name)) {
            buf_add(head, r->headers[i].value);
            buf_add(head, SPAN(", "));
        }
    buf_add_text(head, peer);
    buf_add(head, SPAN("\r\nX-Forwarded-Port: "));
    buf_add(head, port_of(r->host));
    buf_add(head, SPAN("\r\nX-Forwarded-Proto: http\r\n"));
}

static void add_own_headers(struct exchange *x, struct buf *head, const struct seen *seen)
{
    if (!seen->accept)
        buf_add(head, SPAN("Accept: application/json\r\n"));
    if (!seen->user_agent) {
        buf_add(head, SPAN("User-Agent: AmazonAPIGateway_"));
        buf_add(head, x->stage->api_id);
        buf_add(head, SPAN("\r\n"));
    }
    add_forwarded(x, head);
    add_header(head, SPAN("X-Amzn-Apigateway-Api-Id"), x->stage->api_id);
    add_header(head, SPAN("X-Amzn-Trace-Id"), exchange_trace(x));
    buf_add(head, SPAN("Connection: keep-alive\r\nContent-Length: "));
    buf_add_u64(head, x->has_collected ? x->stream->body.len : x->stream->request.length);
    buf_add(head, SPAN("\r\n\r\n"));
}

/* False when it cannot be built. */
static bool build_head(struct exchange *x, const struct draft *draft, struct buf *head)
{
    struct seen seen = {0};

    buf_clear(head);
    buf_add(head, draft->verb);
    buf_add_char(head, ' ');
    add_target(x, draft, head);
    buf_add(head, SPAN(" HTTP/1.1\r\n"));
    if (!add_mapped_headers(draft, head, &seen))
        return false;
    if (!seen.host)
        add_header(head, SPAN("Host"), draft->uri.authority);
    add_client_headers(x, draft, head, &seen);
    add_own_headers(x, head, &seen);
    return !head->is_over;
}

static enum verdict start(struct exchange *x)
{
    struct draft *draft = arena_new(exchange_arena(x), struct draft);
    struct buf *head = &x->worker->scratch;
    struct backend_request request;

    x->operation = draft;
    draft->verb = verb_of(x);
    if (!x->has_collected && x->stream->request.length > HTTP_BODY_MAX)
        return exchange_fail(x, REQUEST_TOO_LARGE);
    if (request_parameters(x, &draft->parameters) == REPLY)
        return REPLY;
    if (!backend_uri(x, path_parameter, &draft->uri) || !build_head(x, draft, head))
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    request = (struct backend_request){
        .target = &draft->uri.target,
        .method = draft->verb,
        .head = arena_copy(exchange_arena(x), buf_span(head)),
        .hold_max = x->stage->deployment->compresses ? 0 : BACKEND_HOLD_MAX,
    };
    if (!request.head.at)
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    if (!x->has_collected && !http_stream_body_at_once(x->stream, HTTP_BODY_MAX))
        request.source = http_stream_open(x->stream, HTTP_BODY_MAX);
    request.body = x->stream->body;
    return backend_start(x, &request);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static enum verdict take(struct exchange *x)
{
    struct buf *lines = &x->worker->scratch;
    const struct http_call *call;
    struct span kept;

    if (backend_taken(x, &call) == REPLY)
        return REPLY;
    buf_clear(lines);
    proxy_add_answer_lines(lines, call->response.headers, call->response.header_count);
    kept = lines->is_over ? (struct span){NULL, 0} : arena_copy(exchange_arena(x), buf_span(lines));
    if (!kept.at)
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    return backend_relay(x, call->response.status, kept);
}

const struct integration_driver HTTP_PROXY_DRIVER = {needs_body, start, take};
