/* Runs a JSONPath: each token is applied to a value and hands what it selects to the next one.
 * The recursion is as deep as the path is long plus, under "..", as the document is deep: both
 * are bounded.  Every value that is looked at costs a step, so no path can cost more than its
 * budget, whatever it multiplies. */
#include "text/jsonpath_program.h"

struct walk {
    struct search *search;
    struct json *found; /* an array of what was found */
};

static bool apply(struct walk *w, const struct token *token, const struct json *value,
                  unsigned depth);

bool search_charge(struct search *search, uint64_t steps)
{
    if (search->fault)
        return false;
    if (search->steps < steps) {
        search->fault = FAULT_TOO_LARGE;
        return false;
    }
    search->steps -= steps;
    return true;
}

static bool no_memory(struct search *search)
{
    if (!search->fault)
        search->fault = FAULT_NO_MEMORY;
    return false;
}

struct json *search_link(struct search *search, const struct json *value)
{
    struct json *node = arena_try(search->arena, sizeof *node);

    if (!node) {
        no_memory(search);
        return NULL;
    }
    *node = *value;
    node->next = NULL;
    node->name = (struct span){NULL, 0};
    return node;
}

static bool add(struct walk *w, const struct json *value)
{
    return json_append(w->found, search_link(w->search, value)) != NULL;
}

/* The member of a name; the last one, as a Java map would have it. */
static struct json *member(struct search *search, const struct json *object, struct span name)
{
    return search_charge(search, object->count / 4 + 1) ? json_member_span(object, name) : NULL;
}

/* Several names at the end of a path select one object of those that are there. */
static bool select_object(struct walk *w, const struct token *token, const struct json *value)
{
    struct json *object = json_new(w->search->arena, JSON_OBJECT);

    if (!object)
        return no_memory(w->search);
    for (size_t i = 0; i < token->count; i++) {
        const struct json *found = member(w->search, value, token->names[i]);

        if (found && !json_set_span(object, token->names[i], search_link(w->search, found)))
            return false;
    }
    return !w->search->fault && json_append(w->found, object);
}

static bool select_names(struct walk *w, const struct token *token, const struct json *value,
                         unsigned depth)
{
    if (value->type != JSON_OBJECT)
        return true;
    if (token->count > 1 && !token->next)
        return select_object(w, token, value);
    for (size_t i = 0; i < token->count; i++) {
        const struct json *found = member(w->search, value, token->names[i]);

        if (w->search->fault || (found && !apply(w, token->next, found, depth)))
            return false;
    }
    return true;
}

static bool select_indexes(struct walk *w, const struct token *token, const struct json *value,
                           unsigned depth)
{
    if (value->type != JSON_ARRAY)
        return true;
    for (size_t i = 0; i < token->count; i++) {
        int64_t at = token->indexes[i];
        const struct json *found;

        if (at < 0)
            at += value->count;
        if (at < 0 || at >= value->count)
            continue;
        if (!search_charge(w->search, (uint64_t)at / 4 + 1))
            return false;
        found = at == value->count - 1 ? value->last : json_at(value, (size_t)at);
        if (!apply(w, token->next, found, depth))
            return false;
    }
    return true;
}

/* Selects elements from..to-1. */
static bool select_range(struct walk *w, const struct token *token, const struct json *value,
                         int64_t from, int64_t to, unsigned depth)
{
    const struct json *element;

    if (from >= to)
        return true;
    if (!search_charge(w->search, (uint64_t)from / 4 + 1))
        return false;
    element = json_at(value, (size_t)from);
    for (; from < to; from++, element = element->next) {
        if (!apply(w, token->next, element, depth))
            return false;
    }
    return true;
}

/* Jayway's slices: a negative end of [from:to] is not counted from the end (so nothing is below
 * it), a negative start of it is, element by element. */
static bool select_slice(struct walk *w, const struct token *token, const struct json *value,
                         unsigned depth)
{
    int64_t len = value->count, from = token->from, to = token->to;

    if (value->type != JSON_ARRAY)
        return true;
    if (token->has_from && token->has_to && from < 0) {
        int64_t start = from < -len ? 0 : len + from, stop = to < 0 ? len + to : len;

        if (!select_range(w, token, value, start, stop, depth))
            return false;
        from = 0;
    }
    if (!token->has_to)
        to = len;
    else if (to < 0 && !token->has_from)
        to += len;
    if (!token->has_from)
        from = 0;
    else if (from < 0)
        from = from < -len ? 0 : len + from;
    return select_range(w, token, value, from, to < len ? to : len, depth);
}

static bool select_children(struct walk *w, const struct token *token, const struct json *value,
                            unsigned depth)
{
    for (const struct json *child = value->first; child; child = child->next) {
        if (!apply(w, token->next, child, depth))
            return false;
    }
    return true;
}

