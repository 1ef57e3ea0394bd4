/* Pools by target: which calls share connections, and what happens at the ceilings. */
#include "../unit.h"

#include "http/client.h"

static struct clock standing;
static struct loop loop;
static struct http_client client;

static int set_up(void **state)
{
    struct problem why;

    (void)state;
    standing = clock_fixed(1000000, 0);
    return loop_init(&loop, &standing, NULL) == OK &&
                   http_client_init(&client, &loop, NULL, NULL, &why)
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    http_client_release(&client);
    loop_release(&loop);
    return 0;
}

static struct http_pool *pool_of(const char *host, uint16_t port, bool is_tls, bool is_unverified)
{
    struct http_target target = {span_of(host), port, is_tls, is_unverified};

    return http_client_pool(&client, &target);
}

static void targets_share_a_pool_only_when_all_of_them_is_the_same(void **state)
{
    struct http_pool *pool = pool_of("example.test", 80, false, false);
    char long_name[RESOLVER_NAME_LEN_MAX + 2];

    assert_non_null(pool);
    assert_ptr_equal(pool_of("EXAMPLE.test", 80, false, false), pool);
    assert_ptr_not_equal(pool_of("example.test", 81, false, false), pool);
    assert_ptr_not_equal(pool_of("example.test", 80, true, false), pool);
    assert_ptr_not_equal(pool_of("example.test", 80, true, true),
                         pool_of("example.test", 80, true, false));
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_null(pool_of(long_name, 80, false, false));
    assert_null(pool_of("", 80, false, false));
    (void)state;
}

static void the_pool_unused_longest_makes_room_unless_it_is_busy(void **state)
{
    struct http_pool *busy = pool_of("0.test", 80, false, false), *unused;
    char name[32];

    busy->busy_count++; /* as a call does */
    unused = pool_of("1.test", 80, false, false);
    for (unsigned i = 2; i < HTTP_POOLS_MAX; i++) {
        snprintf(name, sizeof name, "%u.test", i);
        assert_non_null(pool_of(name, 80, false, false));
    }
    assert_int_equal(client.pools.live, HTTP_POOLS_MAX);
    assert_non_null(pool_of("more.test", 80, false, false));
    assert_int_equal(client.pools.live, HTTP_POOLS_MAX);
    assert_true(unused->is_retired);
    loop_turn(&loop, 0); /* frees it */
    assert_ptr_equal(pool_of("0.test", 80, false, false), busy);

    for (struct http_pool *pool = client.newest; pool; pool = pool->older)
        pool->busy_count++;
    assert_null(pool_of("none-left.test", 80, false, false));
    for (struct http_pool *pool = client.newest; pool; pool = pool->older)
        pool->busy_count = 0;
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    TEST(targets_share_a_pool_only_when_all_of_them_is_the_same),
    TEST(the_pool_unused_longest_makes_room_unless_it_is_busy),
};

UNIT_MAIN(TESTS)
