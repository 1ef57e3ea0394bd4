/* PATCH paths: what they mean in the document of the kind is worked out here, once, so that the
 * generic code only follows steps. */
#include "modelgen/reader.h"

#define STEPS_MAX 12

struct patch_reader {
    struct reader *in;
    const struct model_kind *kind;
    struct model_patch *row;
};

/* "replace,copy" */
static bool take_ops(struct patch_reader *to)
{
    static const struct {
        const char *word;
        enum model_patch_op op;
    } OPS[] = {{"add", PATCH_ADD},
               {"replace", PATCH_REPLACE},
               {"remove", PATCH_REMOVE},
               {"copy", PATCH_COPY}};
    struct span all, one;

    if (!reader_take(to->in, "operations", &all))
        return false;
    while (span_split(&all, ',', &one)) {
        size_t i = 0;

        while (i < COUNT(OPS) && !span_is(one, OPS[i].word))
            i++;
        if (i == COUNT(OPS))
            return reader_fail(to->in, to->in->at - 1, "no operation '%.*s'", SPAN_ARG(one));
        if (to->row->ops & OPS[i].op)
            return reader_fail(to->in, to->in->at - 1, "'%.*s' is there twice", SPAN_ARG(one));
        to->row->ops |= OPS[i].op;
    }
    return true;
}

static bool add_step(struct patch_reader *to, struct span *steps, size_t *count, struct span step)
{
    if (*count == STEPS_MAX)
        return reader_fail(to->in, to->in->at - 1, "too many steps");
    if (step.len == 0)
        return reader_fail(to->in, to->in->at - 1, "an empty step");
    steps[(*count)++] = step;
    return true;
}

static bool take_path(struct patch_reader *to)
{
    struct span *segments = reader_room(to->in, STEPS_MAX, sizeof *segments);
    struct model_patch *row = to->row;
    struct span rest, one;

    if (!segments || !reader_take(to->in, "a path", &row->path))
        return false;
    if (!span_starts(row->path, SPAN("/")))
        return reader_fail(to->in, to->in->at - 1, "a path starts with '/'");
    rest = span_skip(row->path, 1);
    while (span_split(&rest, '/', &one))
        if (!add_step(to, segments, &row->segment_count, one))
            return false;
    row->segments = segments;
    row->target = segments;
    row->target_count = row->segment_count;
    return true;
}

/* "methodSettings.[{path}/{method}].cachingEnabled" */
static bool take_target(struct patch_reader *to)
{
    struct span *steps = reader_room(to->in, STEPS_MAX, sizeof *steps);
    struct span rest;

    if (!steps || !reader_take(to->in, "a target", &rest))
        return false;
    to->row->target_count = 0;
    while (rest.len) {
        bool is_bracketed = rest.at[0] == '[';
        size_t end = span_find(rest, is_bracketed ? ']' : '.');
        struct span step = span_first(rest, end);

        if (is_bracketed) {
            if (end == rest.len)
                return reader_fail(to->in, to->in->at - 1, "']' is missing");
            step = span_skip(step, 1);
            end++;
            if (end < rest.len && rest.at[end] != '.')
                return reader_fail(to->in, to->in->at - 1, "a '.' must follow ']'");
        }
        if (!add_step(to, steps, &to->row->target_count, step))
            return false;
        rest = span_skip(rest, end < rest.len ? end + 1 : end);
    }
    to->row->target = steps;
    return true;
}

static bool take_hook(struct patch_reader *to)
{
    return reader_take_name(to->in, "a function", &to->row->hook);
}

static bool take_from(struct patch_reader *to)
{
    return reader_take(to->in, "a path", &to->row->from);
}

static bool take_later(struct patch_reader *to)
{
    return to->row->is_later = true;
}

static bool take_raw(struct patch_reader *to)
{
    return to->row->keeps_escapes = true;
}

static bool take_clears(struct patch_reader *to)
{
    return to->row->empty_clears = true;
}

static bool take_missing(struct patch_reader *to)
{
    return reader_take_answer(to->in, &to->row->missing);
}

static bool take_else(struct patch_reader *to)
{
    return reader_take_answer(to->in, &to->row->bad_op);
}

