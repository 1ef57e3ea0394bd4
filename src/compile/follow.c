/* Records to parts: Stage records name a Deployment record, which names a document (a blob).
 *
 * A batch is whole today, so roots are made anew; compiled deployments are found again by the hash
 * of their document. */
#include "compile/follow.h"

#include <assert.h>

#include "base/ascii.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "compile/deployment.h"

#define DOCUMENT_MEMORY_MAX (256UL * 1024 * 1024)

struct builder {
    struct shelf *shelf;
    const struct feed_batch *batch;
    struct map compiled;    /* document hash -> struct deployment */
    struct map blobs;       /* document hash -> struct feed_blob */
    struct map deployments; /* "api/id" -> struct feed_record */
    struct map stages;      /* api -> the first of its Stage records, which stand together */
    struct map apis;        /* ids in lower case, as they are compared -> struct feed_record */
    struct arena scratch;   /* keys */
    const struct deployment **owned; /* uses of this builder, given back at its end */
    size_t owned_count;
};

static struct span pair_key(struct builder *b, struct span parent, struct span id)
{
    return arena_format(&b->scratch, "%.*s/%.*s", SPAN_ARG(parent), SPAN_ARG(id));
}

/* Remembers what the snapshot before has compiled. */
static void reuse(struct builder *b, const struct snapshot *before)
{
    for (size_t i = 0; before && i < before->slot_count; i++)
        for (size_t k = 0; before->slots[i] && k < before->slots[i]->stage_count; k++) {
            const struct deployment *d = before->slots[i]->stages[k]->deployment;

            if (d)
                map_set(&b->compiled, d->id, (void *)(uintptr_t)d);
        }
}

static const struct deployment *compile_document(struct builder *b, struct span hash)
{
    const struct feed_blob *blob = map_get(&b->blobs, hash);
    struct json *document = NULL;
    struct deployment *deployment;
    struct problem why;
    struct arena arena;

    if (!blob)
        return NULL;
    arena_init(&arena, DOCUMENT_MEMORY_MAX);
    if (json_parse(&arena, blob->bytes, &document, &why) != OK)
        log_error("the document of deployment %.*s cannot be read: %s", SPAN_ARG(hash), why.text);
    deployment = document ? deployment_compile(b->shelf, hash, document) : NULL;
    arena_release(&arena);
    if (deployment) {
        b->owned[b->owned_count++] = deployment;
        map_set(&b->compiled, deployment->id, deployment);
    }
    return deployment;
}

/* The deployment that a stage serves; NULL when its record or document is not there. */
static const struct deployment *find_deployment(struct builder *b, const struct feed_record *stage)
{
    struct span id = json_member_text(stage->body, "deploymentId", SPAN(""));
    const struct feed_record *record = map_get(&b->deployments, pair_key(b, stage->key.parent, id));
    struct span hash = json_member_text(record ? record->body : NULL, "document", SPAN(""));
    const struct deployment *known = map_get(&b->compiled, hash);

    return known ? known : compile_document(b, hash);
}

static struct vtl_pairs variables_of(struct builder *b, const struct json *stage)
{
    const struct json *variables = json_member(stage, "variables");
    struct vtl_pair *pairs;
    size_t n = 0;

    if (!json_is(variables, JSON_OBJECT) || variables->count == 0)
        return (struct vtl_pairs){NULL, 0};
    pairs = arena_try_array(&b->scratch, variables->count, sizeof *pairs);
    for (const struct json *one = variables->first; pairs && one; one = one->next)
        pairs[n++] = (struct vtl_pair){one->name, one->text};
    return (struct vtl_pairs){pairs, n};
}

static const struct stage *build_stage(struct builder *b, const struct feed_record *record)
{
    struct stage facts = {
        .name = record->key.id,
        .api_id = record->key.parent,
        .account = record->key.account,
        .region = record->key.region,
        .deployment_id = json_member_text(record->body, "deploymentId", SPAN("")),
        .variables = variables_of(b, record->body),
        .deployment = find_deployment(b, record),
        .revision = record->revision,
    };

    return stage_new(b->shelf, &facts);
}

static bool is_kind(const struct feed_record *record, const char *kind)
{
    return record->body && span_is(record->key.kind, kind);
}

