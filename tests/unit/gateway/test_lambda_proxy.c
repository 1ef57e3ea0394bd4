/* Requests to APIs with functions behind them, from a client's socket to an instance and back; the
 * host is one of our own. */
#include "function_gateway.h"

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
        "GET /_aws/execute-api/api1/dev/mapped HTTP/1.1\r\nHost: a\r\n\r\n",
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
