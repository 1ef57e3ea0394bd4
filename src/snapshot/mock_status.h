/* The status that a mock integration's rendered template asks for. */
#ifndef SNAPSHOT_MOCK_STATUS_H
#define SNAPSHOT_MOCK_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

/* Reads `statusCode` as AWS does (spec/data-plane-rest.md, section 10.2): strict JSON first; else a
 * forgiving reading of what looks like an object.  False: AWS answers 500.  `arena` is scratch. */
bool mock_status(struct arena *arena, struct span text, int64_t *out);

#endif
