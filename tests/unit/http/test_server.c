/* The server, spoken to over socket pairs: whole conversations, cut anywhere. */
#include "../unit.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "http/connection.h"

static struct clock standing;
static struct loop loop;
static struct http_server server;

/* Answers "METHOD PATH BODY" after gathering the body; "/hold" is answered when told. */
struct echo {
    struct task task;
    struct http_stream *stream;
};

static struct http_stream *held;
static unsigned gone_count;

static void answer(struct task *task)
{
    struct echo *echo = container_of(task, struct echo, task);
    struct http_stream *stream = echo->stream;
    struct span text;
    static const int STATUS[] = {[OP_DONE] = 200,    [OP_TOO_LARGE] = 413, [OP_BROKEN] = 400,
                                 [OP_GARBAGE] = 400, [OP_TIMED_OUT] = 408, [OP_NO_MEMORY] = 503};

    text = arena_format(&stream->arena, "%.*s %.*s %.*s", SPAN_ARG(stream->request.method),
                        SPAN_ARG(stream->request.path), SPAN_ARG(stream->body));
    http_stream_reply(stream, STATUS[stream->collect.result], SPAN("A: b\r\n"), text);
}

static void on_request(struct http_handler *handler, struct http_stream *stream)
{
    struct echo *echo = arena_new(&stream->arena, struct echo);

    (void)handler;
    if (span_is(stream->request.path, "/hold")) {
        held = stream;
        return;
    }
    echo->task.run = answer;
    echo->stream = stream;
    http_stream_collect(stream, 1000, &echo->task);
}

static void on_gone(struct http_handler *handler, struct http_stream *stream)
{
    (void)handler;
    gone_count++;
    http_stream_reply(stream, 500, SPAN(""), SPAN(""));
}

static struct http_handler handler = {on_request, on_gone};

static int set_up(void **state)
{
    (void)state;
    standing = clock_fixed(1000000, 784111777000000);
    log_open("test", LOG_ERROR);
    if (loop_init(&loop, &standing, NULL) != OK)
        return -1;
    http_server_init(&server, &loop, &handler, 10);
    held = NULL;
    gone_count = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_server_release(&server);
    loop_release(&loop);
    return 0;
}

static void ignore(struct task *task)
{
    (void)task;
}

static int connect_client(void)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    assert_true(http_server_adopt(&server, pair[0]));
    return pair[1];
}

static void turns(int n)
{
    while (n-- > 0)
        loop_turn(&loop, 0);
}

static void say(int fd, struct span bytes)
{
    assert_int_equal(send(fd, bytes.at, bytes.len, MSG_NOSIGNAL), bytes.len);
    turns(3);
}

static struct span hear(int fd)
{
    static char text[100000];
    ssize_t n = recv(fd, text, sizeof text, 0);

    return span_make(text, n > 0 ? (size_t)n : 0);
}

static bool is_closed(int fd)
{
    char c;

    return recv(fd, &c, 1, 0) == 0;
}

#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define KEEP "Connection: keep-alive\r\n\r\n"
#define CLOSE "Connection: close\r\n\r\n"

