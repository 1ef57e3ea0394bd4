/* A source of a file's bytes, piece by piece.  Reads block, so it is for local files. */
#ifndef HTTP_FILE_SOURCE_H
#define HTTP_FILE_SOURCE_H

#include <stdint.h>

#include "http/source.h"

#define FILE_SOURCE_PIECE (64 * 1024)

struct file_source {
    struct source source;
    int fd;        /* owned */
    uint64_t left; /* bytes of the file that were not read yet */
    size_t at, len;
    char piece[FILE_SOURCE_PIECE];
};

/* `size` bytes from where the descriptor stands.  A file that ends before breaks the source. */
void file_source_init(struct file_source *file, int fd, uint64_t size);
void file_source_release(struct file_source *file);

#endif
