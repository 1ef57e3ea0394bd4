/* A small blocking HTTP/1.1 client, made for tests: it must be able to say wrong things. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/number.h"
#include "scenario.h"

#define ANSWER_MAX (12 * 1024 * 1024)
#define ANSWER_WAIT_MS 20000
#define SILENCE_MS 1000

static int connect_server(const struct server *server)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(server->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, server->address, &to.sin_addr);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool send_all(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        bytes = span_skip(bytes, (size_t)n);
    }
    return true;
}

/* Reads once; 0 at the end or after `wait_ms` of silence, -1 when the peer reset. */
static ssize_t read_some(int fd, struct buf *into, int wait_ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    char *room = buf_room(into, 65536);
    ssize_t n;

    if (!room || poll(&ready, 1, wait_ms) <= 0)
        return 0;
    n = recv(fd, room, 65536, 0);
    if (n > 0)
        into->len += (size_t)n;
    return n;
}

static struct span header_value(struct span head, const char *name)
{
    struct span line;

    while (span_split(&head, '\n', &line)) {
        size_t colon = span_find(line, ':');

        if (colon < line.len && span_equal_nocase(span_first(line, colon), span_of(name)))
            return span_trim(span_skip(line, colon + 1));
    }
    return (struct span){NULL, 0};
}

/* Decodes a chunked body into the arena; NULL at when it is not whole or wrong. */
static struct span dechunk(struct arena *arena, struct span in)
{
    char *out = arena_try(arena, in.len + 1);
    size_t len = 0;
    uint64_t size;

    for (;;) {
        size_t eol = span_search(in, SPAN("\r\n"));

        if (!out || eol == in.len || !number_hex(span_first(in, eol), &size))
            return (struct span){NULL, 0};
        in = span_skip(in, eol + 2);
        if (size == 0)
            return (struct span){out, len};
        if (size + 2 > in.len)
            return (struct span){NULL, 0};
        memcpy(out + len, in.at, size);
        len += size;
        in = span_skip(in, size + 2);
    }
}

/* Splits what was read into status, head and body. */
static bool take_answer(struct scenario *scenario, struct span raw)
{
    size_t head_end = span_search(raw, SPAN("\r\n\r\n"));
    size_t line_end = span_search(raw, SPAN("\r\n"));
    struct answer *last = &scenario->last;
    uint64_t status;

    *last = (struct answer){.raw = raw};
    if (head_end == raw.len || raw.len < 12 || !span_starts(raw, SPAN("HTTP/1.")) ||
        !number_u64(span_make(raw.at + 9, 3), &status))
        return false;
    last->status = (int)status;
    if (head_end > line_end)
        last->head = span_make(raw.at + line_end + 2, head_end - line_end - 2);
    last->body = span_skip(raw, head_end + 4);
    if (span_is(header_value(last->head, "transfer-encoding"), "chunked"))
        last->body = dechunk(&scenario->arena, last->body);
    return true;
}

/* True when the answer in `raw` has all the bytes that its head promises. */
static bool is_whole(struct span raw, bool is_head)
{
    size_t head_end = span_search(raw, SPAN("\r\n\r\n"));
    struct span head, length;
    uint64_t n;

    if (head_end == raw.len)
        return false;
    head = span_first(raw, head_end);
    length = header_value(head, "content-length");
    if (is_head || span_starts(raw, SPAN("HTTP/1.1 204")) || span_starts(raw, SPAN("HTTP/1.1 304")))
        return true;
    if (number_u64(length, &n))
        return raw.len - head_end - 4 >= n;
    return span_ends(raw, SPAN("\r\n0\r\n\r\n")) ||
           span_ends(span_skip(raw, head_end + 4), SPAN("0\r\n\r\n"));
}

bool http_exchange(struct scenario *scenario, struct span method, struct span target,
                   struct span headers, struct span body)
{
    int fd = connect_server(scenario->server);
    struct buf out, in;
    bool has_host = span_search(headers, SPAN("Host:")) < headers.len;
    bool done;

