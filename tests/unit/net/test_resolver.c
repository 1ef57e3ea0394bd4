/* The resolver, against a name server of our own on loopback. */
#include "../unit.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/resolver.h"

static struct clock running;
static struct loop loop;
static struct resolver resolver;
static char servers[32];
static int server;
static unsigned ended, asked;

static void on_end(struct task *task)
{
    (void)task;
    ended++;
}

static struct task waiter = {.run = on_end};

static int set_up(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;

    (void)state;
    server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(server, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(server, (struct sockaddr *)&address, &len) != 0)
        return -1;
    snprintf(servers, sizeof servers, "127.0.0.1:%u", ntohs(address.sin_port));
    ended = asked = 0;
    running = clock_fixed(1000000, 0);
    return loop_init(&loop, &running, NULL) == OK && resolver_init(&resolver, &loop, servers) ? 0
                                                                                              : -1;
}

static int tear_down(void **state)
{
    (void)state;
    resolver_release(&resolver);
    loop_release(&loop);
    close(server);
    return 0;
}

/* Answers one query: A with 10.1.2.3 for names that begin with 'k', AAAA with nothing, and no such
 * name for others. */
static void answer_one(void)
{
    static const unsigned char RECORD[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 1, 2, 3};
    unsigned char message[600];
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    ssize_t n = recvfrom(server, message, 512, 0, (struct sockaddr *)&from, &len);
    size_t end = 12;

    if (n < 17)
        return;
    asked++;
    while (message[end] != 0)
        end += message[end] + 1U;
    end += 5; /* the root label, type and class */
    message[2] = 0x81;
    message[3] = message[13] == 'k' ? 0x80 : 0x83;
    message[10] = message[11] = 0; /* no additional records */
    if (message[13] == 'k' && message[end - 3] == 1) {
        message[7] = 1;
        memcpy(message + end, RECORD, sizeof RECORD);
        end += sizeof RECORD;
    }
    sendto(server, message, end, 0, (struct sockaddr *)&from, len);
}

static void serve_until(unsigned wanted)
{
    for (int i = 0; i < 2000 && ended < wanted; i++) {
        answer_one();
        loop_turn(&loop, 1);
    }
    assert_int_equal(ended, wanted);
}

static void addresses_and_this_machine_are_known_at_once(void **state)
{
    static const struct {
        const char *host;
        bool is_known;
        int family;
    } CASES[] = {
        {"127.0.0.1", true, AF_INET},
        {"::1", true, AF_INET6},
        {"127.1", false, 0},
        {"example.test", false, 0},
        {"", false, 0},
        {"localhost", true, AF_INET},
        {"LocalHost", true, AF_INET},
        {"api1.execute-api.localhost", true, AF_INET},
        {"nolocalhost", false, 0},
        {"localhost.test", false, 0},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct addresses found;

        if (resolver_known(&resolver, CASES[i].host, 80, &found) != CASES[i].is_known ||
            (CASES[i].is_known && found.at[0].any.sa_family != CASES[i].family))
            fail_msg("'%s'", CASES[i].host);
    }
    (void)state;
}

static void one_query_serves_all_who_wait(void **state)
{
    struct lookup lookups[3];
    struct addresses found;

    for (size_t i = 0; i < COUNT(lookups); i++)
        resolver_find(&resolver, "known.test", (uint16_t)(80 + i), &lookups[i], &waiter);
    lookups[1].op.cancel(&lookups[1].op);
    for (int i = 0; i < 2000 && lookups[0].op.result == OP_PENDING; i++) {
        answer_one();
        loop_turn(&loop, 1);
    }
    assert_int_equal(lookups[0].op.result, OP_DONE);
    assert_int_equal(lookups[1].op.result, OP_CANCELLED);
    assert_int_equal(lookups[2].op.result, OP_DONE);
    assert_int_equal(lookups[2].addresses.count, 1);
    assert_int_equal(ntohl(lookups[2].addresses.at[0].v4.sin_addr.s_addr), 0x0a010203);
    assert_int_equal(ntohs(lookups[2].addresses.at[0].v4.sin_port), 82);
    assert_int_equal(asked, 2); /* A and AAAA */

    assert_true(resolver_known(&resolver, "known.test", 80, &found));
    running.fixed_now += 61 * MICROS_PER_SECOND; /* its time to live is over */
    loop_turn(&loop, 0);
    assert_false(resolver_known(&resolver, "known.test", 80, &found));
    (void)state;
}

static void a_name_that_is_none_is_believed_for_a_while(void **state)
{
    struct lookup lookup;

    resolver_find(&resolver, "nobody.test", 80, &lookup, &waiter);
    serve_until(1);
    assert_int_equal(lookup.op.result, OP_REFUSED);
    asked = 0;
    resolver_find(&resolver, "nobody.test", 80, &lookup, &waiter);
    serve_until(2);
    assert_int_equal(lookup.op.result, OP_REFUSED);
    assert_int_equal(asked, 0);
    (void)state;
}

static void the_table_of_names_has_a_ceiling(void **state)
{
    struct lookup lookup;
    char name[32];

    for (unsigned i = 0; i < RESOLVER_NAMES_MAX + 100; i++) {
        snprintf(name, sizeof name, "name%u.test", i);
        resolver_find(&resolver, name, 80, &lookup, &waiter);
        serve_until(i + 1);
    }
    assert_true(resolver.names.live <= RESOLVER_NAMES_MAX);
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    TEST(addresses_and_this_machine_are_known_at_once),
    TEST(one_query_serves_all_who_wait),
    TEST(a_name_that_is_none_is_believed_for_a_while),
    TEST(the_table_of_names_has_a_ceiling),
};

UNIT_MAIN(TESTS)
