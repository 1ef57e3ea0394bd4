/* Both ends of the feed against each other, over a socket in a folder of the test. */
#include "../unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "link/feed.h"

#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

struct fixture {
    char folder[64], path[96];
    int listener;
    _Atomic uint64_t revision; /* what the source says */
    _Atomic size_t body_len;   /* of the record it writes */
    atomic_int failures;       /* how often it still fails */
    atomic_uint writes;
    atomic_bool only_changes; /* after the first batch */
    _Atomic uint64_t base;    /* that it was asked for last */
};

static int set_up(void **state)
{
    struct fixture *f = mem_zero(1, sizeof *f);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(f->folder, sizeof f->folder, "/tmp/portico-feed-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/feed.sock", f->folder);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", f->path);
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(f->listener, 8), 0);
    f->revision = 7;
    f->body_len = 10;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    close(f->listener);
    unlink(f->path);
    rmdir(f->folder);
    mem_free(f);
    return 0;
}

/* One blob, one record with a body of body_len letters. */
static bool write_state(void *ctx, struct feed_out *out, uint64_t base, uint64_t *revision)
{
    struct fixture *f = ctx;
    struct feed_key key = {SPAN("000000000000"), SPAN("us-east-1"), SPAN("RestApi"), SPAN(""),
                           SPAN("a\"b\\c")};
    struct buf body;

    f->writes++;
    f->base = base;
    if (f->only_changes && base > 0) {
        key.id = SPAN("gone");
        feed_out_record(out, &key, f->revision, (struct span){NULL, 0});
        *revision = f->revision;
        return true;
    }
    feed_out_forget(out);
    buf_init(&body, FEED_BLOB_MAX);
    buf_add_text(&body, "{\"name\":\"");
    for (size_t i = 0; i < f->body_len; i++)
        buf_add_char(&body, 'x');
    buf_add_text(&body, "\"}");
    feed_out_blob_bytes(out, SPAN(SHA), SPAN("the blob"));
    feed_out_record(out, &key, 3, buf_span(&body));
    buf_release(&body);
    *revision = f->revision;
    return f->failures-- <= 0;
}

static struct feed_server *start(struct fixture *f, const char *epoch)
{
    return feed_server_new(dup(f->listener), epoch, f->revision,
                           (struct feed_source){write_state, f});
}

static void check_batch(const struct feed_batch *batch, struct fixture *f)
{
    assert_true(batch->is_whole);
    assert_int_equal(batch->revision, f->revision);
    assert_int_equal(batch->record_count, 1);
    assert_int_equal(batch->records[0].revision, 3);
    unit_same_text("id", batch->records[0].key.id, SPAN("a\"b\\c"));
    unit_same_text("kind", batch->records[0].key.kind, SPAN("RestApi"));
    assert_int_equal(json_member_text(batch->records[0].body, "name", SPAN("")).len, f->body_len);
    assert_int_equal(batch->blob_count, 1);
    unit_same_text("sha", batch->blobs[0].sha256, SPAN(SHA));
    unit_same_text("blob", batch->blobs[0].bytes, SPAN("the blob"));
}

static void take_batch(struct fixture *f, struct feed_client *client)
{
    struct feed_batch batch;

    assert_int_equal(feed_client_next(client, -1, &batch), FEED_BATCH);
    check_batch(&batch, f);
    feed_client_ack(client, batch.revision);
    feed_batch_release(&batch);
}

static void a_gateway_gets_the_whole_state_and_each_change(void **state)
{
    static const size_t LENGTHS[] = {0, 1000, 65000, 65536, 300000};
    struct fixture *f = *state;
    struct feed_server *server = start(f, "e");
    struct feed_client *client = feed_client_new(f->path);

    assert_false(feed_client_is_connected(client));
    take_batch(f, client);
    assert_true(feed_client_is_connected(client));
    for (size_t i = 0; i < COUNT(LENGTHS); i++) {
        f->body_len = LENGTHS[i];
        f->revision++;
        feed_server_publish(server, f->revision);
        take_batch(f, client);
        assert_true(feed_server_wait(server, f->revision));
    }
    assert_int_equal(feed_server_gateways(server), 1);
    assert_int_equal(feed_server_late_total(server), 0);
    feed_client_free(client);
    feed_server_free(server);
}

