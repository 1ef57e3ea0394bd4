/* SAM to CloudFormation: AWS::Serverless resources become what AWS makes of them. */
#ifndef CONTROL_CLOUDFORMATION_TRANSFORM_H
#define CONTROL_CLOUDFORMATION_TRANSFORM_H

#include "control/cloudformation/template.h"

/* Replaces template->resources by resources of CloudFormation alone: functions with their roles
 * and permissions; APIs with resources, methods, a deployment (named after what it holds, so that
 * a change makes a new one) and a stage.  `parameters` are the values of the template's
 * parameters, which a deployment's name depends on.  A template without SAM's transform is left
 * as it is.
 *
 * Code of a function that is a local folder or file stays a text under "Code". */
enum fault transform_serverless(struct template *template, const struct json *parameters,
                                struct problem *why);

#endif
