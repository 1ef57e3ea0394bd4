/* Compiles a schema.  Every schema object becomes a node of a graph: references are followed here
 * and lead to the node of what they name, so running knows none.  Nodes are filled from a queue
 * and not by recursion, since models may refer to each other in circles. */
#include <stdio.h>

#include "base/ascii.h"
#include "base/number.h"
#include "base/uri.h"
#include "text/jsonschema_program.h"

#define SCHEMAS_MAX 1000000
#define HOPS_MAX 64 /* references that lead to references */
#define PLACE_TEXT_MAX 200

enum fault compile_no_memory(struct compiler *c)
{
    return problem_set(c->why, FAULT_NO_MEMORY, "no memory for a schema");
}

/* --- places --- */

/* Adds a step in front of the text that ends at `end`; steps that do not fit are left out. */
static char *add_step(const char *begin, char *end, struct span step)
{
    if (step.len == 0 || step.len + 1 > (size_t)(end - begin))
        return end;
    end -= step.len;
    memcpy(end, step.at, step.len);
    *--end = '/';
    return end;
}

enum fault compile_bad(struct compiler *c, const struct job *job, enum fault code,
                       struct span keyword, const char *words)
{
    char text[PLACE_TEXT_MAX + 1], *at = text + PLACE_TEXT_MAX;

    *at = '\0';
    for (const struct place *p = &job->place; p; p = p->parent) {
        at = add_step(text, at, p->name);
        at = add_step(text, at, p->keyword);
    }
    return problem_set(c->why, code, "'%.*s' in the schema at '#%s' %s", SPAN_ARG(keyword), at,
                       words);
}

/* --- references --- */

static const struct json *step_into(const struct json *node, struct span step)
{
    uint64_t i;

    if (json_is(node, JSON_ARRAY))
        return number_u64(step, &i) && i < node->count ? json_at(node, (size_t)i) : NULL;
    return json_member_span(node, step);
}

/* Undoes ~1 and ~0 in place. */
static struct span unescape(struct span step)
{
    char *to = (char *)(uintptr_t)step.at;
    size_t n = 0;

    for (size_t i = 0; i < step.len; i++) {
        char ch = step.at[i];

        if (ch == '~' && i + 1 < step.len && (step.at[i + 1] == '0' || step.at[i + 1] == '1'))
            ch = step.at[++i] == '0' ? '~' : '/';
        to[n++] = ch;
    }
    return span_first(step, n);
}

/* Follows a fragment, which must be a JSON pointer. */
static const struct json *follow_pointer(struct arena *arena, const struct json *node,
                                         struct span fragment)
{
    struct span rest = uri_decode(arena, arena_copy(arena, fragment), false), step;

    if (rest.len == 0)
        return fragment.len == 0 ? node : NULL;
    if (rest.at[0] != '/')
        return NULL;
    rest = span_skip(rest, 1);
    while (node && span_split(&rest, '/', &step))
        node = step_into(node, unescape(step));
    return node;
}

/* Replaces *node and *root by what a reference in them names. */
static enum fault follow(struct compiler *c, struct span reference, const struct json **node,
                         const struct json **root)
{
    size_t hash = span_find(reference, '#');
    struct span uri = span_first(reference, hash);
    struct span fragment = hash < reference.len ? span_skip(reference, hash + 1) : SPAN("");

    if (uri.len > 0)
        *root = c->resolver ? c->resolver->find(c->resolver->context, uri) : NULL;
    *node = *root ? follow_pointer(c->arena, *root, fragment) : NULL;
    if (*node)
        return OK;
    if (c->arena->is_over)
        return compile_no_memory(c);
    return problem_set(c->why, FAULT_NOT_FOUND, "the reference '%.*s' leads nowhere",
                       SPAN_ARG(span_first(reference, reference.len < 200 ? reference.len : 200)));
}

static const struct json *reference_of(const struct json *node)
{
    const struct json *reference = json_member(node, "$ref");

    return json_is(reference, JSON_STRING) ? reference : NULL;
}

/* --- the queue --- */

static struct schema *enqueue(struct compiler *c, const struct job *from)
{
    const struct json **key = arena_try(c->arena, sizeof(const struct json *));
    struct job *job = arena_try(c->arena, sizeof *job);
    struct schema *schema = arena_try_array(c->arena, 1, sizeof *schema);

    if (!key || !job || !schema)
        return NULL;
    *key = from->node;
    if (!map_set(&c->known, span_make(key, sizeof(*key)), schema))
        return NULL;
    *job = *from;
    job->schema = schema;
    job->next = NULL;
    if (c->last)
        c->last->next = job;
    else
        c->first = job;
    c->last = job;
    return schema;
}

