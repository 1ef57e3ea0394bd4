/* What functions and parameters become. */
#include "steps.h"

static const char HEAD[] = "Parameters:\n"
                           "  Name: {Type: String, Default: users}\n"
                           "  Count: {Type: Number, Default: 7}\n"
                           "  List: {Type: CommaDelimitedList, Default: 'a, b,c'}\n"
                           "Resources:\n"
                           "  F: {Type: T}\n";

/* Evaluates one value as an output of a template with a resource F. */
static enum fault evaluate(struct steps *steps, const char *value, struct json **out)
{
    struct buf text;
    struct scope scope = {.account = SPAN("123456789012"),
                          .region = SPAN("eu-west-1"),
                          .stack = SPAN("shop"),
                          .stack_id = SPAN("arn:stack")};
    struct json *resources;
    enum fault rc;

    buf_init(&text, 65536);
    buf_addf(&text, "%sOutputs: {A: {Value: %s}}\n", HEAD, value);
    rc = steps_run(steps, buf_text(&text));
    buf_release(&text);
    assert_int_equal(json_parse(&steps->arena,
                                SPAN("{\"F\":{\"Ref\":\"f-1\",\"Arn\":\"arn:f\",\"A.B\":\"ab\"}}"),
                                &resources, NULL),
                     OK);
    scope.template = &steps->template;
    scope.parameters = steps->parameters;
    scope.resources = resources;
    return rc ? rc
              : intrinsic_evaluate(&scope,
                                   json_member(json_member(steps->template.outputs, "A"), "Value"),
                                   out, &steps->why);
}

static void functions_give_values(void **state)
{
    static const struct {
        const char *value, *json;
    } CASES[] = {
        {"plain", "\"plain\""},
        {"[1, {a: true}]", "[1,{\"a\":true}]"},
        {"!Ref Name", "\"users\""},
        {"!Ref Count", "\"7\""},
        {"!Ref List", "[\"a\",\"b\",\"c\"]"},
        {"!Ref F", "\"f-1\""},
        {"!Ref AWS::Region", "\"eu-west-1\""},
        {"!Ref AWS::AccountId", "\"123456789012\""},
        {"!Ref AWS::StackName", "\"shop\""},
        {"!Ref AWS::StackId", "\"arn:stack\""},
        {"!Ref AWS::Partition", "\"aws\""},
        {"!Ref AWS::URLSuffix", "\"amazonaws.com\""},
        {"{a: !Ref AWS::NoValue, b: 1}", "{\"b\":1}"},
        {"[!Ref AWS::NoValue, x]", "[\"x\"]"},
        {"!GetAtt F.Arn", "\"arn:f\""},
        {"!GetAtt F.A.B", "\"ab\""},
        {"{'Fn::GetAtt': F.Arn}", "\"arn:f\""},
        {"!Sub 'x ${Name} ${F} ${F.Arn} ${AWS::Region} ${!Name} $ {y}'",
         "\"x users f-1 arn:f eu-west-1 ${Name} $ {y}\""},
        {"!Sub ['${a}-${Name}', {a: !Ref Count}]", "\"7-users\""},
        {"!Sub ['${Name}', {Name: own}]", "\"own\""},
        {"!Join ['-', [a, !Ref Name, 3, true]]", "\"a-users-3-true\""},
        {"!Join [',', !Ref List]", "\"a,b,c\""},
        {"!Join ['', []]", "\"\""},
        {"!Select [1, !Ref List]", "\"b\""},
        {"!Select ['0', !Split ['|', 'x|y']]", "\"x\""},
        {"!Split [', ', 'x, y, ']", "[\"x\",\"y\",\"\"]"},
        {"!Base64 hi", "\"aGk=\""},
        {"{Version: 2012-10-17, Condition: {StringEquals: {a: b}}}",
         "{\"Version\":\"2012-10-17\",\"Condition\":{\"StringEquals\":{\"a\":\"b\"}}}"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct steps steps;
        struct json *value = NULL;

        if (evaluate(&steps, CASES[i].value, &value) != OK)
            fail_msg("%s: %s", CASES[i].value, steps.why.text);
        unit_same_text(CASES[i].value, steps_written(&steps, value), span_of(CASES[i].json));
        steps_end(&steps);
    }
    (void)state;
}

static void bad_functions_are_told(void **state)
{
    static const struct {
        const char *value, *words;
    } CASES[] = {
        {"!GetAtt F.Foo", "the resource 'F' has no attribute 'Foo'"},
        {"!Sub '${F.Foo}'", "the resource 'F' has no attribute 'Foo'"},
        {"!Sub 'a ${'", "'${' without a name and '}' in Fn::Sub"},
        {"!Sub '${}'", "'${' without a name and '}' in Fn::Sub"},
        {"!Sub '${List}'", "'${List}' is not a text"},
        {"!Sub [a]", "Fn::Sub needs a text, or a text and a map"},
        {"{Ref: [a]}", "Ref needs a name"},
        {"{'Fn::GetAtt': [a]}", "Fn::GetAtt needs a resource and an attribute"},
        {"!Join [a]", "Fn::Join needs a text and a list of texts"},
        {"!Join [a, [[b]]]", "Fn::Join needs a text and a list of texts"},
        {"!Select [3, !Ref List]", "Fn::Select: there is no element 3"},
        {"!Select [x, [a]]", "Fn::Select needs an index and a list"},
        {"!Split ['', a]", "Fn::Split needs two texts"},
        {"!If [a, b, c]", "'Fn::If' is not yet in Portico"},
        {"!Condition C", "'Condition' is not yet in Portico"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct steps steps;
        struct json *value = NULL;

        if (evaluate(&steps, CASES[i].value, &value) == OK)
            fail_msg("%s is not refused", CASES[i].value);
        unit_same_text(CASES[i].value, span_of(steps.why.text), span_of(CASES[i].words));
        assert_int_equal(steps.why.line, 7);
        steps_end(&steps);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_give_values),
        cmocka_unit_test(bad_functions_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
