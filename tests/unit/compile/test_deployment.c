/* From a deployment's document to routes and mock outcomes. */
#include "../unit.h"

#include "compile/deployment.h"
#include "snapshot/mock_status.h"

static struct arena arena;
static struct shelf shelf;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 24);
    shelf_init(&shelf);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shelf_reclaim(&shelf);
    assert_int_equal(shelf.bytes, 0);
    arena_release(&arena);
    return 0;
}

static struct deployment *compile(const char *document)
{
    struct json *json = NULL;
    struct problem why = {0};

    if (json_parse(&arena, span_of(document), &json, &why) != OK)
        fail_msg("document: %s at %zu", why.text, why.offset);
    return deployment_compile(&shelf, SPAN("id"), json);
}

/* "GET,PUT /a" lines to a document of mocks. */
static struct deployment *compile_routes(const char *const *routes, size_t count)
{
    struct buf text;
    struct deployment *deployment;

    buf_init(&text, 1 << 20);
    buf_add_text(&text, "{\"resources\":[");
    for (size_t i = 0; i < count; i++) {
        struct span line = span_of(routes[i]), verb;
        size_t blank = span_find(line, ' ');
        struct span verbs = span_first(line, blank);

        buf_addf(&text, "%s{\"id\":\"r%zu\",\"path\":\"%.*s\",\"resourceMethods\":{", i ? "," : "",
                 i, SPAN_ARG(span_skip(line, blank + 1)));
        for (size_t n = 0; span_split(&verbs, ',', &verb); n++)
            buf_addf(&text, "%s\"%.*s\":{\"methodIntegration\":{\"type\":\"MOCK\"}}", n ? "," : "",
                     SPAN_ARG(verb));
        buf_add_text(&text, "}}");
    }
    buf_add_text(&text, "]}");
    deployment = compile(buf_text(&text));
    buf_release(&text);
    return deployment;
}

static const char *const ROUTES[] = {
    "GET /users/{id}",
    "GET,PUT /users/me",
    "GET /users/{id}/posts",
    "POST /test",
    "GET,OPTIONS /{proxy+}",
    "ANY,GET /any",
    "GET /part1",
    "GET /part1/hard",
    "GET /a.b/c",
    "GET /a",
    "GET /a/b",
    "GET /deep/{x}/{y+}",
    "GET /deep/{x}/lit/me",
    "GET /v/{a}/x",
    "GET /v/{b}/y",
    "GET /with space",
};

static void paths_find_their_resource(void **state)
{
    static const struct {
        const char *verb, *path, *resource; /* NULL: nothing */
    } CASES[] = {
        {"GET", "/users/me", "/users/me"},
        {"GET", "/users/1", "/users/{id}"},
        {"GET", "/users/me/posts", "/users/{id}/posts"},
        {"GET", "/users/1/posts", "/users/{id}/posts"},
        {"GET", "/users/1/other", "/{proxy+}"},
        {"GET", "/users", "/{proxy+}"},
        {"GET", "/users/", "/{proxy+}"},
        {"PUT", "/users/me", "/users/me"},
        {"PUT", "/users/1", NULL},
        {"POST", "/test", "/test"},
        {"OPTIONS", "/test", "/{proxy+}"},
        {"DELETE", "/test", NULL},
        {"GET", "/any", "/any"},
        {"PATCH", "/any", "/any"},
        {"TRACE", "/any", NULL},
        {"ANY", "/any", NULL},
        {"GET", "/v/1/x", "/v/{a}/x"},
        {"GET", "/v/1/y", "/v/{b}/y"},
        {"get", "/any", NULL},
        {"GET", "/part1/random-value", "/{proxy+}"},
        {"GET", "/part1/hard/", "/part1/hard"},
        {"GET", "/PART1", "/{proxy+}"},
        {"GET", "//part1", "/part1"},
        {"GET", "/", NULL},
        {"GET", "", NULL},
        {"GET", "/a%2eb/c", "/a.b/c"},
        {"GET", "/a.b%2fc", "/{proxy+}"},
        {"GET", "/with%20space", "/with space"},
        {"GET", "/a", "/a"},
        {"GET", "/a/b", "/a/b"},
        {"GET", "/deep/1/2/3/4", "/deep/{x}/{y+}"},
        {"GET", "/deep/1/lit/me", "/deep/{x}/lit/me"},
        {"GET", "/deep/1/lit/you", "/deep/{x}/{y+}"},
        {"GET", "/deep//2", "/{proxy+}"},
        {"GET", "/proxy-value//double-slash", "/{proxy+}"},
    };
    struct deployment *d = compile_routes(ROUTES, COUNT(ROUTES));

    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct method *m = route_find(d, span_of(CASES[i].verb), span_of(CASES[i].path));
        struct span got = m ? m->resource_path : SPAN("nothing");

        unit_same_text(CASES[i].path, got,
                       CASES[i].resource ? span_of(CASES[i].resource) : SPAN("nothing"));
    }
    part_leave(&d->part);
    (void)state;
}

