/* One thread and one poll.  What happens is few: a signal, a word of a child, a child's end, a
 * start that is due, the end of the drain.  Nothing here depends on what clients send, so nothing
 * they do can take the listeners away. */
#include "supervise/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/span.h"
#include "link/child.h"
#include "link/up.h"
#include "supervise/folder.h"
#include "supervise/listener.h"
#include "supervise/process.h"

#define FILES_MIN 1024
#define DRAIN_MICROS (30 * MICROS_PER_SECOND)
#define STOP_MICROS (2 * MICROS_PER_SECOND) /* for children to go after their lifeline was cut */
#define START_FAILURES_MAX 3

/* In the order in which they drain: the gateway may still need control, and both need the host. */
enum child_id { GATEWAY, CONTROL, HOST, CHILD_COUNT };

enum phase {
    SERVING,
    DRAINING, /* children finish one after the other, until the deadline */
    STOPPING  /* lifelines are cut; what is left at the deadline is killed */
};

struct supervisor {
    struct folder folder;
    struct listeners listeners;
    int feed, control, host, up; /* listening unix sockets */
    int signals;
    struct process children[CHILD_COUNT];
    enum phase phase;
    bool is_announced;
    int exit_code;
    int64_t deadline; /* of the drain or the stop */
};

bool supervisor_find(const char *name, char out[static PATH_MAX])
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    int len;

    if (n <= 0)
        return false;
    len = (int)span_find_last(span_make(self, (size_t)n), '/');
    snprintf(out, PATH_MAX, "%.*s/../libexec/portico/portico-%s", len, self, name);
    if (access(out, X_OK) == 0)
        return true;
    snprintf(out, PATH_MAX, "%.*s/portico-%s", len, self, name);
    return access(out, X_OK) == 0;
}

/* ---- children ------------------------------------------------------------------------------ */

static void note_pid(struct supervisor *s, const struct process *child)
{
    char name[64], text[32];

    snprintf(name, sizeof name, "%s.pid", child->name);
    snprintf(text, sizeof text, "%d\n", (int)child->pid);
    folder_note(&s->folder, name, text);
}

static void stop(struct supervisor *s, int exit_code)
{
    s->phase = STOPPING;
    s->exit_code = exit_code;
    s->deadline = clock_now(&CLOCK_SYSTEM) + STOP_MICROS;
    for (int i = 0; i < CHILD_COUNT; i++)
        process_cut(&s->children[i]);
}

static void start_child(struct supervisor *s, struct process *child)
{
    int64_t now = clock_now(&CLOCK_SYSTEM);
    char path[PATH_MAX];

    if (!supervisor_find(child->name, path)) {
        fprintf(stderr, "portico: cannot find '%s'; build it with 'make'\n", path);
        stop(s, 1);
        return;
    }
    if (!process_start(child, path, now)) {
        log_error("cannot start '%s': %s", path, strerror(errno));
        if (child->pid == 0)
            process_ended(child, now); /* else its end is reaped, and counted, as any other */
        return;
    }
    note_pid(s, child);
}

static bool is_running(const struct supervisor *s)
{
    for (int i = 0; i < CHILD_COUNT; i++)
        if (s->children[i].pid > 0)
            return true;
    return false;
}

static void describe(int status, char out[static 64])
{
    if (WIFSIGNALED(status))
        snprintf(out, 64, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(out, 64, "exit %d", WEXITSTATUS(status));
}

/* Those still to drain are told one after the other. */
static void drain_next(struct supervisor *s)
{
    for (int i = 0; i < CHILD_COUNT; i++) {
        if (s->children[i].pid == 0)
            continue;
        child_tell_drain(s->children[i].lifeline);
        return;
    }
}

static void child_ended(struct supervisor *s, struct process *child, int status)
{
    char how[64];

    describe(status, how);
    process_ended(child, clock_now(&CLOCK_SYSTEM));
    if (s->phase == DRAINING)
        drain_next(s);
    if (s->phase != SERVING)
        return;
    log_warn("%s ended: %s; starting it again in %lld ms", child->name, how,
             (long long)process_backoff(child->failures) / MICROS_PER_MS);
    if (!child->was_ready && child->failures >= START_FAILURES_MAX) {
        fprintf(stderr, "portico: cannot start %s: it ended %u times (%s)\n", child->name,
                child->failures, how);
        stop(s, 1);
    }
}

static void hear_child(struct supervisor *s, struct process *child);

static void reap(struct supervisor *s)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < CHILD_COUNT; i++) {
            if (s->children[i].pid != pid)
                continue;
            hear_child(s, &s->children[i]); /* its last words */
            child_ended(s, &s->children[i], status);
        }
    }
}

/* The ready line is what scripts wait for: one line, when the first answer will be right. */
static void announce(struct supervisor *s)
{
    if (s->is_announced || s->phase != SERVING)
        return;
    for (int i = 0; i < CHILD_COUNT; i++)
        if (!s->children[i].is_ready)
            return;
    s->is_announced = true;
    printf("listening on http://%s\n", s->listeners.all[0].text);
    fflush(stdout);
}

