/* Lists and maps of templates.  Maps keep the order of insertion, as those that API Gateway shows
 * do, and are searched linearly while they are small, since most are.  JSON is taken over one level
 * at a time: a template looks at few members of a body. */
#include "vtl/value.h"

#include <assert.h>

#include "base/map.h"
#include "base/number.h"
#include "text/json.h"

#define HASH_UNKNOWN 0 /* computed where it is needed: small maps need none */
#define SMALL 8        /* entries that are searched without slots */
#define EQUAL_DEPTH_MAX 64
#define EQUAL_STEPS_MAX 100000 /* structures that share parts are trees of exponential size */
#define HIGH_PRECISION 18      /* characters from which json-smart keeps a fraction as BigDecimal */

struct vtl_value vtl_number(int64_t n)
{
    return (struct vtl_value){.type = n >= INT32_MIN && n <= INT32_MAX ? VTL_INT : VTL_LONG,
                              .number = n};
}

static struct vtl_value number_of_json(struct span text)
{
    struct vtl_value v = {.len = (uint32_t)text.len, .text = text.at};
    int64_t whole;

    if (number_i64(text, &whole))
        return vtl_number(whole);
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] != '.' && text.at[i] != 'e' && text.at[i] != 'E')
            continue;
        v.type = VTL_DECIMAL;
        if (text.len <= HIGH_PRECISION && number_double(text, &v.real)) {
            v.type = VTL_DOUBLE;
            v.len = 0;
        }
        return v;
    }
    v.type = VTL_BIG;
    return v;
}

struct vtl_value vtl_of_json(struct arena *arena, const struct json *json)
{
    struct vtl_map *map;
    struct vtl_list *list;

    if (!json)
        return vtl_null();
    switch (json->type) {
    case JSON_NULL:
        break;
    case JSON_FALSE:
        return vtl_bool(false);
    case JSON_TRUE:
        return vtl_bool(true);
    case JSON_NUMBER:
        return number_of_json(json->text);
    case JSON_STRING:
        return vtl_text(json->text);
    case JSON_ARRAY:
        list = vtl_list_new(arena, VTL_JSON_ARRAY);
        if (!list)
            break;
        list->lazy = json;
        return vtl_of_list(list);
    case JSON_OBJECT:
        map = vtl_map_new(arena);
        if (!map)
            break;
        map->lazy = json;
        return vtl_of_map(map);
    }
    return vtl_null();
}

struct vtl_map *vtl_map_new(struct arena *arena)
{
    struct vtl_map *map = arena_try_array(arena, 1, sizeof *map);

    if (map)
        map->arena = arena;
    return map;
}

struct vtl_list *vtl_list_new(struct arena *arena, enum vtl_list_kind kind)
{
    struct vtl_list *list = arena_try_array(arena, 1, sizeof *list);

    if (!list)
        return NULL;
    list->arena = arena;
    list->kind = kind;
    return list;
}

/* Doubles an array of an arena; the old one is left behind. */
static void *grow(struct arena *arena, void *old, uint32_t count, uint32_t *cap, size_t size)
{
    uint32_t wider = *cap ? *cap * 2 : 4;
    void *at = count < VTL_COUNT_MAX ? arena_try(arena, wider * size) : NULL;

    if (!at)
        return NULL;
    if (count)
        memcpy(at, old, count * size);
    *cap = wider;
    return at;
}

bool vtl_list_add(struct vtl_list *list, struct vtl_value value)
{
    struct vtl_value *at;

    if (!vtl_list_open(list))
        return false;
    if (list->count == list->cap) {
        at = grow(list->arena, list->at, list->count, &list->cap, sizeof *list->at);
        if (!at)
            return false;
        list->at = at;
    }
    list->at[list->count++] = value;
    return true;
}

bool vtl_list_open(struct vtl_list *list)
{
    const struct json *lazy = list->lazy;

    if (!lazy)
        return true;
    list->lazy = NULL;
    list->at = arena_try_array(list->arena, lazy->count ? lazy->count : 1, sizeof *list->at);
    if (!list->at)
        return false;
    list->cap = lazy->count ? lazy->count : 1;
    for (const struct json *j = lazy->first; j; j = j->next)
        list->at[list->count++] = vtl_of_json(list->arena, j);
    return !list->arena->is_over;
}

