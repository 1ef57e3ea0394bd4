/* JSONPath in the dialect of Jayway's Java library, which API Gateway's templates use.
 *
 *   $ root   .name ['name'] ["a",'b']   .* [*]   ..name (all below)   [0] [-1] [0,2] [1:3] [-1:]
 *   [?(@.price < 10 && @.tag == 'x')] [?(@.v)] [?(@.n =~ /^a/i)] [?(@.t in ['a','b'])]   .length()
 *
 * A path may lack the leading "$.".  A definite path (names and single indexes) finds one value or
 * none; an indefinite one always finds an array, maybe an empty one. */
#ifndef TEXT_JSONPATH_H
#define TEXT_JSONPATH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/span.h"
#include "text/json.h"

#define JSON_PATH_LEN_MAX 8192
#define JSON_PATH_STEPS_MAX 100  /* names, indexes, ... of one path */
#define JSON_PATH_BUDGET 1000000 /* values looked at in one search */

struct json_path;

/* Compiles into the arena; `text` is borrowed.  FAULT_SYNTAX, FAULT_TOO_LARGE, FAULT_NO_MEMORY.
 * The result is immutable and may be shared between threads. */
enum fault json_path_compile(struct arena *arena, struct span text, struct json_path **out,
                             struct problem *why);

bool json_path_is_definite(const struct json_path *path);

/* *found is NULL when a definite path finds nothing.  What a definite path finds is the value in
 * the tree; the array of an indefinite one is new and its elements are copies that share their
 * children with the tree.  FAULT_TOO_LARGE over JSON_PATH_BUDGET, FAULT_NO_MEMORY; *found is NULL
 * then. */
enum fault json_path_find(const struct json_path *path, struct arena *arena, struct json *root,
                          struct json **found);

/* Both at once; a path that does not compile finds nothing and answers its fault. */
enum fault json_path_read(struct arena *arena, const struct json *root, struct span text,
                          struct json **found);

#endif
