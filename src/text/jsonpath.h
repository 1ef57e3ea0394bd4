/* JSONPath as API Gateway's templates know it: the dialect of Jayway's library.
 *
 * A path is compiled once and may then be run by many threads at once.  Definite paths (names and
 * single indexes) find one value or nothing; all others find an array, which may be empty.  What
 * is found shares its children with the document that it was found in.
 *
 * docs/internals/jsonpath.md lists the dialect and where versions of the library differ. */
#ifndef TEXT_JSONPATH_H
#define TEXT_JSONPATH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/span.h"
#include "text/json.h"

#define JSONPATH_LEN_MAX 8192   /* bytes of a path */
#define JSONPATH_TOKENS_MAX 256 /* steps of a path, those in its filters included */
#define JSONPATH_NESTING_MAX 16 /* of filters in filters, and of brackets in one */
#define JSONPATH_STEPS_DEFAULT 4000000

struct jsonpath;

/* How a path is read. */
enum jsonpath_dialect {
    JSONPATH_AWS,     /* length() and the other functions are known */
    JSONPATH_JAYWAY_2 /* Jayway 2.0, without functions: their names are names of members */
};

/* Compiles into the arena; `text` must live as long.  FAULT_SYNTAX with the place,
 * FAULT_TOO_LARGE, FAULT_NO_MEMORY. */
enum fault jsonpath_compile(struct arena *arena, struct span text, enum jsonpath_dialect dialect,
                            struct jsonpath **out, struct problem *why);

/* Gives back what is not in the arena (the regular expressions of filters).  NULL is fine. */
void jsonpath_release(struct jsonpath *path);

bool jsonpath_is_definite(const struct jsonpath *path);

/* Finds in `root`, which must not be NULL.  OK with *found NULL when a definite path finds nothing.
 * `steps` bounds the work (0: JSONPATH_STEPS_DEFAULT; a step is about one node looked at), the
 * arena's ceiling the result: FAULT_TOO_LARGE, FAULT_NO_MEMORY. */
enum fault jsonpath_run(const struct jsonpath *path, struct arena *arena, const struct json *root,
                        uint64_t steps, struct json **found);

/* Compiles and runs, for paths that are known only when they are used. */
enum fault jsonpath_find(struct arena *arena, const struct json *root, struct span text,
                         struct json **found);
enum fault jsonpath_find_jayway_2(struct arena *arena, const struct json *root, struct span text,
                                  struct json **found);

#endif