static void a_mocks_status_is_read_as_aws_reads_it(void **state)
{
    static const struct {
        const char *text;
        int status; /* -1: refused */
    } CASES[] = {
        {"{\"statusCode\": 200}", 200},
        {" {\"statusCode\": 0} ", 0},
        {"{\"statusCode\": 201.0}", -1},
        {"{\"statusCode\": 2e2}", -1},
        {"{ statusCode: 200 }", 200},
        {"{statusCode: 200,super{ f}oo: [ba r]}", 200},
        {"{statusCode: 200, \"value\": 'goog'}", 200},
        {"{statusCode: 200, foo}: [ba r]}", 200},
        {"{statusCode: 200, foo'}: [ba r]}", 200},
        {"{statusCode: 200, }foo: ''}", 200},
        {"{'statusCode': 200, '': ''}", 200},
        {"{\"statusCode\": 200 ,, }", 200},
        {"{\"statusCode\": 200 , null: null }", 200},
        {"{\"statusCode': 200 }", -1},
        {"{'statusCode\": 200 }", -1},
        {"{'statusCode: 200 }", -1},
        {"statusCode: 200", -1},
        {"{statusCode: 200, {foo: [ba r]}", -1},
        {"{\"statusCode\": 200", -1},
        {"{\"statusCode\": \"200\"}", -1},
        {"{\"statusCode\": 200.5}", -1},
        {"{\"status\": 200}", -1},
        {"{statusCode: '200'}", -1},
        {"[200]", -1},
        {"", -1},
        {"{}", -1},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        int64_t status = -1;
        bool is_read = mock_status(&arena, span_of(CASES[i].text), &status);

        if (is_read != (CASES[i].status >= 0) || (is_read && status != CASES[i].status))
            fail_msg("%s: %d, %lld", CASES[i].text, is_read, (long long)status);
    }
    (void)state;
}

#define MOCK(request, responses)                                                  \
    "{\"resources\":[{\"id\":\"r\",\"path\":\"/\",\"resourceMethods\":{\"GET\":{" \
    "\"methodResponses\":{\"200\":{\"responseParameters\":{"                      \
    "\"method.response.header.A\":true,\"method.response.header.date\":false,"    \
    "\"method.response.header.Transfer-Encoding\":true,"                          \
    "\"method.response.header.content-type\":true,"                               \
    "\"method.response.header.Access-Control-Allow-Origin\":true}},\"404\":{}},"  \
    "\"methodIntegration\":{\"type\":\"MOCK\","                                   \
    "\"requestTemplates\":{\"application/json\":\"" request "\"},"                \
    "\"integrationResponses\":{" responses "}}}}}]}"

static struct outcome outcome_of(const char *document, struct deployment **out)
{
    const struct method *method;

    *out = compile(document);
    method = route_find(*out, SPAN("GET"), SPAN("/"));
    assert_non_null(method);
    assert_non_null(method_template(method, (struct span){NULL, 0}));
    assert_null(method_template(method, SPAN("text/plain")));
    return method_template(method, SPAN("Application/JSON; charset=utf-8"))->outcome;
}

