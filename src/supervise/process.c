/* Children are separate executables, started with fork and exec.  Each inherits its lifeline and
 * the descriptors named in its arguments, under the same numbers, and nothing else: everything in
 * the supervisor is close-on-exec. */
#include "supervise/process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/span.h"

#define STABLE_AFTER (10 * MICROS_PER_SECOND)

void arguments_add(struct arguments *arguments, const char *format, ...)
{
    char text[ARGUMENT_MAX];
    va_list words;

    assert(arguments->count < ARGUMENTS_MAX);
    va_start(words, format);
    vsnprintf(text, sizeof text, format, words);
    va_end(words);
    arguments->all[arguments->count++] = mem_text(text, strlen(text));
}

void arguments_add_descriptor(struct arguments *arguments, const char *name, int descriptor)
{
    assert(arguments->descriptor_count < DESCRIPTORS_MAX);
    arguments->descriptors[arguments->descriptor_count++] = descriptor;
    arguments_add(arguments, "%s=%d", name, descriptor);
}

void arguments_release(struct arguments *arguments)
{
    for (unsigned i = 0; i < arguments->count; i++)
        mem_free(arguments->all[i]);
    *arguments = (struct arguments){0};
}

int64_t process_backoff(unsigned failures)
{
    static const int64_t WAITS_MS[] = {0, 200, 1000, 5000};

    assert(failures > 0);
    return WAITS_MS[failures > COUNT(WAITS_MS) ? COUNT(WAITS_MS) - 1 : failures - 1] *
           MICROS_PER_MS;
}

/* In the child, between fork and exec: only calls that are safe there.  `report` tells the parent
 * why exec failed. */
static void run_child(const struct process *process, const char *path, char **argv, int lifeline,
                      int report)
{
    sigset_t none;
    int error;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    fcntl(lifeline, F_SETFD, 0);
    for (unsigned i = 0; i < process->arguments.descriptor_count; i++)
        fcntl(process->arguments.descriptors[i], F_SETFD, 0);
    execv(path, argv);
    error = errno;
    if (write(report, &error, sizeof error) < 0)
        _exit(126);
    _exit(127);
}

/* Waits until exec has succeeded (the pipe closes) or failed; answers the error, 0: none. */
static int hear_exec(int report)
{
    int error = 0;
    ssize_t n;

    do
        n = read(report, &error, sizeof error);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof error ? error : 0;
}

bool process_start(struct process *process, const char *path, int64_t now)
{
    int pair[2] = {-1, -1}, report[2] = {-1, -1}, error;
    char *argv[ARGUMENTS_MAX + 3] = {0}, lifeline[32];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0 ||
        pipe2(report, O_CLOEXEC) != 0)
        goto failed;
    argv[0] = (char *)(uintptr_t)path;
    snprintf(lifeline, sizeof lifeline, "lifeline=%d", pair[1]);
    argv[1] = lifeline;
    for (unsigned i = 0; i < process->arguments.count; i++)
        argv[2 + i] = process->arguments.all[i];

    pid = fork();
    if (pid < 0)
        goto failed;
    if (pid == 0)
        run_child(process, path, argv, pair[1], report[1]);
    close(pair[1]);
    close(report[1]);
    error = hear_exec(report[0]);
    close(report[0]);
    process->pid = pid;
    process->lifeline = pair[0];
    process->is_ready = false;
    process->started_at = now;
    errno = error;
    return error == 0;
failed:
    error = errno;
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0)
            close(pair[i]);
        if (report[i] >= 0)
            close(report[i]);
    }
    errno = error;
    return false;
}

void process_ended(struct process *process, int64_t now)
{
    process_cut(process);
    if (process->is_ready && now - process->started_at >= STABLE_AFTER)
        process->failures = 0;
    process->failures++;
    process->pid = 0;
    process->is_ready = false;
    process->start_at = now + process_backoff(process->failures);
}

void process_cut(struct process *process)
{
    if (process->lifeline >= 0)
        close(process->lifeline);
    process->lifeline = -1;
}
