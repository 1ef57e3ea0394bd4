/* PATCH: the operations of UpdateX on a record's tree, by the paths of the models. */
#ifndef CONTROL_PATCH_H
#define CONTROL_PATCH_H

#include "control/call.h"

#define PATCH_OPERATIONS_MAX 200
#define PATCH_SEGMENTS_MAX 16

/* One operation, as hooks see it. */
struct patch {
    struct call *call;
    const struct model_kind *kind;
    struct json *tree;
    const struct model_patch *row;
    enum model_patch_op op;
    struct span op_name, path, value;
    bool has_value;
    struct span segments[PATCH_SEGMENTS_MAX];
    size_t segment_count;
    struct word_value words[PATCH_SEGMENTS_MAX + 3]; /* {name} of the path, then path, op, ops */
    size_t word_count;
};

/* Applies call->input's patchOperations to `tree` in their order.  FAULT_DENIED with words at the
 * first that fails; the tree is in no certain state then and must not be stored. */
enum fault patch_apply(struct call *call, const struct model_kind *kind, struct json *tree);

/* What the row says, as for a row without a hook. */
enum fault patch_change(struct patch *p);

/* What the path has at {name}. */
struct span patch_variable(const struct patch *p, const char *name);

/* In the list `list` (made when it is not there; removed when it gets empty): drops the texts that
 * equal `drops` (at NULL: none) and appends `adds` (at NULL: nothing) unless it is there. */
void patch_list(struct patch *p, struct json *holder, const char *list, struct span drops,
                struct span adds);

#endif