/* Records of one kind, in the order of the batch. */
static bool is_stage_of(const struct feed_record *record, struct span api)
{
    return is_kind(record, "Stage") && span_equal(record->key.parent, api);
}

static const struct api *build_api(struct builder *b, struct span id)
{
    const struct feed_batch *batch = b->batch;
    const struct feed_record *first = map_get(&b->stages, id);
    size_t at = first ? (size_t)(first - batch->records) : 0, end = at, count = 0;
    const struct stage **stages;
    const struct api *api;

    while (first && end < batch->record_count && is_stage_of(&batch->records[end], id))
        end++;
    stages = mem_zero(end - at, sizeof(struct stage *));
    for (size_t i = at; i < end; i++)
        stages[count++] = build_stage(b, &batch->records[i]);
    api = api_new(b->shelf, id, stages, count);
    for (size_t i = 0; i < count; i++)
        part_leave(&stages[i]->part);
    mem_free(stages);
    return api;
}

static void index_batch(struct builder *b)
{
    const struct feed_batch *batch = b->batch;

    for (size_t i = 0; i < batch->blob_count; i++)
        map_set(&b->blobs, batch->blobs[i].sha256, (void *)(uintptr_t)&batch->blobs[i]);
    for (size_t i = 0; i < batch->record_count; i++)
        if (is_kind(&batch->records[i], "Stage") &&
            !map_get(&b->stages, batch->records[i].key.parent))
            map_set(&b->stages, batch->records[i].key.parent,
                    (void *)(uintptr_t)&batch->records[i]);
    for (size_t i = 0; i < batch->record_count; i++)
        if (is_kind(&batch->records[i], "Deployment"))
            map_set(&b->deployments,
                    pair_key(b, batch->records[i].key.parent, batch->records[i].key.id),
                    (void *)(uintptr_t)&batch->records[i]);
}

/* Hosts have no case, so two ids that differ in nothing else are one: the first is served.  Control
 * lets no such pair in; a store that holds one must not end the gateway. */
static bool is_first_of_its_id(struct builder *b, const struct feed_record *record)
{
    struct span id = arena_copy(&b->scratch, record->key.id);

    for (size_t i = 0; i < id.len; i++)
        ((char *)(uintptr_t)id.at)[i] = ascii_lower(id.at[i]);
    if (map_get(&b->apis, id)) {
        log_error("two APIs share the id %.*s: only the first is served", SPAN_ARG(id));
        return false;
    }
    map_set(&b->apis, id, (void *)(uintptr_t)record);
    return true;
}

static struct snapshot *build_root(struct builder *b)
{
    const struct feed_batch *batch = b->batch;
    const struct api **apis = mem_zero(batch->record_count, sizeof(struct api *));
    struct snapshot *snap;
    size_t count = 0;

    for (size_t i = 0; i < batch->record_count && count < FOLLOW_APIS_MAX; i++)
        if (is_kind(&batch->records[i], "RestApi") && is_first_of_its_id(b, &batch->records[i]))
            apis[count++] = build_api(b, batch->records[i].key.id);
    snap = snapshot_new(b->shelf, batch->revision, apis, count);
    for (size_t i = 0; i < count; i++)
        part_leave(&apis[i]->part);
    mem_free(apis);
    return snap;
}

struct snapshot *follow_build(struct shelf *shelf, const struct feed_batch *batch,
                              const struct snapshot *before)
{
    size_t room = batch->record_count + 1000000;
    struct builder b = {.shelf = shelf, .batch = batch};
    struct snapshot *snap;

    assert(batch->is_whole);
    map_init(&b.compiled, room);
    map_init(&b.blobs, room);
    map_init(&b.deployments, room);
    map_init(&b.stages, room);
    map_init(&b.apis, room);
    arena_init(&b.scratch, 1UL << 30);
    b.owned = mem_zero(batch->record_count, sizeof(struct deployment *));
    index_batch(&b);
    reuse(&b, before);
    snap = build_root(&b);
    for (size_t i = 0; i < b.owned_count; i++)
        part_leave(&b.owned[i]->part);
    mem_free(b.owned);
    arena_release(&b.scratch);
    map_release(&b.compiled);
    map_release(&b.blobs);
    map_release(&b.deployments);
    map_release(&b.stages);
    map_release(&b.apis);
    return snap;
}
