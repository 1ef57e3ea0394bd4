/* Methods of maps and of their entries: java.util.Map as templates reach it. */
#include "vtl/arguments.h"

static struct vtl_map *open_map(struct method_call *call, bool is_walked)
{
    struct vtl_map *map = call->self.map;

    if (!vtl_map_open(map)) {
        run_no_memory(call->run);
        return NULL;
    }
    if (is_walked && !run_charge(call->run, map->count * 8))
        return NULL;
    return map;
}

static bool map_size(struct method_call *call)
{
    struct vtl_map *map = open_map(call, false);

    return map && answer_int(call, map->count);
}

static bool map_is_empty(struct method_call *call)
{
    struct vtl_map *map = open_map(call, false);

    return map && answer_bool(call, map->count == 0);
}

static bool map_get(struct method_call *call)
{
    struct vtl_map *map = open_map(call, false);
    const struct vtl_value *found;

    if (!map)
        return false;
    found = vtl_map_find(map, call->arguments[0]);
    if (found)
        call->result = *found;
    else if (call->count == 2) /* getOrDefault */
        call->result = call->arguments[1];
    return true;
}

static bool map_contains_key(struct method_call *call)
{
    struct vtl_map *map = open_map(call, false);

    return map && answer_bool(call, vtl_map_find(map, call->arguments[0]) != NULL);
}

static bool map_contains_value(struct method_call *call)
{
    struct vtl_map *map = open_map(call, true);

    if (!map)
        return false;
    for (uint32_t i = 0; i < map->count; i++) {
        bool same = false;

        if (!values_equal(call->run, map->at[i].value, call->arguments[0], &same))
            return false;
        if (same)
            return answer_bool(call, true);
    }
    return answer_bool(call, false);
}

static bool put(struct method_call *call, struct vtl_value key, struct vtl_value value)
{
    return vtl_map_put_value(call->self.map, key, value) || run_no_memory(call->run);
}

static bool map_put(struct method_call *call)
{
    struct vtl_map *map = open_map(call, false);
    const struct vtl_value *found;

    if (!map)
        return false;
    found = vtl_map_find(map, call->arguments[0]);
    if (found)
        call->result = *found;
    return put(call, call->arguments[0], call->arguments[1]);
}

static bool map_put_if_absent(struct method_call *call)
{
    struct vtl_map *map = open_map(call, false);
    const struct vtl_value *found;

    if (!map)
        return false;
    found = vtl_map_find(map, call->arguments[0]);
    if (found && found->type != VTL_NULL)
        return answer(call, *found);
    return put(call, call->arguments[0], call->arguments[1]);
}

static bool map_put_all(struct method_call *call)
{
    struct vtl_map *map = open_map(call, false), *more;

    if (!map)
        return false;
    if (call->arguments[0].type != VTL_MAP)
        return true;
    more = call->arguments[0].map;
    if (!vtl_map_open(more))
        return run_no_memory(call->run);
    for (uint32_t i = 0; i < more->count; i++)
        if (!put(call, more->at[i].key, more->at[i].value))
            return false;
    return run_charge(call->run, more->count * 32);
}

static bool map_remove(struct method_call *call)
{
    struct vtl_map *map = open_map(call, true);
    const struct vtl_value *found;

    if (!map)
        return false;
    found = vtl_map_find(map, call->arguments[0]);
    if (found)
        call->result = *found;
    vtl_map_remove(map, call->arguments[0]);
    return true;
}

static bool map_clear(struct method_call *call)
{
    vtl_map_clear(call->self.map);
    return true;
}

enum part { KEYS, VALUES, ENTRIES };

static bool list_of(struct method_call *call, enum part part)
{
    struct vtl_map *map = open_map(call, true);
    struct vtl_list *list = map ? list_make(call->run, VTL_VIEW) : NULL;
    struct vtl_entry *entries = NULL;

    if (!list || !run_charge(call->run, map->count * sizeof *entries))
        return false;
    if (part == ENTRIES && map->count) {
        entries = arena_try(call->run->arena, map->count * sizeof *entries);
        if (!entries)
            return run_no_memory(call->run);
        memcpy(entries, map->at, map->count * sizeof *entries);
    }
    for (uint32_t i = 0; i < map->count; i++) {
        struct vtl_value value = part == KEYS ? map->at[i].key : map->at[i].value;

        if (part == ENTRIES)
            value = (struct vtl_value){.type = VTL_ENTRY, .entry = &entries[i]};
        if (!list_push(call->run, list, value))
            return false;
    }
    return answer(call, vtl_of_list(list));
}

static bool map_key_set(struct method_call *call)
{
    return list_of(call, KEYS);
}

static bool map_values(struct method_call *call)
{
    return list_of(call, VALUES);
}

static bool map_entry_set(struct method_call *call)
{
    return list_of(call, ENTRIES);
}

static const struct vtl_method MAP_ROWS[] = {
    {"clear", 0, 0, map_clear},
    {"containsKey", 1, 1, map_contains_key},
    {"containsValue", 1, 1, map_contains_value},
    {"entrySet", 0, 0, map_entry_set},
    {"equals", 1, 1, method_equals},
    {"get", 1, 1, map_get},
    {"getOrDefault", 2, 2, map_get},
    {"isEmpty", 0, 0, map_is_empty},
    {"keySet", 0, 0, map_key_set},
    {"put", 2, 2, map_put},
    {"putAll", 1, 1, map_put_all},
    {"putIfAbsent", 2, 2, map_put_if_absent},
    {"remove", 1, 1, map_remove},
    {"size", 0, 0, map_size},
    {"toString", 0, 0, method_to_string},
    {"values", 0, 0, map_values},
};

const struct method_table MAP_METHODS = {MAP_ROWS, COUNT(MAP_ROWS)};

/* ---- entries ----------------------------------------------------------------------------------*/

static bool entry_key(struct method_call *call)
{
    return answer(call, call->self.entry->key);
}

static bool entry_value(struct method_call *call)
{
    return answer(call, call->self.entry->value);
}

static const struct vtl_method ENTRY_ROWS[] = {
    {"equals", 1, 1, method_equals},
    {"getKey", 0, 0, entry_key},
    {"getValue", 0, 0, entry_value},
    {"toString", 0, 0, method_to_string},
};

const struct method_table ENTRY_METHODS = {ENTRY_ROWS, COUNT(ENTRY_ROWS)};
