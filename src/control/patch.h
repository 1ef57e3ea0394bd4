/* PATCH: the operations of UpdateX on a record's tree, by the paths of the models. */
#ifndef CONTROL_PATCH_H
#define CONTROL_PATCH_H

#include "control/call.h"

#define PATCH_OPERATIONS_MAX 200
#define PATCH_SEGMENTS_MAX 16

/* Applies call->input's patchOperations to `tree` in their order.  FAULT_DENIED with words at the
 * first that fails; the tree is in no certain state then and must not be stored. */
enum fault patch_apply(struct call *call, const struct model_kind *kind, struct json *tree);

#endif
