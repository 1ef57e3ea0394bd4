/* Methods of lists, maps, their entries and iterators. */
#include "vtl/arguments.h"

/* ---- lists ------------------------------------------------------------------------------------*/

/* The list with its elements there, and charged for when the call walks it. */
static struct vtl_list *open_list(struct method_call *call, bool is_walked)
{
    struct vtl_list *list = call->self.list;

    if (!vtl_list_open(list)) {
        run_no_memory(call->run);
        return NULL;
    }
    if (is_walked && !run_charge(call->run, list->count * 8))
        return NULL;
    return list;
}

static bool is_growing(const struct vtl_list *list)
{
    return list->kind == VTL_ARRAY_LIST || list->kind == VTL_JSON_ARRAY;
}

/* The argument as index of an element, or up to `count` included when `at_end`. */
static bool place(struct method_call *call, const struct vtl_list *list, bool at_end, uint32_t *out)
{
    int64_t i = call->arguments[0].number;

    if (i < 0 || i >= (int64_t)list->count + at_end)
        return run_fail(call->run, FAULT_RANGE, "index %lld is outside a list of %u", (long long)i,
                        list->count);
    *out = (uint32_t)i;
    return true;
}

static bool is_int(const struct method_call *call, uint32_t i)
{
    return call->arguments[i].type == VTL_INT;
}

static bool list_size(struct method_call *call)
{
    struct vtl_list *list = open_list(call, false);

    return list && answer_int(call, list->count);
}

/* The AWS documents name count() beside size(). */
static bool list_count(struct method_call *call)
{
    return call->run->environment->is_plain_model || list_size(call);
}

static bool list_is_empty(struct method_call *call)
{
    struct vtl_list *list = open_list(call, false);

    return list && answer_bool(call, list->count == 0);
}

static bool list_get(struct method_call *call)
{
    struct vtl_list *list = open_list(call, false);
    uint32_t i = 0;

    if (!list)
        return false;
    if (!is_int(call, 0) || list->kind == VTL_VIEW)
        return true;
    return place(call, list, false, &i) && answer(call, list->at[i]);
}

static bool list_set(struct method_call *call)
{
    struct vtl_list *list = open_list(call, false);
    uint32_t i = 0;

    if (!list)
        return false;
    if (!is_int(call, 0) || !is_growing(list))
        return true;
    if (!place(call, list, false, &i))
        return false;
    answer(call, list->at[i]);
    list->at[i] = call->arguments[1];
    return true;
}

/* add(x) and add(index, x) */
static bool list_add(struct method_call *call)
{
    struct vtl_list *list = open_list(call, false);
    struct vtl_value value;
    uint32_t i = 0;

    if (!list)
        return false;
    if (list->kind == VTL_ARRAY)
        return true;
    if (!is_growing(list))
        return run_fail(call->run, FAULT_TYPE, "this collection cannot be added to");
    value = call->arguments[call->count - 1];
    if (call->count == 1)
        return list_push(call->run, list, value) && answer_bool(call, true);
    if (!is_int(call, 0))
        return true;
    if (!place(call, list, true, &i) || !run_charge(call->run, list->count * 8) ||
        !list_push(call->run, list, value))
        return false;
    memmove(&list->at[i + 1], &list->at[i], (list->count - 1 - i) * sizeof *list->at);
    list->at[i] = value;
    return true;
}

static bool list_add_all(struct method_call *call)
{
    struct vtl_list *list = open_list(call, true), *more;
    uint32_t count;

    if (!list)
        return false;
    if (call->arguments[0].type != VTL_LIST || !is_growing(list))
        return true;
    more = call->arguments[0].list;
    if (!vtl_list_open(more))
        return run_no_memory(call->run);
    count = more->count; /* the list may be added to itself */
    for (uint32_t i = 0; i < count; i++)
        if (!list_push(call->run, list, more->at[i]))
            return false;
    return run_charge(call->run, count * 16) && answer_bool(call, count > 0);
}

static bool list_clear(struct method_call *call)
{
    struct vtl_list *list = open_list(call, false);

    if (list && list->kind != VTL_ARRAY)
        list->count = 0;
    return list != NULL;
}

/* The place of a value, or the count. */
static bool find_in(struct run *run, const struct vtl_list *list, struct vtl_value value,
                    uint32_t *out)
{
    bool same = false;
    uint32_t i = 0;

    for (; i < list->count; i++) {
        if (!values_equal(run, list->at[i], value, &same))
            return false;
        if (same)
            break;
    }
    *out = i;
    return true;
}

static bool list_contains(struct method_call *call)
{
    struct vtl_list *list = open_list(call, false);
    uint32_t i = 0;

    return list && find_in(call->run, list, call->arguments[0], &i) &&
           answer_bool(call, i < list->count);
}

static bool list_index_of(struct method_call *call)
{
    struct vtl_list *list = open_list(call, true);
    uint32_t i = 0;

    if (!list || !find_in(call->run, list, call->arguments[0], &i))
        return false;
    return answer_int(call, i < list->count ? (int64_t)i : -1);
}

static bool list_last_index_of(struct method_call *call)
{
    struct vtl_list *list = open_list(call, false);
    bool same = false;
    int64_t i;

    if (!list)
        return false;
    for (i = (int64_t)list->count - 1; i >= 0; i--) {
        if (!values_equal(call->run, list->at[i], call->arguments[0], &same))
            return false;
        if (same)
            break;
    }
    return answer_int(call, i);
}

static void remove_at(struct vtl_list *list, uint32_t i)
{
    list->count--;
    memmove(&list->at[i], &list->at[i + 1], (list->count - i) * sizeof *list->at);
}

