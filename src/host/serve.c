/* One thread, one event at a time.  The host does little and nothing that waits: an instance's set
 * up is a fork, an unpacking is another process.  So there is no lock, and fork is safe. */
#include "host/serve.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "host/instance.h"
#include "host/unpacker.h"

#define REFUSAL_MAX 1024

struct peer {
    struct source source;
    struct host *host;
    struct peer *next, **at; /* `at` points to what points here */
    bool is_closing;
};

/* ---- peers --------------------------------------------------------------------------------- */

static void peer_close(struct peer *peer)
{
    struct host *host = peer->host;

    instances_orphan(host, peer);
    unpackings_orphan(host, peer);
    source_close(host->epoll, &peer->source);
    *peer->at = peer->next;
    if (peer->next)
        peer->next->at = peer->at;
    host->peer_count--;
    mem_free(peer);
}

void peer_say(struct peer *peer, const struct host_message *message, const int *descriptors,
              unsigned count)
{
    if (peer->is_closing)
        return;
    if (host_send(peer->source.fd, message, descriptors, count) == HOST_DONE)
        return;
    log_warn("a peer does not take what it is told; its connection is closed");
    peer->is_closing = true;
    shutdown(peer->source.fd, SHUT_RDWR); /* which makes it readable */
}

void peer_refuse(struct peer *peer, uint64_t id, const char *type, const char *format, ...)
{
    char text[REFUSAL_MAX];
    struct host_message message = {.op = HOST_REFUSED, .id = id};
    va_list words;

    va_start(words, format);
    vsnprintf(text, sizeof text, format, words);
    va_end(words);
    message.refused = (struct host_refused){span_of(type), span_of(text)};
    peer_say(peer, &message, NULL, 0);
}

static void obey(struct peer *peer, const struct host_message *message)
{
    struct host *host = peer->host;

    switch (message->op) {
    case HOST_START:
        instance_start(host, peer, message);
        return;
    case HOST_KILL:
        instance_kill(host, peer, message->id);
        return;
    case HOST_FREEZE:
        instance_freeze(host, peer, message->id, message->is_on);
        return;
    case HOST_UNPACK:
        unpacking_start(host, peer, message);
        return;
    case HOST_STARTED:
    case HOST_REFUSED:
    case HOST_ENDED:
    case HOST_UNPACKED:
        peer->is_closing = true; /* our words in a peer's mouth */
        return;
    }
}

static void hear(struct source *source)
{
    struct peer *peer = OWNER_OF(source, struct peer, source);
    int descriptors[HOST_DESCRIPTORS_MAX];
    struct host_message message;
    enum host_status status;
    struct problem why = {0};
    struct arena arena;

    arena_init(&arena, HOST_ARENA_MAX);
    status = peer->is_closing ? HOST_GONE
                              : host_receive(source->fd, &arena, &message, descriptors, &why);
    if (status == HOST_DONE) {
        for (int i = 0; i < HOST_DESCRIPTORS_MAX; i++)
            if (descriptors[i] >= 0)
                close(descriptors[i]); /* nobody has to send us any */
        obey(peer, &message);
    }
    if (status == HOST_GONE || peer->is_closing)
        peer_close(peer);
    arena_release(&arena);
}

/* Only Portico's own user, and root, may have things started. */
static bool is_ours(int made)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    return getsockopt(made, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static void welcome(struct source *source)
{
    struct host *host = OWNER_OF(source, struct host, listener);
    int made = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct peer *peer;

    if (made < 0)
        return;
    if (!is_ours(made) || host->peer_count >= HOST_PEERS_MAX || host->is_stopping) {
        close(made);
        return;
    }
    peer = mem_zero(1, sizeof *peer);
    peer->host = host;
    if (!source_watch(host->epoll, &peer->source, made, hear)) {
        log_error("cannot watch a peer: %s", strerror(errno));
        close(made);
        mem_free(peer);
        return;
    }
    peer->next = host->peers;
    peer->at = &host->peers;
    if (peer->next)
        peer->next->at = &peer->next;
    host->peers = peer;
    host->peer_count++;
}

/* ---- children and the end ------------------------------------------------------------------ */

static void reap(struct source *source)
{
    struct host *host = OWNER_OF(source, struct host, signals);
    struct signalfd_siginfo got;
    int status;
    pid_t pid;

    if (read(source->fd, &got, sizeof got) < 0)
        return;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (!instance_ended(host, pid, status) && !unpacking_ended(host, pid, status))
            log_warn("an unknown child has ended");
}

static void take_order(struct source *source)
{
    struct host *host = OWNER_OF(source, struct host, lifeline);

    if (child_wait(host->child) == CHILD_STOP)
        _exit(1); /* the ends of all control sockets close with us, which ends all instances */
    source_close(host->epoll, source);
    host->is_stopping = true;
    instances_kill(host);
}

static int open_signals(void)
{
    sigset_t taken;

    sigemptyset(&taken);
    sigaddset(&taken, SIGCHLD);
    sigprocmask(SIG_BLOCK, &taken, NULL);
    return signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void turn(struct host *host)
{
    int64_t now = clock_now(&CLOCK_SYSTEM);
    int64_t first = instances_due(host, now), second = unpackings_due(host, now);

    source_wait(host->epoll, clock_poll_ms(now, first < second ? first : second));
}

enum fault host_serve(struct host *host, int listener, struct problem *why)
{
    int signals = open_signals();

    host->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (signals < 0 || host->epoll < 0 ||
        !source_watch(host->epoll, &host->signals, signals, reap) ||
        !source_watch(host->epoll, &host->listener, listener, welcome) ||
        !source_watch(host->epoll, &host->lifeline, host->child->lifeline, take_order))
        return problem_set(why, FAULT_IO, "cannot watch sockets: %s", strerror(errno));
    unpackings_sweep(host->sandbox.data);
    child_ready(host->child);
    while (!host->is_stopping || host->instances || host->unpackings)
        turn(host);
    while (host->peers)
        peer_close(host->peers);
    source_close(host->epoll, &host->listener);
    source_close(host->epoll, &host->signals);
    close(host->epoll);
    return OK;
}
