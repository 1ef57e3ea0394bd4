/* Methods of lists and of their iterators: java.util.List as templates reach it.  What kind a list
 * is of decides which of them change it. */
#include "vtl/arguments.h"

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

/* The argument as a list with its elements there: NULL when it is none, or memory is gone (*fails).
 */
static struct vtl_list *other_list(struct method_call *call, bool *fails)
{
    struct vtl_value argument = call->arguments[0];

    *fails = argument.type == VTL_LIST && !vtl_list_open(argument.list);
    if (*fails)
        run_no_memory(call->run);
    return argument.type == VTL_LIST && !*fails ? argument.list : NULL;
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
    bool fails = false;
    uint32_t count;

    if (!list)
        return false;
    if (!is_growing(list) || !(more = other_list(call, &fails)))
        return !fails;
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
    bool fails = false;

    if (!list)
        return false;
    if (list->kind == VTL_ARRAY || !(other = other_list(call, &fails)))
        return !fails;
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
    bool fails = false;

    if (!list)
        return false;
    if (!(other = other_list(call, &fails)))
        return !fails;
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

/* ---- iterators --------------------------------------------------------------------------------*/

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
