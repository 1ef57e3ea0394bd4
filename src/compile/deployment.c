/* Documents to deployments: the route tree.  What a method does is compile/method.c's. */
#include "compile/deployment.h"

#include <stdlib.h>

#include "base/mem.h"
#include "compile/method.h"

/* A resource on its way into the tree: what is left of its path below the current node. */
struct entry {
    struct span rest;
    const struct json *resource;
};

static struct span first_segment(const struct entry *entry)
{
    return span_first(entry->rest, span_find(entry->rest, '/'));
}

static bool is_variable(struct span segment)
{
    return segment.len > 2 && segment.at[0] == '{' && segment.at[segment.len - 1] == '}';
}

static bool is_greedy(struct span segment)
{
    return is_variable(segment) && segment.at[segment.len - 2] == '+';
}

/* Variables of one kind are one group whatever their names: control refuses siblings of different
 * names, and if they were there, none should hide the other. */
static struct span group_of(const struct entry *entry)
{
    struct span segment = first_segment(entry);

    return is_greedy(segment) ? SPAN("{+}") : is_variable(segment) ? SPAN("{}") : segment;
}

/* By the first segment left, so that a group stands together; a node's own resource leads. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = span_compare(group_of(x), group_of(y));

    return order ? order : span_compare(x->rest, y->rest);
}

static void build_methods(struct build *b, struct route *route, const struct json *resource)
{
    const struct json *methods = json_member(resource, "resourceMethods");
    struct method *list;
    size_t n = 0;

    if (!methods || methods->count == 0)
        return;
    list = build_array(b, methods->count, sizeof *list);
    for (const struct json *one = methods->first; one; one = one->next)
        method_compile(b, resource, one, &list[n++]);
    route->methods = list;
    route->method_count = n;
}

static void build_route(struct build *b, struct route *route, struct entry *entries, size_t count,
                        unsigned depth);

/* Gives each group of entries with the same first segment to a child. */
static void build_children(struct build *b, struct route *route, struct entry *entries,
                           size_t count, unsigned depth)
{
    struct route *literals = build_array(b, count, sizeof *literals);
    size_t end;

    route->literals = literals;
    for (size_t i = 0; i < count; i = end) {
        struct span segment = first_segment(&entries[i]), group = group_of(&entries[i]);
        struct route *child;

        for (end = i; end < count && span_equal(group_of(&entries[end]), group); end++) {
            size_t len = first_segment(&entries[end]).len;

            len += len < entries[end].rest.len ? 1 : 0;

            entries[end].rest = span_skip(entries[end].rest, len);
        }
        if (is_variable(segment)) {
            child = arena_new(b->arena, struct route);
            if (is_greedy(segment))
                route->greedy = child;
            else
                route->variable = child;
        } else {
            child = &literals[route->literal_count++];
            child->literal = build_keep(b, segment);
        }
        build_route(b, child, entries + i, end - i, depth + 1);
    }
}

static int compare_literals(const void *a, const void *b)
{
    return span_compare(((const struct route *)a)->literal, ((const struct route *)b)->literal);
}

static void build_route(struct build *b, struct route *route, struct entry *entries, size_t count,
                        unsigned depth)
{
    size_t i = 0;

    if (depth > ROUTE_DEPTH_MAX)
        return;
    qsort(entries, count, sizeof *entries, compare_entries);
    for (; i < count && entries[i].rest.len == 0; i++)
        build_methods(b, route, entries[i].resource);
    if (i < count)
        build_children(b, route, entries + i, count - i, depth);
    if (route->literal_count > 1)
        qsort((void *)(uintptr_t)route->literals, route->literal_count, sizeof *route->literals,
              compare_literals);
}

static void deployment_drop(struct part *part)
{
    struct deployment *deployment = (struct deployment *)part;

    for (size_t i = 0; i < deployment->pattern_count; i++)
        regex_free(deployment->patterns[i]);
    mem_free(deployment->patterns);
    for (size_t i = 0; i < deployment->path_count; i++)
        jsonpath_release(deployment->paths[i]);
    mem_free(deployment->paths);
    for (size_t i = 0; i < deployment->schema_count; i++)
        jsonschema_release(deployment->schemas[i]);
    mem_free(deployment->schemas);
}

/* A policy that does not compile permits nothing. */
static void compile_policy(struct build *b, const struct json *api)
{
    struct span text = json_member_text(api, "policy", SPAN(""));
    struct json *document;

    b->deployment->has_policy = text.len > 0;
    if (text.len > 0 && json_parse(b->arena, build_keep(b, text), &document, NULL) == OK)
        policy_compile(b->arena, document, POLICY_RESOURCE, &b->deployment->policy, NULL);
}

/* What stands in the API's own record. */
static void compile_settings(struct build *b, const struct json *api)
{
    const struct json *types = json_member(api, "binaryMediaTypes");
    struct deployment *d = b->deployment;
    struct span *list;

    compile_policy(b, api);
    d->is_endpoint_disabled = json_member_bool(api, "disableExecuteApiEndpoint", false);
    d->compresses = json_is(json_member(api, "minimumCompressionSize"), JSON_NUMBER);
    d->compression_min = (size_t)json_member_int(api, "minimumCompressionSize", 0);
    if (!json_is(types, JSON_ARRAY))
        return;
    list = build_array(b, types->count, sizeof *list);
    for (const struct json *one = types->first; one; one = one->next)
        list[d->binary_type_count++] = build_keep(b, one->text);
    d->binary_types = list;
}

struct deployment *deployment_compile(struct shelf *shelf, struct span id,
                                      const struct json *document)
{
    struct deployment *deployment = part_new(shelf, sizeof *deployment, deployment_drop);
    const struct json *resources = json_member(document, "resources");
    struct build b = {.arena = &deployment->part.arena, .deployment = deployment};
    struct route *root = arena_new(b.arena, struct route);
    size_t count = resources ? resources->count : 0, n = 0;
    struct entry *entries = mem_zero(count, sizeof *entries);

    arena_init(&b.scratch, 64UL * 1024 * 1024);
    b.document = document;
    compile_settings(&b, json_member(document, "restApi"));
    build_replies(&b);
    deployment->id = arena_copy(b.arena, id);
    deployment->root = root;
    for (const struct json *one = resources ? resources->first : NULL; one; one = one->next) {
        struct span path = json_member_text(one, "path", SPAN("/"));

        if (path.len > 0 && path.at[0] == '/')
            path = span_skip(path, 1);
        entries[n++] = (struct entry){path, one};
    }
    build_route(&b, root, entries, n, 0);
    mem_free(entries);
    arena_release(&b.scratch);
    part_seal(&deployment->part);
    return deployment;
}
