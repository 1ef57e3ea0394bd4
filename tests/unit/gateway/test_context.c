/* The names of $context. */
#include "../unit.h"

#include "gateway/mapping/context.h"

static void names_have_the_values_of_their_request(void **state)
{
    static const struct {
        enum target_kind kind;
        const char *host, *name, *wanted; /* NULL: none */
    } CASES[] = {
        {TARGET_API_HOST, "abc.execute-api.eu.amazonaws.com", "domainName",
         "abc.execute-api.eu.amazonaws.com"},
        {TARGET_API_HOST, "abc.execute-api.eu.amazonaws.com", "domainPrefix", "abc"},
        {TARGET_API_PATH, "127.0.0.1:4566", "domainName", "abc.execute-api.localhost:4566"},
        {TARGET_API_PATH, "localhost", "domainName", "abc.execute-api.localhost"},
        {TARGET_API_PATH, "[::1]", "domainName", "abc.execute-api.localhost"},
        {TARGET_API_PATH, "[::1]:80", "domainName", "abc.execute-api.localhost:80"},
        {TARGET_API_PATH, "h", "domainPrefix", "abc"},
        {TARGET_API_PATH, "h", "path", "/dev//users/7"},
        {TARGET_API_PATH, "h", "resourcePath", "/users/{id}"},
        {TARGET_API_PATH, "h", "httpMethod", "GET"},
        {TARGET_API_PATH, "h", "stage", "dev"},
        {TARGET_API_PATH, "h", "accountId", "000000000000"},
        {TARGET_API_PATH, "h", "requestTimeEpoch", "784111777123"},
        {TARGET_API_PATH, "h", "requestTime", "06/Nov/1994:08:49:37 +0000"},
        {TARGET_API_PATH, "h", "identity.userAgent", "tests"},
        {TARGET_API_PATH, "h", "identity.user", NULL},
        {TARGET_API_PATH, "h", "identity", NULL},
        {TARGET_API_PATH, "h", "nothing", NULL},
        {TARGET_API_PATH, "h", "", NULL},
    };
    static struct http_stream stream = {
        .request = {.method = SPAN_INIT("GET"),
                    .header_count = 1,
                    .headers = {{SPAN_INIT("user-agent"), SPAN_INIT("tests")}}}};
    struct method method = {.resource_path = SPAN("/users/{id}")};
    struct stage stage = {.name = SPAN("dev"), .account = SPAN("000000000000")};
    struct exchange x = {
        .stream = &stream, .method = &method, .stage = &stage, .began = 784111777123000};

    arena_init(&stream.arena, 1 << 20);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct span got;

        stream.request.host = span_of(CASES[i].host);
        x.target = (struct target){CASES[i].kind, SPAN("abc"), SPAN("dev"), SPAN("//users/7")};
        got = context_text(&x, span_of(CASES[i].name));
        if ((got.at != NULL) != (CASES[i].wanted != NULL) ||
            (got.at && !span_is(got, CASES[i].wanted)))
            fail_msg("%s at %s: %.*s", CASES[i].name, CASES[i].host, SPAN_ARG(got));
    }
    arena_release(&stream.arena);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(names_have_the_values_of_their_request),
};

UNIT_MAIN(TESTS)
