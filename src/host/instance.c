/* An instance is three processes: bubblewrap, which waits; sandbox-init, which is process 1 inside;
 * and the runtime.  The host speaks with sandbox-init.  To kill is to ask it: everything inside
 * gets SIGKILL at once, and the answer says that nothing is left.  If it does not answer,
 * bubblewrap is killed, and the kernel does the same.
 *
 * A dead host needs no care: sandbox-init sees its socket close. */
#include "host/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "host/init.h"

#define KILL_WAIT (500 * MICROS_PER_MS)       /* for sandbox-init's answer */
#define SETUP_WAIT (10LL * MICROS_PER_SECOND) /* for the runtime's process to appear */
#define OOM_FIRST "1000"
#define SPARE_DESCRIPTOR 16 /* above those a child gets */
#define COMPLAINT_MAX 512   /* of bubblewrap, passed on */

enum state {
    SETTING_UP, /* the peer waits for `started` or `refused` */
    RUNNING,
    ENDING /* kill was asked for */
};

struct instance {
    struct source control; /* to sandbox-init */
    struct host *host;
    struct peer *owner;          /* NULL: nobody wants to know */
    struct instance *next, **at; /* `at` points to what points here */
    uint64_t id;
    uint64_t number; /* of its control group */
    pid_t pid;       /* of the child: bubblewrap, or sandbox-init */
    enum state state;
    bool is_listener;
    int channel, out, err; /* the peer's, until it is told; -1 then */
    struct init_report report;
    int64_t deadline; /* SIGKILL then; INT64_MAX: none */
};

/* The child's ends. */
struct ends {
    int channel, out, err, control;
};

static void close_one(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static void close_ends(struct ends *ends)
{
    close_one(&ends->channel);
    close_one(&ends->out);
    close_one(&ends->err);
    close_one(&ends->control);
}

static void close_peers(struct instance *instance)
{
    close_one(&instance->channel);
    close_one(&instance->out);
    close_one(&instance->err);
}

static void instance_free(struct instance *instance)
{
    source_close(instance->host->epoll, &instance->control);
    close_peers(instance);
    if (instance->at) {
        *instance->at = instance->next;
        if (instance->next)
            instance->next->at = instance->at;
        instance->host->instance_count--;
    }
    mem_free(instance);
}

/* ---- the start ----------------------------------------------------------------------------- */

/* An instance goes before anything else of the machine.  A kernel that does not allow it keeps the
 * usual order. */
static void be_first_to_go(void)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (file >= 0 && write(file, OOM_FIRST, strlen(OOM_FIRST)) >= 0)
        close(file);
}

/* In the child, between fork and exec: only calls that are safe there. */
static void become(const struct instance *instance, const struct words *words,
                   const struct ends *ends)
{
    static char *nothing[] = {NULL};
    const int wanted[] = {-1, ends->out, ends->err, ends->channel, ends->control};
    int moved[COUNT(wanted)];
    sigset_t none;

    for (size_t i = 0; i < COUNT(wanted); i++) {
        moved[i] = wanted[i] >= 0 ? fcntl(wanted[i], F_DUPFD_CLOEXEC, SPARE_DESCRIPTOR)
                                  : open("/dev/null", O_RDWR | O_CLOEXEC);
        if (moved[i] < 0)
            _exit(126);
    }
    for (size_t i = 0; i < COUNT(moved); i++)
        if (dup2(moved[i], (int)i) < 0)
            _exit(126);
    be_first_to_go();
    if (!cgroup_enter(&instance->host->groups, instance->number)) {
        dprintf(STDERR_FILENO, "cannot enter a control group: %s", strerror(errno));
        _exit(126);
    }
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(words->all[0], (char **)(uintptr_t)words->all, nothing);
    dprintf(STDERR_FILENO, "cannot run '%s': %s", words->all[0], strerror(errno));
    _exit(127);
}

/* A pipe whose reading end does not block, since the peer reads it in its loop. */
static bool make_pipe(int *near, int *far)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *near = ends[0];
    *far = ends[1];
    return true;
}

