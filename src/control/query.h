/* The query protocol: a form comes in (Action=...&Version=...&Tags.member.1.Key=a), XML goes out.
 * (spec/iam-sts.md, section 1.1) */
#ifndef CONTROL_QUERY_H
#define CONTROL_QUERY_H

#include "control/encode.h"
#include "control/model.h"
#include "control/route.h"

#define QUERY_PARAMETERS_MAX 5000

/* Finds the operation that `form` names by Action and Version among the query services that sign
 * with `service` (all, when empty or unknown).  FAULT_NOT_FOUND: no such action; `action` and
 * `version` are what was asked for, decoded, for the words of the answer.  FAULT_NO_MEMORY. */
enum fault query_route(struct arena *arena, const struct model_service *const *services,
                       size_t count, struct span service, struct span form,
                       struct control_match *out, struct span *action, struct span *version);

/* The form as a tree, as decode_rest_json.  FAULT_TYPE: *refused is filled. */
enum fault query_decode(struct arena *arena, const struct control_match *match, struct span form,
                        struct json **input, struct model_answer *refused);

/* <OpResponse xmlns="..."><OpResult>members</OpResult><ResponseMetadata>... */
bool query_encode(const struct model_service *service, const struct model_operation *operation,
                  const struct json *tree, struct span request_id, struct buf *body,
                  struct encoded *out);
bool query_encode_error(const struct model_service *service, const struct model_answer *answer,
                        struct span request_id, struct buf *body, struct encoded *out);

#endif
