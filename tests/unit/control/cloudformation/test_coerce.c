/* Properties as inputs of operations, ids and names that stay the same. */
#include "../../unit.h"

#include "control/cloudformation/coerce.h"
#include "control/cloudformation/identity.h"
#include "control/cloudformation/stack.h"

#define ROOM ((size_t)4 * 1024 * 1024)

static void properties_become_inputs(void **state)
{
    static const struct {
        const char *service, *operation, *properties, *input, *words;
    } CASES[] = {
        {"apigateway", "CreateRestApi",
         "{\"Tags\":[{\"Key\":\"a\",\"Value\":1}],\"Name\":7,\"BinaryMediaTypes\":[\"x\"],"
         "\"MinimumCompressionSize\":\"10\",\"DisableExecuteApiEndpoint\":\"true\","
         "\"EndpointConfiguration\":{\"Types\":[\"EDGE\"]},\"Policy\":{\"Version\":\"x\"}}",
         "{\"name\":\"7\",\"binaryMediaTypes\":[\"x\"],\"minimumCompressionSize\":10,"
         "\"endpointConfiguration\":{\"types\":[\"EDGE\"]},\"policy\":\"{\\\"Version\\\":"
         "\\\"x\\\"}\",\"tags\":{\"a\":\"1\"},\"disableExecuteApiEndpoint\":true}",
         NULL},
        {"apigateway", "CreateRestApi", "{\"Tags\":{\"a\":true}}", "{\"tags\":{\"a\":\"true\"}}",
         NULL},
        {"apigateway", "PutMethod", "{\"RequestParameters\":{\"method.request.path.x\":\"false\"}}",
         "{\"requestParameters\":{\"method.request.path.x\":false}}", NULL},
        {"lambda", "CreateFunction",
         "{\"Timeout\":\"7\",\"KmsKeyArn\":\"k\",\"Environment\":{\"Variables\":{\"A\":1.50}}}",
         "{\"Timeout\":7,\"Environment\":{\"Variables\":{\"A\":\"1.50\"}},\"KMSKeyArn\":\"k\"}",
         NULL},
        {"apigateway", "CreateRestApi", "{\"Foo\":1}", NULL,
         "'Foo' is not supported by Portico here"},
        {"apigateway", "CreateRestApi", "{\"EndpointConfiguration\":{\"Foo\":1}}", NULL,
         "'Foo' is not supported by Portico here"},
        {"apigateway", "CreateRestApi", "{\"MinimumCompressionSize\":1.5}", NULL,
         "'MinimumCompressionSize' must be a whole number"},
        {"apigateway", "CreateRestApi", "{\"DisableExecuteApiEndpoint\":\"x\"}", NULL,
         "'DisableExecuteApiEndpoint' must be true or false"},
        {"apigateway", "CreateRestApi", "{\"BinaryMediaTypes\":\"x\"}", NULL,
         "'BinaryMediaTypes' must be a list"},
        {"apigateway", "CreateRestApi", "{\"Tags\":[1]}", NULL,
         "'Tags' must be a list of Key and Value"},
        {"apigateway", "CreateRestApi", "{\"EndpointConfiguration\":1}", NULL,
         "'EndpointConfiguration' must be a map"},
    };
    static const struct coerce_rename RENAMES[] = {{"KmsKeyArn", "KMSKeyArn"}, {0}};

    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct model_operation *op =
            model_operation(model_service(CASES[i].service), span_of(CASES[i].operation));
        struct json *properties, *input;
        struct problem why = {0};
        struct arena arena;
        struct buf text;

        arena_init(&arena, ROOM);
        buf_init(&text, ROOM);
        assert_int_equal(json_parse(&arena, span_of(CASES[i].properties), &properties, NULL), OK);
        if (coerce_properties(&arena, op->input, properties, RENAMES, &input, &why) == OK)
            json_write(&text, input);
        unit_same_text(CASES[i].properties, buf_span(&text), span_of(CASES[i].input));
        unit_same_text(CASES[i].properties, span_of(why.text),
                       CASES[i].words ? span_of(CASES[i].words) : SPAN(""));
        buf_release(&text);
        arena_release(&arena);
    }
    (void)state;
}

/* They are in URLs: another value here breaks what people have noted down. */
static void ids_and_names_stay_the_same(void **state)
{
    const struct identity identity = {SPAN("000000000000"), SPAN("us-east-1"), SPAN("users")};
    const struct identity other = {SPAN("000000000000"), SPAN("eu-west-1"), SPAN("users")};
    struct span long_name = SPAN("AVeryLongLogicalIdThatGoesOnAndOnAndOnAndOnUntilItIsTooLong");
    struct arena arena;

    arena_init(&arena, ROOM);
    unit_same_text("an API", identity_id(&arena, &identity, SPAN("Api"), 10), SPAN("lgzu6k1wcc"));
    unit_same_text("a function", identity_name(&arena, &identity, SPAN("F"), 64),
                   SPAN("users-F-M9Z48TMK7D3D"));
    assert_false(span_equal(identity_id(&arena, &identity, SPAN("Api"), 10),
                            identity_id(&arena, &other, SPAN("Api"), 10)));
    assert_int_equal(identity_name(&arena, &identity, long_name, 64).len, 64);
    arena_release(&arena);
    (void)state;
}

static void folders_name_stacks(void **state)
{
    static const struct {
        const char *folder, *stack;
    } CASES[] = {
        {"users", "users"}, {"My App_2", "My-App-2"}, {"2fast", "fast"}, {"12", ""}, {"-.-", ""},
        {"a.", "a"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct arena arena;
        struct span name;

        arena_init(&arena, ROOM);
        name = stack_name(&arena, span_of(CASES[i].folder));
        unit_same_text(CASES[i].folder, name, span_of(CASES[i].stack));
        assert_int_equal(stack_name_is_fine(name), name.len > 0);
        arena_release(&arena);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(properties_become_inputs),
        cmocka_unit_test(ids_and_names_stay_the_same),
        cmocka_unit_test(folders_name_stacks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
