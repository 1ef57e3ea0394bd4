/* Backends that do what a scenario says, right or wrong: a listening socket and a thread each, and
 * one more thread for each connection, since the gateway's workers keep theirs. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/number.h"
#include "scenario.h"

#define REQUEST_MAX (12 * 1024 * 1024)
#define WAIT_MS 20000

#define STEPS_MAX 16
#define CONNECTIONS_MAX 1024

struct script_step {
    struct span word, bytes; /* bytes: what follows the word, without escapes */
};

struct connection {
    struct backend *backend;
    pthread_t thread;
    int fd;
    unsigned number;
};

struct backend {
    struct backend *next;
    struct span name;
    struct script_step steps[STEPS_MAX];
    size_t step_count;
    int listener;
    pthread_t thread;
    bool is_refusing;
    struct connection *connections;
    unsigned connection_count; /* so far */
    pthread_mutex_t lock;      /* guards `seen` */
    struct buf seen;           /* the last request, whole */
};

static bool wait_for(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    return poll(&ready, 1, WAIT_MS) > 0;
}

static void say(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        bytes = span_skip(bytes, (size_t)n);
    }
}

static void fill(int fd, uint64_t count)
{
    char block[4096];

    memset(block, 'x', sizeof block);
    while (count > 0) {
        size_t n = count < sizeof block ? (size_t)count : sizeof block;

        say(fd, span_make(block, n));
        count -= n;
    }
}

/* True when a request is whole: its head, and as many bytes as Content-Length says. */
static bool is_request(struct span raw)
{
    size_t end = span_search(raw, SPAN("\r\n\r\n"));
    size_t at = span_search(span_first(raw, end), SPAN("Content-Length: "));
    uint64_t length = 0;
    struct span digits;

    if (end == raw.len)
        return false;
    if (at < end) {
        digits = span_skip(raw, at + strlen("Content-Length: "));
        number_u64(span_first(digits, span_find(digits, '\r')), &length);
    }
    return raw.len - end - 4 >= length;
}

/* False when the peer ended before. */
static bool read_request(struct backend *b, int fd)
{
    struct buf in;
    ssize_t n = 1;

    buf_init(&in, REQUEST_MAX);
    while (n > 0 && !is_request(buf_span(&in))) {
        char *room = buf_room(&in, 65536);

        n = room && wait_for(fd) ? recv(fd, room, 65536, 0) : -1;
        in.len += n > 0 ? (size_t)n : 0;
    }
    pthread_mutex_lock(&b->lock);
    if (n > 0) {
        buf_release(&b->seen);
        b->seen = in;
    }
    pthread_mutex_unlock(&b->lock);
    if (n <= 0)
        buf_release(&in);
    return n > 0;
}

static void wait_end(int fd)
{
    char sink[4096];

    while (wait_for(fd) && recv(fd, sink, sizeof sink, 0) > 0)
        ;
}

/* The descriptor stays open, so that its number is not used again meanwhile. */
static void reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    int other = open("/dev/null", O_RDONLY | O_CLOEXEC);

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    dup2(other, fd);
    close(other);
}

/* Does one step.  False when the connection is done with. */
static bool do_step(struct connection *c, const struct script_step *step)
{
    int fd = c->fd;
    struct span bytes = step->bytes;
    uint64_t count = 0;

    if (span_is(step->word, "read"))
        return read_request(c->backend, fd);
    if (span_is(step->word, "say")) {
        say(fd, bytes);
    } else if (span_is(step->word, "say-cut")) { /* one byte more on each connection */
        say(fd, span_first(bytes, c->number < bytes.len ? c->number : bytes.len));
    } else if (span_is(step->word, "fill") && number_u64(bytes, &count)) {
        fill(fd, count);
    } else if (span_is(step->word, "wait")) {
        wait_end(fd);
    } else if (span_is(step->word, "reset")) {
        reset(fd);
        return false;
    }
    return true;
}

static void *play(void *ctx)
{
    struct connection *c = ctx;
    const struct backend *b = c->backend;

    for (size_t i = 0; i < b->step_count; i++)
        if (span_is(b->steps[i].word, "again"))
            i = (size_t)-1;
        else if (!do_step(c, &b->steps[i]))
            break;
    shutdown(c->fd, SHUT_WR);
    wait_end(c->fd);
    return NULL;
}

