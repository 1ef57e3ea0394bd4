/* The functions at the end of a JSONPath, as Jayway has them since 2.1.  Aggregates take the
 * numbers of an array and of the arguments, leave out the rest, and are doubles. */
#include <math.h>

#include "text/jsonpath_program.h"

/* What the numbers that went by say. */
struct totals {
    size_t count;
    double sum, sum_of_squares, least, most;
};

static void count_number(struct totals *t, const struct json *value)
{
    double n;

    if (!json_double(value, &n))
        return;
    t->least = t->count == 0 || n < t->least ? n : t->least;
    t->most = t->count == 0 || n > t->most ? n : t->most;
    t->sum += n;
    t->sum_of_squares += n * n;
    t->count++;
}

static bool count_numbers(struct search *search, struct totals *t, const struct json *value)
{
    if (!json_is(value, JSON_ARRAY)) {
        count_number(t, value);
        return true;
    }
    if (!search_charge(search, value->count))
        return false;
    for (const struct json *element = value->first; element; element = element->next)
        count_number(t, element);
    return true;
}

static double aggregate(enum function function, const struct totals *t)
{
    double count = (double)t->count;

    switch (function) {
    case FUNCTION_MIN:
        return t->least;
    case FUNCTION_MAX:
        return t->most;
    case FUNCTION_AVG:
        return t->sum / count;
    case FUNCTION_STDDEV:
        return sqrt(t->sum_of_squares / count - t->sum * t->sum / count / count);
    default:
        return t->sum;
    }
}

static struct json *apply_aggregate(struct search *search, const struct token *token,
                                    const struct json *value)
{
    struct totals totals = {.count = 0};

    if (json_is(value, JSON_ARRAY) && !count_numbers(search, &totals, value))
        return NULL;
    for (size_t i = 0; i < token->count; i++) {
        if (!count_numbers(search, &totals, operand_value(search, &token->arguments[i], value)))
            return NULL;
    }
    if (totals.count == 0)
        return NULL;
    return json_real(search->arena, aggregate(token->function, &totals));
}

static struct json *apply_keys(struct search *search, const struct json *value)
{
    struct json *keys;

    if (value->type != JSON_OBJECT || !search_charge(search, value->count))
        return NULL;
    keys = json_new(search->arena, JSON_ARRAY);
    for (const struct json *m = value->first; m && keys; m = m->next)
        json_append(keys, json_text(search->arena, m->name));
    return keys;
}

static struct json *apply_length(struct search *search, const struct token *token,
                                 const struct json *value)
{
    if (token->count > 0)
        value = operand_value(search, &token->arguments[0], value);
    return value && value->type >= JSON_ARRAY ? json_number(search->arena, value->count) : NULL;
}

/* The element that first(), last() and index(n) select. */
static struct json *apply_index(struct search *search, const struct token *token,
                                const struct json *value)
{
    int64_t i = token->function == FUNCTION_LAST ? -1 : 0;

    if (token->function == FUNCTION_INDEX &&
        (token->count != 1 || !json_int(operand_value(search, &token->arguments[0], value), &i)))
        return NULL;
    if (value->type != JSON_ARRAY)
        return NULL;
    if (i < 0)
        i += value->count;
    if (i < 0 || i >= value->count || !search_charge(search, (uint64_t)i / 4))
        return NULL;
    return json_at(value, (size_t)i);
}

static bool add_text(struct search *search, struct buf *out, const struct json *value)
{
    if (!value || value->type != JSON_STRING)
        return true;
    return search_charge(search, 1) && buf_add(out, value->text);
}

/* The texts of an array and of the arguments, one after the other. */
static struct json *apply_concat(struct search *search, const struct token *token,
                                 const struct json *value)
{
    struct json *result = NULL;
    struct buf out;
    bool is_fine = true;

    buf_init(&out, search->arena->ceiling);
    if (value->type == JSON_ARRAY) {
        for (const struct json *element = value->first; element && is_fine; element = element->next)
            is_fine = add_text(search, &out, element);
    }
    for (size_t i = 0; i < token->count && is_fine; i++)
        is_fine = add_text(search, &out, operand_value(search, &token->arguments[i], value));
    if (is_fine)
        result = json_text(search->arena, arena_copy(search->arena, buf_span(&out)));
    buf_release(&out);
    return result;
}

/* The array with the arguments after its elements. */
static struct json *apply_append(struct search *search, const struct token *token,
                                 const struct json *value)
{
    struct json *array;

    if (value->type != JSON_ARRAY || !search_charge(search, value->count))
        return NULL;
    array = json_new(search->arena, JSON_ARRAY);
    for (const struct json *element = value->first; element && array && !search->fault;
         element = element->next)
        json_append(array, search_link(search, element));
    for (size_t i = 0; i < token->count && array && !search->fault; i++) {
        const struct json *more = operand_value(search, &token->arguments[i], value);

        if (more)
            json_append(array, search_link(search, more));
    }
    return array;
}

static struct json *select_function(struct search *search, const struct token *token,
                                    const struct json *value)
{
    switch (token->function) {
    case FUNCTION_LENGTH:
        return apply_length(search, token, value);
    case FUNCTION_MIN:
    case FUNCTION_MAX:
    case FUNCTION_AVG:
    case FUNCTION_SUM:
    case FUNCTION_STDDEV:
        return apply_aggregate(search, token, value);
    case FUNCTION_KEYS:
        return apply_keys(search, value);
    case FUNCTION_FIRST:
    case FUNCTION_LAST:
    case FUNCTION_INDEX:
        return apply_index(search, token, value);
    case FUNCTION_CONCAT:
        return apply_concat(search, token, value);
    case FUNCTION_APPEND:
        return apply_append(search, token, value);
    }
    return NULL;
}

struct json *function_apply(struct search *search, const struct token *token,
                            const struct json *value)
{
    struct json *result = select_function(search, token, value);

    if (search->arena->is_over && !search->fault)
        search->fault = FAULT_NO_MEMORY;
    return search->fault ? NULL : result;
}
