/* Tags by ARN: what the verbs tag, untag and tags mean for any kind that the models call tagged. */
#ifndef CONTROL_TAGS_H
#define CONTROL_TAGS_H

#include "control/call.h"

#define TAGS_MAX 50 /* AWS: of one resource */

enum fault tags_run(struct call *call);

#endif
