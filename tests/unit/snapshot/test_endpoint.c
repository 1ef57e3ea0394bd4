/* URIs of HTTP integrations: what is one, and how it is cut. */
#include "../unit.h"

#include "snapshot/endpoint.h"

static void only_plain_absolute_uris_are_taken(void **state)
{
    static const struct {
        const char *uri, *host, *authority, *rest;
        int port; /* 0: it is refused */
        bool is_tls;
    } CASES[] = {
        {"http://example.com/a?b=c", "example.com", "example.com", "/a?b=c", 80, false},
        {"https://example.com", "example.com", "example.com", "", 443, true},
        {"HTTP://a:8080?x", "a", "a:8080", "?x", 8080, false},
        {"http://[::1]:81/", "::1", "[::1]:81", "/", 81, false},
        {"http://[::1]/", "::1", "[::1]", "/", 80, false},
        {"http://127.0.0.1:/", "127.0.0.1", "127.0.0.1:", "/", 80, false},
        {"ftp://a/", NULL, NULL, NULL, 0, false},
        {"http:///a", NULL, NULL, NULL, 0, false},
        {"http://user@a/", NULL, NULL, NULL, 0, false},
        {"http://a:0/", NULL, NULL, NULL, 0, false},
        {"http://a:65536/", NULL, NULL, NULL, 0, false},
        {"http://a:+80/", NULL, NULL, NULL, 0, false},
        {"http://[::1/", NULL, NULL, NULL, 0, false},
        {"http://[x]/", NULL, NULL, NULL, 0, false},
        {"http://[::1]x/", NULL, NULL, NULL, 0, false},
        {"http://a/ b", NULL, NULL, NULL, 0, false},
        {"http://a/\r\nX: y", NULL, NULL, NULL, 0, false},
        {"http://a/#b", NULL, NULL, NULL, 0, false},
        {"http://a b/", NULL, NULL, NULL, 0, false},
        {"/a", NULL, NULL, NULL, 0, false},
        {"", NULL, NULL, NULL, 0, false},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct endpoint_uri uri;
        bool is_fine = endpoint_uri_parse(span_of(CASES[i].uri), &uri);

        if (is_fine != (CASES[i].port != 0))
            fail_msg("%s: %s", CASES[i].uri, is_fine ? "taken" : "refused");
        if (!is_fine)
            continue;
        unit_same_text(CASES[i].uri, uri.target.host, span_of(CASES[i].host));
        unit_same_text(CASES[i].uri, uri.authority, span_of(CASES[i].authority));
        unit_same_text(CASES[i].uri, uri.rest, span_of(CASES[i].rest));
        assert_int_equal(uri.target.port, CASES[i].port);
        assert_int_equal(uri.target.is_tls, CASES[i].is_tls);
    }
    (void)state;
}

/* The pieces as text: T for text, P for parameters, V for stage variables, q when in the query. */
static void write_pieces(const struct endpoint *endpoint, char *out, size_t size)
{
    static const char KINDS[] = {'T', 'P', 'V'};
    int n = snprintf(out, size, "%s", endpoint->is_fixed ? "fixed" : "");

    for (size_t i = 0; i < endpoint->piece_count; i++)
        n += snprintf(out + n, size - (size_t)n, " %c%s<%.*s>", KINDS[endpoint->pieces[i].kind],
                      endpoint->pieces[i].is_in_query ? "q" : "",
                      SPAN_ARG(endpoint->pieces[i].text));
}

static void references_are_cut_out(void **state)
{
    static const struct {
        const char *uri, *pieces;
    } CASES[] = {
        {"http://a", "fixed"},
        {"http://a/b", "fixed T</b>"},
        {"http://a/{proxy}", "fixed T</> P<proxy>"},
        {"http://a/{x}/{y}?z={q}", "fixed T</> P<x> T</> P<y> T<?z=> Pq<q>"},
        {"http://a/${stageVariables.v}/x", "fixed T</> V<v> T</x>"},
        {"http://${stageVariables.h}/x", " T<http://> V<h> T</x>"},
        {"http://a/${other}", "fixed T</$> P<other>"},
        {"http://a/{}", "fixed T</{}>"},
        {"http://a/{x", "fixed T</{x>"},
        {"http://a/b c", ""},
        {"nonsense", ""},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct endpoint endpoint;
        struct arena arena;
        char text[200];

        arena_init(&arena, 65536);
        assert_true(endpoint_compile(&arena, span_of(CASES[i].uri), &endpoint));
        write_pieces(&endpoint, text, sizeof text);
        unit_same_text(CASES[i].uri, span_of(text), span_of(CASES[i].pieces));
        arena_release(&arena);
    }
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(only_plain_absolute_uris_are_taken),
    cmocka_unit_test(references_are_cut_out),
};

UNIT_MAIN(TESTS)
