/* Writes a zip: entries as they are, not compressed; the same content gives the same bytes. */
#ifndef CONTROL_CLOUDFORMATION_ZIP_H
#define CONTROL_CLOUDFORMATION_ZIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define ZIP_ENTRIES_MAX 20000 /* less than 65535, so that it needs no zip64 */

struct zip {
    struct buf *out; /* borrowed; its ceiling is the largest zip, below 4 GB */
    struct buf directory;
    unsigned count;
};

void zip_begin(struct zip *zip, struct buf *out);

/* Adds a file under a name of '/'-separated parts.  False when there are too many or the buffer is
 * over. */
bool zip_add(struct zip *zip, struct span name, struct span content, bool is_executable);

/* Writes the directory and releases what zip_begin took; false when the buffer is over. */
bool zip_end(struct zip *zip);

#endif