static void *serve(void *ctx)
{
    struct backend *b = ctx;

    while (b->connection_count < CONNECTIONS_MAX) {
        struct connection *c = &b->connections[b->connection_count];

        *c = (struct connection){.backend = b, .number = b->connection_count};
        c->fd = accept4(b->listener, NULL, NULL, SOCK_CLOEXEC);
        if (c->fd < 0 || pthread_create(&c->thread, NULL, play, c) != 0)
            break;
        b->connection_count++;
    }
    return NULL;
}

static bool listen_somewhere(struct backend *b, uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;

    b->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (b->listener < 0 || bind(b->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(b->listener, (struct sockaddr *)&address, &len) != 0)
        return false;
    *port = ntohs(address.sin_port);
    return b->is_refusing || listen(b->listener, 64) == 0; /* bound, but not listening: refuses */
}

static bool take_script(struct scenario *scenario, struct backend *b, struct span script)
{
    struct span line;

    while (script.len > 0 && span_split(&script, '\n', &line)) {
        struct script_step *step = &b->steps[b->step_count++];
        size_t blank = span_find(line, ' ');

        if (b->step_count > STEPS_MAX)
            return scenario_fail(scenario, "a script has at most %d lines", STEPS_MAX);
        step->word = span_first(line, blank);
        if (blank < line.len)
            step->bytes = scenario_unescape(scenario, span_skip(line, blank + 1));
    }
    return true;
}

bool backend_start(struct scenario *scenario, struct span name, struct span script)
{
    struct backend *b = arena_new(&scenario->arena, struct backend);
    uint16_t port;

    if (!take_script(scenario, b, script))
        return false;
    b->name = name;
    b->is_refusing = b->step_count == 0;
    pthread_mutex_init(&b->lock, NULL);
    buf_init(&b->seen, REQUEST_MAX);
    if (!listen_somewhere(b, &port))
        return scenario_fail(scenario, "no backend: %s", strerror(errno));
    b->connections = mem_zero(CONNECTIONS_MAX, sizeof *b->connections);
    b->next = scenario->backends;
    scenario->backends = b;
    if (!b->is_refusing && pthread_create(&b->thread, NULL, serve, b) != 0)
        return scenario_fail(scenario, "no thread for a backend");
    scenario_save(scenario, name, arena_format(&scenario->arena, "127.0.0.1:%u", port));
    return true;
}

bool backend_seen(struct scenario *scenario, struct span name, struct answer *seen)
{
    struct backend *b = scenario->backends;
    struct span raw;
    size_t line_end, head_end;

    while (b && !span_equal(b->name, name))
        b = b->next;
    if (!b)
        return scenario_fail(scenario, "no backend '%.*s'", SPAN_ARG(name));
    pthread_mutex_lock(&b->lock);
    raw = arena_copy(&scenario->arena, buf_span(&b->seen));
    pthread_mutex_unlock(&b->lock);
    head_end = span_search(raw, SPAN("\r\n\r\n"));
    line_end = span_search(raw, SPAN("\r\n"));
    if (head_end == raw.len)
        return scenario_fail(scenario, "backend '%.*s' has read no request", SPAN_ARG(name));
    *seen = (struct answer){.raw = span_first(raw, line_end),
                            .head = span_make(raw.at + line_end + 2, head_end - line_end - 2),
                            .body = span_skip(raw, head_end + 4)};
    return true;
}

void backend_stop_all(struct scenario *scenario)
{
    for (struct backend *b = scenario->backends; b; b = b->next) {
        shutdown(b->listener, SHUT_RDWR);
        if (!b->is_refusing)
            pthread_join(b->thread, NULL);
        for (unsigned i = 0; i < b->connection_count; i++) {
            shutdown(b->connections[i].fd, SHUT_RDWR);
            pthread_join(b->connections[i].thread, NULL);
            close(b->connections[i].fd);
        }
        close(b->listener);
        mem_free(b->connections);
        buf_release(&b->seen);
        pthread_mutex_destroy(&b->lock);
    }
    scenario->backends = NULL;
}
