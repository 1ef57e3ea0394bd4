/* Runtimes: which program serves a runtime's name (`python3.12`, `nodejs20.x`, `provided.al2023`)
 * on this machine. */
#ifndef HOST_RUNTIME_H
#define HOST_RUNTIME_H

#include <limits.h>
#include <stdbool.h>

#include "base/fault.h"
#include "base/span.h"

enum runtime_kind { RUNTIME_PYTHON, RUNTIME_NODE, RUNTIME_PROVIDED };

struct runtime {
    enum runtime_kind kind;
    char interpreter[PATH_MAX]; /* absolute, links resolved; "" for RUNTIME_PROVIDED */
    unsigned major, minor;      /* of the interpreter */
};

/* The wanted version in a runtime's name; minor is 0 for Node.js.  False for names that are not
 * ours to serve. */
bool runtime_parse(struct span name, enum runtime_kind *kind, unsigned *major, unsigned *minor);

/* Looks in `folders` (separated by ':', the first wins) for the interpreter of a runtime: the one
 * of the wanted version, else the first that may stand in for it.  Scripts are passed over: what
 * version managers put into PATH would choose by the folder it is run in.
 *
 * Python: any 3.8 or newer stands in.  Node.js: any of 18 or newer, or of the wanted version.
 * FAULT_UNSUPPORTED for a name that is not served, FAULT_NOT_FOUND when nothing suitable is
 * installed; the words say what to install. */
enum fault runtime_find(struct span name, const char *folders, struct runtime *out,
                        struct problem *why);

#define RUNTIMES_MAX 32
#define RUNTIME_NAME_MAX 24

/* What was found before; zero-initialised it knows nothing. */
struct runtimes {
    struct {
        char name[RUNTIME_NAME_MAX];
        struct runtime runtime;
    } known[RUNTIMES_MAX];
    unsigned count;
};

/* As runtime_find, but asks once a name, and logs which program serves it. */
enum fault runtimes_get(struct runtimes *runtimes, struct span name, const char *folders,
                        struct runtime *out, struct problem *why);

#endif
