/* JSON trees: looking up, comparing, building, changing.  Children are a singly linked list, since
 * order matters and nearly every use walks them; look-ups are linear. */
#include <assert.h>

#include "base/map.h"
#include "base/number.h"
#include "text/json.h"

/* Objects of more members are compared through a hash table. */
#define FEW_MEMBERS 16

/* Arrays of more elements are searched for equal ones through a hash table. */
#define FEW_ELEMENTS 4

/* --- reading --- */

struct json *json_member_span(const struct json *object, struct span name)
{
    struct json *found = NULL;

    if (!json_is(object, JSON_OBJECT))
        return NULL;
    for (struct json *m = object->first; m; m = m->next) {
        if (span_equal(m->name, name))
            found = m;
    }
    return found;
}

struct json *json_member(const struct json *object, const char *name)
{
    return json_member_span(object, span_of(name));
}

struct json *json_at(const struct json *parent, size_t i)
{
    struct json *child;

    if (!parent || i >= parent->count)
        return NULL;
    for (child = parent->first; i > 0; i--)
        child = child->next;
    return child;
}

struct span json_member_text(const struct json *object, const char *name, struct span fallback)
{
    const struct json *member = json_member(object, name);

    return json_is(member, JSON_STRING) ? member->text : fallback;
}

bool json_scalar_text(const struct json *value, struct span *out)
{
    if (!value)
        return false;
    switch (value->type) {
    case JSON_STRING:
    case JSON_NUMBER:
        *out = value->text;
        return true;
    case JSON_TRUE:
        *out = SPAN("true");
        return true;
    case JSON_FALSE:
        *out = SPAN("false");
        return true;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return false;
}

bool json_member_bool(const struct json *object, const char *name, bool fallback)
{
    const struct json *member = json_member(object, name);

    if (json_is(member, JSON_TRUE))
        return true;
    return json_is(member, JSON_FALSE) ? false : fallback;
}

int64_t json_member_int(const struct json *object, const char *name, int64_t fallback)
{
    int64_t n;

    return json_int(json_member(object, name), &n) ? n : fallback;
}

bool json_is(const struct json *value, enum json_type type)
{
    return value && value->type == type;
}

bool json_is_true(const struct json *value)
{
    return json_is(value, JSON_TRUE);
}

/* --- comparing --- */

static bool equal(const struct json *a, const struct json *b, unsigned depth);

static bool equal_elements(const struct json *a, const struct json *b, unsigned depth)
{
    const struct json *y = b->first;

    if (a->count != b->count)
        return false;
    for (const struct json *x = a->first; x; x = x->next, y = y->next) {
        if (!equal(x, y, depth))
            return false;
    }
    return true;
}

/* Whether both have the same names in the same order, each once: the usual case by far. */
static bool same_names(const struct json *a, const struct json *b)
{
    const struct json *y = b->first;

    if (a->count != b->count || a->count > FEW_MEMBERS)
        return false;
    for (const struct json *x = a->first; x; x = x->next, y = y->next) {
        if (!span_equal(x->name, y->name) || json_member_span(a, x->name) != x)
            return false;
    }
    return true;
}

/* By look-ups, quadratic: for few members, and where there is no memory for a table. */
static bool equal_few(const struct json *a, const struct json *b, unsigned depth)
{
    size_t names_a = 0, names_b = 0;

    for (const struct json *y = b->first; y; y = y->next)
        names_b += json_member_span(b, y->name) == y;
    for (const struct json *x = a->first; x; x = x->next) {
        if (json_member_span(a, x->name) != x)
            continue;
        names_a++;
        if (!equal(x, json_member_span(b, x->name), depth))
            return false;
    }
    return names_a == names_b;
}

/* Fills a table with the members that count.  False when memory is gone. */
static bool index_members(struct map *map, const struct json *object)
{
    map_init(map, object->count);
    for (struct json *m = object->first; m; m = m->next) {
        if (!map_set(map, m->name, m))
            return false;
    }
    return true;
}

static bool equal_members(const struct json *a, const struct json *b, unsigned depth)
{
    struct map in_a, in_b;
    bool is_indexed, is_equal = false;

    if (same_names(a, b))
        return equal_elements(a, b, depth);
    if (a->count <= FEW_MEMBERS && b->count <= FEW_MEMBERS)
        return equal_few(a, b, depth);
    is_indexed = index_members(&in_a, a);
    is_indexed = index_members(&in_b, b) && is_indexed;
    if (is_indexed && in_a.live == in_b.live) {
        const struct map_entry *entry;

        is_equal = true;
        for (size_t i = 0; is_equal && (entry = map_next(&in_a, &i)) != NULL;)
            is_equal = equal(entry->value, map_get(&in_b, entry->key), depth);
    }
    map_release(&in_a);
    map_release(&in_b);
    return is_indexed ? is_equal : equal_few(a, b, depth);
}

static bool equal(const struct json *a, const struct json *b, unsigned depth)
{
    if (!a || !b || a->type != b->type || depth == 0)
        return false;
    switch (a->type) {
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
        return true;
    case JSON_NUMBER:
        return json_number_compare(a->text, b->text) == 0;
    case JSON_STRING:
        return span_equal(a->text, b->text);
    case JSON_ARRAY:
        return equal_elements(a, b, depth - 1);
    case JSON_OBJECT:
        return equal_members(a, b, depth - 1);
    }
    return false;
}

bool json_equal(const struct json *a, const struct json *b)
{
    return equal(a, b, JSON_TREE_DEPTH_MAX);
}

static uint64_t hash(const struct json *value, unsigned depth);

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t pair[2] = {a, b};

    return map_hash(span_make(pair, sizeof pair));
}

