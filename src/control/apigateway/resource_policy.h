/* The policy of a RestApi as it is saved and shown (spec/control-plane-rest.md, section 5.1). */
#ifndef CONTROL_APIGATEWAY_RESOURCE_POLICY_H
#define CONTROL_APIGATEWAY_RESOURCE_POLICY_H

#include "control/call.h"

/* Refuses what is no resource policy, and writes out resources that were given in the short form
 * "execute-api:/STAGE/METHOD/PATH".  A tree without a policy is fine. */
enum fault resource_policy_check(struct call *call, struct json *tree);

/* AWS shows the text with its quotes escaped once more, and Terraform takes that away again. */
void resource_policy_show(struct call *call, struct json *tree);

#endif