/* A filter tests an object itself, of an array the elements. */
static bool select_filtered(struct walk *w, const struct token *token, const struct json *value,
                            unsigned depth)
{
    if (value->type == JSON_OBJECT)
        return !test_holds(w->search, token->test, value) || apply(w, token->next, value, depth);
    if (value->type != JSON_ARRAY)
        return true;
    for (const struct json *element = value->first; element; element = element->next) {
        if (!search_charge(w->search, 1))
            return false;
        if (test_holds(w->search, token->test, element) && !apply(w, token->next, element, depth))
            return false;
    }
    return !w->search->fault;
}

/* Whether a value found by ".." is one that the token after it applies to. */
static bool is_wanted(struct walk *w, const struct token *token, const struct json *value)
{
    switch (token->kind) {
    case TOKEN_NAMES:
        if (value->type != JSON_OBJECT)
            return false;
        for (size_t i = 0; i < token->count && !(token->count > 1 && token->next); i++) {
            if (!member(w->search, value, token->names[i]))
                return false;
        }
        return true;
    case TOKEN_INDEXES:
    case TOKEN_SLICE:
        return value->type == JSON_ARRAY;
    case TOKEN_WILDCARD:
        return true;
    case TOKEN_FILTER:
        return test_holds(w->search, token->test, value);
    case TOKEN_SCAN:
    case TOKEN_FUNCTION:
        break;
    }
    return false;
}

/* ".." looks at containers only, a value before what is in it. */
static bool scan(struct walk *w, const struct token *token, const struct json *value,
                 unsigned depth)
{
    if (depth == 0) {
        w->search->fault = FAULT_TOO_LARGE;
        return false;
    }
    if (!search_charge(w->search, 1))
        return false;
    if (value->type < JSON_ARRAY)
        return true;
    if (is_wanted(w, token, value)) {
        /* In arrays Jayway goes on with every element, whatever index or slice was asked for. */
        bool is_done = value->type == JSON_ARRAY && token->next
                           ? select_children(w, token, value, depth - 1)
                           : apply(w, token, value, depth - 1);

        if (!is_done)
            return false;
    }
    for (const struct json *child = value->first; child; child = child->next) {
        if (!scan(w, token, child, depth - 1))
            return false;
    }
    return !w->search->fault;
}

static bool apply(struct walk *w, const struct token *token, const struct json *value,
                  unsigned depth)
{
    struct json *result;

    if (!search_charge(w->search, 1))
        return false;
    if (!token)
        return add(w, value);
    if (depth == 0) {
        w->search->fault = FAULT_TOO_LARGE;
        return false;
    }
    switch (token->kind) {
    case TOKEN_NAMES:
        return select_names(w, token, value, depth - 1);
    case TOKEN_INDEXES:
        return select_indexes(w, token, value, depth - 1);
    case TOKEN_SLICE:
        return select_slice(w, token, value, depth - 1);
    case TOKEN_WILDCARD:
        return select_children(w, token, value, depth - 1);
    case TOKEN_FILTER:
        return select_filtered(w, token, value, depth - 1);
    case TOKEN_SCAN:
        return scan(w, token->next, value, depth - 1);
    case TOKEN_FUNCTION:
        result = function_apply(w->search, token, value);
        return result ? add(w, result) : !w->search->fault;
    }
    return false;
}

/* A function after ".." gets the array of all that was found before it. */
static bool gather(struct walk *w, const struct token *function)
{
    struct json *result = function_apply(w->search, function, w->found);

    w->found = json_new(w->search->arena, JSON_ARRAY);
    if (!w->found)
        return no_memory(w->search);
    return result ? add(w, result) : !w->search->fault;
}

bool search_path(struct search *search, const struct jsonpath *path, const struct json *from,
                 struct json **found)
{
    struct walk w = {.search = search, .found = json_new(search->arena, JSON_ARRAY)};

    if (!w.found)
        return no_memory(search);
    if (!apply(&w, path->first, from, JSON_TREE_DEPTH_MAX + JSONPATH_TOKENS_MAX))
        return false;
    if (path->gather && !gather(&w, path->gather))
        return false;
    *found = path->is_definite ? w.found->last : w.found;
    return true;
}

enum fault jsonpath_run(const struct jsonpath *path, struct arena *arena, const struct json *root,
                        uint64_t steps, struct json **found)
{
    struct search search = {
        .arena = arena, .root = root, .steps = steps ? steps : JSONPATH_STEPS_DEFAULT};
    struct json *result = NULL;

    search_path(&search, path, root, &result);
    if (search.fault)
        return search.fault;
    *found = result;
    return OK;
}

static enum fault find(struct arena *arena, const struct json *root, struct span text,
                       enum jsonpath_dialect dialect, struct json **found)
{
    struct jsonpath *path;
    enum fault rc = jsonpath_compile(arena, text, dialect, &path, NULL);

    if (rc)
        return rc;
    rc = jsonpath_run(path, arena, root, 0, found);
    jsonpath_release(path);
    return rc;
}

enum fault jsonpath_find(struct arena *arena, const struct json *root, struct span text,
                         struct json **found)
{
    return find(arena, root, text, JSONPATH_AWS, found);
}

enum fault jsonpath_find_jayway_2(struct arena *arena, const struct json *root, struct span text,
                                  struct json **found)
{
    return find(arena, root, text, JSONPATH_JAYWAY_2, found);
}
