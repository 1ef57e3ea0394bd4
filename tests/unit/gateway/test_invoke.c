/* Invoke of the Lambda API, on the common listener. */
#include "function_gateway.h"

#include "base/base64.h"

#define SCOPE "test/20260101/r/lambda/aws4_request"
#define SIGNED                                                             \
    "Host: localhost\r\nAuthorization: AWS4-HMAC-SHA256 Credential=" SCOPE \
    ", SignedHeaders=host, Signature=0\r\n"
#define INVOKE(name) "POST /2015-03-31/functions/" name "/invocations HTTP/1.1\r\n" SIGNED

static void refusals_have_the_services_words(void **state)
{
    static const struct {
        const char *about, *request, *status, *part;
    } ROWS[] = {
        {"unsigned",
         "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nHost: localhost\r\n"
         "Content-Length: 0\r\n\r\n",
         "HTTP/1.1 403", "MissingAuthenticationTokenException"},
        {"from a web page", INVOKE("f") "Origin: http://a.example\r\nContent-Length: 0\r\n\r\n",
         "HTTP/1.1 403", "AccessDeniedException"},
        {"a name that is none", INVOKE("a%2Fb") "Content-Length: 0\r\n\r\n", "HTTP/1.1 400",
         "InvalidParameterValueException"},
        {"a missing one", INVOKE("nope") "Content-Length: 0\r\n\r\n", "HTTP/1.1 404",
         "{\"Type\":\"User\",\"Message\":\"Function not found: "
         "arn:aws:lambda:r:1:function:nope\"}"},
        {"a version", INVOKE("f%3A7") "Content-Length: 0\r\n\r\n", "HTTP/1.1 404",
         "Function not found: arn:aws:lambda:r:1:function:f:7"},
        {"two qualifiers",
         "POST /2015-03-31/functions/f:a/invocations?Qualifier=b HTTP/1.1\r\n" SIGNED
         "Content-Length: 0\r\n\r\n",
         "HTTP/1.1 400", "does not match the specified qualifier."},
        {"another region",
         INVOKE("arn:aws:lambda:eu-west-1:000000000001:function:f") "Content-Length: 0\r\n\r\n",
         "HTTP/1.1 404", "Functions from 'eu-west-1' are not reachable in this region ('r')"},
        {"another account", INVOKE("000000000009:function:f") "Content-Length: 0\r\n\r\n",
         "HTTP/1.1 403", "is not authorized to perform: lambda:InvokeFunction"},
        {"no JSON", INVOKE("f") "Content-Length: 2\r\n\r\n{x", "HTTP/1.1 400",
         "Could not parse request body into json: Could not parse payload into json: "},
        {"a client context that is none",
         INVOKE("f") "X-Amz-Client-Context: ?\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 400",
         "InvalidRequestContentException"},
        {"Event", INVOKE("f") "X-Amz-Invocation-Type: Event\r\nContent-Length: 0\r\n\r\n",
         "HTTP/1.1 501", "Not yet in Portico: Invoke"},
        {"another type", INVOKE("f") "X-Amz-Invocation-Type: Later\r\nContent-Length: 0\r\n\r\n",
         "HTTP/1.1 400", "InvalidParameterValueException"},
        {"DryRun", INVOKE("f") "X-Amz-Invocation-Type: DryRun\r\nContent-Length: 0\r\n\r\n",
         "HTTP/1.1 204", "X-Amz-Executed-Version: $LATEST\r\n"},
    };

    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct span answer;

        say(ROWS[i].request);
        answer = hear();
        expect(ROWS[i].about, answer, ROWS[i].status);
        expect(ROWS[i].about, answer, ROWS[i].part);
    }
    assert_int_equal(host.start_count, 0);
    (void)state;
}

static void an_event_over_the_limit_is_413(void **state)
{
    say(INVOKE("f") "Content-Length: 6291457\r\n\r\n");
    expect("6 MB and one", hear(),
           "Request must be smaller than 6291456 bytes for the InvokeFunction operation");
    (void)state;
}

static void a_result_comes_back_as_it_is(void **state)
{
    struct span answer =
        answered(INVOKE("f") "Content-Length: 7\r\n\r\n{\"a\":1}", INSTANCE_RESULT, "[1, 2]");

    expect("result", answer, "HTTP/1.1 200");
    expect("result", answer, "\r\nX-Amz-Executed-Version: $LATEST\r\n");
    expect("result", answer, "\r\n\r\n[1, 2]");
    assert_false(has(answer, "X-Amz-Function-Error"));
    assert_false(has(answer, "X-Amz-Log-Result"));
    (void)state;
}

static void an_error_is_a_200_with_a_header(void **state)
{
    struct span answer = answered(INVOKE("f") "X-Amz-Log-Type: Tail\r\nContent-Length: 0\r\n\r\n",
                                  INSTANCE_ERROR, "{\"errorMessage\":\"no\"}");
    struct span tail, text;

    expect("error", answer, "HTTP/1.1 200");
    expect("error", answer, "\r\nX-Amz-Function-Error: Unhandled\r\n");
    tail = span_skip(answer, span_search(answer, SPAN("X-Amz-Log-Result: ")) + 18);
    tail = span_first(tail, span_find(tail, '\r'));
    assert_true(base64_decode(&host.arena, tail, false, &text));
    assert_true(span_starts(text, SPAN("START RequestId: ")));
    expect("tail", text, "\nEND RequestId: ");
    (void)state;
}

static void a_client_context_reaches_the_instance(void **state)
{
    say(INVOKE("f") "X-Amz-Client-Context: eyJhIjoKMX0=\r\nContent-Length: 0\r\n\r\n");
    fake_host_frame(&host, &host.starts[0], INSTANCE_READY, SPAN(""));
    assert_true(fake_host_heard(&host.starts[0], "\"clientContext\":{\"a\":1}}{}"));
    (void)state;
}

static void a_full_account_is_429(void **state)
{
    struct span answer;

    lambda.in_flight = LAMBDA_CONCURRENCY_MAX;
    say(INVOKE("f") "Content-Length: 0\r\n\r\n");
    answer = hear();
    lambda.in_flight = 0;
    expect("throttled", answer, "HTTP/1.1 429");
    expect("throttled", answer, "\r\nRetry-After: 1\r\n");
    expect("throttled", answer,
           "{\"Type\":\"User\",\"Reason\":\"ConcurrentInvocationLimitExceeded\","
           "\"message\":\"Rate Exceeded.\"}");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(refusals_have_the_services_words),      TEST(an_event_over_the_limit_is_413),
        TEST(a_result_comes_back_as_it_is),          TEST(an_error_is_a_200_with_a_header),
        TEST(a_client_context_reaches_the_instance), TEST(a_full_account_is_429),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
