/* The methods that templates may call: one table of receiver, name, number of arguments and
 * function.  What is not in it does not exist; there is no reflection.  Private to vtl/. */
#ifndef VTL_METHOD_H
#define VTL_METHOD_H

#include "vtl/program.h"

struct run;

enum receiver {
    ON_STRING,
    ON_NUMBER,
    ON_BOOL,
    ON_LIST,
    ON_MAP,
    ON_ENTRY,
    ON_ITERATOR,
    ON_INPUT,
    ON_UTIL,
    ON_NOTHING /* values without methods */
};

_Static_assert(ON_NOTHING == VTL_RECEIVERS, "one row of methods per receiver");

struct method_call {
    struct run *run;
    struct vtl_value self;
    const struct vtl_value *arguments; /* null references are empty strings by now */
    uint32_t count;
    struct vtl_value result; /* null unless the function sets it */
};

/* Arguments of the wrong type leave the result null and answer true, as Java finds no such method
 * then.  False when the method threw: run_fail has been called. */
struct vtl_method {
    const char *name;
    uint8_t least, most; /* arguments */
    bool (*call)(struct method_call *call);
};

#define METHOD_ARGUMENTS_MAX 32

struct method_table {
    const struct vtl_method *rows;
    size_t count;
};

extern const struct method_table STRING_METHODS, NUMBER_METHODS, BOOL_METHODS, LIST_METHODS,
    MAP_METHODS, ENTRY_METHODS, ITERATOR_METHODS, INPUT_METHODS, UTIL_METHODS;

/* NULL when there is none. */
const struct vtl_method *method_find(enum receiver receiver, struct span name, uint32_t count);

enum receiver receiver_of(enum vtl_type type);

#endif
