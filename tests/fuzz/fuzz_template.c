/* Templates: through all steps that are pure.  What is refused has words, and where it stands in
 * the document, a line; what is not has an order in which every need comes first. */
#include "fuzz.h"

#include <assert.h>

#include "control/cloudformation/intrinsic.h"
#include "control/cloudformation/order.h"
#include "control/cloudformation/transform.h"

#define ROOM ((size_t)256 * 1024 * 1024)

static enum fault run(struct template *template, struct arena *arena, struct span text,
                      struct resources *resources, struct json **parameters, struct problem *why)
{
    enum fault rc = template_parse(arena, text, template, why);

    if (!rc)
        rc = parameters_evaluate(template, NULL, parameters, why);
    if (!rc)
        rc = transform_serverless(template, *parameters, why);
    return rc ? rc : order_resources(template, resources, why);
}

static void check_order(const struct resources *resources)
{
    for (size_t i = 0; i < resources->count; i++)
        for (size_t k = 0; k < resources->all[i].need_count; k++)
            assert(resources->all[i].needs[k] < i);
}

/* Every resource has a Ref and nothing else. */
static void evaluate(const struct template *template, const struct json *parameters,
                     const struct resources *resources)
{
    struct json *known = json_new(template->arena, JSON_OBJECT), *value;
    struct scope scope = {.template = template,
                          .parameters = parameters,
                          .account = SPAN("000000000000"),
                          .region = SPAN("us-east-1"),
                          .stack = SPAN("s"),
                          .stack_id = SPAN("arn"),
                          .resources = known};

    for (size_t i = 0; i < resources->count; i++) {
        const struct json *properties = resources->all[i].properties;
        struct json *attributes = json_new(template->arena, JSON_OBJECT);
        struct problem why = {0};

        if (properties && intrinsic_evaluate(&scope, properties, &value, &why) != OK)
            assert(why.text[0]);
        json_set(attributes, "Ref", json_text(template->arena, SPAN("r")));
        json_add(known, resources->all[i].node->name, attributes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct problem why = {0};
    struct resources resources = {0};
    struct json *parameters = NULL;
    struct template template;
    struct arena arena;

    arena_init(&arena, ROOM);
    if (run(&template, &arena, span_make(bytes, size), &resources, &parameters, &why) != OK) {
        assert(why.code != OK && why.text[0]);
    } else {
        check_order(&resources);
        evaluate(&template, parameters, &resources);
    }
    arena_release(&arena);
    return 0;
}
