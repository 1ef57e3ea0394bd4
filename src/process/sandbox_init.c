/* sandbox-init: the first process of an instance.  It starts the runtime with what the host's plan
 * says and nothing else, collects what the runtime leaves behind, and ends everything when the
 * runtime ends, when the host says so, or when the host is gone.
 *
 * It is process 1 of the sandbox, so the kernel kills whatever is left when it goes, and no signal
 * from inside can reach it.  Without a sandbox (--sandbox off) it does the same as the one that
 * orphans are given to, as well as that can be done.
 *
 * Linked statically and without the rest of Portico: it is started for every instance, and the
 * less it is the less can go wrong before the filter is in place. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/init.h"

#define SWEEPS_MAX 200 /* without a sandbox: how often what is left is looked for */

static _Alignas(struct init_plan) char message[INIT_PLAN_MAX];
static char *strings[INIT_STRINGS_MAX + 2]; /* arguments, NULL, variables, NULL */

struct parsed {
    struct init_plan plan;
    struct sock_filter *filter;
    const char *folder;
    char **argv, **envp;
};

static void report(struct init_report said)
{
    send(INIT_CONTROL, &said, sizeof said, MSG_NOSIGNAL);
}

static void fail(int error)
{
    report((struct init_report){.what = INIT_FAILED, .value = error});
    _exit(125);
}

/* Takes `count` strings off the message; a NULL ends them. */
static char **take_strings(char **at, const char *end, uint32_t count, char **out)
{
    for (uint32_t i = 0; i < count; i++) {
        char *stop = memchr(*at, '\0', (size_t)(end - *at));

        if (!stop)
            fail(EPROTO);
        *out++ = *at;
        *at = stop + 1;
    }
    *out++ = NULL;
    return out;
}

static void receive_plan(struct parsed *out)
{
    ssize_t n = recv(INIT_CONTROL, message, sizeof message, 0);
    const char *end = message + n;
    char *at = message + sizeof out->plan, **next;
    size_t filter_size;

    if (n == 0)
        _exit(125); /* the host is gone */
    if (n < (ssize_t)sizeof out->plan)
        fail(EPROTO);
    memcpy(&out->plan, message, sizeof out->plan);
    filter_size = out->plan.filter_count * sizeof(struct sock_filter);
    if (out->plan.filter_count > BPF_MAXINSNS || filter_size > (size_t)(end - at) ||
        out->plan.argument_count == 0 || out->plan.argument_count > INIT_STRINGS_MAX / 2 ||
        out->plan.variable_count > INIT_STRINGS_MAX / 2 - 1)
        fail(EPROTO);
    out->filter = (struct sock_filter *)(void *)at;
    at += filter_size;
    out->folder = at;
    next = take_strings(&at, end, 1, strings);
    out->argv = next - 1; /* over the NULL behind the folder */
    out->envp = take_strings(&at, end, out->plan.argument_count, out->argv);
    take_strings(&at, end, out->plan.variable_count, out->envp);
}

/* The Runtime API's place inside a network of our own. */
static void send_listener(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(INIT_PORT),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct init_report said = {.what = INIT_LISTENER};
    struct iovec piece = {&said, sizeof said};
    struct msghdr header = {.msg_iov = &piece,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof control};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 16) != 0)
        fail(errno);
    *CMSG_FIRSTHDR(&header) = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), &listener, sizeof listener);
    if (sendmsg(INIT_CONTROL, &header, MSG_NOSIGNAL) < 0)
        fail(errno);
    close(listener);
}

static void limit(int what, uint32_t most)
{
    struct rlimit both = {most, most};

    setrlimit((__rlimit_resource_t)what, &both);
}

static bool set_filter(const struct parsed *parsed)
{
    struct sock_fprog program = {(unsigned short)parsed->plan.filter_count, parsed->filter};

    return parsed->plan.filter_count == 0 ||
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/* Where the host is root there is no user namespace, but a user of nobody's: to be root in the file
 * system's eyes would be too much, even without capabilities. */
static void drop_rights(const struct init_plan *plan)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail(errno);
    if (plan->user == 0)
        return;
    if (setgroups(0, NULL) != 0 || setresgid(plan->group, plan->group, plan->group) != 0 ||
        setresuid(plan->user, plan->user, plan->user) != 0)
        fail(errno);
}

/* Where the network is shared, so are the names of abstract unix sockets, behind which the user's
 * other programs listen (a desktop, a message bus).  Since Linux 6.12 they can be closed off; the
 * machine's headers may be older than its kernel. */
static void leave_abstract_sockets(void)
{
    struct {
        uint64_t files, network, scoped;
    } rules = {.scoped = 1}; /* LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET */
    int made = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);

    if (made < 0)
        return;
    syscall(SYS_landlock_restrict_self, made, 0);
    close(made);
}

