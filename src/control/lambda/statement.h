/* A statement of a function's resource policy.  (spec/lambda.md, 3.3) */
#ifndef CONTROL_LAMBDA_STATEMENT_H
#define CONTROL_LAMBDA_STATEMENT_H

#include "base/arena.h"
#include "text/json.h"

/* The statement that an AddPermission with these inputs makes for the function `arn`: members and
 * conditions in AWS's order.  NULL when the principal is none; also when the arena is over. */
struct json *statement_make(struct arena *arena, const struct json *input, struct span arn);

#endif
