/* Intrinsic functions: Ref, Fn::Sub, Fn::GetAtt, Fn::Join, Fn::Select, Fn::Split, Fn::Base64, and
 * the parameters and pseudo parameters they reach. */
#ifndef CONTROL_CLOUDFORMATION_INTRINSIC_H
#define CONTROL_CLOUDFORMATION_INTRINSIC_H

#include "control/cloudformation/template.h"

/* What names mean while a template is evaluated. */
struct scope {
    const struct template *template;
    const struct json *parameters; /* by name: a text, or a list of texts */
    const struct json *resources;  /* by name: {"Ref": physical id, attribute: value, ...} */
    struct span account, region, stack, stack_id;
};

/* The values of the template's parameters: those of `given` (texts by name, may be NULL), else
 * their defaults, each checked against its constraints. */
enum fault parameters_evaluate(const struct template *template, const struct json *given,
                               struct json **out, struct problem *why);

/* A copy of `value` in which every function is replaced by what it gives; *out is NULL where that
 * is AWS::NoValue.  Every resource that is named must be in the scope. */
enum fault intrinsic_evaluate(const struct scope *scope, const struct json *value,
                              struct json **out, struct problem *why);

/* True for {"Ref": ...}, {"Fn::...": ...} and {"Condition": "name"}. */
bool intrinsic_is(const struct json *value);

/* Visits each name that functions in `value` look up: `attribute` is empty for Ref; `at` is where
 * it stands.  Stops at the first visit that does not answer OK. */
typedef enum fault intrinsic_visit(void *ctx, struct span name, struct span attribute,
                                   const struct json *at);
enum fault intrinsic_each(const struct json *value, intrinsic_visit *visit, void *ctx);

/* A pseudo parameter such as AWS::Region. */
bool intrinsic_is_pseudo(struct span name);

#endif
