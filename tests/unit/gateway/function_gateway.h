/* A gateway with functions, for tests: one worker, a client's socket, a host of our own. */
#ifndef TESTS_FUNCTION_GATEWAY_H
#define TESTS_FUNCTION_GATEWAY_H

#include "../lambda/fake_host.h"

#include "base/log.h"
#include "compile/follow.h"
#include "gateway/worker.h"
#include "lambda/lambda.h"

static struct gateway gateway;
static struct worker worker;
static struct shelf shelf;
static struct lambda lambda;
static struct fake_host host;
static int listener, client;

#define FUNCTION "arn:aws:lambda:r:1:function:"
#define URI "arn:aws:apigateway:r:lambda:path/2015-03-31/functions/" FUNCTION

static const char DOCUMENT[] =
    "{\"resources\":[{\"id\":\"res1\",\"path\":\"/u/{id}\",\"resourceMethods\":{"
    "\"ANY\":{\"methodIntegration\":{\"type\":\"AWS_PROXY\",\"httpMethod\":\"POST\","
    "\"uri\":\"" URI "f/invocations\",\"timeoutInMillis\":1000}}}},"
    "{\"id\":\"res5\",\"path\":\"/mapped\",\"resourceMethods\":{"
    "\"GET\":{\"methodIntegration\":{\"type\":\"AWS_PROXY\",\"httpMethod\":\"POST\","
    "\"uri\":\"" URI "f/invocations\",\"requestParameters\":{"
    "\"integration.request.header.authorization\":\"'a'\"}}}}},"
    "{\"id\":\"res2\",\"path\":\"/stage\",\"resourceMethods\":{"
    "\"GET\":{\"methodIntegration\":{\"type\":\"AWS_PROXY\",\"httpMethod\":\"POST\","
    "\"uri\":\"" URI "${stageVariables.fn}/invocations\"}}}},"
    "{\"id\":\"res3\",\"path\":\"/closed\",\"resourceMethods\":{"
    "\"GET\":{\"methodIntegration\":{\"type\":\"AWS_PROXY\",\"httpMethod\":\"POST\","
    "\"uri\":\"" URI "closed/invocations\"}},"
    "\"PUT\":{\"methodIntegration\":{\"type\":\"AWS_PROXY\",\"httpMethod\":\"POST\","
    "\"uri\":\"" URI "missing/invocations\"}},"
    "\"POST\":{\"methodIntegration\":{\"type\":\"AWS_PROXY\",\"httpMethod\":\"GET\","
    "\"uri\":\"" URI "f/invocations\"}}}},"
    "{\"id\":\"res4\",\"path\":\"/aws\",\"resourceMethods\":{"
    "\"POST\":{\"methodResponses\":{\"200\":{},\"500\":{}},"
    "\"methodIntegration\":{\"type\":\"AWS\",\"httpMethod\":\"POST\","
    "\"uri\":\"" URI "f/invocations\",\"integrationResponses\":{\"200\":{},"
    "\"500\":{\"selectionPattern\":\"(\\n|.)*\\\\[500\\\\](\\n|.)*\"}}}}}}]}";

static inline struct feed_record record_of(struct arena *arena, const char *kind,
                                           const char *parent, const char *id, const char *body)
{
    struct json *tree = NULL;

    assert_int_equal(json_parse(arena, span_of(body), &tree, NULL), OK);
    return (struct feed_record){
        {SPAN("1"), SPAN("r"), span_of(kind), span_of(parent), span_of(id)}, 1, tree};
}

#define CONFIGURATION                                                         \
    "\"Runtime\":\"nodejs20.x\",\"Handler\":\"index.handler\",\"Timeout\":3," \
    "\"package\":\"0123456789012345678901234567890123456789012345678901234567890123\""

