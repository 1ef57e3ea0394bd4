/* A child's first steps and its lifeline.  Everything a child needs to know is an argument, so
 * `ps` shows it and the environment (which functions' code may see later) stays out of it. */
#include "link/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/number.h"

static const char READY[] = "ready";
static const char REFUSE[] = "refuse ";
static const char DRAIN[] = "drain";

/* The value of the i-th argument with that name, or NULL. */
static const char *setting(const struct child *child, const char *name, unsigned i)
{
    size_t len = strlen(name);

    for (int a = 1; a < child->argc; a++)
        if (strncmp(child->argv[a], name, len) == 0 && child->argv[a][len] == '=' && i-- == 0)
            return child->argv[a] + len + 1;
    return NULL;
}

const char *child_text(const struct child *child, const char *name, const char *fallback)
{
    const char *value = setting(child, name, 0);

    return value ? value : fallback;
}

static uint64_t number_of(const char *name, const char *value)
{
    uint64_t number;

    if (!number_u64(span_of(value), &number)) {
        log_error("setting '%s' is not a number: '%s'", name, value);
        exit(2);
    }
    return number;
}

uint64_t child_number(const struct child *child, const char *name, uint64_t fallback)
{
    const char *value = setting(child, name, 0);

    return value ? number_of(name, value) : fallback;
}

int child_descriptor(const struct child *child, const char *name, unsigned i)
{
    const char *value = setting(child, name, i);
    int descriptor = value ? (int)(number_of(name, value) & 0xffffff) : -1;

    if (descriptor >= 0 && fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) {
        log_error("setting '%s' is not an open descriptor: %d", name, descriptor);
        exit(2);
    }
    return descriptor;
}

bool child_tells_version(int argc, char **argv)
{
    return argc == 2 && strcmp(argv[1], "version") == 0;
}

void child_open(struct child *child, const char *name, int argc, char **argv)
{
    static const struct rlimit NO_CORE = {0, 0};
    static const int IGNORED[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    sigset_t none;

    log_open(name, LOG_INFO);
    *child = (struct child){.argc = argc, .argv = argv};
    child->lifeline = child_descriptor(child, "lifeline", 0);
    if (child->lifeline < 0) {
        fprintf(stderr, "portico-%s is started by 'portico serve', not by hand\n", name);
        exit(2);
    }
    for (size_t i = 0; i < COUNT(IGNORED); i++)
        signal(IGNORED[i], SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(077);
    setrlimit(RLIMIT_CORE, &NO_CORE);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        log_warn("cannot give up new privileges: %s", strerror(errno));
}

/* The supervisor's end of a lifeline that is broken is noticed by child_wait, not here. */
static void say(int lifeline, const char *message)
{
    while (send(lifeline, message, strlen(message), MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

void child_ready(const struct child *child)
{
    say(child->lifeline, READY);
}

void child_refuse(const struct child *child, const char *format, ...)
{
    char message[CHILD_MESSAGE_MAX];
    size_t len = strlen(REFUSE);
    va_list words;

    memcpy(message, REFUSE, len + 1);
    va_start(words, format);
    vsnprintf(message + len, sizeof message - len, format, words);
    va_end(words);
    say(child->lifeline, message);
    exit(1);
}

enum child_order child_wait(const struct child *child)
{
    char message[CHILD_MESSAGE_MAX];

    for (;;) {
        ssize_t n = recv(child->lifeline, message, sizeof message, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return CHILD_STOP;
        if (span_is(span_make(message, (size_t)n), DRAIN))
            return CHILD_DRAIN;
        log_warn("the supervisor said something unknown");
    }
}

enum child_word child_hear(int lifeline, char words[static CHILD_MESSAGE_MAX])
{
    ssize_t n;

    do
        n = recv(lifeline, words, CHILD_MESSAGE_MAX - 1, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return CHILD_SAYS_NOTHING;
    if (n <= 0)
        return CHILD_SAYS_BYE;
    words[n] = '\0';
    if (strcmp(words, READY) == 0)
        return CHILD_SAYS_READY;
    if (strncmp(words, REFUSE, strlen(REFUSE)) == 0) {
        memmove(words, words + strlen(REFUSE), strlen(words + strlen(REFUSE)) + 1);
        return CHILD_SAYS_REFUSE;
    }
    return CHILD_SAYS_NOTHING;
}

void child_tell_drain(int lifeline)
{
    say(lifeline, DRAIN);
}
