/* load - a bounded load that counts what clients see while something is killed or changed.
 *
 *     load PORT PATH EXPECTED CONNECTIONS SECONDS
 *
 * Each connection is a thread that sends GET PATH again and again over keep-alive, and connects
 * anew when it was closed.  Prints one line:
 *
 *     ok N wrong N refused N broken N gap_ms N
 *
 * ok: a 200 whose body holds EXPECTED; wrong: any other answer (the first one goes to stderr);
 * refused: a connect that failed; broken: the connection ended inside a request; gap_ms: the
 * longest time in which no connection had an answer.  Ends early on SIGTERM. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define ANSWER_MAX 65536

static struct sockaddr_in address;
static char request[4096];
static size_t request_len;
static const char *expected;
static atomic_ulong ok, wrong, refused, broken;
static _Atomic int64_t last_ok_us, gap_us;
static atomic_bool is_over;

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void note_ok(void)
{
    int64_t now = now_us(), gap = now - atomic_exchange(&last_ok_us, now);
    int64_t known = atomic_load(&gap_us);

    atomic_fetch_add(&ok, 1);
    while (gap > known && !atomic_compare_exchange_weak(&gap_us, &known, gap))
        ;
}

static void note_wrong(const char *answer)
{
    if (atomic_fetch_add(&wrong, 1) == 0)
        fprintf(stderr, "load: the first wrong answer:\n%s\n", answer);
}

/* Bytes of the whole answer in `at`, 0: more must come. */
static size_t answer_len(const char *at, size_t len)
{
    const char *end = memmem(at, len, "\r\n\r\n", 4);
    const char *length = strcasestr(at, "\r\nContent-Length:");
    size_t whole;

    if (!end)
        return 0;
    whole = (size_t)(end - at) + 4;
    if (length && length < end)
        whole += strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
    return len >= whole ? whole : 0;
}

/* One request.  False when the connection is of no more use. */
static bool ask(int fd)
{
    static _Thread_local char answer[ANSWER_MAX];
    size_t len = 0;

    if (send(fd, request, request_len, MSG_NOSIGNAL) != (ssize_t)request_len) {
        atomic_fetch_add(&broken, 1);
        return false;
    }
    while (answer_len(answer, len) == 0) {
        ssize_t n = recv(fd, answer + len, sizeof answer - 1 - len, 0);

        if (n <= 0) {
            if (!atomic_load(&is_over))
                atomic_fetch_add(&broken, 1);
            return false;
        }
        len += (size_t)n;
        answer[len] = '\0';
    }
    if (strncmp(answer, "HTTP/1.1 200 ", 13) == 0 && strstr(answer, expected))
        note_ok();
    else
        note_wrong(answer);
    return !strcasestr(answer, "\r\nConnection: close");
}

static void *run(void *ctx)
{
    struct timeval patience = {.tv_sec = 10};

    (void)ctx;
    while (!atomic_load(&is_over)) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
            atomic_fetch_add(&refused, 1);
            usleep(10000);
        } else {
            while (!atomic_load(&is_over) && ask(fd))
                ;
        }
        close(fd);
    }
    return NULL;
}

static void on_term(int signal)
{
    (void)signal;
    atomic_store(&is_over, true);
}

int main(int argc, char **argv)
{
    pthread_t threads[CONNECTIONS_MAX];
    int count = argc == 6 ? (int)strtol(argv[4], NULL, 10) : 0;
    int64_t end;

    if (count < 1 || count > CONNECTIONS_MAX) {
        fprintf(stderr, "usage: load PORT PATH EXPECTED CONNECTIONS SECONDS\n");
        return 2;
    }
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    request_len = (size_t)snprintf(request, sizeof request,
                                   "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", argv[2]);
    expected = argv[3];
    end = now_us() + strtoll(argv[5], NULL, 10) * 1000000;
    atomic_store(&last_ok_us, now_us());
    signal(SIGTERM, on_term);
    for (int i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, run, NULL);
    while (!atomic_load(&is_over) && now_us() < end)
        usleep(5000);
    atomic_store(&is_over, true);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    printf("ok %lu wrong %lu refused %lu broken %lu gap_ms %lld\n", ok, wrong, refused, broken,
           (long long)(atomic_load(&gap_us) / 1000));
    return 0;
}
