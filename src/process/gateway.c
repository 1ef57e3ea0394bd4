/* The gateway process: the workers, and the compile thread that follows the feed.
 *
 * Nothing is accepted before the first snapshot is served: until then connections wait in the
 * listeners' backlog (the supervisor holds the listeners, so none is refused). */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "compile/follow.h"
#include "gateway/functions.h"
#include "gateway/worker.h"
#include "link/child.h"
#include "link/feed.h"
#include "text/regex.h"

#define MEMORY_MIN (64UL * 1024 * 1024) /* of requests and answers, for a worker */
#define DESCRIPTORS_PER_INSTANCE 4      /* of functions: channel, stdout, stderr, one to spare */
#define DESCRIPTORS_KEPT 64             /* for listeners, the feed, logs */

static struct child child;
static struct gateway gateway;
static struct shelf shelf;
static struct worker workers[COUNTER_SHARDS];
static pthread_t threads[COUNTER_SHARDS];
static unsigned worker_count, instances_max;
static struct functions functions;

static void *serve(void *worker)
{
    worker_run(worker);
    return NULL;
}

static void start_workers(void)
{
    for (unsigned i = 0; i < worker_count; i++)
        if (pthread_create(&threads[i], NULL, serve, &workers[i]) != 0)
            child_refuse(&child, "cannot start worker %u: %s", i, strerror(errno));
}

/* Waits until every worker has taken the revision.  Loops turn in milliseconds. */
static void wait_served(uint64_t revision)
{
    struct pollfd taken = {.fd = gateway.publication.taken_fd, .events = POLLIN};
    uint64_t count;

    while (publication_revision(&gateway.publication) < revision) {
        poll(&taken, 1, 1000);
        if (read(taken.fd, &count, sizeof count) < 0)
            continue; /* nobody has taken yet */
    }
    atomic_store(&gateway.revision, revision);
}

static void take_batch(struct feed_client *feed, struct feed_batch *batch,
                       struct snapshot **current)
{
    struct snapshot *next = follow_build(&shelf, batch, *current);
    bool is_first = *current == NULL;

    publication_offer(&gateway.publication, next);
    if (is_first)
        start_workers();
    wait_served(batch->revision);
    if (!is_first)
        part_leave(&(*current)->part);
    *current = next;
    atomic_store(&shelf.served, snapshot_bytes(next));
    shelf_reclaim(&shelf);
    feed_client_ack(feed, batch->revision);
    feed_batch_release(batch);
    if (is_first)
        child_ready(&child);
}

/* The compile thread. */
static void *follow(void *feed)
{
    struct snapshot *current = NULL;
    struct feed_batch batch;

    for (;;)
        switch (feed_client_next(feed, -1, &batch)) {
        case FEED_BATCH:
            atomic_store(&gateway.has_control, true);
            take_batch(feed, &batch, &current);
            break;
        case FEED_AWAY:
            atomic_store(&gateway.has_control, false);
            break;
        case FEED_WOKEN:
            break;
        }
    return NULL;
}

/* Half of the descriptors: each request may hold a connection to a backend besides its client's. */
static size_t connections_per_worker(void)
{
    struct rlimit limit;
    size_t kept = DESCRIPTORS_KEPT;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < 2 * DESCRIPTORS_KEPT)
        return DESCRIPTORS_KEPT;
    kept += (size_t)instances_max * DESCRIPTORS_PER_INSTANCE;
    if (kept > limit.rlim_cur / 2)
        kept = limit.rlim_cur / 2;
    return (limit.rlim_cur - kept) / 2 / worker_count;
}

/* What the machine or the control group has, in bytes. */
static size_t memory_there(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    size_t there = pages > 0 && size > 0 ? (size_t)pages * (size_t)size : MEMORY_MIN;
    FILE *in = fopen("/sys/fs/cgroup/memory.max", "re");
    char line[32];
    uint64_t most;

    if (in && fgets(line, sizeof line, in) && number_u64(span_trim(span_of(line)), &most) &&
        most < there)
        there = (size_t)most; /* "max" is no number */
    if (in)
        fclose(in);
    return there;
}

/* A quarter of what there is, for all workers: the rest is for the system and for functions. */
static size_t memory_per_worker(void)
{
    size_t each = memory_there() / 4 / worker_count;

    return each > MEMORY_MIN ? each : MEMORY_MIN;
}

