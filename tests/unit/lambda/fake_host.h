/* A host of our own for tests of the pool: hears what is asked, and plays the instances. */
#ifndef TESTS_FAKE_HOST_H
#define TESTS_FAKE_HOST_H

#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "link/host.h"
#include "link/instance.h"
#include "net/loop.h"

#define STARTS_MAX 64

/* What the host has for one instance. */
struct started {
    uint64_t id;
    int channel, out, err; /* the instance's ends; -1 */
    bool is_killed;
};

struct fake_host {
    char folder[64], path[96];
    int listener, socket; /* socket: the accepted connection, -1 */
    struct started starts[STARTS_MAX];
    size_t start_count;
    bool gives_listeners; /* the Runtime API's, instead of channels for frames */
    struct loop *loop;    /* of who talks to it */
    struct arena arena;
    struct span environment; /* of the last start, as JSON */
};

static inline void fake_host_open(struct fake_host *host)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, host->path, strlen(host->path) + 1);
    unlink(host->path);
    host->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(host->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(host->listener, 8), 0);
    host->socket = -1;
}

static inline void fake_host_init(struct fake_host *host, struct loop *loop)
{
    *host = (struct fake_host){.loop = loop, .socket = -1};
    snprintf(host->folder, sizeof host->folder, "/tmp/portico-lambda-XXXXXX");
    assert_non_null(mkdtemp(host->folder));
    snprintf(host->path, sizeof host->path, "%s/host.sock", host->folder);
    arena_init(&host->arena, 1 << 26);
    fake_host_open(host);
}

/* Everything of it is gone, as after a kill. */
static inline void fake_host_die(struct fake_host *host)
{
    for (size_t i = 0; i < host->start_count; i++) {
        close(host->starts[i].channel);
        close(host->starts[i].out);
        close(host->starts[i].err);
    }
    host->start_count = 0;
    if (host->socket >= 0)
        close(host->socket);
    if (host->listener >= 0)
        close(host->listener);
    host->socket = host->listener = -1;
    unlink(host->path);
}

static inline void fake_host_release(struct fake_host *host)
{
    fake_host_die(host);
    rmdir(host->folder);
    arena_release(&host->arena);
}

/* A listening socket for the gateway, and the runtime's connection to it. */
static inline int connect_to_listener(struct started *one)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t len = sizeof address;
    int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(made, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(made, 4), 0);
    assert_int_equal(getsockname(made, (struct sockaddr *)&address, &len), 0);
    one->channel = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(one->channel, (struct sockaddr *)&address, sizeof address), 0);
    return made;
}

static inline void fake_host_answer_start(struct fake_host *host, uint64_t id)
{
    struct host_message message = {.op = HOST_STARTED, .id = id};
    struct started *one = &host->starts[host->start_count++];
    int given[3], pair[2];

    *one = (struct started){.id = id};
    message.started = (struct host_started){.pid = 0, .is_listener = host->gives_listeners};
    if (host->gives_listeners) {
        given[0] = connect_to_listener(one);
    } else {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        given[0] = pair[0];
        one->channel = pair[1];
    }
    assert_int_equal(fcntl(one->channel, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    given[1] = pair[0];
    one->out = pair[1];
    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    given[2] = pair[0];
    one->err = pair[1];
    assert_int_equal(host_send(host->socket, &message, given, 3), HOST_DONE);
    for (size_t i = 0; i < 3; i++)
        close(given[i]);
}

static inline void fake_host_take(struct fake_host *host, const struct host_message *message)
{
    struct buf text;

    if (message->op == HOST_START) {
        assert_true(host->start_count < STARTS_MAX);
        buf_init(&text, HOST_MESSAGE_MAX);
        json_write(&text, message->start.environment);
        host->environment = arena_copy(&host->arena, buf_span(&text));
        buf_release(&text);
        fake_host_answer_start(host, message->id);
    }
    for (size_t i = 0; message->op == HOST_KILL && i < host->start_count; i++)
        if (host->starts[i].id == message->id)
            host->starts[i].is_killed = true;
}

/* Lets both sides do what there is to do. */
static inline void fake_host_turns(struct fake_host *host)
{
    int descriptors[HOST_DESCRIPTORS_MAX];
    struct host_message message;

    for (int i = 0; i < 6; i++) {
        loop_turn(host->loop, 0);
        if (host->socket < 0)
            host->socket = accept4(host->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        while (host->socket >= 0 &&
               host_receive(host->socket, &host->arena, &message, descriptors, NULL) == HOST_DONE)
            fake_host_take(host, &message);
    }
}

static inline void fake_host_ended(struct fake_host *host, const struct started *one, int exit,
                                   int signal)
{
    struct host_message message = {.op = HOST_ENDED, .id = one->id};

    message.ended = (struct host_ended){.exit = exit, .signal = signal, .peak_kb = 40960};
    assert_int_equal(host_send(host->socket, &message, NULL, 0), HOST_DONE);
    fake_host_turns(host);
}

/* A frame of the instance; what it is ended for is not sent to its end. */
static inline void fake_host_frame(struct fake_host *host, struct started *one, char type,
                                   struct span payload)
{
    unsigned char head[5] = {(unsigned char)(payload.len >> 24), (unsigned char)(payload.len >> 16),
                             (unsigned char)(payload.len >> 8), (unsigned char)payload.len,
                             (unsigned char)type};

    assert_int_equal(send(one->channel, head, sizeof head, MSG_NOSIGNAL), sizeof head);
    while (payload.len > 0) {
        ssize_t n = send(one->channel, payload.at, payload.len, MSG_NOSIGNAL);

        if (n > 0)
            payload = span_skip(payload, (size_t)n);
        else if (errno != EAGAIN)
            break;
        loop_turn(host->loop, 0);
    }
    fake_host_turns(host);
}

/* What the instance has been sent. */
static inline struct span fake_host_hear(struct started *one)
{
    static char text[100000];
    ssize_t n = recv(one->channel, text, sizeof text, 0);

    return span_make(text, n > 0 ? (size_t)n : 0);
}

static inline bool fake_host_heard(struct started *one, const char *event)
{
    struct span heard = fake_host_hear(one);

    return span_search(heard, span_of(event)) < heard.len;
}

#endif
