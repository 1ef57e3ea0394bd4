/* All rest-json paths of a service form one tree of segments, so a look-up costs as many steps
 * as the path has segments, plus the way back where a literal led nowhere.  Since each node has
 * one depth, none is visited twice for a path. */
#include "control/route.h"

#include "base/uri.h"

#define TREE_MEMORY_MAX (4 * 1024 * 1024)

struct node {
    struct span literal;                    /* of the edge that leads here; "" for a label */
    struct node *literals, *label, *greedy; /* children */
    struct node *next;                      /* brother among literals */
    struct leaf *leaves;                    /* operations that end here */
};

struct leaf {
    const struct model_operation *operation;
    struct leaf *next;
};

struct tree {
    const struct model_service *service;
    struct node *root;
};

struct control_routes {
    struct arena arena;
    struct tree *trees;
    size_t count;
};

/* --- compiling ------------------------------------------------------------------------------- */

static struct node *child_literal(struct arena *arena, struct node *node, struct span literal)
{
    struct node *child;

    for (child = node->literals; child; child = child->next)
        if (span_equal(child->literal, literal))
            return child;
    child = arena_new(arena, struct node);
    child->literal = literal;
    child->next = node->literals;
    node->literals = child;
    return child;
}

static struct node *child_label(struct arena *arena, struct node *node, bool is_greedy)
{
    struct node **at = is_greedy ? &node->greedy : &node->label;

    if (!*at)
        *at = arena_new(arena, struct node);
    return *at;
}

static void add_operation(struct arena *arena, struct node *node,
                          const struct model_operation *operation)
{
    struct leaf *leaf = arena_new(arena, struct leaf);

    for (size_t i = 0; i < operation->path_count; i++) {
        const struct model_segment *segment = &operation->path[i];

        node = segment->member ? child_label(arena, node, segment->is_greedy)
                               : child_literal(arena, node, segment->literal);
    }
    leaf->operation = operation;
    leaf->next = node->leaves;
    node->leaves = leaf;
}

struct control_routes *control_routes_new(const struct model_service *const *services, size_t count)
{
    struct control_routes *routes;
    struct arena arena;

    arena_init(&arena, TREE_MEMORY_MAX);
    routes = arena_new(&arena, struct control_routes);
    routes->trees = arena_try_array(&arena, count ? count : 1, sizeof *routes->trees);
    if (!routes->trees) {
        arena_release(&arena);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        struct tree *tree = &routes->trees[routes->count];

        if (services[i]->protocol != PROTOCOL_REST_JSON)
            continue;
        tree->service = services[i];
        tree->root = arena_new(&arena, struct node);
        for (size_t k = 0; k < services[i]->operation_count; k++)
            add_operation(&arena, tree->root, &services[i]->operations[k]);
        routes->count++;
    }
    routes->arena = arena;
    return routes;
}

void control_routes_free(struct control_routes *routes)
{
    struct arena arena;

    if (!routes)
        return;
    arena = routes->arena; /* the table itself lives in it */
    arena_release(&arena);
}

/* --- looking up ------------------------------------------------------------------------------ */

struct search {
    struct span segments[ROUTE_DEPTH_MAX]; /* decoded */
    struct span rests[ROUTE_DEPTH_MAX];    /* as sent, from the segment to the end */
    size_t count;
    struct span method, query;
    const struct model_operation *found;
    bool found_path;
};

static bool has_constant(struct span query, const struct model_constant *constant)
{
    struct span one;

    while (span_split(&query, '&', &one)) {
        size_t equals = span_find(one, '=');
        struct span value = equals < one.len ? span_skip(one, equals + 1) : SPAN("");

        if (span_equal(span_first(one, equals), constant->name) &&
            (constant->value.len == 0 || span_equal(value, constant->value)))
            return true;
    }
    return false;
}

static bool fits(const struct search *search, const struct model_operation *operation)
{
    if (!span_equal(operation->method, search->method))
        return false;
    for (size_t i = 0; i < operation->constant_count; i++)
        if (!has_constant(search->query, &operation->constants[i]))
            return false;
    return true;
}

static bool choose(struct search *search, const struct node *node)
{
    const struct leaf *leaf;

    for (leaf = node->leaves; leaf; leaf = leaf->next) {
        search->found_path = true;
        if (fits(search, leaf->operation) &&
            (!search->found || leaf->operation->constant_count > search->found->constant_count))
            search->found = leaf->operation;
    }
    return search->found != NULL;
}

/* Recursion is as deep as the models' paths. */
static bool descend(struct search *search, const struct node *node, size_t depth)
{
    if (depth == search->count)
        return choose(search, node);
    for (const struct node *child = node->literals; child; child = child->next)
        if (span_equal(child->literal, search->segments[depth]) &&
            descend(search, child, depth + 1))
            return true;
    if (search->segments[depth].len == 0)
        return false;
    if (node->label && descend(search, node->label, depth + 1))
        return true;
    return node->greedy && choose(search, node->greedy);
}

/* AWS takes a slash at the end as if it were not there. */
static enum fault cut_path(struct search *search, struct arena *arena, struct span path)
{
    struct span one;

    if (!span_starts(path, SPAN("/")))
        return FAULT_NOT_FOUND;
    path = span_skip(path, 1);
    if (span_ends(path, SPAN("/")))
        path.len--;
    while (path.at) {
        if (search->count == ROUTE_DEPTH_MAX)
            return FAULT_NOT_FOUND;
        search->rests[search->count] = path;
        span_split(&path, '/', &one);
        one = uri_decode(arena, one, false);
        if (!one.at)
            return FAULT_NO_MEMORY;
        search->segments[search->count++] = one;
    }
    return OK;
}

static enum fault fill_labels(const struct search *search, struct arena *arena,
                              struct control_match *out)
{
    const struct model_operation *operation = out->operation;

    out->label_count = 0;
    for (size_t i = 0; i < operation->path_count && out->label_count < ROUTE_LABELS_MAX; i++) {
        struct span value = search->segments[i];

        if (!operation->path[i].member)
            continue;
        if (operation->path[i].is_greedy)
            value = uri_decode(arena, search->rests[i], false);
        if (!value.at)
            return FAULT_NO_MEMORY;
        out->labels[out->label_count].member = operation->path[i].member;
        out->labels[out->label_count++].value = value;
    }
    return OK;
}

static bool signs(const struct control_routes *routes, struct span service)
{
    for (size_t i = 0; i < routes->count; i++)
        if (span_equal(routes->trees[i].service->signing, service))
            return true;
    return false;
}

enum fault control_route(const struct control_routes *routes, struct arena *arena,
                         struct span service, struct span method, struct span path,
                         struct span query, struct control_match *out)
{
    struct search search = {.method = method, .query = query};
    bool is_known = signs(routes, service);
    enum fault rc = cut_path(&search, arena, path);

    if (rc != OK)
        return rc;
    for (size_t i = 0; i < routes->count; i++) {
        const struct tree *tree = &routes->trees[i];

        if ((is_known && !span_equal(tree->service->signing, service)) ||
            !descend(&search, tree->root, 0))
            continue;
        out->service = tree->service;
        out->operation = search.found;
        return fill_labels(&search, arena, out);
    }
    return search.found_path ? FAULT_UNSUPPORTED : FAULT_NOT_FOUND;
}
