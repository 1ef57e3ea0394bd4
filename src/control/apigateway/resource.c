/* Resource: a segment below its parent; siblings may not contradict each other. */
#include "control/patch.h"

static bool is_variable(struct span part)
{
    return part.len > 0 && part.at[0] == '{';
}

static bool is_greedy(struct span part)
{
    return part.len > 2 && part.at[part.len - 2] == '+' && part.at[part.len - 1] == '}';
}

/* A refusal whose words hold {value}. */
static enum fault refuse(struct call *call, const char *error, const char *text, struct span value)
{
    return call_refuse_answer(
        call, &(struct model_answer){model_error(call->match->service, error), span_of(text)},
        value);
}

/* What the brothers of resource `id` (or of a new one: "") forbid (spec/control-plane-rest.md,
 * section 5.2). */
static enum fault check_siblings(struct call *call, struct span api, struct span parent_id,
                                 struct span id, struct span part)
{
    struct json *all;
    enum fault rc = call_load_all(call, "Resource", api, &all);

    for (const struct json *one = rc ? NULL : all->first; one; one = one->next) {
        struct span other = json_member_text(one, "pathPart", SPAN(""));

        if (!span_equal(json_member_text(one, "parentId", SPAN("")), parent_id) ||
            span_equal(json_member_text(one, "id", SPAN("")), id))
            continue;
        if (span_equal(other, part))
            return refuse(call, "ConflictException",
                          "Another resource with the same parent already has this name: {value}",
                          part);
        if (is_variable(other) && is_variable(part))
            return refuse(call, "BadRequestException",
                          "A sibling ({value}) of this resource already has a variable path part "
                          "-- only one is allowed",
                          other);
    }
    return rc;
}

/* Puts the resource below `parent_id` under its pathPart. */
static enum fault place(struct call *call, struct span api, struct span parent_id,
                        struct json *tree)
{
    const struct model_kind *kind = call->match->operation->kind;
    struct span part = json_member_text(tree, "pathPart", SPAN("")), above, above_part;
    struct json *upper;
    enum fault rc = call_load(call, kind, api, parent_id, &upper);

    if (rc == FAULT_NOT_FOUND)
        return call_refuse_answer(call, &kind->missing, parent_id);
    if (rc)
        return rc;
    above = json_member_text(upper, "path", SPAN("/"));
    above_part = json_member_text(upper, "pathPart", SPAN(""));
    if (is_greedy(above_part))
        return refuse(call, "BadRequestException",
                      "Cannot create a child of a resource with a greedy path variable: {value}",
                      above_part);
    if ((rc = check_siblings(call, api, parent_id, json_member_text(tree, "id", SPAN("")), part)))
        return rc;
    json_set(tree, "parentId", json_text(call->arena, parent_id));
    json_set(tree, "path",
             json_text(call->arena, arena_format(call->arena, "%.*s/%.*s",
                                                 SPAN_ARG(span_is(above, "/") ? SPAN("") : above),
                                                 SPAN_ARG(part))));
    return OK;
}

static enum fault check(struct call *call, struct span parent, struct json *tree)
{
    return place(call, parent, json_member_text(call->input, "parentId", SPAN("")), tree);
}

/* True when `path` is below `above`. */
static bool is_below(struct span path, struct span above)
{
    return span_starts(path, above) && path.len > above.len && path.at[above.len] == '/';
}

/* Moves the resource, and the paths of all that is below it. */
static enum fault move(struct patch *p, struct span parent_id)
{
    struct call *call = p->call;
    struct span api = call_parent_path(call, p->kind);
    struct span before = json_member_text(p->tree, "path", SPAN("/")), after;
    bool is_end = is_greedy(json_member_text(p->tree, "pathPart", SPAN("")));
    struct json *all;
    enum fault rc = call_load_all(call, "Resource", api, &all);

