/* JSON trees that keep what the text said: the order of members and the text of numbers.
 *
 * A tree lives in an arena.  Text is UTF-8.  Parsing is strict RFC 8259: duplicate names are kept
 * by the parser and the last wins in look-ups, as in the JSON library that AWS uses; depth is
 * limited.  Mutation (set, remove, append) takes memory from the arena that is passed. */
#ifndef TEXT_JSON_H
#define TEXT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

#define JSON_DEPTH_MAX 128       /* of a text that is parsed */
#define JSON_TREE_DEPTH_MAX 1024 /* of a tree that is written, copied or compared */

struct json {
    enum json_type type;
    uint32_t count;     /* members or elements */
    struct span name;   /* member name (decoded) when the parent is an object */
    struct span text;   /* JSON_STRING: decoded; JSON_NUMBER: as written */
    struct json *first; /* children, in order */
    struct json *last;
    struct json *next; /* the following sibling, or NULL */
};

/* Parses one value with blanks around it.  Numbers and strings without escapes point into `text`,
 * which must live as long as the tree.  On failure *out is untouched, and `why` (may be NULL) says
 * what and where.  FAULT_SYNTAX, FAULT_TOO_LARGE (depth), FAULT_NO_MEMORY (arena).
 *
 * Malformed UTF-8, a byte order mark and raw control characters in strings are refused; an escape
 * that is half of a surrogate pair becomes U+FFFD.  Strings may hold NUL (from \u0000). */
enum fault json_parse(struct arena *arena, struct span text, struct json **out,
                      struct problem *why);

/* Writes compact JSON: no blanks, '/' not escaped, non-ASCII as it is, control characters as
 * \b \f \n \r \t or \u00XX in lower case.  NULL is written as null.  False when the buffer is over
 * or the tree is deeper than JSON_TREE_DEPTH_MAX (the buffer is marked then, too). */
bool json_write(struct buf *out, const struct json *value);

/* The same as AWS prints stored documents: members on lines of their own, `indent` (<= 16) blanks a
 * level, "name" : value, [ 1, 2 ], { }, [ ]. */
bool json_write_pretty(struct buf *out, const struct json *value, unsigned indent);

/* Adds the quoted and escaped form of a text.  Malformed UTF-8 becomes U+FFFD. */
bool json_write_text(struct buf *out, struct span text);

/* --- reading: all accept NULL and answer NULL or the fallback --- */

/* The member of an object by name; the last one when it is there twice. */
struct json *json_member(const struct json *object, const char *name);
struct json *json_member_span(const struct json *object, struct span name);

/* The i-th element or member. */
struct json *json_at(const struct json *parent, size_t i);

/* The text of a string member; fallback when absent or not a string. */
struct span json_member_text(const struct json *object, const char *name, struct span fallback);

/* A string's text, a number as it is written, "true" or "false".  False for all others. */
bool json_scalar_text(const struct json *value, struct span *out);

bool json_member_bool(const struct json *object, const char *name, bool fallback);
int64_t json_member_int(const struct json *object, const char *name, int64_t fallback);

bool json_is(const struct json *value, enum json_type type);
bool json_is_true(const struct json *value);

/* The value of a JSON_NUMBER.  json_int is false for fractions and what does not fit
 * ("1.0" and "1e2" are whole numbers). */
bool json_int(const struct json *value, int64_t *out);
bool json_double(const struct json *value, double *out);

/* Deep equality: member order does not matter, numbers compare by value, of duplicate names the
 * last counts.  Linear but for the hashing of large objects.  False for NULL and past
 * JSON_TREE_DEPTH_MAX. */
bool json_equal(const struct json *a, const struct json *b);

/* Equal values have equal hashes; keyed, so that nobody outside can choose collisions. */
uint64_t json_hash(const struct json *value);

/* Whether two elements of the array are equal; linear.  FAULT_NO_MEMORY (of the scratch arena). */
enum fault json_has_equals(struct arena *scratch, const struct json *array, bool *out);

/* The texts of two JSON numbers by value, exactly: less than 0, 0, more than 0. */
int json_number_compare(struct span a, struct span b);
uint64_t json_number_hash(struct span text);
bool json_number_int(struct span text, int64_t *out);
bool json_number_is_whole(struct span text); /* 1.0 and 1e2 are */

/* Whether `text` is a whole multiple of `of`, exactly.  `of` must not be 0 and must have at most
 * JSON_DIVISOR_DIGITS significant digits (json_number_digits). */
#define JSON_DIVISOR_DIGITS 18
bool json_number_is_multiple(struct span text, struct span of);
size_t json_number_digits(struct span text); /* 0 for zero; 1 for 100 */

/* --- building: NULL when the arena is over; texts are borrowed, not copied --- */
struct json *json_new(struct arena *arena, enum json_type type);
struct json *json_text(struct arena *arena, struct span text);
struct json *json_number(struct arena *arena, int64_t n);
struct json *json_real(struct arena *arena, double n); /* shortest text that reads back; "1.0"; null
                                                          when it is not finite */
struct json *json_bool(struct arena *arena, bool b);

/* Deep copy, names and texts included; NULL past JSON_TREE_DEPTH_MAX as well. */
struct json *json_copy(struct arena *arena, const struct json *value);

/* Adds or replaces (in place, order kept) a member; the name is borrowed.  Accepts a NULL value
 * and returns it, so that builders chain and one check of arena.is_over at the end suffices.
 * The value becomes part of the object: it must not be in a tree already (json_copy it).
 * Of duplicate names the last is replaced. */
struct json *json_set(struct json *object, const char *name, struct json *value);
struct json *json_set_span(struct json *object, struct span name, struct json *value);
struct json *json_append(struct json *array, struct json *value);

/* As json_set_span, but does not look whether the name is there: for many new members. */
struct json *json_add(struct json *object, struct span name, struct json *value);

/* Removes all members of that name; false when there was none. */
bool json_remove(struct json *object, struct span name);

#endif
