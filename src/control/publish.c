/* A batch holds the records that gateways need, deployments and their documents before the stages
 * that serve them.  It is written in one read transaction, so gateways see one moment of the
 * store. */
#include "control/publish.h"

#include <unistd.h>

#include "base/log.h"
#include "base/map.h"
#include "text/json.h"

#define SENT_MAX 1000000
#define KEYS_MEMORY_MAX (256UL * 1024 * 1024)

struct batch {
    struct store *store;
    struct store_tx *tx;
    struct feed_out *out;
    struct map sent;   /* deployments and documents that are in the batch */
    struct arena keys; /* of it */
};

static void send_record(struct batch *b, const struct record *record)
{
    struct feed_key key = {record->key.account, record->key.region, record->key.kind,
                           record->key.parent, record->key.id};

    feed_out_record(b->out, &key, record->revision, record->body);
}

static enum fault visit_record(void *context, const struct record *record)
{
    send_record(context, record);
    return OK;
}

/* True the first time it is asked. */
static bool is_new(struct batch *b, struct span name)
{
    if (map_get(&b->sent, name))
        return false;
    name = arena_copy(&b->keys, name);
    if (name.at)
        map_set(&b->sent, name, b);
    return true;
}

static void send_document(struct batch *b, struct span name)
{
    struct problem why;
    int fd;

    if (name.len == 0 || !is_new(b, name))
        return;
    if (store_blob_open(b->store, name, &fd, &why) != OK) {
        log_error("a deployment's document is missing: %s", why.text);
        return;
    }
    feed_out_blob(b->out, name, fd);
    close(fd);
}

static enum fault send_deployment(struct batch *b, const struct record_key *stage, struct span id,
                                  struct arena *arena)
{
    struct record_key key = {stage->account, stage->region, SPAN("Deployment"), stage->parent, id};
    struct record record;
    struct json *body;
    enum fault rc;

    if (!is_new(b, arena_format(arena, "%.*s/%.*s", SPAN_ARG(key.parent), SPAN_ARG(id))))
        return OK;
    rc = store_get(b->tx, &key, arena, &record, NULL);
    if (rc)
        return rc == FAULT_NOT_FOUND ? OK : rc; /* the stage then answers 500 */
    if (json_parse(arena, record.body, &body, NULL) == OK)
        send_document(b, json_member_text(body, "document", SPAN("")));
    send_record(b, &record);
    return OK;
}

static enum fault visit_stage(void *context, const struct record *record)
{
    struct batch *b = context;
    enum fault rc = OK;
    struct json *stage;
    struct arena arena;

    arena_init(&arena, 8UL * RECORD_BODY_MAX);
    if (record->body.at && json_parse(&arena, record->body, &stage, NULL) == OK)
        rc = send_deployment(b, &record->key, json_member_text(stage, "deploymentId", SPAN("")),
                             &arena);
    arena_release(&arena);
    send_record(b, record);
    return rc;
}

/* What gateways are told of.  Deployments go along with stages. */
static const struct {
    struct span kind;
    enum fault (*visit)(void *context, const struct record *record);
} PUBLISHED[] = {
    {SPAN_INIT("RestApi"), visit_record},
    {SPAN_INIT("Stage"), visit_stage},
    {SPAN_INIT("Function"), visit_record},
};

bool publish_tells(struct span kind)
{
    for (size_t i = 0; i < COUNT(PUBLISHED); i++)
        if (span_equal(kind, PUBLISHED[i].kind))
            return true;
    return span_is(kind, "Deployment"); /* it may have made or moved a stage */
}

static bool write_batch(void *ctx, struct feed_out *out, uint64_t base, uint64_t *revision)
{
    struct batch b = {.store = ctx, .out = out};
    struct problem why = {0};
    enum fault rc = store_begin(b.store, STORE_READ, &b.tx, &why);

    if (rc)
        return false;
    map_init(&b.sent, SENT_MAX);
    arena_init(&b.keys, KEYS_MEMORY_MAX);
    rc = store_revision(b.tx, revision, &why);
    if (base == 0 || base > *revision || *revision - base > STORE_GONE_KEPT) {
        feed_out_forget(out);
        base = 0;
    }
    for (size_t i = 0; rc == OK && i < COUNT(PUBLISHED); i++)
        rc = store_each(b.tx, PUBLISHED[i].kind, base, PUBLISHED[i].visit, &b, &why);
    store_abort(b.tx);
    map_release(&b.sent);
    arena_release(&b.keys);
    if (rc)
        log_error("the feed cannot read the store: %s", why.text);
    return rc == OK;
}

struct feed_source publish_source(struct store *store)
{
    return (struct feed_source){write_batch, store};
}
