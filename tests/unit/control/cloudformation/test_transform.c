/* SAM becomes resources of CloudFormation, in an order in which they can be made. */
#include "steps.h"

#define SAM "Transform: AWS::Serverless-2016-10-31\n"
#define FUNCTION                            \
    "  F:\n"                                \
    "    Type: AWS::Serverless::Function\n" \
    "    Properties:\n"                     \
    "      InlineCode: x\n"                 \
    "      Handler: index.handler\n"
#define EVENT(name, method, path) \
    "        " name ": {Type: Api, Properties: {Path: '" path "', Method: " method "}}\n"

/* The names in order, one a line, a deployment's hash left out. */
static void check_names(const char *about, const char *text, const char *want)
{
    struct steps steps;
    struct buf names;

    if (steps_run(&steps, text) != OK)
        fail_msg("%s: line %u: %s", about, steps.why.line, steps.why.text);
    buf_init(&names, 65536);
    for (size_t i = 0; i < steps.resources.count; i++) {
        struct span name = steps.resources.all[i].node->name;

        if (span_is(steps.resources.all[i].type, "AWS::ApiGateway::Deployment"))
            name.len -= 10;
        buf_addf(&names, "%.*s\n", SPAN_ARG(name));
    }
    unit_same_text(about, buf_span(&names), span_of(want));
    buf_release(&names);
    steps_end(&steps);
}

static void events_make_an_api(void **state)
{
    check_names("implicit",
                SAM "Resources:\n" FUNCTION "      Events:\n" EVENT("All", "get", "/users")
                    EVENT("One", "GET", "/users/{id}") EVENT("Root", "any", "/"),
                "FRole\nF\n"
                "ServerlessRestApi\nFAllPermission\nFOnePermission\nFRootPermission\n"
                "ServerlessRestApi/users\nServerlessRestApi/users GET\n"
                "ServerlessRestApi/users/{id}\nServerlessRestApi/users/{id} GET\n"
                "ServerlessRestApi/ ANY\nServerlessRestApiDeployment\n"
                "ServerlessRestApiProdStage\n");
    check_names("explicit with CORS, and a role",
                SAM "Resources:\n"
                    "  Api: {Type: AWS::Serverless::Api, Properties: {StageName: dev, Cors: "
                    "\"'*'\"}}\n" FUNCTION "      Role: arn:aws:iam::1:role/x\n"
                    "      Events:\n"
                    "        A: {Type: Api, Properties: {Path: /a, Method: post, RestApiId: !Ref "
                    "Api}}\n",
                "F\nApi\nFAPermission\nApi/a\nApi/a POST\nApi/a OPTIONS\nApiDeployment\n"
                "ApidevStage\n");
    (void)state;
}

static void check_resource(const char *text, const char *name, const char *want)
{
    struct steps steps;

    if (steps_run(&steps, text) != OK)
        fail_msg("%s: line %u: %s", name, steps.why.line, steps.why.text);
    unit_same_text(name,
                   steps_written(&steps, json_member(json_member(steps.template.resources, name),
                                                     "Properties")),
                   span_of(want));
    steps_end(&steps);
}

