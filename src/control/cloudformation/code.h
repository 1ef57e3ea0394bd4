/* The code of a function as a package: a folder, a zip file, or text in the template. */
#ifndef CONTROL_CLOUDFORMATION_CODE_H
#define CONTROL_CLOUDFORMATION_CODE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"

#define CODE_MAX 52428800 /* of a package: what CreateFunction takes */
#define CODE_INLINE_MAX (4 * 1024 * 1024)
#define CODE_DEPTH_MAX 32

/* What is worth telling about a package. */
struct code_notes {
    unsigned files;
    const char *missing; /* a command that would install what the code needs, or NULL */
};

/* Packs `uri`, a folder or a zip file beneath the open folder of the template.  Links are followed
 * as long as they stay in there; .git, .aws-sam and __pycache__ are left out.  FAULT_DENIED for a
 * path that leaves the folder, FAULT_NOT_FOUND, FAULT_TYPE, FAULT_TOO_LARGE, FAULT_IO. */
enum fault code_pack_path(int folder, struct span uri, struct buf *zip, struct code_notes *notes,
                          struct problem *why);

/* Packs text as index.py or index.js, as the runtime wants it.  FAULT_UNSUPPORTED for others. */
enum fault code_pack_text(struct span text, struct span runtime, struct buf *zip,
                          struct problem *why);

#endif
