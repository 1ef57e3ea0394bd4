/* Heads are written per request, so nothing here formats or allocates. */
#include "gateway/integration/backend_head.h"

#include "base/uri.h"
#include "gateway/integration/proxy_headers.h"
#include "gateway/mapping/view.h"
#include "http/h1.h"

struct span backend_verb(const struct exchange *x)
{
    struct span verb = x->method->integration.verb;

    return span_is(verb, "ANY") ? x->stream->request.method : verb;
}

struct span backend_path_parameter(struct exchange *x, struct span name)
{
    const struct backend_draft *draft = x->operation;

    return pairs_last(draft->parameters.path, name);
}

void head_add_request_line(struct buf *head, const struct backend_draft *draft, struct span query)
{
    struct span rest = draft->uri.rest;
    char separator = span_find(rest, '?') < rest.len ? '&' : '?';

    buf_add(head, draft->verb);
    buf_add_char(head, ' ');
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
    buf_add(head, SPAN(" HTTP/1.1\r\n"));
}

void head_add_header(struct buf *head, struct span name, struct span value)
{
    buf_add(head, name);
    buf_add(head, SPAN(": "));
    buf_add(head, value);
    buf_add(head, SPAN("\r\n"));
}

void head_see(struct head_seen *seen, struct span name)
{
    switch (name.len) { /* most names fit no row */
    case 4:
        seen->host = seen->host || span_equal_nocase(name, SPAN("Host"));
        break;
    case 6:
        seen->accept = seen->accept || span_equal_nocase(name, SPAN("Accept"));
        break;
    case 10:
        seen->user_agent = seen->user_agent || span_equal_nocase(name, SPAN("User-Agent"));
        break;
    case 12:
        seen->content_type = seen->content_type || span_equal_nocase(name, SPAN("Content-Type"));
        break;
    default:
        break;
    }
}

bool head_is_mapped(const struct backend_draft *draft, struct span name)
{
    for (size_t i = 0; i < draft->parameters.header.count; i++)
        if (span_equal_nocase(draft->parameters.header.at[i].name, name))
            return true;
    return false;
}

static bool all_in(struct span text, const bool set[static 256])
{
    for (size_t i = 0; i < text.len; i++)
        if (!set[(unsigned char)text.at[i]])
            return false;
    return true;
}

bool head_add_mapped(struct buf *head, const struct backend_draft *draft, struct head_seen *seen)
{
    for (size_t i = 0; i < draft->parameters.header.count; i++) {
        struct span name = draft->parameters.header.at[i].name;
        struct span value = draft->parameters.header.at[i].value;

        if (name.len == 0 || !all_in(name, H1_TOKEN) || !all_in(value, H1_VALUE))
            return false;
        switch (proxy_mapped_rule(name)) {
        case MAPPED_FAILS:
            return false;
        case MAPPED_IS_DROPPED:
            break;
        case MAPPED_PASSES:
            head_add_header(head, name, value);
            head_see(seen, name);
            break;
        }
    }
    return true;
}

void head_add_usual(struct exchange *x, struct buf *head, const struct backend_draft *draft,
                    const struct head_seen *seen)
{
    if (!seen->host)
        head_add_header(head, SPAN("Host"), draft->uri.authority);
    if (!seen->accept)
        buf_add(head, SPAN("Accept: application/json\r\n"));
    if (!seen->user_agent) {
        buf_add(head, SPAN("User-Agent: AmazonAPIGateway_"));
        buf_add(head, x->stage->api_id);
        buf_add(head, SPAN("\r\n"));
    }
    head_add_header(head, SPAN("X-Amzn-Apigateway-Api-Id"), x->stage->api_id);
    head_add_header(head, SPAN("X-Amzn-Trace-Id"), exchange_trace(x));
}

void head_end(struct buf *head, uint64_t body_len)
{
    buf_add(head, SPAN("Connection: keep-alive\r\nContent-Length: "));
    buf_add_u64(head, body_len);
    buf_add(head, SPAN("\r\n\r\n"));
}
