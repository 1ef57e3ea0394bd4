/* AWS_PROXY with a function behind it: the request as an event, the answer by a table of rules.
 *
 * Why a request failed stays hidden from clients, as with AWS; whoever runs Portico finds it in the
 * log. */
#include "gateway/integration/lambda.h"

#include "base/base64.h"
#include "base/log.h"
#include "base/mem.h"
#include "gateway/integration/integration.h"
#include "gateway/integration/lambda_answer.h"
#include "gateway/integration/lambda_event.h"
#include "gateway/mapping/view.h"

#define LINES_MAX (64 * 1024)

/* Between `start` and the end of the exchange. */
struct lambda_call {
    struct cleanup cleanup;
    struct invoke *invoke;
};

enum verdict lambda_bad_answer(struct exchange *x)
{
    return exchange_fail_status(x, API_CONFIGURATION_ERROR, 502);
}

/* ---- which function ------------------------------------------------------------------------ */

struct span lambda_uri_function(struct span uri)
{
    struct span marks[] = {SPAN(":lambda:path/"), SPAN("2015-03-31/functions/")};
    struct span end = SPAN("/invocations");
    size_t at = span_search(uri, marks[0]);

    if (at == uri.len)
        return (struct span){NULL, 0};
    uri = span_skip(uri, at + marks[0].len);
    if (uri.len > 0 && uri.at[0] == '/')
        uri = span_skip(uri, 1);
    if (!span_starts(uri, marks[1]) || !span_ends(uri, end) || uri.len < marks[1].len + end.len)
        return (struct span){NULL, 0};
    uri = span_skip(uri, marks[1].len);
    return span_first(uri, uri.len - end.len);
}

/* Fills in ${stageVariables.NAME}; a missing one is empty. */
static struct span fill(struct exchange *x, struct span text)
{
    struct span mark = SPAN("${stageVariables.");
    struct buf *out = &x->worker->scratch;
    size_t at = span_search(text, mark), end;

    if (at == text.len)
        return text;
    buf_clear(out);
    for (; at < text.len; at = span_search(text, mark)) {
        buf_add(out, span_first(text, at));
        text = span_skip(text, at + mark.len);
        end = span_find(text, '}');
        buf_add(out, pairs_last(x->stage->variables, span_first(text, end)));
        text = span_skip(text, end < text.len ? end + 1 : end);
    }
    buf_add(out, text);
    return out->is_over ? (struct span){NULL, 0} : arena_copy(exchange_arena(x), buf_span(out));
}

/* The function that the integration names, of this snapshot; NULL when there is none. */
static const struct function *find_function(struct exchange *x)
{
    struct span uri = fill(x, x->method->integration.uri), name = lambda_uri_function(uri);
    struct function_arn arn;
    const struct function *function;

    if (!name.at || !function_arn_read(name, &arn)) {
        exchange_explain(x, "'%.*s' names no function", SPAN_ARG(uri));
        return NULL;
    }
    function = snapshot_function(x->worker->snapshot, arn.arn);
    if (!function || (arn.qualifier.len > 0 && !span_is(arn.qualifier, "$LATEST"))) {
        exchange_explain(x, "there is no function %.*s", SPAN_ARG(name));
        return NULL;
    }
    return function;
}

/* ---- permission ---------------------------------------------------------------------------- */

/* "users/{id}" -> "users/" and a star, which is how people permit it. */
static struct span starred(struct exchange *x, struct span path)
{
    struct buf *out = &x->worker->scratch;

    buf_clear(out);
    while (path.len > 0) {
        size_t open = span_find(path, '{'), close;

        buf_add(out, span_first(path, open));
        path = span_skip(path, open);
        if (path.len == 0)
            break;
        buf_add_char(out, '*');
        close = span_find(path, '}');
        path = span_skip(path, close < path.len ? close + 1 : close);
    }
    return arena_copy(exchange_arena(x), buf_span(out));
}

