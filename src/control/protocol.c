/* One table of functions a protocol, so that the way of a call is written once (dispatch.c). */
#include "control/protocol.h"

#include "control/query.h"

static enum fault refuse(struct call *call, const struct model_error *error, struct span text)
{
    call->refused = (struct model_answer){error, text};
    return FAULT_DENIED;
}

/* ---- rest-json ----------------------------------------------------------------------------- */

/* Is it the signing name of a service that Portico has? */
static bool is_service(struct span signing)
{
    for (size_t i = 0; i < MODEL_SERVICE_COUNT; i++)
        if (span_equal(MODEL_SERVICES[i]->signing, signing))
            return true;
    return false;
}

static enum fault rest_route(struct call *call, const struct http_request *request,
                             struct span body, struct span signing, struct control_match *out)
{
    static const struct model_error UNKNOWN = {.code = SPAN_INIT("UnknownOperationException"),
                                               .status = 404};
    enum fault rc = control_route(call->control->routes, call->arena, signing, request->method,
                                  request->path, request->query, out);

    (void)body;
    if (rc != FAULT_NOT_FOUND && rc != FAULT_UNSUPPORTED)
        return rc;
    return refuse(
        call, &UNKNOWN,
        signing.len > 0 && !is_service(signing)
            ? arena_format(call->arena, "Portico has no service '%.*s'", SPAN_ARG(signing))
            : arena_format(call->arena, "Portico knows no operation %.*s %.*s",
                           SPAN_ARG(request->method), SPAN_ARG(request->path)));
}

static enum fault rest_decode(struct call *call, const struct http_request *request,
                              struct span body, struct json **input)
{
    struct rest_request rest = {request->query, request->headers, request->header_count, body};

    return decode_rest_json(call->arena, call->match, &rest, input, &call->refused);
}

static bool rest_encode(struct call *call, struct span request_id, struct buf *body,
                        struct encoded *out)
{
    (void)request_id;
    return encode_rest_json(call->arena, call->match->service, call->match->operation, call->output,
                            body, out);
}

static bool rest_encode_error(struct call *call, struct span request_id, struct buf *body,
                              struct encoded *out)
{
    (void)request_id;
    return encode_rest_json_error(call->arena, &call->refused, body, out);
}

/* ---- query --------------------------------------------------------------------------------- */

/* The form: the body of a POST, the query of a GET (as presigned calls have it). */
static struct span form_of(const struct http_request *request, struct span body)
{
    return span_is(request->method, "GET") ? request->query : body;
}

static enum fault query_find(struct call *call, const struct http_request *request,
                             struct span body, struct span signing, struct control_match *out)
{
    static const struct model_error INVALID = {.code = SPAN_INIT("InvalidAction"), .status = 400};
    static const struct model_error MISSING = {.code = SPAN_INIT("MissingAction"), .status = 400};
    struct span action, version;
    enum fault rc = query_route(call->arena, MODEL_SERVICES, MODEL_SERVICE_COUNT, signing,
                                form_of(request, body), out, &action, &version);

    if (rc != FAULT_NOT_FOUND)
        return rc;
    if (action.len == 0)
        return refuse(call, &MISSING, SPAN("The request must contain the parameter Action"));
    return refuse(call, &INVALID,
                  arena_format(call->arena, "Could not find operation %.*s for version %.*s",
                               SPAN_ARG(action), SPAN_ARG(version)));
}

static enum fault query_read(struct call *call, const struct http_request *request,
                             struct span body, struct json **input)
{
    return query_decode(call->arena, call->match, form_of(request, body), input, &call->refused);
}

static bool query_write(struct call *call, struct span request_id, struct buf *body,
                        struct encoded *out)
{
    return query_encode(call->match->service, call->match->operation, call->output, request_id,
                        body, out);
}

static bool query_write_error(struct call *call, struct span request_id, struct buf *body,
                              struct encoded *out)
{
    static const struct model_service NONE = {.protocol = PROTOCOL_QUERY};

    return query_encode_error(call->match ? call->match->service : &NONE, &call->refused,
                              request_id, body, out);
}

/* ---- choosing ------------------------------------------------------------------------------ */

static const struct model_error REST_UNSIGNED = {
    .code = SPAN_INIT("MissingAuthenticationTokenException"), .status = 403};
static const struct model_error QUERY_UNSIGNED = {.code = SPAN_INIT("MissingAuthenticationToken"),
                                                  .status = 403};

static const struct protocol REST = {rest_route,
                                     rest_decode,
                                     rest_encode,
                                     rest_encode_error,
                                     {&REST_UNSIGNED, SPAN_INIT("Missing Authentication Token")}};
static const struct protocol QUERY = {
    query_find,
    query_read,
    query_write,
    query_write_error,
    {&QUERY_UNSIGNED, SPAN_INIT("Request is missing Authentication Token")}};

const struct protocol *protocol_of(const struct http_request *request)
{
    struct span type = http_header_find(request->headers, request->header_count, "Content-Type");
    struct span form = SPAN("application/x-www-form-urlencoded");
    bool is_form = type.len >= form.len && span_equal_nocase(span_first(type, form.len), form);
    bool has_action = span_starts(request->query, SPAN("Action=")) ||
                      span_search(request->query, SPAN("&Action=")) < request->query.len;

    if (!span_is(request->path, "/"))
        return &REST;
    return (span_is(request->method, "POST") && is_form) ||
                   (span_is(request->method, "GET") && has_action)
               ? &QUERY
               : &REST;
}
