/* Deployments change many records at once and are rare, so there is no need for two at a time. */
#include "control/cloudformation/serve.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "control/cloudformation/up.h"
#include "link/up.h"

#define CLIENT_SECONDS 5 /* for it to ask, and to take a line */

struct up_server {
    struct control *control;
    int listener, stop; /* stop: an eventfd */
    pthread_t thread;
};

struct connection {
    struct up_client client;
    int socket;
};

static void say(struct up_client *client, enum up_line line, const char *text)
{
    struct connection *c = (struct connection *)client;

    frame_write(c->socket, line == UP_LINE_OUT ? UP_OUT : UP_ERROR, span_of(text), -1);
}

/* Only Portico's own user is heard. */
static bool is_own(int socket)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid();
}

static bool read_ask(int socket, struct frame_reader *reader, struct frame *ask)
{
    enum frame_status status = frame_take(reader, ask);

    while (status == FRAME_AGAIN && frame_fill(reader, socket) == FRAME_READY)
        status = frame_take(reader, ask);
    return status == FRAME_READY && ask->type == UP_ASK && ask->descriptor < 0;
}

static void serve(struct up_server *server, int socket)
{
    static const struct timeval LIMIT = {.tv_sec = CLIENT_SECONDS};
    struct connection c = {.client.say = say, .socket = socket};
    struct frame_reader reader;
    struct frame ask;
    char code[16];

    if (!is_own(socket)) {
        log_warn("a process of another user tried to deploy and was refused");
        return;
    }
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &LIMIT, sizeof LIMIT);
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &LIMIT, sizeof LIMIT);
    frame_reader_init(&reader);
    if (read_ask(socket, &reader, &ask)) {
        snprintf(code, sizeof code, "%d", up_answer(server->control, ask.payload, &c.client));
        frame_write(socket, UP_END, span_of(code), -1);
    }
    frame_reader_release(&reader);
}

static void *run(void *ctx)
{
    struct up_server *server = ctx;
    struct pollfd polled[] = {{.fd = server->listener, .events = POLLIN},
                              {.fd = server->stop, .events = POLLIN}};

    for (;;) {
        int socket;

        if (poll(polled, COUNT(polled), -1) < 0 && errno != EINTR)
            return NULL;
        if (polled[1].revents)
            return NULL;
        socket = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (socket < 0)
            continue;
        serve(server, socket);
        close(socket);
    }
}

struct up_server *up_server_new(struct control *control, int listener)
{
    struct up_server *server = mem_zero(1, sizeof *server);

    server->control = control;
    server->listener = listener;
    server->stop = eventfd(0, EFD_CLOEXEC);
    if (server->stop >= 0 && pthread_create(&server->thread, NULL, run, server) == 0)
        return server;
    if (server->stop >= 0)
        close(server->stop);
    mem_free(server);
    return NULL;
}

void up_server_free(struct up_server *server)
{
    static const uint64_t ONE = 1;

    if (!server)
        return;
    if (write(server->stop, &ONE, sizeof ONE) == (ssize_t)sizeof ONE)
        pthread_join(server->thread, NULL);
    close(server->stop);
    mem_free(server);
}
