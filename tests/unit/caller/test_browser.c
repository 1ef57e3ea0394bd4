/* Who may call the service APIs from where, and what a call's credentials say. */
#include "../unit.h"

#include "caller/browser.h"
#include "caller/credential.h"

static void web_pages_and_rebound_names_are_refused(void **state)
{
    static const struct {
        const char *about, *host, *origin;
        bool passes;
    } CASES[] = {
        {"a tool on this machine", "127.0.0.1:4566", NULL, true},
        {"localhost", "localhost:4566", NULL, true},
        {"any case", "LocalHost:4566", NULL, true},
        {"a name below localhost", "api1.execute-api.localhost:4566", NULL, true},
        {"an endpoint of AWS", "apigateway.us-east-1.amazonaws.com", NULL, true},
        {"IPv6", "[::1]:4566", NULL, true},
        {"an address in a container", "172.17.0.2:4566", NULL, true},
        {"a name that was rebound", "evil.example:4566", NULL, false},
        {"a name that ends alike", "evilamazonaws.com", NULL, false},
        {"a name that begins alike", "localhost.evil.example", NULL, false},
        {"hexadecimal letters are no address", "face.cafe", NULL, false},
        {"no host", "", NULL, false},
        {"a page of this machine", "localhost:4566", "http://localhost:3000", true},
        {"a page of this machine, in digits", "localhost:4566", "http://127.0.0.1:8080", true},
        {"a page of elsewhere", "localhost:4566", "https://evil.example", false},
        {"a page without an origin", "localhost:4566", "null", false},
        {"an empty origin", "localhost:4566", "", false},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct http_request request = {.host = span_of(CASES[i].host)};

        if (CASES[i].origin)
            request.headers[request.header_count++] =
                (struct http_header){SPAN("origin"), span_of(CASES[i].origin)};
        if ((browser_refusal(&request) == NULL) != CASES[i].passes)
            fail_msg("%s: %s", CASES[i].about, CASES[i].passes ? "refused" : "passes");
    }
    (void)state;
}

static void a_scope_says_who_where_and_which_service(void **state)
{
    static const struct {
        const char *authorization, *query, *wanted; /* "key region service", NULL: none */
    } CASES[] = {
        {"AWS4-HMAC-SHA256 Credential=k/20260101/eu-west-1/lambda/aws4_request, SignedHeaders=h, "
         "Signature=s",
         "", "k eu-west-1 lambda"},
        {"AWS4-HMAC-SHA256 SignedHeaders=h,Credential=k/d/r/s/aws4_request", "", "k r s"},
        {"AWS4-HMAC-SHA256 Credential=k", "", "k  "},
        {"AWS4-HMAC-SHA256 Credential=", "", "  "},
        {"AWS4-HMAC-SHA256 Signature=s", "", NULL},
        {"Bearer Credential=k/d/r/s/aws4_request", "", NULL},
        {NULL, "a=b&X-Amz-Credential=k%2Fd%2Fr%2Fs%2Faws4_request", "k r s"},
        {NULL, "x-amz-credential=k", NULL},
        {NULL, "", NULL},
    };
    struct arena arena;

    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct http_request request = {.query = span_of(CASES[i].query)};
        struct credential c;
        struct span got;

        if (CASES[i].authorization)
            request.headers[request.header_count++] =
                (struct http_header){SPAN("Authorization"), span_of(CASES[i].authorization)};
        c = credential_of(&arena, &request);
        got = arena_format(&arena, "%.*s %.*s %.*s", SPAN_ARG(c.key), SPAN_ARG(c.region),
                           SPAN_ARG(c.service));
        if (c.is_there != (CASES[i].wanted != NULL) ||
            (c.is_there && !span_is(got, CASES[i].wanted)))
            fail_msg("row %zu: '%.*s'", i, SPAN_ARG(got));
    }
    arena_release(&arena);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(web_pages_and_rebound_names_are_refused),
    cmocka_unit_test(a_scope_says_who_where_and_which_service),
};

UNIT_MAIN(TESTS)
