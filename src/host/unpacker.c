/* The child is our own executable, started anew, so it holds nothing of the host's memory: a hole
 * in libarchive would find one zip and one empty folder.  Before it looks at the zip it gives up
 * everything else: another user where the host is root, no file system but the folder (Landlock),
 * no system calls but those it needs, limits of time, memory and size.
 *
 * It writes into DATA/packages/.new-N; the host renames that to its final name, so a package is
 * there whole or not at all. */
#include "host/unpacker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tree.h"
#include "host/package.h"

/* Descriptors of the child. */
enum { ZIP = 3, FOLDER = 4, RESULT = 5 };

#define WORD "unpack"
#define NEW_PREFIX ".new-"
#define NOBODY 65534
#define TROUBLE_WORDS "the package cannot be unpacked: see Portico's log"
#define CPU_SECONDS 30
#define MEMORY_MAX (512UL << 20)
#define TIME_MAX (60LL * MICROS_PER_SECOND)
#define SPARE_DESCRIPTOR 16 /* above those the child gets */

struct result {
    uint32_t code; /* enum fault */
    uint64_t size;
    char words[256];
};

/* ---- the child ----------------------------------------------------------------------------- */

bool unpacker_is_meant(int argc, char **argv)
{
    return argc == 2 && strcmp(argv[1], WORD) == 0;
}

static void limit(int what, rlim_t most)
{
    struct rlimit both = {most, most};

    setrlimit((__rlimit_resource_t)what, &both);
}

/* A kernel without Landlock leaves the other walls. */
static void keep_to_folder(void)
{
    struct landlock_ruleset_attr all = {.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1};
    struct landlock_path_beneath_attr folder = {
        .allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                          LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                          LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                          LANDLOCK_ACCESS_FS_REMOVE_DIR,
        .parent_fd = FOLDER,
    };
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);

    if (rules < 0)
        return;
    if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &folder, 0) == 0)
        syscall(SYS_landlock_restrict_self, rules, 0);
    close(rules);
}

