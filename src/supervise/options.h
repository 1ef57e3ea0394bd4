/* What `portico serve` can be told, by flag, environment or file; one table (options.c) is read by
 * the parser, by the help text and by the environment's names.  flag > environment > file >
 * default. */
#ifndef SUPERVISE_OPTIONS_H
#define SUPERVISE_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/fault.h"

#define OPTION_TEXT_MAX 1024
#define OPTION_FROM_MAX 300
#define WORKERS_MAX 64

enum option_id {
    OPTION_LISTEN,
    OPTION_CONTROL,
    OPTION_DATA,
    OPTION_WORKERS,
    OPTION_AUTH,
    OPTION_ACCOUNT,
    OPTION_REGION,
    OPTION_ALLOW_REMOTE,
    OPTION_SANDBOX,
    OPTION_RUNTIMES,
    OPTION_LIMITS,
    OPTION_CA_FILE,
    OPTION_ACCESS_LOG,
    OPTION_CONFIG,
    OPTION_COUNT
};

struct option_value {
    char text[OPTION_TEXT_MAX]; /* "" when it was never given and has no default */
    char from[OPTION_FROM_MAX]; /* "--data", "PORTICO_DATA", "FILE:3"; "" for a default */
};

struct options {
    struct option_value values[OPTION_COUNT];
    unsigned workers;
    bool allow_remote;
};

/* Reads all sources and checks each value on its own.  `argv` are the words behind the
 * subcommand.  FAULT_SYNTAX, FAULT_RANGE, FAULT_UNSUPPORTED with words for the user. */
enum fault options_read(struct options *options, int argc, char **argv, struct problem *why);

/* The value's text. */
const char *option_text(const struct options *options, enum option_id id);

/* Where it came from, for messages: "--listen" also when it is a default. */
const char *option_from(const struct options *options, enum option_id id);

/* The lines of a help text. */
void options_print(FILE *out);

#endif
