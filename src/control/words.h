/* The words of answers: filling {names} in texts of the models. */
#ifndef CONTROL_WORDS_H
#define CONTROL_WORDS_H

#include "base/arena.h"
#include "base/span.h"
#include "text/json.h"

struct word_value {
    const char *name;
    struct span value;
};

/* Where names are looked up: first in `values`, then among the text members of `input`. */
struct words {
    const struct json *input; /* may be NULL */
    const struct word_value *values;
    size_t count;
};

/* Names that nobody knows stay as they are, with their braces.  The result is in the arena or is
 * `text` itself; at is NULL when the arena is over. */
struct span words_fill(struct arena *arena, struct span text, const struct words *words);

#endif
