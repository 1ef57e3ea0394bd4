/* HTTP_PROXY: the client's request goes to the backend, the backend's answer to the client, each
 * with the changes that AWS makes on the way (spec/data-plane-rest.md, sections 7, 9.1 and 9.2). */
#include "base/number.h"
#include "gateway/integration/backend.h"
#include "gateway/integration/backend_head.h"
#include "gateway/integration/integration.h"
#include "gateway/integration/proxy_headers.h"
#include "gateway/mapping/view.h"

/* A body of unknown length is read whole: backends get a Content-Length, as from AWS. */
static bool needs_body(const struct exchange *x)
{
    const struct mappings *mappings = &x->method->integration.mappings;

    for (size_t i = 0; i < mappings->count; i++)
        if (mappings->at[i].from.source == SOURCE_BODY)
            return true;
    return x->stream->request.framing == HTTP_CHUNKED;
}

/* ---- the request ----------------------------------------------------------------------------- */

static void add_client_headers(struct exchange *x, const struct backend_draft *draft,
                               struct buf *head, struct head_seen *seen)
{
    const struct http_request *r = &x->stream->request;
    bool names_some = proxy_connection_names_some(r->headers, r->header_count);

    for (unsigned i = 0; i < r->header_count; i++) {
        const struct http_header *h = &r->headers[i];

        if (proxy_request_rule(h->name) != REQUEST_PASSES || head_is_mapped(draft, h->name) ||
            (names_some && proxy_connection_names(r->headers, r->header_count, h->name)))
            continue;
        head_add_header(head, h->name, h->value);
        head_see(seen, h->name);
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

/* False when it cannot be built. */
static bool build_head(struct exchange *x, const struct backend_draft *draft, struct buf *head)
{
    struct head_seen seen = {0};

    buf_clear(head);
    head_add_request_line(head, draft, x->stream->request.query);
    if (!head_add_mapped(head, draft, &seen))
        return false;
    add_client_headers(x, draft, head, &seen);
    add_forwarded(x, head);
    head_add_usual(x, head, draft, &seen);
    head_end(head, x->has_collected ? x->stream->body.len : x->stream->request.length);
    return !head->is_over;
}

static enum verdict start(struct exchange *x)
{
    struct backend_draft *draft = arena_new(exchange_arena(x), struct backend_draft);
    struct buf *head = &x->worker->scratch;
    struct backend_request request;

    x->operation = draft;
    draft->verb = backend_verb(x);
    if (!x->has_collected && x->stream->request.length > HTTP_BODY_MAX)
        return exchange_fail(x, REQUEST_TOO_LARGE);
    if (request_parameters(x, &draft->parameters) == REPLY)
        return REPLY;
    if (!backend_uri(x, backend_path_parameter, &draft->uri) || !build_head(x, draft, head))
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
