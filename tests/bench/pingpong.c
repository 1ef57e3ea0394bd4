/* pingpong - the least that can be done between a caller and our Node.js bootstrap: one process
 * that writes an event and reads the answer, again and again.  What Lambda is measured against.
 *
 *     pingpong NODE BOOTSTRAP FOLDER EVENT SECONDS
 *
 * Starts NODE with the BOOTSTRAP for FOLDER/index.handler, invokes it with the text of the file
 * EVENT, and prints the rate, the median in microseconds, and the processor time of a call of both
 * processes. */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX (256 * 1024)
#define TIMES_MAX 2000000

static char frame[FRAME_MAX], answer[FRAME_MAX];
static uint32_t times[TIMES_MAX];

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Nanoseconds of processor time of a process, all threads. */
static int64_t cpu_of(pid_t pid)
{
    int64_t sum = 0;
    char path[64];
    struct dirent *one;
    DIR *tasks;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    tasks = opendir(path);
    while (tasks && (one = readdir(tasks)) != NULL) {
        char file[400];
        long long ns;
        FILE *in;

        snprintf(file, sizeof file, "%s/%s/schedstat", path, one->d_name);
        in = one->d_name[0] == '.' ? NULL : fopen(file, "re");
        if (in && fscanf(in, "%lld", &ns) == 1)
            sum += ns;
        if (in)
            fclose(in);
    }
    if (tasks)
        closedir(tasks);
    return sum;
}

static void put_u32(char *at, size_t n)
{
    for (int i = 0; i < 4; i++)
        at[i] = (char)(n >> (24 - 8 * i));
}

/* Reads one frame; its type. */
static int hear(int channel)
{
    size_t have = 0, wanted = 5;

    while (have < wanted) {
        ssize_t n = read(channel, answer + have, sizeof answer - have);

        if (n <= 0) {
            fprintf(stderr, "pingpong: the bootstrap has ended\n");
            exit(1);
        }
        have += (size_t)n;
        if (have >= 5 && wanted == 5) {
            const unsigned char *u = (const unsigned char *)answer;

            wanted += (size_t)u[0] << 24 | (size_t)u[1] << 16 | (size_t)u[2] << 8 | u[3];
        }
    }
    return answer[4];
}

static int start(char **argv, pid_t *pid)
{
    char task[4096];
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        exit(1);
    *pid = fork();
    if (*pid == 0) {
        char *environment[] = {"_HANDLER=index.handler", task, "AWS_LAMBDA_FUNCTION_NAME=f",
                               "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", NULL};
        char *arguments[] = {argv[1], "--max-old-space-size=96", argv[2], NULL};

        snprintf(task, sizeof task, "LAMBDA_TASK_ROOT=%s", argv[3]);
        dup2(pair[1], 3);
        execve(argv[1], arguments, environment);
        _exit(127);
    }
    close(pair[1]);
    return pair[0];
}

/* The frame: length, type, the header's length, the header, the event. */
static size_t make_frame(const char *path)
{
    static const char HEADER[] =
        "{\"requestId\":\"863bae38-97af-4344-a134-1ac0619d0486\",\"deadlineMs\":4102444800000,"
        "\"functionArn\":\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"traceId\":"
        "\"Root=1-6b06ab5c-a620f2cb644339827bbc902b;Parent=d4f1fdd4fa3c21c9;Sampled=0\"}";
    size_t at = 9 + sizeof HEADER - 1;
    FILE *in = fopen(path, "re");

    if (!in)
        exit(1);
    memcpy(frame + 9, HEADER, sizeof HEADER - 1);
    at += fread(frame + at, 1, sizeof frame - at, in);
    fclose(in);
    put_u32(frame, at - 5);
    frame[4] = 'I';
    put_u32(frame + 5, sizeof HEADER - 1);
    return at;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    int64_t began, last, end, cpu;
    size_t len, count = 0;
    pid_t pid;
    int channel;

    if (argc != 6)
        return 2;
    channel = start(argv, &pid);
    len = make_frame(argv[4]);
    if (hear(channel) != 'N')
        return 1;
    for (int i = 0; i < 20000; i++) /* warms up */
        if (write(channel, frame, len) != (ssize_t)len || hear(channel) != 'R')
            return 1;
    cpu = cpu_of(pid) + cpu_of(getpid());
    began = last = now_us();
    end = began + (int64_t)(strtod(argv[5], NULL) * 1000000);
    while (last < end && count < TIMES_MAX) {
        int64_t now;

        if (write(channel, frame, len) != (ssize_t)len || hear(channel) != 'R')
            return 1;
        now = now_us();
        times[count++] = (uint32_t)(now - last);
        last = now;
    }
    cpu = cpu_of(pid) + cpu_of(getpid()) - cpu;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    qsort(times, count, sizeof times[0], compare);
    printf("%.0f %u %.2f\n", (double)count * 1e6 / (double)(last - began), times[count / 2],
           (double)cpu / 1000 / (double)count);
    return 0;
}