static void a_write_waits_for_no_gateway_when_there_is_none(void **state)
{
    struct feed_server *server = start(*state, "e");

    assert_true(feed_server_wait(server, 99));
    assert_int_equal(feed_server_gateways(server), 0);
    feed_server_free(server);
}

static void a_failed_source_is_asked_again_and_the_half_is_forgotten(void **state)
{
    struct fixture *f = *state;
    struct feed_server *server;
    struct feed_client *client = feed_client_new(f->path);

    f->failures = 1;
    server = start(f, "e");
    take_batch(f, client);
    assert_int_equal(f->writes, 2);
    feed_client_free(client);
    feed_server_free(server);
}

static void a_gateway_that_comes_again_is_told_what_changed_since(void **state)
{
    struct fixture *f = *state;
    struct feed_server *server = start(f, "e");
    struct feed_client *client = feed_client_new(f->path);
    struct feed_batch batch;

    take_batch(f, client);
    feed_server_free(server);
    assert_int_equal(feed_client_next(client, -1, &batch), FEED_AWAY);
    assert_false(feed_client_is_connected(client));

    f->only_changes = true;
    server = start(f, "e");
    for (int i = 0; i < 2; i++) {
        if (i > 0)
            feed_server_publish(server, ++f->revision);
        assert_int_equal(feed_client_next(client, -1, &batch), FEED_BATCH);
        assert_int_equal(f->base, 7);
        assert_false(batch.is_whole);
        assert_int_equal(batch.record_count, 1);
        assert_null(batch.records[0].body);
        unit_same_text("id", batch.records[0].key.id, SPAN("gone"));
        feed_client_ack(client, batch.revision);
        feed_batch_release(&batch);
    }
    feed_server_free(server);
    assert_int_equal(feed_client_next(client, -1, &batch), FEED_AWAY);

    server = start(f, "another epoch");
    take_batch(f, client);
    assert_int_equal(f->base, 0);
    feed_client_free(client);
    feed_server_free(server);
}

static void the_caller_can_wake_a_waiting_client(void **state)
{
    struct fixture *f = *state;
    struct feed_client *client = feed_client_new(f->path);
    struct feed_batch batch;
    int wake = eventfd(1, EFD_CLOEXEC);

    assert_int_equal(feed_client_next(client, wake, &batch), FEED_WOKEN);
    close(wake);
    feed_client_free(client);
}

static void a_client_that_speaks_out_of_turn_is_dropped(void **state)
{
    static const struct {
        const char *about;
        struct span wire;
    } CASES[] = {
        {"an ACK before HELLO", SPAN_INIT("\x0e\0\0\0\x05{\"revision\":1}")},
        {"a HELLO that is not JSON", SPAN_INIT("\x01\0\0\0\x01{")},
        {"a HELLO without an epoch", SPAN_INIT("\x0e\0\0\0\x01{\"revision\":1}")},
        {"a type nobody knows", SPAN_INIT("\0\0\0\0\x7f")},
    };
    struct fixture *f = *state;
    struct feed_server *server = start(f, "e");
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "%s", f->path);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char got;

        assert_int_equal(connect(made, (struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(write(made, CASES[i].wire.at, CASES[i].wire.len), CASES[i].wire.len);
        if (read(made, &got, 1) > 0)
            fail_msg("%s: was answered", CASES[i].about);
        close(made);
    }
    feed_server_free(server);
}

#define FEED_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    FEED_TEST(a_gateway_gets_the_whole_state_and_each_change),
    FEED_TEST(a_write_waits_for_no_gateway_when_there_is_none),
    FEED_TEST(a_failed_source_is_asked_again_and_the_half_is_forgotten),
    FEED_TEST(a_gateway_that_comes_again_is_told_what_changed_since),
    FEED_TEST(the_caller_can_wake_a_waiting_client),
    FEED_TEST(a_client_that_speaks_out_of_turn_is_dropped),
};

UNIT_MAIN(TESTS)
