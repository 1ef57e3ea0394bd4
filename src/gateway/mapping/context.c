/* The names of $context.  What belongs to parts that Portico does not have yet (authorizers, API
 * keys, client certificates, canaries) joins the table with them. */
#include "gateway/mapping/context.h"

#include "text/json.h"

#define MESSAGE_MAX (64 * 1024)

static struct vtl_value text(struct span s)
{
    return s.at ? vtl_text(s) : vtl_null();
}

static struct span request_header(const struct exchange *x, const char *name)
{
    return http_header_find(x->stream->request.headers, x->stream->request.header_count, name);
}

static struct vtl_value resource_id(struct exchange *x)
{
    return text(x->method ? x->method->resource_id : (struct span){NULL, 0});
}

static struct vtl_value resource_path(struct exchange *x)
{
    return text(x->method ? x->method->resource_path : (struct span){NULL, 0});
}

static struct vtl_value http_method(struct exchange *x)
{
    struct span override = request_header(x, "X-HTTP-Method-Override");

    return vtl_text(override.len > 0 ? override : x->stream->request.method);
}

static struct vtl_value extended_request_id(struct exchange *x)
{
    return vtl_text(span_of(x->extended_id));
}

static struct vtl_value request_id(struct exchange *x)
{
    return vtl_text(span_of(x->request_id));
}

static struct vtl_value request_time(struct exchange *x)
{
    char *room = arena_alloc(exchange_arena(x), CLOCK_TEXT_MAX);

    return vtl_text(span_make(room, clock_clf(x->began, room)));
}

static struct vtl_value request_time_epoch(struct exchange *x)
{
    return vtl_number(x->began / MICROS_PER_MS);
}

/* With the stage in front, whatever form named it. */
static struct vtl_value path(struct exchange *x)
{
    return text(arena_format(exchange_arena(x), "/%.*s%.*s", SPAN_ARG(x->target.stage),
                             SPAN_ARG(x->target.path)));
}

static struct vtl_value account_id(struct exchange *x)
{
    return x->stage ? vtl_text(x->stage->account) : vtl_null();
}

static struct vtl_value api_id(struct exchange *x)
{
    return x->stage ? vtl_text(x->stage->api_id) : vtl_null();
}

static struct vtl_value stage_name(struct exchange *x)
{
    return x->stage ? vtl_text(x->stage->name) : vtl_null();
}

static struct vtl_value deployment_id(struct exchange *x)
{
    return x->stage ? vtl_text(x->stage->deployment_id) : vtl_null();
}

static struct vtl_value protocol(struct exchange *x)
{
    (void)x;
    return vtl_text(SPAN("HTTP/1.1"));
}

/* As the client wrote it; in the path form the name that would have reached the same API. */
static struct vtl_value domain_name(struct exchange *x)
{
    struct span host = x->stream->request.host;
    size_t colon = span_find_last(host, ':');

    if (x->target.kind == TARGET_API_HOST)
        return text(host);
    if (colon < host.len && span_find(span_skip(host, colon), ']') < host.len - colon)
        colon = host.len; /* [::1] without a port */
    return text(arena_format(exchange_arena(x), "%.*s.execute-api.localhost%.*s",
                             SPAN_ARG(x->target.api), SPAN_ARG(span_skip(host, colon))));
}

static struct vtl_value domain_prefix(struct exchange *x)
{
    struct span host = x->stream->request.host;

    if (x->target.kind == TARGET_API_HOST)
        return text(span_first(host, span_find(host, '.')));
    return text(x->target.api);
}

static struct vtl_value source_ip(struct exchange *x)
{
    char peer[HTTP_PEER_TEXT_MAX];

    http_stream_peer(x->stream, peer);
    return text(arena_copy(exchange_arena(x), span_of(peer)));
}

static struct vtl_value user_agent(struct exchange *x)
{
    return text(request_header(x, "User-Agent"));
}

static struct vtl_value nothing(struct exchange *x)
{
    (void)x;
    return vtl_null();
}

