/* What may be said about a function, beyond what the model's table can say. */
#ifndef CONTROL_LAMBDA_SETTINGS_H
#define CONTROL_LAMBDA_SETTINGS_H

#include "control/call.h"

/* Refuses with 501 what the input asks for and Portico lacks: empty values are fine. */
enum fault settings_check_input(struct call *call);

/* Checks runtime, handler and environment of a record, and completes members that are shown in
 * full although they were sent in part. */
enum fault settings_complete(struct call *call, struct json *record);

#endif