static void hear_child(struct supervisor *s, struct process *child)
{
    char words[CHILD_MESSAGE_MAX];

    while (child->lifeline >= 0) {
        switch (child_hear(child->lifeline, words)) {
        case CHILD_SAYS_NOTHING:
            return;
        case CHILD_SAYS_READY:
            child->is_ready = child->was_ready = true;
            announce(s);
            break;
        case CHILD_SAYS_REFUSE:
            fprintf(stderr, "portico: %s\n", words);
            stop(s, 1);
            return;
        case CHILD_SAYS_BYE: /* it ends: the signal says how */
            process_cut(child);
            return;
        }
    }
}

/* ---- signals and time ---------------------------------------------------------------------- */

static void ask_to_end(struct supervisor *s)
{
    if (s->phase == SERVING && is_running(s)) {
        log_info("draining; a second signal ends at once");
        s->phase = DRAINING;
        s->deadline = clock_now(&CLOCK_SYSTEM) + DRAIN_MICROS;
        listeners_close(&s->listeners); /* the gateway's are then the last */
        drain_next(s);
    } else if (s->phase != STOPPING) {
        stop(s, 0);
    }
}

static void take_signals(struct supervisor *s)
{
    struct signalfd_siginfo got;

    while (read(s->signals, &got, sizeof got) == (ssize_t)sizeof got) {
        if (got.ssi_signo == SIGCHLD)
            reap(s);
        else
            ask_to_end(s);
    }
}

/* Starts the children whose time has come; answers when the next one is due. */
static int64_t start_due(struct supervisor *s, int64_t now)
{
    int64_t next = INT64_MAX;

    for (int i = 0; i < CHILD_COUNT; i++) {
        struct process *child = &s->children[i];

        if (child->pid == 0 && child->start_at <= now)
            start_child(s, child);
        if (child->pid == 0 && child->start_at < next)
            next = child->start_at;
    }
    return next;
}

/* The end's deadlines: a drain that takes too long becomes a stop, a stop a kill. */
static int64_t end_due(struct supervisor *s, int64_t now)
{
    if (s->phase == DRAINING && now >= s->deadline) {
        log_warn("the drain took too long; ending what is left");
        stop(s, 0);
    }
    for (int i = 0; s->phase == STOPPING && now >= s->deadline && i < CHILD_COUNT; i++)
        if (s->children[i].pid > 0)
            kill(s->children[i].pid, SIGKILL);
    return now < s->deadline ? s->deadline : now + MICROS_PER_SECOND;
}

/* Does what is due; answers how long poll may sleep, in ms. */
static int keep_time(struct supervisor *s)
{
    int64_t now = clock_now(&CLOCK_SYSTEM);
    int64_t next = s->phase == SERVING ? start_due(s, now) : end_due(s, now);

    return clock_poll_ms(now, next);
}

static void run(struct supervisor *s)
{
    struct pollfd polled[1 + CHILD_COUNT];

    for (;;) {
        int timeout = keep_time(s);

        if (s->phase != SERVING && !is_running(s))
            return;
        polled[0] = (struct pollfd){.fd = s->signals, .events = POLLIN};
        for (int i = 0; i < CHILD_COUNT; i++)
            polled[1 + i] = (struct pollfd){.fd = s->children[i].lifeline, .events = POLLIN};
        if (poll(polled, COUNT(polled), timeout) < 0)
            continue;
        for (int i = 0; i < CHILD_COUNT; i++)
            if (polled[1 + i].revents)
                hear_child(s, &s->children[i]);
        if (polled[0].revents)
            take_signals(s);
    }
}

/* ---- the start ----------------------------------------------------------------------------- */

static int complain(const struct problem *why)
{
    fprintf(stderr, "portico: %s\n", why->text);
    return why->code == FAULT_SYNTAX ? 2 : 1;
}

/* Connections are descriptors: take as many as the system allows. */
static enum fault raise_file_limit(struct problem *why)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return problem_set(why, FAULT_IO, "cannot read the limit of open files: %s",
                           strerror(errno));
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur < FILES_MIN)
        return problem_set(why, FAULT_RANGE,
                           "only %llu files may be open, and Portico needs %d; "
                           "raise the limit (ulimit -n, LimitNOFILE)",
                           (unsigned long long)limit.rlim_cur, FILES_MIN);
    return OK;
}

