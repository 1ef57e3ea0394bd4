/* Linux says it in two places: /proc/net/tcp gives the inode of a listening socket, and the
 * descriptors of some process point to it.  Read only after a bind has failed. */
#include "supervise/owner.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"

#define LINE_MAX_LEN 512
#define STATE_LISTEN 0x0a

/* The inode of the first socket that listens on the port; 0: none. */
static unsigned long listening_inode(const char *table, uint16_t port)
{
    char line[LINE_MAX_LEN];
    unsigned long found = 0;
    FILE *in = fopen(table, "re");

    while (in && !found && fgets(line, sizeof line, in)) {
        unsigned local, state;
        unsigned long inode;

        /* slot: local address:port, remote, state, queues, timer, retries, user, timeout, inode */
        if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %lu",
                   &local, &state, &inode) == 3 &&
            local == port && state == STATE_LISTEN)
            found = inode;
    }
    if (in)
        fclose(in);
    return found;
}

static bool holds_socket(const char *pid, unsigned long inode)
{
    char path[PATH_MAX], want[64], link[64];
    struct dirent *entry;
    bool found = false;
    DIR *folder;

    snprintf(want, sizeof want, "socket:[%lu]", inode);
    snprintf(path, sizeof path, "/proc/%s/fd", pid);
    folder = opendir(path);
    while (folder && !found && (entry = readdir(folder)) != NULL) {
        ssize_t n = readlinkat(dirfd(folder), entry->d_name, link, sizeof link - 1);

        if (n > 0) {
            link[n] = '\0';
            found = strcmp(link, want) == 0;
        }
    }
    if (folder)
        closedir(folder);
    return found;
}

static void read_name(const char *pid, char out[static OWNER_NAME_MAX])
{
    char path[PATH_MAX];
    FILE *in;

    snprintf(path, sizeof path, "/proc/%s/comm", pid);
    in = fopen(path, "re");
    if (!in || !fgets(out, OWNER_NAME_MAX, in))
        snprintf(out, OWNER_NAME_MAX, "unknown");
    out[strcspn(out, "\n")] = '\0';
    if (in)
        fclose(in);
}

bool owner_of_port(uint16_t port, struct owner *out)
{
    unsigned long inode = listening_inode("/proc/net/tcp", port);
    struct dirent *entry;
    bool found = false;
    uint64_t pid;
    DIR *proc;

    if (!inode)
        inode = listening_inode("/proc/net/tcp6", port);
    if (!inode || !(proc = opendir("/proc")))
        return false;
    while (!found && (entry = readdir(proc)) != NULL) {
        if (!number_u64(span_of(entry->d_name), &pid) || !holds_socket(entry->d_name, inode))
            continue;
        out->pid = (int)pid;
        read_name(entry->d_name, out->name);
        found = true;
    }
    closedir(proc);
    return found;
}
