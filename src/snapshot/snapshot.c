/* The root and its small parts.  Roots are rebuilt whole at each change, which is a copy of one
 * pointer per API; stages and deployments are reused. */
#include "snapshot/snapshot.h"

#include <assert.h>

#include "base/ascii.h"
#include "base/map.h"

#define API_ID_MAX 64

/* Memory that a part cannot do without: sizes come from counts that the store has bounded. */
static void *part_array(struct part *part, size_t count, size_t size)
{
    void *at = arena_try_array(&part->arena, count ? count : 1, size);

    assert(at != NULL && "snapshot: a part is over its ceiling");
    return at;
}

static struct span part_text(struct part *part, struct span text)
{
    struct span copy = arena_copy(&part->arena, text);

    assert(copy.at != NULL && "snapshot: a part is over its ceiling");
    return copy;
}

static struct vtl_pairs part_pairs(struct part *part, struct vtl_pairs pairs)
{
    struct vtl_pair *copy;

    if (pairs.count == 0)
        return (struct vtl_pairs){NULL, 0};
    copy = part_array(part, pairs.count, sizeof *copy);
    for (size_t i = 0; i < pairs.count; i++) {
        copy[i].name = part_text(part, pairs.at[i].name);
        copy[i].value = part_text(part, pairs.at[i].value);
    }
    return (struct vtl_pairs){copy, pairs.count};
}

static void stage_drop(struct part *part)
{
    const struct stage *stage = (const struct stage *)part;

    if (stage->deployment)
        part_leave(&stage->deployment->part);
}

struct stage *stage_new(struct shelf *shelf, const struct stage *facts)
{
    struct stage *stage = part_new(shelf, sizeof *stage, stage_drop);

    stage->name = part_text(&stage->part, facts->name);
    stage->api_id = part_text(&stage->part, facts->api_id);
    stage->account = part_text(&stage->part, facts->account);
    stage->region = part_text(&stage->part, facts->region);
    stage->deployment_id = part_text(&stage->part, facts->deployment_id);
    stage->variables = part_pairs(&stage->part, facts->variables);
    stage->revision = facts->revision;
    stage->deployment = facts->deployment;
    if (stage->deployment)
        part_use(&stage->deployment->part);
    part_seal(&stage->part);
    return stage;
}

static void api_drop(struct part *part)
{
    const struct api *api = (const struct api *)part;

    for (size_t i = 0; i < api->stage_count; i++)
        part_leave(&api->stages[i]->part);
}

/* Writes the id in lower case; false when it is longer than any id. */
static bool lower_id(struct span id, char out[static API_ID_MAX])
{
    if (id.len > API_ID_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++)
        out[i] = ascii_lower(id.at[i]);
    return true;
}

struct api *api_new(struct shelf *shelf, struct span id, const struct stage *const *stages,
                    size_t stage_count)
{
    struct api *api = part_new(shelf, sizeof *api, api_drop);
    char lower[API_ID_MAX];

    if (lower_id(id, lower))
        id = span_make(lower, id.len);
    api->id = part_text(&api->part, id);
    api->stages = part_array(&api->part, stage_count, sizeof(struct stage *));
    api->stage_count = stage_count;
    for (size_t i = 0; i < stage_count; i++) {
        part_use(&stages[i]->part);
        api->stages[i] = stages[i];
    }
    part_seal(&api->part);
    return api;
}

static void snapshot_drop(struct part *part)
{
    const struct snapshot *snap = (const struct snapshot *)part;

    for (size_t i = 0; i < snap->slot_count; i++)
        if (snap->slots[i])
            part_leave(&snap->slots[i]->part);
    for (size_t i = 0; i < snap->function_slots; i++)
        if (snap->functions[i])
            part_leave(&snap->functions[i]->part);
}

/* The slot of the id, or the free one where it would stand. */
static size_t find_slot(const struct snapshot *snap, struct span id)
{
    size_t mask = snap->slot_count - 1;
    size_t slot = (size_t)map_hash(id) & mask;

    while (snap->slots[slot] && !span_equal(snap->slots[slot]->id, id))
        slot = (slot + 1) & mask;
    return slot;
}

static size_t find_function(const struct snapshot *snap, struct span arn)
{
    size_t mask = snap->function_slots - 1;
    size_t slot = (size_t)map_hash(arn) & mask;

    while (snap->functions[slot] && !span_equal(snap->functions[slot]->arn, arn))
        slot = (slot + 1) & mask;
    return slot;
}

/* At most half full, so that a search ends. */
static size_t slots_for(size_t count)
{
    size_t slots = 8;

    while (slots < count * 2)
        slots *= 2;
    return slots;
}

static void add_functions(struct snapshot *snap, const struct function *const *functions,
                          size_t count)
{
    snap->function_slots = slots_for(count);
    snap->functions = part_array(&snap->part, snap->function_slots, sizeof(struct function *));
    for (size_t i = 0; i < count; i++) {
        size_t slot = find_function(snap, functions[i]->arn);

        assert(!snap->functions[slot] && "snapshot: a function is there twice");
        part_use(&functions[i]->part);
        snap->functions[slot] = functions[i];
    }
    snap->function_count = count;
}

struct snapshot *snapshot_new(struct shelf *shelf, uint64_t revision, const struct api *const *apis,
                              size_t api_count, const struct function *const *functions,
                              size_t function_count)
{
    struct snapshot *snap = part_new(shelf, sizeof *snap, snapshot_drop);

    snap->revision = revision;
    snap->slot_count = slots_for(api_count);
    snap->slots = part_array(&snap->part, snap->slot_count, sizeof(struct api *));
    for (size_t i = 0; i < api_count; i++) {
        size_t slot = find_slot(snap, apis[i]->id);

        assert(!snap->slots[slot] && "snapshot: an API id is there twice");
        part_use(&apis[i]->part);
        snap->slots[slot] = apis[i];
    }
    snap->api_count = api_count;
    add_functions(snap, functions, function_count);
    part_seal(&snap->part);
    return snap;
}

const struct api *snapshot_api(const struct snapshot *snap, struct span id)
{
    char lower[API_ID_MAX];

    if (!snap || !lower_id(id, lower))
        return NULL;
    return snap->slots[find_slot(snap, span_make(lower, id.len))];
}

const struct function *snapshot_function(const struct snapshot *snap, struct span arn)
{
    return snap ? snap->functions[find_function(snap, arn)] : NULL;
}

const struct stage *api_stage(const struct api *api, struct span name)
{
    for (size_t i = 0; i < api->stage_count; i++)
        if (span_equal(api->stages[i]->name, name))
            return api->stages[i];
    return NULL;
}

/* True when an earlier stage of the same API serves the same deployment.  Deployments are not
 * shared between APIs: their documents hold the API's id. */
static bool is_counted(const struct api *api, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (api->stages[k]->deployment == api->stages[i]->deployment)
            return true;
    return false;
}

size_t snapshot_bytes(const struct snapshot *snap)
{
    size_t sum = snap->part.bytes;

    for (size_t i = 0; i < snap->function_slots; i++)
        sum += snap->functions[i] ? snap->functions[i]->part.bytes : 0;
    for (size_t i = 0; i < snap->slot_count; i++) {
        const struct api *api = snap->slots[i];

        if (!api)
            continue;
        sum += api->part.bytes;
        for (size_t k = 0; k < api->stage_count; k++) {
            sum += api->stages[k]->part.bytes;
            if (api->stages[k]->deployment && !is_counted(api, k))
                sum += api->stages[k]->deployment->part.bytes;
        }
    }
    return sum;
}
