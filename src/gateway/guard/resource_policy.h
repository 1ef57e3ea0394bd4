/* The resource policy of an API (spec/auth.md, section 4.3). */
#ifndef GATEWAY_GUARD_RESOURCE_POLICY_H
#define GATEWAY_GUARD_RESOURCE_POLICY_H

#include "gateway/exchange.h"

/* A step: callers of methods without authorization are anonymous, and a policy that is there must
 * permit them: 403 where it is silent or denies, 414 where the method's ARN is too long for it. */
enum verdict resource_policy_guard(struct exchange *x);

#endif