static void resources_hold_what_aws_makes(void **state)
{
    static const char TEXT[] =
        SAM "Globals:\n"
            "  Function: {Timeout: 9, Environment: {Variables: {A: 1, B: 2}}, Layers: [x]}\n"
            "  Api: {BinaryMediaTypes: [image~1png], EndpointConfiguration: REGIONAL,\n"
            "        Cors: {AllowOrigin: \"'*'\", MaxAge: \"'600'\", AllowCredentials: true}}\n"
            "Resources:\n" FUNCTION "      Environment: {Variables: {B: 3}}\n"
            "      Layers: [y]\n"
            "      Timeout: !Ref AWS::NoValue\n"
            "      Policies: [P]\n"
            "      Events:\n" EVENT("One", "GET", "/u/{id}/{rest+}");

    check_resource(TEXT, "F",
                   "{\"Code\":{\"ZipFile\":\"x\"},\"Handler\":\"index.handler\","
                   "\"Timeout\":{\"Ref\":\"AWS::NoValue\"},"
                   "\"Environment\":{\"Variables\":{\"B\":3,\"A\":1}},\"Layers\":[\"x\",\"y\"],"
                   "\"Role\":{\"Fn::GetAtt\":[\"FRole\",\"Arn\"]}}");
    check_resource(TEXT, "FRole",
                   "{\"Policies\":[\"P\"],\"AssumeRolePolicyDocument\":{\"Version\":\"2012-10-17\","
                   "\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":"
                   "\"lambda.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}}");
    check_resource(TEXT, "FOnePermission",
                   "{\"Action\":\"lambda:InvokeFunction\",\"FunctionName\":{\"Ref\":\"F\"},"
                   "\"Principal\":\"apigateway.amazonaws.com\",\"SourceArn\":{\"Fn::Sub\":"
                   "\"arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:"
                   "${ServerlessRestApi}/*/GET/u/*/*\"}}");
    check_resource(TEXT, "ServerlessRestApi",
                   "{\"BinaryMediaTypes\":[\"image/png\"],\"EndpointConfiguration\":{\"Types\":"
                   "[\"REGIONAL\"]},\"Name\":{\"Ref\":\"AWS::StackName\"}}");
    check_resource(TEXT, "ServerlessRestApi/u/{id}",
                   "{\"RestApiId\":{\"Ref\":\"ServerlessRestApi\"},\"ParentId\":{\"Ref\":"
                   "\"ServerlessRestApi/u\"},\"PathPart\":\"{id}\"}");
    check_resource(TEXT, "ServerlessRestApi/u/{id}/{rest+} GET",
                   "{\"AuthorizationType\":\"NONE\",\"Integration\":{\"Type\":\"AWS_PROXY\","
                   "\"IntegrationHttpMethod\":\"POST\",\"Uri\":{\"Fn::Sub\":\"arn:${AWS::Partition}"
                   ":apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/"
                   "invocations\"}},\"RestApiId\":{\"Ref\":\"ServerlessRestApi\"},\"ResourceId\":"
                   "{\"Ref\":\"ServerlessRestApi/u/{id}/{rest+}\"},\"HttpMethod\":\"GET\"}");
    check_resource(
        TEXT, "ServerlessRestApi/u/{id}/{rest+} OPTIONS",
        "{\"AuthorizationType\":\"NONE\",\"Integration\":{\"Type\":\"MOCK\",\"RequestTemplates\":"
        "{\"application/json\":\"{\\\"statusCode\\\": 200}\"},\"IntegrationResponses\":[{"
        "\"StatusCode\":\"200\",\"ResponseParameters\":{"
        "\"method.response.header.Access-Control-Allow-Origin\":\"'*'\","
        "\"method.response.header.Access-Control-Allow-Methods\":\"'GET,OPTIONS'\","
        "\"method.response.header.Access-Control-Max-Age\":\"'600'\","
        "\"method.response.header.Access-Control-Allow-Credentials\":\"'true'\"}}]},"
        "\"MethodResponses\":[{\"StatusCode\":\"200\",\"ResponseParameters\":{"
        "\"method.response.header.Access-Control-Allow-Origin\":false,"
        "\"method.response.header.Access-Control-Allow-Methods\":false,"
        "\"method.response.header.Access-Control-Max-Age\":false,"
        "\"method.response.header.Access-Control-Allow-Credentials\":false}}],"
        "\"RestApiId\":{\"Ref\":\"ServerlessRestApi\"},\"ResourceId\":"
        "{\"Ref\":\"ServerlessRestApi/u/{id}/{rest+}\"},\"HttpMethod\":\"OPTIONS\"}");
    (void)state;
}

/* The name of the only deployment. */
static struct span deployment_name(const char *text, char out[static 64])
{
    struct steps steps;

    assert_int_equal(steps_run(&steps, text), OK);
    for (size_t i = 0; i < steps.resources.count; i++)
        if (span_is(steps.resources.all[i].type, "AWS::ApiGateway::Deployment"))
            snprintf(out, 64, "%.*s", SPAN_ARG(steps.resources.all[i].node->name));
    steps_end(&steps);
    return span_of(out);
}

static void a_deployment_is_named_after_what_it_holds(void **state)
{
    static const char *const TEXTS[] = {
        SAM "Resources:\n" FUNCTION "      Events:\n" EVENT("A", "GET", "/a"),
        SAM "Resources:\n" FUNCTION "      Events:\n" EVENT("A", "GET", "/b"),
        SAM "Resources:\n" FUNCTION
            "      FunctionName: g\n      Events:\n" EVENT("A", "GET", "/a"),
        SAM "Parameters: {P: {Type: String, Default: x}}\nResources:\n" FUNCTION
            "      Events:\n" EVENT("A", "GET", "/a"),
    };
    char first[64], again[64], other[64];

    deployment_name(TEXTS[0], first);
    unit_same_text("the same", deployment_name(TEXTS[0], again), span_of(first));
    for (size_t i = 1; i < COUNT(TEXTS); i++)
        if (span_is(deployment_name(TEXTS[i], other), first))
            fail_msg("%s: the same name", TEXTS[i]);
    (void)state;
}

