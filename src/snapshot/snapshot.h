/* The root that a worker serves from: every API by its id, every function by its ARN.
 *
 *     snapshot -> api -> stage -> deployment (shared by all stages that serve its document)
 *              -> function
 *
 * Each arrow is a use of a part.  A worker holds a use of its snapshot, so within one loop turn
 * everything below may be read freely; an exchange that waits holds a use of its stage. */
#ifndef SNAPSHOT_SNAPSHOT_H
#define SNAPSHOT_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "snapshot/deployment.h"
#include "snapshot/function.h"
#include "snapshot/part.h"

struct stage {
    struct part part;
    struct span name;
    struct span api_id, account, region;
    struct span deployment_id;
    struct vtl_pairs variables;
    const struct deployment *deployment; /* NULL: its document is missing; answers 500 */
    uint64_t revision;                   /* of the record it was made from */
};

struct api {
    struct part part;
    struct span id; /* in lower case, as hosts and paths are compared */
    const struct stage **stages;
    size_t stage_count;
};

struct snapshot {
    struct part part;
    uint64_t revision;
    const struct api **slots; /* open addressing by map_hash of the id; NULL is free */
    size_t slot_count;        /* a power of two */
    size_t api_count;
    const struct function **functions; /* the same, by ARN */
    size_t function_slots, function_count;
};

/* A stage with one use that the caller owns; its texts are copied.  It takes a use of the
 * deployment (may be NULL). */
struct stage *stage_new(struct shelf *shelf, const struct stage *facts);

/* An API over the given stages, of which it takes a use each. */
struct api *api_new(struct shelf *shelf, struct span id, const struct stage *const *stages,
                    size_t stage_count);

/* A root over the given APIs and functions, of which it takes a use each; ids and ARNs must
 * differ. */
struct snapshot *snapshot_new(struct shelf *shelf, uint64_t revision, const struct api *const *apis,
                              size_t api_count, const struct function *const *functions,
                              size_t function_count);

/* By id in any case; NULL when there is none. */
const struct api *snapshot_api(const struct snapshot *snap, struct span id);

/* By ARN without a version, exactly; NULL when there is none. */
const struct function *snapshot_function(const struct snapshot *snap, struct span arn);

/* By name, exactly; NULL when there is none. */
const struct stage *api_stage(const struct api *api, struct span name);

/* Bytes of the snapshot and of all that it uses; each deployment once. */
size_t snapshot_bytes(const struct snapshot *snap);

#endif
