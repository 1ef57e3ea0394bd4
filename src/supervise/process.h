/* One child process of the supervisor: how it is started, and when it is started again. */
#ifndef SUPERVISE_PROCESS_H
#define SUPERVISE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define ARGUMENTS_MAX 64
#define ARGUMENT_MAX 4200 /* a path and a name */
#define DESCRIPTORS_MAX 40

/* The argument vector of a child, and the descriptors it inherits. */
struct arguments {
    char *all[ARGUMENTS_MAX + 1]; /* NULL at the end */
    unsigned count;
    int descriptors[DESCRIPTORS_MAX];
    unsigned descriptor_count;
};

void arguments_add(struct arguments *arguments, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds "NAME=descriptor", which the child inherits. */
void arguments_add_descriptor(struct arguments *arguments, const char *name, int descriptor);

void arguments_release(struct arguments *arguments);

struct process {
    const char *name;             /* "gateway": the executable is portico-NAME */
    struct arguments arguments;   /* without lifeline */
    pid_t pid;                    /* 0: not running */
    int lifeline;                 /* -1: none */
    bool is_ready;                /* said so since it was started */
    bool was_ready;               /* ever */
    unsigned failures;            /* in a row */
    int64_t started_at, start_at; /* start_at: when it is due, while it does not run */
};

/* How long to wait before the start after that many failures in a row, in microseconds:
 * 0, 0.2, 1, 5 s. */
int64_t process_backoff(unsigned failures);

/* Starts it from the executable at `path`.  False when the system has no room, or when the
 * executable cannot be run, with errno. */
bool process_start(struct process *process, const char *path, int64_t now);

/* Notes that it has ended at `now`, and when it is due again.  One that served for ten seconds
 * begins its count of failures anew. */
void process_ended(struct process *process, int64_t now);

/* Closes the lifeline: the child goes at once. */
void process_cut(struct process *process);

#endif
