/* The anatomy of a template (spec: sections, attributes of resources).  What is not offered is
 * refused by name here, before anything is made. */
#include "control/cloudformation/template.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/ascii.h"

#define SERVERLESS "AWS::Serverless-2016-10-31"

enum fault template_fail(const struct template *template, const struct json *at, enum fault code,
                         struct problem *why, const char *format, ...)
{
    char text[PROBLEM_TEXT_MAX];
    va_list words;

    va_start(words, format);
    vsnprintf(text, sizeof text, format, words);
    va_end(words);
    problem_set(why, code, "%s", text);
    if (why)
        why->line = yaml_line(&template->yaml, at);
    return code;
}

enum fault template_check_members(const struct template *template, const struct json *object,
                                  const char *const names[], const char *where, struct problem *why)
{
    for (const struct json *one = object ? object->first : NULL; one; one = one->next) {
        size_t i = 0;

        while (names[i] && !span_is(one->name, names[i]))
            i++;
        if (!names[i])
            return template_fail(template, one, FAULT_UNSUPPORTED, why, "'%.*s' is not known in %s",
                                 SPAN_ARG(one->name), where);
    }
    return OK;
}

/* CloudFormation knows no null: AWS refuses it wherever it stands.  As deep as the document. */
static enum fault check_no_null(const struct template *t, const struct json *value,
                                struct problem *why)
{
    enum fault rc = OK;

    if (value->type == JSON_NULL)
        return template_fail(t, value, FAULT_TYPE, why, "'%.*s' is null: give it a value",
                             SPAN_ARG(value->name));
    for (const struct json *one = value->first; one && !rc; one = one->next)
        rc = check_no_null(t, one, why);
    return rc;
}

/* A section: an object by name, at most `most`. */
static enum fault take_section(struct template *t, const char *name, size_t most, struct json **out,
                               struct problem *why)
{
    struct json *section = json_member(t->yaml.root, name);

    if (!section) {
        *out = yaml_new(&t->yaml, JSON_OBJECT, 1);
        return *out ? OK : problem_set(why, FAULT_NO_MEMORY, "the template is too large");
    }
    if (section->type != JSON_OBJECT)
        return template_fail(t, section, FAULT_TYPE, why, "'%s' must be a map", name);
    if (section->count > most)
        return template_fail(t, section, FAULT_TOO_LARGE, why, "'%s' has over %zu entries", name,
                             most);
    *out = section;
    return check_no_null(t, section, why);
}

static enum fault check_name(const struct template *t, const struct json *one, const char *what,
                             struct problem *why)
{
    bool is_fine = one->name.len > 0 && one->name.len <= 255;

    for (size_t i = 0; i < one->name.len; i++)
        is_fine &= ascii_is_alnum(one->name.at[i]);
    return is_fine ? OK
                   : template_fail(t, one, FAULT_SYNTAX, why,
                                   "the name '%.*s' of a%s may hold only letters and digits",
                                   SPAN_ARG(one->name), what);
}

/* ---- sections ------------------------------------------------------------------------------ */

static enum fault check_top(const struct template *t, struct problem *why)
{
    static const char *const NAMES[] = {"AWSTemplateFormatVersion",
                                        "Description",
                                        "Metadata",
                                        "Transform",
                                        "Globals",
                                        "Parameters",
                                        "Resources",
                                        "Outputs",
                                        NULL};
    static const char *const LATER[] = {"Mappings", "Conditions", "Rules", "Hooks"};
    const struct json *version = json_member(t->yaml.root, NAMES[0]), *one;

    if (t->yaml.root->type != JSON_OBJECT)
        return template_fail(t, t->yaml.root, FAULT_TYPE, why, "a template must be a map");
    if ((one = json_member(t->yaml.root, "openapi")) != NULL ||
        (one = json_member(t->yaml.root, "swagger")) != NULL)
        return template_fail(t, one, FAULT_UNSUPPORTED, why,
                             "OpenAPI documents are not yet in Portico");
    for (size_t i = 0; i < COUNT(LATER); i++)
        if ((one = json_member(t->yaml.root, LATER[i])) != NULL)
            return template_fail(t, one, FAULT_UNSUPPORTED, why,
                                 "the section '%s' is not yet in Portico", LATER[i]);
    if (version && !span_is(version->text, "2010-09-09"))
        return template_fail(t, version, FAULT_UNSUPPORTED, why,
                             "AWSTemplateFormatVersion must be '2010-09-09'");
    return template_check_members(t, t->yaml.root, NAMES, "a template", why);
}

static enum fault check_transform(struct template *t, struct problem *why)
{
    const struct json *transform = json_member(t->yaml.root, "Transform"), *one = transform;

