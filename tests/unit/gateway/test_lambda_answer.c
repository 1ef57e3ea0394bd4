/* The rules for what a function may answer to a proxy integration, a row each. */
#include "../unit.h"

#include "gateway/integration/lambda.h"
#include "gateway/integration/lambda_answer.h"

static const struct {
    const char *about, *payload;
    int status; /* 0: malformed */
    const char *lines, *body;
} ANSWERS[] = {
    {"a status alone", "{\"statusCode\":200}", 200, "", ""},
    {"a boolean header", "{\"statusCode\":200,\"headers\":{\"a\":\"value\",\"b\":true}}", 200,
     "a: value\r\nb: true\r\n", ""},
    {"a number as header", "{\"headers\":{\"n\":1.50}}", 200, "n: 1.50\r\n", ""},
    {"null headers", "{\"statusCode\":200,\"headers\":null}", 200, "", ""},
    {"a null header", "{\"headers\":{\"a\":null,\"b\":\"\"}}", 200, "b: \r\n", ""},
    {"a member too many", "{\"statusCode\":200,\"wrongValue\":1}", 0, "", ""},
    {"an empty object", "{}", 200, "", ""},
    {"a text", "\"justAString\"", 0, "", ""},
    {"null", "null", 0, "", ""},
    {"nothing", "", 0, "", ""},
    {"no JSON", "{\"statusCode\":", 0, "", ""},
    {"a status as text", "{\"statusCode\":\"201\"}", 201, "", ""},
    {"a status that is no number", "{\"statusCode\":\"test\"}", 0, "", ""},
    {"a fraction", "{\"statusCode\":200.5}", 0, "", ""},
    {"too low a status", "{\"statusCode\":99}", 0, "", ""},
    {"an interim status", "{\"statusCode\":101}", 0, "", ""},
    {"too high a status", "{\"statusCode\":600}", 0, "", ""},
    {"headers alone", "{\"headers\":{\"x\":\"y\"}}", 200, "x: y\r\n", ""},
    {"headers that are a list", "{\"headers\":[]}", 0, "", ""},
    {"a header that is an object", "{\"headers\":{\"a\":{}}}", 0, "", ""},
    {"a header that is a list", "{\"headers\":{\"a\":[\"1\"]}}", 0, "", ""},
    {"a list of values", "{\"multiValueHeaders\":{\"m\":[\"1\",2,false]}}", 200,
     "m: 1\r\nm: 2\r\nm: false\r\n", ""},
    {"multiValueHeaders without a list", "{\"multiValueHeaders\":{\"m\":\"1\"}}", 0, "", ""},
    {"a list within the list", "{\"multiValueHeaders\":{\"m\":[[]]}}", 0, "", ""},
    {"one name in both",
     "{\"headers\":{\"X-Foo\":\"single\"},\"multiValueHeaders\":{\"x-foo\":[\"m1\",\"m2\"]}}", 200,
     "x-foo: m1\r\nx-foo: m2\r\nx-foo: single\r\n", ""},
    {"one name in two spellings", "{\"headers\":{\"HeaderS\":\"1\",\"headers\":\"2\"}}", 200,
     "headers: 2\r\n", ""},
    {"a body", "{\"body\":\"\\u00e9\"}", 200, "", "\xc3\xa9"},
    {"a body that is an object", "{\"body\":{}}", 0, "", ""},
    {"a body that is a number", "{\"body\":1}", 0, "", ""},
    {"a line break in a header", "{\"headers\":{\"a\":\"1\\r\\nb: 2\"}}", 0, "", ""},
    {"a line break in a name", "{\"headers\":{\"a\\nb\":\"1\"}}", 0, "", ""},
    {"an empty name", "{\"headers\":{\"\":\"1\"}}", 0, "", ""},
    {"a letter beyond ASCII in a header", "{\"headers\":{\"a\":\"caf\\u00e9\"}}", 200,
     "a: caf\xc3\xa9\r\n", ""},
    {"headers of the connection",
     "{\"headers\":{\"Connection\":\"close\",\"content-length\":\"1\",\"Date\":\"d\","
     "\"Server\":\"s\",\"Transfer-Encoding\":\"chunked\",\"WWW-Authenticate\":\"Basic\","
     "\"x-amzn-requestid\":\"i\",\"Via\":\"v\"}}",
     200,
     "x-amzn-Remapped-Connection: close\r\nx-amzn-Remapped-content-length: 1\r\n"
     "x-amzn-Remapped-Date: d\r\nx-amzn-Remapped-Server: s\r\n"
     "x-amzn-Remapped-WWW-Authenticate: Basic\r\nx-amzn-remapped-x-amzn-requestid: i\r\n"
     "Via: v\r\n",
     ""},
    {"an encoding that is no boolean", "{\"isBase64Encoded\":1}", 0, "", ""},
    {"an error's object", "{\"errorMessage\":\"no\",\"errorType\":\"Error\"}", 0, "", ""},
};

static void answers_follow_the_table(void **state)
{
    for (size_t i = 0; i < COUNT(ANSWERS); i++) {
        struct lambda_answer answer;
        struct arena arena;
        struct buf lines;
        bool is_fine;

        arena_init(&arena, 1 << 20);
        buf_init(&lines, 4096);
        is_fine = lambda_answer_read(&arena, span_of(ANSWERS[i].payload), &answer, &lines);
        if (is_fine != (ANSWERS[i].status != 0))
            fail_msg("%s: %s", ANSWERS[i].about, is_fine ? "it is fine" : answer.reason);
        if (is_fine && answer.status != ANSWERS[i].status)
            fail_msg("%s: status %d", ANSWERS[i].about, answer.status);
        if (!is_fine && !answer.reason)
            fail_msg("%s: no reason", ANSWERS[i].about);
        if (is_fine) {
            unit_same_text(ANSWERS[i].about, buf_span(&lines), span_of(ANSWERS[i].lines));
            unit_same_text(ANSWERS[i].about, answer.body, span_of(ANSWERS[i].body));
        }
        buf_release(&lines);
        arena_release(&arena);
    }
    (void)state;
}

static void a_uri_names_its_function(void **state)
{
    static const struct {
        const char *uri, *function; /* NULL: none */
    } ROWS[] = {
        {"arn:aws:apigateway:r:lambda:path/2015-03-31/functions/ARN/invocations", "ARN"},
        {"arn:aws:apigateway:r:lambda:path//2015-03-31/functions/ARN/invocations", "ARN"},
        {"arn:aws:apigateway:r:lambda:path/2015-03-31/functions/ARN", NULL},
        {"arn:aws:apigateway:r:lambda:path/2021-11-15/functions/ARN/invocations", NULL},
        {"arn:aws:apigateway:r:sqs:path/2015-03-31/functions/ARN/invocations", NULL},
        {"arn:aws:apigateway:r:lambda:path/2015-03-31/functions/invocations", NULL},
        {"", NULL},
    };

    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct span got = lambda_uri_function(span_of(ROWS[i].uri));

        if ((got.at != NULL) != (ROWS[i].function != NULL))
            fail_msg("'%s': '%.*s'", ROWS[i].uri, SPAN_ARG(got));
        if (got.at)
            unit_same_text(ROWS[i].uri, got, span_of(ROWS[i].function));
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_follow_the_table),
        cmocka_unit_test(a_uri_names_its_function),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