static void a_request_is_answered_and_the_connection_kept(void **state)
{
    int fd = connect_client();

    for (int i = 0; i < 3; i++) {
        say(fd, SPAN("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
        unit_same_text(
            "answer", hear(fd),
            SPAN("HTTP/1.1 200 OK\r\n" DATE "A: b\r\nContent-Length: 7\r\n" KEEP "GET /a "));
    }
    assert_null(server.connections->in);
    assert_null(server.connections->stream);
    close(fd);
    turns(2);
    assert_int_equal(server.connection_count, 0);
    (void)state;
}

static void it_does_not_matter_how_the_bytes_arrive(void **state)
{
    static const char BYTES[] = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
                                "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
                                "\r\nHEAD /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    static const char WANT[] =
        "HTTP/1.1 200 OK\r\n" DATE "A: b\r\nContent-Length: 13\r\n" KEEP "POST /a hello"
        "HTTP/1.1 200 OK\r\n" DATE "A: b\r\nContent-Length: 13\r\n" KEEP "POST /b abcde"
        "HTTP/1.1 200 OK\r\n" DATE "A: b\r\nContent-Length: 8\r\n" CLOSE;
    struct span all = span_make(BYTES, sizeof BYTES - 1);

    for (size_t cut = 0; cut <= all.len; cut++) {
        int fd = connect_client();

        if (cut)
            say(fd, span_first(all, cut));
        if (cut < all.len)
            say(fd, span_skip(all, cut));
        turns(5);
        unit_same_text("all answers", hear(fd), span_make(WANT, sizeof WANT - 1));
        assert_true(is_closed(fd));
        close(fd);
        turns(3);
        assert_int_equal(server.connection_count, 0);
    }
    (void)state;
}

static void byte_by_byte_is_as_good(void **state)
{
    static const char BYTES[] = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
    int fd = connect_client();

    for (size_t i = 0; i < sizeof BYTES - 1; i++)
        say(fd, span_make(BYTES + i, 1));
    assert_true(span_ends(hear(fd), SPAN("POST /a hello")));
    close(fd);
    (void)state;
}

static void a_bad_head_is_refused_and_the_connection_closed(void **state)
{
    int fd = connect_client();

    say(fd, SPAN("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\nGET / HTTP/1.1\r\n"));
    unit_same_text("answer", hear(fd),
                   SPAN("HTTP/1.1 400 Bad Request\r\n" DATE "Content-Type: application/json\r\n"
                        "Content-Length: 25\r\n" CLOSE "{\"message\":\"Bad Request\"}"));
    assert_true(is_closed(fd));
    close(fd);
    (void)state;
}

static void a_head_that_never_ends_is_refused(void **state)
{
    char *bytes = calloc(1, HTTP_HEAD_MAX);
    int fd = connect_client();

    memset(bytes, 'a', HTTP_HEAD_MAX);
    say(fd, span_make(bytes, HTTP_HEAD_MAX));
    assert_true(span_starts(hear(fd), SPAN("HTTP/1.1 414 ")));
    close(fd);
    fd = connect_client();
    memcpy(bytes, "GET / HTTP/1.1\r\nHost: x\r\nA: ", 28);
    say(fd, span_make(bytes, HTTP_HEAD_MAX));
    assert_true(span_starts(hear(fd), SPAN("HTTP/1.1 431 ")));
    close(fd);
    free(bytes);
    (void)state;
}

static void a_body_over_the_limit_is_refused_before_it_is_read(void **state)
{
    int fd = connect_client();

    say(fd, SPAN("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"));
    assert_true(span_starts(hear(fd), SPAN("HTTP/1.1 413 ")));
    assert_true(is_closed(fd));
    close(fd);
    fd = connect_client();
    say(fd, SPAN("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n"));
    for (int i = 0; i < 11; i++) {
        char piece[100] = {0};

        say(fd, span_make(piece, sizeof piece));
    }
    assert_true(span_starts(hear(fd), SPAN("HTTP/1.1 413 ")));
    close(fd);
    (void)state;
}

static void expect_is_answered_before_the_body(void **state)
{
    int fd = connect_client();

    say(fd, SPAN("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                 "Expect: 100-continue\r\n\r\n"));
    unit_same_text("continue", hear(fd), SPAN("HTTP/1.1 100 Continue\r\n\r\n"));
    say(fd, SPAN("ok"));
    assert_true(span_ends(hear(fd), SPAN("POST /a ok")));
    close(fd);
    (void)state;
}

static void a_client_that_half_closes_is_answered(void **state)
{
    int fd = connect_client();

    assert_int_equal(send(fd, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", 28, 0), 28);
    shutdown(fd, SHUT_WR);
    turns(4);
    assert_true(span_ends(hear(fd), SPAN("GET /a ")));
    assert_true(is_closed(fd));
    close(fd);
    (void)state;
}

static void slow_clients_meet_their_deadlines(void **state)
{
    int idle = connect_client(), head = connect_client(), body = connect_client();

    say(head, SPAN("GET / HT"));
    say(body, SPAN("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nabc"));
    standing.fixed_now += HTTP_DEADLINES.head + 1;
    turns(3);
    assert_true(span_starts(hear(head), SPAN("HTTP/1.1 408 ")));
    assert_int_equal(recv(body, (char[1]){0}, 1, 0), -1);
    standing.fixed_now += HTTP_DEADLINES.body;
    turns(3);
    assert_true(span_starts(hear(body), SPAN("HTTP/1.1 408 ")));
    standing.fixed_now += HTTP_DEADLINES.idle;
    turns(3);
    assert_true(is_closed(idle));
    close(idle);
    close(head);
    close(body);
    (void)state;
}

static void a_body_must_make_a_rate(void **state)
{
    int fd = connect_client();

    say(fd, SPAN("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"));
    standing.fixed_now += HTTP_DEADLINES.body - MICROS_PER_SECOND;
    say(fd, SPAN("a")); /* some progress, but far too little */
    assert_int_equal(recv(fd, (char[1]){0}, 1, 0), -1);
    standing.fixed_now += MICROS_PER_SECOND + 1;
    turns(3);
    assert_true(span_starts(hear(fd), SPAN("HTTP/1.1 408 ")));
    close(fd);
    (void)state;
}

static void a_reply_must_make_a_rate(void **state)
{
    static char big[4000000];
    int fd = connect_client();
    char some[2000];
    unsigned reads = 0;

    say(fd, SPAN("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    http_stream_reply(held, 200, SPAN(""), span_make(big, sizeof big));
    for (; server.connection_count > 0 && reads < 100; reads++) {
        assert_true(recv(fd, some, sizeof some, 0) > 0);
        standing.fixed_now += HTTP_DEADLINES.send - 1;
        turns(3);
    }
    assert_true(reads < 100);
    close(fd);
    (void)state;
}

static void a_large_body_arrives_whole(void **state)
{
    static char body[300000];
    int fd = connect_client();
    struct task task = {.run = ignore};
    size_t sent = 0;

    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (char)(i % 251);
    say(fd, SPAN("POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\nab"));
    http_stream_collect(held, sizeof body, &task);
    for (int i = 0; i < 1000 && sent < sizeof body - 2; i++) {
        ssize_t n = send(fd, body + sent, sizeof body - 2 - sent, MSG_NOSIGNAL);

        sent += n > 0 ? (size_t)n : 0;
        turns(1);
    }
    turns(3);
    assert_int_equal(held->collect.result, OP_DONE);
    assert_int_equal(held->body.len, sizeof body);
    assert_memory_equal(held->body.at, "ab", 2);
    assert_memory_equal(held->body.at + 2, body, sizeof body - 2);
    http_stream_reply(held, 200, SPAN(""), SPAN("x"));
    assert_true(span_ends(hear(fd), SPAN("keep-alive\r\n\r\nx")));
    close(fd);
    (void)state;
}

static void a_body_nobody_wanted_ends_the_connection_only_when_it_is_not_there(void **state)
{
    static const struct {
        const char *request;
        bool keeps;
    } CASES[] = {
        {"Content-Length: 3\r\n\r\nabc", true},
        {"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", true},
        {"Content-Length: 3\r\n\r\nab", false},
        {"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", false},
        {"Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n", false},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        int fd = connect_client();

        say(fd, SPAN("POST /hold HTTP/1.1\r\nHost: x\r\n"));
        say(fd, span_of(CASES[i].request));
        http_stream_reply(held, 200, SPAN(""), SPAN("x"));
        if (span_ends(hear(fd), SPAN("keep-alive\r\n\r\nx")) != CASES[i].keeps)
            fail_msg("%s: keeps or not", CASES[i].request);
        turns(2);
        say(fd, SPAN("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
        if (span_ends(hear(fd), SPAN("GET /a ")) != CASES[i].keeps)
            fail_msg("%s: goes on or not", CASES[i].request);
        close(fd);
        turns(2);
    }
    (void)state;
}

/* Ends while it stands on the ready list, in a turn in which another has ended before. */
static void a_lingering_connection_may_end_at_any_moment(void **state)
{
    static const char plenty[100000];
    int other = connect_client(), fd = connect_client();

    say(fd, SPAN("nonsense\r\n\r\n"));
    hear(fd);
    turns(1);
    close(other);
    assert_true(send(fd, plenty, sizeof plenty, MSG_NOSIGNAL) > 70000); /* more than one go */
    standing.fixed_now += HTTP_DEADLINES.linger + 1;
    turns(3);
    assert_int_equal(server.connection_count, 0);
    close(fd);
    (void)state;
}

static void a_client_that_goes_away_is_told_to_the_handler(void **state)
{
    int fd = connect_client();

    say(fd, SPAN("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_non_null(held);
    close(fd);
    turns(3);
    assert_int_equal(gone_count, 1);
    assert_int_equal(server.connection_count, 0);
    (void)state;
}

static void pipelined_requests_wait_for_the_one_before(void **state)
{
    int fd = connect_client();

    say(fd, SPAN("GET /hold HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(hear(fd).len, 0);
    http_stream_reply(held, 204, SPAN(""), SPAN("dropped"));
    turns(3);
    unit_same_text("both", hear(fd),
                   SPAN("HTTP/1.1 204 No Content\r\n" DATE KEEP "HTTP/1.1 200 OK\r\n" DATE
                        "A: b\r\nContent-Length: 7\r\n" KEEP "GET /b "));
    close(fd);
    (void)state;
}

static void other_protocols_are_closed_without_a_word(void **state)
{
    int tls = connect_client(), h2 = connect_client();

    say(tls, SPAN("\x16\x03\x01\x02\x00"));
    assert_true(is_closed(tls));
    say(h2, SPAN("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    assert_true(is_closed(h2));
    close(tls);
    close(h2);
    (void)state;
}

static void large_replies_wait_for_a_slow_reader(void **state)
{
    static char big[1000000];
    int fd = connect_client();
    size_t got = 0;

    memset(big, 'x', sizeof big);
    say(fd, SPAN("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    http_stream_reply(held, 200, SPAN(""), span_make(big, sizeof big));
    for (int i = 0; i < 10000 && got < sizeof big; i++) {
        got += hear(fd).len;
        turns(1);
    }
    assert_true(got > sizeof big);
    say(fd, SPAN("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(span_ends(hear(fd), SPAN("GET /a ")));
    close(fd);
    (void)state;
}

static void a_drain_says_close_and_ends_idle_connections(void **state)
{
    int busy = connect_client(), idle = connect_client();

    say(busy, SPAN("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    http_server_drain(&server);
    standing.fixed_now += 2 * MICROS_PER_SECOND;
    turns(3);
    assert_true(is_closed(idle));
    http_stream_reply(held, 200, SPAN(""), SPAN("x"));
    turns(2);
    assert_true(span_ends(hear(busy), SPAN(CLOSE "x")));
    close(busy);
    close(idle);
    turns(3);
    assert_int_equal(server.connection_count, 0);
    (void)state;
}

/* What a stream alone draws; see server.c. */
#define STREAM_COST (sizeof(struct http_stream) + ARENA_BLOCK_DEFAULT + HTTP_BUFFER)

static void who_finds_no_memory_left_hears_503(void **state)
{
    static const struct {
        const char *about, *status;
        size_t size;
    } CASES[] = {
        {"not for a request", "HTTP/1.1 503 ", STREAM_COST - 1},
        {"not for its body", "HTTP/1.1 503 ", STREAM_COST + 127},
        {"for both", "HTTP/1.1 200 ", STREAM_COST + 1024},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct budget budget = {.size = CASES[i].size};
        char body[500];
        struct span answer;
        int fd = connect_client();

        server.budget = &budget;
        memset(body, 'x', sizeof body);
        say(fd, SPAN("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n"));
        say(fd, span_make(body, sizeof body));
        turns(3);
        answer = hear(fd);
        if (!span_starts(answer, span_of(CASES[i].status)))
            fail_msg("%s: %.*s", CASES[i].about, SPAN_ARG(answer));
        close(fd);
        turns(3);
        assert_int_equal(budget_used(&budget), 0);
    }
    server.budget = NULL;
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    TEST(a_request_is_answered_and_the_connection_kept),
    TEST(it_does_not_matter_how_the_bytes_arrive),
    TEST(byte_by_byte_is_as_good),
    TEST(a_bad_head_is_refused_and_the_connection_closed),
    TEST(a_head_that_never_ends_is_refused),
    TEST(a_body_over_the_limit_is_refused_before_it_is_read),
    TEST(expect_is_answered_before_the_body),
    TEST(a_client_that_half_closes_is_answered),
    TEST(slow_clients_meet_their_deadlines),
    TEST(a_body_must_make_a_rate),
    TEST(a_reply_must_make_a_rate),
    TEST(a_large_body_arrives_whole),
    TEST(a_body_nobody_wanted_ends_the_connection_only_when_it_is_not_there),
    TEST(a_lingering_connection_may_end_at_any_moment),
    TEST(a_client_that_goes_away_is_told_to_the_handler),
    TEST(pipelined_requests_wait_for_the_one_before),
    TEST(other_protocols_are_closed_without_a_word),
    TEST(large_replies_wait_for_a_slow_reader),
    TEST(a_drain_says_close_and_ends_idle_connections),
    TEST(who_finds_no_memory_left_hears_503),
};

UNIT_MAIN(TESTS)
