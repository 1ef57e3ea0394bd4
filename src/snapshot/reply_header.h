/* The header lines that integration responses set (spec/data-plane-rest.md, section 7.5). */
#ifndef SNAPSHOT_REPLY_HEADER_H
#define SNAPSHOT_REPLY_HEADER_H

#include <stdbool.h>

#include "base/buf.h"

/* Adds the line: as it is, renamed to x-amzn-Remapped-NAME, or not at all, as AWS does for its
 * name. False, and nothing added, when name or value could not stand in a header line.  *has_type
 * becomes true for Content-Type. */
bool reply_header_add(struct buf *lines, struct span name, struct span value, bool *has_type);

#endif
