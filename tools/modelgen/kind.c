/* Structs and kinds: their members, what a kind says of itself, what refers to it, and what
 * forbids its deletion. */
#include "modelgen/reader.h"

#include "control/model.h"

#define REFERENCE_DEPTH 4

/* Reads the indented lines after `statement` as the members of `shape`. */
static bool read_members(struct model *model, size_t statement, struct model_shape *shape)
{
    struct reader in = reader_of(model, &model->statements.list[statement], 0);
    struct model_member *members;
    size_t end = statement + 1;

    while (end < model->statements.count && model->statements.list[end].is_indented)
        end++;
    if (end - statement > MEMBERS_MAX)
        return reader_fail(&in, 0, "too many members");
    members = reader_room(&in, end - statement, sizeof *members);
    if (!members)
        return false;
    shape->members = members;
    for (size_t i = statement + 1; i < end; i++) {
        in = reader_of(model, &model->statements.list[i], 0);
        if (!member_read(&in, &members[shape->count]))
            return false;
        if (model_member(shape, members[shape->count].name))
            return reader_fail(&in, 0, "member '%.*s' is there twice",
                               SPAN_ARG(members[shape->count].name));
        shape->count++;
    }
    return true;
}

/* --- what a kind says of itself ------------------------------------------------------------- */

static bool take_parent(struct reader *in, struct model_kind *kind)
{
    return reader_take_kind(in, &kind->parent) &&
           (kind->parent < kind || reader_fail(in, in->at - 1, "a parent stands before its kinds"));
}

static bool take_key(struct reader *in, struct model_kind *kind)
{
    struct span name;

    if (!reader_take_name(in, "a member", &name))
        return false;
    kind->key = model_member(kind->shape, name);
    return kind->key || reader_fail(in, in->at - 1, "no member '%.*s'", SPAN_ARG(name));
}

static bool take_id(struct reader *in, struct model_kind *kind)
{
    double length;

    if (!reader_take_number(in, "the length", &length))
        return false;
    if (length < 4 || length > 64)
        return reader_fail(in, in->at - 1, "no length of an id");
    kind->id_length = (unsigned)length;
    return true;
}

static bool take_missing(struct reader *in, struct model_kind *kind)
{
    return reader_take_answer(in, &kind->missing);
}

static bool take_exists(struct reader *in, struct model_kind *kind)
{
    return reader_take_answer(in, &kind->exists);
}

static bool take_covers(struct reader *in, struct model_kind *kind)
{
    if (!reader_take_if(in, "parent"))
        return reader_fail(in, in->at, "a kind covers its parent");
    return kind->speaks_for_parent = true;
}

static bool take_tagged(struct reader *in, struct model_kind *kind)
{
    if (!model_member(kind->shape, SPAN("tags")))
        return reader_fail(in, in->at, "a tagged kind has a member 'tags'");
    return reader_take(in, "the resource of its ARN", &kind->arn);
}

static bool read_kind(struct reader *in, struct model_kind *kind)
{
    static const struct {
        const char *word;
        bool (*take)(struct reader *in, struct model_kind *kind);
    } ATTRIBUTES[] = {
        {"in", take_parent},       {"key", take_key},       {"id", take_id},
        {"missing", take_missing}, {"exists", take_exists}, {"covers", take_covers},
        {"tagged", take_tagged},
    };

    kind->service = &in->model->service;
    while (reader_has_more(in)) {
        size_t i = 0;

        while (i < COUNT(ATTRIBUTES) && !reader_take_if(in, ATTRIBUTES[i].word))
            i++;
        if (i == COUNT(ATTRIBUTES))
            return reader_fail(in, in->at, "unknown attribute of a kind");
        if (!ATTRIBUTES[i].take(in, kind))
            return false;
    }
    if (kind->id_length && !kind->key)
        return reader_fail(in, 0, "an id without a key");
    if (kind->speaks_for_parent && !kind->parent)
        return reader_fail(in, 0, "there is no parent to speak for");
    if (kind->key && !kind->missing.error)
        return reader_fail(in, 0, "a kind with a key needs the words for a missing one");
    return true;
}

