/* The environment that an instance is started with (spec/lambda.md, section 4.3). */
#ifndef LAMBDA_ENVIRONMENT_H
#define LAMBDA_ENVIRONMENT_H

#include "snapshot/function.h"
#include "text/json.h"

/* An object of strings in the arena; NULL when that is over.  `endpoint` ("" for none) is
 * AWS_ENDPOINT_URL.  What only the host knows (paths, the Runtime API's address) is left out. */
struct json *environment_make(struct arena *arena, const struct function *function,
                              const char *log_stream, const char *endpoint);

#endif
