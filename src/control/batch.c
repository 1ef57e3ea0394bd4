/* As dispatch.c for one call, without a wire: the labels come from the input. */
#include "control/batch.h"

#include "control/handler.h"
#include "control/validate.h"

#define TRIES_MAX 5

/* ---- adding -------------------------------------------------------------------------------- */

/* The labels of the operation's path, as the route of a request would have found them. */
static void find_labels(struct control_match *match, const struct json *input)
{
    const struct model_shape *shape = match->operation->input;

    for (size_t i = 0; i < shape->count && match->label_count < ROUTE_LABELS_MAX; i++) {
        const struct model_member *member = &shape->members[i];
        const struct json *value = json_member_span(input, member->name);

        if (member->place == PLACE_URI && json_is(value, JSON_STRING) && value->text.len > 0)
            match->labels[match->label_count++] = (struct control_label){member, value->text};
    }
}

static enum fault tell(struct batch_call *one, enum fault rc, struct problem *why)
{
    struct span name = one->match.operation->name;

    switch (rc) {
    case OK:
        return OK;
    case FAULT_DENIED:
        return problem_set(why, rc, "%.*s: %.*s", SPAN_ARG(name), SPAN_ARG(one->call.refused.text));
    case FAULT_UNSUPPORTED:
        return problem_set(why, rc, "not yet in Portico: %.*s", SPAN_ARG(name));
    case FAULT_TOO_LARGE:
    case FAULT_NO_MEMORY:
        return problem_set(why, rc, "%.*s: this is too large to be handled", SPAN_ARG(name));
    default:
        return problem_set(why, rc,
                           "%.*s: Portico cannot read or write its data directory; its log says "
                           "why",
                           SPAN_ARG(name));
    }
}

enum fault batch_add(struct batch *batch, const char *service, const char *operation,
                     struct json *input, const void *subject, struct batch_call **out,
                     struct problem *why)
{
    struct batch_call *one = arena_try_array(batch->arena, 1, sizeof *one);
    enum fault rc;

    if (!one || !input)
        return problem_set(why, FAULT_NO_MEMORY, "this is too large to be handled");
    one->subject = subject;
    one->match.service = model_service(service);
    one->match.operation = model_operation(one->match.service, span_of(operation));
    if (!one->match.operation)
        return problem_set(why, FAULT_UNSUPPORTED, "not yet in Portico: %s", operation);
    if (one->match.operation->is_later)
        return tell(one, FAULT_UNSUPPORTED, why);
    find_labels(&one->match, input);
    one->call = (struct call){.control = batch->control,
                              .arena = batch->arena,
                              .match = &one->match,
                              .account = batch->account,
                              .region = batch->region,
                              .input = input};
    random_init(&one->call.random);
    rc = validate_wire(batch->arena, one->match.service, one->match.operation, input,
                       &one->call.refused);
    if (rc)
        return tell(one, rc == FAULT_TYPE ? FAULT_DENIED : rc, why);
    if (batch->last)
        batch->last->next = one;
    else
        batch->first = one;
    batch->last = one;
    batch->count++;
    if (out)
        *out = one;
    return OK;
}

/* ---- running ------------------------------------------------------------------------------- */

static enum fault prepare(struct batch *batch, const struct batch_call **failed,
                          struct problem *why)
{
    enum fault rc = OK;

    for (struct batch_call *one = batch->first; one && !rc; one = one->next) {
        const struct handler *handler = handler_find(one->match.operation->handler);

        *failed = one;
        if (handler && handler->prepare)
            rc = tell(one, handler->prepare(&one->call), why);
    }
    return rc;
}

static enum fault run_all(struct batch *batch, struct store_tx *tx, bool *needs_feed,
                          const struct batch_call **failed, struct problem *why)
{
    struct call last = {.control = batch->control,
                        .arena = batch->arena,
                        .account = batch->account,
                        .region = batch->region,
                        .tx = tx};
    enum fault rc = OK;

    for (struct batch_call *one = batch->first; one && !rc; one = one->next) {
        *failed = one;
        one->call.tx = tx;
        one->call.ids_taken = 0;
        rc = tell(one, verb_run(&one->call), why);
        *needs_feed |= one->call.needs_feed;
    }
    if (rc || !batch->finish)
        return rc;
    *failed = NULL;
    rc = batch->finish(&last, batch->ctx);
    return rc ? problem_set(why, rc, "the record of the stack cannot be written") : OK;
}

static enum fault run_once(struct batch *batch, uint64_t *revision, bool *needs_feed,
                           const struct batch_call **failed, struct problem *why)
{
    struct store_tx *tx;
    enum fault rc = store_begin(batch->control->store, STORE_WRITE, &tx, why);

    if (rc)
        return rc;
    rc = run_all(batch, tx, needs_feed, failed, why);
    if (rc) {
        store_abort(tx);
        return rc;
    }
    *failed = NULL;
    return store_commit(tx, revision, why);
}

enum fault batch_run(struct batch *batch, const struct batch_call **failed, struct problem *why)
{
    bool needs_feed = false;
    uint64_t revision = 0;
    enum fault rc = prepare(batch, failed, why);

    if (!rc)
        rc = FAULT_CONFLICT;
    for (int i = 0; rc == FAULT_CONFLICT && i < TRIES_MAX; i++)
        rc = run_once(batch, &revision, &needs_feed, failed, why);
    if (!rc && needs_feed)
        call_await_gateways(batch->control, revision);
    for (struct batch_call *one = batch->first; one; one = one->next)
        for (size_t i = 0; i < one->call.blob_count; i++)
            store_blob_release(batch->control->store, one->call.blobs[i]);
    store_blobs_clean(batch->control->store, NULL);
    return rc;
}
