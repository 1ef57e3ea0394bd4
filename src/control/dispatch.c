/* The way of a control call: who asks, what is meant, is it well formed, do it, commit, tell the
 * gateways, answer. */
#include "control/dispatch.h"

#include "base/log.h"
#include "caller/browser.h"
#include "caller/credential.h"
#include "control/handler.h"
#include "control/lambda/package.h"
#include "control/protocol.h"
#include "control/validate.h"

#define TRIES_MAX 5

/* Errors that no service's model names. */
static const struct model_error FOREIGN = {.code = SPAN_INIT("AccessDeniedException"),
                                           .status = 403};
static const struct model_error NOT_YET = {.code = SPAN_INIT("NotImplementedException"),
                                           .status = 501};
static const struct model_error FAILED = {.code = SPAN_INIT("ServiceUnavailableException"),
                                          .status = 503};
static const struct model_error TOO_LARGE = {.code = SPAN_INIT("RequestEntityTooLargeException"),
                                             .status = 413};
static const struct model_error BUSY = {.code = SPAN_INIT("ConflictException"), .status = 409};

static enum fault refuse(struct call *call, const struct model_error *error, struct span text)
{
    call->refused = (struct model_answer){error, text};
    return FAULT_DENIED;
}

/* Who asks for what. */
static enum fault identify(struct call *call, const struct protocol *protocol,
                           const struct http_request *request, struct span body,
                           struct control_match *match)
{
    struct credential credential = credential_of(call->arena, request);
    const char *foreign = browser_refusal(request);
    enum fault rc;

    if (foreign)
        return refuse(call, &FOREIGN, span_of(foreign));
    call->account = credential_is_account(credential.key) ? credential.key : call->control->account;
    call->region = credential.region.len > 0 ? credential.region : call->control->region;
    rc = protocol->route(call, request, body, credential.service, match);
    if (!rc)
        call->match = match;
    if (!credential.is_there && (rc || !match->operation->is_unsigned)) {
        call->refused = protocol->unsigned_answer;
        return FAULT_DENIED;
    }
    if (!rc && match->operation->is_later)
        return refuse(call, &NOT_YET,
                      arena_format(call->arena, "Not yet in Portico: %.*s",
                                   SPAN_ARG(match->operation->name)));
    return rc;
}

static enum fault read_input(struct call *call, const struct protocol *protocol,
                             const struct http_request *request, struct span body)
{
    struct json *input;
    enum fault rc = protocol->decode(call, request, body, &input);

    if (rc == OK) {
        call->input = input;
        rc = validate_wire(call->arena, call->match->service, call->match->operation, input,
                           &call->refused);
    }
    return rc == FAULT_TYPE ? FAULT_DENIED : rc;
}

static bool is_write(const struct model_operation *op)
{
    const struct handler *handler = op->verb == VERB_HANDLER ? handler_find(op->handler) : NULL;
    enum model_verb verb = op->verb;

    if (handler)
        return !handler->reads_only;
    return verb != VERB_GET && verb != VERB_LIST && verb != VERB_TAGS && verb != VERB_REFUSED;
}

static enum fault run_once(struct call *call, uint64_t *revision, struct problem *why)
{
    enum store_mode mode = is_write(call->match->operation) ? STORE_WRITE : STORE_READ;
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
    const struct handler *handler = handler_find(call->match->operation->handler);
    enum fault rc = handler && handler->prepare ? handler->prepare(call) : OK;

    if (rc)
        return rc;
    rc = FAULT_CONFLICT;
    for (int i = 0; rc == FAULT_CONFLICT && i < TRIES_MAX; i++)
        rc = run_once(call, &revision, &why);
    if (rc == OK && call->needs_feed)
        call_await_gateways(call->control, revision);
    if (rc == OK && is_write(call->match->operation))
        store_blobs_clean(call->control->store, NULL);
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
    const struct protocol *protocol = protocol_of(request);
    struct call call = {.control = control, .arena = arena, .request = request};
    struct control_match match;
    char *text = arena_alloc(arena, UUID_TEXT_LEN + 1);
    struct span id = {text, UUID_TEXT_LEN};
    enum fault rc;

    random_init(&call.random);
    random_uuid(&call.random, text);
    if (package_is_link(request)) {
        package_serve(&call, request, body, out);
        return;
    }
    rc = identify(&call, protocol, request, request_body, &match);
    if (!rc)
        rc = read_input(&call, protocol, request, request_body);
    if (!rc)
        rc = run(&call);
    if (!rc && !protocol->encode(&call, id, body, out))
        rc = FAULT_TOO_LARGE;
    for (size_t i = 0; i < call.blob_count; i++)
        store_blob_release(control->store, call.blobs[i]);
    if (rc) {
        explain(&call, rc);
        buf_clear(body);
        protocol->encode_error(&call, id, body, out);
    }
    out->headers[out->header_count++] = (struct http_header){SPAN("x-amzn-RequestId"), id};
}
