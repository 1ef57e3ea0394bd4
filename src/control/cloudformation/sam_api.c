/* AWS::Serverless::Api, and the API that events make without one: a RestApi, its plan, a
 * deployment named after the plan, a stage. */
#include <stdio.h>

#include "base/ascii.h"
#include "control/cloudformation/intrinsic.h"
#include "control/cloudformation/sam.h"

/* Where each property goes; what is not here is refused. */
enum target { TO_API, TO_STAGE, TO_PLAN, TO_NOTHING };

static const struct row {
    const char *name;
    enum target target;
} ROWS[] = {
    {"Name", TO_API},
    {"Description", TO_API},
    {"BinaryMediaTypes", TO_API},
    {"EndpointConfiguration", TO_API},
    {"MinimumCompressionSize", TO_API},
    {"DisableExecuteApiEndpoint", TO_API},
    {"ApiKeySourceType", TO_API},
    {"Tags", TO_API},
    {"StageName", TO_STAGE},
    {"Variables", TO_STAGE},
    {"TracingEnabled", TO_STAGE},
    {"CacheClusterEnabled", TO_STAGE},
    {"CacheClusterSize", TO_STAGE},
    {"Cors", TO_PLAN},
    {"OpenApiVersion", TO_NOTHING}, /* the form of a document that is not made here */
    {"AlwaysDeploy", TO_NOTHING},
    {"FailOnWarnings", TO_NOTHING},
};

static enum fault fail_full(struct sam *sam)
{
    return problem_set(sam->why, FAULT_TOO_LARGE, "the template makes too many resources");
}

static enum fault check_rows(struct sam *sam, const struct json *properties)
{
    const char *names[COUNT(ROWS) + 1] = {NULL};

    for (size_t i = 0; i < COUNT(ROWS); i++)
        names[i] = ROWS[i].name;
    return sam_check_properties(sam, properties, names, SAM_API);
}

enum fault sam_add_api(struct sam *sam, const struct json *resource, unsigned line,
                       struct sam_api **out)
{
    struct sam_api *api = arena_try_array(sam->template->arena, 1, sizeof *api);
    struct span name = resource ? resource->name : SPAN(SAM_IMPLICIT_API);
    struct json *properties = sam_properties(sam, resource, "Api");
    enum fault rc;

    if (!api || !properties)
        return fail_full(sam);
    if ((rc = check_rows(sam, properties)))
        return rc;
    if (resource && !json_member(properties, "StageName"))
        return template_fail(sam->template, resource, FAULT_TYPE, sam->why,
                             "the API '%.*s' needs a StageName", SPAN_ARG(name));
    *api = (struct sam_api){.plan = {.api = name, .template = sam->template},
                            .properties = properties,
                            .source = resource,
                            .line = line};
    if (sam->last_api)
        sam->last_api->next = api;
    else
        sam->first_api = api;
    sam->last_api = api;
    if (out)
        *out = api;
    return OK;
}

static struct sam_api *find_named(struct sam *sam, struct span name)
{
    for (struct sam_api *api = sam->first_api; api; api = api->next)
        if (span_equal(api->plan.api, name))
            return api;
    return NULL;
}

enum fault sam_find_api(struct sam *sam, const struct json *rest_api_id, unsigned line,
                        struct sam_api **out)
{
    const struct json *named = intrinsic_is(rest_api_id) ? rest_api_id->first : NULL;

    if (!rest_api_id) {
        *out = find_named(sam, SPAN(SAM_IMPLICIT_API));
        return *out ? OK : sam_add_api(sam, NULL, line, out);
    }
    *out = named && span_is(named->name, "Ref") ? find_named(sam, named->text) : NULL;
    return *out ? OK
                : template_fail(sam->template, rest_api_id, FAULT_UNSUPPORTED, sam->why,
                                "RestApiId must be !Ref of an " SAM_API " of this template");
}

/* ---- what is made -------------------------------------------------------------------------- */

/* "image~1png", as keys of OpenAPI are written, is image/png. */
static struct json *media_types(struct maker *maker, const struct json *value)
{
    struct json *made = make_copy(maker, value);

    for (struct json *one = made ? made->first : NULL; one; one = one->next) {
        size_t at = span_search(one->text, SPAN("~1"));

        if (one->type == JSON_STRING && at < one->text.len)
            one->text = arena_format(maker->template->arena, "%.*s/%.*s",
                                     SPAN_ARG(span_first(one->text, at)),
                                     SPAN_ARG(span_skip(one->text, at + 2)));
    }
    return made;
}

/* A type, or {Type, VPCEndpointIds}, as CloudFormation has it. */
static struct json *endpoint(struct maker *maker, const struct json *value)
{
    const struct json *type = value, *vpc = NULL;
    struct json *made = make_object(maker), *types = make_list(maker);

