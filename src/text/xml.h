/* XML as AWS's query and rest-xml protocols use it: a writer over a buffer, and a bounded reader.
 *
 * The reader makes a tree in an arena.  It knows elements, attributes, texts, CDATA, comments and
 * the five entities; document types are refused, so nothing is ever expanded or fetched. */
#ifndef TEXT_XML_H
#define TEXT_XML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"

/* --- writing: names are trusted, texts are escaped; false when the buffer is over --- */

bool xml_open(struct buf *out, struct span name);                            /* <name> */
bool xml_open_in(struct buf *out, struct span name, struct span name_space); /* with xmlns */
bool xml_close(struct buf *out, struct span name);                           /* </name> */

/* For content and for attributes in double quotes.  CR becomes a reference, so that it is read
 * back; what XML 1.0 has no place for becomes U+FFFD, as does malformed UTF-8. */
bool xml_write_text(struct buf *out, struct span text);

/* <name>text</name> */
bool xml_element(struct buf *out, struct span name, struct span text);

/* --- reading --- */

#define XML_DEPTH_MAX 128
#define XML_ATTRIBUTES_MAX 64 /* of one element */

struct xml_attribute {
    struct span name, value;
    struct xml_attribute *next;
};

struct xml {
    struct span name;  /* as written */
    struct span local; /* behind the prefix, if it has one */
    struct span text;  /* what stands directly in it, joined */
    size_t text_room;  /* the reader's: how much of the text is its own memory */
    struct xml_attribute *attributes;
    uint32_t count;
    struct xml *parent;
    struct xml *first, *last, *next; /* children, in order; the following sibling */
};

/* Parses one document of UTF-8.  The tree may point into `text`, which must live as long.
 * FAULT_SYNTAX with the place, FAULT_UNSUPPORTED (a document type, another encoding),
 * FAULT_TOO_LARGE (depth, attributes), FAULT_NO_MEMORY. */
enum fault xml_parse(struct arena *arena, struct span text, struct xml **out, struct problem *why);

/* The first child of that local name, or NULL; parent may be NULL. */
const struct xml *xml_child(const struct xml *parent, const char *local);

/* The attribute of that name as written; at is NULL when there is none. */
struct span xml_attribute(const struct xml *element, const char *name);

#endif