static void a_status_chooses_its_response(void **state)
{
    static const struct {
        const char *about, *document;
        enum outcome_kind kind;
        int status; /* or the gateway response */
    } CASES[] = {
        {"the default",
         MOCK("{statusCode:500}", "\"200\":{},\"404\":{\"selectionPattern\":\"4..\"}"),
         OUTCOME_RESPONSE, 200},
        {"a pattern", MOCK("{statusCode:410}", "\"200\":{},\"404\":{\"selectionPattern\":\"4..\"}"),
         OUTCOME_RESPONSE, 404},
        {"the whole must match",
         MOCK("{statusCode:410}", "\"200\":{},\"404\":{\"selectionPattern\":\"4.\"}"),
         OUTCOME_RESPONSE, 200},
        {"a pattern that does not compile is never chosen",
         MOCK("{statusCode:410}", "\"200\":{},\"404\":{\"selectionPattern\":\"(4\"}"),
         OUTCOME_RESPONSE, 200},
        {"none", MOCK("{statusCode:500}", "\"404\":{\"selectionPattern\":\"4..\"}"),
         OUTCOME_FAILURE, API_CONFIGURATION_ERROR},
        {"no method response", MOCK("{statusCode:500}", "\"201\":{}"), OUTCOME_FAILURE,
         API_CONFIGURATION_ERROR},
        {"no status", MOCK("{}", "\"200\":{}"), OUTCOME_FAILURE, API_CONFIGURATION_ERROR},
        {"a header that would split the answer",
         MOCK("{statusCode:200}",
              "\"200\":{\"responseParameters\":{\"method.response.header.A\":\"'a\\r\\nB: c'\"}}"),
         OUTCOME_FAILURE, API_CONFIGURATION_ERROR},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct deployment *d;
        struct outcome got = outcome_of(CASES[i].document, &d);

        if (got.kind != CASES[i].kind)
            fail_msg("%s: kind %d", CASES[i].about, got.kind);
        if (got.kind == OUTCOME_RESPONSE && got.response->status != CASES[i].status)
            fail_msg("%s: status %d", CASES[i].about, got.response->status);
        if (got.kind == OUTCOME_FAILURE && (int)got.failure != CASES[i].status)
            fail_msg("%s: failure %d", CASES[i].about, got.failure);
        part_leave(&d->part);
    }
    (void)state;
}

static void headers_are_sent_renamed_or_dropped(void **state)
{
    struct deployment *d;
    struct outcome got = outcome_of(
        MOCK("{statusCode:200}", "\"200\":{\"responseParameters\":{"
                                 "\"method.response.header.Access-Control-Allow-Origin\":\"'*'\","
                                 "\"method.response.header.date\":\"'today'\","
                                 "\"method.response.header.Transfer-Encoding\":\"'chunked'\","
                                 "\"method.response.header.undeclared\":\"'x'\","
                                 "\"method.response.header.content-type\":\"'text/plain'\"}}"),
        &d);

    unit_same_text("lines", got.response->lines,
                   SPAN("Access-Control-Allow-Origin: *\r\nx-amzn-Remapped-date: today\r\n"
                        "content-type: text/plain\r\n"));
    part_leave(&d->part);
    (void)state;
}

static void accept_chooses_the_body(void **state)
{
    struct deployment *d;
    struct outcome got =
        outcome_of(MOCK("{statusCode:200}", "\"200\":{\"responseTemplates\":{\"text/plain\":\"p\","
                                            "\"application/json\":\"j\",\"text/html\":\"h\"}}"),
                   &d);

    unit_same_text("none", response_template(got.response, (struct span){NULL, 0})->text,
                   SPAN("j"));
    unit_same_text("first",
                   response_template(got.response, SPAN("text/html;q=1, text/plain"))->text,
                   SPAN("h"));
    unit_same_text("unknown", response_template(got.response, SPAN("image/png"))->text, SPAN("j"));
    part_leave(&d->part);
    (void)state;
}

