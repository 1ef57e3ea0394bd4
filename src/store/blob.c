/* Blobs: immutable files named by their content, so writing one twice is harmless. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "crypto/digest.h"
#include "store/session.h"

_Static_assert(BLOB_NAME_LEN == SHA256_HEX_LEN, "a blob is named by its SHA-256");

#define PART_PREFIX ".part-" /* what is being written */

/* Removes what a crash left half written. */
static void remove_parts(int folder)
{
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;

    if (!list) {
        if (copy >= 0)
            close(copy);
        return;
    }
    while ((entry = readdir(list)) != NULL)
        if (strncmp(entry->d_name, PART_PREFIX, strlen(PART_PREFIX)) == 0)
            unlinkat(folder, entry->d_name, 0);
    closedir(list);
}

enum fault blobs_open(const char *folder, int *out, struct problem *why)
{
    int above = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;

    if (above >= 0 && (mkdirat(above, "blobs", 0700) == 0 || errno == EEXIST))
        fd = openat(above, "blobs", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        problem_set(why, FAULT_IO, "cannot open '%s/blobs': %s", folder, strerror(errno));
    if (above >= 0)
        close(above);
    if (fd < 0)
        return FAULT_IO;
    remove_parts(fd);
    *out = fd;
    return OK;
}

static bool write_all(int fd, struct span content)
{
    while (content.len > 0) {
        ssize_t n = write(fd, content.at, content.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        content = span_skip(content, (size_t)n);
    }
    return true;
}

enum fault store_blob_put(struct store *store, struct span content,
                          char name[static BLOB_NAME_LEN + 1], struct problem *why)
{
    char part[sizeof PART_PREFIX + BLOB_NAME_LEN + 32];
    bool is_done;
    int fd;

    digest_sha256_hex(content, name);
    if (!blob_hold(store, name))
        return problem_set(why, FAULT_IO, "too many blobs are being written");
    if (faccessat(store->blobs, name, F_OK, 0) == 0)
        return OK;
    snprintf(part, sizeof part, PART_PREFIX "%s-%lx", name, (unsigned long)pthread_self());
    fd = openat(store->blobs, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        problem_set(why, FAULT_IO, "cannot write a blob: %s", strerror(errno));
        store_blob_release(store, span_of(name));
        return FAULT_IO;
    }
    is_done = write_all(fd, content) && fsync(fd) == 0;
    close(fd);
    if (!is_done || renameat(store->blobs, part, store->blobs, name) != 0 ||
        fsync(store->blobs) != 0) {
        problem_set(why, FAULT_IO, "cannot write a blob: %s", strerror(errno));
        unlinkat(store->blobs, part, 0);
        store_blob_release(store, span_of(name));
        return FAULT_IO;
    }
    return OK;
}

/* A name is 64 hexadecimal digits and nothing else, so it cannot lead out of the folder. */
static bool is_name(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!strchr("0123456789abcdef", name.at[i]) || name.at[i] == '\0')
            return false;
    return name.len == BLOB_NAME_LEN;
}

enum fault store_blob_open(struct store *store, struct span name, int *out, struct problem *why)
{
    char text[BLOB_NAME_LEN + 1];
    int fd;

    if (!is_name(name))
        return problem_set(why, FAULT_NOT_FOUND, "no blob has such a name");
    memcpy(text, name.at, BLOB_NAME_LEN);
    text[BLOB_NAME_LEN] = '\0';
    fd = openat(store->blobs, text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return problem_set(why, errno == ENOENT ? FAULT_NOT_FOUND : FAULT_IO,
                           "cannot open blob %s: %s", text, strerror(errno));
    *out = fd;
    return OK;
}
