/* Invoke, of the Lambda API: answered here, since instances are here; what precedes an invocation
 * is what control does with every other call (browser rule, credentials, the function's name).
 * spec/lambda.md, section 2 */
#include "lambda/invoke.h"
#include "base/base64.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/uri.h"
#include "caller/browser.h"
#include "caller/credential.h"
#include "caller/function_name.h"
#include "gateway/exchange.h"
#include "gateway/mapping/view.h"
#include "lambda/lambda.h"
#include "text/json.h"

#define CLIENT_CONTEXT_MAX 3583        /* bytes of its base64 */
#define CHECKED_EVENT_MAX (256 * 1024) /* a longer event's syntax is left to the function */
#define EVENT_TREE_MAX (32UL * 1024 * 1024)
#define NAME_MAX_LEN 64

/* Errors of the service: whether callers find the words under Message or message is AWS's whim. */
enum invoke_error {
    UNSIGNED,
    ACCESS_DENIED_BY_RULE,
    NOT_FOUND,
    BAD_PARAMETER,
    BAD_CONTENT,
    NOT_READY,
    TOO_LARGE,
    BUSY,
    FAILED,
};

static const struct {
    int status;
    const char *code, *before; /* of the words, which `}` follows */
} ERRORS[] = {
    [UNSIGNED] = {403, "MissingAuthenticationTokenException", "{\"message\":"},
    [ACCESS_DENIED_BY_RULE] = {403, "AccessDeniedException", "{\"message\":"},
    [NOT_FOUND] = {404, "ResourceNotFoundException", "{\"Type\":\"User\",\"Message\":"},
    [BAD_PARAMETER] = {400, "InvalidParameterValueException", "{\"Type\":\"User\",\"message\":"},
    [BAD_CONTENT] = {400, "InvalidRequestContentException", "{\"Type\":\"User\",\"message\":"},
    [NOT_READY] = {409, "ResourceConflictException", "{\"Type\":\"User\",\"message\":"},
    [TOO_LARGE] = {413, "RequestTooLargeException", "{\"Type\":\"User\",\"message\":"},
    [BUSY] = {429, "TooManyRequestsException", "{\"Type\":\"User\",\"message\":"},
    [FAILED] = {500, "ServiceException", "{\"Type\":\"Service\",\"Message\":"},
};

/* Between the steps, and until the reply is sent. */
struct invoke_call {
    struct cleanup cleanup;
    struct invoke *invoke;
};

static struct span header(const struct exchange *x, const char *name)
{
    return http_header_find(x->stream->request.headers, x->stream->request.header_count, name);
}

/* The lines that every answer has. */
static struct span lines_with(struct exchange *x, const char *more)
{
    return arena_format(exchange_arena(x), "x-amzn-RequestId: %s\r\n%s", x->request_id, more);
}

static enum verdict refuse_with(struct exchange *x, enum invoke_error error, const char *before,
                                struct span words)
{
    struct buf text;
    struct span body;

    buf_init(&text, 64UL * 1024);
    buf_add_text(&text, before);
    json_write_text(&text, words);
    buf_add_char(&text, '}');
    body = arena_copy(exchange_arena(x), buf_span(&text));
    buf_release(&text);
    return exchange_reply(
        x, ERRORS[error].status,
        lines_with(x, arena_format(exchange_arena(x),
                                   "Content-Type: application/json\r\nx-amzn-ErrorType: %s\r\n",
                                   ERRORS[error].code)
                          .at),
        body);
}

static enum verdict refuse(struct exchange *x, enum invoke_error error, struct span words)
{
    return refuse_with(x, error, ERRORS[error].before, words);
}

/* ---- before the body ----------------------------------------------------------------------- */

static enum verdict collect(struct exchange *x)
{
    const char *foreign = browser_refusal(&x->stream->request);

