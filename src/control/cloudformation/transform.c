/* APIs first, since events of functions add to them; then functions; then what the APIs have
 * become.  The rules: AWS's documentation of SAM and what its translator makes. */
#include "control/cloudformation/transform.h"

#include "control/cloudformation/intrinsic.h"
#include "control/cloudformation/sam.h"

static bool is_mergeable(const struct json *value)
{
    return value->type == JSON_OBJECT && !intrinsic_is(value);
}

/* Moves nothing: both sides are copied.  As deep as the deeper of the two. */
static struct json *merge(struct maker *maker, const struct json *global, const struct json *own)
{
    struct json *made;

    if (global->type == JSON_ARRAY && own->type == JSON_ARRAY) {
        made = make_copy(maker, global);
        for (const struct json *one = own->first; one; one = one->next)
            json_append(made, make_copy(maker, one));
        return made;
    }
    if (!is_mergeable(global) || !is_mergeable(own))
        return make_copy(maker, own);
    made = make_copy(maker, own);
    if (!made)
        return NULL;
    for (const struct json *one = global->first; one; one = one->next) {
        const struct json *mine = json_member_span(own, one->name);

        json_set_span(made, one->name, mine ? merge(maker, one, mine) : make_copy(maker, one));
    }
    return made;
}

struct json *sam_properties(struct sam *sam, const struct json *resource, const char *section)
{
    const struct json *own = json_member(resource, "Properties");
    const struct json *global = json_member(sam->template->globals, section);
    struct maker maker = {sam->template, yaml_line(&sam->template->yaml, resource)};
    struct json *none = own && global ? NULL : make_object(&maker);

    return merge(&maker, global ? global : none, own ? own : none);
}

enum fault sam_check_properties(struct sam *sam, const struct json *properties,
                                const char *const names[], const char *type)
{
    for (const struct json *one = properties ? properties->first : NULL; one; one = one->next) {
        size_t i = 0;

        while (names[i] && !span_is(one->name, names[i]))
            i++;
        if (!names[i])
            return template_fail(sam->template, one, FAULT_UNSUPPORTED, sam->why,
                                 "'%.*s' of %s is not supported by Portico", SPAN_ARG(one->name),
                                 type);
    }
    return OK;
}

static enum fault check_globals(struct sam *sam)
{
    static const char *const NAMES[] = {"Function", "Api", NULL};
    enum fault rc =
        template_check_members(sam->template, sam->template->globals, NAMES, "Globals", sam->why);

    for (const struct json *one = sam->template->globals->first; one && !rc; one = one->next)
        if (!is_mergeable(one))
            rc = template_fail(sam->template, one, FAULT_TYPE, sam->why, "'%.*s' must be a map",
                               SPAN_ARG(one->name));
    return rc;
}

static enum fault add_plain(struct sam *sam, const struct json *resource)
{
    struct maker maker = {sam->template, yaml_line(&sam->template->yaml, resource)};
    const struct json *former = json_member_span(sam->template->resources, resource->name);

    if (former)
        return template_fail(sam->template, resource, FAULT_EXISTS, sam->why,
                             "the name '%.*s' is taken by a resource that SAM makes",
                             SPAN_ARG(resource->name));
    json_add(sam->template->resources, resource->name, make_copy(&maker, resource));
    return OK;
}

static bool is_type(const struct json *resource, const char *type)
{
    return span_is(json_member_text(resource, "Type", SPAN("")), type);
}

static enum fault add_resource(struct sam *sam, const struct json *resource)
{
    struct span type = json_member_text(resource, "Type", SPAN(""));

    if (span_is(type, SAM_API))
        return OK; /* noted already */
    if (span_is(type, SAM_FUNCTION))
        return sam_add_function(sam, resource);
    if (span_starts(type, SPAN("AWS::Serverless::")))
        return template_fail(sam->template, json_member(resource, "Type"), FAULT_UNSUPPORTED,
                             sam->why, "%.*s is not yet in Portico", SPAN_ARG(type));
    return add_plain(sam, resource);
}

static enum fault check_full(struct sam *sam)
{
    struct maker maker = {.template = sam->template};

    return make_is_full(&maker)
               ? problem_set(sam->why, FAULT_TOO_LARGE, "the template makes too many resources")
               : OK;
}

enum fault transform_serverless(struct template *template, const struct json *parameters,
                                struct problem *why)
{
    struct sam sam = {
        .template = template, .parameters = parameters, .source = template->resources, .why = why};
    struct maker maker = {template, yaml_line(&template->yaml, template->resources)};
    enum fault rc = OK;

    if (!template->is_serverless)
        return OK;
    template->resources = make_object(&maker);
    sam.names = make_object(&maker);
    if (!template->resources || !sam.names)
        return problem_set(why, FAULT_TOO_LARGE, "the template is too large");
    rc = check_globals(&sam);
    for (const struct json *one = sam.source->first; one && !rc; one = one->next)
        if (is_type(one, SAM_API))
            rc = sam_add_api(&sam, one, yaml_line(&template->yaml, one), NULL);
    for (const struct json *one = sam.source->first; one && !rc; one = one->next)
        rc = add_resource(&sam, one);
    for (struct sam_api *api = sam.first_api; api && !rc; api = api->next)
        rc = sam_expand_api(&sam, api);
    return rc ? rc : check_full(&sam);
}
