/* The supervisor: `portico serve`.  Owns the listeners, the data directory's lock and the children;
 * parses nothing that comes from outside. */
#ifndef SUPERVISE_SUPERVISOR_H
#define SUPERVISE_SUPERVISOR_H

#include <limits.h>
#include <stdbool.h>

#include "supervise/options.h"

/* Runs until a signal ends it.  Answers the exit code: 0 after a drain, 1 when it could not start
 * (words are on stderr), 2 when an option was wrong. */
int supervisor_run(const struct options *options);

/* The path of portico-NAME: beside our own executable, or in ../libexec/portico from there.
 * False when there is none; `out` then holds the place it was looked for first. */
bool supervisor_find(const char *name, char out[static PATH_MAX]);

#endif
