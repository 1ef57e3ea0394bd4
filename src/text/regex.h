/* Regular expressions of users: PCRE2 with low limits, so that (a+)+$ costs little and is told.
 *
 * A compiled expression is immutable and may be used by many threads at once. */
#ifndef TEXT_REGEX_H
#define TEXT_REGEX_H

#include "base/fault.h"
#include "base/span.h"

#define REGEX_PATTERN_MAX 4096

struct regex;

enum regex_result { REGEX_NO, REGEX_YES, REGEX_TOO_COSTLY };

/* Compiles for matching against a whole text, as Java's matches() does (UTF-8, JIT where there is
 * one).  FAULT_SYNTAX with the place, FAULT_TOO_LARGE.  *out is owned: regex_free. */
enum fault regex_new(struct span pattern, struct regex **out, struct problem *why);

/* The same, with Java's and JavaScript's flags. */
#define REGEX_ANYWHERE 1u  /* a match of any part of the text will do */
#define REGEX_NO_CASE 2u   /* i */
#define REGEX_LINES 4u     /* m: ^ and $ match at line ends */
#define REGEX_DOT_ALL 8u   /* s */
#define REGEX_COMMENTS 16u /* x */
#define REGEX_JAVASCRIPT \
    32u /* ECMAScript: \d, \w ASCII, \uXXXX, [] and [^], $ only at the very end */
enum fault regex_new_with(struct span pattern, unsigned flags, struct regex **out,
                          struct problem *why);
void regex_free(struct regex *regex); /* NULL is fine */

/* The text must be well-formed UTF-8; else it does not match. */
/* The version of PCRE2 that runs, as in "10.42 2022-12-11". */
#define REGEX_VERSION_MAX 64
void regex_version(char out[static REGEX_VERSION_MAX]);

enum regex_result regex_matches(const struct regex *regex, struct span text);

#endif