/* remove(int) by place, remove(Object) by value. */
static bool list_remove(struct method_call *call)
{
    struct vtl_list *list = open_list(call, true);
    uint32_t i = 0;

    if (!list)
        return false;
    if (list->kind == VTL_ARRAY)
        return true;
    if (is_int(call, 0) && is_growing(list)) {
        if (!place(call, list, false, &i))
            return false;
        answer(call, list->at[i]);
        remove_at(list, i);
        return true;
    }
    if (!find_in(call->run, list, call->arguments[0], &i))
        return false;
    if (i < list->count)
        remove_at(list, i);
    else
        return answer_bool(call, false);
    return answer_bool(call, true);
}

/* Keeps the elements that are, or are not, in the other list. */
static bool keep_if(struct method_call *call, bool is_kept)
{
    struct vtl_list *list = open_list(call, true), *other;
    uint32_t kept = 0, count;

    if (!list)
        return false;
    if (call->arguments[0].type != VTL_LIST || list->kind == VTL_ARRAY)
        return true;
    other = call->arguments[0].list;
    if (!vtl_list_open(other))
        return run_no_memory(call->run);
    if (list == other) {
        if (!is_kept)
            list->count = 0;
        return answer_bool(call, !is_kept);
    }
    count = list->count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t found = 0;

        if (!find_in(call->run, other, list->at[i], &found))
            return false;
        if ((found < other->count) == is_kept)
            list->at[kept++] = list->at[i];
    }
    list->count = kept;
    return answer_bool(call, kept < count);
}

static bool list_remove_all(struct method_call *call)
{
    return keep_if(call, false);
}

static bool list_retain_all(struct method_call *call)
{
    return keep_if(call, true);
}

static bool list_contains_all(struct method_call *call)
{
    struct vtl_list *list = open_list(call, true), *other;

    if (!list)
        return false;
    if (call->arguments[0].type != VTL_LIST)
        return true;
    other = call->arguments[0].list;
    if (!vtl_list_open(other))
        return run_no_memory(call->run);
    for (uint32_t i = 0; i < other->count; i++) {
        uint32_t found = 0;

        if (!find_in(call->run, list, other->at[i], &found))
            return false;
        if (found == list->count)
            return answer_bool(call, false);
    }
    return answer_bool(call, true);
}

static bool copy_range(struct method_call *call, struct vtl_list *list, uint32_t from, uint32_t to,
                       enum vtl_list_kind kind)
{
    struct vtl_list *copy = list_make(call->run, kind);

    if (!copy)
        return false;
    for (uint32_t i = from; i < to; i++)
        if (!list_push(call->run, copy, list->at[i]))
            return false;
    return answer(call, vtl_of_list(copy));
}

static bool list_sub_list(struct method_call *call)
{
    struct vtl_list *list = open_list(call, true);
    int64_t from, to;

    if (!list)
        return false;
    if (!argument_int(call, 0, &from) || !argument_int(call, 1, &to) || !is_growing(list))
        return true;
    if (from < 0 || to > list->count || from > to)
        return run_fail(call->run, FAULT_RANGE, "sublist is outside a list of %u", list->count);
    return copy_range(call, list, (uint32_t)from, (uint32_t)to, VTL_ARRAY_LIST);
}

static bool list_to_array(struct method_call *call)
{
    struct vtl_list *list = open_list(call, true);

    return list && copy_range(call, list, 0, list->count, VTL_ARRAY);
}

static bool list_iterator(struct method_call *call)
{
    struct vtl_list *list = open_list(call, false);
    struct vtl_iterator *iterator = list ? run_new(call->run, sizeof *iterator) : NULL;

    if (!iterator)
        return false;
    iterator->list = list;
    return answer(call, (struct vtl_value){.type = VTL_ITERATOR, .iterator = iterator});
}

static const struct vtl_method LIST_ROWS[] = {
    {"add", 1, 2, list_add},
    {"addAll", 1, 1, list_add_all},
    {"clear", 0, 0, list_clear},
    {"contains", 1, 1, list_contains},
    {"containsAll", 1, 1, list_contains_all},
    {"count", 0, 0, list_count},
    {"equals", 1, 1, method_equals},
    {"get", 1, 1, list_get},
    {"indexOf", 1, 1, list_index_of},
    {"isEmpty", 0, 0, list_is_empty},
    {"iterator", 0, 0, list_iterator},
    {"lastIndexOf", 1, 1, list_last_index_of},
    {"remove", 1, 1, list_remove},
    {"removeAll", 1, 1, list_remove_all},
    {"retainAll", 1, 1, list_retain_all},
    {"set", 2, 2, list_set},
    {"size", 0, 0, list_size},
    {"subList", 2, 2, list_sub_list},
    {"toArray", 0, 0, list_to_array},
    {"toString", 0, 0, method_to_string},
};

const struct method_table LIST_METHODS = {LIST_ROWS, COUNT(LIST_ROWS)};

/* ---- maps -------------------------------------------------------------------------------------*/

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

/* ---- entries and iterators --------------------------------------------------------------------*/

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

static bool iterator_has_next(struct method_call *call)
{
    const struct vtl_iterator *iterator = call->self.iterator;

    return answer_bool(call, iterator->next < iterator->list->count);
}

static bool iterator_next(struct method_call *call)
{
    struct vtl_iterator *iterator = call->self.iterator;

    if (iterator->next >= iterator->list->count)
        return run_fail(call->run, FAULT_RANGE, "iterator has no next element");
    return answer(call, iterator->list->at[iterator->next++]);
}

static const struct vtl_method ITERATOR_ROWS[] = {
    {"hasNext", 0, 0, iterator_has_next},
    {"next", 0, 0, iterator_next},
};

const struct method_table ITERATOR_METHODS = {ITERATOR_ROWS, COUNT(ITERATOR_ROWS)};