    for (const struct json *one = rc ? NULL : all->first; one; one = one->next) {
        struct span path = json_member_text(one, "path", SPAN("/"));

        if (span_equal(json_member_text(one, "id", SPAN("")), parent_id) &&
            (is_below(path, before) || span_equal(path, before)))
            return call_refuse_as(call, "BadRequestException", "Resources cannot be cyclical.");
        if (is_end && is_below(path, before))
            return refuse(
                call, "BadRequestException",
                "Cannot create a child of a resource with a greedy path variable: {value}",
                json_member_text(p->tree, "pathPart", SPAN("")));
    }
    if (!rc)
        rc = place(call, api, parent_id, p->tree);
    after = json_member_text(p->tree, "path", SPAN("/"));
    for (struct json *one = rc ? NULL : all->first; one && !rc; one = one->next) {
        struct span path = json_member_text(one, "path", SPAN("/"));

        if (!is_below(path, before))
            continue;
        json_set(one, "path",
                 json_text(call->arena, arena_format(call->arena, "%.*s%.*s", SPAN_ARG(after),
                                                     SPAN_ARG(span_skip(path, before.len)))));
        rc = call_save(call, p->kind, api, json_member_text(one, "id", SPAN("")), one, false);
    }
    return rc;
}

static enum fault patch_parent(struct patch *p)
{
    if (!json_member(p->tree, "parentId"))
        return call_refuse_as(p->call, "BadRequestException",
                              "Root resource cannot update its parentId.");
    return move(p, p->value);
}

static enum fault patch_path_part(struct patch *p)
{
    if (!json_member(p->tree, "parentId"))
        return call_refuse_as(p->call, "BadRequestException",
                              "Root resource cannot update its pathPart.");
    json_set(p->tree, "pathPart", json_text(p->call->arena, p->value));
    return move(p, json_member_text(p->tree, "parentId", SPAN("")));
}

static const struct patch_hook PATCHES[] = {
    {"resource_parent", patch_parent},
    {"resource_path_part", patch_path_part},
    {NULL, NULL},
};

static bool embeds_methods(const struct call *call)
{
    const struct json *embed = json_member(call->input, "embed");

    for (const struct json *one = embed ? embed->first : NULL; one; one = one->next)
        if (span_is(one->text, "methods"))
            return true;
    return false;
}

/* Its methods: whole when asked for, else empty objects under their names. */
static enum fault show(struct call *call, struct span parent, struct json *tree)
{
    struct span path = arena_format(call->arena, "%.*s/%.*s", SPAN_ARG(parent),
                                    SPAN_ARG(json_member_text(tree, "id", SPAN(""))));
    struct json *methods, *shown = json_new(call->arena, JSON_OBJECT);
    enum fault rc = call_load_all(call, "Method", path, &methods);
    struct json *one = rc ? NULL : methods->first, *next;

    for (; one && !rc; one = next) {
        struct span verb = json_member_text(one, "httpMethod", SPAN(""));

        next = one->next;
        if (embeds_methods(call)) {
            rc = METHOD_HOOKS.show(call, path, one);
            one->next = NULL;
            json_set_span(shown, verb, one);
        } else {
            json_set_span(shown, verb, json_new(call->arena, JSON_OBJECT));
        }
    }
    if (!rc && shown->count > 0)
        json_set(tree, "resourceMethods", shown);
    return rc;
}

/* The resources below it go with it; the root stays. */
static enum fault deleted(struct call *call, struct span parent, struct json *tree)
{
    const struct model_kind *kind = call->match->operation->kind;
    struct span above =
        arena_format(call->arena, "%.*s/", SPAN_ARG(json_member_text(tree, "path", SPAN("/"))));
    struct json *all;
    enum fault rc;

    if (!json_member(tree, "parentId"))
        return call_refuse_as(call, "BadRequestException", "Root resource cannot be deleted.");
    rc = call_load_all(call, "Resource", parent, &all);
    for (const struct json *one = rc ? NULL : all->first; one && !rc; one = one->next)
        if (span_starts(json_member_text(one, "path", SPAN("")), above))
            rc = call_delete(call, kind, parent, json_member_text(one, "id", SPAN("")));
    return rc;
}

const struct kind_hooks RESOURCE_HOOKS = {
    .kind = "Resource", .check = check, .patches = PATCHES, .deleted = deleted, .show = show};
