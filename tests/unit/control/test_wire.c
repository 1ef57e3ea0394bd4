/* control/{decode,validate,encode}: a rest-json call becomes a tree, is checked in AWS's words, and
 * a tree becomes an answer. */
#include "../unit.h"

#include "control/decode.h"
#include "control/encode.h"
#include "control/validate.h"

struct call {
    struct arena arena;
    struct control_routes *routes;
    struct control_match match;
    struct json *input;
    struct model_answer refused;
    enum fault rc;
};

/* Decodes and checks as the dispatcher does. */
static struct call *open_call(struct call *call, const char *method, const char *path,
                              const char *query, const char *body)
{
    static const struct http_header HEADERS[] = {{SPAN_INIT("Accept"), SPAN_INIT("a/b")}};
    struct rest_request request = {span_of(query), HEADERS, 1, span_of(body)};
    const struct word_value account = {"account", SPAN_INIT("123456789012")};
    struct words words = {NULL, &account, 1};

    memset(call, 0, sizeof *call);
    arena_init(&call->arena, 4 << 20);
    call->routes = control_routes_new(MODEL_SERVICES, MODEL_SERVICE_COUNT);
    call->rc = control_route(call->routes, &call->arena, SPAN("apigateway"), span_of(method),
                             span_of(path), span_of(query), &call->match);
    if (call->rc != OK)
        return call;
    call->rc = decode_rest_json(&call->arena, &call->match, &request, &call->input, &call->refused);
    if (call->rc == OK)
        call->rc = validate_wire(&call->arena, call->match.service, call->match.operation,
                                 call->input, &call->refused);
    words.input = call->input;
    if (call->rc == OK)
        call->rc = validate_rules(&call->arena, call->match.operation->input, call->input, &words,
                                  &call->refused);
    return call;
}

static void close_call(struct call *call)
{
    control_routes_free(call->routes);
    arena_release(&call->arena);
}

#define OPS "[add, remove, move, test, replace, copy]"
#define STAGES "/restapis/a/stages"
#define RESPONSE "/restapis/a/resources/b/methods/GET/responses/"

