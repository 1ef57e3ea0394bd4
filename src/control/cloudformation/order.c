/* Edges come from Ref, Fn::GetAtt, Fn::Sub and DependsOn; then the first resource of the template
 * whose needs are met is taken, again and again, so the order is the template's where it may be. */
#include "control/cloudformation/order.h"

#include "base/map.h"
#include "control/cloudformation/intrinsic.h"

#define EDGES_MAX 100000

struct graph {
    const struct template *template;
    struct map index; /* of names: to nodes */
    const struct json **nodes;
    size_t count;
    struct edge {
        size_t from, to; /* `from` needs `to` */
    } * edges;
    size_t edge_count;
    size_t *starts; /* of a node's edges; one more at the end */
    size_t from;    /* whose needs are looked at; `count` for outputs */
    struct problem *why;
};

static enum fault add_edge(struct graph *g, size_t to, const struct json *at)
{
    if (g->from == g->count)
        return OK;
    for (size_t i = g->edge_count; i-- > 0 && g->edges[i].from == g->from;)
        if (g->edges[i].to == to)
            return OK;
    if (g->edge_count == EDGES_MAX)
        return template_fail(g->template, at, FAULT_TOO_LARGE, g->why,
                             "the resources need each other in over %d places", EDGES_MAX);
    g->edges[g->edge_count++] = (struct edge){g->from, to};
    return OK;
}

static size_t find(const struct graph *g, struct span name)
{
    const struct json **node = map_get(&g->index, name);

    return node ? (size_t)(node - g->nodes) : g->count;
}

static enum fault visit(void *ctx, struct span name, struct span attribute, const struct json *at)
{
    struct graph *g = ctx;
    size_t to = find(g, name);

    if (to < g->count)
        return add_edge(g, to, at);
    if (attribute.len == 0 &&
        (json_member_span(g->template->parameters, name) || intrinsic_is_pseudo(name)))
        return OK;
    return template_fail(g->template, at, FAULT_NOT_FOUND, g->why,
                         attribute.len ? "there is no resource '%.*s'"
                                       : "there is no parameter or resource '%.*s'",
                         SPAN_ARG(name));
}

static enum fault visit_depends(struct graph *g, const struct json *depends)
{
    const struct json *one = json_is(depends, JSON_ARRAY) ? depends->first : depends;
    enum fault rc = OK;

    for (; one && !rc; one = json_is(depends, JSON_ARRAY) ? one->next : NULL) {
        size_t to = find(g, one->text);

        rc = to < g->count ? add_edge(g, to, one)
                           : template_fail(g->template, one, FAULT_NOT_FOUND, g->why,
                                           "there is no resource '%.*s'", SPAN_ARG(one->text));
    }
    return rc;
}

static enum fault find_edges(struct graph *g)
{
    enum fault rc = OK;

    for (g->from = 0; g->from < g->count && !rc; g->from++) {
        g->starts[g->from] = g->edge_count;
        rc = visit_depends(g, json_member(g->nodes[g->from], "DependsOn"));
        if (!rc)
            rc = intrinsic_each(json_member(g->nodes[g->from], "Properties"), visit, g);
    }
    g->starts[g->count] = g->edge_count;
    return rc ? rc : intrinsic_each(g->template->outputs, visit, g);
}

/* Walks from need to need among those that are left: it must come round. */
static enum fault tell_circle(struct graph *g, const bool taken[], size_t start)
{
    size_t *path = arena_try_array(g->template->arena, g->count + 1, sizeof *path);
    size_t *seen = arena_try_array(g->template->arena, g->count, sizeof *seen); /* place + 1 */
    size_t len = 0, at = start;
    struct buf words;
    enum fault rc;