static void explain_permission(struct exchange *x, const struct function *function)
{
    struct span verb = x->method->verb;

    exchange_explain(x,
                     "Execution failed due to configuration error: Invalid permissions on Lambda "
                     "function; allow it with: aws lambda add-permission --function-name %.*s "
                     "--statement-id apigateway-%.*s --action lambda:InvokeFunction --principal "
                     "apigateway.amazonaws.com --source-arn 'arn:aws:execute-api:%.*s:%.*s:%.*s/*/"
                     "%.*s%.*s' --region %.*s",
                     SPAN_ARG(function->name), SPAN_ARG(x->stage->api_id),
                     SPAN_ARG(x->stage->region), SPAN_ARG(x->stage->account),
                     SPAN_ARG(x->stage->api_id), SPAN_ARG(span_is(verb, "ANY") ? SPAN("*") : verb),
                     SPAN_ARG(starred(x, x->method->resource_path)), SPAN_ARG(function->region));
}

/* spec/data-plane-rest.md, section 10.5 */
static bool is_permitted(struct exchange *x, const struct function *function)
{
    static _Thread_local struct policy_context context;
    struct policy_request request = {
        .principal = {.caller = CALLER_SERVICE, .arn = SPAN("apigateway.amazonaws.com")},
        .action = SPAN("lambda:InvokeFunction"),
        .resource = function->arn,
        .context = &context,
    };
    struct span source;

    if (x->method->integration.credentials.len > 0)
        return true; /* a role's own policies do not exist yet */
    if (!function->policy)
        return false;
    source = arena_format(exchange_arena(x), "arn:aws:execute-api:%.*s:%.*s:%.*s/%.*s/%.*s%.*s",
                          SPAN_ARG(x->stage->region), SPAN_ARG(x->stage->account),
                          SPAN_ARG(x->stage->api_id), SPAN_ARG(x->stage->name),
                          SPAN_ARG(x->method->verb), SPAN_ARG(x->method->resource_path));
    policy_context_init(&context);
    policy_context_set(&context, SPAN("aws:SourceArn"), source);
    policy_context_set(&context, SPAN("aws:SourceAccount"), x->stage->account);
    return source.at && policy_allows(function->policy, &request);
}

/* ---- mappings ------------------------------------------------------------------------------ */

bool lambda_may_set(struct span header)
{
    static const struct span NEVER_SET[] = {
        SPAN_INIT("Content-Length"),
        SPAN_INIT("Transfer-Encoding"),
        SPAN_INIT("X-Amzn-Trace-Id"),
        SPAN_INIT("X-Amzn-Apigateway-Api-Id"),
        SPAN_INIT("Authorization"),
        SPAN_INIT("Connection"),
        SPAN_INIT("Expect"),
        SPAN_INIT("TE"),
        SPAN_INIT("Proxy-Authenticate"),
    };

    for (size_t i = 0; i < COUNT(NEVER_SET); i++)
        if (span_equal_nocase(header, NEVER_SET[i]))
            return false;
    return true;
}

/* A proxy integration's mappings change nothing, but those that may not be there are an error. */
static bool has_legal_mappings(struct exchange *x)
{
    const struct mappings *mappings = &x->method->integration.mappings;

    for (size_t i = 0; i < mappings->count; i++)
        if (mappings->at[i].to.place == TO_HEADER && !lambda_may_set(mappings->at[i].to.name)) {
            exchange_explain(x,
                             "Execution failed due to configuration error: %.*s header already "
                             "present",
                             SPAN_ARG(mappings->at[i].to.name));
            return false;
        }
    return true;
}

/* ---- the call ------------------------------------------------------------------------------ */

static void end_call(struct cleanup *cleanup)
{
    struct lambda_call *call = container_of(cleanup, struct lambda_call, cleanup);

    invoke_free(call->invoke);
    mem_free(call);
}

enum verdict lambda_prepare(struct exchange *x, struct invoke **invoke)
{
    const struct function *function;
    struct lambda_call *call;

    if (!span_is(x->method->integration.verb, "POST")) {
        exchange_explain(x, "the integration's httpMethod must be POST for a function");
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    }
    if (!has_legal_mappings(x))
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    if (!x->worker->gateway->lambda || (function = find_function(x)) == NULL)
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    if (!is_permitted(x, function)) {
        explain_permission(x, function);
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    }
    call = mem_zero(1, sizeof *call);
    call->invoke = invoke_new();
    call->invoke->function = function;
    call->invoke->trace = arena_copy(&call->invoke->arena, exchange_trace(x));
    random_uuid(&x->worker->random, call->invoke->request_id);
    x->operation = call;
    exchange_at_end(x, &call->cleanup, end_call);
    *invoke = call->invoke;
    return GO_ON;
}

