/* Templates that are refused: each names what it is about, and the line. */
#include "steps.h"

#define SAM "Transform: AWS::Serverless-2016-10-31\n"
#define ROLE "Resources:\n  R:\n    Type: AWS::IAM::Role\n"

static void bad_templates_are_refused_by_name_and_line(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *words;
    } CASES[] = {
        {"[]", 1, "a template must be a map"},
        {"Description: x\n", 1, "the template has no resources"},
        {"openapi: 3.0.1\n", 1, "OpenAPI documents are not yet in Portico"},
        {"Foo: 1\n" ROLE, 1, "'Foo' is not known in a template"},
        {"Mappings: {}\n" ROLE, 1, "the section 'Mappings' is not yet in Portico"},
        {"AWSTemplateFormatVersion: 2011\n" ROLE, 1,
         "AWSTemplateFormatVersion must be '2010-09-09'"},
        {"Transform: [AWS::Include]\n" ROLE, 1,
         "the transform 'AWS::Include' is not yet in Portico; AWS::Serverless-2016-10-31 is"},
        {"Globals: {Function: {Timeout: 3}}\n" ROLE, 1,
         "'Globals' needs 'Transform: AWS::Serverless-2016-10-31'"},
        {"Resources: []\n", 1, "'Resources' must be a map"},
        {"Resources:\n  A:\n    Properties:\n", 3, "'Properties' is null: give it a value"},
        {"Resources:\n  A: x\n", 2, "the resource 'A' must be a map"},
        {"Resources:\n  A: {}\n", 2, "the resource 'A' has no Type"},
        {"Resources:\n  A-b: {Type: X}\n", 2,
         "the name 'A-b' of a resource may hold only letters and digits"},
        {ROLE "    Condition: C\n", 4, "conditions are not yet in Portico"},
        {ROLE "    Properties: [1]\n", 4, "'Properties' must be a map"},
        {ROLE "    DependsOn: [[a]]\n", 4, "'DependsOn' must be a name or a list of names"},
        {ROLE "    Foo: 1\n", 4, "'Foo' is not known in a resource"},
        {ROLE "Outputs:\n  A: {Description: x}\n", 5, "the output 'A' has no Value"},
        {ROLE "Outputs:\n  A: {Value: x, Foo: y}\n", 5, "'Foo' is not known in an output"},
        {ROLE "Outputs:\n  A: {Value: !Ref X}\n", 5, "there is no parameter or resource 'X'"},
        {ROLE "    DependsOn: X\n", 4, "there is no resource 'X'"},
        {ROLE "    Properties:\n      A: !Sub '${R2.Arn}'\n", 5, "there is no resource 'R2'"},
        {ROLE "    Properties:\n      A: !GetAtt R.Arn\n", 2,
         "resources need each other in a circle: R -> R"},
        {"Resources:\n  A: {Type: X, DependsOn: B}\n  B: {Type: X, Properties: {a: !Ref C}}\n"
         "  C: {Type: X, Properties: {a: !Sub '${A}'}}\n",
         2, "resources need each other in a circle: A -> B -> C -> A"},
        {"Parameters:\n  P: x\n" ROLE, 2, "the parameter 'P' must be a map"},
        {"Parameters:\n  P: {Type: String}\n" ROLE, 2,
         "the parameter 'P' has no Default: give it one in the template"},
        {"Parameters:\n  P: {Type: AWS::EC2::VPC::Id, Default: x}\n" ROLE, 2,
         "the parameter 'P' has the type 'AWS::EC2::VPC::Id'; Portico knows String, Number, "
         "CommaDelimitedList and List<Number>"},
        {"Parameters:\n  P: {Type: String, Default: x, AllowedValues: [a, b]}\n" ROLE, 2,
         "the parameter 'P' may not be 'x' (AllowedValues)"},
        {"Parameters:\n  P: {Type: String, Default: x, AllowedPattern: '[0-9]+'}\n" ROLE, 2,
         "the parameter 'P' does not match its AllowedPattern '[0-9]+'"},
        {"Parameters:\n  P: {Type: Number, Default: x}\n" ROLE, 2,
         "the parameter 'P' must be a number"},
        {"Parameters:\n  P: {Type: Number, Default: 5, MaxValue: 4}\n" ROLE, 2,
         "the parameter 'P' is out of its MinValue and MaxValue"},
        {"Parameters:\n  P: {Type: String, Default: x, MinLength: 2}\n" ROLE, 2,
         "the parameter 'P' is out of its MinLength and MaxLength"},
        {"Parameters:\n  P: {Type: String, Default: x, Foo: 2}\n" ROLE, 2,
         "'Foo' is not known in a parameter"},
        {SAM "Globals: {HttpApi: {}}\n" ROLE, 2, "'HttpApi' is not known in Globals"},
        {SAM "Resources:\n  A: {Type: AWS::Serverless::HttpApi}\n", 3,
         "AWS::Serverless::HttpApi is not yet in Portico"},
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
        cmocka_unit_test(bad_templates_are_refused_by_name_and_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
