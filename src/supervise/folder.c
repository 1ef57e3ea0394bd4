/* The lock is a flock on DATA/lock, which holds the supervisor's pid for people.  Control inherits
 * the descriptor: after a `kill -9` of the supervisor the lock stays until control is gone too, so
 * two of them never write one store.  A starter that finds such a dying owner waits for it. */
#include "supervise/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"
#include "base/span.h"
#include "base/tree.h"

#define LOCK "lock"
#define RUN "run"
#define SOCKETS_LINK "sockets" /* in run: where the sockets are when not here */
#define MEMORY_PREFIX "portico-"
#define UNIX_BACKLOG 256
#define DYING_TRIES 200 /* of 10 ms */
#define NOTE_MAX 512

bool folder_default(char out[static PATH_MAX])
{
    const char *base = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    struct passwd *user;

    if (base && base[0] == '/')
        return snprintf(out, PATH_MAX, "%s/portico", base) < PATH_MAX;
    if (!home || home[0] != '/') {
        user = getpwuid(geteuid());
        home = user ? user->pw_dir : NULL;
    }
    return home && home[0] == '/' &&
           snprintf(out, PATH_MAX, "%s/.local/share/portico", home) < PATH_MAX;
}

/* ---- small files --------------------------------------------------------------------------- */

static bool read_small(int folder, const char *name, char *out, size_t size)
{
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = file >= 0 ? read(file, out, size - 1) : -1;

    if (file >= 0)
        close(file);
    if (n < 0)
        return false;
    out[n] = '\0';
    out[strcspn(out, "\n")] = '\0';
    return true;
}

bool folder_read(const char *path, const char *name, char *out, size_t size)
{
    char run[PATH_MAX];
    int folder;
    bool is_read;

    if (snprintf(run, sizeof run, "%s/" RUN, path) >= PATH_MAX)
        return false;
    folder = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return false;
    is_read = read_small(folder, name, out, size);
    close(folder);
    return is_read;
}

