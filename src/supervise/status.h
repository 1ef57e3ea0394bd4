/* `portico status`: what runs on a data directory. */
#ifndef SUPERVISE_STATUS_H
#define SUPERVISE_STATUS_H

#include "supervise/options.h"

/* Prints where Portico listens, its data directory and processes.  Answers the exit code: 0 when
 * it runs, 1 when it does not. */
int status_print(const struct options *options);

#endif