static bool make_pair(int type, int *near, int *far)
{
    int ends[2];

    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *near = ends[0];
    *far = ends[1];
    return true;
}

/* The Runtime API's listener where the network is shared: any free port of the loopback. */
static bool make_listener(int *out, uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;

    *out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*out < 0 || bind(*out, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(*out, 16) != 0 || getsockname(*out, (struct sockaddr *)&address, &len) != 0)
        return false;
    *port = ntohs(address.sin_port);
    return true;
}

/* What is made before the fork; `port` is the listener's. */
static bool make_ends(struct instance *instance, enum runtime_kind kind, bool listens_inside,
                      int *control, struct ends *ends, uint16_t *port)
{
    static const int ON = 1;

    if (!make_pipe(&instance->out, &ends->out) || !make_pipe(&instance->err, &ends->err) ||
        !make_pair(SOCK_SEQPACKET, control, &ends->control) ||
        setsockopt(*control, SOL_SOCKET, SO_PASSCRED, &ON, sizeof ON) != 0)
        return false;
    if (kind != RUNTIME_PROVIDED)
        return make_pair(SOCK_STREAM, &instance->channel, &ends->channel);
    instance->is_listener = true;
    return listens_inside || make_listener(&instance->channel, port);
}

static void hear_init(struct source *source);

/* Forks; the instance is in the host's list then. */
static bool launch(struct instance *instance, const struct words *words, const struct ends *ends,
                   int control, struct span plan, uint32_t memory_mb)
{
    struct host *host = instance->host;

    if (send(control, plan.at, plan.len, MSG_NOSIGNAL) != (ssize_t)plan.len ||
        !source_watch(host->epoll, &instance->control, control, hear_init)) {
        close(control);
        return false;
    }
    instance->number = ++host->launched;
    if (!cgroup_make(&host->groups, instance->number, memory_mb, host->sandbox.process_max))
        return false;
    instance->pid = fork();
    if (instance->pid < 0) {
        cgroup_remove(&host->groups, instance->number);
        return false;
    }
    if (instance->pid == 0)
        become(instance, words, ends);
    instance->deadline = clock_now(&CLOCK_SYSTEM) + SETUP_WAIT;
    instance->next = host->instances;
    instance->at = &host->instances;
    if (instance->next)
        instance->next->at = &instance->next;
    host->instances = instance;
    host->instance_count++;
    return true;
}

static bool set_up(struct instance *instance, const struct runtime *runtime,
                   const struct host_start *start)
{
    const struct sandbox *sandbox = &instance->host->sandbox;
    bool listens = sandbox_listens(sandbox, runtime, start), is_up = false;
    struct ends ends = {-1, -1, -1, -1};
    struct words words;
    struct arena arena;
    uint16_t port = 0;
    int control = -1;
    struct buf plan;

    arena_init(&arena, HOST_ARENA_MAX);
    buf_init(&plan, INIT_PLAN_MAX);
    if (make_ends(instance, runtime->kind, listens, &control, &ends, &port) &&
        sandbox_words(sandbox, runtime, start, &arena, &words) &&
        sandbox_plan(sandbox, runtime, start, port, &plan))
        is_up = launch(instance, &words, &ends, control, buf_span(&plan), start->memory_mb);
    else
        close_one(&control);
    close_ends(&ends);
    buf_release(&plan);
    arena_release(&arena);
    return is_up;
}

/* What can be known before anything is started; the words are those of AWS where it has some. */
static bool is_startable(struct host *host, struct peer *owner, uint64_t id,
                         const struct host_start *start, const struct runtime *runtime)
{
    char path[PATH_MAX];

    if (host->is_stopping || host->instance_count >= HOST_INSTANCES_MAX) {
        peer_refuse(owner, id, "Runtime.Unknown", "there are %u instances already",
                    host->instance_count);
        return false;
    }
    if (start->network == HOST_NETWORK_OWN && !host->sandbox.bwrap) {
        peer_refuse(owner, id, "Runtime.Unknown", "a network of its own needs --sandbox on");
        return false;
    }
    snprintf(path, sizeof path, "%s/packages/%.*s", host->sandbox.data, SPAN_ARG(start->package));
    if (access(path, F_OK) != 0) {
        peer_refuse(owner, id, "Runtime.Unknown", "package '%.*s' is not unpacked: %s",
                    SPAN_ARG(start->package), strerror(errno));
        return false;
    }
    if (runtime->kind != RUNTIME_PROVIDED)
        return true;
    snprintf(path, sizeof path, "%s/packages/%.*s/bootstrap", host->sandbox.data,
             SPAN_ARG(start->package));
    if (access(path, X_OK) == 0)
        return true;
    peer_refuse(owner, id, "Runtime.InvalidEntrypoint",
                "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]");
    return false;
}

