/* The client, against a scripted peer on a unix socket: each answer whole and cut everywhere. */
#include "../unit.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/client.h"

static struct clock standing;
static struct loop loop;
static struct http_pool pool;
static int listener;
static char folder[] = "/tmp/portico-client-XXXXXX", path[64];
static unsigned ended;

static void on_end(struct task *task)
{
    (void)task;
    ended++;
}

static struct task waiter = {.run = on_end};

static int set_up(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)state;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/s", folder);
    memcpy(address.sun_path, path, strlen(path) + 1);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 10) != 0)
        return -1;
    standing = clock_fixed(1000000, 0);
    ended = 0;
    return loop_init(&loop, &standing, NULL) == OK && http_pool_init_unix(&pool, &loop, path) ? 0
                                                                                              : -1;
}

static int tear_down(void **state)
{
    (void)state;
    http_pool_release(&pool);
    loop_release(&loop);
    close(listener);
    unlink(path);
    rmdir(folder);
    return 0;
}

static void turns(int n)
{
    while (n-- > 0)
        loop_turn(&loop, 0);
}

static void start(struct http_call *call, const char *method)
{
    static char head[100];

    snprintf(head, sizeof head, "%s / HTTP/1.1\r\nHost: x\r\n\r\n", method);
    *call = (struct http_call){.method = span_of(method),
                               .head = span_of(head),
                               .answer_max = 1000,
                               .time_max = MICROS_PER_SECOND};
    http_call_start(call, &pool, &waiter);
    turns(2);
}

static int accept_peer(void)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    char request[1000];

    assert_true(fd >= 0);
    assert_true(recv(fd, request, sizeof request, 0) > 0);
    return fd;
}

static void say(int fd, struct span bytes)
{
    if (bytes.len)
        send(fd, bytes.at, bytes.len, MSG_NOSIGNAL); /* the client may have hung up by then */
    turns(3);
}

#define LEN(n) "HTTP/1.1 200 OK\r\nContent-Length: " #n "\r\n\r\n"

static void answers_end_as_they_should_wherever_they_are_cut(void **state)
{
    static const struct {
        const char *about, *method, *answer, *body;
        enum op_result result;
        bool closes, keeps; /* the peer closes after it; the connection is kept */
    } CASES[] = {
        {"a length", "GET", LEN(5) "hello", "hello", OP_DONE, false, true},
        {"no body", "GET", LEN(0), "", OP_DONE, false, true},
        {"HEAD", "HEAD", LEN(5), "", OP_DONE, false, true},
        {"204 with a length", "GET", "HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n", "", OP_DONE,
         false, false},
        {"304 with a length", "GET", "HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n", "", OP_DONE,
         false, true},
        {"chunks", "GET",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
         "hello", OP_DONE, false, true},
        {"until close", "GET", "HTTP/1.1 200 OK\r\n\r\nhello", "hello", OP_DONE, true, false},
        {"Connection: close", "GET",
         "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", "x", OP_DONE, false,
         false},
        {"an interim answer", "GET", "HTTP/1.1 103 Hints\r\nA: b\r\n\r\n" LEN(1) "x", "x", OP_DONE,
         false, true},
        {"cut in its body", "GET", LEN(5) "hel", NULL, OP_BROKEN, true, false},
        {"cut in its head", "GET", "HTTP/1.1 200 O", NULL, OP_BROKEN, true, false},
        {"nothing", "GET", "", NULL, OP_BROKEN, true, false},
        {"no HTTP", "GET", "SSH-2.0-x\r\n\r\n", NULL, OP_GARBAGE, false, false},
        {"two lengths", "GET",
         "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", NULL, OP_GARBAGE,
         false, false},
        {"an unsolicited 101", "GET", "HTTP/1.1 101 X\r\n\r\n", NULL, OP_GARBAGE, false, false},
        {"bad chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", NULL,
         OP_GARBAGE, false, false},
        {"too large", "GET", LEN(1001), NULL, OP_TOO_LARGE, false, false},
    };

    for (size_t i = 0; i < COUNT(CASES); i++)
        for (size_t cut = 0; cut <= strlen(CASES[i].answer); cut++) {
            struct span answer = span_of(CASES[i].answer);
            struct http_call call;
            int fd;

            start(&call, CASES[i].method);
            fd = accept_peer();
            say(fd, span_first(answer, cut));
            say(fd, span_skip(answer, cut));
            if (CASES[i].closes)
                close(fd);
            turns(3);
            if (call.op.result != CASES[i].result)
                fail_msg("%s cut at %zu: result %d", CASES[i].about, cut, call.op.result);
            if (CASES[i].body)
                unit_same_text(CASES[i].about, call.answer, span_of(CASES[i].body));
            if (pool.idle_count != CASES[i].keeps)
                fail_msg("%s: %zu connections kept", CASES[i].about, pool.idle_count);
            http_call_release(&call);
            if (!CASES[i].closes)
                close(fd);
            turns(3);
            assert_int_equal(pool.idle_count, 0);
        }
    (void)state;
}

static void a_kept_connection_is_used_again(void **state)
{
    struct http_call call;
    int fd;

    start(&call, "GET");
    fd = accept_peer();
    for (int i = 0; i < 3; i++) {
        char request[100];

        say(fd, SPAN(LEN(1) "x"));
        assert_int_equal(call.op.result, OP_DONE);
        http_call_release(&call);
        start(&call, "GET");
        assert_true(recv(fd, request, sizeof request, 0) > 0);
    }
    call.op.cancel(&call.op);
    assert_int_equal(call.op.result, OP_CANCELLED);
    http_call_release(&call);
    close(fd);
    (void)state;
}