static inline void publish(void)
{
    struct feed_record records[5];
    struct feed_blob blob = {SPAN("hash"), span_of(DOCUMENT)};
    struct feed_batch batch = {.revision = 7,
                               .is_whole = true,
                               .records = records,
                               .record_count = COUNT(records),
                               .blobs = &blob,
                               .blob_count = 1};
    struct snapshot *snap;

    arena_init(&batch.arena, 1 << 20);
    records[0] = record_of(&batch.arena, "RestApi", "", "api1", "{}");
    records[1] = record_of(&batch.arena, "Deployment", "api1", "d1", "{\"document\":\"hash\"}");
    records[2] = record_of(&batch.arena, "Stage", "api1", "dev",
                           "{\"deploymentId\":\"d1\",\"variables\":{\"fn\":\"f\"}}");
    records[3] = record_of(
        &batch.arena, "Function", "", "f",
        "{" CONFIGURATION ",\"policy\":{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":"
        "\"Allow\",\"Principal\":{\"Service\":\"apigateway.amazonaws.com\"},\"Action\":"
        "\"lambda:InvokeFunction\",\"Resource\":\"" FUNCTION "f\",\"Condition\":{\"ArnLike\":"
        "{\"AWS:SourceArn\":\"arn:aws:execute-api:r:1:api1/*/*/*\"}}}]}}");
    records[4] = record_of(&batch.arena, "Function", "", "closed", "{" CONFIGURATION "}");
    snap = follow_build(&shelf, &batch, worker.snapshot);
    publication_offer(&gateway.publication, snap);
    part_leave(&snap->part);
    feed_batch_release(&batch);
}

static inline void connect_client(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t len = sizeof address;

    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    assert_true(http_server_listen(&worker.server, listener));
    client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(fcntl(client, F_SETFL, O_NONBLOCK), 0);
}

static inline int set_up(void **state)
{
    struct lambda_settings settings = {.log_folder = "", .endpoint = "", .instances_max = 8};
    struct problem why;

    (void)state;
    log_open("test", LOG_ERROR + 1);
    memset(&gateway, 0, sizeof gateway);
    shelf_init(&shelf);
    gateway.shelf = &shelf;
    gateway.control_socket = "/nonexistent/control.sock";
    gateway.connections_max = 100;
    gateway.account = "1";
    gateway.region = "r";
    if (!publication_init(&gateway.publication) || worker_init(&worker, &gateway, &why) != OK)
        return -1;
    fake_host_init(&host, &worker.loop);
    settings.host = host.path;
    lambda_init(&lambda, &worker.loop, &settings);
    gateway.lambda = &lambda;
    publish();
    loop_turn(&worker.loop, 0);
    connect_client();
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    close(client);
    for (int i = 0; i < 4; i++)
        loop_turn(&worker.loop, 0);
    lambda_release(&lambda);
    for (int i = 0; i < 4; i++)
        loop_turn(&worker.loop, 0);
    worker_release(&worker);
    close(listener);
    fake_host_release(&host);
    publication_release(&gateway.publication);
    shelf_reclaim(&shelf);
    assert_int_equal(shelf.bytes, 0);
    return 0;
}

static inline void say(const char *request)
{
    assert_int_equal(send(client, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    fake_host_turns(&host);
}

static inline struct span hear(void)
{
    static char text[100000];
    ssize_t n = recv(client, text, sizeof text, 0);

    return span_make(text, n > 0 ? (size_t)n : 0);
}

static inline bool has(struct span text, const char *part)
{
    return span_search(text, span_of(part)) < text.len;
}

static inline void expect(const char *about, struct span answer, const char *part)
{
    if (!has(answer, part))
        fail_msg("%s: no '%s' in '%.*s'", about, part, SPAN_ARG(answer));
}

/* What the client hears when the function answers so. */
static inline struct span answered(const char *request, char type, const char *payload)
{
    struct started *one;

    say(request);
    assert_true(host.start_count > 0);
    one = &host.starts[host.start_count - 1];
    if (!has(fake_host_hear(one), "{"))
        fake_host_frame(&host, one, INSTANCE_READY, SPAN(""));
    fake_host_hear(one);
    fake_host_frame(&host, one, type, span_of(payload));
    return hear();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
