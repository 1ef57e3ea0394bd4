/* Function records (kind `Function`) to parts. */
#ifndef COMPILE_FUNCTION_H
#define COMPILE_FUNCTION_H

#include "link/feed.h"
#include "snapshot/function.h"

/* A part with one use that the caller owns.  `arn` is the record's key as an ARN.  NULL when the
 * record was deleted; also, with a line in the log, when its key cannot be a function's. */
struct function *function_compile(struct shelf *shelf, struct span arn,
                                  const struct feed_record *record);

#endif
