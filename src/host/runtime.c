/* The interpreter is asked for its version by running it, once for each name that is started: files
 * may be called anything. */
#include "host/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/number.h"

#define VERSION_WAIT_MS 5000
#define PYTHON_MINOR_MIN 8
#define NODE_STAND_IN_MIN 18 /* what Debian 12 has */

static bool take_number(struct span *in, unsigned *out)
{
    uint64_t number;
    size_t n = 0;

    while (n < in->len && n < 4 && in->at[n] >= '0' && in->at[n] <= '9')
        n++;
    if (!number_u64(span_first(*in, n), &number))
        return false;
    *out = (unsigned)number;
    *in = span_skip(*in, n);
    return true;
}

bool runtime_parse(struct span name, enum runtime_kind *kind, unsigned *major, unsigned *minor)
{
    static const struct span PYTHON = SPAN_INIT("python3."), NODE = SPAN_INIT("nodejs");
    struct span rest = name;

    *major = *minor = 0;
    if (span_is(name, "provided") || span_is(name, "provided.al2") ||
        span_is(name, "provided.al2023")) {
        *kind = RUNTIME_PROVIDED;
        return true;
    }
    if (span_starts(name, PYTHON)) {
        rest = span_skip(rest, PYTHON.len);
        *kind = RUNTIME_PYTHON;
        *major = 3;
        return take_number(&rest, minor) && rest.len == 0;
    }
    if (!span_starts(name, NODE))
        return false;
    rest = span_skip(rest, NODE.len);
    *kind = RUNTIME_NODE;
    return take_number(&rest, major) && span_is(rest, ".x");
}

/* ---- asking for the version ---------------------------------------------------------------- */

/* A program, not a script. */
static bool is_program(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    char magic[4] = "";
    bool is = file >= 0 && fstat(file, &about) == 0 && S_ISREG(about.st_mode) &&
              (about.st_mode & 0111) != 0 && read(file, magic, 4) == 4 &&
              memcmp(magic,
                     "\x7f"
                     "ELF",
                     4) == 0;

    if (file >= 0)
        close(file);
    return is;
}

/* Reads what the program prints until it closes its output; a program that never does is killed. */
static size_t read_all(int from, pid_t pid, char *out, size_t size)
{
    struct pollfd polled = {.fd = from, .events = POLLIN};
    size_t len = 0;
    ssize_t n;

    while (len < size && poll(&polled, 1, VERSION_WAIT_MS) == 1 &&
           (n = read(from, out + len, size - len)) > 0)
        len += (size_t)n;
    kill(pid, SIGKILL);
    return len;
}

/* "v20.20.2" or "Python 3.11.2", without an environment. */
static bool ask_version(const char *path, unsigned *major, unsigned *minor)
{
    char *argv[] = {(char *)(uintptr_t)path, "--version", NULL}, *envp[] = {NULL}, text[64];
    struct span rest;
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execve(path, argv, envp);
        _exit(127);
    }
    close(ends[1]);
    rest = span_make(text, pid > 0 ? read_all(ends[0], pid, text, sizeof text) : 0);
    close(ends[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    while (rest.len > 0 && !(rest.at[0] >= '0' && rest.at[0] <= '9'))
        rest = span_skip(rest, 1);
    if (!take_number(&rest, major) || rest.len == 0 || rest.at[0] != '.')
        return false;
    rest = span_skip(rest, 1);
    return take_number(&rest, minor);
}

/* ---- choosing ------------------------------------------------------------------------------ */

struct search {
    enum runtime_kind kind;
    unsigned major, minor; /* wanted */
    struct runtime found;
    bool has_found, is_exact;
};

static bool may_stand_in(const struct search *search, unsigned major, unsigned minor)
{
    if (search->kind == RUNTIME_PYTHON)
        return major == 3 && minor >= PYTHON_MINOR_MIN;
    return major >= NODE_STAND_IN_MIN;
}

static void consider(struct search *search, struct span folder, const char *name)
{
    char path[PATH_MAX], real[PATH_MAX];
    unsigned major, minor;
    bool is_exact;

    if (snprintf(path, sizeof path, "%.*s/%s", SPAN_ARG(folder), name) >= (int)sizeof path ||
        path[0] != '/' || !realpath(path, real) || !is_program(real) ||
        (search->has_found && strcmp(real, search->found.interpreter) == 0) ||
        !ask_version(real, &major, &minor))
        return;
    is_exact = major == search->major && (search->kind != RUNTIME_PYTHON || minor == search->minor);
    if (!is_exact && (search->has_found || !may_stand_in(search, major, minor)))
        return;
    search->has_found = true;
    search->is_exact = is_exact;
    search->found = (struct runtime){.kind = search->kind, .major = major, .minor = minor};
    memcpy(search->found.interpreter, real, sizeof real);
}

static void look(struct search *search, const char *folders, const char *name)
{
    struct span rest = span_of(folders), folder;

    while (!search->is_exact && span_split(&rest, ':', &folder))
        if (folder.len > 0)
            consider(search, folder, name);
}

enum fault runtime_find(struct span name, const char *folders, struct runtime *out,
                        struct problem *why)
{
    struct search search = {0};
    char exact[32];

    if (!runtime_parse(name, &search.kind, &search.major, &search.minor))
        return problem_set(why, FAULT_UNSUPPORTED,
                           "runtime '%.*s' is not served; nodejs*, python3.* and provided* are",
                           SPAN_ARG(name));
    switch (search.kind) {
    case RUNTIME_PROVIDED:
        *out = (struct runtime){.kind = RUNTIME_PROVIDED};
        return OK;
    case RUNTIME_PYTHON:
        snprintf(exact, sizeof exact, "python3.%u", search.minor);
        look(&search, folders, exact);
        look(&search, folders, "python3");
        break;
    case RUNTIME_NODE:
        look(&search, folders, "node");
        look(&search, folders, "nodejs");
        break;
    }
    if (!search.has_found)
        return problem_set(
            why, FAULT_NOT_FOUND, "runtime '%.*s' needs %s, and none is installed in %s",
            SPAN_ARG(name),
            search.kind == RUNTIME_NODE ? "Node.js 18 or newer" : "Python 3.8 or newer", folders);
    *out = search.found;
    return OK;
}

static void say_found(struct span name, const struct runtime *runtime)
{
    if (runtime->kind != RUNTIME_PROVIDED)
        log_info("runtime '%.*s' is served by %s %u.%u, '%s'", SPAN_ARG(name),
                 runtime->kind == RUNTIME_NODE ? "Node.js" : "Python", runtime->major,
                 runtime->minor, runtime->interpreter);
}

enum fault runtimes_get(struct runtimes *runtimes, struct span name, const char *folders,
                        struct runtime *out, struct problem *why)
{
    enum fault rc;

    for (unsigned i = 0; i < runtimes->count; i++)
        if (span_is(name, runtimes->known[i].name)) {
            *out = runtimes->known[i].runtime;
            return OK;
        }
    rc = runtime_find(name, folders, out, why);
    if (rc != OK)
        return rc;
    say_found(name, out);
    if (runtimes->count < RUNTIMES_MAX && name.len < RUNTIME_NAME_MAX) {
        memcpy(runtimes->known[runtimes->count].name, name.at, name.len);
        runtimes->known[runtimes->count++].runtime = *out;
    }
    return OK;
}
