/* `portico up`, `down` and the stacks of `status`, on control's side: from a request to the lines
 * of its answer. */
#ifndef CONTROL_CLOUDFORMATION_UP_H
#define CONTROL_CLOUDFORMATION_UP_H

#include "control/call.h"

/* What the lines are for. */
enum up_line { UP_LINE_OUT, UP_LINE_ERROR };

struct up_client {
    void (*say)(struct up_client *client, enum up_line line, const char *text);
};

/* Does what was asked (link/up.h), says what it does, and answers the exit code: 0, or 1 when
 * nothing was changed; an error was said then.  Calls come one after the other. */
int up_answer(struct control *control, struct span request, struct up_client *client);

#endif
