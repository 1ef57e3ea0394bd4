/* Inside compile/: one method of a deployment. */
#ifndef COMPILE_METHOD_H
#define COMPILE_METHOD_H

#include "base/arena.h"
#include "snapshot/deployment.h"
#include "text/json.h"

/* A deployment under construction. */
struct build {
    struct arena *arena;  /* the part's */
    struct arena scratch; /* ends with the build */
    struct deployment *deployment;
    struct span not_yet; /* the whole API is closed, with these words; "" */
};

/* Fills *out from the method `one` (named by its verb) of a resource. */
void method_compile(struct build *b, const struct json *resource, const struct json *one,
                    struct method *out);

#endif
