/* A span: bytes somewhere else, borrowed, not terminated.  All text that comes from outside is
 * looked at through spans, so nothing is copied before it must be. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
    const char *at; /* may be NULL when len is 0 */
    size_t len;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The span of a string literal (its NUL left out), usable in static tables. */
#define SPAN(literal) ((struct span){"" literal, sizeof(literal) - 1})
#define SPAN_INIT(literal)              \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }

/* For printf: "%.*s" with SPAN_ARG(s). */
#define SPAN_ARG(s) (int)(s).len, (s).len ? (s).at : ""

static inline struct span span_of(const char *text)
{
    return (struct span){text, text ? strlen(text) : 0};
}

static inline struct span span_make(const void *at, size_t len)
{
    return (struct span){(const char *)at, len};
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool span_is(struct span a, const char *text)
{
    return span_equal(a, span_of(text));
}

/* Drops the first n bytes; n must not exceed the length. */
static inline struct span span_skip(struct span s, size_t n)
{
    return (struct span){n ? s.at + n : s.at, s.len - n}; /* NULL + 0 is undefined in C */
}

/* The first n bytes; n must not exceed the length. */
static inline struct span span_first(struct span s, size_t n)
{
    return (struct span){s.at, n};
}

/* ASCII letters compare without case; other bytes as they are. */
bool span_equal_nocase(struct span a, struct span b);

/* Less than 0, 0, more than 0, bytewise; a prefix sorts before what it begins. */
int span_compare(struct span a, struct span b);

bool span_starts(struct span s, struct span prefix);
bool span_ends(struct span s, struct span suffix);

/* Index of the first `c`, or s.len when there is none. */
size_t span_find(struct span s, char c);

/* Index of the last `c`, or s.len when there is none. */
size_t span_find_last(struct span s, char c);

/* Index of the first occurrence of `needle`, or s.len; an empty needle is found at 0. */
size_t span_search(struct span s, struct span needle);

/* Without blanks (space, tab, CR, LF) at both ends. */
struct span span_trim(struct span s);

/* Takes the piece up to `separator` off the front of *rest and drops the separator.  Answers
 * false when all pieces were taken (rest->at is NULL then).
 * "a,,b" gives "a", "", "b"; "a," gives "a", ""; "" gives one empty piece. */
bool span_split(struct span *rest, char separator, struct span *piece);

#endif
