/* Files are opened beneath the template's folder by the kernel (openat2), so neither '..' nor a
 * link can lead out of it, whatever is changed meanwhile.  Entries are sorted: the same files make
 * the same package, and an unchanged one is seen to be so. */
#include "control/cloudformation/code.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "control/cloudformation/zip.h"
#include "text/json.h"

#define PIECE (64UL * 1024)
#define FOLDER_ENTRIES_MAX ZIP_ENTRIES_MAX

/* One packing: names of entries are paths without the first `skip` bytes. */
struct packing {
    int folder;
    size_t skip;
    struct zip zip;
    struct code_notes *notes;
    struct problem *why;
};

static int open_beneath(int folder, const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned)(flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};

    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

static enum fault fail_open(const char *path, struct problem *why)
{
    if (errno == EXDEV)
        return problem_set(why, FAULT_DENIED, "'%s' leaves the folder of the template", path);
    if (errno == ENOENT || errno == ENOTDIR)
        return problem_set(why, FAULT_NOT_FOUND, "there is no '%s' in the folder of the template",
                           path);
    return problem_set(why, FAULT_IO, "cannot read '%s': %s", path, strerror(errno));
}

/* ---- files --------------------------------------------------------------------------------- */

/* Adds what can be read to the buffer; false, with is_over, when it is more than fits. */
static bool read_file(int file, struct buf *out)
{
    for (;;) {
        size_t left = out->ceiling - out->len, piece = left < PIECE ? left : PIECE;
        char last, *room = piece > 0 ? buf_room(out, piece) : &last;
        ssize_t n = room ? read(file, room, piece > 0 ? piece : 1) : -1;

        if (n <= 0)
            return n == 0;
        if (piece == 0) {
            out->is_over = true;
            return false;
        }
        out->len += (size_t)n;
    }
}

static enum fault fail_large(struct problem *why)
{
    return problem_set(why, FAULT_TOO_LARGE,
                       "the package is over %d MB or %d files (it is not compressed here); make a "
                       "zip file of it and name that",
                       CODE_MAX / 1024 / 1024, ZIP_ENTRIES_MAX);
}

static enum fault add_file(struct packing *p, const char *path, int file, const struct stat *about)
{
    struct buf content;
    enum fault rc = OK;

    buf_init(&content, CODE_MAX);
    if (!read_file(file, &content))
        rc = content.is_over
                 ? fail_large(p->why)
                 : problem_set(p->why, FAULT_IO, "cannot read '%s': %s", path, strerror(errno));
    else if (!zip_add(&p->zip, span_of(path + p->skip), buf_span(&content),
                      (about->st_mode & 0100) != 0))
        rc = fail_large(p->why);
    buf_release(&content);
    p->notes->files++;
    return rc;
}

/* ---- folders ------------------------------------------------------------------------------- */