static void bad_sam_is_refused_by_name_and_line(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *words;
    } CASES[] = {
        {SAM "Resources:\n  F: {Type: AWS::Serverless::Function, Properties: {Handler: x}}\n", 3,
         "the function 'F' needs CodeUri or InlineCode"},
        {SAM "Resources:\n" FUNCTION "      Foo: 1\n", 8,
         "'Foo' of AWS::Serverless::Function is not supported by Portico"},
        {SAM "Globals: {Function: {Foo: 1}}\nResources:\n" FUNCTION, 2,
         "'Foo' of AWS::Serverless::Function is not supported by Portico"},
        {SAM "Resources:\n  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: {Bucket: "
             "b, Key: k}}}\n",
         3, "CodeUri must be a folder or a zip file; objects of S3 are not yet in Portico"},
        {SAM "Resources:\n" FUNCTION "      Events: {A: {Type: SQS}}\n", 8,
         "the event 'A' has the type 'SQS'; Portico knows Api"},
        {SAM "Resources:\n" FUNCTION "      Events: {A: {Type: Api}}\n", 8,
         "the event 'A' needs Path and Method"},
        {SAM "Resources:\n" FUNCTION "      Events:\n" EVENT("A", "GET", "users"), 9,
         "the path 'users' must be '/' or '/segments'"},
        {SAM "Resources:\n" FUNCTION "      Events:\n" EVENT("A", "GET", "/a//b"), 9,
         "the path '/a//b' must be '/' or '/segments'"},
        {SAM "Resources:\n" FUNCTION "      Events:\n" EVENT("A", "FOO", "/a"), 9,
         "'FOO' is no method that an API can have"},
        {SAM "Resources:\n" FUNCTION "      Events:\n" EVENT("A", "GET", "/a")
             EVENT("B", "get", "/a"),
         10, "GET /a is there twice (first on line 9)"},
        {SAM "Resources:\n" FUNCTION "      Events: {A: {Type: Api, Properties: {Path: /, Method: "
             "get, Auth: {}}}}\n",
         8, "'Auth' of an Api event is not supported by Portico"},
        {SAM "Resources:\n" FUNCTION "      Events: {A: {Type: Api, Properties: {Path: /, Method: "
             "get, RestApiId: abc}}}\n",
         8, "RestApiId must be !Ref of an AWS::Serverless::Api of this template"},
        {SAM "Resources:\n  A: {Type: AWS::Serverless::Api, Properties: {Name: x}}\n", 3,
         "the API 'A' needs a StageName"},
        {SAM "Resources:\n  A: {Type: AWS::Serverless::Api, Properties: {StageName: x}}\n", 3,
         "no event of a function adds a method to the API 'A'"},
        {SAM
         "Resources:\n  A: {Type: AWS::Serverless::Api, Properties: {StageName: x, Auth: {}}}\n",
         3, "'Auth' of AWS::Serverless::Api is not supported by Portico"},
        {SAM "Globals: {Api: {Cors: '*'}}\nResources:\n" FUNCTION
             "      Events:\n" EVENT("A", "GET", "/a"),
         2, "a value of Cors must be in single quotes inside double ones: \"'*'\""},
        {SAM "Globals: {Api: {Cors: {MaxAge: 5}}}\nResources:\n" FUNCTION
             "      Events:\n" EVENT("A", "GET", "/a"),
         2, "'Cors' needs AllowOrigin"},
        {SAM "Resources:\n" FUNCTION "  FRole: {Type: AWS::IAM::Role}\n", 8,
         "the name 'FRole' is taken by a resource that SAM makes"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct steps steps;

        if (steps_run(&steps, CASES[i].text) == OK)
            fail_msg("'%s' is not refused", CASES[i].text);
        unit_same_text(CASES[i].text, span_of(steps.why.text), span_of(CASES[i].words));
        if (steps.why.line != CASES[i].line)
            fail_msg("'%s': line %u", CASES[i].text, steps.why.line);
        steps_end(&steps);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_make_an_api),
        cmocka_unit_test(resources_hold_what_aws_makes),
        cmocka_unit_test(a_deployment_is_named_after_what_it_holds),
        cmocka_unit_test(bad_sam_is_refused_by_name_and_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
