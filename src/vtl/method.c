/* Finding methods, at compile time: each call in a template gets its row per receiver. */
#include "vtl/method.h"

#include "vtl/arguments.h"

static const struct method_table *const TABLES[VTL_RECEIVERS] = {
    [ON_STRING] = &STRING_METHODS,     [ON_NUMBER] = &NUMBER_METHODS, [ON_BOOL] = &BOOL_METHODS,
    [ON_LIST] = &LIST_METHODS,         [ON_MAP] = &MAP_METHODS,       [ON_ENTRY] = &ENTRY_METHODS,
    [ON_ITERATOR] = &ITERATOR_METHODS, [ON_INPUT] = &INPUT_METHODS,   [ON_UTIL] = &UTIL_METHODS,
};

const struct vtl_method *method_find(enum receiver receiver, struct span name, uint32_t count)
{
    const struct method_table *table = TABLES[receiver];

    for (size_t i = 0; i < table->count; i++) {
        const struct vtl_method *row = &table->rows[i];

        if (count >= row->least && count <= row->most && span_is(name, row->name))
            return row;
    }
    return NULL;
}

enum receiver receiver_of(enum vtl_type type)
{
    switch (type) {
    case VTL_STRING:
        return ON_STRING;
    case VTL_INT:
    case VTL_LONG:
    case VTL_BIG:
    case VTL_DOUBLE:
    case VTL_DECIMAL:
        return ON_NUMBER;
    case VTL_BOOL:
        return ON_BOOL;
    case VTL_LIST:
        return ON_LIST;
    case VTL_MAP:
        return ON_MAP;
    case VTL_ENTRY:
        return ON_ENTRY;
    case VTL_ITERATOR:
        return ON_ITERATOR;
    case VTL_INPUT:
        return ON_INPUT;
    case VTL_UTIL:
        return ON_UTIL;
    case VTL_NULL:
    case VTL_CLASS:
    case VTL_BLOCK:
    case VTL_LOOP:
        break;
    }
    return ON_NOTHING;
}

bool method_equals(struct method_call *call)
{
    bool same;

    return values_equal(call->run, call->self, call->arguments[0], &same) &&
           answer_bool(call, same);
}

bool method_to_string(struct method_call *call)
{
    struct span text;

    return value_text(call->run, call->self, &text) && answer_text(call, text);
}

static const char *class_name(struct vtl_value value)
{
    static const char *const LISTS[] = {
        [VTL_ARRAY_LIST] = "java.util.ArrayList",
        [VTL_JSON_ARRAY] = "net.minidev.json.JSONArray",
        [VTL_ARRAY] = "[Ljava.lang.String;",
        [VTL_VIEW] = "java.util.ArrayList",
    };

    switch (value.type) {
    case VTL_STRING:
        return "java.lang.String";
    case VTL_INT:
        return "java.lang.Integer";
    case VTL_LONG:
        return "java.lang.Long";
    case VTL_BIG:
        return "java.math.BigInteger";
    case VTL_DOUBLE:
        return "java.lang.Double";
    case VTL_DECIMAL:
        return "java.math.BigDecimal";
    case VTL_BOOL:
        return "java.lang.Boolean";
    case VTL_LIST:
        return LISTS[value.list->kind];
    case VTL_MAP:
        return "java.util.LinkedHashMap";
    case VTL_NULL:
    case VTL_ENTRY:
    case VTL_ITERATOR:
    case VTL_CLASS:
    case VTL_BLOCK:
    case VTL_LOOP:
    case VTL_INPUT:
    case VTL_UTIL:
        break;
    }
    return NULL;
}

struct vtl_value class_of(struct vtl_value value)
{
    const char *name = class_name(value);
    struct vtl_value out = vtl_text(span_of(name));

    if (!name)
        return vtl_null();
    out.type = VTL_CLASS;
    return out;
}
