/* HTTP: the backend gets what templates and mappings make, and nothing else of the client's; its
 * answer is one that integration responses choose from (spec/data-plane-rest.md, 7.2, 9 and 10.3).
 */
#include "gateway/integration/backend.h"
#include "gateway/integration/backend_head.h"
#include "gateway/integration/integration.h"
#include "gateway/mapping/request.h"
#include "gateway/reply/answer.h"

/* The client's Content-Type belongs to its body. */
static void add_content_type(struct exchange *x, const struct backend_draft *draft,
                             const struct head_seen *seen, struct buf *head)
{
    const struct http_request *r = &x->stream->request;
    struct span sent = http_header_find(r->headers, r->header_count, "Content-Type");

    if (draft->body.len > 0 && !seen->content_type)
        head_add_header(head, SPAN("Content-Type"), sent.at ? sent : SPAN("application/json"));
}

static bool build_head(struct exchange *x, const struct backend_draft *draft, struct buf *head)
{
    struct head_seen seen = {0};

    buf_clear(head);
    head_add_request_line(head, draft, SPAN(""));
    if (!head_add_mapped(head, draft, &seen))
        return false;
    head_add_usual(x, head, draft, &seen);
    add_content_type(x, draft, &seen, head);
    head_end(head, draft->body.len);
    return !head->is_over;
}

static enum verdict start(struct exchange *x)
{
    struct backend_draft *draft = arena_new(exchange_arena(x), struct backend_draft);
    struct buf *head = &x->worker->scratch;
    struct backend_request request;

    x->operation = draft;
    draft->verb = backend_verb(x);
    if (request_body(x, &draft->body) == REPLY ||
        request_parameters(x, &draft->parameters) == REPLY)
        return REPLY;
    if (!backend_uri(x, backend_path_parameter, &draft->uri) || !build_head(x, draft, head))
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
