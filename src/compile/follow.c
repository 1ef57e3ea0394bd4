/* Records to parts: Stage records name a Deployment record, which names a document (a blob).
 *
 * Roots are made anew at each batch, which is a pointer per API.  Below them only those APIs are
 * rebuilt that a record of the batch dirties (compile/depends.c), of those only the stages that
 * changed, and compiled deployments are found again by the hash of their document. */
#include "compile/follow.h"

#include <assert.h>

#include "base/ascii.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "compile/depends.h"
#include "compile/deployment.h"
#include "compile/function.h"

#define DOCUMENT_MEMORY_MAX (256UL * 1024 * 1024)

/* A Stage record of the batch, in the list of its API. */
struct stage_change {
    const struct feed_record *record;
    struct stage_change *next;
};

/* An API that the batch dirties. */
struct api_change {
    struct span id;                   /* as its records have it */
    const struct feed_record *record; /* of the API itself; NULL: not in the batch */
    struct stage_change *stages;
    size_t stage_count;
};

struct builder {
    struct shelf *shelf;
    const struct feed_batch *batch;
    const struct snapshot *before;   /* NULL when the batch is whole */
    struct map compiled;             /* document hash -> struct deployment */
    struct map blobs;                /* document hash -> struct feed_blob */
    struct map deployments;          /* "api/id" -> struct feed_record */
    struct map changes;              /* ids in lower case, as they are compared -> api_change */
    struct map functions;            /* ARN -> feed_record */
    struct arena scratch;            /* keys, changes */
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

/* ---- what the batch changes ---------------------------------------------------------------- */

/* Hosts have no case, so two ids that differ in nothing else are one: the first is served.  Control
 * lets no such pair in; a store that holds one must not end the gateway. */
static struct api_change *change_of(struct builder *b, struct span id)
{
    struct span lower = arena_copy(&b->scratch, id);
    struct api_change *change;