/* ---- maps -------------------------------------------------------------------------------------*/

uint32_t vtl_hash_text(struct span name)
{
    uint32_t hash = (uint32_t)map_hash(name);

    return hash == HASH_UNKNOWN ? 1 : hash;
}

static uint32_t hash_of(struct vtl_value key)
{
    if (key.type == VTL_STRING || key.type == VTL_BIG || key.type == VTL_DECIMAL)
        return vtl_hash_text(vtl_span(key));
    if (key.type == VTL_INT || key.type == VTL_LONG || key.type == VTL_DOUBLE)
        return vtl_hash_text(span_make(&key.number, sizeof key.number));
    return (uint32_t)key.type | 1; /* lists and maps as keys share a chain */
}

static void slot_set(struct vtl_map *map, uint32_t index)
{
    uint32_t i = map->at[index].hash & (map->slot_count - 1);

    while (map->slots[i])
        i = (i + 1) & (map->slot_count - 1);
    map->slots[i] = index + 1;
}

/* Builds the slots anew, at most half full. */
static bool index_all(struct vtl_map *map)
{
    uint32_t n = map->slot_count ? map->slot_count : 4 * SMALL;

    while (n < map->count * 2 + 2)
        n *= 2;
    if (n != map->slot_count || !map->slots) {
        map->slots = arena_try(map->arena, n * sizeof *map->slots);
        if (!map->slots)
            return false;
        map->slot_count = n;
    }
    memset(map->slots, 0, n * sizeof *map->slots);
    for (uint32_t i = 0; i < map->count; i++) {
        if (map->at[i].hash == HASH_UNKNOWN)
            map->at[i].hash = hash_of(map->at[i].key);
        slot_set(map, i);
    }
    return true;
}

/* Names are the usual keys. */
static bool is_key(const struct vtl_entry *entry, struct vtl_value key)
{
    if (key.type == VTL_STRING)
        return entry->key.type == VTL_STRING && span_equal(vtl_span(entry->key), vtl_span(key));
    return vtl_equal(entry->key, key);
}

/* The index of the key, or count. */
static uint32_t find(const struct vtl_map *map, struct vtl_value key, uint32_t hash)
{
    if (!map->slots) {
        for (uint32_t i = 0; i < map->count; i++)
            if (is_key(&map->at[i], key))
                return i;
        return map->count;
    }
    if (hash == HASH_UNKNOWN)
        hash = hash_of(key);
    for (uint32_t i = hash & (map->slot_count - 1); map->slots[i];
         i = (i + 1) & (map->slot_count - 1)) {
        const struct vtl_entry *entry = &map->at[map->slots[i] - 1];

        if (entry->hash == hash && is_key(entry, key))
            return map->slots[i] - 1;
    }
    return map->count;
}

static bool put(struct vtl_map *map, struct vtl_value key, uint32_t hash, struct vtl_value value)
{
    uint32_t i = find(map, key, hash);
    struct vtl_entry *at;

    if (i < map->count) {
        map->at[i].value = value;
        return true;
    }
    if (map->count == map->cap) {
        at = grow(map->arena, map->at, map->count, &map->cap, sizeof *map->at);
        if (!at)
            return false;
        map->at = at;
    }
    map->at[map->count++] = (struct vtl_entry){key, value, hash};
    if (map->count <= SMALL)
        return true;
    if (!map->slots || map->count * 2 > map->slot_count)
        return index_all(map);
    map->at[map->count - 1].hash = hash ? hash : hash_of(key);
    slot_set(map, map->count - 1);
    return true;
}

bool vtl_map_open(struct vtl_map *map)
{
    const struct json *lazy = map->lazy;

    if (!lazy)
        return true;
    map->lazy = NULL;
    for (const struct json *j = lazy->first; j; j = j->next)
        if (!put(map, vtl_text(j->name), HASH_UNKNOWN, vtl_of_json(map->arena, j)))
            return false;
    return !map->arena->is_over;
}

bool vtl_map_put_value(struct vtl_map *map, struct vtl_value key, struct vtl_value value)
{
    return vtl_map_open(map) && put(map, key, HASH_UNKNOWN, value);
}

