/* The passes over a model, in order. */
#include "modelgen/reader.h"

static bool make_room(struct model *model)
{
    struct arena *arena = model->arena;

    model->errors = arena_try_array(arena, ROWS_MAX, sizeof *model->errors);
    model->aliases = arena_try_array(arena, ROWS_MAX, sizeof *model->aliases);
    model->enums = arena_try_array(arena, ROWS_MAX, sizeof *model->enums);
    model->shapes = arena_try_array(arena, ROWS_MAX, sizeof *model->shapes);
    model->kinds = arena_try_array(arena, ROWS_MAX, sizeof *model->kinds);
    model->types = arena_try_array(arena, ROWS_MAX, sizeof *model->types);
    model->operations = arena_try_array(arena, ROWS_MAX, sizeof *model->operations);
    return model->errors && model->aliases && model->enums && model->shapes && model->kinds &&
           model->types && model->operations;
}

/* A line under a statement that takes none would else be read by nobody. */
static bool check_indents(struct model *model)
{
    bool may_hold = false;

    for (size_t i = 0; i < model->statements.count; i++) {
        struct reader in = reader_of(model, &model->statements.list[i], 0);

        if (!in.statement->is_indented)
            may_hold = reader_is_next(&in, "struct") || reader_is_next(&in, "kind") ||
                       reader_is_next(&in, "patch") || reader_is_next(&in, "op");
        else if (!may_hold)
            return reader_fail(&in, 0, "this line belongs to no statement");
    }
    return true;
}

static bool read_rest(struct model *model)
{
    for (size_t i = 0; i < model->statements.count; i++) {
        struct reader in = reader_of(model, &model->statements.list[i], 0);
        bool ok = true;

        if (in.statement->is_indented)
            continue;
        if (reader_take_if(&in, "patch"))
            ok = patches_read(model, i);
        else if (reader_take_if(&in, "refuse"))
            ok = refusal_read(&in);
        if (!ok)
            return false;
    }
    for (size_t i = 0; i < model->statements.count; i++) {
        struct reader in = reader_of(model, &model->statements.list[i], 0);

        if (!in.statement->is_indented && reader_take_if(&in, "op") && !operation_read(model, i))
            return false;
    }
    return true;
}

static bool check_whole(struct model *model)
{
    struct model_service *service = &model->service;
    struct reader in = reader_of(model, &model->statements.list[0], 0);

    if (!service->validation || !service->serialization)
        return reader_fail(&in, 0, "no error is for validation, or none for serialization");
    return model->operation_count > 0 || reader_fail(&in, 0, "a service without operations");
}

static void fill_service(struct model *model)
{
    struct model_service *service = &model->service;

    service->errors = model->errors;
    service->error_count = model->error_count;
    service->kinds = model->kinds;
    service->kind_count = model->kind_count;
    service->operations = model->operations;
    service->operation_count = model->operation_count;
}

enum fault model_read(struct arena *arena, struct span text, struct model *out, struct problem *why)
{
    struct problem own = {0};
    enum fault rc;

    why = why ? why : &own;
    *out = (struct model){.arena = arena, .why = why};
    map_init(&out->names, 4 * ROWS_MAX);
    if (text.len > MODEL_TEXT_MAX)
        return problem_set(why, FAULT_TOO_LARGE, "a model over %d bytes", MODEL_TEXT_MAX);
    rc = statements_read(arena, text, &out->statements, why);
    if (rc != OK)
        return rc;
    if (out->statements.count == 0)
        return problem_set(why, FAULT_SYNTAX, "an empty model");
    if (!make_room(out))
        return problem_set(why, FAULT_NO_MEMORY, "out of memory");
    fill_service(out);
    if (!check_indents(out) || !names_read(out) || !kinds_read(out) || !references_find(out) ||
        !read_rest(out) || !check_whole(out))
        return why->code;
    fill_service(out);
    return OK;
}

void model_release(struct model *model)
{
    map_release(&model->names);
}
