/* Requests to APIs with functions behind them, from a client's socket to an instance and back; the
 * host is one of our own. */
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

static struct feed_record record_of(struct arena *arena, const char *kind, const char *parent,
                                    const char *id, const char *body)
{
    struct json *tree = NULL;

    assert_int_equal(json_parse(arena, span_of(body), &tree, NULL), OK);
    return (struct feed_record){
        {SPAN("1"), SPAN("r"), span_of(kind), span_of(parent), span_of(id)}, 1, tree};
}

#define CONFIGURATION                                                         \
    "\"Runtime\":\"nodejs20.x\",\"Handler\":\"index.handler\",\"Timeout\":3," \
    "\"package\":\"0123456789012345678901234567890123456789012345678901234567890123\""

static void publish(void)
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

static void connect_client(void)
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

static int set_up(void **state)
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

static int tear_down(void **state)
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

static void say(const char *request)
{
    assert_int_equal(send(client, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    fake_host_turns(&host);
}

static struct span hear(void)
{
    static char text[100000];
    ssize_t n = recv(client, text, sizeof text, 0);

    return span_make(text, n > 0 ? (size_t)n : 0);
}

static bool has(struct span text, const char *part)
{
    return span_search(text, span_of(part)) < text.len;
}

static void expect(const char *about, struct span answer, const char *part)
{
    if (!has(answer, part))
        fail_msg("%s: no '%s' in '%.*s'", about, part, SPAN_ARG(answer));
}

/* What the client hears when the function answers so. */
static struct span answered(const char *request, char type, const char *payload)
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

/* ---- tests --------------------------------------------------------------------------------- */

/* Replaces what differs from run to run: the texts between `before` and `after`. */
static struct span masked(struct span text, const char *before, const char *after)
{
    size_t from = span_search(text, span_of(before)) + strlen(before), len;

    if (from > text.len)
        fail_msg("no '%s' in '%.*s'", before, SPAN_ARG(text));
    len = span_search(span_skip(text, from), span_of(after));
    return arena_format(&host.arena, "%.*s_%.*s", (int)from, text.at, (int)(text.len - from - len),
                        text.at + from + len);
}

static void the_event_is_what_aws_sends(void **state)
{
    struct span heard, event;
    size_t at;

    say("POST /_aws/execute-api/api1/dev/u/7%20?n=7&b=x%20y&n= HTTP/1.1\r\nHost: localhost:4566\r\n"
        "x-b: 1\r\nAccept: */*\r\nX-B: 2\r\nUser-Agent: curl\r\nContent-Length: 4\r\n"
        "X-Forwarded-For: 9.9.9.9\r\n\r\na\"b\xff");
    fake_host_frame(&host, &host.starts[0], INSTANCE_READY, SPAN(""));
    heard = fake_host_hear(&host.starts[0]);
    at = span_search(heard, SPAN("{\"resource\""));
    assert_true(at < heard.len);
    event = arena_copy(&host.arena, span_skip(heard, at));
    event = masked(event, "\"X-Amzn-Trace-Id\":\"Root=", "\"");
    event = masked(event, "\"X-Amzn-Trace-Id\":[\"Root=", "\"");
    event = masked(event, "\"extendedRequestId\":\"", "\"");
    event = masked(event, "\"requestTime\":\"", "\"");
    event = masked(event, "\"requestTimeEpoch\":", ",");
    event = masked(event, "\"requestId\":\"", "\"");
    unit_same_text(
        "event", event,
        SPAN("{\"resource\":\"/u/{id}\",\"path\":\"/u/7%20\",\"httpMethod\":\"POST\",\"headers\":{"
             "\"Accept\":\"*/*\",\"Host\":\"localhost:4566\",\"User-Agent\":\"curl\","
             "\"X-Amzn-Trace-Id\":\"Root=_\",\"x-b\":\"2\","
             "\"X-Forwarded-For\":\"9.9.9.9, 127.0.0.1\",\"X-Forwarded-Port\":\"4566\","
             "\"X-Forwarded-Proto\":\"http\"},\"multiValueHeaders\":{\"Accept\":[\"*/*\"],"
             "\"Host\":[\"localhost:4566\"],\"User-Agent\":[\"curl\"],"
             "\"X-Amzn-Trace-Id\":[\"Root=_\"],\"x-b\":[\"1\",\"2\"],"
             "\"X-Forwarded-For\":[\"9.9.9.9, 127.0.0.1\"],\"X-Forwarded-Port\":[\"4566\"],"
             "\"X-Forwarded-Proto\":[\"http\"]},\"queryStringParameters\":{\"n\":\"\",\"b\":\"x y\""
             "},\"multiValueQueryStringParameters\":{\"n\":[\"7\",\"\"],\"b\":[\"x y\"]},"
             "\"pathParameters\":{\"id\":\"7%20\"},\"stageVariables\":{\"fn\":\"f\"},"
             "\"requestContext\":{\"resourceId\":\"res1\",\"resourcePath\":\"/u/{id}\","
             "\"httpMethod\":\"POST\",\"extendedRequestId\":\"_\",\"requestTime\":\"_\","
             "\"path\":\"/dev/u/7%20\",\"accountId\":\"1\",\"protocol\":\"HTTP/1.1\","
             "\"stage\":\"dev\",\"domainPrefix\":\"api1\",\"requestTimeEpoch\":_,"
             "\"requestId\":\"_\",\"identity\":{\"cognitoIdentityPoolId\":null,\"accountId\":null,"
             "\"cognitoIdentityId\":null,\"caller\":null,\"sourceIp\":\"127.0.0.1\","
             "\"principalOrgId\":null,\"accessKey\":null,\"cognitoAuthenticationType\":null,"
             "\"cognitoAuthenticationProvider\":null,\"userArn\":null,\"userAgent\":\"curl\","
             "\"user\":null},\"domainName\":\"api1.execute-api.localhost:4566\","
             "\"deploymentId\":\"d1\",\"apiId\":\"api1\"},\"body\":\"a\\\"b\xef\xbf\xbd\","
             "\"isBase64Encoded\":false}"));
    (void)state;
}

static void what_is_not_there_is_null(void **state)
{
    struct span heard;

    say("GET /stage HTTP/1.1\r\nHost: api1.execute-api.localhost\r\n\r\n");
    expect("without a stage", hear(), "HTTP/1.1 403");
    say("GET /dev/stage HTTP/1.1\r\nHost: api1.execute-api.localhost\r\n\r\n");
    fake_host_frame(&host, &host.starts[0], INSTANCE_READY, SPAN(""));
    heard = arena_copy(&host.arena, fake_host_hear(&host.starts[0]));
    expect("query", heard,
           "\"queryStringParameters\":null,\"multiValueQueryStringParameters\":null,");
    expect("path", heard, "\"pathParameters\":null,");
    expect("agent", heard, "\"userAgent\":null,");
    expect("body", heard, "\"body\":null,\"isBase64Encoded\":false}");
    expect("domain", heard, "\"domainName\":\"api1.execute-api.localhost\"");
    expect("port", heard, "\"X-Forwarded-Port\":\"80\"");
    (void)state;
}

#define GET_USER "GET /_aws/execute-api/api1/dev/u/1 HTTP/1.1\r\nHost: a\r\n\r\n"

static void answers_reach_the_client_as_the_rules_say(void **state)
{
    static const struct {
        const char *about;
        char type;
        const char *payload, *status, *part;
    } ROWS[] = {
        {"a whole answer", INSTANCE_RESULT,
         "{\"statusCode\":201,\"headers\":{\"HeaderS\":\"1\"},\"body\":\"made\"}", "HTTP/1.1 201",
         "\r\nHeaderS: 1\r\n"},
        {"the default type", INSTANCE_RESULT, "{\"body\":\"made\"}", "HTTP/1.1 200",
         "\r\nContent-Type: application/json\r\n"},
        {"its own type", INSTANCE_RESULT, "{\"headers\":{\"content-type\":\"text/a\"}}",
         "HTTP/1.1 200", "\r\ncontent-type: text/a\r\n"},
        {"base64 that nobody asked for", INSTANCE_RESULT,
         "{\"body\":\"aGVsbG8=\",\"isBase64Encoded\":true}", "HTTP/1.1 200", "\r\n\r\naGVsbG8="},
        {"a trace", INSTANCE_RESULT, "{}", "HTTP/1.1 200", "\r\nX-Amzn-Trace-Id: Root=1-"},
        {"a malformed one", INSTANCE_RESULT, "[]", "HTTP/1.1 502",
         "\r\n\r\n{\"message\": \"Internal server error\"}"},
        {"a function's error", INSTANCE_ERROR, "{\"errorMessage\":\"no\"}", "HTTP/1.1 502",
         "\r\nx-amzn-ErrorType: InternalServerErrorException\r\n"},
        {"a split answer", INSTANCE_RESULT, "{\"headers\":{\"a\":\"\\r\\nb:\"}}", "HTTP/1.1 502",
         "Internal server error"},
    };

    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct span answer = answered(GET_USER, ROWS[i].type, ROWS[i].payload);

        expect(ROWS[i].about, answer, ROWS[i].status);
        expect(ROWS[i].about, answer, ROWS[i].part);
    }
    assert_int_equal(host.start_count, 1);
    (void)state;
}

static void who_may_not_invoke_is_answered_500(void **state)
{
    static const char *const REQUESTS[] = {
        "GET /_aws/execute-api/api1/dev/closed HTTP/1.1\r\nHost: a\r\n\r\n",
        "PUT /_aws/execute-api/api1/dev/closed HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "POST /_aws/execute-api/api1/dev/closed HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    };

    for (size_t i = 0; i < COUNT(REQUESTS); i++) {
        say(REQUESTS[i]);
        expect(REQUESTS[i], hear(), "HTTP/1.1 500");
    }
    assert_int_equal(host.start_count, 0);
    (void)state;
}

static void a_function_slower_than_its_integration_is_504(void **state)
{
    struct clock later = clock_fixed(0, 0);

    say(GET_USER);
    assert_int_equal(hear().len, 0);
    later.fixed_now = worker.loop.now + 2 * MICROS_PER_SECOND;
    later.fixed_wall = worker.loop.wall + 2 * MICROS_PER_SECOND;
    worker.loop.clock = &later;
    fake_host_turns(&host);
    expect("timeout", hear(), "HTTP/1.1 504");
    worker.loop.clock = &CLOCK_SYSTEM;
    (void)state;
}

static void a_client_that_leaves_harms_nobody(void **state)
{
    struct linger reset = {1, 0};

    say(GET_USER);
    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(client);
    fake_host_turns(&host);
    fake_host_frame(&host, &host.starts[0], INSTANCE_READY, SPAN(""));
    fake_host_frame(&host, &host.starts[0], INSTANCE_RESULT, SPAN("{}"));
    assert_int_equal(lambda.in_flight, 0);
    client = dup(STDERR_FILENO);
    (void)state;
}

#define POST_AWS(len, body)                                                           \
    "POST /_aws/execute-api/api1/dev/aws HTTP/1.1\r\nHost: a\r\nContent-Length: " len \
    "\r\n\r\n" body

static void a_custom_integration_chooses_by_the_errors_text(void **state)
{
    struct span answer = answered(POST_AWS("7", "{\"a\":1}"), INSTANCE_RESULT, "{\"b\":2}");

    expect("result", answer, "HTTP/1.1 200");
    expect("result", answer, "\r\n\r\n{\"b\":2}");
    answer = answered(POST_AWS("0", ""), INSTANCE_ERROR, "{\"errorMessage\":\"a\\n[500] b\"}");
    expect("error", answer, "HTTP/1.1 500");
    expect("error", answer, "{\"errorMessage\":\"a\\n[500] b\"}");
    answer = answered(POST_AWS("0", ""), INSTANCE_ERROR, "{\"errorMessage\":\"other\"}");
    expect("another error", answer, "HTTP/1.1 200");
    say(POST_AWS("0", ""));
    assert_true(fake_host_heard(&host.starts[0], "}{}")); /* an empty body is an empty object */
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_event_is_what_aws_sends),
        TEST(what_is_not_there_is_null),
        TEST(answers_reach_the_client_as_the_rules_say),
        TEST(who_may_not_invoke_is_answered_500),
        TEST(a_function_slower_than_its_integration_is_504),
        TEST(a_client_that_leaves_harms_nobody),
        TEST(a_custom_integration_chooses_by_the_errors_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
