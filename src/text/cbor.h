/* CBOR (RFC 8949) as AWS's rpc-v2-cbor protocol uses it, to and from JSON trees.
 *
 * Reading: a byte string becomes its base64 text and a time (tag 1) its number of seconds, which
 * is what the JSON protocols would have sent.  Other tags are refused. */
#ifndef TEXT_CBOR_H
#define TEXT_CBOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"
#include "text/json.h"

/* Parses exactly one value.  Integers keep all digits; NaN and the infinities become the strings
 * "NaN", "Infinity" and "-Infinity"; undefined becomes null.  Texts without pieces point into
 * `bytes`, which must live as long as the tree.
 *
 * FAULT_SYNTAX with the place (also: malformed UTF-8, a map's name that is no text or is there
 * twice, bytes behind the value), FAULT_UNSUPPORTED (a tag or a simple value), FAULT_TOO_LARGE
 * (nested deeper than JSON_DEPTH_MAX), FAULT_NO_MEMORY. */
enum fault cbor_parse(struct arena *arena, struct span bytes, struct json **out,
                      struct problem *why);

/* --- writing: definite lengths, shortest heads; false when the buffer is over --- */

bool cbor_write_map(struct buf *out, uint64_t members); /* then name, value for each */
bool cbor_write_array(struct buf *out, uint64_t elements);
bool cbor_write_text(struct buf *out, struct span text); /* must be UTF-8 */
bool cbor_write_bytes(struct buf *out, struct span bytes);
bool cbor_write_int(struct buf *out, int64_t number);
bool cbor_write_double(struct buf *out, double number); /* always eight bytes */
bool cbor_write_bool(struct buf *out, bool value);
bool cbor_write_null(struct buf *out);

/* Tag 1 with the text of a JSON number: seconds since 1970, whole or not. */
bool cbor_write_time(struct buf *out, struct span seconds);

/* A number by its text: an integer where it is whole and fits, else a double. */
bool cbor_write_number(struct buf *out, struct span text);

/* A whole tree; of duplicate names all are written.  NULL is null.  False as well when it is
 * nested deeper than JSON_TREE_DEPTH_MAX (the buffer is marked then, too). */
bool cbor_write(struct buf *out, const struct json *value);

#endif