/* What is literal is made once; what looks at the request is compiled. */
static void only_what_looks_at_the_request_is_not_literal(void **state)
{
    static const struct {
        const char *about, *document;
        bool is_literal;
        size_t headers;
    } CASES[] = {
        {"nothing", MOCK("{statusCode:200}", "\"200\":{}"), true, 0},
        {"a literal header",
         MOCK("{statusCode:200}",
              "\"200\":{\"responseParameters\":{\"method.response.header.A\":\"'a'\"}}"),
         true, 1},
        {"a mapped header",
         MOCK("{statusCode:200}",
              "\"200\":{\"responseParameters\":{\"method.response.header.A\":\"context.stage\"}}"),
         false, 1},
        {"no expression",
         MOCK("{statusCode:200}",
              "\"200\":{\"responseParameters\":{\"method.response.header.A\":\"nothing\"}}"),
         true, 0},
        {"a path that is none",
         MOCK("{statusCode:200}", "\"200\":{\"responseParameters\":{\"method.response.header.A\":"
                                  "\"integration.response.body.[[\"}}"),
         true, 0},
        {"a path",
         MOCK("{statusCode:200}", "\"200\":{\"responseParameters\":{\"method.response.header.A\":"
                                  "\"integration.response.body.a[?(@.b =~ /c/)]\"}}"),
         false, 1},
        {"a template",
         MOCK("{statusCode:200}", "\"200\":{\"responseTemplates\":{\"application/json\":\"$a\"}}"),
         false, 0},
        {"a template that does not compile",
         MOCK("{statusCode:200}",
              "\"200\":{\"responseTemplates\":{\"application/json\":\"#if(\"}}"),
         false, 0},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct deployment *d;
        struct outcome got = outcome_of(CASES[i].document, &d);

        if (got.response->is_literal != CASES[i].is_literal ||
            got.response->headers.count != CASES[i].headers)
            fail_msg("%s: %d, %zu", CASES[i].about, got.response->is_literal,
                     got.response->headers.count);
        part_leave(&d->part);
    }
    (void)state;
}

/* "text|{source name}|text" */
static struct span shown(struct mappings pieces)
{
    struct span text = SPAN("");

    for (size_t i = 0; i < pieces.count; i++) {
        const struct mapping_expression *one = &pieces.at[i].from;
        bool is_text = one->source == SOURCE_LITERAL;

        text = arena_format(&arena, is_text ? "%.*s%.*s" : "%.*s{%.*s}", SPAN_ARG(text),
                            SPAN_ARG(one->name));
    }
    return text;
}

