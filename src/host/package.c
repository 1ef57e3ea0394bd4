/* libarchive reads the archive; this file decides what of it becomes a file.  It does not let
 * libarchive write: each name is checked as a whole and then walked component by component,
 * beneath the folder's descriptor and never through a link, so that even a name that passed the
 * check by our mistake stays inside.
 *
 * What AWS's own unpacker would repair or overwrite is refused: two entries of one name, names that
 * are not UTF-8, links that leave the package.  Whoever made such an archive did not mean it, or
 * meant no good. */
#include "host/package.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"

#define READ_SIZE (64 * 1024)
#define COMPONENT_MAX 255

void package_version(char out[static ARCHIVE_VERSION_MAX])
{
    snprintf(out, ARCHIVE_VERSION_MAX, "%s", archive_version_string());
}

/* Names are bytes of UTF-8 to libarchive only where the locale says so. */
static locale_t names;

bool package_prepare(void)
{
    tzset(); /* times in a zip are local ones */
    if (!names)
        names = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return names != (locale_t)0;
}

void package_release(void)
{
    if (names)
        freelocale(names);
    names = (locale_t)0;
}

/* ---- names --------------------------------------------------------------------------------- */

/* "", "." and a slash at the end say nothing. */
static bool is_idle(struct span component)
{
    return component.len == 0 || span_is(component, ".");
}

bool package_name_is_safe(struct span name)
{
    struct span rest = name, component;
    unsigned depth = 0;

    if (name.len == 0 || name.len > PACKAGE_NAME_MAX || name.at[0] == '/' || !utf8_is_valid(name) ||
        span_find(name, '\0') < name.len)
        return false;
    while (span_split(&rest, '/', &component)) {
        if (span_is(component, "..") || component.len > COMPONENT_MAX)
            return false;
        if (!is_idle(component))
            depth++;
    }
    return depth <= PACKAGE_DEPTH_MAX;
}

bool package_link_is_safe(struct span name, struct span target)
{
    struct span rest = name, component;
    int depth = -1; /* of the folder that the link is in */

    if (target.len == 0 || target.len > PACKAGE_NAME_MAX || target.at[0] == '/' ||
        !utf8_is_valid(target) || span_find(target, '\0') < target.len)
        return false;
    while (span_split(&rest, '/', &component))
        if (!is_idle(component))
            depth++;
    rest = target;
    while (span_split(&rest, '/', &component)) {
        if (span_is(component, ".."))
            depth--;
        else if (!is_idle(component))
            depth++;
        if (depth < 0)
            return false;
    }
    return true;
}

/* ---- writing ------------------------------------------------------------------------------- */

struct unpack {
    struct archive *in;
    int folder;
    uint64_t size; /* of all files so far */
    unsigned entries, files;
    struct problem *why;
};

static enum fault refuse(struct unpack *u, enum fault code, struct span name, const char *what)
{
    return problem_set(u->why, code, "'%.*s': %s", (int)(name.len < 200 ? name.len : 200), name.at,
                       what);
}

static enum fault disk_failed(struct unpack *u, struct span name)
{
    enum fault code = errno == EEXIST || errno == ENOTDIR || errno == ELOOP || errno == EISDIR
                          ? FAULT_SYNTAX /* a name that is there already, as something else */
                          : FAULT_IO;

    return refuse(u, code, name, strerror(errno));
}

/* Goes into a folder, made when it is not there.  Closes `above` unless it is the package's. */
static int descend(const struct unpack *u, int above, const char *name)
{
    int below = -1, error;

    if (mkdirat(above, name, 0755) == 0 || errno == EEXIST)
        below = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    error = errno;
    if (above != u->folder)
        close(above);
    errno = error;
    return below;
}

/* The folder of an entry, opened, and its last component, terminated; "" when the name is only
 * folders.  -1 with errno. */
static int open_parent(const struct unpack *u, struct span name, bool is_folder,
                       char last[static COMPONENT_MAX + 1])
{
    struct span rest = name, component;
    int at = u->folder;

    last[0] = '\0';
    while (at >= 0 && span_split(&rest, '/', &component)) {
        if (is_idle(component))
            continue;
        if (last[0])
            at = descend(u, at, last);
        memcpy(last, component.at, component.len);
        last[component.len] = '\0';
    }
    if (at >= 0 && is_folder && last[0])
        at = descend(u, at, last);
    return at;
}