    if (transform && transform->type == JSON_ARRAY)
        one = transform->first;
    for (; one; one = transform->type == JSON_ARRAY ? one->next : NULL) {
        if (!span_is(one->text, SERVERLESS))
            return template_fail(t, one, FAULT_UNSUPPORTED, why,
                                 "the transform '%.*s' is not yet in Portico; " SERVERLESS " is",
                                 SPAN_ARG(one->text));
        t->is_serverless = true;
    }
    return OK;
}

static enum fault check_depends(const struct template *t, const struct json *depends,
                                struct problem *why)
{
    bool is_fine = !depends || depends->type == JSON_STRING || depends->type == JSON_ARRAY;

    for (const struct json *one = depends && is_fine ? depends->first : NULL; one; one = one->next)
        is_fine &= one->type == JSON_STRING;
    return is_fine ? OK
                   : template_fail(t, depends, FAULT_TYPE, why,
                                   "'DependsOn' must be a name or a list of names");
}

static enum fault check_resource(const struct template *t, const struct json *one,
                                 struct problem *why)
{
    static const char *const NAMES[] = {
        "Type",     "Properties", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy",
        "Metadata", NULL};
    const struct json *type = json_member(one, "Type"),
                      *properties = json_member(one, "Properties");
    const struct json *condition = json_member(one, "Condition");
    enum fault rc = check_name(t, one, " resource", why);

    if (rc)
        return rc;
    if (one->type != JSON_OBJECT)
        return template_fail(t, one, FAULT_TYPE, why, "the resource '%.*s' must be a map",
                             SPAN_ARG(one->name));
    if (!type || type->type != JSON_STRING)
        return template_fail(t, one, FAULT_TYPE, why, "the resource '%.*s' has no Type",
                             SPAN_ARG(one->name));
    if (condition)
        return template_fail(t, condition, FAULT_UNSUPPORTED, why,
                             "conditions are not yet in Portico");
    if (properties && properties->type != JSON_OBJECT)
        return template_fail(t, properties, FAULT_TYPE, why, "'Properties' must be a map");
    if ((rc = check_depends(t, json_member(one, "DependsOn"), why)))
        return rc;
    return template_check_members(t, one, NAMES, "a resource", why);
}

static enum fault check_output(const struct template *t, const struct json *one,
                               struct problem *why)
{
    static const char *const NAMES[] = {"Value", "Description", "Export", NULL};
    enum fault rc = check_name(t, one, "n output", why);

    if (rc)
        return rc;
    if (!json_member(one, "Value"))
        return template_fail(t, one, FAULT_TYPE, why, "the output '%.*s' has no Value",
                             SPAN_ARG(one->name));
    return template_check_members(t, one, NAMES, "an output", why);
}

static enum fault check_sections(struct template *t, struct problem *why)
{
    enum fault rc = OK;

    for (const struct json *one = t->parameters->first; one && !rc; one = one->next)
        rc = one->type == JSON_OBJECT
                 ? check_name(t, one, " parameter", why)
                 : template_fail(t, one, FAULT_TYPE, why, "the parameter '%.*s' must be a map",
                                 SPAN_ARG(one->name));
    for (const struct json *one = t->resources->first; one && !rc; one = one->next)
        rc = check_resource(t, one, why);
    for (const struct json *one = t->outputs->first; one && !rc; one = one->next)
        rc = check_output(t, one, why);
    if (!rc && !t->is_serverless && t->globals->count > 0)
        rc = template_fail(t, t->globals, FAULT_UNSUPPORTED, why,
                           "'Globals' needs 'Transform: " SERVERLESS "'");
    return rc;
}

enum fault template_parse(struct arena *arena, struct span text, struct template *out,
                          struct problem *why)
{
    enum fault rc;

    *out = (struct template){.arena = arena};
    if ((rc = yaml_parse(arena, text, &out->yaml, why)) || (rc = check_top(out, why)) ||
        (rc = check_transform(out, why)) ||
        (rc = take_section(out, "Parameters", TEMPLATE_PARAMETERS_MAX, &out->parameters, why)) ||
        (rc = take_section(out, "Globals", 10, &out->globals, why)) ||
        (rc = take_section(out, "Resources", TEMPLATE_RESOURCES_MAX, &out->resources, why)) ||
        (rc = take_section(out, "Outputs", TEMPLATE_OUTPUTS_MAX, &out->outputs, why)))
        return rc;
    if (out->resources->count == 0)
        return template_fail(out, out->resources, FAULT_SYNTAX, why,
                             "the template has no resources");
    return check_sections(out, why);
}
