/* The outer form of a .model file: lines of words.
 *
 * A statement is a line and the lines after it that start with '|'.  A word is what stands
 * between blanks, or a text in double quotes with \" and \\.  A '#' alone starts a comment. */
#ifndef MODELGEN_STATEMENT_H
#define MODELGEN_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/span.h"

#define STATEMENTS_MAX 20000
#define WORDS_MAX 400 /* in one statement */

struct word {
    struct span text;
    bool is_quoted;
    unsigned line, column; /* from 1 */
};

struct statement {
    bool is_indented; /* belongs to the last one that is not */
    struct word *words;
    size_t count; /* at least 1 */
};

struct statements {
    struct statement *list;
    size_t count;
};

/* Everything lives in the arena; words without escapes point into `text`.
 * FAULT_SYNTAX, FAULT_TOO_LARGE, FAULT_NO_MEMORY. */
enum fault statements_read(struct arena *arena, struct span text, struct statements *out,
                           struct problem *why);

#endif
