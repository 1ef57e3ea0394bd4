/* What the handlers of the Lambda API share: which function a call means, and its record.
 *
 * A record of kind Function holds the members of a FunctionConfiguration and, not shown by any
 * answer that lists them:
 *   package              SHA-256 of the zip, the name of its blob
 *   tags                 {text}
 *   policy               {"Version","Id","Statement":[...]}; absent when there is no statement
 *   policyRevision       the RevisionId that GetPolicy shows
 *   reservedConcurrency  a number; absent when none is reserved */
#ifndef CONTROL_LAMBDA_FUNCTION_H
#define CONTROL_LAMBDA_FUNCTION_H

#include "caller/function_name.h"
#include "control/call.h"

#define FUNCTION_NAME_MAX 64

/* A function of the caller's account and region, whether or not it is there. */
struct function_target {
    struct span name;
    struct span arn;       /* without qualifier */
    struct span qualifier; /* "$LATEST" or what was said; empty when nothing was */
};

/* From the inputs FunctionName (or Resource) and Qualifier.  FAULT_DENIED in AWS's words. */
enum fault function_target(struct call *call, struct function_target *out);

/* The ARN that the target was asked for by: with its qualifier. */
struct span function_target_arn(struct call *call, const struct function_target *target);

/* The record.  FAULT_DENIED "Function not found", also for versions and aliases, of which there
 * are none. */
enum fault function_load(struct call *call, const struct function_target *target,
                         struct json **out);

/* Both at once, for handlers that need nothing else. */
enum fault function_find(struct call *call, struct function_target *target, struct json **out);

/* Writes the record; gateways serve it before the call is answered. */
enum fault function_save(struct call *call, const struct function_target *target,
                         struct json *record, bool is_new);

/* A new RevisionId and LastModified of now. */
void function_touch(struct call *call, struct json *record);

/* A UUID. */
struct json *function_revision(struct call *call);

/* Refuses when the input names a RevisionId that is not `current`; `api` says which call tells
 * the right one. */
enum fault function_check_revision(struct call *call, struct span current, const char *api);

const struct model_kind *function_kind(struct call *call);

#endif