    x->began = x->worker->loop.wall;
    random_uuid(&x->worker->random, x->request_id);
    if (foreign)
        return refuse(x, ACCESS_DENIED_BY_RULE, span_of(foreign));
    if (!credential_of(exchange_arena(x), &x->stream->request).is_there)
        return refuse(x, UNSIGNED, SPAN("Missing Authentication Token"));
    http_stream_collect(x->stream, INVOKE_EVENT_MAX, &x->resume);
    return exchange_wait(x, &x->stream->collect);
}

static enum verdict take_body(struct exchange *x)
{
    switch (x->stream->collect.result) {
    case OP_DONE:
        return GO_ON;
    case OP_TOO_LARGE:
        return refuse(x, TOO_LARGE,
                      arena_format(exchange_arena(x),
                                   "Request must be smaller than %d bytes for the InvokeFunction "
                                   "operation",
                                   INVOKE_EVENT_MAX));
    default:
        return refuse(x, BAD_CONTENT, SPAN("The request's body could not be read"));
    }
}

/* ---- which function ------------------------------------------------------------------------ */

static struct span path_name(struct exchange *x)
{
    struct span path = x->stream->request.path;

    path = span_skip(path, SPAN("/2015-03-31/functions/").len);
    return uri_decode(exchange_arena(x), span_first(path, span_find(path, '/')), false);
}

static enum verdict refuse_account(struct exchange *x, struct span account, struct span arn)
{
    log_warn("a function of another account was invoked: %.*s, but this call's account is %.*s; an "
             "access key of twelve digits chooses the account",
             SPAN_ARG(arn), SPAN_ARG(account));
    return refuse(x, ACCESS_DENIED_BY_RULE,
                  arena_format(exchange_arena(x),
                               "User: arn:aws:iam::%.*s:root is not authorized to perform: "
                               "lambda:InvokeFunction on resource: %.*s because no resource-based "
                               "policy allows the lambda:InvokeFunction action",
                               SPAN_ARG(account), SPAN_ARG(arn)));
}

/* The qualifier of the name and of the query are one. */
static enum verdict qualify(struct exchange *x, const struct function_name *name,
                            struct span *qualifier)
{
    const struct view *view = exchange_view(x);
    struct span asked = view ? pairs_last(view->query, SPAN("Qualifier")) : SPAN("");

    if (asked.len > 0 && name->qualifier.len > 0 && !span_equal(asked, name->qualifier))
        return refuse(x, BAD_PARAMETER,
                      SPAN("The derived qualifier from the function name does not match the "
                           "specified qualifier."));
    *qualifier = asked.len > 0 ? asked : name->qualifier;
    return GO_ON;
}

/* Where the call is from, and so where its function is. */
struct place {
    struct span account, region;
};

static struct place place_of(struct exchange *x)
{
    const struct gateway *gateway = x->worker->gateway;
    struct credential who = credential_of(exchange_arena(x), &x->stream->request);

    return (struct place){
        credential_is_account(who.key) ? who.key : span_of(gateway->account),
        who.region.len > 0 ? who.region : span_of(gateway->region),
    };
}

/* GO_ON when the name is well-formed and of this place. */
static enum verdict read_name(struct exchange *x, const struct place *place,
                              struct function_name *out)
{
    struct span text = path_name(x);

    if (!text.at || !function_name_parse(text, out) || out->name.len > NAME_MAX_LEN)
        return refuse(x, BAD_PARAMETER, SPAN("The name of the function is not valid"));
    if (out->region.len > 0 && !span_equal(out->region, place->region))
        return refuse(x, NOT_FOUND,
                      arena_format(exchange_arena(x),
                                   "Functions from '%.*s' are not reachable in this region "
                                   "('%.*s')",
                                   SPAN_ARG(out->region), SPAN_ARG(place->region)));
    if (out->account.len > 0 && !span_equal(out->account, place->account))
        return refuse_account(x, place->account, text);
    return GO_ON;
}

static enum verdict find_function(struct exchange *x, const struct function **out)
{
    struct place place = place_of(x);
    struct span arn, qualifier = SPAN("");
    struct function_name name;

