/* Listening sockets, opened for real on loopback ports that the kernel chooses. */
#include "../unit.h"

#include <unistd.h>

#include "supervise/listener.h"
#include "supervise/owner.h"

static void a_port_alone_is_the_same_on_both_loopback_addresses(void **state)
{
    struct listeners listeners;
    struct problem why = {0};
    const char *first, *second;

    if (listeners_open(&listeners, "0", "--listen", false, &why) != OK)
        fail_msg("%s", why.text);
    first = listeners.all[0].text;
    assert_int_equal(strncmp(first, "127.0.0.1:", 10), 0);
    assert_int_not_equal(strcmp(first, "127.0.0.1:0"), 0);
    assert_true(listeners.all[0].is_loopback);
    if (listeners.count == 2) { /* a machine may have no ::1 */
        second = listeners.all[1].text;
        assert_int_equal(strncmp(second, "[::1]:", 6), 0);
        assert_string_equal(first + 10, second + 6);
    }
    listeners_close(&listeners);
    (void)state;
}

static void a_port_that_is_taken_names_its_owner_and_another_port(void **state)
{
    struct listeners first, second;
    struct problem why = {0};
    char want[128], list[ADDRESS_TEXT_MAX];
    struct owner owner;
    unsigned port;

    assert_int_equal(listeners_open(&first, "127.0.0.1:0", "--listen", false, &why), OK);
    snprintf(list, sizeof list, "%s", first.all[0].text);
    assert_int_equal(sscanf(list, "127.0.0.1:%u", &port), 1);
    assert_int_equal(listeners_open(&second, list, "--listen", false, &why), FAULT_IO);
    assert_int_equal(second.count, 0);
    snprintf(want, sizeof want, "cannot listen on %s: in use by %d test_listener; try --listen ",
             list, (int)getpid());
    if (strncmp(why.text, want, strlen(want)) != 0)
        fail_msg("said '%s'", why.text);

    assert_true(owner_of_port((uint16_t)port, &owner));
    assert_int_equal(owner.pid, getpid());
    listeners_close(&first);
    assert_false(owner_of_port((uint16_t)port, &owner));
    (void)state;
}

static void what_is_no_loopback_address_is_refused(void **state)
{
    static const struct {
        const char *about, *list;
        enum fault want;
    } CASES[] = {
        {"all addresses", "0.0.0.0:0", FAULT_DENIED},
        {"all addresses of version 6", "[::]:0", FAULT_DENIED},
        {"a public address behind a good one", "127.0.0.1:0,192.0.2.1:80", FAULT_DENIED},
        {"a name", "example.com:80", FAULT_SYNTAX},
        {"no port", "127.0.0.1", FAULT_SYNTAX},
        {"no port behind the colon", "127.0.0.1:", FAULT_SYNTAX},
        {"a port too large", "127.0.0.1:65536", FAULT_SYNTAX},
        {"a port alone too large", "65536", FAULT_SYNTAX},
        {"version 6 without brackets", "::1:80", FAULT_SYNTAX},
        {"nothing between commas", "0,,0", FAULT_SYNTAX},
        {"nothing", "", FAULT_SYNTAX},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct listeners listeners;
        struct problem why = {0};
        enum fault rc = listeners_open(&listeners, CASES[i].list, "--listen", false, &why);

        if (rc != CASES[i].want || listeners.count != 0)
            fail_msg("%s: %s '%s'", CASES[i].about, fault_name(rc), why.text);
    }
    (void)state;
}

static void any_address_is_fine_when_allowed(void **state)
{
    struct listeners listeners;
    struct problem why = {0};

    assert_int_equal(listeners_open(&listeners, "0.0.0.0:0, localhost:0", "x", true, &why), OK);
    assert_false(listeners.all[0].is_loopback);
    assert_true(listeners.all[1].is_loopback);
    listeners_close(&listeners);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(a_port_alone_is_the_same_on_both_loopback_addresses),
    cmocka_unit_test(a_port_that_is_taken_names_its_owner_and_another_port),
    cmocka_unit_test(what_is_no_loopback_address_is_refused),
    cmocka_unit_test(any_address_is_fine_when_allowed),
};

UNIT_MAIN(TESTS)