static bool write_all(int file, const void *at, size_t len, int64_t offset)
{
    const char *next = at;

    while (len > 0) {
        ssize_t n = pwrite(file, next, len, offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        next += n;
        len -= (size_t)n;
        offset += n;
    }
    return true;
}

static enum fault copy_content(struct unpack *u, struct span name, int file)
{
    const void *block;
    int64_t offset;
    size_t len;
    int rc;

    while ((rc = archive_read_data_block(u->in, &block, &len, &offset)) == ARCHIVE_OK) {
        if (offset < 0 || offset > PACKAGE_SIZE_MAX || len > PACKAGE_SIZE_MAX - u->size)
            return refuse(u, FAULT_TOO_LARGE, name, "all files together are too large");
        u->size += len;
        if (!write_all(file, block, len, offset))
            return disk_failed(u, name);
    }
    if (rc != ARCHIVE_EOF)
        return refuse(u, FAULT_SYNTAX, name, archive_error_string(u->in));
    return OK;
}

/* Python's compiled modules name the time of their source: with another they would be compiled anew
 * at every cold start. */
static void keep_time(struct archive_entry *entry, int file)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = archive_entry_mtime(entry)}};

    if (archive_entry_mtime_is_set(entry) && times[1].tv_sec > 0 && futimens(file, times) != 0)
        errno = 0; /* the file is good all the same */
}

static enum fault make_file(struct unpack *u, struct span name, struct archive_entry *entry, int at,
                            const char *last)
{
    mode_t mode = archive_entry_perm(entry) & 0111 ? 0755 : 0644;
    enum fault rc;
    int file;

    if (archive_entry_size_is_set(entry) &&
        (archive_entry_size(entry) < 0 ||
         (uint64_t)archive_entry_size(entry) > PACKAGE_SIZE_MAX - u->size))
        return refuse(u, FAULT_TOO_LARGE, name, "all files together are too large");
    file = openat(at, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (file < 0)
        return disk_failed(u, name);
    rc = copy_content(u, name, file);
    keep_time(entry, file);
    close(file);
    u->files++;
    return rc;
}

static enum fault make_link(struct unpack *u, struct span name, struct archive_entry *entry, int at,
                            const char *last)
{
    const char *target = archive_entry_symlink(entry);

    if (!target || !package_link_is_safe(name, span_of(target)))
        return refuse(u, FAULT_SYNTAX, name, "a link out of the package");
    return symlinkat(target, at, last) == 0 ? OK : disk_failed(u, name);
}

static enum fault take_entry(struct unpack *u, struct archive_entry *entry)
{
    const char *text = archive_entry_pathname(entry);
    struct span name = span_of(text ? text : "");
    mode_t kind = archive_entry_filetype(entry);
    char last[COMPONENT_MAX + 1];
    enum fault rc = OK;
    int at;

    if (++u->entries > PACKAGE_ENTRIES_MAX)
        return refuse(u, FAULT_TOO_LARGE, name, "too many entries");
    if (!package_name_is_safe(name))
        return refuse(u, FAULT_SYNTAX, name, "a name that is not allowed");
    if (archive_entry_is_encrypted(entry))
        return refuse(u, FAULT_SYNTAX, name, "encrypted");
    if (archive_entry_hardlink(entry) || (kind != AE_IFREG && kind != AE_IFDIR && kind != AE_IFLNK))
        return refuse(u, FAULT_SYNTAX, name, "neither file nor folder nor link");
    at = open_parent(u, name, kind == AE_IFDIR, last);
    if (at < 0)
        return disk_failed(u, name);
    if (kind != AE_IFDIR && !last[0])
        rc = refuse(u, FAULT_SYNTAX, name, "a file without a name");
    else if (kind == AE_IFREG)
        rc = make_file(u, name, entry, at, last);
    else if (kind == AE_IFLNK)
        rc = make_link(u, name, entry, at, last);
    if (at != u->folder)
        close(at);
    return rc;
}

static enum fault take_entries(struct unpack *u)
{
    struct archive_entry *entry;
    enum fault rc = OK;
    int next = ARCHIVE_OK;

    while (rc == OK && (next = archive_read_next_header(u->in, &entry)) == ARCHIVE_OK)
        rc = take_entry(u, entry);
    if (rc != OK)
        return rc;
    if (next != ARCHIVE_EOF)
        return problem_set(u->why, FAULT_SYNTAX, "not a zip: %s", archive_error_string(u->in));
    if (archive_file_count(u->in) == 0 || u->files == 0)
        return problem_set(u->why, FAULT_NOT_FOUND, "no file in it");
    return OK;
}

enum fault package_unpack(int archive, int folder, uint64_t *size, struct problem *why)
{
    struct unpack u = {.in = archive_read_new(), .folder = folder, .why = why};
    locale_t before = uselocale(names);
    enum fault rc;

    assert(names);
    if (!u.in)
        return problem_set(why, FAULT_NO_MEMORY, "no memory for an archive");
    /* The list at the end of a zip is what counts, for AWS too; not what precedes each file. */
    if (archive_read_support_format_zip_seekable(u.in) != ARCHIVE_OK ||
        archive_read_open_fd(u.in, archive, READ_SIZE) != ARCHIVE_OK)
        rc = problem_set(why, FAULT_SYNTAX, "not a zip: %s", archive_error_string(u.in));
    else
        rc = take_entries(&u);
    archive_read_free(u.in);
    uselocale(before);
    if (rc == OK)
        *size = u.size;
    return rc;
}