void instance_start(struct host *host, struct peer *owner, const struct host_message *message)
{
    const struct host_start *start = &message->start;
    struct instance *instance;
    struct runtime runtime;
    struct problem why;

    if (host->missing) {
        peer_refuse(owner, message->id, "Runtime.Unknown", "%s", host->missing);
        return;
    }
    if (runtimes_get(&host->runtimes, start->runtime, host->search, &runtime, &why) != OK) {
        peer_refuse(owner, message->id, "Runtime.Unknown", "%s", why.text);
        return;
    }
    if (!is_startable(host, owner, message->id, start, &runtime))
        return;
    instance = mem_zero(1, sizeof *instance);
    *instance = (struct instance){.control.fd = -1,
                                  .host = host,
                                  .owner = owner,
                                  .id = message->id,
                                  .channel = -1,
                                  .out = -1,
                                  .err = -1,
                                  .deadline = INT64_MAX};
    if (set_up(instance, &runtime, start))
        return;
    peer_refuse(owner, message->id, "Runtime.Unknown", "cannot start an instance: %s",
                strerror(errno));
    instance_free(instance);
}

/* ---- what sandbox-init says ---------------------------------------------------------------- */

struct heard {
    struct init_report report;
    int descriptor; /* -1: none */
    pid_t pid;      /* of who said it */
};

static bool receive(int control, struct heard *heard)
{
    _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
    struct iovec piece = {&heard->report, sizeof heard->report};
    struct msghdr header = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    ssize_t n = recvmsg(control, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

    heard->descriptor = -1;
    heard->pid = 0;
    if (n <= 0)
        return false;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        struct ucred who;

        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
            memcpy(&heard->descriptor, CMSG_DATA(c), sizeof(int));
        if (c->cmsg_type == SCM_CREDENTIALS) {
            memcpy(&who, CMSG_DATA(c), sizeof who);
            heard->pid = who.pid;
        }
    }
    return n == (ssize_t)sizeof heard->report;
}

static void tell_started(struct instance *instance, pid_t pid)
{
    int descriptors[] = {instance->channel, instance->out, instance->err};
    struct host_message message = {
        .op = HOST_STARTED,
        .id = instance->id,
        .started = {.pid = pid, .is_listener = instance->is_listener},
    };

    if (instance->state != SETTING_UP)
        return;
    instance->state = RUNNING;
    instance->deadline = INT64_MAX;
    if (instance->owner)
        peer_say(instance->owner, &message, descriptors, COUNT(descriptors));
    close_peers(instance);
}

/* Takes all that sandbox-init has said so far; false when its end is closed. */
static bool take_reports(struct instance *instance)
{
    struct heard heard;

    while (receive(instance->control.fd, &heard)) {
        switch (heard.report.what) {
        case INIT_LISTENER:
            close_one(&instance->channel);
            instance->channel = heard.descriptor;
            fcntl(instance->channel, F_SETFL, O_NONBLOCK);
            break;
        case INIT_UP:
            tell_started(instance, heard.pid);
            break;
        default: /* FAILED or ENDED: bubblewrap's end follows */
            if (instance->report.what != INIT_FAILED)
                instance->report = heard.report;
            break;
        }
    }
    return errno == EAGAIN;
}

static void hear_init(struct source *source)
{
    struct instance *instance = OWNER_OF(source, struct instance, control);

    errno = 0;
    if (!take_reports(instance))
        source_close(instance->host->epoll, source);
}

