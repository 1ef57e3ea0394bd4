/* The rows that a request to a REST API runs down. */
#include "base/base64.h"
#include "gateway/exchange.h"
#include "gateway/guard/resource_policy.h"
#include "gateway/integration/integration.h"
#include "gateway/mapping/validate.h"
#include "gateway/reply/compress.h"
#include "gateway/reply/response.h"
#include "telemetry/access_log.h"

/* Makes the ids that the reply carries and that mappings and logs name (section 7.5). */
static enum verdict identify(struct exchange *x)
{
    struct random *random = &x->worker->random;
    uint64_t bits[2] = {random_next(random), random_next(random)};

    x->began = x->worker->loop.wall;
    x->started = x->worker->loop.now;
    random_uuid(random, x->request_id);
    base64_encode_url(span_make(bits, 12), x->extended_id); /* 16 characters ... */
    x->extended_id[EXTENDED_ID_LEN - 1] = '=';              /* ... as AWS's look */
    x->extended_id[EXTENDED_ID_LEN] = '\0';
    return GO_ON;
}

/* The stage, by what the edge read from Host or path (spec/data-plane-rest.md, 2.2 and 2.5). */
static enum verdict find_stage(struct exchange *x)
{
    const struct api *api = snapshot_api(x->worker->snapshot, x->target.api);

    if (!api && x->target.kind == TARGET_API_PATH)
        return exchange_message(
            x, 404, "NotFoundException",
            arena_format(exchange_arena(x),
                         "The API id '%.*s' does not correspond to a deployed API Gateway API",
                         SPAN_ARG(x->target.api)));
    x->stage = api ? api_stage(api, x->target.stage) : NULL;
    if (!x->stage)
        return exchange_fail(x, FORBIDDEN);
    if (!x->stage->deployment)
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    return GO_ON;
}

static enum verdict find_route(struct exchange *x)
{
    struct span verb = x->stream->request.method;
    struct span override = http_header_find(
        x->stream->request.headers, x->stream->request.header_count, "X-HTTP-Method-Override");

    if (x->stage->deployment->is_endpoint_disabled) /* both forms stand for the default endpoint */
        return exchange_fail(x, FORBIDDEN);
    x->method =
        route_find(x->stage->deployment, override.len > 0 ? override : verb, x->target.path);
    if (!x->method)
        return exchange_fail(x, MISSING_AUTHENTICATION_TOKEN);
    if (x->method->not_yet.len > 0)
        return exchange_not_yet(x, x->method->not_yet);
    return GO_ON;
}

/* Reads the body only where something looks at it. */
static enum verdict read_body(struct exchange *x)
{
    const struct integration_driver *driver = integration_driver(x->method->integration.type);

    if (!driver)
        return exchange_not_yet(x, SPAN("Not yet in Portico: integrations of this type"));
    if (!driver->needs_body(x) && !validate_needs_body(x) && !expand_needs_body(x))
        return GO_ON;
    http_stream_collect(x->stream, HTTP_BODY_MAX, &x->resume);
    x->has_collected = true;
    return exchange_wait(x, &x->stream->collect);
}

static enum verdict take_body(struct exchange *x)
{
    if (!x->has_collected)
        return GO_ON;
    if (x->stream->collect.result == OP_DONE)
        return expand_request(x);
    if (x->stream->collect.result == OP_TOO_LARGE)
        return exchange_fail(x, REQUEST_TOO_LARGE);
    if (x->stream->collect.result == OP_NO_MEMORY)
        return exchange_message(x, 503, "ServiceUnavailableException", SPAN("Service Unavailable"));
    return exchange_message(x, 400, "BadRequestException", SPAN("Bad Request"));
}

static enum verdict integrate(struct exchange *x)
{
    return integration_driver(x->method->integration.type)->start(x);
}

static enum verdict take_integration(struct exchange *x)
{
    const struct integration_driver *driver = integration_driver(x->method->integration.type);

    return driver->take ? driver->take(x) : GO_ON;
}

static enum verdict render(struct exchange *x)
{
    if (!x->is_decided)
        response_render(x);
    return GO_ON;
}

/* Adds the ids, which every answer carries. */
static enum verdict stamp(struct exchange *x)
{
    x->lines = arena_join(exchange_arena(x),
                          (struct span[]){x->lines, SPAN("x-amzn-RequestId: "),
                                          span_make(x->request_id, UUID_TEXT_LEN),
                                          SPAN("\r\nx-amz-apigw-id: "),
                                          span_make(x->extended_id, EXTENDED_ID_LEN), SPAN("\r\n")},
                          6);
    return GO_ON;
}

static void log_access(struct exchange *x, bool is_broken)
{
    char peer[HTTP_PEER_TEXT_MAX];
    struct access_line line = {
        .wall = x->began,
        .request_id = span_make(x->request_id, UUID_TEXT_LEN),
        .api = x->target.api,
        .stage = x->target.stage,
        .method = x->stream->request.method,
        .path = x->stream->request.path,
        .status = is_broken ? 0 : x->status,
        .bytes = x->has_sent ? x->stream->pump.moved : x->body.len,
        .micros = x->worker->loop.now - x->started,
    };

    http_stream_peer(x->stream, peer);
    line.peer = span_of(peer);
    access_log_write(&x->worker->scratch, &line);
}

static enum verdict account(struct exchange *x)
{
    bool is_broken = x->stream->is_gone || (x->has_sent && x->stream->send.result != OP_DONE);
    int class = is_broken ? 0 : x->status / 100;

    counter_add(&x->worker->gateway->requests[class > 5 ? 0 : class], x->worker->number, 1);
    histogram_add(&x->worker->gateway->latency, x->worker->number,
                  x->worker->loop.now - x->started);
    if (x->worker->gateway->logs_access)
        log_access(x, is_broken);
    return GO_ON;
}

static const struct step REST_STEPS[] = {
    {"identify", identify},
    {"stage", find_stage},
    {"route", find_route},
    {"resource policy", resource_policy_guard},
    {"parameters", validate_parameters},
    {"read body", read_body}, /* WAITs only where a consumer needs it */
    {"body read", take_body},
    {"body", validate_body},
    {"integrate", integrate}, /* WAITs for the backend */
    {"integrated", take_integration},
    {"render", render}, /* reply_at: gateway responses too */
    {"compress", compress_reply},
    {"stamp", stamp},
    {"send", exchange_send}, /* WAITs for the pump */
    {"account", account},    /* finish_at: once, always; the runner then sends */
};

const struct plan REST_PLAN = {REST_STEPS, COUNT(REST_STEPS), 10, 14};
