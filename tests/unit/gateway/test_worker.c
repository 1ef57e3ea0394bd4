/* A worker with a compiled snapshot, spoken to over loopback sockets. */
#include "../unit.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "compile/follow.h"
#include "gateway/edge/target.h"
#include "gateway/worker.h"

static struct gateway gateway;
static struct worker worker;
static struct shelf shelf;

static const char DOCUMENT[] =
    "{\"resources\":[{\"id\":\"r\",\"path\":\"/a\",\"resourceMethods\":{"
    "\"GET\":{\"methodResponses\":{\"200\":{}},\"methodIntegration\":{\"type\":\"MOCK\","
    "\"requestTemplates\":{\"application/json\":\"{\\\"statusCode\\\":200}\"},"
    "\"integrationResponses\":{\"200\":{\"responseTemplates\":{\"application/json\":\"hello\"}}}}},"
    "\"POST\":{\"methodResponses\":{\"200\":{}},\"methodIntegration\":{\"type\":\"MOCK\","
    "\"integrationResponses\":{\"200\":{}}}},"
    "\"PUT\":{\"methodResponses\":{\"200\":{}},\"methodIntegration\":{\"type\":\"MOCK\","
    "\"passthroughBehavior\":\"NEVER\",\"integrationResponses\":{\"200\":{}}}},"
    "\"PATCH\":{\"authorizationType\":\"AWS_IAM\"}}}]}";

static void publish(uint64_t revision)
{
    struct json *deployment, *stage, *api;
    struct feed_record records[4];
    struct feed_blob blob = {SPAN("hash"), span_of(DOCUMENT)};
    struct feed_batch batch = {.revision = revision,
                               .is_whole = true,
                               .records = records,
                               .record_count = COUNT(records),
                               .blobs = &blob,
                               .blob_count = 1};
    struct snapshot *snap;

    arena_init(&batch.arena, 1 << 20);
    json_parse(&batch.arena, SPAN("{\"document\":\"hash\"}"), &deployment, NULL);
    json_parse(&batch.arena, SPAN("{\"deploymentId\":\"d1\"}"), &stage, NULL);
    json_parse(&batch.arena, SPAN("{}"), &api, NULL);
    records[0] = (struct feed_record){
        {SPAN("1"), SPAN("r"), SPAN("RestApi"), SPAN(""), SPAN("api1")}, 1, api};
    records[1] = (struct feed_record){
        {SPAN("1"), SPAN("r"), SPAN("Deployment"), SPAN("api1"), SPAN("d1")}, 2, deployment};
    records[2] = (struct feed_record){
        {SPAN("1"), SPAN("r"), SPAN("Stage"), SPAN("api1"), SPAN("dev")}, 3, stage};
    records[3] = (struct feed_record){
        {SPAN("2"), SPAN("r"), SPAN("RestApi"), SPAN(""), SPAN("API1")}, 1, api};
    snap = follow_build(&shelf, &batch, worker.snapshot);
    publication_offer(&gateway.publication, snap);
    part_leave(&snap->part);
    feed_batch_release(&batch);
}