bool vtl_map_put(struct vtl_map *map, struct span name, struct vtl_value value)
{
    return vtl_map_put_value(map, vtl_text(name), value);
}

struct vtl_value *vtl_map_find(struct vtl_map *map, struct vtl_value key)
{
    uint32_t i;

    if (!vtl_map_open(map))
        return NULL;
    i = find(map, key, HASH_UNKNOWN);
    return i < map->count ? &map->at[i].value : NULL;
}

struct vtl_value *vtl_map_get(struct vtl_map *map, struct span name)
{
    return vtl_map_find(map, vtl_text(name));
}

struct vtl_value *vtl_map_get_hashed(struct vtl_map *map, struct span name, uint32_t hash)
{
    uint32_t i;

    if (!vtl_map_open(map))
        return NULL;
    i = find(map, vtl_text(name), hash);
    return i < map->count ? &map->at[i].value : NULL;
}

bool vtl_map_remove(struct vtl_map *map, struct vtl_value key)
{
    uint32_t i;

    if (!vtl_map_open(map))
        return false;
    i = find(map, key, HASH_UNKNOWN);
    if (i == map->count)
        return false;
    map->count--;
    memmove(&map->at[i], &map->at[i + 1], (map->count - i) * sizeof *map->at);
    return !map->slots || index_all(map);
}

void vtl_map_clear(struct vtl_map *map)
{
    map->lazy = NULL;
    map->count = 0;
    map->slots = NULL;
    map->slot_count = 0;
}

/* ---- equality ---------------------------------------------------------------------------------*/

struct walk {
    uint32_t depth, steps;
};

static bool equal_at(struct vtl_value a, struct vtl_value b, struct walk *walk);

static bool equal_lists(struct vtl_list *a, struct vtl_list *b, struct walk *walk)
{
    if (a == b)
        return true;
    if (!vtl_list_open(a) || !vtl_list_open(b) || a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!equal_at(a->at[i], b->at[i], walk))
            return false;
    return true;
}

static bool equal_maps(struct vtl_map *a, struct vtl_map *b, struct walk *walk)
{
    if (a == b)
        return true;
    if (!vtl_map_open(a) || !vtl_map_open(b) || a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        uint32_t k = find(b, a->at[i].key, a->at[i].hash);

        if (k == b->count || !equal_at(a->at[i].value, b->at[k].value, walk))
            return false;
    }
    return true;
}

static bool equal_here(struct vtl_value a, struct vtl_value b, struct walk *walk)
{
    switch (a.type) {
    case VTL_NULL:
        return true;
    case VTL_BOOL:
        return a.is_true == b.is_true;
    case VTL_INT:
    case VTL_LONG:
        return a.number == b.number;
    case VTL_DOUBLE:
        return a.real == b.real || (a.real != a.real && b.real != b.real);
    case VTL_BIG:
    case VTL_DECIMAL:
    case VTL_STRING:
    case VTL_CLASS:
        walk->steps += a.len / 64;
        return span_equal(vtl_span(a), vtl_span(b));
    case VTL_LIST:
        return equal_lists(a.list, b.list, walk);
    case VTL_MAP:
        return equal_maps(a.map, b.map, walk);
    case VTL_ENTRY:
        return equal_at(a.entry->key, b.entry->key, walk) &&
               equal_at(a.entry->value, b.entry->value, walk);
    case VTL_ITERATOR:
    case VTL_BLOCK:
    case VTL_LOOP:
    case VTL_INPUT:
    case VTL_UTIL:
        return a.object == b.object;
    }
    return false;
}

static bool equal_at(struct vtl_value a, struct vtl_value b, struct walk *walk)
{
    bool same;

    if (a.type != b.type || walk->depth >= EQUAL_DEPTH_MAX || walk->steps++ > EQUAL_STEPS_MAX)
        return false;
    walk->depth++;
    same = equal_here(a, b, walk);
    walk->depth--;
    return same;
}

bool vtl_equal_counted(struct vtl_value a, struct vtl_value b, uint32_t *work)
{
    struct walk walk = {.depth = 0};
    bool same = equal_at(a, b, &walk);

    *work += walk.steps;
    return same;
}

bool vtl_equal(struct vtl_value a, struct vtl_value b)
{
    uint32_t work = 0;

    return vtl_equal_counted(a, b, &work);
}