enum fault compile_schema(struct compiler *c, const struct job *job, const struct json *node,
                          struct span keyword, struct span name, const struct schema **out)
{
    struct job next = {.node = node, .root = job->root, .place = {&job->place, keyword, name}};
    const struct json *reference;
    unsigned hops = 0;

    while ((reference = reference_of(next.node)) != NULL) {
        enum fault rc = follow(c, reference->text, &next.node, &next.root);

        if (rc != OK)
            return rc;
        if (++hops > HOPS_MAX)
            return compile_bad(c, &next, FAULT_TYPE, SPAN("$ref"), "leads to itself");
        next.place = (struct place){NULL, reference->text, {NULL, 0}};
    }
    if (!json_is(next.node, JSON_OBJECT))
        return compile_bad(c, job, FAULT_TYPE, keyword, "must be a schema, which is an object");
    *out = map_get(&c->known, span_make(&next.node, sizeof(next.node)));
    if (!*out)
        *out = enqueue(c, &next);
    return *out ? OK : compile_no_memory(c);
}

/* --- names --- */

static size_t count_names(const struct json *node)
{
    const struct json *properties = json_member(node, "properties");
    const struct json *required = json_member(node, "required");
    const struct json *dependencies = json_member(node, "dependencies");
    size_t n = properties ? properties->count : 0;

    n += required ? required->count : 0;
    for (const struct json *d = dependencies ? dependencies->first : NULL; d; d = d->next)
        n += 1 + (size_t)d->count;
    return n;
}

static bool names_reserve(struct compiler *c, struct schema *schema, const struct json *node)
{
    size_t n = count_names(node), size = 4;

    if (n == 0)
        return true;
    while (size < n * 2)
        size *= 2;
    schema->slots = arena_try_array(c->arena, size, sizeof *schema->slots);
    schema->slot_count = schema->slots ? size : 0;
    return schema->slots;
}

struct name *names_add(struct compiler *c, struct schema *schema, struct span text)
{
    struct name *name = names_find(schema, text), **slot;

    if (name)
        return name;
    name = arena_try_array(c->arena, 1, sizeof *name);
    if (!name)
        return NULL;
    slot = &schema->slots[names_hash(text) & (schema->slot_count - 1)];
    name->text = text;
    name->next = *slot;
    *slot = name;
    return name;
}

enum fault names_watch(struct compiler *c, const struct job *job, struct span text,
                       struct wanted *out)
{
    struct name *name = names_add(c, job->schema, text);

    if (!name)
        return compile_no_memory(c);
    if (name->watched == 0) {
        if (job->schema->watched == JSONSCHEMA_WATCHED_MAX)
            return compile_bad(c, job, FAULT_TOO_LARGE, SPAN("required"), "is too long");
        name->watched = (uint32_t)++job->schema->watched;
    }
    *out = (struct wanted){name->text, name->watched - 1};
    return OK;
}

/* --- all --- */

static enum fault compile_all(struct compiler *c, const struct json *tree)
{
    struct job top = {.node = tree, .root = tree};
    enum fault rc = compile_schema(c, &top, tree, SPAN(""), SPAN(""), &c->out->root);

    for (struct job *job = c->first; job && rc == OK; job = job->next) {
        if (!names_reserve(c, job->schema, job->node))
            return compile_no_memory(c);
        rc = compile_keywords(c, job);
    }
    return rc;
}

enum fault jsonschema_compile_tree(struct arena *arena, const struct json *tree,
                                   const struct jsonschema_resolver *resolver,
                                   struct jsonschema **out, struct problem *why)
{
    struct compiler c = {.arena = arena, .resolver = resolver, .why = why};
    enum fault rc;

    c.out = arena_try_array(arena, 1, sizeof *c.out);
    if (!c.out)
        return compile_no_memory(&c);
    map_init(&c.known, SCHEMAS_MAX);
    rc = compile_all(&c, tree);
    map_release(&c.known);
    if (rc == OK)
        *out = c.out;
    else
        jsonschema_release(c.out);
    return rc;
}

enum fault jsonschema_compile(struct arena *arena, struct span text,
                              const struct jsonschema_resolver *resolver, struct jsonschema **out,
                              struct problem *why)
{
    struct json *tree;
    enum fault rc = json_parse(arena, text, &tree, why);

    return rc == OK ? jsonschema_compile_tree(arena, tree, resolver, out, why) : rc;
}

void jsonschema_release(struct jsonschema *schema)
{
    if (!schema)
        return;
    for (struct pattern *p = schema->patterns; p; p = p->next)
        regex_free(p->regex);
    schema->patterns = NULL;
}
