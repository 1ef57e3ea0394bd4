/* What a function sees: /usr and a few files of /etc, read-only; its package in /var/task and our
 * bootstrap in /var/runtime, read-only; a /tmp of its own; its own processes, and nothing else of
 * the machine.
 *
 * An ordinary user gets the right to set that up from a user namespace, in which the function is
 * that user under another number.  So the files of /etc are named one by one: what the user may
 * read is not yet a function's business.  Where the host is root there is no user namespace;
 * sandbox-init becomes a user that nobody else is.
 *
 * /proc is read-only, too: the kernel lets root write its settings, in any user namespace and
 * without a capability, and the host may be the root of a container.
 *
 * The function's environment goes to sandbox-init in the plan, never to bubblewrap: variables such
 * as LD_PRELOAD act on programs, and bubblewrap starts outside the sandbox. */
#include "host/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/init.h"

#define FILES_MAX 1024
#define INIT_INSIDE "/.sandbox-init"
#define USER_INSIDE "993" /* sbx_user1051, as on AWS (spec/lambda.md, 4.4) */
#define GROUP_INSIDE "990"
#define NODE_HEAP_PERCENT 90 /* of the memory; the rest is for buffers, code and stacks */

/* ---- the vector ---------------------------------------------------------------------------- */

static void add(struct arena *arena, struct words *words, const char *text)
{
    char *copy = arena_text(arena, span_of(text));

    if (!copy || words->count == SANDBOX_WORDS_MAX) {
        arena->is_over = true;
        return;
    }
    words->all[words->count++] = copy;
    words->all[words->count] = NULL;
}

static void add_all(struct arena *arena, struct words *words, const char *const *texts)
{
    for (; *texts; texts++)
        add(arena, words, *texts);
}

static bool has_folder(const struct words *words, const char *path)
{
    for (unsigned i = 1; i < words->count; i++)
        if (strcmp(words->all[i], path) == 0 && strcmp(words->all[i - 1], "--dir") == 0)
            return true;
    return false;
}

/* The folders above a place: bubblewrap makes them, too, but for their owner alone. */
static void add_parents(struct arena *arena, struct words *words, const char *path)
{
    char parent[PATH_MAX];

    for (size_t i = 1; path[i] && i < sizeof parent; i++) {
        if (path[i] != '/')
            continue;
        memcpy(parent, path, i);
        parent[i] = '\0';
        if (!has_folder(words, parent))
            add_all(arena, words, (const char *const[]){"--dir", parent, NULL});
    }
}

static void add_bind(struct arena *arena, struct words *words, const char *from, const char *to)
{
    add_parents(arena, words, to);
    add_all(arena, words, (const char *const[]){"--ro-bind", from, to, NULL});
}

/* /bin is a link on most systems and a folder on some. */
static void add_system(struct arena *arena, struct words *words)
{
    static const char *const FOLDERS[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};

    add_bind(arena, words, "/usr", "/usr");
    for (size_t i = 0; i < COUNT(FOLDERS); i++) {
        char target[PATH_MAX];
        ssize_t n = readlink(FOLDERS[i], target, sizeof target - 1);

        if (n > 0) {
            target[n] = '\0';
            add_all(arena, words, (const char *const[]){"--symlink", target, FOLDERS[i], NULL});
        } else if (access(FOLDERS[i], F_OK) == 0) {
            add_bind(arena, words, FOLDERS[i], FOLDERS[i]);
        }
    }
}

static void add_etc(const struct sandbox *sandbox, struct arena *arena, struct words *words)
{
    static const char *const OWN[] = {"passwd", "group", "hosts"};
    static const char *const FILES[] = {
        "/etc/ld.so.cache",     "/etc/resolv.conf",   "/etc/nsswitch.conf",
        "/etc/localtime",       "/etc/ssl/certs",     "/etc/services",
        "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/alternatives",
    };

    for (size_t i = 0; i < COUNT(OWN); i++) {
        char from[PATH_MAX], to[32];

        snprintf(from, sizeof from, "%s/etc/%s", sandbox->bootstraps, OWN[i]);
        snprintf(to, sizeof to, "/etc/%s", OWN[i]);
        add_bind(arena, words, from, to);
    }
    for (size_t i = 0; i < COUNT(FILES); i++)
        if (access(FILES[i], R_OK) == 0)
            add_bind(arena, words, FILES[i], FILES[i]);
}