static void inputs_become_trees(void **state)
{
    static const struct {
        const char *about, *method, *path, *query, *body, *tree;
    } CASES[] = {
        {"members in model order, unknown and null ones dropped", "POST", "/restapis", "",
         "{\"tags\":{\"b\":\"1\",\"a\":\"2\"},\"x\":1,\"version\":null,\"name\":\"n\"}",
         "{\"name\":\"n\",\"tags\":{\"b\":\"1\",\"a\":\"2\"}}"},
        {"labels come last", "POST", "/restapis/a/resources/b", "", "{\"pathPart\":\"{x+}\"}",
         "{\"pathPart\":\"{x+}\",\"restApiId\":\"a\",\"parentId\":\"b\"}"},
        {"query", "GET", "/restapis", "limit=-1&position=a%20b+c", "",
         "{\"position\":\"a b c\",\"limit\":-1}"},
        {"a list repeats its name", "GET", "/restapis/a/resources/b", "embed=methods&embed=x&e=1",
         "", "{\"embed\":[\"methods\",\"x\"],\"restApiId\":\"a\",\"resourceId\":\"b\"}"},
        {"a name of its own on the wire", "PUT", "/restapis/a/resources/b/methods/GET/integration",
         "", "{\"httpMethod\":\"POST\",\"type\":\"HTTP\"}",
         "{\"type\":\"HTTP\",\"integrationHttpMethod\":\"POST\",\"restApiId\":\"a\","
         "\"resourceId\":\"b\",\"httpMethod\":\"GET\"}"},
        {"a map keeps null", "PUT", "/restapis/a/resources/b/methods/GET/integration/responses/200",
         "", "{\"responseTemplates\":{\"application/json\":null}}",
         "{\"responseTemplates\":{\"application/json\":null},\"restApiId\":\"a\",\"resourceId\":"
         "\"b\",\"httpMethod\":\"GET\",\"statusCode\":\"200\"}"},
        {"no body", "POST", "/restapis/a/deployments", "", " \n", "{\"restApiId\":\"a\"}"},
        {"null as the body", "POST", "/restapis/a/deployments", "", "null",
         "{\"restApiId\":\"a\"}"},
        {"a number keeps its text", "POST", "/restapis/a/deployments", "",
         "{\"canarySettings\":{\"percentTraffic\":1e1}}",
         "{\"canarySettings\":{\"percentTraffic\":1e1},\"restApiId\":\"a\"}"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct call call;
        struct buf out;

        open_call(&call, CASES[i].method, CASES[i].path, CASES[i].query, CASES[i].body);
        if (call.rc != OK)
            fail_msg("%s: %.*s", CASES[i].about, SPAN_ARG(call.refused.text));
        buf_init(&out, 4096);
        json_write(&out, call.input);
        unit_same_text(CASES[i].about, buf_span(&out), span_of(CASES[i].tree));
        buf_release(&out);
        close_call(&call);
    }
    (void)state;
}

static void what_is_wrong_is_told_in_the_words_of_aws(void **state)
{
    static const struct {
        const char *method, *path, *body, *code, *text;
    } CASES[] = {
        {"POST", "/restapis", "{}", "ValidationException",
         "1 validation error detected: Value null at 'createRestApiInput.name' failed to satisfy "
         "constraint: Member must not be null"},
        {"POST", "/restapis",
         "{\"endpointConfiguration\":{\"ipAddressType\":\"v5\",\"types\":[\"EDGE\",\"BAD\"]},"
         "\"name\":\"n\",\"apiKeySource\":\"x\",\"description\":\"\"}",
         "ValidationException",
         "3 validation errors detected: Value 'x' at 'createRestApiInput.apiKeySource' failed to "
         "satisfy constraint: Member must satisfy enum value set: [HEADER, AUTHORIZER]; Value "
         "'[EDGE, BAD]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy "
         "constraint: Member must satisfy constraint: [Member must satisfy enum value set: "
         "[PRIVATE, EDGE, REGIONAL]]; Value 'v5' at "
         "'createRestApiInput.endpointConfiguration.ipAddressType' failed to satisfy constraint: "
         "Member must satisfy enum value set: [ipv4, dualstack]"},
        {"PATCH", "/restapis/a",
         "{\"patchOperations\":[{\"op\":\"add\"},{\"op\":\"nope\",\"path\":\"/x\"}]}",
         "ValidationException",
         "1 validation error detected: Value 'nope' at "
         "'updateRestApiInput.patchOperations.2.member.op' failed to satisfy constraint: Member "
         "must satisfy enum value set: " OPS},
        {"GET", RESPONSE "600", "", "ValidationException",
         "1 validation error detected: Value '600' at 'statusCode' failed to satisfy constraint: "
         "Member must satisfy regular expression pattern: [1-5]\\d\\d"},
        {"POST", STAGES, "{\"cacheClusterSize\":\"7\"}", "ValidationException",
         "3 validation errors detected: Value null at 'createStageInput.stageName' failed to "
         "satisfy constraint: Member must not be null; Value null at "
         "'createStageInput.deploymentId' failed to satisfy constraint: Member must not be null; "
         "Value '7' at 'createStageInput.cacheClusterSize' failed to satisfy constraint: Member "
         "must satisfy enum value set: [0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118, 237]"},
        {"POST", "/restapis", "{\"name\":\"n\",\"description\":\"\"}", "BadRequestException",
         "Description cannot be an empty string"},
        {"POST", "/restapis", "{\"name\":\"n\",\"minimumCompressionSize\":10485761}",
         "BadRequestException", "Invalid minimum compression size, must be between 0 and 10485760"},
        {"POST", STAGES, "{\"stageName\":\"a b\",\"deploymentId\":\"d\"}", "BadRequestException",
         "Stage name only allows a-zA-Z0-9_"},
        {"POST", STAGES,
         "{\"stageName\":\"a\",\"deploymentId\":\"d\",\"variables\":{\"ok\":\"v\",\"a-b\":\"v\"}}",
         "BadRequestException", "Invalid stage variable name: a-b"},
        {"POST", "/restapis/a/resources/b", "{\"pathPart\":\"{x\"}", "BadRequestException",
         "Resource's path part only allow a-zA-Z0-9._- and curly braces at the beginning and the "
         "end."},
        {"POST", "/restapis", "{\"name\":true}", "SerializationException",
         "class java.lang.Boolean can not be converted to an String"},
        {"POST", "/restapis", "{\"name\":1}", "SerializationException",
         "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an "
         "String"},
        {"POST", "/restapis", "{\"name\":{}}", "SerializationException",
         "Start of structure or map found where not expected."},
        {"POST", "/restapis", "{\"name\":[]}", "SerializationException",
         "Unrecognized collection type class java.lang.String"},
        {"POST", "/restapis", "{\"name\":\"n\",\"binaryMediaTypes\":\"x\"}",
         "SerializationException", "Expected list or null"},
        {"POST", "/restapis", "{\"name\":\"n\",\"tags\":[]}", "SerializationException",
         "Start of list found where not expected"},
        {"POST", "/restapis", "{\"name\":\"n\",\"disableExecuteApiEndpoint\":\"true\"}",
         "SerializationException", "class java.lang.String can not be converted to an Boolean"},
        {"POST", "/restapis", "{\"name\":\"n\",\"minimumCompressionSize\":4294967296}",
         "SerializationException",
         "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an "
         "Integer"},
        {"POST", "/restapis", "[1]", "SerializationException",
         "Start of list found where not expected"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct call call;

        open_call(&call, CASES[i].method, CASES[i].path, "", CASES[i].body);
        assert_int_equal(call.rc, FAULT_TYPE);
        unit_same_text(CASES[i].body, call.refused.text, span_of(CASES[i].text));
        unit_same_text(CASES[i].body, call.refused.error->code, span_of(CASES[i].code));
        close_call(&call);
    }
    (void)state;
}

static void broken_json_is_told(void **state)
{
    struct call call;

    open_call(&call, "POST", "/restapis", "", "{\"name\":");
    assert_int_equal(call.rc, FAULT_TYPE);
    assert_true(span_starts(call.refused.text, SPAN("Could not parse request body into json: ")));
    close_call(&call);
    (void)state;
}

static void fallbacks_fill_what_is_absent(void **state)
{
    static const struct {
        const char *about, *kind, *before, *after;
    } CASES[] = {
        {"enums, booleans and structs inside", "RestApi", "{\"name\":\"n\"}",
         "{\"name\":\"n\",\"apiKeySource\":\"HEADER\",\"endpointConfiguration\":{\"types\":"
         "[\"EDGE\"],\"ipAddressType\":\"ipv4\"},\"disableExecuteApiEndpoint\":false}"},
        {"not when another member says otherwise", "RestApi",
         "{\"endpointConfiguration\":{\"types\":[\"PRIVATE\"]}}",
         "{\"apiKeySource\":\"HEADER\",\"endpointConfiguration\":{\"types\":[\"PRIVATE\"]},"
         "\"disableExecuteApiEndpoint\":false}"},
        {"labels in texts", "Integration", "{\"type\":\"MOCK\"}",
         "{\"type\":\"MOCK\",\"passthroughBehavior\":\"WHEN_NO_MATCH\",\"timeoutInMillis\":29000,"
         "\"cacheNamespace\":\"r1\",\"cacheKeyParameters\":[]}"},
        {"only for some types", "Integration", "{\"type\":\"HTTP\",\"cacheNamespace\":\"c\"}",
         "{\"type\":\"HTTP\",\"connectionType\":\"INTERNET\",\"passthroughBehavior\":"
         "\"WHEN_NO_MATCH\",\"timeoutInMillis\":29000,\"cacheNamespace\":\"c\","
         "\"cacheKeyParameters\":[]}"},
        {"the account that nobody changed", "Account", "{}",
         "{\"throttleSettings\":{\"burstLimit\":5000,\"rateLimit\":10000.0},\"features\":"
         "[\"UsagePlans\"],\"apiKeyVersion\":\"4\"}"},
    };
    const struct model_service *service = model_service("apigateway");

    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct model_kind *kind = model_kind(service, span_of(CASES[i].kind));
        struct json *tree = NULL, *labels = NULL;
        struct arena arena;
        struct buf out;

        arena_init(&arena, 1 << 20);
        buf_init(&out, 4096);
        json_parse(&arena, span_of(CASES[i].before), &tree, NULL);
        json_parse(&arena, SPAN("{\"resourceId\":\"r1\"}"), &labels, NULL);
        assert_true(decode_fallbacks(&arena, kind->shape, tree, labels));
        encode_value(&out, service, &(struct model_type){.form = FORM_SHAPE, .shape = kind->shape},
                     tree);
        unit_same_text(CASES[i].about, buf_span(&out), span_of(CASES[i].after));
        buf_release(&out);
        arena_release(&arena);
    }
    (void)state;
}

static void outputs_are_written_in_model_order(void **state)
{
    static const struct {
        const char *about, *operation, *tree;
        unsigned status;
        const char *body;
    } CASES[] = {
        {"order, no nulls, no strangers", "CreateDeployment",
         "{\"x\":1,\"createdDate\":1720000000,\"description\":null,\"id\":\"d1\"}", 201,
         "{\"id\":\"d1\",\"createdDate\":1720000000}"},
        {"doubles have a fraction", "GetStage",
         "{\"stageName\":\"s\",\"canarySettings\":{\"useStageCache\":false,\"percentTraffic\":50}}",
         200,
         "{\"stageName\":\"s\",\"canarySettings\":{\"percentTraffic\":50.0,\"useStageCache\":"
         "false}}"},
        {"shown even when empty", "GetRestApi", "{\"id\":\"a\"}", 200,
         "{\"id\":\"a\",\"tags\":{}}"},
        {"lists have a name of their own", "GetRestApis", "{\"items\":[{\"id\":\"a\"}]}", 200,
         "{\"item\":[{\"id\":\"a\"}]}"},
        {"null in a map stays", "GetIntegrationResponse",
         "{\"statusCode\":\"200\",\"responseTemplates\":{\"a/b\":null}}", 200,
         "{\"statusCode\":\"200\",\"responseTemplates\":{\"a/b\":null}}"},
        {"nothing", "DeleteStage", "{}", 202, ""},
    };
    const struct model_service *service = model_service("apigateway");

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct json *tree = NULL;
        struct encoded encoded;
        struct arena arena;
        struct buf out;

        arena_init(&arena, 1 << 20);
        buf_init(&out, 4096);
        json_parse(&arena, span_of(CASES[i].tree), &tree, NULL);
        assert_true(encode_rest_json(&arena, service,
                                     model_operation(service, span_of(CASES[i].operation)), tree,
                                     &out, &encoded));
        unit_same_text(CASES[i].about, buf_span(&out), span_of(CASES[i].body));
        assert_int_equal(encoded.status, CASES[i].status);
        assert_int_equal(encoded.header_count, CASES[i].body[0] ? 1 : 0);
        buf_release(&out);
        arena_release(&arena);
    }
    (void)state;
}

