/* Properties of a resource as the input of an operation. */
#ifndef CONTROL_CLOUDFORMATION_COERCE_H
#define CONTROL_CLOUDFORMATION_COERCE_H

#include "base/fault.h"
#include "control/model.h"
#include "text/json.h"

/* A property whose member has another name than the property's own. */
struct coerce_rename {
    const char *property, *member;
};

/* Makes the members of `shape` out of properties: names as CloudFormation has them (the first
 * letter large), values converted where AWS converts them (texts, numbers and booleans to each
 * other; lists of {Key, Value} to maps; JSON to its text).  `renames` ends with a row of NULL and
 * may be NULL.  FAULT_TYPE: `why` names the property; FAULT_UNSUPPORTED: one that is not known;
 * FAULT_NO_MEMORY. */
enum fault coerce_properties(struct arena *arena, const struct model_shape *shape,
                             const struct json *properties, const struct coerce_rename *renames,
                             struct json **out, struct problem *why);

#endif