void folder_note(const struct folder *folder, const char *name, const char *text)
{
    char draft[NOTE_MAX];
    int file;

    snprintf(draft, sizeof draft, ".%s", name);
    file = openat(folder->run, draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return; /* notes are for people; the disk may be full */
    if (write(file, text, strlen(text)) == (ssize_t)strlen(text))
        renameat(folder->run, draft, folder->run, name);
    close(file);
}

/* ---- the lock ------------------------------------------------------------------------------ */

static pid_t read_pid(int lock)
{
    char text[32];
    ssize_t n = pread(lock, text, sizeof text, 0);
    uint64_t pid;

    if (n <= 0 || !number_u64(span_trim(span_make(text, (size_t)n)), &pid) || pid > INT_MAX)
        return 0;
    return (pid_t)pid;
}

static bool is_alive(pid_t pid)
{
    return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

bool folder_is_held(const char *path, pid_t *pid)
{
    char name[PATH_MAX];
    bool is_held;
    int lock;

    if (snprintf(name, sizeof name, "%s/" LOCK, path) >= PATH_MAX)
        return false;
    lock = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (lock < 0)
        return false;
    is_held = flock(lock, LOCK_SH | LOCK_NB) != 0;
    *pid = is_held ? read_pid(lock) : 0;
    close(lock);
    return is_held;
}

static enum fault refuse_held(const struct folder *folder, pid_t pid, struct problem *why)
{
    char url[NOTE_MAX], where[NOTE_MAX + 32] = "";

    if (folder_read(folder->path, "url", url, sizeof url))
        snprintf(where, sizeof where, ", %s", url);
    return problem_set(why, FAULT_EXISTS,
                       "data directory '%s' is in use by another Portico (PID %d%s); "
                       "try --data with another directory",
                       folder->path, (int)pid, where);
}

/* Takes the lock; waits only for a Portico whose supervisor has died. */
static enum fault take_lock(struct folder *folder, struct problem *why)
{
    static const struct timespec MOMENT = {.tv_nsec = 10 * 1000 * 1000};
    char text[32];
    int len;

    for (unsigned tries = 0; flock(folder->lock, LOCK_EX | LOCK_NB) != 0; tries++) {
        pid_t pid = read_pid(folder->lock);

        if (errno != EWOULDBLOCK)
            return problem_set(why, FAULT_IO, "cannot lock data directory '%s': %s", folder->path,
                               strerror(errno));
        if (is_alive(pid) || tries == DYING_TRIES)
            return refuse_held(folder, pid, why);
        nanosleep(&MOMENT, NULL);
    }
    len = snprintf(text, sizeof text, "%d\n", (int)getpid());
    if (ftruncate(folder->lock, 0) != 0 || pwrite(folder->lock, text, (size_t)len, 0) != len)
        return problem_set(why, FAULT_IO, "cannot write to data directory '%s': %s", folder->path,
                           strerror(errno));
    return OK;
}

/* ---- making it ----------------------------------------------------------------------------- */

/* As mkdir -p; folders that are made are 0700. */
static bool make_folders(const char *path)
{
    char part[PATH_MAX];
    size_t len = strlen(path);

    for (size_t n = 1; n <= len; n++) {
        if (path[n] != '/' && path[n] != '\0')
            continue;
        memcpy(part, path, n);
        part[n] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
            return false;
    }
    return true;
}

static bool is_tmpfs(const char *path)
{
    struct statfs about;

    return statfs(path, &about) == 0 && about.f_type == TMPFS_MAGIC && access(path, W_OK) == 0;
}

/* What a killed Portico left in memory: ours, locked by nobody. */
static void sweep_memory(const char *base)
{
    DIR *entries = opendir(base);
    struct dirent *entry;

    while (entries && (entry = readdir(entries)) != NULL) {
        struct stat about;
        int found, lock;

        if (strncmp(entry->d_name, MEMORY_PREFIX, strlen(MEMORY_PREFIX)) != 0)
            continue;
        found =
            openat(dirfd(entries), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        lock = found >= 0 ? openat(found, LOCK, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
        if (lock >= 0 && fstat(found, &about) == 0 && about.st_uid == geteuid() &&
            read_pid(lock) > 0 && flock(lock, LOCK_EX | LOCK_NB) == 0 && tree_empty(found))
            unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
        if (lock >= 0)
            close(lock);
        if (found >= 0)
            close(found);
    }
    if (entries)
        closedir(entries);
}

static enum fault make_memory(struct folder *folder, struct problem *why)
{
    const char *bases[] = {"/dev/shm", getenv("XDG_RUNTIME_DIR"), "/run", "/tmp"};

    for (size_t i = 0; i < COUNT(bases); i++) {
        if (!bases[i] || !is_tmpfs(bases[i]))
            continue;
        sweep_memory(bases[i]);
        snprintf(folder->path, sizeof folder->path, "%s/" MEMORY_PREFIX "XXXXXX", bases[i]);
        if (mkdtemp(folder->path)) {
            folder->is_memory = true;
            return OK;
        }
    }
    return problem_set(why, FAULT_IO,
                       "--data :memory: needs a tmpfs that can be written, such as /dev/shm");
}

static enum fault make_named(struct folder *folder, const char *path, struct problem *why)
{
    if (!make_folders(path) || !realpath(path, folder->path))
        return problem_set(why, FAULT_IO, "cannot make data directory '%s': %s", path,
                           strerror(errno));
    return OK;
}

/* A short folder for the sockets when the data directory's path is too long for their addresses.
 * The link in `run` lets the next start remove what a kill left. */
static enum fault place_sockets(struct folder *folder, struct problem *why)
{
    const char *base = getenv("XDG_RUNTIME_DIR");
    char old[PATH_MAX];
    ssize_t n;

    n = readlinkat(folder->run, SOCKETS_LINK, old, sizeof old - 1);
    if (n > 0) {
        int left;

        old[n] = '\0';
        left = open(old, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (left >= 0 && tree_empty(left))
            rmdir(old);
        if (left >= 0)
            close(left);
    }
    tree_empty(folder->run);
    snprintf(folder->sockets, sizeof folder->sockets, "%.*s/" RUN, PATH_MAX - 8, folder->path);
    if (strlen(folder->sockets) + strlen("/control.sock") <= SOCKET_PATH_MAX)
        return OK;
    if (!base || base[0] != '/' || strlen(base) > SOCKET_PATH_MAX / 2)
        base = "/tmp";
    snprintf(folder->sockets, sizeof folder->sockets, "%s/portico-run-XXXXXX", base);
    if (!mkdtemp(folder->sockets) || symlinkat(folder->sockets, folder->run, SOCKETS_LINK) != 0)
        return problem_set(why, FAULT_IO, "cannot make a folder for sockets in '%s': %s", base,
                           strerror(errno));
    return OK;
}

static enum fault open_in(struct folder *folder, struct problem *why)
{
    int base = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum fault rc = OK;

    if (base < 0)
        return problem_set(why, FAULT_IO, "cannot open data directory '%s': %s", folder->path,
                           strerror(errno));
    folder->lock = openat(base, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (folder->lock < 0)
        rc = problem_set(why, FAULT_IO, "cannot write to data directory '%s': %s", folder->path,
                         strerror(errno));
    if (rc == OK)
        rc = take_lock(folder, why);
    if (rc == OK) {
        if (mkdirat(base, RUN, 0700) == 0 || errno == EEXIST)
            folder->run = openat(base, RUN, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        rc = folder->run >= 0 ? place_sockets(folder, why)
                              : problem_set(why, FAULT_IO, "cannot make '%s/" RUN "': %s",
                                            folder->path, strerror(errno));
    }
    close(base);
    return rc;
}

enum fault folder_open(struct folder *folder, const char *path, struct problem *why)
{
    enum fault rc;

    *folder = (struct folder){.lock = -1, .run = -1};
    rc = strcmp(path, ":memory:") == 0 ? make_memory(folder, why) : make_named(folder, path, why);
    if (rc == OK)
        rc = open_in(folder, why);
    if (rc != OK) {
        if (folder->run >= 0)
            close(folder->run);
        if (folder->lock >= 0)
            close(folder->lock);
    }
    return rc;
}

void folder_close(struct folder *folder)
{
    char run[PATH_MAX];
    int base;

    snprintf(run, sizeof run, "%.*s/" RUN, PATH_MAX - 8, folder->path);
    if (strcmp(run, folder->sockets) != 0) {
        base = open(folder->sockets, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (base >= 0 && tree_empty(base))
            rmdir(folder->sockets);
        if (base >= 0)
            close(base);
    }
    tree_empty(folder->run);
    close(folder->run);
    if (folder->is_memory) {
        base = open(folder->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (base >= 0 && tree_empty(base))
            rmdir(folder->path);
        if (base >= 0)
            close(base);
    }
    close(folder->lock);
}

bool folder_socket(const char *path, const char *name, char *out, size_t size)
{
    char link[PATH_MAX], elsewhere[PATH_MAX];
    ssize_t n = -1;
    int len;

    if (snprintf(link, sizeof link, "%s/" RUN "/" SOCKETS_LINK, path) < PATH_MAX)
        n = readlink(link, elsewhere, sizeof elsewhere);
    len = n > 0 ? snprintf(out, size, "%.*s/%s", (int)n, elsewhere, name)
                : snprintf(out, size, "%s/" RUN "/%s", path, name);
    return len > 0 && (size_t)len < size;
}

int folder_listen(const struct folder *folder, const char *name, int type, struct problem *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int made = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int len = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", folder->sockets, name);

    if (made >= 0 && len > 0 && (size_t)len < sizeof address.sun_path &&
        bind(made, (struct sockaddr *)&address, sizeof address) == 0 &&
        chmod(address.sun_path, 0600) == 0 && listen(made, UNIX_BACKLOG) == 0)
        return made;
    problem_set(why, FAULT_IO, "cannot listen on '%s/%s': %s", folder->sockets, name,
                strerror(errno));
    if (made >= 0)
        close(made);
    return -1;
}
