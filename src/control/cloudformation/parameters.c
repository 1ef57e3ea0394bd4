/* Parameters: their values, and the constraints that a template states for them. */
#include "base/number.h"
#include "base/utf8.h"
#include "control/cloudformation/intrinsic.h"
#include "text/regex.h"

/* One parameter on its way. */
struct parameter {
    const struct template *template;
    const struct json *node; /* in the template */
    struct span value;
    struct problem *why;
};

#define FAIL(p, code, ...) template_fail((p)->template, (p)->node, code, (p)->why, __VA_ARGS__)

static enum fault check_list(const struct parameter *p)
{
    const struct json *allowed = json_member(p->node, "AllowedValues");
    struct span text;

    for (const struct json *one = allowed ? allowed->first : NULL; one; one = one->next)
        if (json_scalar_text(one, &text) && span_equal(text, p->value))
            return OK;
    return allowed ? FAIL(p, FAULT_RANGE, "the parameter '%.*s' may not be '%.*s' (AllowedValues)",
                          SPAN_ARG(p->node->name), SPAN_ARG(p->value))
                   : OK;
}

static enum fault check_pattern(const struct parameter *p)
{
    struct span pattern = json_member_text(p->node, "AllowedPattern", SPAN(""));
    struct problem inner;
    struct regex *regex;
    bool matches;

    if (pattern.len == 0)
        return OK;
    if (regex_new(pattern, &regex, &inner) != OK)
        return FAIL(p, FAULT_SYNTAX, "the AllowedPattern of '%.*s' is none: %s",
                    SPAN_ARG(p->node->name), inner.text);
    matches = regex_matches(regex, p->value) == REGEX_YES;
    regex_free(regex);
    return matches ? OK
                   : FAIL(p, FAULT_RANGE,
                          "the parameter '%.*s' does not match its AllowedPattern '%.*s'",
                          SPAN_ARG(p->node->name), SPAN_ARG(pattern));
}

/* A bound such as MinLength: a number or its text; false when there is none. */
static bool bound(const struct parameter *p, const char *name, double *out)
{
    struct span text;

    return json_scalar_text(json_member(p->node, name), &text) && number_double(text, out);
}

static enum fault check_bounds(const struct parameter *p)
{
    double value, most, least, length = (double)utf8_utf16_len(p->value);
    bool is_number = span_is(json_member_text(p->node, "Type", SPAN("")), "Number");

    if (is_number && !number_double(p->value, &value))
        return FAIL(p, FAULT_TYPE, "the parameter '%.*s' must be a number",
                    SPAN_ARG(p->node->name));
    if (is_number && ((bound(p, "MinValue", &least) && value < least) ||
                      (bound(p, "MaxValue", &most) && value > most)))
        return FAIL(p, FAULT_RANGE, "the parameter '%.*s' is out of its MinValue and MaxValue",
                    SPAN_ARG(p->node->name));
    if ((bound(p, "MinLength", &least) && length < least) ||
        (bound(p, "MaxLength", &most) && length > most))
        return FAIL(p, FAULT_RANGE, "the parameter '%.*s' is out of its MinLength and MaxLength",
                    SPAN_ARG(p->node->name));
    return OK;
}

static bool is_list(struct span type)
{
    return span_is(type, "CommaDelimitedList") || span_starts(type, SPAN("List<"));
}

static enum fault check_type(const struct parameter *p)
{
    static const char *const TYPES[] = {"String", "Number", "CommaDelimitedList", "List<Number>"};
    struct span type = json_member_text(p->node, "Type", SPAN(""));

    for (size_t i = 0; i < COUNT(TYPES); i++)
        if (span_is(type, TYPES[i]))
            return OK;
    return FAIL(p, FAULT_UNSUPPORTED,
                "the parameter '%.*s' has the type '%.*s'; Portico knows String, Number, "
                "CommaDelimitedList and List<Number>",
                SPAN_ARG(p->node->name), SPAN_ARG(type));
}

static struct json *make_value(const struct parameter *p)
{
    struct arena *arena = p->template->arena;
    struct json *list;
    struct span rest = p->value, one;

    if (!is_list(json_member_text(p->node, "Type", SPAN(""))))
        return json_text(arena, p->value);
    list = json_new(arena, JSON_ARRAY);
    while (list && span_split(&rest, ',', &one))
        json_append(list, json_text(arena, span_trim(one)));
    return list;
}

static enum fault evaluate_one(struct parameter *p, const struct json *given, struct json **out)
{
    static const char *const NAMES[] = {"Type",           "Default",       "Description",
                                        "NoEcho",         "MinValue",      "ConstraintDescription",
                                        "MaxValue",       "MinLength",     "MaxLength",
                                        "AllowedPattern", "AllowedValues", NULL};
    const struct json *value = json_member_span(given, p->node->name);
    enum fault rc;

    if ((rc = template_check_members(p->template, p->node, NAMES, "a parameter", p->why)) ||
        (rc = check_type(p)))
        return rc;
    if (!value)
        value = json_member(p->node, "Default");
    if (!value)
        return FAIL(p, FAULT_NOT_FOUND,
                    "the parameter '%.*s' has no Default: give it one in the template",
                    SPAN_ARG(p->node->name));
    if (!json_scalar_text(value, &p->value))
        return FAIL(p, FAULT_TYPE, "the value of the parameter '%.*s' must be a text",
                    SPAN_ARG(p->node->name));
    if ((rc = check_list(p)) || (rc = check_pattern(p)) || (rc = check_bounds(p)))
        return rc;
    *out = make_value(p);
    return *out ? OK : FAIL(p, FAULT_NO_MEMORY, "the template is too large");
}

enum fault parameters_evaluate(const struct template *template, const struct json *given,
                               struct json **out, struct problem *why)
{
    struct json *values = json_new(template->arena, JSON_OBJECT);
    enum fault rc = OK;

    for (const struct json *one = template->parameters->first; one && !rc; one = one->next) {
        struct parameter parameter = {template, one, SPAN(""), why};
        struct json *value = NULL;

        rc = evaluate_one(&parameter, given, &value);
        if (!rc)
            json_add(values, one->name, value);
    }
    *out = values;
    return rc;
}
