/* The control process's HTTP side: one loop for connections, threads for the calls. */
#ifndef CONTROL_SERVE_H
#define CONTROL_SERVE_H

#include "control/call.h"
#include "http/server.h"

#define SERVE_THREADS 8

struct control_server;

/* Serves calls on `listener` (a listening unix socket, which stays the caller's) until
 * control_server_stop.  Only Portico's own user may connect.  NULL, and `why`, on failure. */
struct control_server *control_server_new(struct control *control, int listener,
                                          struct problem *why);

/* Runs the loop on the calling thread. */
void control_server_run(struct control_server *server);

/* From any thread: finishes what there is; control_server_run returns then. */
void control_server_stop(struct control_server *server);

#endif