static int set_up(void **state)
{
    struct problem why;

    (void)state;
    memset(&gateway, 0, sizeof gateway);
    shelf_init(&shelf);
    gateway.shelf = &shelf;
    gateway.control_socket = "/nonexistent/control.sock";
    gateway.connections_max = 100;
    if (!publication_init(&gateway.publication) ||
        worker_init(&worker, &gateway, &why) != OK)
        return -1;
    publish(7);
    loop_turn(&worker.loop, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    worker_release(&worker);
    publication_release(&gateway.publication);
    shelf_reclaim(&shelf);
    assert_int_equal(shelf.bytes, 0);
    return 0;
}

/* One request over a fresh connection; the answer stays until the next call. */
static struct span ask(const char *request)
{
    static char answer[100000];
    int pair[2];
    ssize_t n;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    assert_true(http_server_adopt(&worker.server, pair[0]));
    assert_true(send(pair[1], request, strlen(request), MSG_NOSIGNAL) > 0);
    for (int i = 0; i < 6; i++)
        loop_turn(&worker.loop, 0);
    n = recv(pair[1], answer, sizeof answer, 0);
    close(pair[1]);
    loop_turn(&worker.loop, 0);
    return span_make(answer, n > 0 ? (size_t)n : 0);
}

#define API "/_aws/execute-api/api1/dev"

static void requests_get_the_answers_of_their_api(void **state)
{
    static const struct {
        const char *request, *status, *contains;
    } CASES[] = {
        {"GET " API "/a HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK",
         "Content-Type: application/json\r\nx-amzn-RequestId: "},
        {"GET " API "/a HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", "\r\n\r\nhello"},
        {"GET /dev/a HTTP/1.1\r\nHost: API1.execute-api.us-east-1.amazonaws.com:443\r\n\r\n",
         "200 OK", "hello"},
        {"GET /restapis/api1/dev/_user_request_/a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK",
         "hello"},
        {"GET " API "/b HTTP/1.1\r\nHost: x\r\n\r\n", "403 Forbidden",
         "x-amzn-ErrorType: MissingAuthenticationTokenException\r\n"},
        {"GET /_aws/execute-api/api1/prod/a HTTP/1.1\r\nHost: x\r\n\r\n", "403 Forbidden",
         "{\"message\":\"Forbidden\"}"},
        {"GET /_aws/execute-api/a%22b/dev HTTP/1.1\r\nHost: x\r\n\r\n", "404 Not Found",
         "The API id 'a%22b' does not"},
        {"GET /a HTTP/1.1\r\nHost: zzz.execute-api.localhost\r\n\r\n", "403 Forbidden",
         "ForbiddenException"},
        {"POST " API "/a HTTP/1.1\r\nHost: x\r\nContent-Length: 16\r\n\r\n{statusCode:200}",
         "200 OK", "Content-Length: 0\r\n"},
        {"POST " API "/a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", "500 ",
         "{\"message\": \"Internal server error\"}"},
        {"POST " API "/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10485761\r\n\r\n", "413 ",
         "{\"message\":\"Request Too Long\"}"},
        {"PUT " API "/a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "415 ",
         "{\"message\": \"Unsupported Media Type\"}"},
        {"PATCH " API "/a HTTP/1.1\r\nHost: x\r\n\r\n", "501 ", "Not yet in Portico"},
        {"DELETE " API "/a HTTP/1.1\r\nHost: x\r\nX-HTTP-Method-Override: GET\r\n\r\n", "200 ",
         "hello"},
        {"GET /_portico/health HTTP/1.1\r\nHost: x\r\n\r\n", "200 ", "\"status\":\"degraded\""},
        {"GET /_portico/metrics HTTP/1.1\r\nHost: x\r\n\r\n", "200 ",
         "portico_requests_total{status=\"2xx\"} "},
        {"GET /_portico/other HTTP/1.1\r\nHost: x\r\n\r\n", "404 ", "no such page"},
        {"POST /_portico/health HTTP/1.1\r\nHost: x\r\n\r\n", "405 ", "only GET"},
        {"GET /restapis HTTP/1.1\r\nHost: x\r\n\r\n", "503 ", "Retry-After: 1\r\n"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct span answer = ask(CASES[i].request), contains = span_of(CASES[i].contains);

        if (!span_starts(span_skip(answer, answer.len < 9 ? answer.len : 9),
                         span_of(CASES[i].status)))
            fail_msg("%s: %.*s", CASES[i].request, SPAN_ARG(answer));
        if (span_search(answer, contains) == answer.len)
            fail_msg("%s: no '%s' in %.*s", CASES[i].request, CASES[i].contains, SPAN_ARG(answer));
    }
    (void)state;
}

static void a_new_snapshot_reuses_what_did_not_change(void **state)
{
    const struct deployment *before =
        api_stage(snapshot_api(worker.snapshot, SPAN("api1")), SPAN("dev"))->deployment;

    publish(8);
    loop_turn(&worker.loop, 0);
    assert_int_equal(worker.snapshot->revision, 8);
    assert_ptr_equal(
        api_stage(snapshot_api(worker.snapshot, SPAN("API1")), SPAN("dev"))->deployment, before);
    assert_int_equal(publication_revision(&gateway.publication), 8);
    shelf_reclaim(&shelf);
    assert_int_equal(shelf.bytes, snapshot_bytes(worker.snapshot));
    (void)state;
}

static void targets_are_read_from_host_and_path(void **state)
{
    static const struct {
        const char *host, *path;
        enum target_kind kind;
        const char *api, *stage, *below;
    } CASES[] = {
        {"x", "/", TARGET_CONTROL, "", "", ""},
        {"x", "/restapis/a/resources/b", TARGET_CONTROL, "", "", ""},
        {"x", "/restapis/a/s/_user_request_", TARGET_API_PATH, "a", "s", ""},
        {"x", "/restapis/a/s/_user_request_/b//c", TARGET_API_PATH, "a", "s", "/b//c"},
        {"x", "/restapis/a/s/_user_request_x", TARGET_CONTROL, "", "", ""},
        {"x", "/_aws/execute-api/a", TARGET_API_PATH, "a", "", ""},
        {"x", "/_aws/execute-api/a/s/b/", TARGET_API_PATH, "a", "s", "/b/"},
        {"x", "/_aws/execute-api/", TARGET_CONTROL, "", "", ""},
        {"x", "/_portico/health", TARGET_LOCAL, "", "", ""},
        {"a.execute-api.x", "/s/b", TARGET_API_HOST, "a", "s", "/b"},
        {"a.EXECUTE-api.x:1", "//s/b", TARGET_API_HOST, "a", "s", "/b"},
        {"a.execute-api.x", "/", TARGET_API_HOST, "a", "", ""},
        {"a-vpce-01.execute-api.x", "/s", TARGET_API_HOST, "a", "s", ""},
        {"execute-api.x", "/s", TARGET_CONTROL, "", "", ""},
        {"[::1]:80", "/s", TARGET_CONTROL, "", "", ""},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct http_request r = {.host = span_of(CASES[i].host), .path = span_of(CASES[i].path)};
        struct target t = target_of(&r);

        if (t.kind != CASES[i].kind)
            fail_msg("%s %s: kind %d", CASES[i].host, CASES[i].path, t.kind);
        unit_same_text(CASES[i].path, t.api, span_of(CASES[i].api));
        unit_same_text(CASES[i].path, t.stage, span_of(CASES[i].stage));
        unit_same_text(CASES[i].path, t.path, span_of(CASES[i].below));
    }
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    TEST(requests_get_the_answers_of_their_api),
    TEST(a_new_snapshot_reuses_what_did_not_change),
    TEST(targets_are_read_from_host_and_path),
};

UNIT_MAIN(TESTS)
