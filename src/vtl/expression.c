/* Expressions.  The one rule of API Gateway shows here: a reference without a value is the empty
 * string wherever it is an operand.  In #if alone it counts as false. */
#include "vtl/run.h"

#define RANGE_MAX 100000

static bool enter(struct run *run)
{
    if (++run->depth > RUN_DEPTH_MAX)
        return run_fail(run, FAULT_TOO_LARGE, "template is evaluated too deep");
    return run_charge(run, 0);
}

static bool interpolate(struct run *run, const struct expression *e, struct vtl_value *out)
{
    size_t mark = text_begin(run);
    enum flow flow = block_run(run, &e->interpolated.block);
    struct span text;

    if (flow != FLOW_ON) {
        run->out->len = mark;
        run->flow = flow;
        return false;
    }
    if (!text_end(run, mark, &text))
        return false;
    if (e->interpolated.has_blank && text.len)
        text.len--;
    *out = vtl_text(text);
    return true;
}

static bool list_value(struct run *run, const struct expression *e, struct vtl_value *out)
{
    struct vtl_list *list = vtl_list_new(run->arena, VTL_ARRAY_LIST);
    struct vtl_value item;

    if (!list)
        return run_no_memory(run);
    for (const struct expression *i = e->items.first; i; i = i->next) {
        if (!expression_value(run, i, &item))
            return false;
        if (!vtl_list_add(list, item))
            return run_no_memory(run);
    }
    *out = vtl_of_list(list);
    return true;
}

static bool map_value(struct run *run, const struct expression *e, struct vtl_value *out)
{
    struct vtl_map *map = vtl_map_new(run->arena);
    struct vtl_value key, value;

    if (!map)
        return run_no_memory(run);
    for (const struct expression *i = e->items.first; i; i = i->next->next) {
        if (!expression_value(run, i, &key) || !expression_value(run, i->next, &value))
            return false;
        if (!vtl_map_put_value(map, key, value))
            return run_no_memory(run);
    }
    *out = vtl_of_map(map);
    return true;
}

static bool range_value(struct run *run, const struct expression *e, struct vtl_value *out)
{
    struct vtl_list *list;
    struct vtl_value from, to;
    int64_t step, n;

    if (!expression_value(run, e->both.left, &from) || !expression_value(run, e->both.right, &to))
        return false;
    if ((from.type != VTL_INT && from.type != VTL_LONG) ||
        (to.type != VTL_INT && to.type != VTL_LONG))
        return true;
    step = from.number <= to.number ? 1 : -1;
    if (__builtin_sub_overflow(to.number, from.number, &n) || n * step >= RANGE_MAX)
        return run_fail(run, FAULT_TOO_LARGE, "range has over %d numbers", RANGE_MAX);
    n = n * step + 1;
    list = vtl_list_new(run->arena, VTL_ARRAY_LIST);
    if (!list)
        return run_no_memory(run);
    for (int64_t i = 0; i < n; i++)
        if (!vtl_list_add(list, vtl_number(from.number + i * step)))
            return run_no_memory(run);
    *out = vtl_of_list(list);
    return run_charge(run, (size_t)n * sizeof(struct vtl_value));
}

/* ---- comparison -------------------------------------------------------------------------------*/

/* Numbers by value, equals within one class, else the texts. */
static bool is_equal(struct run *run, struct vtl_value a, struct vtl_value b, bool *out)
{
    struct span left, right;

    if (a.type == VTL_NULL || b.type == VTL_NULL) {
        *out = a.type == b.type;
    } else if (is_number(a) && is_number(b)) {
        *out = numbers_compare(a, b) == 0;
    } else if (a.type == b.type && a.type != VTL_BLOCK) {
        return values_equal(run, a, b, out);
    } else {
        if (!value_text(run, a, &left) || !value_text(run, b, &right))
            return false;
        *out = span_equal(left, right);
        return run_charge(run, left.len);
    }
    return true;
}

/* Only numbers have an order; anything else compares false. */
static bool is_ordered(enum expression_kind kind, struct vtl_value a, struct vtl_value b)
{
    int order;

    if (!is_number(a) || !is_number(b))
        return false;
    order = numbers_compare(a, b);
    if (kind == EXPRESSION_LESS)
        return order < 0;
    if (kind == EXPRESSION_LESS_EQUAL)
        return order <= 0;
    if (kind == EXPRESSION_GREATER)
        return order > 0;
    return order >= 0;
}

