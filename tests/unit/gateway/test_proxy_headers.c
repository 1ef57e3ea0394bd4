/* The header rules of HTTP_PROXY (spec/data-plane-rest.md, section 7). */
#include "../unit.h"

#include "gateway/integration/proxy_headers.h"

static void client_headers_have_a_rule(void **state)
{
    static const struct {
        const char *name;
        enum request_rule rule;
    } CASES[] = {
        {"X-Custom", REQUEST_PASSES},
        {"Authorization", REQUEST_PASSES},
        {"Accept-Encoding", REQUEST_PASSES},
        {"host", REQUEST_IS_OURS},
        {"X-FORWARDED-FOR", REQUEST_IS_OURS},
        {"x-amzn-trace-id", REQUEST_IS_OURS},
        {"Content-Encoding", REQUEST_ENDS_HERE},
        {"via", REQUEST_ENDS_HERE},
        {"TE", REQUEST_ENDS_HERE},
        {"Transfer-Encoding", REQUEST_ENDS_HERE},
        {"Content-Length", REQUEST_ENDS_HERE},
        {"Keep-Alive", REQUEST_ENDS_HERE},
        {"T", REQUEST_PASSES},
    };

    for (size_t i = 0; i < COUNT(CASES); i++)
        if (proxy_request_rule(span_of(CASES[i].name)) != CASES[i].rule)
            fail_msg("%s: wrong rule", CASES[i].name);
    (void)state;
}

static void mapped_headers_have_a_rule(void **state)
{
    static const struct {
        const char *name;
        enum mapped_rule rule;
    } CASES[] = {
        {"Authorization", MAPPED_PASSES},  {"Host", MAPPED_PASSES},
        {"content-length", MAPPED_FAILS},  {"Transfer-Encoding", MAPPED_FAILS},
        {"x-amzn-trace-id", MAPPED_FAILS}, {"X-Amzn-Apigateway-Api-Id", MAPPED_FAILS},
        {"Connection", MAPPED_IS_DROPPED}, {"Via", MAPPED_IS_DROPPED},
    };

    for (size_t i = 0; i < COUNT(CASES); i++)
        if (proxy_mapped_rule(span_of(CASES[i].name)) != CASES[i].rule)
            fail_msg("%s: wrong rule", CASES[i].name);
    (void)state;
}

static void answers_are_passed_dropped_and_renamed(void **state)
{
    static const struct http_header HEADERS[] = {
        {SPAN_INIT("Server"), SPAN_INIT("x")},
        {SPAN_INIT("connection"), SPAN_INIT("close, X-Hop")},
        {SPAN_INIT("X-Hop"), SPAN_INIT("1")},
        {SPAN_INIT("X-Custom"), SPAN_INIT("2")},
        {SPAN_INIT("Set-Cookie"), SPAN_INIT("a=1")},
        {SPAN_INIT("Set-Cookie"), SPAN_INIT("b=2")},
        {SPAN_INIT("X-Amzn-RequestId"), SPAN_INIT("theirs")},
        {SPAN_INIT("Content-Encoding"), SPAN_INIT("gzip")},
        {SPAN_INIT("Transfer-Encoding"), SPAN_INIT("chunked")},
        {SPAN_INIT("WWW-Authenticate"), SPAN_INIT("")},
    };
    struct buf out;

    buf_init(&out, 4096);
    proxy_add_answer_lines(&out, HEADERS, COUNT(HEADERS));
    unit_same_text("lines", buf_span(&out),
                   SPAN("x-amzn-Remapped-Server: x\r\n"
                        "x-amzn-Remapped-connection: close, X-Hop\r\n"
                        "X-Custom: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
                        "x-amzn-remapped-x-amzn-requestid: theirs\r\n"
                        "x-amzn-Remapped-WWW-Authenticate: \r\n"
                        "Content-Type: application/json\r\n"));
    buf_release(&out);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(client_headers_have_a_rule),
    cmocka_unit_test(mapped_headers_have_a_rule),
    cmocka_unit_test(answers_are_passed_dropped_and_renamed),
};

UNIT_MAIN(TESTS)
