/* Paths are JSON pointers that the model lists per kind; what is not listed is refused in AWS's
 * words, which differ from kind to kind and stand in the model too.  Values always come as texts
 * (spec/control-plane-rest.md, section 3). */
#include "control/patch.h"

static const struct {
    const char *name;
    enum model_patch_op op;
} OPS[] = {
    {"add", PATCH_ADD}, {"replace", PATCH_REPLACE}, {"remove", PATCH_REMOVE}, {"copy", PATCH_COPY}};

static unsigned op_of(struct span name)
{
    for (size_t i = 0; i < COUNT(OPS); i++)
        if (span_is(name, OPS[i].name))
            return OPS[i].op;
    return 0;
}

/* "replace, remove" */
static struct span ops_text(struct arena *arena, unsigned ops)
{
    struct span text = SPAN("");

    for (size_t i = 0; i < COUNT(OPS); i++)
        if (ops & OPS[i].op)
            text =
                arena_format(arena, "%.*s%s%s", SPAN_ARG(text), text.len ? ", " : "", OPS[i].name);
    return text;
}

static enum fault refuse(struct patch *p, const struct model_answer *answer, unsigned ops)
{
    size_t n = p->word_count;

    p->words[n++] = (struct word_value){"path", p->path.at ? p->path : SPAN("null")};
    p->words[n++] = (struct word_value){"op", p->op_name};
    p->words[n++] = (struct word_value){"ops", ops_text(p->call->arena, ops)};
    p->call->refused.error = answer->error;
    p->call->refused.text =
        words_fill(p->call->arena, answer->text, &(struct words){NULL, p->words, n});
    return FAULT_DENIED;
}

static bool is_variable(struct span segment)
{
    return segment.len > 0 && segment.at[0] == '{';
}

/* ~1 is '/', ~0 is '~'. */
static struct span unescape(struct arena *arena, struct span in)
{
    char *out = arena_try(arena, in.len + 1);
    size_t n = 0;

    for (size_t i = 0; out && i < in.len; i++) {
        bool is_escape = in.at[i] == '~' && i + 1 < in.len;

        if (is_escape && (in.at[i + 1] == '0' || in.at[i + 1] == '1'))
            out[n++] = in.at[++i] == '1' ? '/' : '~';
        else
            out[n++] = in.at[i];
    }
    return (struct span){out, out ? n : 0};
}

static bool split_path(struct patch *p)
{
    struct span rest = p->path;

    p->segment_count = 0;
    if (rest.len < 2 || rest.at[0] != '/')
        return false;
    rest = span_skip(rest, 1);
    while (p->segment_count < PATCH_SEGMENTS_MAX &&
           span_split(&rest, '/', &p->segments[p->segment_count]))
        p->segment_count++;
    return rest.at == NULL;
}

/* The listed path that this one is; literal segments win over {names}. */
static const struct model_patch *find_path(const struct patch *p)
{
    const struct model_patch *best = NULL;
    size_t best_literals = 0;

    for (size_t i = 0; i < p->kind->patch_count; i++) {
        const struct model_patch *patch = &p->kind->patches[i];
        size_t k = 0, literals = 0;

        if (patch->segment_count != p->segment_count)
            continue;
        for (; k < p->segment_count; k++) {
            if (is_variable(patch->segments[k]))
                continue;
            if (!span_equal(patch->segments[k], p->segments[k]))
                break;
            literals++;
        }
        if (k == p->segment_count && (!best || literals > best_literals)) {
            best = patch;
            best_literals = literals;
        }
    }
    return best;
}

static void name_segments(struct patch *p, const struct model_patch *patch)
{
    struct arena *arena = p->call->arena;

    p->word_count = 0;
    for (size_t i = 0; i < patch->segment_count; i++) {
        struct span name = patch->segments[i];

        if (is_variable(name))
            p->words[p->word_count++] = (struct word_value){
                arena_text(arena, span_make(name.at + 1, name.len - 2)),
                patch->keeps_escapes ? p->segments[i] : unescape(arena, p->segments[i])};
    }
}

static struct span target_name(const struct patch *p, struct span step)
{
    return words_fill(p->call->arena, step, &(struct words){NULL, p->words, p->word_count});
}

/* The object that holds the target; made on the way where the operation puts something. */
static struct json *find_holder(struct patch *p, const struct model_patch *patch, bool makes)
{
    struct json *at = p->tree;

    for (size_t i = 0; at && i + 1 < patch->target_count; i++) {
        struct span name = target_name(p, patch->target[i]);
        struct json *next = json_member_span(at, name);

        if (!next && makes)
            next = json_set_span(at, name, json_new(p->call->arena, JSON_OBJECT));
        at = next;
    }
    return at;
}

/* The text as the target's type; NULL when it is none.  Whole maps and lists come as JSON. */
static struct json *read_value(struct patch *p, const struct model_type *type)
{
    struct arena *arena = p->call->arena;
    struct json *parsed, *value;
    const char *why;

