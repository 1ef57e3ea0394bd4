/* backend - the cheapest thing that answers HTTP, so that what the proxies cost is what is seen.
 *
 *     backend PORT
 *
 * Listens on 127.0.0.1.  GET /N answers with N bytes (at most 1 MB); a body is read by its
 * Content-Length and thrown away.  One thread, level-triggered, no limits: for benchmarks only. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define CONNECTIONS_MAX 8192
#define BODY_MAX 1048576
#define HEAD_MAX 16384

struct connection {
    char in[HEAD_MAX];
    size_t len;
    size_t body_left; /* of a request, still to be read */
    const char *out;  /* of an answer, still to be sent */
    size_t out_left;
};

static struct connection *connections[CONNECTIONS_MAX];
static char answers[16][BODY_MAX + 256]; /* one for each size that was asked for */
static size_t answer_sizes[16], answer_lens[16];

/* Makes the answer of a size once. */
static size_t find_answer(size_t size)
{
    size_t i = 0;

    while (i < 15 && answer_lens[i] > 0 && answer_sizes[i] != size)
        i++;
    if (answer_lens[i] == 0 || answer_sizes[i] != size) {
        int head = snprintf(answers[i], 256,
                            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                            "Content-Length: %zu\r\n\r\n",
                            size);

        memset(answers[i] + head, 'x', size);
        answer_sizes[i] = size;
        answer_lens[i] = (size_t)head + size;
    }
    return i;
}

static bool flush(int fd, struct connection *c)
{
    while (c->out_left > 0) {
        ssize_t n = send(fd, c->out, c->out_left, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        c->out += n;
        c->out_left -= (size_t)n;
    }
    return true;
}

/* Takes one request from what was read.  False when none is whole. */
static bool take_request(int fd, struct connection *c)
{
    size_t size, length = 0, head_len, i;
    char *end, *field;

    c->in[c->len] = '\0';
    end = strstr(c->in, "\r\n\r\n");
    if (!end)
        return false;
    field = strcasestr(c->in, "\r\nContent-Length: ");
    if (field && field < end)
        length = (size_t)strtoul(field + 18, NULL, 10);
    field = strchr(c->in, '/');
    size = field ? (size_t)strtoul(field + 1, NULL, 10) : 0;
    head_len = (size_t)(end - c->in) + 4;
    c->len -= head_len;
    memmove(c->in, end + 4, c->len);
    c->body_left = length > c->len ? length - c->len : 0;
    length = length > c->len ? c->len : length;
    c->len -= length;
    memmove(c->in, c->in + length, c->len);
    i = find_answer(size > BODY_MAX ? BODY_MAX : size);
    c->out = answers[i];
    c->out_left = answer_lens[i];
    if (c->body_left == 0)
        flush(fd, c);
    return true;
}

static bool serve(int fd, struct connection *c)
{
    char sink[65536];
    ssize_t n;

    if (c->body_left > 0) {
        n = recv(fd, sink, c->body_left < sizeof sink ? c->body_left : sizeof sink, 0);
        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        c->body_left -= (size_t)n;
        return c->body_left > 0 || flush(fd, c) || errno == EAGAIN;
    }
    if (c->out_left > 0)
        return flush(fd, c) || errno == EAGAIN;
    n = recv(fd, c->in + c->len, sizeof c->in - 1 - c->len, 0);
    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    c->len += (size_t)n;
    while (c->body_left == 0 && c->out_left == 0 && take_request(fd, c))
        ;
    return true;
}

static void accept_one(int epoll, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct epoll_event event = {.data.fd = fd};

    if (fd < 0 || fd >= CONNECTIONS_MAX) {
        if (fd >= 0)
            close(fd);
        return;
    }
    connections[fd] = mem_zero(1, sizeof *connections[fd]);
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* Edge-triggered: reads until there is no more. */
static void serve_all(int fd)
{
    struct connection *c = connections[fd];
    bool is_open = true;

    for (int i = 0; i < 64 && is_open; i++) {
        errno = 0;
        is_open = serve(fd, c);
        if (errno == EAGAIN)
            return;
    }
    if (is_open)
        return;
    mem_free(c);
    connections[fd] = NULL;
    close(fd);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), epoll, on = 1;
    struct epoll_event event = {.events = EPOLLIN}, events[256];

    if (argc != 2)
        return 2;
    address.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 4096) != 0) {
        perror("backend");
        return 1;
    }
    epoll = epoll_create1(EPOLL_CLOEXEC);
    event.data.fd = listener;
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(epoll, events, 256, -1);

        for (int i = 0; i < n; i++)
            if (events[i].data.fd == listener)
                accept_one(epoll, listener);
            else if (connections[events[i].data.fd])
                serve_all(events[i].data.fd);
    }
}
