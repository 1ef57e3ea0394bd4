/* Resource: a segment below its parent; siblings may not contradict each other. */
#include "control/call.h"

static bool is_variable(struct span part)
{
    return part.len > 0 && part.at[0] == '{';
}

static bool is_greedy(struct span part)
{
    return part.len > 2 && part.at[part.len - 2] == '+' && part.at[part.len - 1] == '}';
}

/* spec/control-plane-rest.md, section 5.2 */
static enum fault check_siblings(struct call *call, struct span api, struct span parent_id,
                                 struct span part)
{
    struct json *all;
    enum fault rc = call_load_all(call, "Resource", api, &all);

    for (const struct json *one = rc ? NULL : all->first; one; one = one->next) {
        struct span other = json_member_text(one, "pathPart", SPAN(""));

        if (!span_equal(json_member_text(one, "parentId", SPAN("")), parent_id))
            continue;
        if (span_equal(other, part))
            return call_refuse_as(
                call, "ConflictException",
                "Another resource with the same parent already has this name: {pathPart}");
        if (is_variable(other) && is_variable(part))
            return call_refuse_answer(
                call,
                &(struct model_answer){model_error(call->match->service, "BadRequestException"),
                                       SPAN("A sibling ({value}) of this resource already has a "
                                            "variable path part -- only one is allowed")},
                other);
    }
    return rc;
}

static enum fault check(struct call *call, struct span parent, struct json *tree)
{
    const struct model_kind *kind = call->match->operation->kind;
    struct span parent_id = json_member_text(call->input, "parentId", SPAN(""));
    struct span part = json_member_text(tree, "pathPart", SPAN("")), above, above_part;
    struct json *upper;
    enum fault rc = call_load(call, kind, parent, parent_id, &upper);

    if (rc == FAULT_NOT_FOUND)
        return call_refuse_answer(call, &kind->missing, parent_id);
    if (rc)
        return rc;
    above = json_member_text(upper, "path", SPAN("/"));
    above_part = json_member_text(upper, "pathPart", SPAN(""));
    if (is_greedy(above_part))
        return call_refuse_answer(
            call,
            &(struct model_answer){
                model_error(call->match->service, "BadRequestException"),
                SPAN("Cannot create a child of a resource with a greedy path variable: {value}")},
            above_part);
    if ((rc = check_siblings(call, parent, parent_id, part)))
        return rc;
    json_set(tree, "parentId", json_text(call->arena, parent_id));
    json_set(tree, "path",
             json_text(call->arena, arena_format(call->arena, "%.*s/%.*s",
                                                 SPAN_ARG(span_is(above, "/") ? SPAN("") : above),
                                                 SPAN_ARG(part))));
    return OK;
}

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
    .kind = "Resource", .check = check, .deleted = deleted, .show = show};