/* ---- the end ------------------------------------------------------------------------------- */

static void order(struct instance *instance, char what)
{
    if (instance->control.fd >= 0)
        send(instance->control.fd, &what, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void end(struct instance *instance)
{
    if (instance->state == ENDING)
        return;
    if (instance->state == SETTING_UP && instance->owner) {
        peer_refuse(instance->owner, instance->id, "Runtime.Unknown",
                    "the instance was killed before it had started");
        instance->owner = NULL; /* it has had its answer */
    }
    instance->state = ENDING;
    instance->deadline = clock_now(&CLOCK_SYSTEM) + KILL_WAIT;
    order(instance, INIT_KILL);
}

static struct instance *find(struct host *host, const struct peer *owner, uint64_t id)
{
    for (struct instance *i = host->instances; i; i = i->next)
        if (i->owner == owner && i->id == id)
            return i;
    return NULL;
}

void instance_kill(struct host *host, const struct peer *owner, uint64_t id)
{
    struct instance *instance = find(host, owner, id);

    if (instance)
        end(instance);
}

void instance_freeze(struct host *host, const struct peer *owner, uint64_t id, bool is_on)
{
    struct instance *instance = find(host, owner, id);

    if (instance)
        order(instance, is_on ? INIT_STOP : INIT_CONTINUE);
}

void instances_orphan(struct host *host, const struct peer *owner)
{
    for (struct instance *i = host->instances; i; i = i->next) {
        if (i->owner != owner)
            continue;
        i->owner = NULL;
        end(i);
    }
}

void instances_kill(struct host *host)
{
    for (struct instance *i = host->instances; i; i = i->next)
        end(i);
}

/* bubblewrap's words about what it could not set up are in the pipe that was to be stderr. */
static void refuse_failed(struct instance *instance)
{
    char words[COMPLAINT_MAX];
    ssize_t n = read(instance->err, words, sizeof words);
    struct span said = span_trim(span_make(words, n > 0 ? (size_t)n : 0));

    if (said.len == 0 && instance->report.what == INIT_FAILED)
        said = span_of(strerror(instance->report.value));
    log_error("cannot set up a sandbox: %.*s; 'portico serve --sandbox off' runs functions "
              "without one",
              SPAN_ARG(said));
    if (instance->owner)
        peer_refuse(instance->owner, instance->id, "Runtime.Unknown",
                    "cannot set up a sandbox: %.*s", SPAN_ARG(said));
}

/* sandbox-init's report; or, when it could not make one, what is known about its parent. */
static struct host_ended describe(const struct instance *instance, int status)
{
    const struct init_report *report = &instance->report;

    if (report->what == INIT_ENDED)
        return (struct host_ended){
            .exit = report->value, .signal = report->signal, .peak_kb = report->peak_kb};
    if (WIFSIGNALED(status))
        return (struct host_ended){.exit = -1, .signal = WTERMSIG(status)};
    return (struct host_ended){.exit = -1, .signal = SIGKILL};
}

bool instance_ended(struct host *host, pid_t pid, int status)
{
    struct host_message message = {.op = HOST_ENDED};
    struct instance *instance = host->instances;
    bool is_oom;

    while (instance && instance->pid != pid)
        instance = instance->next;
    if (!instance)
        return false;
    if (instance->control.fd >= 0)
        take_reports(instance);
    is_oom = cgroup_remove(&host->groups, instance->number);
    if (instance->state == SETTING_UP) {
        refuse_failed(instance);
    } else if (instance->owner) {
        message.id = instance->id;
        message.ended = describe(instance, status);
        message.ended.is_oom = is_oom && message.ended.signal == SIGKILL;
        peer_say(instance->owner, &message, NULL, 0);
    }
    instance_free(instance);
    return true;
}

int64_t instances_due(struct host *host, int64_t now)
{
    int64_t next = INT64_MAX;

    for (struct instance *i = host->instances; i; i = i->next) {
        if (i->deadline <= now) {
            kill(i->pid, SIGKILL);
            i->deadline = now + KILL_WAIT;
        }
        if (i->deadline < next)
            next = i->deadline;
    }
    return next;
}
