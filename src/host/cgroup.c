/* Version 2 is what systems have today: one tree, in which a group that has processes cannot have
 * limited children.  So Portico's processes move into a leaf of their own first; that is done only
 * when the group holds nothing but them, since nobody else's processes are ours to move.
 * Version 1 has a tree for each kind of limit, and no such rule. */
#include "host/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/span.h"

#define LEAF "portico.main"
/* Then the process namespace and the host's process id there: the parent of its instances' groups.
 * Containers may share one tree of groups, and each has a process 17 of its own. */
#define PREFIX "portico-"
#define TEXT_MAX 16384
#define OVERHEAD_MB 8 /* bubblewrap and sandbox-init are in the group, too */

/* ---- small files --------------------------------------------------------------------------- */

static bool write_file(const char *folder, const char *name, const char *text)
{
    char path[2 * PATH_MAX + 128];
    int file;
    bool is_done;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    is_done = write(file, text, strlen(text)) == (ssize_t)strlen(text);
    close(file);
    return is_done;
}

static struct span read_file(const char *path, char text[static TEXT_MAX])
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = file >= 0 ? read(file, text, TEXT_MAX - 1) : -1;

    if (file >= 0)
        close(file);
    text[n > 0 ? n : 0] = '\0';
    return span_make(text, n > 0 ? (size_t)n : 0);
}