/* In the child that becomes the runtime. */
static void run(const struct parsed *parsed)
{
    sigset_t none;

    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(022);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, parsed->plan.file_max);
    if (parsed->plan.process_max)
        limit(RLIMIT_NPROC, parsed->plan.process_max);
    if (chdir(parsed->folder) != 0)
        fail(errno);
    report((struct init_report){.what = INIT_UP});
    if (syscall(SYS_close_range, INIT_CONTROL, ~0U, 0) != 0)
        for (int i = INIT_CONTROL; i < 1024; i++)
            close(i);
    if (!set_filter(parsed))
        _exit(125);
    execve(parsed->argv[0], parsed->argv, parsed->envp);
    dprintf(STDERR_FILENO, "cannot run '%s': %s\n", parsed->argv[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

/* ---- the end ------------------------------------------------------------------------------- */

static bool is_namespace(void)
{
    return getpid() == 1;
}

/* Sends a signal to all that we have as children. */
static void signal_children(int signal)
{
    static char list[16384];
    int file = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    ssize_t n = file >= 0 ? read(file, list, sizeof list - 1) : 0;
    char *at = list;

    list[n > 0 ? n : 0] = '\0';
    for (long pid; (pid = strtol(at, &at, 10)) > 0;)
        kill((pid_t)pid, signal);
    if (file >= 0)
        close(file);
}

static void signal_all(pid_t runtime, int signal)
{
    if (is_namespace()) {
        kill(-1, signal);
        return;
    }
    kill(-runtime, signal);
    signal_children(signal);
}

struct end {
    bool is_over;
    int status;
};

/* Waits for what has ended; false when there are no children any more. */
static bool reap(pid_t runtime, struct end *end, int flags)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, flags)) > 0) {
        if (pid == runtime)
            *end = (struct end){true, status};
        flags |= WNOHANG;
    }
    return pid == 0 || errno != ECHILD;
}

/* Kills until nothing is left.  In a namespace one signal reaches all at once, however fast they
 * fork; without one, orphans become our children and are found in the next round. */
static void end_all(pid_t runtime, struct end *end)
{
    int rounds = 0;

    do
        signal_all(runtime, SIGKILL);
    while (reap(runtime, end, 0) && (is_namespace() || ++rounds < SWEEPS_MAX));
}

static void report_end(const struct end *end)
{
    struct init_report said = {.what = INIT_ENDED, .value = -1, .signal = SIGKILL};
    struct rusage usage;

    if (end->is_over && WIFEXITED(end->status))
        said = (struct init_report){.what = INIT_ENDED, .value = WEXITSTATUS(end->status)};
    else if (end->is_over)
        said.signal = WTERMSIG(end->status);
    if (getrusage(RUSAGE_CHILDREN, &usage) == 0)
        said.peak_kb = (uint64_t)usage.ru_maxrss;
    report(said);
}

/* False when everything is to end. */
static bool obey(pid_t runtime)
{
    char order;

    if (recv(INIT_CONTROL, &order, 1, 0) != 1 || order == INIT_KILL)
        return false;
    if (order == INIT_STOP)
        signal_all(runtime, SIGSTOP);
    else if (order == INIT_CONTINUE)
        signal_all(runtime, SIGCONT);
    return true;
}

static void watch(pid_t runtime, int signals)
{
    struct pollfd polled[2] = {{.fd = INIT_CONTROL, .events = POLLIN},
                               {.fd = signals, .events = POLLIN}};
    struct signalfd_siginfo got;
    struct end end = {0};

    while (!end.is_over) {
        if (poll(polled, 2, -1) < 0)
            continue;
        if (polled[1].revents && read(signals, &got, sizeof got) > 0)
            reap(runtime, &end, WNOHANG);
        if (polled[0].revents && !obey(runtime))
            break;
    }
    end_all(runtime, &end);
    report_end(&end);
}

int main(void)
{
    static struct parsed parsed;
    sigset_t all;
    pid_t runtime;
    int signals;

    fcntl(INIT_CONTROL, F_SETFD, FD_CLOEXEC);
    receive_plan(&parsed);
    drop_rights(&parsed.plan);
    if (is_namespace()) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* and everything with us */
    } else {
        setsid();
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    }
    if (parsed.plan.listens)
        send_listener();
    if (is_namespace())
        leave_abstract_sockets();
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    runtime = fork();
    if (signals < 0 || runtime < 0)
        fail(errno);
    if (runtime == 0)
        run(&parsed);
    prctl(PR_SET_DUMPABLE, 0);
    close(INIT_CHANNEL); /* so that the gateway sees its end when the runtime closes it */
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    watch(runtime, signals);
    return 0;
}