static void init_workers(void)
{
    static int listeners[CHILD_LISTENERS_MAX];
    struct problem why;
    size_t n = 0;

    while (n < CHILD_LISTENERS_MAX &&
           (listeners[n] = child_descriptor(&child, "listener", (unsigned)n)) >= 0)
        n++;
    gateway.listeners = listeners;
    gateway.listener_count = n;
    for (unsigned i = 0; i < worker_count; i++)
        if (worker_init(&workers[i], &gateway, &why) != OK)
            child_refuse(&child, "%s", why.text);
}

/* How functions reach Portico: by the port of the first listener. */
static const char *own_url(void)
{
    static char url[64];
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    in_port_t port;

    if (gateway.listener_count == 0 ||
        getsockname(gateway.listeners[0], (struct sockaddr *)&address, &len) != 0)
        return "";
    port = address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                         : ((struct sockaddr_in *)&address)->sin_port;
    snprintf(url, sizeof url, "http://%s:%u", address.ss_family == AF_INET6 ? "[::1]" : "127.0.0.1",
             ntohs(port));
    return url;
}

static void init_functions(void)
{
    static char log_folder[PATH_MAX];
    const char *data = child_text(&child, "data", "");
    struct lambda_settings settings = {
        .host = child_text(&child, "host", ""),
        .log_folder = log_folder,
        .endpoint = own_url(),
        .instances_max = instances_max,
        .memory_max = gateway.memory_max,
    };
    struct problem why;

    if (data[0] && (size_t)snprintf(log_folder, sizeof log_folder, "%s/logs/functions", data) >=
                       sizeof log_folder)
        child_refuse(&child, "the path of the data directory is too long: %s", data);
    if (functions_init(&functions, &gateway, workers, worker_count, &settings, &why) != OK)
        child_refuse(&child, "%s", why.text);
}

static void drain(void)
{
    for (unsigned i = 0; i < worker_count; i++)
        worker_drain(&workers[i]);
    for (unsigned i = 0; i < worker_count; i++)
        pthread_join(threads[i], NULL);
}

/* Ends the process when the supervisor is gone while workers drain. */
static void *wait_stop(void *ctx)
{
    (void)ctx;
    child_wait(&child);
    _exit(1);
}

int main(int argc, char **argv)
{
    pthread_t thread;

    if (child_tells_version(argc, argv)) {
        char pcre2[REGEX_VERSION_MAX];

        regex_version(pcre2);
        printf("PCRE2 %s\n", pcre2);
        return 0;
    }
    mem_return_large();
    child_open(&child, "gateway", argc, argv);
    worker_count = (unsigned)child_number(&child, "workers", 1);
    if (worker_count == 0 || worker_count > COUNTER_SHARDS)
        child_refuse(&child, "workers must be 1 to %d", COUNTER_SHARDS);
    shelf_init(&shelf);
    gateway.shelf = &shelf;
    gateway.control_socket = child_text(&child, "control", "");
    gateway.account = child_text(&child, "account", "");
    gateway.account = gateway.account[0] ? gateway.account : "000000000000";
    gateway.memory_max = memory_per_worker();
    gateway.logs_access = strcmp(child_text(&child, "access-log", "off"), "on") == 0;
    gateway.ca_file = child_text(&child, "ca-file", "");
    gateway.region = child_text(&child, "region", "");
    gateway.region = gateway.region[0] ? gateway.region : "us-east-1";
    instances_max = lambda_instances_max();
    gateway.connections_max = connections_per_worker();
    if (!publication_init(&gateway.publication))
        child_refuse(&child, "cannot create an event descriptor: %s", strerror(errno));
    init_workers();
    init_functions();
    if (pthread_create(&thread, NULL, follow, feed_client_new(child_text(&child, "feed", ""))))
        child_refuse(&child, "cannot start the compile thread");
    if (child_wait(&child) == CHILD_STOP)
        return 1;
    if (atomic_load(&gateway.revision) == 0 && threads[0] == 0)
        return 0; /* drained before it served */
    if (pthread_create(&thread, NULL, wait_stop, NULL) != 0)
        return 1;
    drain();
    functions_release(&functions);
    return 0;
}
