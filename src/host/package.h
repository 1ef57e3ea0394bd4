/* Packages: the zip of a function, unpacked beneath a folder.  Everything in it is a stranger's:
 * names, sizes, kinds and content. */
#ifndef HOST_PACKAGE_H
#define HOST_PACKAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/span.h"

#define PACKAGE_SIZE_MAX 262144000 /* bytes of all files, as on AWS */
#define PACKAGE_ENTRIES_MAX 100000
#define PACKAGE_DEPTH_MAX 64
#define PACKAGE_NAME_MAX 1024

/* AWS's words to whoever uploaded it (spec/lambda.md, section 3). */
#define PACKAGE_WORDS_BAD \
    "Could not unzip uploaded file. Please check your file, then try to upload again."
#define PACKAGE_WORDS_LARGE "Unzipped size must be smaller than 262144000 bytes"
#define PACKAGE_WORDS_EMPTY "Uploaded file must be a non-empty zip"

/* Whether an entry may be called that: relative, UTF-8, no "..", bounded. */
bool package_name_is_safe(struct span name);

/* Whether a link at `name` may point to `target`: relative, and not out of the package. */
bool package_link_is_safe(struct span name, struct span target);

/* Loads what reading needs from the machine's files: called once, before rights are given up and
 * before package_unpack.  False when it is not there. */
bool package_prepare(void);
void package_release(void);

/* Unpacks what the descriptor `archive` holds beneath the open, empty `folder`; both stay the
 * caller's.  Files get mode 0644 or 0755.  On failure the folder holds whatever was made before.
 * FAULT_TOO_LARGE (PACKAGE_SIZE_MAX, PACKAGE_ENTRIES_MAX), FAULT_NOT_FOUND (no file in it),
 * FAULT_SYNTAX (everything else that is wrong with it), FAULT_IO (the disk); the words are for the
 * log. */
enum fault package_unpack(int archive, int folder, uint64_t *size, struct problem *why);

#define ARCHIVE_VERSION_MAX 64

/* The run-time version of libarchive, terminated: "libarchive 3.6.2". */
void package_version(char out[static ARCHIVE_VERSION_MAX]);

#endif