    *out = NULL;
    if (read_name(x, &place, &name) == REPLY || qualify(x, &name, &qualifier) == REPLY)
        return REPLY;
    arn = arena_format(exchange_arena(x), "arn:aws:lambda:%.*s:%.*s:function:%.*s",
                       SPAN_ARG(place.region), SPAN_ARG(place.account), SPAN_ARG(name.name));
    *out = arn.at ? snapshot_function(x->worker->snapshot, arn) : NULL;
    if (*out && (qualifier.len == 0 || span_is(qualifier, "$LATEST")))
        return GO_ON;
    return refuse(x, NOT_FOUND,
                  arena_format(exchange_arena(x), "Function not found: %.*s%s%.*s", SPAN_ARG(arn),
                               qualifier.len > 0 ? ":" : "", SPAN_ARG(qualifier)));
}

/* ---- the event ----------------------------------------------------------------------------- */

static enum verdict check_event(struct exchange *x)
{
    struct span event = x->stream->body;
    struct json *tree;
    struct problem why;
    struct arena arena;
    enum fault rc;

    if (event.len == 0 || event.len > CHECKED_EVENT_MAX)
        return GO_ON;
    arena_init(&arena, EVENT_TREE_MAX);
    rc = json_parse(&arena, event, &tree, &why);
    arena_release(&arena);
    if (rc == OK || rc == FAULT_NO_MEMORY)
        return GO_ON;
    return refuse(x, BAD_CONTENT,
                  arena_format(exchange_arena(x),
                               "Could not parse request body into json: Could not parse payload "
                               "into json: %s at line %u, column %u",
                               why.text, why.line, why.column));
}

/* Written anew: what is sent on has no line ends in it. */
static enum verdict take_client_context(struct exchange *x, struct invoke *invoke)
{
    struct span encoded = header(x, "X-Amz-Client-Context"), text;
    struct json *tree;
    struct buf out;

    if (encoded.len == 0)
        return GO_ON;
    if (encoded.len > CLIENT_CONTEXT_MAX ||
        !base64_decode(exchange_arena(x), encoded, false, &text) ||
        json_parse(exchange_arena(x), text, &tree, NULL) != OK || !json_is(tree, JSON_OBJECT))
        return refuse(x, BAD_CONTENT,
                      SPAN("Client context must be a valid Base64-encoded JSON object."));
    buf_init(&out, 2 * CLIENT_CONTEXT_MAX);
    json_write(&out, tree);
    invoke->client_context = arena_copy(&invoke->arena, buf_span(&out));
    buf_release(&out);
    return GO_ON;
}

/* ---- the call ------------------------------------------------------------------------------ */

static void end_call(struct cleanup *cleanup)
{
    struct invoke_call *call = container_of(cleanup, struct invoke_call, cleanup);

    invoke_free(call->invoke);
    mem_free(call);
}

static enum verdict dry_run(struct exchange *x, const struct function *function)
{
    struct span version = arena_format(exchange_arena(x), "X-Amz-Executed-Version: %.*s\r\n",
                                       SPAN_ARG(function->version));

    return exchange_reply(x, 204, lines_with(x, version.at), SPAN(""));
}

/* GO_ON when the invocation is to be waited for. */
static enum verdict check_type(struct exchange *x, const struct function *function)
{
    struct span type = header(x, "X-Amz-Invocation-Type");

    if (span_is(type, "DryRun"))
        return dry_run(x, function);
    if (span_is(type, "Event"))
        return exchange_not_yet(x, SPAN("Not yet in Portico: Invoke with InvocationType Event"));
    if (type.len > 0 && !span_is(type, "RequestResponse"))
        return refuse(x, BAD_PARAMETER,
                      SPAN("InvocationType must be RequestResponse, Event or DryRun"));
    return GO_ON;
}

static enum verdict invoke_function(struct exchange *x)
{
    const struct function *function = NULL;
    struct invoke_call *call;

