/* Control groups: the limits of an instance that hold for all of its processes together.
 *
 * They are there only where the system lets Portico make them: as root, or in a group that was
 * delegated to it alone.  Without them there is no limit of memory, and the log says so. */
#ifndef HOST_CGROUP_H
#define HOST_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define CGROUP_HIERARCHIES 2

/* Where groups of instances are made; count 0: nowhere. */
struct cgroups {
    char folders[CGROUP_HIERARCHIES][PATH_MAX]; /* version 1: memory, pids; version 2: one */
    unsigned count;
    bool is_v2, has_memory, has_processes;
};

/* Finds the place below `mount` (/sys/fs/cgroup) for the process that `self` (/proc/self/cgroup)
 * tells about.  Groups that hosts before us left there are removed. */
void cgroups_open(struct cgroups *groups, const char *mount, const char *self);

/* Removes what cgroups_open has made. */
void cgroups_close(const struct cgroups *groups);

/* Makes the group of instance `number` with its limits.  False, with errno, when that fails;
 * true, too, when there are no groups. */
bool cgroup_make(const struct cgroups *groups, uint64_t number, uint32_t memory_mb,
                 uint32_t process_max);

/* Writes the limits into the group's files: a part of cgroup_make. */
bool cgroup_limit(const struct cgroups *groups, uint64_t number, uint32_t memory_mb,
                  uint32_t process_max);

/* Puts the calling process into it: called between fork and exec. */
bool cgroup_enter(const struct cgroups *groups, uint64_t number);

/* Removes the group, in which nothing runs any more.  Answers whether something in it was killed
 * for want of memory. */
bool cgroup_remove(const struct cgroups *groups, uint64_t number);

#endif