static void errors_carry_their_code_in_a_header(void **state)
{
    const struct model_error *error = model_error(model_service("apigateway"), "NotFoundException");
    struct model_answer answer = {error, SPAN_INIT("no \"x\"")};
    struct encoded encoded;
    struct arena arena;
    struct buf out;

    arena_init(&arena, 1 << 20);
    buf_init(&out, 4096);
    assert_true(encode_rest_json_error(&arena, &answer, &out, &encoded));
    unit_same_text("body", buf_span(&out), SPAN("{\"message\":\"no \\\"x\\\"\"}"));
    assert_int_equal(encoded.status, 404);
    unit_same_text("type", encoded.headers[1].value, SPAN("NotFoundException"));
    buf_release(&out);
    arena_release(&arena);
    (void)state;
}

static void words_name_what_is_known(void **state)
{
    static const struct {
        const char *text, *filled;
    } CASES[] = {
        {"plain", "plain"},         {"{a} and {b}", "1 and two"}, {"{unknown} {", "{unknown} {"},
        {"{api: {a}}", "{api: 1}"}, {"{}{{a}", "{}{1"},
    };
    const struct word_value one = {"a", SPAN_INIT("1")};
    struct json *input = NULL;
    struct arena arena;

    arena_init(&arena, 1 << 20);
    json_parse(&arena, SPAN("{\"a\":\"x\",\"b\":\"two\"}"), &input, NULL);
    for (size_t i = 0; i < COUNT(CASES); i++)
        unit_same_text(CASES[i].text,
                       words_fill(&arena, span_of(CASES[i].text), &(struct words){input, &one, 1}),
                       span_of(CASES[i].filled));
    arena_release(&arena);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(inputs_become_trees),
    cmocka_unit_test(what_is_wrong_is_told_in_the_words_of_aws),
    cmocka_unit_test(broken_json_is_told),
    cmocka_unit_test(fallbacks_fill_what_is_absent),
    cmocka_unit_test(outputs_are_written_in_model_order),
    cmocka_unit_test(errors_carry_their_code_in_a_header),
    cmocka_unit_test(words_name_what_is_known),
};

UNIT_MAIN(TESTS)