static int open_signals(void)
{
    sigset_t taken;

    sigemptyset(&taken);
    sigaddset(&taken, SIGTERM);
    sigaddset(&taken, SIGINT);
    sigaddset(&taken, SIGHUP);
    sigaddset(&taken, SIGCHLD);
    sigprocmask(SIG_BLOCK, &taken, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
}

static enum fault open_folder(struct supervisor *s, const struct options *options,
                              struct problem *why)
{
    const char *chosen = option_text(options, OPTION_DATA);
    char path[PATH_MAX];

    if (!chosen[0] && !folder_default(path))
        return problem_set(why, FAULT_NOT_FOUND,
                           "there is no home directory to keep data in; say --data DIR");
    return folder_open(&s->folder, chosen[0] ? chosen : path, why);
}

static enum fault open_all(struct supervisor *s, const struct options *options, struct problem *why)
{
    enum fault rc = raise_file_limit(why);

    if (rc == OK)
        rc = open_folder(s, options, why);
    if (rc != OK)
        return rc;
    rc = listeners_open(&s->listeners, option_text(options, OPTION_LISTEN),
                        option_from(options, OPTION_LISTEN), options->allow_remote, why);
    if (rc == OK &&
        ((s->feed = folder_listen(&s->folder, "feed.sock", SOCK_STREAM, why)) < 0 ||
         (s->control = folder_listen(&s->folder, "control.sock", SOCK_STREAM, why)) < 0 ||
         (s->host = folder_listen(&s->folder, "host.sock", SOCK_SEQPACKET, why)) < 0 ||
         (s->up = folder_listen(&s->folder, UP_SOCKET, SOCK_STREAM, why)) < 0))
        rc = why->code;
    if (rc != OK)
        folder_close(&s->folder);
    return rc;
}

/* What gateway and control need. */
static void add_common(const struct supervisor *s, const struct options *options,
                       struct arguments *arguments)
{
    arguments_add(arguments, "data=%s", s->folder.path);
    arguments_add(arguments, "feed=%s/feed.sock", s->folder.sockets);
    arguments_add(arguments, "control=%s/control.sock", s->folder.sockets);
    arguments_add(arguments, "host=%s/host.sock", s->folder.sockets);
    arguments_add(arguments, "account=%s", option_text(options, OPTION_ACCOUNT));
    arguments_add(arguments, "region=%s", option_text(options, OPTION_REGION));
    arguments_add(arguments, "auth=%s", option_text(options, OPTION_AUTH));
}

static void describe_children(struct supervisor *s, const struct options *options)
{
    struct process *gateway = &s->children[GATEWAY], *control = &s->children[CONTROL];
    struct process *host = &s->children[HOST];

    *gateway = (struct process){.name = "gateway", .lifeline = -1};
    add_common(s, options, &gateway->arguments);
    arguments_add(&gateway->arguments, "workers=%u", options->workers);
    arguments_add(&gateway->arguments, "access-log=%s", option_text(options, OPTION_ACCESS_LOG));
    arguments_add(&gateway->arguments, "ca-file=%s", option_text(options, OPTION_CA_FILE));
    for (unsigned i = 0; i < s->listeners.count; i++)
        arguments_add_descriptor(&gateway->arguments, "listener", s->listeners.all[i].socket);

    *control = (struct process){.name = "control", .lifeline = -1};
    add_common(s, options, &control->arguments);
    arguments_add_descriptor(&control->arguments, "feed-listener", s->feed);
    arguments_add_descriptor(&control->arguments, "control-listener", s->control);
    arguments_add_descriptor(&control->arguments, "up-listener", s->up);
    arguments_add_descriptor(&control->arguments, "lock", s->folder.lock);

    *host = (struct process){.name = "host", .lifeline = -1};
    arguments_add(&host->arguments, "data=%s", s->folder.path);
    arguments_add(&host->arguments, "sandbox=%s", option_text(options, OPTION_SANDBOX));
    arguments_add(&host->arguments, "runtimes=%s", option_text(options, OPTION_RUNTIMES));
    arguments_add_descriptor(&host->arguments, "host-listener", s->host);
}

static void note_self(struct supervisor *s)
{
    char text[ADDRESS_TEXT_MAX + 16];

    snprintf(text, sizeof text, "%d\n", (int)getpid());
    folder_note(&s->folder, "portico.pid", text);
    snprintf(text, sizeof text, "http://%s\n", s->listeners.all[0].text);
    folder_note(&s->folder, "url", text);
}

int supervisor_run(const struct options *options)
{
    struct supervisor s = {.signals = -1, .feed = -1, .control = -1, .host = -1, .up = -1};
    struct problem why = {0};

    umask(077);
    log_open("supervisor", LOG_INFO);
    s.signals = open_signals();
    if (open_all(&s, options, &why) != OK)
        return complain(&why);
    for (unsigned i = 0; i < s.listeners.count; i++)
        if (!s.listeners.all[i].is_loopback)
            log_warn("anybody who reaches %s controls this Portico (--allow-remote)",
                     s.listeners.all[i].text);
    note_self(&s);
    describe_children(&s, options);
    run(&s);

    for (int i = 0; i < CHILD_COUNT; i++)
        arguments_release(&s.children[i].arguments);
    listeners_close(&s.listeners);
    close(s.feed);
    close(s.control);
    close(s.host);
    close(s.up);
    close(s.signals);
    folder_close(&s.folder);
    return s.exit_code;
}