    if (find_function(x, &function) == REPLY || check_type(x, function) == REPLY ||
        check_event(x) == REPLY)
        return REPLY;
    if (function->not_ready.len > 0)
        return refuse(x, NOT_READY,
                      arena_format(exchange_arena(x),
                                   "The operation cannot be performed at this time. The function "
                                   "is currently in the following state: %.*s",
                                   SPAN_ARG(function->not_ready)));
    if (!x->worker->gateway->lambda)
        return refuse(x, FAILED, SPAN("this Portico runs no functions"));
    call = mem_zero(1, sizeof *call);
    call->invoke = invoke_new();
    x->operation = call;
    exchange_at_end(x, &call->cleanup, end_call);
    call->invoke->function = function;
    if (take_client_context(x, call->invoke) == REPLY)
        return REPLY;
    memcpy(call->invoke->request_id, x->request_id, sizeof call->invoke->request_id);
    call->invoke->trace = arena_copy(&call->invoke->arena, exchange_trace(x));
    call->invoke->wants_tail = span_is(header(x, "X-Amz-Log-Type"), "Tail");
    buf_add(&call->invoke->event, x->stream->body.len > 0 ? x->stream->body : SPAN("{}"));
    invoke_start(call->invoke, x->worker->gateway->lambda, &x->worker->loop, &x->resume, 0);
    return exchange_wait(x, &call->invoke->op);
}

/* ---- the answer ---------------------------------------------------------------------------- */

static enum verdict refuse_busy(struct exchange *x, const char *reason)
{
    struct span before = arena_format(exchange_arena(x),
                                      "{\"Type\":\"User\",\"Reason\":\"%s\",\"message\":", reason);

    refuse_with(x, BUSY, before.at, SPAN("Rate Exceeded."));
    x->lines = arena_format(exchange_arena(x), "%.*sRetry-After: 1\r\n", SPAN_ARG(x->lines));
    return REPLY;
}

static struct span tail_line(struct exchange *x, const struct invoke *invoke)
{
    struct span tail = buf_span(&invoke->tail);
    char *room = arena_try(exchange_arena(x), base64_len(INVOKE_TAIL_MAX));

    if (!invoke->wants_tail || !room)
        return SPAN("");
    return arena_format(exchange_arena(x), "X-Amz-Log-Result: %.*s\r\n",
                        (int)base64_encode(tail, room), room);
}

static enum verdict answer(struct exchange *x)
{
    const struct invoke *invoke = ((struct invoke_call *)x->operation)->invoke;
    struct span lines;

    if (invoke->op.result != OP_DONE)
        return refuse(x, FAILED, SPAN("the invocation was given up"));
    if (invoke->end == INVOKE_THROTTLED)
        return refuse_busy(x, invoke->words);
    if (invoke->end == INVOKE_FAILED)
        return refuse(x, FAILED, span_of(invoke->words));
    lines = arena_format(exchange_arena(x),
                         "Content-Type: application/json\r\nX-Amz-Executed-Version: %.*s\r\n%s%.*s"
                         "X-Amzn-Trace-Id: %.*s\r\n",
                         SPAN_ARG(invoke->function->version),
                         invoke->end == INVOKE_ERROR ? "X-Amz-Function-Error: Unhandled\r\n" : "",
                         SPAN_ARG(tail_line(x, invoke)), SPAN_ARG(exchange_trace(x)));
    return exchange_reply(x, 200, lines_with(x, lines.at), buf_span(&invoke->payload));
}

static enum verdict account(struct exchange *x)
{
    counter_add(&x->worker->gateway->control_requests, x->worker->number, 1);
    return GO_ON;
}

static const struct step INVOKE_STEPS[] = {
    {"collect", collect},        {"body read", take_body},
    {"invoke", invoke_function},                       /* WAITs for the function */
    {"answer", answer},          {"account", account}, /* reply_at and finish_at */
};

const struct plan INVOKE_PLAN = {INVOKE_STEPS, COUNT(INVOKE_STEPS), 4, 4};
