/* Inside compile/: one method of a deployment. */
#ifndef COMPILE_METHOD_H
#define COMPILE_METHOD_H

#include "compile/build.h"

/* Fills *out from the method `one` (named by its verb) of a resource. */
void method_compile(struct build *b, const struct json *resource, const struct json *one,
                    struct method *out);

#endif
