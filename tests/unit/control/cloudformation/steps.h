/* What the tests of a template's steps share: a template from text to ordered resources. */
#ifndef TESTS_CLOUDFORMATION_STEPS_H
#define TESTS_CLOUDFORMATION_STEPS_H

#include "../../unit.h"

#include "control/cloudformation/intrinsic.h"
#include "control/cloudformation/order.h"
#include "control/cloudformation/transform.h"

#define STEPS_ROOM ((size_t)64 * 1024 * 1024)

struct steps {
    struct arena arena;
    struct template template;
    struct json *parameters;
    struct resources resources;
    struct problem why;
};

/* All steps but apply, up to the first that fails. */
static inline enum fault steps_run(struct steps *steps, const char *text)
{
    enum fault rc;

    *steps = (struct steps){0};
    arena_init(&steps->arena, STEPS_ROOM);
    rc = template_parse(&steps->arena, span_of(text), &steps->template, &steps->why);
    if (!rc)
        rc = parameters_evaluate(&steps->template, NULL, &steps->parameters, &steps->why);
    if (!rc)
        rc = transform_serverless(&steps->template, steps->parameters, &steps->why);
    return rc ? rc : order_resources(&steps->template, &steps->resources, &steps->why);
}

static inline void steps_end(struct steps *steps)
{
    arena_release(&steps->arena);
}

/* Compact JSON, in the arena. */
static inline struct span steps_written(struct steps *steps, const struct json *value)
{
    struct buf text;
    struct span out;

    buf_init(&text, STEPS_ROOM);
    json_write(&text, value);
    out = arena_copy(&steps->arena, buf_span(&text));
    buf_release(&text);
    return out;
}

#endif