    switch (type->form) {
    case FORM_BOOL: /* what is not «true» is false, without an error (recorded) */
        return json_bool(arena, span_equal_nocase(p->value, SPAN("true")));
    case FORM_MAP:
    case FORM_LIST:
    case FORM_SHAPE:
    case FORM_ANY:
        if (json_parse(arena, p->value, &parsed, NULL) != OK ||
            decode_value(arena, type, parsed, &value, &why) != OK)
            return NULL;
        return value;
    default:
        return decode_text(arena, type, p->value);
    }
}

static enum fault refuse_value(struct patch *p)
{
    return refuse(
        p,
        &(struct model_answer){model_error(p->call->match->service, "BadRequestException"),
                               SPAN("Invalid value specified for patch path {path}")},
        0);
}

/* One element of a list joins or leaves. */
static enum fault change_list(struct patch *p, struct json *holder, struct span name, unsigned op)
{
    struct json *list = json_member_span(holder, name), *kept;
    struct arena *arena = p->call->arena;

    kept = json_new(arena, JSON_ARRAY);
    for (const struct json *one = list ? list->first : NULL; one; one = one->next)
        if (!span_equal(one->text, p->value))
            json_append(kept, json_copy(arena, one));
    if (op == PATCH_ADD)
        json_append(kept, json_text(arena, p->value));
    json_set_span(holder, name, kept);
    return OK;
}

static enum fault change(struct patch *p, const struct model_patch *patch, unsigned op)
{
    struct span name = target_name(p, patch->target[patch->target_count - 1]);
    struct json *holder = find_holder(p, patch, op != PATCH_REMOVE), *value;
    bool is_there = holder && json_member_span(holder, name);

    if (!is_there && op != PATCH_ADD && patch->missing.error)
        return refuse(p, &patch->missing, patch->ops);
    if (patch->type->form == FORM_LIST && (op == PATCH_ADD || (op == PATCH_REMOVE && p->has_value)))
        return holder ? change_list(p, holder, name, op) : OK;
    if (op == PATCH_REMOVE || (patch->empty_clears && p->value.len == 0)) {
        if (holder)
            json_remove(holder, name);
        return OK;
    }
    value = read_value(p, patch->type);
    if (!value)
        return refuse_value(p);
    json_set_span(holder, name, value);
    return OK;
}

static enum fault run_hook(struct patch *p)
{
    const struct kind_hooks *hooks = kind_hooks(p->kind);

    for (const struct patch_hook *one = hooks ? hooks->patches : NULL; one && one->name; one++)
        if (span_is(p->row->hook, one->name))
            return one->run(p);
    return FAULT_UNSUPPORTED;
}

static enum fault apply_one(struct patch *p)
{
    const struct model_patch *patch = split_path(p) ? find_path(p) : NULL;
    unsigned op = op_of(p->op_name);

    p->word_count = 0;
    if (!patch)
        return refuse(p, &p->kind->bad_path, 0);
    name_segments(p, patch);
    if (!(patch->ops & op))
        return refuse(p, patch->bad_op.error ? &patch->bad_op : &p->kind->bad_op, patch->ops);
    if (model_patch_is_later(patch, op))
        return call_not_yet(
            p->call,
            arena_text(p->call->arena, arena_format(p->call->arena, "%.*s of %.*s",
                                                    SPAN_ARG(p->op_name), SPAN_ARG(p->path))));
    p->row = patch;
    p->op = (enum model_patch_op)op;
    return patch->hook.len ? run_hook(p) : change(p, patch, op);
}

enum fault patch_apply(struct call *call, const struct model_kind *kind, struct json *tree)
{
    const struct json *operations = json_member(call->input, "patchOperations");
    struct patch p = {.call = call, .kind = kind, .tree = tree};
    enum fault rc = OK;

    if (operations && operations->count > PATCH_OPERATIONS_MAX)
        return call_refuse_as(call, "BadRequestException", "Too many patch operations");
    for (const struct json *one = operations ? operations->first : NULL; one && !rc;
         one = one->next) {
        p.op_name = json_member_text(one, "op", SPAN(""));
        p.path = json_member_text(one, "path", (struct span){NULL, 0});
        p.has_value = json_is(json_member(one, "value"), JSON_STRING);
        p.value = json_member_text(one, "value", SPAN(""));
        rc = apply_one(&p);
    }
    return rc;
}

/* ---- for hooks ----------------------------------------------------------------------------- */

enum fault patch_change(struct patch *p)
{
    return change(p, p->row, p->op);
}

struct span patch_variable(const struct patch *p, const char *name)
{
    for (size_t i = 0; i < p->word_count; i++)
        if (strcmp(p->words[i].name, name) == 0)
            return p->words[i].value;
    return (struct span){NULL, 0};
}

void patch_list(struct patch *p, struct json *holder, const char *name, struct span drops,
                struct span adds)
{
    const struct json *list = json_member(holder, name);
    struct json *kept = json_new(p->call->arena, JSON_ARRAY);
    bool is_there = false;

    for (const struct json *one = list ? list->first : NULL; one; one = one->next) {
        if (drops.at && span_equal(one->text, drops))
            continue;
        is_there = is_there || (adds.at && span_equal(one->text, adds));
        json_append(kept, json_copy(p->call->arena, one));
    }
    if (adds.at && !is_there)
        json_append(kept, json_text(p->call->arena, adds));
    if (kept->count > 0)
        json_set(holder, name, kept);
    else
        json_remove(holder, span_of(name));
}