static void texts_of_gateway_responses_are_cut_at_references(void **state)
{
    static const struct {
        const char *text, *wanted;
    } CASES[] = {
        {"", ""},
        {"plain", "plain"},
        {"a $context.error.message.", "a {error.message}."},
        {"$context.a$context.b", "{a}{b}"},
        {"$stageVariables.x-$method.request.header.X-A", "{x}-{X-A}"},
        {"$method.request.path.id/$method.request.querystring.q", "{id}/{q}"},
        {"$method.request.body", "$method.request.body"},
        {"$5 $ $$ $context. $input.body $", "$5 $ $$ $context. $input.body $"},
        {"#if(true)$context.a#end", "#if(true){a}#end"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct span text = arena_format(&arena,
                                        "{\"gatewayResponses\":{\"DEFAULT_4XX\":{"
                                        "\"responseTemplates\":{\"application/json\":\"%s\"}}}}",
                                        CASES[i].text);
        struct deployment *d = compile(text.at);

        unit_same_text(CASES[i].text, shown(d->replies[THROTTLED]->texts[0].pieces),
                       span_of(CASES[i].wanted));
        assert_null(d->replies[API_CONFIGURATION_ERROR]);
        assert_null(d->replies[REQUEST_TOO_LARGE]);
        part_leave(&d->part);
    }
    (void)state;
}

static void binary_types_have_wildcards(void **state)
{
    static const struct {
        const char *types, *value; /* NULL: no header */
        bool is_binary;
    } CASES[] = {
        {"", "image/png", false},
        {"\"image/png\"", "image/png", true},
        {"\"image/png\"", "Image/PNG; q=0.8, text/html", true},
        {"\"image/png\"", "text/html,image/png", false},
        {"\"image/png\"", "image/*", false},
        {"\"image/png\"", "*/*", false},
        {"\"image/png\"", NULL, false},
        {"\"a/b\",\"image/*\"", "image/png", true},
        {"\"image/*\"", "imag", false},
        {"\"image/*\"", "images/png", false},
        {"\"*/*\"", NULL, true},
        {"\"*/*\"", "x/y", true},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct span text =
            arena_format(&arena, "{\"restApi\":{\"binaryMediaTypes\":[%s]}}", CASES[i].types);
        struct deployment *d = compile(text.at);

        if (media_is_binary(d, span_of(CASES[i].value)) != CASES[i].is_binary)
            fail_msg("row %zu: %s", i, CASES[i].value);
        part_leave(&d->part);
    }
    (void)state;
}

static void guards_that_are_not_there_are_no_open_doors(void **state)
{
    static const char *const MEMBERS[] = {"\"authorizationType\":\"AWS_IAM\"",
                                          "\"apiKeyRequired\":true",
                                          "\"requestValidatorId\":\"abc\"",
                                          "\"methodIntegration\":{\"type\":\"AWS_PROXY\","
                                          "\"responseTransferMode\":\"STREAM\"}"};

    for (size_t i = 0; i < COUNT(MEMBERS); i++) {
        struct buf text;
        struct deployment *d;

        buf_init(&text, 10000);
        buf_addf(&text, "{\"resources\":[{\"path\":\"/\",\"resourceMethods\":{\"GET\":{%s}}}]}",
                 MEMBERS[i]);
        d = compile(buf_text(&text));
        if (route_find(d, SPAN("GET"), SPAN("/"))->not_yet.len == 0)
            fail_msg("%s is open", MEMBERS[i]);
        part_leave(&d->part);
        buf_release(&text);
    }
    (void)state;
}

static void a_policy_that_does_not_compile_permits_nothing(void **state)
{
    static const struct {
        const char *policy; /* as JSON */
        bool is_there, compiles;
    } CASES[] = {
        {"\"{}\"", true, false},
        {"\"no JSON\"", true, false},
        {"\"{\\\"Statement\\\":[]}\"", true, true},
        {"\"\"", false, false},
        {"null", false, false},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct buf text;
        struct deployment *d;

        buf_init(&text, 10000);
        buf_addf(&text,
                 "{\"restApi\":{\"policy\":%s},\"resources\":[{\"path\":\"/\","
                 "\"resourceMethods\":{\"GET\":{}}}]}",
                 CASES[i].policy);
        d = compile(buf_text(&text));
        if (d->has_policy != CASES[i].is_there || (d->policy != NULL) != CASES[i].compiles)
            fail_msg("%s", CASES[i].policy);
        part_leave(&d->part);
        buf_release(&text);
    }
    (void)state;
}

static void strange_documents_are_survived(void **state)
{
    static const char *const DOCUMENTS[] = {
        "null",
        "[]",
        "{\"resources\":{}}",
        "{\"resources\":[1,null,{}]}",
        "{\"resources\":[{\"path\":\"x\",\"resourceMethods\":{\"GET\":null}}]}",
        "{\"resources\":[{\"path\":\"/\",\"resourceMethods\":{\"GET\":{\"methodIntegration\":"
        "{\"integrationResponses\":{\"x\":1}}}}}]}"};

    for (size_t i = 0; i < COUNT(DOCUMENTS); i++) {
        struct deployment *d = compile(DOCUMENTS[i]);

        route_find(d, SPAN("GET"), SPAN("/x/y"));
        part_leave(&d->part);
    }
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    TEST(paths_find_their_resource),
    TEST(a_mocks_status_is_read_as_aws_reads_it),
    TEST(a_status_chooses_its_response),
    TEST(headers_are_sent_renamed_or_dropped),
    TEST(accept_chooses_the_body),
    TEST(only_what_looks_at_the_request_is_not_literal),
    TEST(binary_types_have_wildcards),
    TEST(texts_of_gateway_responses_are_cut_at_references),
    TEST(guards_that_are_not_there_are_no_open_doors),
    TEST(a_policy_that_does_not_compile_permits_nothing),
    TEST(strange_documents_are_survived),
};

UNIT_MAIN(TESTS)
