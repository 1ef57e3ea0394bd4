/* `portico up`, `down`, and the stacks of `status`: they ask the Portico that runs. */
#ifndef SUPERVISE_UP_H
#define SUPERVISE_UP_H

#include <stdbool.h>

/* The commands; `argv` are the words behind the subcommand.  Answer the exit code: 0, 1 when it
 * could not be done (words are on stderr), 2 for wrong words. */
int up_command(int argc, char **argv);
int down_command(int argc, char **argv);

/* Prints the stacks of the Portico on that data directory; says nothing when it cannot. */
void up_print_stacks(const char *data);

#endif
