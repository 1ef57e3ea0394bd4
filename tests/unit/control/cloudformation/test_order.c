/* What a resource names comes before it; else the template's order stays. */
#include "steps.h"

static void needs_come_first(void **state)
{
    static const struct {
        const char *about, *resources, *order;
    } CASES[] = {
        {"nothing is needed", "C: {Type: T}, A: {Type: T}, B: {Type: T}", "C A B "},
        {"Ref", "A: {Type: T, Properties: {x: !Ref B}}, B: {Type: T}", "B A "},
        {"Fn::GetAtt", "A: {Type: T, Properties: {x: [{y: !GetAtt B.Arn}]}}, B: {Type: T}", "B A "},
        {"Fn::Sub", "A: {Type: T, Properties: {x: !Sub '${B.Arn} ${AWS::Region}'}}, B: {Type: T}",
         "B A "},
        {"a name that Fn::Sub has of its own",
         "A: {Type: T, Properties: {x: !Sub ['${B}', {B: c}]}}, B: {Type: T}", "A B "},
        {"what stands for itself in Fn::Sub",
         "A: {Type: T, Properties: {x: !Sub '${!B}'}}, B: "
         "{Type: T}",
         "A B "},
        {"in a function of a function",
         "A: {Type: T, Properties: {x: !Join ['', [!Select [0, [!Ref B]]]]}}, B: {Type: T}",
         "B A "},
        {"DependsOn a name", "A: {Type: T, DependsOn: C}, B: {Type: T}, C: {Type: T}", "B C A "},
        {"DependsOn names", "A: {Type: T, DependsOn: [C, B]}, B: {Type: T}, C: {Type: T}",
         "B C A "},
        {"a chain", "A: {Type: T, DependsOn: B}, B: {Type: T, DependsOn: C}, C: {Type: T}",
         "C B A "},
        {"a diamond",
         "D: {Type: T, DependsOn: [B, C]}, B: {Type: T, DependsOn: A}, C: {Type: T, DependsOn: A}, "
         "A: {Type: T}",
         "A B C D "},
        {"the same need twice",
         "A: {Type: T, DependsOn: B, Properties: {x: !Ref B, y: !Ref B}}, B: {Type: T}", "B A "},
        {"a policy's Condition is no function",
         "A: {Type: T, Properties: {x: {Condition: {Ref: B}}}}, B: {Type: T}", "B A "},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct steps steps;
        struct buf text;

        buf_init(&text, 65536);
        buf_addf(&text, "Resources: {%s}\n", CASES[i].resources);
        if (steps_run(&steps, buf_text(&text)) != OK)
            fail_msg("%s: %s", CASES[i].about, steps.why.text);
        buf_clear(&text);
        for (size_t k = 0; k < steps.resources.count; k++)
            buf_addf(&text, "%.*s ", SPAN_ARG(steps.resources.all[k].node->name));
        unit_same_text(CASES[i].about, buf_span(&text), span_of(CASES[i].order));
        buf_release(&text);
        steps_end(&steps);
    }
    (void)state;
}

/* As many as a template may have, each needing the one after it. */
static void a_long_chain_is_ordered(void **state)
{
    struct steps steps;
    struct buf text;

    buf_init(&text, 1 << 20);
    buf_add_text(&text, "Resources:\n");
    for (unsigned i = 0; i < TEMPLATE_RESOURCES_MAX; i++)
        buf_addf(&text, "  R%u: {Type: T%s%.0u}\n", i,
                 i + 1 < TEMPLATE_RESOURCES_MAX ? ", DependsOn: R" : "",
                 i + 1 < TEMPLATE_RESOURCES_MAX ? i + 1 : 0);
    assert_int_equal(steps_run(&steps, buf_text(&text)), OK);
    assert_int_equal(steps.resources.count, TEMPLATE_RESOURCES_MAX);
    unit_same_text("the first", steps.resources.all[0].node->name, SPAN("R499"));
    assert_int_equal(steps.resources.all[499].needs[0], 498);
    buf_release(&text);
    steps_end(&steps);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs_come_first),
        cmocka_unit_test(a_long_chain_is_ordered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
