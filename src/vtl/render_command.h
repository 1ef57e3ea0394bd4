/* `portico vtl render`: templates on the command line, by the engine that serves. */
#ifndef VTL_RENDER_COMMAND_H
#define VTL_RENDER_COMMAND_H

/* Runs `render TEMPLATE [--body FILE] [--event FILE] [--trace]`, the words after `portico vtl`, and
 * returns the exit status: 0, 1 when the template fails, 2 when the words make no sense.  Prints
 * what the template writes to stdout; failures and the trace go to stderr. */
int vtl_command(int argc, char **argv);

#endif
