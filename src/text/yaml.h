/* YAML templates as JSON trees that know their lines.  docs/internals/cloudformation.md
 *
 * What CloudFormation reads is read: YAML 1.1 scalars (yes is true, 017 is 15; no timestamps, no
 * base 60), short tags (!Ref x is {"Ref":"x"}, !Sub x is {"Fn::Sub":"x"}), aliases.  Refused, with
 * line and column: a key that is there twice, '<<', unknown tags, several documents, UTF-16, keys
 * that are no texts, an alias inside its own anchor, and whatever grows past the limits below.
 * JSON is read through the same door. */
#ifndef TEXT_YAML_H
#define TEXT_YAML_H

#include "base/arena.h"
#include "base/fault.h"
#include "base/span.h"
#include "text/json.h"

#define YAML_TEXT_MAX (1024 * 1024)
#define YAML_NODES_MAX 200000 /* with all aliases written out */
#define YAML_DEPTH_MAX 60     /* levels of the text; a tag adds one, so trees have twice that */

struct yaml_slab;

/* A document: the tree, and where its nodes stood.  Lives in the arena. */
struct yaml {
    struct arena *arena;
    struct json *root;
    struct yaml_slab *slabs; /* the nodes, newest first */
    size_t count;
};

/* Parses one document; a UTF-8 byte order mark at its beginning and CRLF are fine.  On failure
 * *out is not to be used, and `why` has the place.  FAULT_SYNTAX, FAULT_TYPE, FAULT_EXISTS (a key
 * twice), FAULT_UNSUPPORTED (tags, '<<'), FAULT_TOO_LARGE, FAULT_NO_MEMORY. */
enum fault yaml_parse(struct arena *arena, struct span text, struct yaml *out, struct problem *why);

/* The line of a node, from 1: that of its key where it has one.  0 for a node that is not of this
 * document. */
unsigned yaml_line(const struct yaml *yaml, const struct json *node);

/* A node that is said to stand on that line, for what is made out of a document.  NULL when the
 * document or the arena is full. */
struct json *yaml_new(struct yaml *yaml, enum json_type type, unsigned line);

/* A copy that stands on the same lines; its texts are borrowed.  NULL as yaml_new. */
struct json *yaml_copy(struct yaml *yaml, const struct json *node);

#endif
