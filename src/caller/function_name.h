/* The names that callers give a function: NAME, ACCOUNT:function:NAME, a whole ARN, each with
 * ":QUALIFIER" behind it or not.  (spec/lambda.md, section 1) */
#ifndef CALLER_FUNCTION_NAME_H
#define CALLER_FUNCTION_NAME_H

#include <stdbool.h>

#include "base/span.h"

struct function_name {
    struct span region, account; /* empty when not said */
    struct span name;
    struct span qualifier; /* empty when not said */
};

/* Takes the text apart; the parts point into it.  False when it is no such name. */
bool function_name_parse(struct span text, struct function_name *out);

#endif