    if (!path || !seen)
        return problem_set(g->why, FAULT_NO_MEMORY, "the template is too large");
    while (!seen[at]) {
        path[len++] = at;
        seen[at] = len;
        for (size_t i = g->starts[at]; i < g->starts[at + 1]; i++)
            if (!taken[g->edges[i].to]) {
                at = g->edges[i].to;
                break;
            }
    }
    buf_init(&words, PROBLEM_TEXT_MAX);
    for (size_t i = seen[at] - 1; i < len; i++)
        buf_addf(&words, "%.*s -> ", SPAN_ARG(g->nodes[path[i]]->name));
    rc = template_fail(g->template, g->nodes[at], FAULT_CONFLICT, g->why,
                       "resources need each other in a circle: %.*s%.*s",
                       SPAN_ARG(buf_span(&words)), SPAN_ARG(g->nodes[at]->name));
    buf_release(&words);
    return rc;
}

/* The needs of one resource as places in the order. */
static bool note_needs(const struct graph *g, size_t node, const size_t place[],
                       struct resource *out)
{
    size_t count = g->starts[node + 1] - g->starts[node];
    size_t *needs = arena_try_array(g->template->arena, count + 1, sizeof *needs);

    for (size_t i = 0; needs && i < count; i++)
        needs[i] = place[g->edges[g->starts[node] + i].to];
    out->need_count = count;
    out->needs = needs;
    return needs != NULL;
}

static bool is_ready(const struct graph *g, size_t node, const bool taken[])
{
    for (size_t i = g->starts[node]; i < g->starts[node + 1]; i++)
        if (!taken[g->edges[i].to])
            return false;
    return true;
}

static enum fault sort(struct graph *g, struct resources *out)
{
    struct arena *arena = g->template->arena;
    bool *taken = arena_try_array(arena, g->count, sizeof *taken);
    size_t *place = arena_try_array(arena, g->count, sizeof *place);
    size_t first = 0;

    out->all = arena_try_array(arena, g->count, sizeof *out->all);
    if (!taken || !place || !out->all)
        return problem_set(g->why, FAULT_NO_MEMORY, "the template is too large");
    while (out->count < g->count) {
        struct resource *one = &out->all[out->count];
        size_t at;

        while (first < g->count && taken[first])
            first++;
        for (at = first; at < g->count; at++)
            if (!taken[at] && is_ready(g, at, taken))
                break;
        if (at == g->count)
            return tell_circle(g, taken, first);
        taken[at] = true;
        place[at] = out->count;
        *one = (struct resource){.node = g->nodes[at],
                                 .type = json_member_text(g->nodes[at], "Type", SPAN("")),
                                 .properties = json_member(g->nodes[at], "Properties")};
        if (!note_needs(g, at, place, one))
            return problem_set(g->why, FAULT_NO_MEMORY, "the template is too large");
        out->count++;
    }
    return OK;
}

enum fault order_resources(const struct template *template, struct resources *out,
                           struct problem *why)
{
    struct graph g = {.template = template, .why = why, .count = template->resources->count};
    size_t i = 0;
    enum fault rc;

    *out = (struct resources){0};
    if (g.count > ORDER_RESOURCES_MAX)
        return template_fail(template, template->resources, FAULT_TOO_LARGE, why,
                             "the template makes over %d resources", ORDER_RESOURCES_MAX);
    g.nodes = arena_try_array(template->arena, g.count, sizeof *g.nodes);
    g.starts = arena_try_array(template->arena, g.count + 1, sizeof *g.starts);
    g.edges = arena_try_array(template->arena, EDGES_MAX, sizeof *g.edges);
    if (!g.nodes || !g.starts || !g.edges)
        return problem_set(why, FAULT_NO_MEMORY, "the template is too large");
    map_init(&g.index, ORDER_RESOURCES_MAX);
    for (const struct json *one = template->resources->first; one; one = one->next, i++) {
        g.nodes[i] = one;
        map_set(&g.index, one->name, &g.nodes[i]);
    }
    rc = find_edges(&g);
    if (!rc)
        rc = sort(&g, out);
    map_release(&g.index);
    return rc;
}