/* A sum, so that order does not matter; of duplicate names the last counts. */
static uint64_t hash_members(const struct json *object, unsigned depth)
{
    const struct map_entry *entry;
    uint64_t sum = 0;
    struct map map;

    if (object->count <= FEW_MEMBERS) {
        for (const struct json *m = object->first; m; m = m->next) {
            if (json_member_span(object, m->name) == m)
                sum += mix(map_hash(m->name), hash(m, depth));
        }
        return sum;
    }
    if (index_members(&map, object)) {
        for (size_t i = 0; (entry = map_next(&map, &i)) != NULL;)
            sum += mix(entry->hash, hash(entry->value, depth));
    }
    map_release(&map); /* without memory the hash is poor, and still right */
    return sum;
}

static uint64_t hash_elements(const struct json *array, unsigned depth)
{
    uint64_t h = array->count;

    for (const struct json *child = array->first; child; child = child->next)
        h = mix(h, hash(child, depth));
    return h;
}

static uint64_t hash(const struct json *value, unsigned depth)
{
    switch (value->type) {
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
        break;
    case JSON_NUMBER:
        return json_number_hash(value->text);
    case JSON_STRING:
        return map_hash(value->text);
    case JSON_ARRAY:
        return mix(value->type, depth > 0 ? hash_elements(value, depth - 1) : 0);
    case JSON_OBJECT:
        return mix(value->type, depth > 0 ? hash_members(value, depth - 1) : 0);
    }
    return mix(value->type, 0);
}

uint64_t json_hash(const struct json *value)
{
    return value ? hash(value, JSON_TREE_DEPTH_MAX) : 0;
}

static bool has_equals_few(const struct json *array)
{
    for (const struct json *a = array->first; a; a = a->next) {
        for (const struct json *b = a->next; b; b = b->next) {
            if (json_equal(a, b))
                return true;
        }
    }
    return false;
}

/* An element in a table by hash. */
struct hashed {
    const struct json *value; /* NULL: free */
    uint64_t hash;
};

enum fault json_has_equals(struct arena *scratch, const struct json *array, bool *out)
{
    struct hashed *slots;
    size_t size = 16;

