/* The socket of `portico up` in control: one thread, one request after the other. */
#ifndef CONTROL_CLOUDFORMATION_SERVE_H
#define CONTROL_CLOUDFORMATION_SERVE_H

#include "control/call.h"

struct up_server;

/* Serves requests on `listener` (a listening unix socket, which stays the caller's).  NULL when
 * there is no thread to be had. */
struct up_server *up_server_new(struct control *control, int listener);

/* Waits for the request that is being answered, and ends. */
void up_server_free(struct up_server *server);

#endif
