/* Zip archives for tests, byte by byte, so that each field can lie. */
#ifndef TESTS_ZIP_H
#define TESTS_ZIP_H

#include <stdint.h>

#include "base/buf.h"

/* When all entries were made: 2020-01-02 03:04:06, local time, as MS-DOS packed it. */
#define ZIP_TIME ((uint32_t)(40 << 9 | 1 << 5 | 2) << 16 | 3 << 11 | 4 << 5 | 6 / 2)

struct zip_entry {
    struct span name;
    const char *content; /* NULL: none */
    uint32_t mode;       /* 0: a file of mode 0644; else with its S_IF bits */
    uint16_t flags;      /* 1: encrypted, 0x800: the name is UTF-8 */
    uint16_t method;     /* 0: stored, 8: deflated (in one stored block) */
    uint64_t claims;     /* size that is claimed instead of the true one; 0: the true one */
    bool is_zip64;       /* sizes stand in the zip64 field */
    bool is_corrupt;     /* the checksum is wrong */
};

/* Adds a whole archive. */
void zip_write(struct buf *out, const struct zip_entry *entries, size_t count);

#endif