static bool be_nobody(void)
{
    if (geteuid() != 0)
        return true;
    return fchown(FOLDER, NOBODY, NOBODY) == 0 && setgroups(0, NULL) == 0 &&
           setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

/* Everything that reading one file and writing others needs.  Not under a sanitizer, which
 * needs more. */
static bool keep_to_calls(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    static const int NEEDED[] = {
        SCMP_SYS(read),       SCMP_SYS(write),     SCMP_SYS(pread64),      SCMP_SYS(pwrite64),
        SCMP_SYS(lseek),      SCMP_SYS(close),     SCMP_SYS(fstat),        SCMP_SYS(newfstatat),
        SCMP_SYS(openat),     SCMP_SYS(mkdirat),   SCMP_SYS(symlinkat),    SCMP_SYS(unlinkat),
        SCMP_SYS(getdents64), SCMP_SYS(fcntl),     SCMP_SYS(brk),          SCMP_SYS(mmap),
        SCMP_SYS(munmap),     SCMP_SYS(mremap),    SCMP_SYS(mprotect),     SCMP_SYS(madvise),
        SCMP_SYS(futex),      SCMP_SYS(getrandom), SCMP_SYS(gettimeofday), SCMP_SYS(clock_gettime),
        SCMP_SYS(syncfs),     SCMP_SYS(utimensat), SCMP_SYS(rt_sigreturn), SCMP_SYS(exit_group),
    };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool is_set = filter != NULL;

    for (size_t i = 0; is_set && i < COUNT(NEEDED); i++)
        is_set = seccomp_rule_add(filter, SCMP_ACT_ALLOW, NEEDED[i], 0) == 0;
    is_set = is_set && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return is_set;
#else
    return true;
#endif
}

static bool give_up_rights(void)
{
    limit(RLIMIT_CPU, CPU_SECONDS);
    limit(RLIMIT_FSIZE, PACKAGE_SIZE_MAX);
    limit(RLIMIT_NOFILE, 64);
    limit(RLIMIT_CORE, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    limit(RLIMIT_AS, MEMORY_MAX);
#endif
    umask(022);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !be_nobody())
        return false;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of the user clears it */
    keep_to_folder();
    return keep_to_calls();
}

void unpacker_main(void)
{
    struct result result = {.code = FAULT_IO};
    struct problem why = {0};

    if (package_prepare() && give_up_rights())
        result.code = package_unpack(ZIP, FOLDER, &result.size, &why);
    else
        problem_set(&why, FAULT_IO, "cannot give up rights: %s", strerror(errno));
    if (result.code != OK)
        tree_empty(FOLDER);
    else if (syncfs(FOLDER) != 0)
        result.code = problem_set(&why, FAULT_IO, "cannot write: %s", strerror(errno));
    snprintf(result.words, sizeof result.words, "%.*s", (int)sizeof result.words - 1, why.text);
    _exit(write(RESULT, &result, sizeof result) == (ssize_t)sizeof result ? 0 : 1);
}

/* ---- the host's side ----------------------------------------------------------------------- */

struct unpacking {
    struct unpacking *next, **at; /* `at` points to what points here */
    struct peer *owner;           /* NULL: nobody wants to know */
    uint64_t id;
    pid_t pid;
    int result;       /* the reading end of the child's pipe */
    int64_t deadline; /* SIGKILL then */
    char name[HOST_PACKAGE_LEN + 1];
    char fresh[32]; /* name of the folder that is filled */
};

static int open_packages(const char *data)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/packages", data);
    mkdir(path, 0700);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_zip(const char *data, const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/blobs/%s", data, name);
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* A new folder to be filled, opened. */
static int make_fresh(int packages, char name[static 32])
{
    static unsigned counter;
    int folder;

    snprintf(name, 32, NEW_PREFIX "%d-%u", (int)getpid(), ++counter);
    if (mkdirat(packages, name, 0755) != 0)
        return -1;
    folder = openat(packages, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder >= 0 && fchmod(folder, 0755) == 0) /* whatever the umask */
        return folder;
    if (folder >= 0)
        close(folder);
    return -1;
}

static void remove_fresh(int packages, const char *name)
{
    int folder = openat(packages, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (folder >= 0) {
        tree_empty(folder);
        close(folder);
    }
    unlinkat(packages, name, AT_REMOVEDIR);
}

/* A package whose zip is gone belongs to no function any more; while its last instances run it
 * stays, so it is removed when none do: at the host's start. */
static bool is_left_over(const char *data, const char *name)
{
    int zip;

    if (strncmp(name, NEW_PREFIX, strlen(NEW_PREFIX)) == 0)
        return true;
    if (strlen(name) != HOST_PACKAGE_LEN)
        return false;
    zip = open_zip(data, name);
    if (zip >= 0)
        close(zip);
    return zip < 0 && errno == ENOENT;
}

void unpackings_sweep(const char *data)
{
    int packages = open_packages(data), again = packages >= 0 ? dup(packages) : -1;
    DIR *list = again >= 0 ? fdopendir(again) : NULL;
    struct dirent *entry;

    while (list && (entry = readdir(list)) != NULL)
        if (is_left_over(data, entry->d_name))
            remove_fresh(packages, entry->d_name);
    if (list)
        closedir(list);
    if (packages >= 0)
        close(packages);
}

/* In the child, between fork and exec. */
static void become(int zip, int folder, int result)
{
    const int wanted[] = {zip, folder, result};
    static char *nothing[] = {NULL};
    char *argv[] = {(char *)(uintptr_t) "portico-host", (char *)(uintptr_t)WORD, NULL};
    int moved[COUNT(wanted)];
    sigset_t none;

    for (size_t i = 0; i < COUNT(wanted); i++)
        if ((moved[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, SPARE_DESCRIPTOR)) < 0)
            _exit(126);
    for (size_t i = 0; i < COUNT(moved); i++)
        if (dup2(moved[i], ZIP + (int)i) < 0)
            _exit(126);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve("/proc/self/exe", argv, nothing);
    _exit(127);
}

static bool launch(struct unpacking *unpacking, int zip, int folder)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    unpacking->pid = fork();
    if (unpacking->pid == 0)
        become(zip, folder, ends[1]);
    close(ends[1]);
    unpacking->result = ends[0];
    if (unpacking->pid < 0)
        close(ends[0]);
    return unpacking->pid > 0;
}

static bool set_up(struct host *host, struct unpacking *unpacking)
{
    int packages = open_packages(host->sandbox.data);
    int zip = open_zip(host->sandbox.data, unpacking->name), folder = -1;
    bool is_up = false;

    if (packages >= 0 && zip >= 0 && (folder = make_fresh(packages, unpacking->fresh)) >= 0)
        is_up = launch(unpacking, zip, folder);
    if (!is_up) {
        log_error("cannot unpack '%s': %s", unpacking->name, strerror(errno));
        if (folder >= 0)
            remove_fresh(packages, unpacking->fresh);
    }
    if (folder >= 0)
        close(folder);
    if (zip >= 0)
        close(zip);
    if (packages >= 0)
        close(packages);
    return is_up;
}

void unpacking_start(struct host *host, struct peer *owner, const struct host_message *message)
{
    struct unpacking *unpacking;

    if (host->is_stopping || host->unpacking_count >= UNPACKINGS_MAX) {
        peer_refuse(owner, message->id, HOST_TROUBLE,
                    "too many packages are being unpacked; try again");
        return;
    }
    unpacking = mem_zero(1, sizeof *unpacking);
    *unpacking = (struct unpacking){
        .owner = owner, .id = message->id, .deadline = clock_now(&CLOCK_SYSTEM) + TIME_MAX};
    memcpy(unpacking->name, message->package.at, HOST_PACKAGE_LEN);
    if (!set_up(host, unpacking)) {
        peer_refuse(owner, message->id, HOST_TROUBLE, TROUBLE_WORDS);
        mem_free(unpacking);
        return;
    }
    unpacking->next = host->unpackings;
    unpacking->at = &host->unpackings;
    if (unpacking->next)
        unpacking->next->at = &unpacking->next;
    host->unpackings = unpacking;
    host->unpacking_count++;
}

/* What whoever uploaded it is told; NULL when it is not the package's fault. */
static const char *words_for(uint32_t code)
{
    switch (code) {
    case FAULT_TOO_LARGE:
        return PACKAGE_WORDS_LARGE;
    case FAULT_NOT_FOUND:
        return PACKAGE_WORDS_EMPTY;
    case FAULT_SYNTAX:
        return PACKAGE_WORDS_BAD;
    default:
        return NULL;
    }
}

/* Gives the filled folder its name.  One that is there already is the same package. */
static bool keep(int packages, const struct unpacking *unpacking)
{
    if (renameat(packages, unpacking->fresh, packages, unpacking->name) == 0)
        return fsync(packages) == 0;
    if (errno != EEXIST && errno != ENOTEMPTY)
        return false;
    remove_fresh(packages, unpacking->fresh);
    return true;
}

static void tell(struct host *host, const struct unpacking *unpacking, struct result *result)
{
    struct host_message message = {.op = HOST_UNPACKED, .id = unpacking->id, .size = result->size};
    int packages = open_packages(host->sandbox.data);
    const char *words;

    if (result->code == OK && !keep(packages, unpacking)) {
        result->code = FAULT_IO;
        snprintf(result->words, sizeof result->words, "%s", strerror(errno));
    }
    if (result->code != OK) {
        log_warn("package '%s' is refused: %s", unpacking->name, result->words);
        remove_fresh(packages, unpacking->fresh);
    }
    if (packages >= 0)
        close(packages);
    if (!unpacking->owner)
        return;
    words = words_for(result->code);
    if (result->code == OK)
        peer_say(unpacking->owner, &message, NULL, 0);
    else
        peer_refuse(unpacking->owner, unpacking->id, words ? "" : HOST_TROUBLE, "%s",
                    words ? words : TROUBLE_WORDS);
}

bool unpacking_ended(struct host *host, pid_t pid, int status)
{
    struct unpacking *unpacking = host->unpackings;
    struct result result;

    while (unpacking && unpacking->pid != pid)
        unpacking = unpacking->next;
    if (!unpacking)
        return false;
    if (read(unpacking->result, &result, sizeof result) != (ssize_t)sizeof result ||
        result.words[sizeof result.words - 1] != '\0') {
        /* It was killed by a limit, or crashed: the archive's fault. */
        result = (struct result){.code = FAULT_SYNTAX};
        snprintf(result.words, sizeof result.words, "the unpacking process ended with status %d",
                 status);
    }
    tell(host, unpacking, &result);
    close(unpacking->result);
    *unpacking->at = unpacking->next;
    if (unpacking->next)
        unpacking->next->at = unpacking->at;
    host->unpacking_count--;
    mem_free(unpacking);
    return true;
}

void unpackings_orphan(struct host *host, const struct peer *owner)
{
    for (struct unpacking *u = host->unpackings; u; u = u->next)
        if (u->owner == owner)
            u->owner = NULL;
}

int64_t unpackings_due(struct host *host, int64_t now)
{
    int64_t next = INT64_MAX;

    for (struct unpacking *u = host->unpackings; u; u = u->next) {
        if (u->deadline <= now || host->is_stopping) {
            kill(u->pid, SIGKILL);
            u->deadline = now + MICROS_PER_SECOND;
        }
        if (u->deadline < next)
            next = u->deadline;
    }
    return next;
}
