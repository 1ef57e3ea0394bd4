/* Runs scenario files against one Portico that it starts itself, each file a test.
 *
 *     runner PORTICO FILE...
 *
 * The server keeps its data in memory and listens on a free port of 127.0.0.1. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"
#include "scenario.h"

#define START_WAIT_MS 20000

static pid_t start_server(const char *program, int *out_fd)
{
    int out[2];
    pid_t pid;

    if (pipe2(out, O_CLOEXEC) != 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        execl(program, program, "serve", "--data", ":memory:", "--listen", "127.0.0.1:0",
              (char *)NULL);
        fprintf(stderr, "cannot start '%s': %s\n", program, strerror(errno));
        _exit(127);
    }
    close(out[1]);
    *out_fd = out[0];
    return pid;
}

/* Waits for "listening on http://ADDRESS:PORT". */
static bool wait_ready(int fd, struct server *server)
{
    char line[256];
    size_t n = 0;
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    while (n < sizeof line - 1 && poll(&ready, 1, START_WAIT_MS) > 0 &&
           read(fd, line + n, 1) == 1) {
        if (line[n++] != '\n')
            continue;
        line[n] = '\0';
        if (sscanf(line, "listening on http://%63[0-9.]:%hu", server->address, &server->port) == 2)
            return true;
        n = 0;
    }
    return false;
}

static bool run_file(const char *path, const struct server *server)
{
    struct scenario scenario = {.path = path, .server = server};
    bool holds;

    arena_init(&scenario.arena, 256 << 20);
    holds = scenario_run(&scenario);
    backend_stop_all(&scenario);
    if (!holds)
        printf("%s\n", scenario.failure);
    arena_release(&scenario.arena);
    return holds;
}

int main(int argc, char **argv)
{
    struct server server;
    int passed = 0, failed = 0, status = 0, out;
    pid_t pid;

    if (argc < 3) {
        fprintf(stderr, "usage: runner PORTICO FILE...\n");
        return 2;
    }
    pid = start_server(argv[1], &out);
    if (pid < 0 || !wait_ready(out, &server)) {
        fprintf(stderr, "'%s' did not start\n", argv[1]);
        if (pid > 0)
            kill(pid, SIGKILL);
        return 1;
    }
    for (int i = 2; i < argc; i++)
        if (run_file(argv[i], &server))
            passed++;
        else
            failed++;
    kill(pid, SIGTERM);
    waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        printf("the server ended with status %d\n", status);
        failed++;
    }
    printf("scenario: %d passed, %d failed, 0 skipped\n", passed, failed);
    return failed > 0;
}