    if (fd < 0)
        return scenario_fail(scenario, "cannot connect: %s", strerror(errno));
    buf_init(&out, ANSWER_MAX);
    buf_init(&in, ANSWER_MAX);
    buf_addf(&out, "%.*s %.*s HTTP/1.1\r\n", SPAN_ARG(method), SPAN_ARG(target));
    if (!has_host)
        buf_addf(&out, "Host: %s:%u\r\n", scenario->server->address, scenario->server->port);
    buf_add(&out, headers);
    if (body.len > 0)
        buf_addf(&out, "Content-Length: %zu\r\n", body.len);
    buf_add_text(&out, "\r\n");
    buf_add(&out, body);
    done = send_all(fd, buf_span(&out));
    while (!is_whole(buf_span(&in), span_is(method, "HEAD")) &&
           read_some(fd, &in, ANSWER_WAIT_MS) > 0)
        ;
    close(fd);
    done = take_answer(scenario, arena_copy(&scenario->arena, buf_span(&in))) && done;
    scenario->last.is_cut = !is_whole(buf_span(&in), span_is(method, "HEAD"));
    buf_release(&out);
    buf_release(&in);
    return done ||
           scenario_fail(scenario, "no answer to %.*s %.*s", SPAN_ARG(method), SPAN_ARG(target));
}

bool http_raw(struct scenario *scenario, struct span bytes)
{
    int fd = connect_server(scenario->server);
    struct buf in;

    if (fd < 0)
        return scenario_fail(scenario, "cannot connect: %s", strerror(errno));
    buf_init(&in, ANSWER_MAX);
    send_all(fd, bytes); /* the server may close before it has read all: what it said counts */
    while (read_some(fd, &in, in.len ? SILENCE_MS : ANSWER_WAIT_MS) > 0)
        ;
    close(fd);
    take_answer(scenario, arena_copy(&scenario->arena, buf_span(&in)));
    buf_release(&in);
    return true;
}

static void reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

bool http_hang_up(struct scenario *scenario, struct span method, struct span target, size_t count)
{
    int fd = connect_server(scenario->server);
    struct buf in;

    if (fd < 0)
        return scenario_fail(scenario, "cannot connect: %s", strerror(errno));
    buf_init(&in, ANSWER_MAX);
    send_all(fd, arena_format(&scenario->arena, "%.*s %.*s HTTP/1.1\r\nHost: x\r\n\r\n",
                              SPAN_ARG(method), SPAN_ARG(target)));
    while (in.len < count && read_some(fd, &in, ANSWER_WAIT_MS) > 0)
        ;
    if (in.len < count)
        scenario_fail(scenario, "only %zu bytes came", in.len);
    reset(fd);
    buf_release(&in);
    return !scenario->has_failed;
}

bool http_leave(struct scenario *scenario, struct span bytes)
{
    for (size_t n = 0; n <= bytes.len; n++) {
        int fd = connect_server(scenario->server);

        if (fd < 0)
            return scenario_fail(scenario, "cannot connect: %s", strerror(errno));
        send_all(fd, span_first(bytes, n));
        reset(fd);
    }
    return true;
}

/* The paths of Lambda begin with a date; all others are API Gateway's. */
bool control_call(struct scenario *scenario, struct span method, struct span path, struct span body)
{
    const char *service = span_starts(path, SPAN("/20")) ? "lambda" : "apigateway";

    return http_exchange(scenario, method, path,
                         arena_format(&scenario->arena,
                                      "Authorization: AWS4-HMAC-SHA256 "
                                      "Credential=test/20260101/us-east-1/%s/aws4_request, "
                                      "SignedHeaders=host, Signature=00\r\n"
                                      "Content-Type: application/json\r\n",
                                      service),
                         body);
}