/* An interpreter that is not in /usr: itself, and for Python the library that is beside it. */
static void add_interpreter(const struct runtime *runtime, struct arena *arena, struct words *words)
{
    struct span path = span_of(runtime->interpreter);
    char library[PATH_MAX + 8];
    int above;

    if (path.len == 0 || span_starts(path, SPAN("/usr/")))
        return;
    add_bind(arena, words, runtime->interpreter, runtime->interpreter);
    if (runtime->kind != RUNTIME_PYTHON)
        return;
    above = (int)span_find_last(span_first(path, span_find_last(path, '/')), '/');
    snprintf(library, sizeof library, "%.*s/lib", above, path.at);
    if (access(library, R_OK) == 0)
        add_bind(arena, words, library, library);
}

static const char *bootstrap_folder(const struct runtime *runtime)
{
    switch (runtime->kind) {
    case RUNTIME_PYTHON:
        return "python";
    case RUNTIME_NODE:
        return "nodejs";
    case RUNTIME_PROVIDED:
        break;
    }
    return NULL;
}

static void package_path(const struct sandbox *sandbox, const struct host_start *start,
                         char out[static PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/packages/%.*s", sandbox->data, SPAN_ARG(start->package));
}

static void add_function(const struct sandbox *sandbox, const struct runtime *runtime,
                         const struct host_start *start, struct arena *arena, struct words *words)
{
    const char *folder = bootstrap_folder(runtime);
    char path[PATH_MAX], size[32];

    package_path(sandbox, start, path);
    add_bind(arena, words, path, "/var/task");
    if (folder) {
        snprintf(path, sizeof path, "%s/%s", sandbox->bootstraps, folder);
        add_bind(arena, words, path, "/var/runtime");
    }
    snprintf(size, sizeof size, "%llu", (unsigned long long)start->storage_mb << 20);
    add_all(arena, words,
            (const char *const[]){"--dir", "/opt", "--perms", "1777", "--size", size, "--tmpfs",
                                  "/tmp", NULL});
}

bool sandbox_words(const struct sandbox *sandbox, const struct runtime *runtime,
                   const struct host_start *start, struct arena *arena, struct words *out)
{
    static const char *const AS_USER[] = {"--unshare-user", "--uid",      USER_INSIDE,
                                          "--gid",          GROUP_INSIDE, NULL};
    static const char *const AS_ROOT[] = {"--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID",
                                          NULL};
    static const char *const NAMESPACES[] = {"--unshare-ipc",
                                             "--unshare-pid",
                                             "--unshare-uts",
                                             "--unshare-cgroup-try",
                                             "--die-with-parent",
                                             "--as-pid-1",
                                             "--hostname",
                                             "localhost",
                                             "--cap-drop",
                                             "ALL",
                                             NULL};

    *out = (struct words){0};
    if (!sandbox->bwrap) {
        add(arena, out, sandbox->init);
        return !arena->is_over;
    }
    add(arena, out, sandbox->bwrap);
    add_all(arena, out, NAMESPACES);
    add_all(arena, out, sandbox->is_root ? AS_ROOT : AS_USER);
    if (start->network == HOST_NETWORK_OWN)
        add(arena, out, "--unshare-net");
    add_system(arena, out);
    add_etc(sandbox, arena, out);
    add_all(arena, out, (const char *const[]){"--proc", "/proc", "--dev", "/dev", NULL});
    add_function(sandbox, runtime, start, arena, out);
    add_interpreter(runtime, arena, out);
    add_bind(arena, out, sandbox->init, INIT_INSIDE);
    add_all(arena, out,
            (const char *const[]){"--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro",
                                  "/", "--", INIT_INSIDE, NULL});
    return !arena->is_over;
}

/* ---- the plan ------------------------------------------------------------------------------ */

/* A text and its end. */
static void add_string(struct buf *out, const char *text)
{
    buf_add(out, span_make(text, strlen(text) + 1));
}

/* Where a thing is for the function: inside the sandbox, or on the machine where there is none. */
static const char *seen(const struct sandbox *sandbox, const char *inside, const char *outside)
{
    return sandbox->bwrap ? inside : outside;
}

struct places {
    char task[PATH_MAX], runtime[PATH_MAX];
};

static void find_places(const struct sandbox *sandbox, const struct runtime *runtime,
                        const struct host_start *start, struct places *out)
{
    const char *folder = bootstrap_folder(runtime);
    char path[PATH_MAX];

    package_path(sandbox, start, path);
    snprintf(out->task, sizeof out->task, "%s", seen(sandbox, "/var/task", path));
    snprintf(path, sizeof path, "%s/%s", sandbox->bootstraps, folder ? folder : "");
    snprintf(out->runtime, sizeof out->runtime, "%s", seen(sandbox, "/var/runtime", path));
}

/* A program of the function's own that is to start the runtime (spec/lambda.md, 4.3); AWS knows it
 * for its own runtimes only. */
static uint32_t add_wrapper(const struct runtime *runtime, const struct host_start *start,
                            struct buf *out)
{
    struct span wrapper = json_member_text(start->environment, "AWS_LAMBDA_EXEC_WRAPPER", SPAN(""));

    if (wrapper.len == 0 || runtime->kind == RUNTIME_PROVIDED)
        return 0;
    buf_add(out, wrapper);
    buf_add_char(out, '\0');
    return 1;
}

static uint32_t add_arguments(const struct runtime *runtime, const struct host_start *start,
                              const struct places *places, struct buf *out)
{
    uint32_t count = add_wrapper(runtime, start, out);

    switch (runtime->kind) {
    case RUNTIME_PYTHON:
        add_string(out, runtime->interpreter);
        buf_addf(out, "%s/bootstrap.py", places->runtime);
        buf_add_char(out, '\0');
        return count + 2;
    case RUNTIME_NODE:
        add_string(out, runtime->interpreter);
        buf_addf(out, "--max-old-space-size=%u", start->memory_mb * NODE_HEAP_PERCENT / 100);
        buf_add_char(out, '\0');
        buf_addf(out, "%s/bootstrap.cjs", places->runtime);
        buf_add_char(out, '\0');
        return count + 3;
    case RUNTIME_PROVIDED:
        break;
    }
    buf_addf(out, "%s/bootstrap", places->task);
    buf_add_char(out, '\0');
    return count + 1;
}

static void add_variable(struct buf *out, struct span name, struct span value)
{
    buf_add(out, name);
    buf_add_char(out, '=');
    buf_add(out, value);
    buf_add_char(out, '\0');
}

/* Variables that only the host knows replace what was sent. */
static uint32_t add_environment(const struct host_start *start, const struct places *places,
                                uint16_t port, struct buf *out)
{
    char address[32];
    struct {
        const char *name, *value;
    } own[] = {{"LAMBDA_TASK_ROOT", places->task},
               {"LAMBDA_RUNTIME_DIR", places->runtime},
               {"AWS_LAMBDA_RUNTIME_API", address}};
    size_t own_count = port ? 3 : 2;
    uint32_t count = (uint32_t)own_count;

    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    for (const struct json *one = start->environment ? start->environment->first : NULL; one;
         one = one->next) {
        bool is_own = false;

        for (size_t i = 0; i < own_count; i++)
            is_own = is_own || span_is(one->name, own[i].name);
        if (is_own)
            continue;
        add_variable(out, one->name, one->text);
        count++;
    }
    for (size_t i = 0; i < own_count; i++)
        add_variable(out, span_of(own[i].name), span_of(own[i].value));
    return count;
}

bool sandbox_listens(const struct sandbox *sandbox, const struct runtime *runtime,
                     const struct host_start *start)
{
    return runtime->kind == RUNTIME_PROVIDED && sandbox->bwrap &&
           start->network == HOST_NETWORK_OWN;
}

bool sandbox_plan(const struct sandbox *sandbox, const struct runtime *runtime,
                  const struct host_start *start, uint16_t port, struct buf *out)
{
    bool listens = sandbox_listens(sandbox, runtime, start);
    bool is_other = sandbox->bwrap && sandbox->is_root;
    bool has_user_limit = sandbox->bwrap && !sandbox->is_root; /* counted in the user namespace */
    struct init_plan plan = {.filter_count = sandbox->filter_count,
                             .process_max = has_user_limit ? sandbox->process_max : 0,
                             .file_max = FILES_MAX,
                             .user = is_other ? SANDBOX_USER : 0,
                             .group = is_other ? SANDBOX_GROUP : 0,
                             .listens = listens};
    struct places places;

    find_places(sandbox, runtime, start, &places);
    buf_add(out, span_make(&plan, sizeof plan));
    buf_add(out, span_make(sandbox->filter, plan.filter_count * 8));
    add_string(out, places.task);
    plan.argument_count = add_arguments(runtime, start, &places, out);
    plan.variable_count = add_environment(start, &places, listens ? INIT_PORT : port, out);
    if (out->is_over || plan.variable_count > INIT_STRINGS_MAX / 2 - 1)
        return false;
    memcpy(out->at, &plan, sizeof plan);
    return true;
}