    assert(lower.at && "compile: a batch is over its ceiling");
    for (size_t i = 0; i < lower.len; i++)
        ((char *)(uintptr_t)lower.at)[i] = ascii_lower(lower.at[i]);
    if ((change = map_get(&b->changes, lower)) == NULL) {
        change = arena_new(&b->scratch, struct api_change);
        change->id = id;
        map_set(&b->changes, lower, change);
    } else if (!span_equal(change->id, id)) {
        log_error("two APIs share the id %.*s: only the first is served", SPAN_ARG(id));
        return NULL;
    }
    return change;
}

static void note_stage(struct builder *b, const struct feed_record *record)
{
    struct api_change *change = change_of(b, record->key.parent);
    struct stage_change *one;

    if (!change)
        return;
    one = arena_new(&b->scratch, struct stage_change);
    *one = (struct stage_change){record, change->stages};
    change->stages = one;
    change->stage_count++;
}

/* A function's ARN says the same as its key. */
static void note_function(struct builder *b, const struct feed_record *record)
{
    struct span arn = arena_format(&b->scratch, "arn:aws:lambda:%.*s:%.*s:function:%.*s",
                                   SPAN_ARG(record->key.region), SPAN_ARG(record->key.account),
                                   SPAN_ARG(record->key.id));

    assert(arn.at && "compile: a batch is over its ceiling");
    map_set(&b->functions, arn, (void *)(uintptr_t)record);
}

static void note_record(struct builder *b, const struct feed_record *record)
{
    struct api_change *change;

    switch (depends_on(record->key.kind)) {
    case DIRTIES_NOTHING:
        break;
    case DIRTIES_API:
        if ((change = change_of(b, record->key.id)) != NULL)
            change->record = record;
        break;
    case DIRTIES_API_STAGES:
        note_stage(b, record);
        break;
    case DIRTIES_FUNCTION:
        note_function(b, record);
        break;
    }
    if (record->body && span_is(record->key.kind, "Deployment"))
        map_set(&b->deployments, pair_key(b, record->key.parent, record->key.id),
                (void *)(uintptr_t)record);
}

static void index_batch(struct builder *b)
{
    const struct feed_batch *batch = b->batch;

    for (size_t i = 0; i < batch->blob_count; i++)
        map_set(&b->blobs, batch->blobs[i].sha256, (void *)(uintptr_t)&batch->blobs[i]);
    for (size_t i = 0; i < batch->record_count; i++)
        note_record(b, &batch->records[i]);
}

/* ---- the root ------------------------------------------------------------------------------ */

static bool has_change(const struct api_change *change, struct span stage)
{
    for (const struct stage_change *one = change->stages; one; one = one->next)
        if (span_equal(one->record->key.id, stage))
            return true;
    return false;
}

/* The API with its changed stages and those that it had.  NULL when it is not, or no more. */
static const struct api *build_api(struct builder *b, const struct api_change *change)
{
    const struct api *old = snapshot_api(b->before, change->id), *api;
    size_t room = change->stage_count + (old ? old->stage_count : 0), count = 0;
    const struct stage **stages;

    if (change->record ? !change->record->body : !old)
        return NULL;
    stages = mem_zero(room ? room : 1, sizeof(struct stage *));
    for (const struct stage_change *one = change->stages; one; one = one->next)
        if (one->record->body)
            stages[count++] = build_stage(b, one->record);
    for (size_t i = 0; old && i < old->stage_count; i++)
        if (!has_change(change, old->stages[i]->name)) {
            part_use(&old->stages[i]->part);
            stages[count++] = old->stages[i];
        }
    api = api_new(b->shelf, change->id, stages, count);
    for (size_t i = 0; i < count; i++)
        part_leave(&stages[i]->part);
    mem_free(stages);
    return api;
}

/* The functions of the batch and those that it does not name, each with a use for the caller. */
static const struct function **build_functions(struct builder *b, size_t *count)
{
    size_t room = b->functions.count + (b->before ? b->before->function_count : 0);
    const struct function **functions = mem_zero(room + 1, sizeof(struct function *)), *one;
    const struct map_entry *entry;

    *count = 0;
    for (size_t i = 0; (entry = map_next(&b->functions, &i)) != NULL;)
        if ((one = function_compile(b->shelf, entry->key, entry->value)) != NULL)
            functions[(*count)++] = one;
    for (size_t i = 0; b->before && i < b->before->function_slots; i++)
        if ((one = b->before->functions[i]) != NULL && !map_get(&b->functions, one->arn)) {
            part_use(&one->part);
            functions[(*count)++] = one;
        }
    return functions;
}

static struct snapshot *build_root(struct builder *b)
{
    size_t room = b->changes.count + (b->before ? b->before->api_count : 0), count = 0;
    const struct api **apis = mem_zero(room ? room : 1, sizeof(struct api *)), *api;
    const struct function **functions;
    const struct map_entry *entry;
    struct snapshot *snap;
    size_t function_count;

    for (size_t i = 0; (entry = map_next(&b->changes, &i)) != NULL;)
        if (count < FOLLOW_APIS_MAX && (api = build_api(b, entry->value)) != NULL)
            apis[count++] = api;
    for (size_t i = 0; b->before && i < b->before->slot_count && count < FOLLOW_APIS_MAX; i++)
        if ((api = b->before->slots[i]) != NULL && !map_get(&b->changes, api->id)) {
            part_use(&api->part);
            apis[count++] = api;
        }
    functions = build_functions(b, &function_count);
    snap = snapshot_new(b->shelf, b->batch->revision, apis, count, functions, function_count);
    for (size_t i = 0; i < count; i++)
        part_leave(&apis[i]->part);
    for (size_t i = 0; i < function_count; i++)
        part_leave(&functions[i]->part);
    mem_free(apis);
    mem_free(functions);
    return snap;
}

struct snapshot *follow_build(struct shelf *shelf, const struct feed_batch *batch,
                              const struct snapshot *before)
{
    size_t room = batch->record_count + 1000000;
    struct builder b = {.shelf = shelf, .batch = batch, .before = batch->is_whole ? NULL : before};
    struct snapshot *snap;

    map_init(&b.compiled, room);
    map_init(&b.blobs, room);
    map_init(&b.deployments, room);
    map_init(&b.changes, room);
    map_init(&b.functions, room);
    arena_init(&b.scratch, 1UL << 30);
    b.owned = mem_zero(batch->record_count + 1, sizeof(struct deployment *));
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
    map_release(&b.changes);
    map_release(&b.functions);
    return snap;
}