bool kinds_read(struct model *model)
{
    for (size_t i = 0; i < model->statements.count; i++) {
        struct reader in = reader_of(model, &model->statements.list[i], 0);
        struct span name;

        if (in.statement->is_indented)
            continue;
        if (reader_take_if(&in, "struct")) {
            if (!reader_take(&in, "a shape", &name) ||
                !read_members(model, i, model_find_shape(model, name)))
                return false;
            if (reader_has_more(&in))
                return reader_fail(&in, in.at, "a struct has only a name");
        } else if (reader_take_if(&in, "kind")) {
            if (!reader_take(&in, "a kind", &name) ||
                !read_members(model, i, model_find_shape(model, name)) ||
                !read_kind(&in, model_find_kind(model, name)))
                return false;
        }
    }
    return true;
}

/* refuse delete KIND while KIND ERROR "text" */
bool refusal_read(struct reader *in)
{
    const struct model_kind *found;
    struct model_kind *kind;
    struct model_refusal *all, *row;

    if (!reader_take_if(in, "delete"))
        return reader_fail(in, in->at, "only 'delete' can be refused");
    if (!reader_take_kind(in, &found))
        return false;
    kind = model_find_kind(in->model, found->name);
    all = reader_room(in, kind->refusal_count + 1, sizeof *all);
    if (!all)
        return false;
    if (kind->refusal_count)
        memcpy(all, kind->refusals, kind->refusal_count * sizeof *all);
    row = &all[kind->refusal_count++];
    kind->refusals = all;
    if (!reader_take_if(in, "while"))
        return reader_fail(in, in->at, "'while' and the kind that refers to it must follow");
    if (!reader_take_kind(in, &row->by) || !reader_take_answer(in, &row->answer))
        return false;
    if (reader_has_more(in))
        return reader_fail(in, in->at, "unknown attribute of a refusal");
    for (size_t i = 0; i < row->by->reference_count; i++)
        if (row->by->references[i].to == kind)
            return true;
    return reader_fail(in, 1, "kind '%.*s' never refers to '%.*s'", SPAN_ARG(row->by->name),
                       SPAN_ARG(kind->name));
}

/* --- references ----------------------------------------------------------------------------- */

struct walk {
    struct model *model;
    struct model_kind *kind;
    struct model_reference *references;
    struct span path[2 * REFERENCE_DEPTH + 2];
    size_t depth;
};

static bool keep_reference(struct walk *walk, const struct model_kind *to)
{
    struct span *path = arena_try_array(walk->model->arena, walk->depth, sizeof *path);

    if (!path || walk->kind->reference_count == MEMBERS_MAX)
        return false;
    memcpy(path, walk->path, walk->depth * sizeof *path);
    walk->references[walk->kind->reference_count++] =
        (struct model_reference){path, walk->depth, to};
    return true;
}

/* A kind inside a kind (Method.methodIntegration) is shown there, not held: it is not walked. */
static bool find_in_shape(struct walk *walk, const struct model_shape *shape, size_t level)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct model_member *member = &shape->members[i];
        const struct model_type *type = member->type;
        size_t depth = walk->depth;
        bool ok = true;

        walk->path[walk->depth++] = member->name;
        if (type->of) {
            walk->path[walk->depth++] = SPAN("*");
            type = type->of;
        }
        if (member->ref)
            ok = keep_reference(walk, member->ref);
        else if (type->form == FORM_SHAPE && level < REFERENCE_DEPTH &&
                 !model_find_kind(walk->model, type->shape->name))
            ok = find_in_shape(walk, type->shape, level + 1);
        if (!ok)
            return false;
        walk->depth = depth;
    }
    return true;
}

bool references_find(struct model *model)
{
    for (size_t i = 0; i < model->kind_count; i++) {
        struct walk walk = {.model = model, .kind = &model->kinds[i]};

        walk.references = arena_try_array(model->arena, MEMBERS_MAX, sizeof *walk.references);
        if (!walk.references || !find_in_shape(&walk, model->kinds[i].shape, 1)) {
            problem_set(model->why, FAULT_NO_MEMORY, "too many references");
            return false;
        }
        model->kinds[i].references = walk.references;
    }
    return true;
}