static struct span read_in(const char *folder, const char *name, char text[static TEXT_MAX])
{
    char path[2 * PATH_MAX + 128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return read_file(path, text);
}

static bool has_word(struct span text, const char *word)
{
    struct span rest = text, one;

    while (span_split(&rest, ' ', &one))
        if (span_is(span_trim(one), word))
            return true;
    return false;
}

/* ---- the place ----------------------------------------------------------------------------- */

/* The path behind "N:CONTROLLER:"; for version 2 the controller is empty. */
static bool find_path(struct span self, const char *controller, char out[static PATH_MAX])
{
    struct span rest = self, line;

    while (span_split(&rest, '\n', &line)) {
        struct span fields = line, number, kinds;

        if (!span_split(&fields, ':', &number) || !span_split(&fields, ':', &kinds) ||
            !span_is(kinds, controller) || fields.len == 0 || fields.len >= PATH_MAX - 64)
            continue;
        if (span_is(fields, "/"))
            fields.len = 0;
        snprintf(out, PATH_MAX, "%.*s", SPAN_ARG(fields));
        return true;
    }
    return false;
}

/* The number of the process namespace; 0 when the system does not tell. */
static unsigned long long own_namespace(void)
{
    struct stat about;

    return stat("/proc/self/ns/pid", &about) == 0 ? (unsigned long long)about.st_ino : 0;
}

/* The host of this process namespace that the group `name` belongs to; 0: none. */
static pid_t host_of(const char *name, unsigned long long namespace)
{
    unsigned long long its_namespace = 0;
    int pid = 0;

    if (sscanf(name, PREFIX "%llu-%d", &its_namespace, &pid) != 2 || its_namespace != namespace)
        return 0;
    return pid > 0 ? pid : 0;
}

/* Removes groups of hosts that do not run any more.  Of another namespace's hosts nobody here can
 * know whether they run. */
static void sweep(const char *folder, unsigned long long namespace)
{
    DIR *list = opendir(folder);
    struct dirent *entry;

    while (list && (entry = readdir(list)) != NULL) {
        char path[PATH_MAX + 300], inner[PATH_MAX + 600];
        struct dirent *one;
        DIR *groups;
        pid_t pid = host_of(entry->d_name, namespace);

        if (pid == 0 || kill(pid, 0) == 0 || errno != ESRCH)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        groups = opendir(path);
        while (groups && (one = readdir(groups)) != NULL) {
            snprintf(inner, sizeof inner, "%s/%s", path, one->d_name);
            if (one->d_name[0] != '.' && one->d_type == DT_DIR)
                rmdir(inner);
        }
        if (groups)
            closedir(groups);
        rmdir(path);
    }
    if (list)
        closedir(list);
}

/* Makes the parent of our instances' groups. */
static bool add_folder(struct cgroups *groups, const char *above)
{
    char *made = groups->folders[groups->count];
    unsigned long long namespace = own_namespace();

    sweep(above, namespace);
    if (snprintf(made, PATH_MAX, "%s/" PREFIX "%llu-%d", above, namespace, (int)getpid()) >=
            PATH_MAX ||
        (mkdir(made, 0755) != 0 && errno != EEXIST))
        return false;
    groups->count++;
    return true;
}

static void open_v1(struct cgroups *groups, const char *mount, struct span self)
{
    static const char *const CONTROLLERS[] = {"memory", "pids"};

    for (size_t i = 0; i < COUNT(CONTROLLERS); i++) {
        char path[PATH_MAX], above[2 * PATH_MAX];

        if (!find_path(self, CONTROLLERS[i], path))
            continue;
        snprintf(above, sizeof above, "%s/%s%s", mount, CONTROLLERS[i], path);
        if (!add_folder(groups, above))
            continue;
        groups->has_memory = groups->has_memory || i == 0;
        groups->has_processes = groups->has_processes || i == 1;
    }
}

/* The supervisor and its children. */
static bool is_portico(pid_t pid)
{
    char path[64], text[TEXT_MAX];
    struct span stat;
    size_t name_end;
    long parent;

    if (pid == getpid() || pid == getppid())
        return true;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    stat = read_file(path, text);
    name_end = span_find_last(stat, ')'); /* the name before it may hold anything */
    if (stat.len - name_end < 5)
        return false;
    parent = strtol(text + name_end + 4, NULL, 10); /* behind ") S " */
    return parent == getppid();
}

/* Moves what is in the group into its leaf; false when somebody else is in it. */
static bool move_to_leaf(const char *folder)
{
    char leaf[2 * PATH_MAX + 64], text[TEXT_MAX], *at = text;
    struct span processes = read_in(folder, "cgroup.procs", text);
    long pid;

    if (processes.len == TEXT_MAX - 1)
        return false;
    while ((pid = strtol(at, &at, 10)) > 0)
        if (!is_portico((pid_t)pid))
            return false;
    snprintf(leaf, sizeof leaf, "%s/" LEAF, folder);
    if (mkdir(leaf, 0755) != 0 && errno != EEXIST)
        return false;
    at = text;
    while ((pid = strtol(at, &at, 10)) > 0) {
        char number[32];

        snprintf(number, sizeof number, "%ld", pid);
        if (!write_file(leaf, "cgroup.procs", number))
            return false;
    }
    return true;
}

static bool has_controllers(struct span names)
{
    return has_word(names, "memory") && has_word(names, "pids");
}

static bool use_v2(struct cgroups *groups, const char *above)
{
    if (!add_folder(groups, above))
        return false;
    groups->is_v2 = groups->has_memory = groups->has_processes =
        write_file(groups->folders[0], "cgroup.subtree_control", "+memory +pids");
    if (groups->is_v2)
        return true;
    rmdir(groups->folders[0]);
    groups->count = 0;
    return false;
}

/* In our own group, when it was delegated to Portico alone. */
static bool open_own(struct cgroups *groups, const char *mount, struct span self)
{
    char path[PATH_MAX], above[2 * PATH_MAX], text[TEXT_MAX];
    struct span own;
    bool is_moved;

    if (!find_path(self, "", path))
        return false;
    own = span_of(path);
    is_moved = span_ends(own, SPAN("/" LEAF)); /* by a host before us */
    if (is_moved)
        own.len -= strlen("/" LEAF);
    snprintf(above, sizeof above, "%s%.*s", mount, SPAN_ARG(own));
    return has_controllers(read_in(above, "cgroup.controllers", text)) &&
           (is_moved || move_to_leaf(above)) &&
           write_file(above, "cgroup.subtree_control", "+memory +pids") && use_v2(groups, above);
}

static void open_v2(struct cgroups *groups, const char *mount, struct span self)
{
    char text[TEXT_MAX];

    if (open_own(groups, mount, self) || geteuid() != 0)
        return;
    /* Started from root's shell, say: at the top there is room, where systemd shares it out. */
    if (has_controllers(read_in(mount, "cgroup.subtree_control", text)))
        use_v2(groups, mount);
}

void cgroups_open(struct cgroups *groups, const char *mount, const char *self)
{
    char path[PATH_MAX], text[TEXT_MAX];
    struct span about = read_file(self, text);

    *groups = (struct cgroups){0};
    snprintf(path, sizeof path, "%s/cgroup.controllers", mount);
    if (access(path, F_OK) == 0)
        open_v2(groups, mount, about);
    else
        open_v1(groups, mount, about);
}

void cgroups_close(const struct cgroups *groups)
{
    for (unsigned i = 0; i < groups->count; i++)
        rmdir(groups->folders[i]);
}

/* ---- one group ----------------------------------------------------------------------------- */

static void group_path(const struct cgroups *groups, unsigned hierarchy, uint64_t number,
                       char out[static PATH_MAX + 32])
{
    snprintf(out, PATH_MAX + 32, "%s/%llu", groups->folders[hierarchy], (unsigned long long)number);
}

/* What a kernel does not have is left out, but for the limits themselves. */
static bool set_limits(const struct cgroups *groups, const char *folder, const char *memory,
                       const char *processes)
{
    if (groups->is_v2) {
        write_file(folder, "memory.swap.max", "0");
        write_file(folder, "memory.oom.group", "1");
        return write_file(folder, "memory.max", memory) &&
               write_file(folder, "pids.max", processes);
    }
    if (write_file(folder, "memory.limit_in_bytes", memory)) {
        write_file(folder, "memory.memsw.limit_in_bytes", memory);
        return true;
    }
    return write_file(folder, "pids.max", processes);
}

bool cgroup_limit(const struct cgroups *groups, uint64_t number, uint32_t memory_mb,
                  uint32_t process_max)
{
    char memory[32], processes[32], path[PATH_MAX + 32];

    snprintf(memory, sizeof memory, "%llu", ((unsigned long long)memory_mb + OVERHEAD_MB) << 20);
    snprintf(processes, sizeof processes, "%u", process_max);
    for (unsigned i = 0; i < groups->count; i++) {
        group_path(groups, i, number, path);
        if (!set_limits(groups, path, memory, processes))
            return false;
    }
    return true;
}

/* An empty parent is anybody's to remove (systems tidy up): then it is made again. */
static bool make_folder(const struct cgroups *groups, unsigned hierarchy, const char *path)
{
    const char *parent = groups->folders[hierarchy];

    if (mkdir(path, 0755) == 0)
        return true;
    if (errno != ENOENT || (mkdir(parent, 0755) != 0 && errno != EEXIST))
        return false;
    if (groups->is_v2 && !write_file(parent, "cgroup.subtree_control", "+memory +pids"))
        return false;
    return mkdir(path, 0755) == 0;
}

bool cgroup_make(const struct cgroups *groups, uint64_t number, uint32_t memory_mb,
                 uint32_t process_max)
{
    char path[PATH_MAX + 32];
    bool is_made = true;
    int error;

    for (unsigned i = 0; i < groups->count && is_made; i++) {
        group_path(groups, i, number, path);
        is_made = make_folder(groups, i, path);
    }
    if (is_made && cgroup_limit(groups, number, memory_mb, process_max))
        return true;
    error = errno;
    cgroup_remove(groups, number);
    errno = error;
    return false;
}

bool cgroup_enter(const struct cgroups *groups, uint64_t number)
{
    char path[PATH_MAX + 32];

    for (unsigned i = 0; i < groups->count; i++) {
        group_path(groups, i, number, path);
        if (!write_file(path, "cgroup.procs", "0"))
            return false;
    }
    return true;
}

static bool was_killed(const struct cgroups *groups, const char *folder)
{
    char text[TEXT_MAX];
    struct span rest =
        read_in(folder, groups->is_v2 ? "memory.events" : "memory.oom_control", text);
    struct span line;

    while (span_split(&rest, '\n', &line))
        if (span_starts(line, SPAN("oom_kill ")))
            return !span_is(line, "oom_kill 0");
    return false;
}

bool cgroup_remove(const struct cgroups *groups, uint64_t number)
{
    char path[PATH_MAX + 32];
    bool is_oom = false;

    for (unsigned i = 0; i < groups->count; i++) {
        group_path(groups, i, number, path);
        is_oom = was_killed(groups, path) || is_oom;
        rmdir(path);
    }
    return is_oom;
}
