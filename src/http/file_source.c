/* The next piece is read when the one before was taken, so a slow reader holds one piece. */
#include "http/file_source.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"

static struct span peek(struct source *source)
{
    struct file_source *file = container_of(source, struct file_source, source);
    ssize_t n;

    if (file->at == file->len && file->left > 0 && source->state == OP_PENDING) {
        size_t size = file->left < sizeof file->piece ? (size_t)file->left : sizeof file->piece;

        do
            n = read(file->fd, file->piece, size);
        while (n < 0 && errno == EINTR);
        file->at = 0;
        file->len = n > 0 ? (size_t)n : 0;
        file->left -= file->len;
        if (n <= 0)
            source->state = OP_BROKEN;
    }
    if (file->left == 0 && source->state == OP_PENDING)
        source->state = OP_DONE;
    return span_make(file->piece + file->at, file->len - file->at);
}

static void take(struct source *source, size_t n)
{
    container_of(source, struct file_source, source)->at += n;
}

void file_source_init(struct file_source *file, int fd, uint64_t size)
{
    file->source = (struct source){peek, take, OP_PENDING, NULL};
    file->fd = fd;
    file->left = size;
    file->at = file->len = 0;
}

void file_source_release(struct file_source *file)
{
    close(file->fd);
}