enum verdict lambda_start(struct exchange *x, struct invoke *invoke)
{
    if (invoke->event.is_over) {
        exchange_explain(x, "the event is over %d bytes", INVOKE_EVENT_MAX);
        return exchange_fail(x, REQUEST_TOO_LARGE);
    }
    invoke_start(invoke, x->worker->gateway->lambda, &x->worker->loop, &x->resume,
                 x->method->integration.timeout);
    return exchange_wait(x, &invoke->op);
}

enum verdict lambda_taken(struct exchange *x, const struct invoke **out)
{
    const struct invoke *invoke = ((struct lambda_call *)x->operation)->invoke;

    *out = invoke;
    if (invoke->op.result == OP_TIMED_OUT)
        return exchange_fail(x, INTEGRATION_TIMEOUT);
    if (invoke->op.result != OP_DONE)
        return exchange_fail(x, INTEGRATION_FAILURE);
    switch (invoke->end) {
    case INVOKE_RESULT:
    case INVOKE_ERROR:
        return GO_ON;
    case INVOKE_THROTTLED:
    case INVOKE_FAILED:
        break;
    }
    exchange_explain(x, "function %.*s was not run: %s", SPAN_ARG(invoke->function->name),
                     invoke->words);
    return exchange_fail(x, API_CONFIGURATION_ERROR);
}

/* ---- AWS_PROXY ----------------------------------------------------------------------------- */

static bool needs_body(const struct exchange *x)
{
    (void)x;
    return true;
}

static enum verdict start(struct exchange *x)
{
    struct invoke *invoke;

    if (lambda_prepare(x, &invoke) == REPLY)
        return REPLY;
    if (!lambda_event_write(x, &invoke->event) && !invoke->event.is_over)
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    return lambda_start(x, invoke);
}

/* Binary only when the client asks for it (section 8.2). */
static bool decode_body(struct exchange *x, struct lambda_answer *answer)
{
    const struct http_request *r = &x->stream->request;
    struct span accept = http_header_find(r->headers, r->header_count, "Accept");

    if (!answer->is_base64 || !media_is_binary(x->stage->deployment, accept))
        return true;
    return base64_decode(exchange_arena(x), answer->body, false, &answer->body);
}

static enum verdict take(struct exchange *x)
{
    const struct invoke *invoke;
    struct lambda_answer answer;
    struct buf lines;
    struct span kept;
    bool is_fine;

    if (lambda_taken(x, &invoke) == REPLY)
        return REPLY;
    if (invoke->end == INVOKE_ERROR) {
        exchange_explain(
            x,
            "Lambda execution failed with status 200 due to customer function error: "
            "%.*s. Lambda request id: %s",
            SPAN_ARG(span_first(buf_span(&invoke->payload),
                                invoke->payload.len < 512 ? invoke->payload.len : 512)),
            invoke->request_id);
        return lambda_bad_answer(x);
    }
    buf_init(&lines, LINES_MAX);
    is_fine = lambda_answer_read(exchange_arena(x), buf_span(&invoke->payload), &answer, &lines);
    if (is_fine && !answer.has_type)
        buf_add(&lines, SPAN("Content-Type: application/json\r\n"));
    buf_addf(&lines, "X-Amzn-Trace-Id: %.*s\r\n", SPAN_ARG(exchange_trace(x)));
    kept = arena_copy(exchange_arena(x), buf_span(&lines));
    buf_release(&lines);
    if (!is_fine) {
        exchange_explain(x,
                         "Execution failed due to configuration error: Malformed Lambda proxy "
                         "response: %s",
                         answer.reason);
        return lambda_bad_answer(x);
    }
    if (!kept.at || !decode_body(x, &answer))
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    return exchange_reply(x, answer.status, kept, answer.body);
}

const struct integration_driver LAMBDA_PROXY_DRIVER = {needs_body, start, take};