static bool is_left_out(const char *name)
{
    static const char *const NAMES[] = {".", "..", ".git", ".aws-sam", "__pycache__"};

    for (size_t i = 0; i < COUNT(NAMES); i++)
        if (strcmp(name, NAMES[i]) == 0)
            return true;
    return false;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The entries of an open folder (which is closed), sorted; owned by the caller. */
static bool list_folder(int folder, char ***names, size_t *count)
{
    DIR *entries = fdopendir(folder);
    struct dirent *entry;
    size_t room = 0;

    *names = NULL;
    *count = 0;
    if (!entries) {
        close(folder);
        return false;
    }
    while ((entry = readdir(entries)) != NULL && *count < FOLDER_ENTRIES_MAX) {
        if (is_left_out(entry->d_name))
            continue;
        if (*count == room)
            *names = mem_resize(*names, (room = room * 2 + 16) * sizeof **names);
        (*names)[(*count)++] = mem_text(entry->d_name, strlen(entry->d_name));
    }
    closedir(entries);
    if (*count > 0)
        qsort(*names, *count, sizeof **names, compare_names);
    return true;
}

static enum fault add_path(struct packing *p, const char *path, unsigned depth);

static enum fault add_folder(struct packing *p, const char *path, int folder, unsigned depth)
{
    char inner[PATH_MAX], **names;
    size_t count;
    enum fault rc = OK;

    if (depth > CODE_DEPTH_MAX) {
        close(folder);
        return problem_set(p->why, FAULT_TOO_LARGE, "'%s' is over %d folders deep", path,
                           CODE_DEPTH_MAX);
    }
    if (!list_folder(folder, &names, &count))
        return problem_set(p->why, FAULT_IO, "cannot read '%s': %s", path, strerror(errno));
    for (size_t i = 0; i < count; i++) {
        if (!rc && snprintf(inner, sizeof inner, "%s/%s", path, names[i]) >= PATH_MAX)
            rc = problem_set(p->why, FAULT_TOO_LARGE, "the path of '%s' is too long", names[i]);
        if (!rc)
            rc = add_path(p, inner, depth);
        mem_free(names[i]);
    }
    mem_free(names);
    return rc;
}

/* A file or a folder; sockets, pipes and devices are passed over. */
static enum fault add_path(struct packing *p, const char *path, unsigned depth)
{
    int file = open_beneath(p->folder, path, 0);
    struct stat about;
    enum fault rc = OK;

    if (file < 0 && errno == ENXIO)
        return OK;
    if (file < 0)
        return fail_open(path, p->why);
    if (fstat(file, &about) == 0 && S_ISDIR(about.st_mode))
        return add_folder(p, path, file, depth + 1);
    if (S_ISREG(about.st_mode))
        rc = add_file(p, path, file, &about);
    close(file);
    return rc;
}

/* ---- what is missing ----------------------------------------------------------------------- */

static bool is_there(int folder, const char *path, const char *name)
{
    char full[PATH_MAX];
    int file;

    if (snprintf(full, sizeof full, "%s/%s", path, name) >= PATH_MAX)
        return false;
    file = open_beneath(folder, full, 0);
    if (file >= 0)
        close(file);
    return file >= 0;
}

/* Whether package.json names dependencies. */
static bool has_dependencies(int folder, const char *path)
{
    char full[PATH_MAX];
    struct json *package = NULL;
    struct arena arena;
    struct buf text;
    bool has_some = false;
    int file;

    if (snprintf(full, sizeof full, "%s/package.json", path) >= PATH_MAX ||
        (file = open_beneath(folder, full, 0)) < 0)
        return false;
    arena_init(&arena, CODE_INLINE_MAX);
    buf_init(&text, CODE_INLINE_MAX);
    if (read_file(file, &text) && json_parse(&arena, buf_span(&text), &package, NULL) == OK) {
        const struct json *names = json_member(package, "dependencies");

        has_some = json_is(names, JSON_OBJECT) && names->count > 0;
    }
    close(file);
    buf_release(&text);
    arena_release(&arena);
    return has_some;
}

/* Whether a requirements.txt has left traces: pip puts a NAME.dist-info beside the modules. */
static bool has_modules(int folder, const char *path)
{
    int opened = open_beneath(folder, path, O_DIRECTORY);
    char **names;
    size_t count;
    bool found = false;

    if (opened < 0 || !list_folder(opened, &names, &count))
        return true;
    for (size_t i = 0; i < count; i++) {
        found |= span_ends(span_of(names[i]), SPAN(".dist-info"));
        mem_free(names[i]);
    }
    mem_free(names);
    return found;
}

static void note_missing(struct packing *p, const char *path)
{
    if (has_dependencies(p->folder, path) && !is_there(p->folder, path, "node_modules"))
        p->notes->missing = "npm install";
    else if (is_there(p->folder, path, "requirements.txt") && !has_modules(p->folder, path))
        p->notes->missing = "pip install -r requirements.txt -t .";
}

/* ---- packages ------------------------------------------------------------------------------ */

/* Without './' at its front and '/' at its end; "." for the folder itself. */
static bool clean_path(struct span uri, char out[static PATH_MAX])
{
    while (span_starts(uri, SPAN("./")))
        uri = span_skip(uri, 2);
    while (uri.len > 1 && uri.at[uri.len - 1] == '/')
        uri.len--;
    if (uri.len == 0)
        uri = SPAN(".");
    if (uri.len >= PATH_MAX || memchr(uri.at, '\0', uri.len))
        return false;
    memcpy(out, uri.at, uri.len);
    out[uri.len] = '\0';
    return true;
}

static enum fault pack_folder(int folder, const char *path, int opened, struct buf *zip,
                              struct code_notes *notes, struct problem *why)
{
    struct packing p = {.folder = folder, .skip = strlen(path) + 1, .notes = notes, .why = why};
    enum fault rc;

    zip_begin(&p.zip, zip);
    note_missing(&p, path);
    rc = add_folder(&p, path, opened, 0);
    if (!zip_end(&p.zip) && !rc)
        rc = fail_large(why);
    if (!rc && notes->files == 0)
        rc = problem_set(why, FAULT_NOT_FOUND, "the folder '%s' is empty", path);
    return rc;
}

static enum fault take_zip(const char *path, int file, struct buf *zip, struct problem *why)
{
    enum fault rc = OK;

    if (!read_file(file, zip))
        rc = zip->is_over
                 ? problem_set(why, FAULT_TOO_LARGE, "'%s' is over %d MB", path,
                               CODE_MAX / 1024 / 1024)
                 : problem_set(why, FAULT_IO, "cannot read '%s': %s", path, strerror(errno));
    else if (!span_starts(buf_span(zip), SPAN("PK")))
        rc = problem_set(why, FAULT_TYPE, "'%s' is neither a folder nor a zip file", path);
    close(file);
    return rc;
}

enum fault code_pack_path(int folder, struct span uri, struct buf *zip, struct code_notes *notes,
                          struct problem *why)
{
    char path[PATH_MAX];
    struct stat about;
    int opened;

    *notes = (struct code_notes){0};
    if (span_starts(uri, SPAN("s3://")) || span_starts(uri, SPAN("https://")))
        return problem_set(why, FAULT_UNSUPPORTED, "code from '%.*s' is not yet in Portico",
                           SPAN_ARG(uri));
    if (!clean_path(uri, path))
        return problem_set(why, FAULT_TYPE, "this is no path");
    if ((opened = open_beneath(folder, path, 0)) < 0)
        return fail_open(path, why);
    if (fstat(opened, &about) == 0 && S_ISDIR(about.st_mode))
        return pack_folder(folder, path, opened, zip, notes, why);
    return take_zip(path, opened, zip, why);
}

enum fault code_pack_text(struct span text, struct span runtime, struct buf *zip,
                          struct problem *why)
{
    struct span name = span_starts(runtime, SPAN("python"))   ? SPAN("index.py")
                       : span_starts(runtime, SPAN("nodejs")) ? SPAN("index.js")
                                                              : SPAN("");
    struct zip writer;

    if (name.len == 0)
        return problem_set(why, FAULT_UNSUPPORTED,
                           "code in the template is for nodejs and python runtimes only");
    if (text.len > CODE_INLINE_MAX)
        return problem_set(why, FAULT_TOO_LARGE, "code in the template is over 4 MB");
    zip_begin(&writer, zip);
    zip_add(&writer, name, text, false);
    return zip_end(&writer) ? OK : fail_large(why);
}