    if (value->type == JSON_OBJECT && !intrinsic_is(value)) {
        type = json_member(value, "Type");
        vpc = json_member(value, "VPCEndpointIds");
    }
    if (type)
        json_append(types, make_copy(maker, type));
    json_set(made, "Types", types);
    if (vpc)
        json_set(made, "VpcEndpointIds", make_copy(maker, vpc));
    return made;
}

static struct json *convert(struct maker *maker, const struct json *value)
{
    if (span_is(value->name, "BinaryMediaTypes"))
        return media_types(maker, value);
    if (span_is(value->name, "EndpointConfiguration"))
        return endpoint(maker, value);
    return make_copy(maker, value);
}

static struct json *pick(struct maker *maker, const struct json *properties, enum target target)
{
    struct json *made = make_object(maker);

    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct json *value = json_member(properties, ROWS[i].name);

        if (ROWS[i].target == target && value)
            json_set(made, ROWS[i].name, convert(maker, value));
    }
    return made;
}

/* What a deployment's name depends on besides the methods. */
static struct json *salt_of(struct sam *sam, struct maker *maker, const struct json *api)
{
    struct json *salt = make_object(maker);

    json_set(salt, "api", make_copy(maker, api));
    json_set(salt, "names", make_copy(maker, sam->names));
    json_set(salt, "parameters", json_copy(sam->template->arena, sam->parameters));
    return salt;
}

/* The stage's logical id: the API's, the stage's name where that is plain, "Stage". */
static struct span stage_id(struct sam *sam, struct span api, const struct json *name)
{
    struct span text = json_is(name, JSON_STRING) ? name->text : SPAN("");

    for (size_t i = 0; i < text.len; i++)
        if (!ascii_is_alnum(text.at[i]))
            text.len = 0;
    return arena_format(sam->template->arena, "%.*s%.*sStage", SPAN_ARG(api), SPAN_ARG(text));
}

static enum fault make_deployment(struct sam *sam, struct sam_api *api, struct maker *maker,
                                  struct json *methods, const char *hash)
{
    struct span id =
        arena_format(sam->template->arena, "%.*sDeployment%s", SPAN_ARG(api->plan.api), hash);
    struct json *properties = make_object(maker), *stage, *made;
    enum fault rc;

    if (!id.at)
        return fail_full(sam);
    json_set(properties, "RestApiId", make_ref(maker, api->plan.api));
    json_set(properties, "Description", make_format(maker, "RestApi deployment id: %s", hash));
    if ((rc = make_resource(maker, id, "AWS::ApiGateway::Deployment", properties, &made, sam->why)))
        return rc;
    json_set(made, "DependsOn", methods);
    stage = pick(maker, api->properties, TO_STAGE);
    if (!api->source)
        json_set(stage, "StageName", make_text(maker, SPAN(SAM_IMPLICIT_STAGE)));
    json_set(stage, "RestApiId", make_ref(maker, api->plan.api));
    json_set(stage, "DeploymentId", make_ref(maker, id));
    id = stage_id(sam, api->plan.api, json_member(stage, "StageName"));
    return id.at ? make_resource(maker, id, "AWS::ApiGateway::Stage", stage, NULL, sam->why)
                 : fail_full(sam);
}

enum fault sam_expand_api(struct sam *sam, struct sam_api *api)
{
    struct maker maker = {sam->template, api->line};
    struct json *properties = pick(&maker, api->properties, TO_API);
    struct json *methods = make_list(&maker), *made, *cors = json_member(api->properties, "Cors");
    char hash[PLAN_HASH_LEN + 1];
    enum fault rc = OK;

    if (!properties || !methods)
        return fail_full(sam);
    if (api->plan.count == 0)
        return template_fail(sam->template, api->source, FAULT_UNSUPPORTED, sam->why,
                             "no event of a function adds a method to the API '%.*s'",
                             SPAN_ARG(api->plan.api));
    if (!json_member(properties, "Name"))
        json_set(properties, "Name", make_ref(&maker, SPAN("AWS::StackName")));
    if (cors)
        rc = plan_add_cors(&api->plan, cors, sam->why);
    if (!rc)
        rc = plan_hash(&api->plan, salt_of(sam, &maker, properties), hash, sam->why);
    if (!rc)
        rc = make_resource(&maker, api->plan.api, "AWS::ApiGateway::RestApi", properties, &made,
                           sam->why);
    if (rc)
        return rc;
    if (json_member(api->source, "DependsOn"))
        json_set(made, "DependsOn", make_copy(&maker, json_member(api->source, "DependsOn")));
    rc = plan_expand(&api->plan, methods, sam->why);
    return rc ? rc : make_deployment(sam, api, &maker, methods, hash);
}
