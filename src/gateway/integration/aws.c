/* AWS, not proxied: today functions alone.  The event is what the request's template makes; the
 * integration response is chosen by the text of the function's error (spec/data-plane-rest.md, 10.8
 * and 11). */
#include "gateway/integration/integration.h"
#include "gateway/integration/lambda.h"
#include "gateway/mapping/request.h"
#include "gateway/reply/answer.h"
#include "text/json.h"

static bool is_function(const struct exchange *x)
{
    return span_search(x->method->integration.uri, SPAN(":lambda:path/")) <
           x->method->integration.uri.len;
}

/* Invocations that are not waited for are a mapping away. */
static bool is_asynchronous(const struct request_parameters *parameters)
{
    for (size_t i = 0; i < parameters->header.count; i++)
        if (span_equal_nocase(parameters->header.at[i].name, SPAN("X-Amz-Invocation-Type")) &&
            span_is(parameters->header.at[i].value, "Event"))
            return true;
    return false;
}

static enum verdict start(struct exchange *x)
{
    struct request_parameters parameters;
    struct invoke *invoke;
    struct span body;

    if (!is_function(x))
        return exchange_not_yet(
            x,
            SPAN("Not yet in Portico: integrations of type AWS with services other than Lambda"));
    if (request_body(x, &body) == REPLY || request_parameters(x, &parameters) == REPLY)
        return REPLY;
    for (size_t i = 0; i < parameters.header.count; i++) /* overrides as well */
        if (!lambda_may_set(parameters.header.at[i].name))
            return exchange_fail(x, API_CONFIGURATION_ERROR);
    if (is_asynchronous(&parameters))
        return exchange_not_yet(x, SPAN("Not yet in Portico: X-Amz-Invocation-Type 'Event'"));
    if (lambda_prepare(x, &invoke) == REPLY)
        return REPLY;
    buf_add(&invoke->event, body.len > 0 ? body : SPAN("{}"));
    return lambda_start(x, invoke);
}

/* `errorMessage` of the payload, else the empty text. */
static struct span error_message(struct exchange *x, struct span payload)
{
    struct json *object = NULL;

    if (span_search(payload, SPAN("errorMessage")) == payload.len ||
        json_parse(exchange_arena(x), payload, &object, NULL) != OK)
        return SPAN("");
    return json_member_text(object, "errorMessage", SPAN(""));
}

static enum verdict take(struct exchange *x)
{
    static const struct http_header TYPE = {SPAN_INIT("Content-Type"),
                                            SPAN_INIT("application/json")};
    const struct invoke *invoke;
    struct span payload;

    if (lambda_taken(x, &invoke) == REPLY)
        return REPLY;
    payload = buf_span(&invoke->payload);
    return exchange_answer(x, &(struct backend_answer){
                                  .status = 200,
                                  .headers = &TYPE,
                                  .header_count = 1,
                                  .body = payload,
                                  .selector = error_message(x, payload),
                              });
}

const struct integration_driver AWS_DRIVER = {request_needs_body, start, take};
