/* A list of what is refused, not of what is allowed: functions bring programs of any kind, and what
 * they may touch is decided by the namespaces.  Refused is what could lead out of them (new user
 * namespaces, mounts, other processes' memory), what belongs to the whole machine, and parts of
 * the kernel that an ordinary program never needs and where most of its holes were found.
 *
 * A refused call answers EPERM, or ENOSYS where the C library then does it in another way. */
#include "host/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/span.h"

static const struct {
    const char *name;
    int error;
} REFUSED[] = {
    /* ways out of the namespaces */
    {"unshare", EPERM},
    {"setns", EPERM},
    {"clone3", ENOSYS}, /* its flags are out of a filter's sight; clone is used instead */
    {"mount", EPERM},
    {"umount2", EPERM},
    {"pivot_root", EPERM},
    {"chroot", EPERM},
    {"mount_setattr", EPERM},
    {"move_mount", EPERM},
    {"open_tree", EPERM},
    {"fsopen", EPERM},
    {"fsmount", EPERM},
    {"fsconfig", EPERM},
    {"fspick", EPERM},
    {"open_by_handle_at", EPERM},
    {"name_to_handle_at", EPERM},
    /* other processes */
    {"ptrace", EPERM},
    {"process_vm_readv", EPERM},
    {"process_vm_writev", EPERM},
    {"process_madvise", EPERM},
    {"pidfd_getfd", EPERM},
    {"kcmp", EPERM},
    /* the machine */
    {"kexec_load", EPERM},
    {"kexec_file_load", EPERM},
    {"init_module", EPERM},
    {"finit_module", EPERM},
    {"delete_module", EPERM},
    {"reboot", EPERM},
    {"swapon", EPERM},
    {"swapoff", EPERM},
    {"acct", EPERM},
    {"quotactl", EPERM},
    {"quotactl_fd", EPERM},
    {"syslog", EPERM},
    {"settimeofday", EPERM},
    {"clock_settime", EPERM},
    {"clock_adjtime", EPERM},
    {"adjtimex", EPERM},
    {"sethostname", EPERM},
    {"setdomainname", EPERM},
    {"iopl", EPERM},
    {"ioperm", EPERM},
    {"vhangup", EPERM},
    {"lookup_dcookie", EPERM},
    {"nfsservctl", EPERM},
    /* parts of the kernel with a long list of holes */
    {"bpf", EPERM},
    {"perf_event_open", EPERM},
    {"userfaultfd", EPERM},
    {"io_uring_setup", EPERM},
    {"io_uring_enter", EPERM},
    {"io_uring_register", EPERM},
    {"add_key", EPERM},
    {"keyctl", EPERM},
    {"request_key", EPERM},
    {"fanotify_init", EPERM},
    {"modify_ldt", EPERM},
    {"uselib", EPERM},
    {"ustat", EPERM},
    {"vmsplice", EPERM},
    {"move_pages", EPERM},
    {"migrate_pages", EPERM},
};

/* Flags of clone that make a namespace. */
static const unsigned long NAMESPACES[] = {CLONE_NEWUSER,  CLONE_NEWNS,  CLONE_NEWPID,
                                           CLONE_NEWNET,   CLONE_NEWIPC, CLONE_NEWUTS,
                                           CLONE_NEWCGROUP};

/* Families a function has a use for; AF_NETLINK is how the C library lists interfaces. */
static const int FAMILIES[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

static int refuse_calls(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < COUNT(REFUSED); i++) {
        int number = seccomp_syscall_resolve_name(REFUSED[i].name), rc;

        if (number == __NR_SCMP_ERROR)
            continue; /* younger than libseccomp */
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)REFUSED[i].error), number, 0);
        if (rc != 0 && rc != -EDOM) /* EDOM: not a call of this machine */
            return rc;
    }
    return 0;
}

static int refuse_arguments(scmp_filter_ctx filter)
{
    uint32_t eperm = SCMP_ACT_ERRNO(EPERM);
    int rc = 0;

    for (size_t i = 0; i < COUNT(NAMESPACES) && rc == 0; i++)
        rc = seccomp_rule_add(filter, eperm, SCMP_SYS(clone), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, NAMESPACES[i], NAMESPACES[i]));
    /* Characters put into the input of a terminal. */
    if (rc == 0)
        rc = seccomp_rule_add(filter, eperm, SCMP_SYS(ioctl), 1,
                              SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, TIOCSTI));
    for (int family = 0; family < AF_MAX && rc == 0; family++) {
        bool is_allowed = false;

        for (size_t i = 0; i < COUNT(FAMILIES); i++)
            is_allowed = is_allowed || family == FAMILIES[i];
        if (!is_allowed)
            rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                                  SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family));
    }
    return rc != 0 ? rc
                   : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                                      SCMP_A0(SCMP_CMP_GE, AF_MAX));
}

/* Takes the compiled program out of libseccomp, which only writes it to a file. */
static int export_program(scmp_filter_ctx context, struct filter *filter)
{
    int file = memfd_create("filter", MFD_CLOEXEC), rc = -EIO;
    struct stat about;

    if (file < 0)
        return -errno;
    if (seccomp_export_bpf(context, file) == 0 && fstat(file, &about) == 0 && about.st_size > 0) {
        size_t size = (size_t)about.st_size;
        void *program = mem_alloc(size);

        if (pread(file, program, size, 0) == (ssize_t)size) {
            *filter = (struct filter){program, (uint32_t)(size / sizeof(struct sock_filter))};
            rc = 0;
        } else {
            mem_free(program);
        }
    }
    close(file);
    return rc;
}

enum fault filter_make(struct filter *filter, struct problem *why)
{
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
    int rc = -ENOMEM;

    if (context) {
        /* A tree instead of a list: each call of a function walks through it. */
        seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        rc = refuse_calls(context);
        if (rc == 0)
            rc = refuse_arguments(context);
        if (rc == 0)
            rc = export_program(context, filter);
        seccomp_release(context);
    }
    if (rc != 0)
        return problem_set(why, FAULT_IO, "cannot compile the filter of system calls: %s",
                           strerror(-rc));
    return OK;
}

void filter_release(struct filter *filter)
{
    mem_free(filter->program);
    *filter = (struct filter){0};
}
