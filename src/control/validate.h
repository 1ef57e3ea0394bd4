/* Whether an input keeps the rules of its model, and what AWS says when it does not. */
#ifndef CONTROL_VALIDATE_H
#define CONTROL_VALIDATE_H

#include "base/arena.h"
#include "base/fault.h"
#include "control/model.h"
#include "control/words.h"

/* At most so many are told; AWS has such a bound too. */
#define VALIDATION_ERRORS_MAX 100

/* The rules of the wire: required members, enums, patterns and bounds without words of their own.
 * All that fail are told, in model order:
 *   2 validation errors detected: Value 'x' at 'op' failed to satisfy constraint: ...; Value ...
 * FAULT_TYPE: *refused is filled.  FAULT_NO_MEMORY. */
enum fault validate_wire(struct arena *arena, const struct model_service *service,
                         const struct model_operation *operation, const struct json *input,
                         struct model_answer *refused);

/* The rules with words of their own; the first that fails is told.  `tree` is an input or a
 * record.  Names in the words are looked up in `words`, {value} is what failed. */
enum fault validate_rules(struct arena *arena, const struct model_shape *shape,
                          const struct json *tree, const struct words *words,
                          struct model_answer *refused);

/* The same for the value of one member. */
enum fault validate_member(struct arena *arena, const struct model_member *member,
                           const struct json *value, const struct words *words,
                           struct model_answer *refused);

#endif