static bool compare(struct run *run, const struct expression *e, bool *out)
{
    struct vtl_value a, b;

    if (!expression_value(run, e->both.left, &a) || !expression_value(run, e->both.right, &b))
        return false;
    if (e->kind != EXPRESSION_EQUAL && e->kind != EXPRESSION_NOT_EQUAL) {
        *out = is_ordered(e->kind, a, b);
        return true;
    }
    if (!is_equal(run, a, b, out))
        return false;
    *out = *out == (e->kind == EXPRESSION_EQUAL);
    return true;
}

/* ---- values and truth -------------------------------------------------------------------------*/

static bool calculate_both(struct run *run, const struct expression *e, struct vtl_value *out)
{
    struct vtl_value a, b;

    return expression_value(run, e->both.left, &a) && expression_value(run, e->both.right, &b) &&
           calculate(run, e->kind, a, b, out);
}

static bool operand_value(struct run *run, const struct expression *e, struct vtl_value *out)
{
    bool is_true;

    switch (e->kind) {
    case EXPRESSION_CONSTANT:
    case EXPRESSION_WORD:
    case EXPRESSION_TRUTH:
        *out = e->constant;
        return true;
    case EXPRESSION_MISSING:
        return true;
    case EXPRESSION_INTERPOLATED:
        return interpolate(run, e, out);
    case EXPRESSION_REFERENCE:
        if (!reference_value(run, e->reference, out))
            return false;
        if (out->type == VTL_NULL)
            *out = vtl_text(SPAN(""));
        return true;
    case EXPRESSION_RANGE:
        return range_value(run, e, out);
    case EXPRESSION_LIST:
        return list_value(run, e, out);
    case EXPRESSION_MAP:
        return map_value(run, e, out);
    case EXPRESSION_ADD:
    case EXPRESSION_SUBTRACT:
    case EXPRESSION_MULTIPLY:
    case EXPRESSION_DIVIDE:
    case EXPRESSION_MODULO:
        return calculate_both(run, e, out);
    case EXPRESSION_NOT:
    case EXPRESSION_AND:
    case EXPRESSION_OR:
    case EXPRESSION_EQUAL:
    case EXPRESSION_NOT_EQUAL:
    case EXPRESSION_LESS:
    case EXPRESSION_LESS_EQUAL:
    case EXPRESSION_GREATER:
    case EXPRESSION_GREATER_EQUAL:
        break;
    }
    if (!expression_truth(run, e, &is_true))
        return false;
    *out = vtl_bool(is_true);
    return true;
}

bool expression_value(struct run *run, const struct expression *e, struct vtl_value *out)
{
    *out = vtl_null();
    if (!enter(run) || !operand_value(run, e, out))
        return false;
    run->depth--;
    return true;
}

static bool reference_truth(struct run *run, const struct expression *e, bool *out)
{
    struct vtl_value value;

    if (!reference_value(run, e->reference, &value))
        return false;
    if (value.type == VTL_BOOL)
        *out = value.is_true;
    else
        *out = value.type != VTL_NULL || run->environment->is_plain_model;
    return true;
}

/* Literals other than true and false are no conditions: they count as false, as in Velocity. */
static bool operand_truth(struct run *run, const struct expression *e, bool *out)
{
    *out = false;
    switch (e->kind) {
    case EXPRESSION_TRUTH:
        *out = e->constant.is_true;
        return true;
    case EXPRESSION_REFERENCE:
        return reference_truth(run, e, out);
    case EXPRESSION_NOT:
        if (!expression_truth(run, e->both.left, out))
            return false;
        *out = !*out;
        return true;
    case EXPRESSION_AND:
    case EXPRESSION_OR:
        if (!expression_truth(run, e->both.left, out))
            return false;
        if (*out == (e->kind == EXPRESSION_OR))
            return true;
        return expression_truth(run, e->both.right, out);
    case EXPRESSION_EQUAL:
    case EXPRESSION_NOT_EQUAL:
    case EXPRESSION_LESS:
    case EXPRESSION_LESS_EQUAL:
    case EXPRESSION_GREATER:
    case EXPRESSION_GREATER_EQUAL:
        return compare(run, e, out);
    case EXPRESSION_CONSTANT:
    case EXPRESSION_WORD:
    case EXPRESSION_MISSING:
    case EXPRESSION_INTERPOLATED:
    case EXPRESSION_RANGE:
    case EXPRESSION_LIST:
    case EXPRESSION_MAP:
    case EXPRESSION_ADD:
    case EXPRESSION_SUBTRACT:
    case EXPRESSION_MULTIPLY:
    case EXPRESSION_DIVIDE:
    case EXPRESSION_MODULO:
        break;
    }
    return true;
}

bool expression_truth(struct run *run, const struct expression *e, bool *out)
{
    if (!enter(run) || !operand_truth(run, e, out))
        return false;
    run->depth--;
    return true;
}
