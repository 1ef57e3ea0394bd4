/* The way of a control call: who asks, what is meant, is it well formed, do it, commit, tell the
 * gateways, answer. */
#include "control/dispatch.h"

#include "base/ascii.h"
#include "base/log.h"
#include "control/browser.h"
#include "control/credential.h"
#include "control/validate.h"

#define TRIES_MAX 5

/* Errors that no service's model names. */
static const struct model_error UNSIGNED = {SPAN_INIT("MissingAuthenticationTokenException"), 403};
static const struct model_error FOREIGN = {SPAN_INIT("AccessDeniedException"), 403};
static const struct model_error UNKNOWN = {SPAN_INIT("UnknownOperationException"), 404};
static const struct model_error NOT_YET = {SPAN_INIT("NotImplementedException"), 501};
static const struct model_error FAILED = {SPAN_INIT("ServiceUnavailableException"), 503};
static const struct model_error TOO_LARGE = {SPAN_INIT("RequestEntityTooLargeException"), 413};
static const struct model_error BUSY = {SPAN_INIT("ConflictException"), 409};

static enum fault refuse(struct call *call, const struct model_error *error, struct span text)
{
    call->refused = (struct model_answer){error, text};
    return FAULT_DENIED;
}

/* An access key of twelve digits is an account; else the configured one. */
static bool is_account(struct span key)
{
    for (size_t i = 0; i < key.len; i++)
        if (!ascii_is_digit(key.at[i]))
            return false;
    return key.len == 12;
}

/* Who asks for what. */
static enum fault identify(struct call *call, const struct http_request *request,
                           struct control_match *match)
{
    struct credential credential = credential_of(call->arena, request);
    const char *foreign = browser_refusal(request);
    enum fault rc;

    if (foreign)
        return refuse(call, &FOREIGN, span_of(foreign));
    call->account = is_account(credential.key) ? credential.key : call->control->account;
    call->region = credential.region.len > 0 ? credential.region : call->control->region;
    rc = control_route(call->control->routes, call->arena, credential.service, request->method,
                       request->path, request->query, match);
    if (!credential.is_there && (rc || !match->operation->is_unsigned))
        return refuse(call, &UNSIGNED, SPAN("Missing Authentication Token"));
    if (rc == FAULT_NOT_FOUND || rc == FAULT_UNSUPPORTED)
        return refuse(call, &UNKNOWN,
                      arena_format(call->arena, "Portico knows no operation %.*s %.*s",
                                   SPAN_ARG(request->method), SPAN_ARG(request->path)));
    call->match = match;
    if (!rc && match->operation->is_later)
        return refuse(call, &NOT_YET,
                      arena_format(call->arena, "Not yet in Portico: %.*s",
                                   SPAN_ARG(match->operation->name)));
    return rc;
}

static enum fault read_input(struct call *call, const struct http_request *request,
                             struct span body)
{
    struct rest_request rest = {request->query, request->headers, request->header_count, body};
    struct json *input;
    enum fault rc = decode_rest_json(call->arena, call->match, &rest, &input, &call->refused);

    if (rc == OK) {
        call->input = input;
        rc = validate_wire(call->arena, call->match->service, call->match->operation, input,
                           &call->refused);
    }
    return rc == FAULT_TYPE ? FAULT_DENIED : rc;
}

static bool is_write(enum model_verb verb)
{
    return verb != VERB_GET && verb != VERB_LIST && verb != VERB_TAGS && verb != VERB_REFUSED;
}

static enum fault run_once(struct call *call, uint64_t *revision, struct problem *why)
{
    enum store_mode mode = is_write(call->match->operation->verb) ? STORE_WRITE : STORE_READ;
    enum fault rc = store_begin(call->control->store, mode, &call->tx, why);

    if (rc)
        return rc;
    rc = verb_run(call);
    if (rc) {
        store_abort(call->tx);
        return rc;
    }
    return store_commit(call->tx, revision, why);
}

static enum fault run(struct call *call)
{
    struct problem why = {.text = "the store failed"};
    uint64_t revision = 0;
    enum fault rc = FAULT_CONFLICT;

    for (int i = 0; rc == FAULT_CONFLICT && i < TRIES_MAX; i++)
        rc = run_once(call, &revision, &why);
    if (rc == OK && call->needs_feed && call->control->feed) {
        feed_server_publish(call->control->feed, revision);
        if (!feed_server_wait(call->control->feed, revision))
            log_warn("a gateway is late: revision %llu is durable, but not served everywhere",
                     (unsigned long long)revision);
    }
    if (rc != OK && rc != FAULT_DENIED)
        log_error("%.*s failed: %s", SPAN_ARG(call->match->operation->name), why.text);
    return rc;
}

/* A fault of ours, in words for the caller. */
static void explain(struct call *call, enum fault rc)
{
    switch (rc) {
    case FAULT_DENIED:
        return;
    case FAULT_UNSUPPORTED:
        refuse(call, &NOT_YET,
               arena_format(call->arena, "Not yet in Portico: %.*s",
                            SPAN_ARG(call->match->operation->name)));
        return;
    case FAULT_TOO_LARGE:
    case FAULT_NO_MEMORY:
        refuse(call, &TOO_LARGE, SPAN("The request is too large to be handled"));
        return;
    case FAULT_CONFLICT:
        refuse(call, &BUSY,
               SPAN("Unable to complete operation due to concurrent modification. "
                    "Please try again later."));
        return;
    default:
        refuse(call, &FAILED,
               SPAN("Portico cannot read or write its data directory; its log "
                    "says why"));
    }
}

void dispatch(struct control *control, struct arena *arena, const struct http_request *request,
              struct span request_body, struct buf *body, struct encoded *out)
{
    struct call call = {.control = control, .arena = arena};
    struct control_match match;
    char *id = arena_alloc(arena, UUID_TEXT_LEN + 1);
    enum fault rc;

    random_init(&call.random);
    rc = identify(&call, request, &match);
    if (!rc)
        rc = read_input(&call, request, request_body);
    if (!rc)
        rc = run(&call);
    if (!rc && !encode_rest_json(arena, match.service, match.operation, call.output, body, out))
        rc = FAULT_TOO_LARGE;
    if (rc) {
        explain(&call, rc);
        buf_clear(body);
        encode_rest_json_error(arena, &call.refused, body, out);
    }
    random_uuid(&call.random, id);
    out->headers[out->header_count++] =
        (struct http_header){SPAN("x-amzn-RequestId"), span_make(id, UUID_TEXT_LEN)};
}
