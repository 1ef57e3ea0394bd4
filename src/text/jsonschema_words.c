/* The words of failures, as the Java library words them whose reports AWS hands on
 * (spec/data-plane-rest.md, section 6). */
#include "text/jsonschema_program.h"

const char *const MESSAGES[MESSAGE_COUNT] = {
    [MESSAGE_ADDITIONAL_ITEMS] =
        "schema only allows {} elements in array but instance has {} elements",
    [MESSAGE_ADDITIONAL_PROPERTIES] =
        "object instance has properties which are not allowed by the schema: {}",
    [MESSAGE_ALL_OF] = "instance failed to match all required schemas (matched only {} out of {})",
    [MESSAGE_ANY_OF] = "instance failed to match at least one required schema among {}",
    [MESSAGE_DEPENDENCIES] = "property \"{}\" of object has missing property dependencies (schema "
                             "requires {}; missing: {})",
    [MESSAGE_ENUM] = "instance value ({}) not found in enum (possible values: {})",
    [MESSAGE_EXCLUSIVE_MAXIMUM] =
        "numeric instance is not strictly lower than the required maximum {}",
    [MESSAGE_EXCLUSIVE_MINIMUM] =
        "numeric instance is not strictly greater than the required minimum {}",
    [MESSAGE_MAX_ITEMS] =
        "array is too long: must have at most {} elements but instance has {} elements",
    [MESSAGE_MAX_LENGTH] = "string \"{}\" is too long (length: {}, maximum allowed: {})",
    [MESSAGE_MAX_PROPERTIES] =
        "object has too many properties (found {} but schema requires at most {})",
    [MESSAGE_MAXIMUM] =
        "numeric instance is greater than the required maximum (maximum: {}, found: {})",
    [MESSAGE_MIN_ITEMS] =
        "array is too short: must have at least {} elements but instance has {} elements",
    [MESSAGE_MIN_LENGTH] = "string \"{}\" is too short (length: {}, required minimum: {})",
    [MESSAGE_MIN_PROPERTIES] =
        "object has too few properties (found {} but schema requires at least {})",
    [MESSAGE_MINIMUM] =
        "numeric instance is lower than the required minimum (minimum: {}, found: {})",
    [MESSAGE_MULTIPLE_OF] = "remainder of division is not zero ({} / {})",
    [MESSAGE_NOT] = "instance matched a schema which it should not have",
    [MESSAGE_ONE_OF] = "instance failed to match exactly one schema (matched {} out of {})",
    [MESSAGE_PATTERN] = "ECMA 262 regex \"{}\" does not match input string \"{}\"",
    [MESSAGE_REQUIRED] = "object has missing required properties ({})",
    [MESSAGE_TYPE] = "instance type ({}) does not match any allowed primitive type (allowed: {})",
    [MESSAGE_UNIQUE_ITEMS] = "array must not contain duplicate elements",
};

enum primitive primitive_of(const struct json *value)
{
    switch (value->type) {
    case JSON_NULL:
        return PRIMITIVE_NULL;
    case JSON_FALSE:
    case JSON_TRUE:
        return PRIMITIVE_BOOLEAN;
    case JSON_STRING:
        return PRIMITIVE_STRING;
    case JSON_ARRAY:
        return PRIMITIVE_ARRAY;
    case JSON_OBJECT:
        return PRIMITIVE_OBJECT;
    case JSON_NUMBER:
        break;
    }
    /* By its text, as Java's parser tells them apart: 1.0 and 1e2 are no integers. */
    for (size_t i = 0; i < value->text.len; i++) {
        if (value->text.at[i] == '.' || (value->text.at[i] | 0x20) == 'e')
            return PRIMITIVE_NUMBER;
    }
    return PRIMITIVE_INTEGER;
}

/* One type bare, several as an array. */
static void add_types(struct buf *out, unsigned types, bool is_array)
{
    static const char *const NAMES[] = {"array",  "boolean", "integer", "null",
                                        "number", "object",  "string"};
    const char *between = is_array ? "[\"" : "";

    for (size_t i = 0; i < COUNT(NAMES); i++) {
        if (!(types & 1u << i))
            continue;
        buf_add_text(out, between);
        buf_add_text(out, NAMES[i]);
        between = "\",\"";
    }
    if (is_array)
        buf_add_text(out, "\"]");
}

static void add_argument(struct buf *out, const struct argument *argument)
{
    switch (argument->kind) {
    case ARGUMENT_NUMBER:
        buf_add_u64(out, argument->number);
        break;
    case ARGUMENT_TEXT:
        buf_add(out, argument->text);
        break;
    case ARGUMENT_JSON:
        json_write(out, argument->json);
        break;
    case ARGUMENT_TYPE:
        add_types(out, (unsigned)argument->number, false);
        break;
    case ARGUMENT_TYPES:
        add_types(out, (unsigned)argument->number, true);
        break;
    }
}

void words_add(struct run *run, const char *words, const struct argument *arguments, size_t count)
{
    struct span rest = span_of(words);
    size_t i = 0;

    if (run->failures++ > 0 && run->words)
        buf_add_text(run->words, ", ");
    while (run->words && rest.len > 0) {
        size_t place = span_search(rest, SPAN("{}"));

        buf_add(run->words, span_first(rest, place));
        rest = span_skip(rest, place);
        if (rest.len == 0)
            break;
        rest = span_skip(rest, 2);
        if (i < count)
            add_argument(run->words, &arguments[i++]);
    }
}