/* In the order in which a map of them is walked. */
static const struct name {
    struct span name;
    struct vtl_value (*value)(struct exchange *x); /* NULL: a container */
} NAMES[] = {
    {SPAN_INIT("resourceId"), resource_id},
    {SPAN_INIT("resourcePath"), resource_path},
    {SPAN_INIT("httpMethod"), http_method},
    {SPAN_INIT("extendedRequestId"), extended_request_id},
    {SPAN_INIT("requestTime"), request_time},
    {SPAN_INIT("path"), path},
    {SPAN_INIT("accountId"), account_id},
    {SPAN_INIT("protocol"), protocol},
    {SPAN_INIT("requestOverride"), NULL},
    {SPAN_INIT("requestOverride.path"), NULL},
    {SPAN_INIT("requestOverride.header"), NULL},
    {SPAN_INIT("requestOverride.querystring"), NULL},
    {SPAN_INIT("stage"), stage_name},
    {SPAN_INIT("domainPrefix"), domain_prefix},
    {SPAN_INIT("requestTimeEpoch"), request_time_epoch},
    {SPAN_INIT("requestId"), request_id},
    {SPAN_INIT("identity"), NULL},
    {SPAN_INIT("identity.cognitoIdentityPoolId"), nothing},
    {SPAN_INIT("identity.accountId"), nothing},
    {SPAN_INIT("identity.cognitoIdentityId"), nothing},
    {SPAN_INIT("identity.caller"), nothing},
    {SPAN_INIT("identity.sourceIp"), source_ip},
    {SPAN_INIT("identity.principalOrgId"), nothing},
    {SPAN_INIT("identity.accessKey"), nothing},
    {SPAN_INIT("identity.cognitoAuthenticationType"), nothing},
    {SPAN_INIT("identity.cognitoAuthenticationProvider"), nothing},
    {SPAN_INIT("identity.userArn"), nothing},
    {SPAN_INIT("identity.userAgent"), user_agent},
    {SPAN_INIT("identity.user"), nothing},
    {SPAN_INIT("domainName"), domain_name},
    {SPAN_INIT("deploymentId"), deployment_id},
    {SPAN_INIT("responseOverride"), NULL},
    {SPAN_INIT("responseOverride.header"), NULL},
    {SPAN_INIT("apiId"), api_id},
};

/* ---- errors: not in the map, gateway responses and logs ask for them by name ----------------- */

static struct vtl_value error_message(struct exchange *x)
{
    return text(x->failure.message);
}

/* Quoted, as a value of JSON. */
static struct vtl_value error_message_string(struct exchange *x)
{
    struct buf quoted;
    struct span copy;

    if (!x->failure.message.at)
        return vtl_text(SPAN("null"));
    buf_init(&quoted, MESSAGE_MAX);
    json_write_text(&quoted, x->failure.message);
    copy = arena_copy(exchange_arena(x), quoted.is_over ? SPAN("null") : buf_span(&quoted));
    buf_release(&quoted);
    return text(copy);
}

static struct vtl_value error_type(struct exchange *x)
{
    return x->failure.type ? text(x->failure.type->name) : vtl_null();
}

static struct vtl_value error_validation(struct exchange *x)
{
    return text(x->failure.validation);
}

static const struct name ERRORS[] = {
    {SPAN_INIT("error.message"), error_message},
    {SPAN_INIT("error.messageString"), error_message_string},
    {SPAN_INIT("error.responseType"), error_type},
    {SPAN_INIT("error.validationErrorString"), error_validation},
};

struct vtl_value context_value(struct exchange *x, struct span name)
{
    for (size_t i = 0; x->failure.type && i < COUNT(ERRORS); i++)
        if (span_equal(ERRORS[i].name, name))
            return ERRORS[i].value(x);
    for (size_t i = 0; i < COUNT(NAMES); i++)
        if (NAMES[i].value && span_equal(NAMES[i].name, name))
            return NAMES[i].value(x);
    return vtl_null();
}

struct span context_text(struct exchange *x, struct span name)
{
    struct vtl_value value = context_value(x, name);
    struct span printed;

    if (value.type == VTL_NULL || !vtl_print(exchange_arena(x), value, &printed))
        return (struct span){NULL, 0};
    return printed;
}

bool context_fill(struct exchange *x, struct vtl_map *context)
{
    context->is_silent = true;
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        struct span name = NAMES[i].name;
        size_t dot = span_find(name, '.');
        struct vtl_value value = vtl_null();
        struct vtl_map *map = context;

        if (dot < name.len) { /* its container stands before it */
            map = vtl_map_get(context, span_first(name, dot))->map;
            name = span_skip(name, dot + 1);
        }
        if (NAMES[i].value) {
            value = NAMES[i].value(x);
        } else {
            value = vtl_of_map(vtl_map_new(context->arena));
            if (!value.map)
                return false;
            value.map->is_silent = true;
        }
        if (!vtl_map_put(map, name, value))
            return false;
    }
    return true;
}