/* Follows the steps through the shape.  Only a hook may lead where there is no member. */
static bool find_target(struct patch_reader *to)
{
    struct model_patch *row = to->row;
    const struct model_shape *shape = to->kind->shape;
    const struct model_type *type = NULL;

    for (size_t i = 0; i < row->target_count; i++) {
        if (!type || type->form == FORM_SHAPE) {
            if (type)
                shape = type->shape;
            row->member = model_member(shape, row->target[i]);
            if (!row->member && row->hook.len) {
                row->target_count = 0;
                return true;
            }
            if (!row->member)
                return reader_fail(to->in, 0, "no member '%.*s' in %.*s", SPAN_ARG(row->target[i]),
                                   SPAN_ARG(shape->name));
            type = row->member->type;
        } else if (type->of) {
            type = type->of;
        } else {
            return reader_fail(to->in, 0, "step '%.*s' leads into a plain value",
                               SPAN_ARG(row->target[i]));
        }
    }
    row->type = type;
    return true;
}

static bool read_row(struct patch_reader *to)
{
    static const struct {
        const char *word;
        bool (*take)(struct patch_reader *to);
    } ATTRIBUTES[] = {
        {"to", take_target}, {"hook", take_hook},     {"from", take_from},
        {"raw", take_raw},   {"clears", take_clears}, {"missing", take_missing},
        {"else", take_else}, {"later", take_later},
    };

    if (!take_path(to) || !take_ops(to))
        return false;
    while (reader_has_more(to->in)) {
        size_t i = 0;

        while (i < COUNT(ATTRIBUTES) && !reader_take_if(to->in, ATTRIBUTES[i].word))
            i++;
        if (i == COUNT(ATTRIBUTES))
            return reader_fail(to->in, to->in->at, "unknown attribute of a path");
        if (!ATTRIBUTES[i].take(to))
            return false;
    }
    if ((to->row->ops & PATCH_COPY) && !to->row->from.len && !to->row->hook.len)
        return reader_fail(to->in, 0, "copy needs 'from' or a hook");
    return find_target(to);
}

/* patch KIND bad-path ERROR "text" bad-op ERROR "text" */
static bool read_head(struct reader *in, struct model_kind **out)
{
    const struct model_kind *found;
    struct model_kind *kind = NULL;

    if (!reader_take_kind(in, &found))
        return false;
    kind = model_find_kind(in->model, found->name);
    if (kind->patches)
        return reader_fail(in, 0, "a second patch of '%.*s'", SPAN_ARG(kind->name));
    while (reader_has_more(in)) {
        struct model_answer *answer = reader_take_if(in, "bad-path") ? &kind->bad_path
                                      : reader_take_if(in, "bad-op") ? &kind->bad_op
                                                                     : NULL;

        if (!answer)
            return reader_fail(in, in->at, "unknown attribute of a patch");
        if (!reader_take_answer(in, answer))
            return false;
    }
    if (!kind->bad_path.error || !kind->bad_op.error)
        return reader_fail(in, 0, "a patch needs the words for a bad path and a bad operation");
    *out = kind;
    return true;
}

bool patches_read(struct model *model, size_t statement)
{
    struct reader in = reader_of(model, &model->statements.list[statement], 1);
    struct model_patch *rows = reader_room(&in, MEMBERS_MAX, sizeof *rows);
    struct model_kind *kind = NULL;

    if (!rows || !read_head(&in, &kind))
        return false;
    kind->patches = rows;
    while (++statement < model->statements.count && model->statements.list[statement].is_indented) {
        struct patch_reader to = {&in, kind, &rows[kind->patch_count]};

        in = reader_of(model, &model->statements.list[statement], 0);
        if (kind->patch_count == MEMBERS_MAX)
            return reader_fail(&in, 0, "too many paths");
        if (!read_row(&to))
            return false;
        for (size_t i = 0; i < kind->patch_count; i++)
            if (span_equal(rows[i].path, to.row->path))
                return reader_fail(&in, 0, "path '%.*s' is there twice", SPAN_ARG(to.row->path));
        kind->patch_count++;
    }
    return true;
}
