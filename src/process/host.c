/* The host process: starts sandboxed function instances and unpacks packages. */
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "host/filter.h"
#include "host/package.h"
#include "host/serve.h"
#include "host/unpacker.h"

#define SEARCH_FIRST "/usr/local/bin:/usr/bin:/bin"
#define PROCESSES_MAX 1024 /* of one instance, as on AWS */

static struct child child;

/* What lies beside our executable: sandbox-init, the bootstraps. */
static void find_beside(const char *name, char out[static PATH_MAX])
{
    char self[PATH_MAX - 64];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (n <= 0)
        child_refuse(&child, "cannot tell where portico-host is installed");
    snprintf(out, PATH_MAX, "%.*s/%s", (int)span_find_last(span_make(self, (size_t)n), '/'), self,
             name);
    if (access(out, R_OK) != 0)
        child_refuse(&child, "cannot find '%s'; build it with 'make'", out);
}

static const char *find_bwrap(const char *search, char out[static PATH_MAX])
{
    struct span rest = span_of(search), folder;

    while (span_split(&rest, ':', &folder)) {
        snprintf(out, PATH_MAX, "%.*s/bwrap", SPAN_ARG(folder));
        if (out[0] == '/' && access(out, X_OK) == 0)
            return out;
    }
    return NULL;
}

/* Where interpreters are: places the operator names, the usual ones, and PATH. */
static const char *make_search(void)
{
    static char search[8192];
    const char *named = child_text(&child, "runtimes", ""), *path = getenv("PATH");

    snprintf(search, sizeof search, "%s%s%s:%s", named, named[0] ? ":" : "", SEARCH_FIRST,
             path ? path : "");
    return search;
}

static void choose_sandbox(struct host *host, struct filter *filter)
{
    static char bwrap[PATH_MAX];
    struct problem why;

    if (strcmp(child_text(&child, "sandbox", "on"), "off") == 0) {
        log_warn("functions run without a sandbox (--sandbox off): their code can do whatever "
                 "the user of Portico can");
        return;
    }
    host->sandbox.bwrap = find_bwrap(host->search, bwrap);
    if (!host->sandbox.bwrap)
        host->missing = "bubblewrap (bwrap) is not installed: functions need it, or --sandbox off";
    if (filter_make(filter, &why) != OK)
        child_refuse(&child, "%s", why.text);
    host->sandbox.filter = filter->program;
    host->sandbox.filter_count = filter->count;
}

/* Whether a number is mapped here: "inside outside count" lines. */
static bool is_mapped(const char *path, unsigned long long number)
{
    unsigned long long inside, outside, count;
    FILE *in = fopen(path, "re");
    bool is = false;

    while (in && fscanf(in, "%llu %llu %llu", &inside, &outside, &count) == 3)
        is = is || (number >= inside && number - inside < count);
    if (in)
        fclose(in);
    return is;
}

/* Root in a container may lack the right to mount, or have no other user to become: such a host
 * does as an ordinary user does. */
static bool is_real_root(void)
{
    return geteuid() == 0 && prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 1 &&
           is_mapped("/proc/self/uid_map", SANDBOX_USER) &&
           is_mapped("/proc/self/gid_map", SANDBOX_GROUP);
}

/* Limits that hold for an instance as a whole; where there are none, that is said once. */
static void open_groups(struct host *host)
{
    cgroups_open(&host->groups, "/sys/fs/cgroup", "/proc/self/cgroup");
    if (!host->groups.has_memory)
        log_warn("no control group is delegated to Portico: functions have no limit of memory; "
                 "see docs/internals/host.md");
    if (!host->groups.has_processes && geteuid() == 0)
        log_warn("no control group, and the limit of processes does not hold for root: functions "
                 "may start as many as they like");
}

int main(int argc, char **argv)
{
    static char init[PATH_MAX], bootstraps[PATH_MAX];
    static struct host host;
    struct filter filter = {0};
    struct problem why = {0};

    if (unpacker_is_meant(argc, argv))
        unpacker_main();
    if (child_tells_version(argc, argv)) {
        char archive[ARCHIVE_VERSION_MAX];

        package_version(archive);
        printf("%s\n", archive);
        return 0;
    }
    child_open(&child, "host", argc, argv);
    find_beside("sandbox-init", init);
    find_beside("runtimes", bootstraps);
    host.child = &child;
    host.search = make_search();
    host.sandbox = (struct sandbox){.data = child_text(&child, "data", ""),
                                    .bootstraps = bootstraps,
                                    .init = init,
                                    .process_max = PROCESSES_MAX,
                                    .is_root = is_real_root()};
    choose_sandbox(&host, &filter);
    open_groups(&host);
    if (host_serve(&host, child_descriptor(&child, "host-listener", 0), &why) != OK)
        child_refuse(&child, "%s", why.text);
    cgroups_close(&host.groups);
    filter_release(&filter);
    return 0;
}
