/* How calls report that they did not succeed.
 *
 * A fault is the kind; a problem adds words and a place for a person.  Functions return
 * the fault, fill the problem only on failure, and leave their outputs untouched then. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stddef.h>

enum fault {
    OK = 0,
    FAULT_IO,         /* the system refused: errno's words are in the problem */
    FAULT_SYNTAX,     /* text does not follow its grammar */
    FAULT_TYPE,       /* well-formed, but of the wrong kind or shape */
    FAULT_RANGE,      /* a number or index outside its bounds */
    FAULT_TOO_LARGE,  /* over a documented ceiling of size, depth or count */
    FAULT_NO_MEMORY,  /* an allocation, or the budget it draws on, failed */
    FAULT_NOT_FOUND,  /* the named thing does not exist */
    FAULT_EXISTS,     /* the named thing exists already */
    FAULT_CONFLICT,   /* somebody else changed it meanwhile; may be tried again */
    FAULT_DENIED,     /* not allowed */
    FAULT_UNSUPPORTED /* understood, but not offered; the words say why */
};

#define PROBLEM_TEXT_MAX 512

struct problem {
    enum fault code;
    size_t offset;               /* bytes from the start of the input; 0 when there is no place */
    unsigned line, column;       /* from 1; 0 when there is no place */
    char text[PROBLEM_TEXT_MAX]; /* lower case, no full stop; cut when longer */
};

/* Fills `why` (may be NULL) and returns `code`, so that `return problem_set(...)` reads well. */
enum fault problem_set(struct problem *why, enum fault code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with a place: `offset` bytes into `text` of `len` bytes, from which line and column
 * (in bytes) are counted. */
enum fault problem_at(struct problem *why, enum fault code, const char *text, size_t len,
                      size_t offset, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* A short name of the fault, as in "syntax"; for logs. */
const char *fault_name(enum fault code);

#endif
