/* Decides the filters of a JSONPath.  What is missing satisfies nothing but "!": also "!=" is false
 * for it, as in Jayway 2.0, the version that was measured. */
#include "base/number.h"
#include "text/jsonpath_program.h"

struct json *operand_value(struct search *search, const struct operand *operand,
                           const struct json *item)
{
    struct json *found = NULL;

    switch (operand->kind) {
    case OPERAND_VALUE:
        return operand->value;
    case OPERAND_PATH:
    case OPERAND_ROOT_PATH:
        search_path(search, operand->path, operand->kind == OPERAND_PATH ? item : search->root,
                    &found);
        return found;
    case OPERAND_PATTERN:
        break;
    }
    return NULL;
}

/* The number that a value is or, being a text, spells. */
static bool number_of(const struct json *value, struct span *number)
{
    double ignored;

    *number = value->text;
    if (value->type == JSON_NUMBER)
        return true;
    return value->type == JSON_STRING && number_double(value->text, &ignored);
}

/* A number and a text compare as numbers, if the text spells one. */
static bool compare(const struct json *a, const struct json *b, int *order)
{
    struct span x, y;

    if (a->type == JSON_STRING && b->type == JSON_STRING) {
        *order = span_compare(a->text, b->text);
        return true;
    }
    if (!number_of(a, &x) || !number_of(b, &y))
        return false;
    *order = json_number_compare(x, y);
    return true;
}

static bool is_equal(const struct json *a, const struct json *b)
{
    int order;

    if (a->type == b->type)
        return json_equal(a, b);
    return compare(a, b, &order) && order == 0;
}

static bool has_element(struct search *search, const struct json *array, const struct json *value)
{
    if (!json_is(array, JSON_ARRAY) || !search_charge(search, array->count))
        return false;
    for (const struct json *element = array->first; element; element = element->next) {
        if (is_equal(element, value))
            return true;
    }
    return false;
}

/* How many elements of `a` are in `b`. */
static size_t count_common(struct search *search, const struct json *a, const struct json *b)
{
    size_t count = 0;

    for (const struct json *element = a->first; element && !search->fault; element = element->next)
        count += has_element(search, b, element);
    return count;
}

static bool compare_sets(struct search *search, enum test_kind kind, const struct json *a,
                         const struct json *b)
{
    if (!json_is(a, JSON_ARRAY) || !json_is(b, JSON_ARRAY))
        return false;
    switch (kind) {
    case TEST_ALL:
        return count_common(search, b, a) == b->count;
    case TEST_SUBSET:
        return count_common(search, a, b) == a->count;
    case TEST_ANY:
        return count_common(search, a, b) > 0;
    default:
        return count_common(search, a, b) == 0;
    }
}

static bool contains(struct search *search, const struct json *a, const struct json *b)
{
    if (a->type == JSON_STRING && b->type == JSON_STRING)
        return search_charge(search, a->text.len / 8) &&
               (b->text.len == 0 || span_search(a->text, b->text) < a->text.len);
    return has_element(search, a, b);
}

static size_t size_of(const struct json *value)
{
    return value->type == JSON_STRING ? value->text.len : value->count;
}

static bool is_sized(const struct json *value)
{
    return value->type >= JSON_STRING;
}

static bool has_size(const struct json *a, const struct json *b)
{
    int64_t size;

    if (!is_sized(a) || !json_int(b, &size))
        return false;
    return size >= 0 && size_of(a) == (size_t)size;
}

static bool is_empty_as(const struct json *a, const struct json *b)
{
    if (!is_sized(a) || (b->type != JSON_TRUE && b->type != JSON_FALSE))
        return false;
    return (size_of(a) == 0) == (b->type == JSON_TRUE);
}

static bool compare_by(struct search *search, enum test_kind kind, const struct json *a,
                       const struct json *b)
{
    int order;

    switch (kind) {
    case TEST_EQUAL:
        return is_equal(a, b);
    case TEST_UNEQUAL: /* an array or object is neither equal nor unequal to a plain value */
        return (a->type >= JSON_ARRAY) == (b->type >= JSON_ARRAY) && !is_equal(a, b);
    case TEST_SAME:
        return a->type == b->type && is_equal(a, b);
    case TEST_OTHER:
        return a->type != b->type || !is_equal(a, b);
    case TEST_LESS:
        return compare(a, b, &order) && order < 0;
    case TEST_LESS_EQUAL:
        return compare(a, b, &order) && order <= 0;
    case TEST_GREATER:
        return compare(a, b, &order) && order > 0;
    case TEST_GREATER_EQUAL:
        return compare(a, b, &order) && order >= 0;
    case TEST_IN:
        return has_element(search, b, a);
    case TEST_NOT_IN:
        return json_is(b, JSON_ARRAY) && !has_element(search, b, a);
    case TEST_CONTAINS:
        return contains(search, a, b);
    case TEST_SIZE:
        return has_size(a, b);
    case TEST_EMPTY:
        return is_empty_as(a, b);
    default:
        return compare_sets(search, kind, a, b);
    }
}

static bool matches(struct search *search, const struct json *value, const struct regex *regex)
{
    struct span text = value->text;

    if (value->type == JSON_TRUE)
        text = SPAN("true");
    else if (value->type == JSON_FALSE)
        text = SPAN("false");
    else if (value->type != JSON_STRING && value->type != JSON_NUMBER)
        return false;
    if (!search_charge(search, text.len / 16 + 8))
        return false;
    switch (regex_matches(regex, text)) {
    case REGEX_YES:
        return true;
    case REGEX_NO:
        return false;
    case REGEX_TOO_COSTLY:
        search->fault = FAULT_TOO_LARGE;
        return false;
    }
    return false;
}

static bool compares(struct search *search, const struct test *test, const struct json *item)
{
    const struct json *left = operand_value(search, &test->left, item), *right;

    if (!left || search->fault)
        return false;
    if (test->kind == TEST_MATCHES)
        return matches(search, left, test->right.regex);
    right = operand_value(search, &test->right, item);
    if (!right || search->fault || !search_charge(search, 1))
        return false;
    if (left->type >= JSON_ARRAY && right->type >= JSON_ARRAY &&
        !search_charge(search, right->count))
        return false;
    return compare_by(search, test->kind, left, right);
}

/* null does not exist (Jayway 2.0); of an indefinite path, one value must be found. */
static bool exists(struct search *search, const struct operand *operand, const struct json *item)
{
    const struct json *found = operand_value(search, operand, item);

    if (!found || found->type == JSON_NULL)
        return false;
    return operand->path->is_definite || found->count > 0;
}

/* Both sides of a junction: a chain leans to the left, so only b recurses deeper than its own
 * nesting; the chain itself is bounded by the compiler. */
bool test_holds(struct search *search, const struct test *test, const struct json *item)
{
    switch (test->kind) {
    case TEST_OR:
        return test_holds(search, test->a, item) || test_holds(search, test->b, item);
    case TEST_AND:
        return test_holds(search, test->a, item) && test_holds(search, test->b, item);
    case TEST_NOT:
        return !test_holds(search, test->a, item);
    case TEST_EXISTS:
        return exists(search, &test->left, item);
    default:
        return compares(search, test, item);
    }
}
