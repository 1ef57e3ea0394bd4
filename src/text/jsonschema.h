/* JSON Schema draft 4 as API Gateway applies it to request bodies.
 *
 * A schema is compiled once into an arena (a snapshot part's) and may then be run by many threads
 * at once, each with a scratch arena of its own.  Rules and the words of failures are those of the
 * Java library that AWS uses; docs/internals/jsonschema.md lists where they are surprising.
 *
 *     struct jsonschema *schema;
 *     if (jsonschema_compile(&part, text, &resolver, &schema, &why) != OK) ...
 *     if (jsonschema_run(schema, &request, body, 0, &words) == JSONSCHEMA_INVALID)
 *         ... words holds [object has missing required properties (["name"])]
 *     jsonschema_release(schema); arena_release(&part); */
#ifndef TEXT_JSONSCHEMA_H
#define TEXT_JSONSCHEMA_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"
#include "text/json.h"

#define JSONSCHEMA_WATCHED_MAX 1024 /* names in "required" and "dependencies" of one schema */
#define JSONSCHEMA_DEPTH_MAX 1024   /* schemas within schemas that one value passes through */
#define JSONSCHEMA_STEPS_DEFAULT 10000000

struct jsonschema;

/* Finds the documents that a "$ref" names: `uri` is the reference without its '#' and fragment,
 * never empty.  The root of the tree, which must live as long as the schema; NULL when there is no
 * such document.  The same uri must find the same tree, so that models may refer to each other. */
struct jsonschema_resolver {
    const struct json *(*find)(void *context, struct span uri);
    void *context;
};

/* Compiles into the arena.  `text` must live as long as the schema; so must the tree, of the other
 * form.  `resolver` may be NULL: then only references within the document are known.
 *
 * FAULT_SYNTAX: no JSON.  FAULT_TYPE: JSON, but no schema; the words name the place.
 * FAULT_NOT_FOUND: a "$ref" that leads nowhere.  FAULT_TOO_LARGE, FAULT_NO_MEMORY. */
enum fault jsonschema_compile(struct arena *arena, struct span text,
                              const struct jsonschema_resolver *resolver, struct jsonschema **out,
                              struct problem *why);
enum fault jsonschema_compile_tree(struct arena *arena, const struct json *tree,
                                   const struct jsonschema_resolver *resolver,
                                   struct jsonschema **out, struct problem *why);

/* Gives back what is not in the arena (the regular expressions).  NULL is fine. */
void jsonschema_release(struct jsonschema *schema);

enum jsonschema_result {
    JSONSCHEMA_VALID,
    JSONSCHEMA_INVALID,
    JSONSCHEMA_TOO_COSTLY /* steps, depth, memory or a regular expression's limit: not known */
};

/* Decides whether `value` follows the schema.  `steps` bounds the work (0: the default; a step is
 * about one value looked at).  The scratch arena is for large arrays and for words.
 *
 * `words` may be NULL, which is faster: it ends at the first failure.  Else what is wrong is added
 * when the result is JSONSCHEMA_INVALID, as in
 * [object has missing required properties (["a","b"]), instance type (string) does not ...].
 * What does not fit the buffer is left out and the buffer is marked. */
enum jsonschema_result jsonschema_run(const struct jsonschema *schema, struct arena *scratch,
                                      const struct json *value, uint64_t steps, struct buf *words);

#endif
