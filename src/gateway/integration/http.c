/* HTTP: the backend gets what templates and mappings make, and nothing else of the client's; its
 * answer is one that integration responses choose from (spec/data-plane-rest.md, 7.2, 9 and 10.3).
 */
#include "base/uri.h"
#include "gateway/integration/backend.h"
#include "gateway/integration/integration.h"
#include "gateway/integration/proxy_headers.h"
#include "gateway/mapping/request.h"
#include "gateway/mapping/view.h"
#include "gateway/reply/answer.h"

/* What `start` puts together. */
struct draft {
    struct request_parameters parameters;
    struct endpoint_uri uri;
    struct span verb, body;
};

static struct span path_parameter(struct exchange *x, struct span name)
{
    const struct draft *draft = x->operation;

    return pairs_last(draft->parameters.path, name);
}

static struct span verb_of(const struct exchange *x)
{
    struct span verb = x->method->integration.verb;

    return span_is(verb, "ANY") ? x->stream->request.method : verb;
}

static void add_target(const struct draft *draft, struct buf *head)
{
    struct span rest = draft->uri.rest;
    char separator = span_find(rest, '?') < rest.len ? '&' : '?';

    if (rest.len == 0 || rest.at[0] == '?')
        buf_add_char(head, '/');
    buf_add(head, rest);
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

static void add_header(struct buf *head, struct span name, struct span value)
{
    buf_addf(head, "%.*s: %.*s\r\n", SPAN_ARG(name), SPAN_ARG(value));
}

static bool is_mapped(const struct draft *draft, struct span name)
{
    for (size_t i = 0; i < draft->parameters.header.count; i++)
        if (span_equal_nocase(draft->parameters.header.at[i].name, name))
            return true;
    return false;
}

/* False when a mapping sets what no mapping may set, or what is no header. */
static bool add_mapped(const struct draft *draft, struct buf *head)
{
    for (size_t i = 0; i < draft->parameters.header.count; i++) {
        struct vtl_pair header = draft->parameters.header.at[i];

        if (!all_in(header.name, H1_TOKEN) || !all_in(header.value, H1_VALUE) ||
            header.name.len == 0)
            return false;
        switch (proxy_mapped_rule(header.name)) {
        case MAPPED_FAILS:
            return false;
        case MAPPED_IS_DROPPED:
            break;
        case MAPPED_PASSES:
            add_header(head, header.name, header.value);
            break;
        }
    }
    return true;
}

/* The client's Content-Type belongs to its body. */
static void add_content_type(struct exchange *x, const struct draft *draft, struct buf *head)
{
    const struct http_request *r = &x->stream->request;
    struct span sent = http_header_find(r->headers, r->header_count, "Content-Type");

    if (draft->body.len > 0 && !is_mapped(draft, SPAN("Content-Type")))
        add_header(head, SPAN("Content-Type"), sent.at ? sent : SPAN("application/json"));
}

static bool build_head(struct exchange *x, const struct draft *draft, struct buf *head)
{
    buf_clear(head);
    buf_addf(head, "%.*s ", SPAN_ARG(draft->verb));
    add_target(draft, head);
    buf_add(head, SPAN(" HTTP/1.1\r\n"));
    if (!add_mapped(draft, head))
        return false;
    if (!is_mapped(draft, SPAN("Host")))
        add_header(head, SPAN("Host"), draft->uri.authority);
    if (!is_mapped(draft, SPAN("Accept")))
        buf_add(head, SPAN("Accept: application/json\r\n"));
    if (!is_mapped(draft, SPAN("User-Agent")))
        buf_addf(head, "User-Agent: AmazonAPIGateway_%.*s\r\n", SPAN_ARG(x->stage->api_id));
    add_content_type(x, draft, head);
    add_header(head, SPAN("X-Amzn-Apigateway-Api-Id"), x->stage->api_id);
    add_header(head, SPAN("X-Amzn-Trace-Id"), exchange_trace(x));
    buf_addf(head, "Connection: keep-alive\r\nContent-Length: %zu\r\n\r\n", draft->body.len);
    return !head->is_over;
}

static enum verdict start(struct exchange *x)
{
    struct draft *draft = arena_new(exchange_arena(x), struct draft);
    struct buf *head = &x->worker->scratch;
    struct backend_request request;

    x->operation = draft;
    draft->verb = verb_of(x);
    if (request_body(x, &draft->body) == REPLY ||
        request_parameters(x, &draft->parameters) == REPLY)
        return REPLY;
    if (!backend_uri(x, path_parameter, &draft->uri) || !build_head(x, draft, head))
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    request = (struct backend_request){
        .target = &draft->uri.target,
        .method = draft->verb,
        .head = arena_copy(exchange_arena(x), buf_span(head)),
        .body = draft->body,
    };
    if (!request.head.at)
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    return backend_start(x, &request);
}

static enum verdict take(struct exchange *x)
{
    const struct http_call *call;

    if (backend_taken(x, &call) == REPLY)
        return REPLY;
    return exchange_answer(x, &(struct backend_answer){
                                  .status = call->response.status,
                                  .headers = call->response.headers,
                                  .header_count = call->response.header_count,
                                  .body = call->answer,
                              });
}

const struct integration_driver HTTP_DRIVER = {request_needs_body, start, take};