/* What is left of one exchange on a connection would be taken for the next. */
static void a_connection_is_kept_only_when_nothing_is_left_on_it(void **state)
{
    static char body[4 * 1024 * 1024];
    struct http_call call;
    int fd;

    start(&call, "GET"); /* the peer answers and closes at once, without saying so */
    fd = accept_peer();
    send(fd, LEN(1) "x", strlen(LEN(1) "x"), MSG_NOSIGNAL);
    close(fd);
    turns(3);
    assert_int_equal(call.op.result, OP_DONE);
    assert_int_equal(pool.idle_count, 0);
    http_call_release(&call);

    call = (struct http_call){.method = SPAN("POST"),
                              .head = SPAN("POST / HTTP/1.1\r\nHost: x\r\n"
                                           "Content-Length: 4194304\r\n\r\n"),
                              .body = span_make(body, sizeof body),
                              .answer_max = 1000,
                              .time_max = MICROS_PER_SECOND};
    http_call_start(&call, &pool, &waiter); /* answered before it has said everything */
    turns(2);
    fd = accept_peer();
    say(fd, SPAN(LEN(1) "x"));
    assert_int_equal(call.op.result, OP_DONE);
    assert_int_equal(pool.idle_count, 0);
    http_call_release(&call);
    close(fd);
    (void)state;
}

static void bytes_behind_an_answer_end_the_connection(void **state)
{
    static char answer[HTTP_CLIENT_READ + 100];
    struct http_call call;
    int fd, head = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: ");

    memset(answer + head, 'x', sizeof answer - (size_t)head);
    snprintf(answer + head, sizeof answer - (size_t)head, "%05d\r\n\r\n",
             HTTP_CLIENT_READ - head - 9);
    answer[head + 9] = 'x'; /* over the NUL: the answer fills a read, the rest stands behind it */
    call = (struct http_call){.method = SPAN("GET"),
                              .head = SPAN("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                              .answer_max = sizeof answer,
                              .time_max = MICROS_PER_SECOND};
    http_call_start(&call, &pool, &waiter);
    turns(2);
    fd = accept_peer();
    say(fd, span_make(answer, sizeof answer));
    assert_int_equal(call.op.result, OP_DONE);
    assert_int_equal(pool.idle_count, 0);
    http_call_release(&call);
    close(fd);
    (void)state;
}

static void a_broken_reused_connection_is_tried_once_more(void **state)
{
    struct http_call call;
    int fd, fresh;

    start(&call, "GET");
    fd = accept_peer();
    say(fd, SPAN(LEN(1) "x"));
    http_call_release(&call);
    start(&call, "GET");
    close(fd); /* the request was taken, but not answered */
    turns(3);
    assert_int_equal(call.op.result, OP_PENDING);
    fresh = accept_peer();
    say(fresh, SPAN(LEN(1) "y"));
    assert_int_equal(call.op.result, OP_DONE);
    http_call_release(&call);
    start(&call, "POST"); /* might have been done: not repeated */
    close(fresh);
    turns(3);
    assert_int_equal(call.op.result, OP_BROKEN);
    http_call_release(&call);
    (void)state;
}

static void nobody_there_and_nobody_answering_are_told_apart(void **state)
{
    struct http_call call;
    int fd;

    start(&call, "GET");
    fd = accept_peer();
    standing.fixed_now += 2 * MICROS_PER_SECOND;
    turns(3);
    assert_int_equal(call.op.result, OP_TIMED_OUT);
    http_call_release(&call);
    close(fd);
    close(listener);
    listener = -1;
    start(&call, "GET");
    assert_int_equal(call.op.result, OP_REFUSED);
    http_call_release(&call);
    (void)state;
}

static void idle_connections_end_before_the_peer_would_end_them(void **state)
{
    static const struct {
        const char *answer;
        int64_t time;
    } CASES[] = {
        {LEN(1) "x", HTTP_POOL_IDLE_TIME},
        {"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n",
         4 * MICROS_PER_SECOND},
        {"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=9\r\nContent-Length: 0\r\n\r\n",
         4 * MICROS_PER_SECOND},
        {"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n",
         MICROS_PER_SECOND / 2},
        {"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=900\r\nContent-Length: 0\r\n\r\n",
         HTTP_POOL_IDLE_TIME},
        {"HTTP/1.1 200 OK\r\nKeep-Alive: x\r\nContent-Length: 0\r\n\r\n", HTTP_POOL_IDLE_TIME},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct http_call call;
        int fd;

        start(&call, "GET");
        fd = accept_peer();
        say(fd, span_of(CASES[i].answer));
        http_call_release(&call);
        standing.fixed_now += CASES[i].time - 1;
        turns(3);
        if (pool.idle_count != 1)
            fail_msg("%s: ended too early", CASES[i].answer);
        standing.fixed_now += 2;
        turns(3);
        if (pool.idle_count != 0)
            fail_msg("%s: ended too late", CASES[i].answer);
        close(fd);
    }
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    TEST(answers_end_as_they_should_wherever_they_are_cut),
    TEST(a_kept_connection_is_used_again),
    TEST(a_connection_is_kept_only_when_nothing_is_left_on_it),
    TEST(bytes_behind_an_answer_end_the_connection),
    TEST(a_broken_reused_connection_is_tried_once_more),
    TEST(nobody_there_and_nobody_answering_are_told_apart),
    TEST(idle_connections_end_before_the_peer_would_end_them),
};

UNIT_MAIN(TESTS)
