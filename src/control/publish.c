/* A batch holds every API, every stage, and the deployments that stages serve, documents first.
 * It is written in one read transaction, so gateways see one moment of the store. */
#include "control/publish.h"

#include <unistd.h>

#include "base/log.h"
#include "base/map.h"
#include "text/json.h"

#define SERVED_MAX 1000000
#define KEYS_MEMORY_MAX (256UL * 1024 * 1024)

struct batch {
    struct store *store;
    struct feed_out *out;
    struct map served; /* "api/deployment" of all stages */
    struct map sent;   /* documents that are in the batch */
    struct arena keys;
};

static void send_record(struct batch *b, const struct record *record)
{
    struct feed_key key = {record->key.account, record->key.region, record->key.kind,
                           record->key.parent, record->key.id};

    feed_out_record(b->out, &key, record->revision, record->body);
}

static enum fault visit_api(void *context, const struct record *record)
{
    send_record(context, record);
    return OK;
}

static enum fault visit_stage(void *context, const struct record *record)
{
    struct batch *b = context;
    struct json *stage;
    struct arena arena;

    arena_init(&arena, 2UL * RECORD_BODY_MAX);
    if (json_parse(&arena, record->body, &stage, NULL) == OK) {
        struct span id = json_member_text(stage, "deploymentId", SPAN(""));
        struct span key =
            arena_format(&b->keys, "%.*s/%.*s", SPAN_ARG(record->key.parent), SPAN_ARG(id));

        if (key.at)
            map_set(&b->served, key, b);
    }
    arena_release(&arena);
    send_record(b, record);
    return OK;
}

static void send_document(struct batch *b, struct span name)
{
    struct problem why;
    int fd;

    if (name.len == 0 || map_get(&b->sent, name))
        return;
    if (store_blob_open(b->store, name, &fd, &why) != OK) {
        log_error("a deployment's document is missing: %s", why.text);
        return;
    }
    feed_out_blob(b->out, name, fd);
    close(fd);
    name = arena_copy(&b->keys, name);
    if (name.at)
        map_set(&b->sent, name, b);
}

static enum fault visit_deployment(void *context, const struct record *record)
{
    struct batch *b = context;
    struct json *deployment;
    struct arena arena;

    arena_init(&arena, 2UL * RECORD_BODY_MAX);
    if (map_get(&b->served, arena_format(&arena, "%.*s/%.*s", SPAN_ARG(record->key.parent),
                                         SPAN_ARG(record->key.id)))) {
        if (json_parse(&arena, record->body, &deployment, NULL) == OK)
            send_document(b, json_member_text(deployment, "document", SPAN("")));
        send_record(b, record);
    }
    arena_release(&arena);
    return OK;
}

static bool write_batch(void *ctx, struct feed_out *out, uint64_t *revision)
{
    struct batch b = {.store = ctx, .out = out};
    struct problem why;
    struct store_tx *tx;
    enum fault rc = store_begin(b.store, STORE_READ, &tx, &why);

    if (rc)
        return false;
    map_init(&b.served, SERVED_MAX);
    map_init(&b.sent, SERVED_MAX);
    arena_init(&b.keys, KEYS_MEMORY_MAX);
    if ((rc = store_revision(tx, revision, &why)) == OK &&
        (rc = store_each(tx, SPAN("RestApi"), visit_api, &b, &why)) == OK &&
        (rc = store_each(tx, SPAN("Stage"), visit_stage, &b, &why)) == OK)
        rc = store_each(tx, SPAN("Deployment"), visit_deployment, &b, &why);
    store_abort(tx);
    map_release(&b.served);
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
