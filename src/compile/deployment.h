/* Makes a deployment's document into what workers read. */
#ifndef COMPILE_DEPLOYMENT_H
#define COMPILE_DEPLOYMENT_H

#include "base/span.h"
#include "snapshot/deployment.h"
#include "text/json.h"

#define ROUTE_DEPTH_MAX 100 /* segments of a path; deeper resources are not reachable */

/* The compiled document with one use that the caller owns.  Never NULL, never fails: what is not
 * understood answers 500 or, where Portico lacks it, 501 with words. */
struct deployment *deployment_compile(struct shelf *shelf, struct span id,
                                      const struct json *document);

#endif
