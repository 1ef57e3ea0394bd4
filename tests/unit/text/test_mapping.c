/* Expressions of parameter mappings. */
#include "../unit.h"

#include "text/mapping.h"

static void expressions_name_a_source(void **state)
{
    static const struct {
        const char *text;
        int source; /* -1: none */
        const char *name;
    } CASES[] = {
        {"'a b'", SOURCE_LITERAL, "a b"},
        {"''", SOURCE_LITERAL, ""},
        {"'it's'", SOURCE_LITERAL, "it's"},
        {"'", -1, NULL},
        {"", -1, NULL},
        {"text", -1, NULL},
        {"method.request.path.id", SOURCE_PATH, "id"},
        {"method.request.querystring.a-b_c.d$", SOURCE_QUERY, "a-b_c.d$"},
        {"method.request.multivaluequerystring.a", SOURCE_QUERY_ALL, "a"},
        {"method.request.header.X-A", SOURCE_HEADER, "X-A"},
        {"method.request.multivalueheader.X-A", SOURCE_HEADER_ALL, "X-A"},
        {"method.request.header.", -1, NULL},
        {"method.request.header.a b", -1, NULL},
        {"method.request.querystring", -1, NULL},
        {"method.request.body", SOURCE_BODY, ""},
        {"method.request.body.a.b[0]", SOURCE_BODY, ".a.b[0]"},
        {"method.request.body[0]", SOURCE_BODY, "[0]"},
        {"method.request.body.", -1, NULL},
        {"method.request.bodyx", -1, NULL},
        {"integration.response.header.Location", SOURCE_ANSWER_HEADER, "Location"},
        {"integration.response.multivalueheader.A", SOURCE_ANSWER_HEADER_ALL, "A"},
        {"integration.response.body.a", SOURCE_ANSWER_BODY, ".a"},
        {"stageVariables.host", SOURCE_STAGE_VARIABLE, "host"},
        {"stageVariables.", -1, NULL},
        {"context.identity.sourceIp", SOURCE_CONTEXT, "identity.sourceIp"},
        {"context.authorizer.claims.custom:role", SOURCE_CONTEXT, "authorizer.claims.custom:role"},
        {"context.a b", -1, NULL},
        {" context.a", -1, NULL},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct mapping_expression got = {0};
        bool is_read = mapping_parse(span_of(CASES[i].text), &got);

        if (is_read != (CASES[i].source >= 0) ||
            (is_read && ((int)got.source != CASES[i].source || !span_is(got.name, CASES[i].name))))
            fail_msg("%s: %d, %d '%.*s'", CASES[i].text, is_read, got.source, SPAN_ARG(got.name));
    }
    (void)state;
}

static void destinations_have_a_place_and_a_name(void **state)
{
    static const struct {
        const char *text;
        int place; /* -1: none */
        const char *name;
    } CASES[] = {
        {"integration.request.path.id", TO_PATH, "id"},
        {"integration.request.querystring.q", TO_QUERY, "q"},
        {"integration.request.header.A", TO_HEADER, "A"},
        {"integration.request.header.", -1, NULL},
        {"integration.request.body", -1, NULL},
        {"method.response.header.A", -1, NULL},
        {"", -1, NULL},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct mapping_target got = {0};
        bool is_read =
            mapping_parse_target(span_of(CASES[i].text), SPAN("integration.request."), &got);

        if (is_read != (CASES[i].place >= 0) ||
            (is_read && ((int)got.place != CASES[i].place || !span_is(got.name, CASES[i].name))))
            fail_msg("%s", CASES[i].text);
    }
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(expressions_name_a_source),
    cmocka_unit_test(destinations_have_a_place_and_a_name),
};

UNIT_MAIN(TESTS)