    if (array->count <= FEW_ELEMENTS) {
        *out = has_equals_few(array);
        return OK;
    }
    while (size < (size_t)array->count * 2)
        size *= 2;
    slots = arena_try_array(scratch, size, sizeof *slots);
    if (!slots)
        return FAULT_NO_MEMORY;
    for (const struct json *v = array->first; v; v = v->next) {
        uint64_t h = json_hash(v);
        size_t i = (size_t)h & (size - 1);

        for (; slots[i].value; i = (i + 1) & (size - 1)) {
            if (slots[i].hash == h && json_equal(slots[i].value, v)) {
                *out = true;
                return OK;
            }
        }
        slots[i] = (struct hashed){v, h};
    }
    *out = false;
    return OK;
}

/* --- building --- */

struct json *json_new(struct arena *arena, enum json_type type)
{
    struct json *value = arena_try(arena, sizeof *value);

    if (value)
        *value = (struct json){.type = type};
    return value;
}

struct json *json_text(struct arena *arena, struct span text)
{
    struct json *value = json_new(arena, JSON_STRING);

    if (value)
        value->text = text;
    return value;
}

struct json *json_bool(struct arena *arena, bool b)
{
    return json_new(arena, b ? JSON_TRUE : JSON_FALSE);
}

/* Copies a node with its texts; its children are still to come. */
static struct json *copy_node(struct arena *arena, const struct json *from)
{
    struct json *node = json_new(arena, from->type);

    if (!node)
        return NULL;
    if (from->text.len > 0)
        node->text = arena_copy(arena, from->text);
    if (from->name.len > 0)
        node->name = arena_copy(arena, from->name);
    if ((from->text.len > 0 && !node->text.at) || (from->name.len > 0 && !node->name.at))
        return NULL;
    return node;
}

static struct json *link_last(struct json *parent, struct json *child)
{
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->count++;
    return child;
}

static struct json *copy(struct arena *arena, const struct json *from, unsigned depth)
{
    struct json *node = depth > 0 ? copy_node(arena, from) : NULL;

    for (const struct json *child = from->first; node && child; child = child->next) {
        struct json *below = copy(arena, child, depth - 1);

        if (!below)
            return NULL;
        link_last(node, below);
    }
    return node;
}

struct json *json_copy(struct arena *arena, const struct json *value)
{
    struct json *root = value ? copy(arena, value, JSON_TREE_DEPTH_MAX) : NULL;

    if (root)
        root->name = (struct span){NULL, 0};
    return root;
}

/* Puts `value` in the place of `old`, a child of `parent`. */
static void replace(struct json *parent, struct json *old, struct json *value)
{
    struct json **link = &parent->first;

    while (*link != old)
        link = &(*link)->next;
    value->next = old->next;
    *link = value;
    if (parent->last == old)
        parent->last = value;
    old->next = NULL;
}

struct json *json_add(struct json *object, struct span name, struct json *value)
{
    if (!object || !value)
        return NULL;
    assert(object->type == JSON_OBJECT && !value->next);
    value->name = name;
    return link_last(object, value);
}

struct json *json_set_span(struct json *object, struct span name, struct json *value)
{
    struct json *old = json_member_span(object, name);

    if (!old)
        return json_add(object, name, value);
    if (!value || value == old)
        return value;
    assert(!value->next);
    value->name = name;
    replace(object, old, value);
    return value;
}

struct json *json_set(struct json *object, const char *name, struct json *value)
{
    return json_set_span(object, span_of(name), value);
}

struct json *json_append(struct json *array, struct json *value)
{
    if (!array || !value)
        return NULL;
    assert(array->type == JSON_ARRAY && !value->next);
    return link_last(array, value);
}

bool json_remove(struct json *object, struct span name)
{
    struct json **link = object ? &object->first : NULL;
    bool is_found = false;

    if (!json_is(object, JSON_OBJECT))
        return false;
    object->last = NULL;
    while (*link) {
        struct json *member = *link;

        if (span_equal(member->name, name)) {
            *link = member->next;
            member->next = NULL;
            object->count--;
            is_found = true;
            continue;
        }
        object->last = member;
        link = &member->next;
    }
    return is_found;
}
