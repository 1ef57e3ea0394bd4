/* AWS::ApiGateway: RestApi, Resource, Method, Deployment, Stage. */
#include "control/cloudformation/coerce.h"
#include "control/cloudformation/deploy.h"

#define API_ID_LEN 10
#define SMALL_ID_LEN 6
#define SERVICE "apigateway"
#define IN_API "AWS::ApiGateway::"

/* Ids that the operation gives to what it makes. */
static enum fault choose_ids(struct deploy *d, struct batch_call *one, struct span first,
                             struct span second)
{
    struct span *ids = arena_try_array(d->arena, 2, sizeof *ids);

    if (!ids)
        return problem_set(d->why, FAULT_NO_MEMORY, "the template is too large");
    ids[0] = first;
    ids[1] = second;
    one->call.ids = ids;
    one->call.id_count = second.len > 0 ? 2 : 1;
    return OK;
}

static struct span id_of(const struct json *entry)
{
    return json_member_text(entry, "PhysicalResourceId", SPAN(""));
}

/* An operation that has only labels: the API and one more. */
static enum fault add_labels(struct deploy *d, const char *operation, const struct json *entry,
                             const char *label, struct span value)
{
    struct json *input = deploy_object(d);

    deploy_set(d, input, "restApiId", deploy_text(json_member(entry, "Properties"), "RestApiId"));
    deploy_set(d, input, label, value);
    return deploy_add(d, NULL, SERVICE, operation, input, NULL);
}

/* ---- RestApi ------------------------------------------------------------------------------- */

static struct span chosen_id(const struct item *item)
{
    const struct json *tags = json_member(item->properties, "Tags");

    if (json_is(tags, JSON_OBJECT))
        return deploy_text(tags, "_custom_id_");
    for (const struct json *one = tags ? tags->first : NULL; one; one = one->next)
        if (span_is(deploy_text(one, "Key"), "_custom_id_"))
            return deploy_text(one, "Value");
    return SPAN("");
}

static enum fault describe_api(struct deploy *d, struct item *item)
{
    static const char *const LATER[] = {"Body", "BodyS3Location", "Parameters", "Mode"};
    struct span name = item->resource->node->name, id = chosen_id(item);
    struct span root = arena_format(d->arena, "%.*s/", SPAN_ARG(name));

    for (size_t i = 0; i < COUNT(LATER); i++)
        if (json_member(item->properties, LATER[i]))
            return deploy_fail(d, item, LATER[i], FAULT_UNSUPPORTED,
                               "OpenAPI documents ('%s') are not yet in Portico", LATER[i]);
    if (id.len == 0)
        id = identity_id(d->arena, &d->identity, name, API_ID_LEN);
    deploy_attribute(d, item, "Ref", id);
    deploy_attribute(d, item, "RestApiId", id);
    deploy_attribute(d, item, "RootResourceId",
                     identity_id(d->arena, &d->identity, root, API_ID_LEN));
    return OK;
}

static enum fault create_api(struct deploy *d, struct item *item)
{
    static const struct coerce_rename RENAMES[] = {{"ApiKeySourceType", "apiKeySource"}, {0}};
    static const char *const LEFT_OUT[] = {"FailOnWarnings", NULL};
    struct batch_call *one;
    struct json *input;
    enum fault rc = deploy_input(d, item, SERVICE, "CreateRestApi", LEFT_OUT, RENAMES, &input);

    if (!rc)
        rc = deploy_add(d, item, SERVICE, "CreateRestApi", input, &one);
    return rc ? rc
              : choose_ids(d, one, deploy_ref(item),
                           json_member_text(item->attributes, "RootResourceId", SPAN("")));
}

static enum fault remove_api(struct deploy *d, const struct json *entry)
{
    struct json *input = deploy_object(d);

    deploy_set(d, input, "restApiId", id_of(entry));
    return deploy_add(d, NULL, SERVICE, "DeleteRestApi", input, NULL);
}

/* Adds {"op":"replace","path","value"}. */
static void add_patch(struct deploy *d, struct json *list, const char *path, struct span value)
{
    struct json *one = deploy_object(d);

    deploy_set(d, one, "op", SPAN("replace"));
    deploy_set(d, one, "path", span_of(path));
    deploy_set(d, one, "value", value);
    json_append(list, one);
}

static bool is_in(struct span name, const char *const names[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_is(name, names[i]))
            return true;
    return false;
}

/* Whether a patch can do it: texts of the names given are new or others, all else is as it was. */
static bool differs_only_in(const struct item *item, const char *const names[], size_t count)
{
    const struct json *now = item->properties, *then = deploy_former(item);

    for (const struct json *one = now->first; one; one = one->next) {
        const struct json *other = json_member_span(then, one->name);

        if (is_in(one->name, names, count) ? one->type != JSON_STRING
                                           : !other || !json_equal(one, other))
            return false;
    }
    for (const struct json *one = then->first; one; one = one->next)
        if (!json_member_span(now, one->name))
            return false;
    return true;
}

static enum fault update_api(struct deploy *d, struct item *item)
{
    static const char *const NAMES[] = {"Name", "Description"};
    static const char *const PATHS[] = {"/name", "/description"};
    struct json *input = deploy_object(d), *list;

    if (!differs_only_in(item, NAMES, COUNT(NAMES)))
        return FAULT_UNSUPPORTED;
    deploy_set(d, input, "restApiId", deploy_ref(item));
    list = json_set(input, "patchOperations", json_new(d->arena, JSON_ARRAY));
    for (size_t i = 0; i < COUNT(NAMES); i++)
        if (deploy_text(item->properties, NAMES[i]).len > 0)
            add_patch(d, list, PATHS[i], deploy_text(item->properties, NAMES[i]));
    return deploy_add(d, item, SERVICE, "UpdateRestApi", input, NULL);
}

/* ---- Resource ------------------------------------------------------------------------------ */

static enum fault describe_resource(struct deploy *d, struct item *item)
{
    struct span id = identity_id(d->arena, &d->identity, item->resource->node->name, SMALL_ID_LEN);

    deploy_attribute(d, item, "Ref", id);
    deploy_attribute(d, item, "ResourceId", id);
    return OK;
}

static enum fault create_resource(struct deploy *d, struct item *item)
{
    struct batch_call *one;
    struct json *input;
    enum fault rc = deploy_input(d, item, SERVICE, "CreateResource", NULL, NULL, &input);

    if (!rc)
        rc = deploy_add(d, item, SERVICE, "CreateResource", input, &one);
    return rc ? rc : choose_ids(d, one, deploy_ref(item), SPAN(""));
}

static enum fault remove_resource(struct deploy *d, const struct json *entry)
{
    return add_labels(d, "DeleteResource", entry, "resourceId", id_of(entry));
}

/* ---- Method -------------------------------------------------------------------------------- */

static enum fault describe_method(struct deploy *d, struct item *item)
{
    deploy_attribute(d, item, "Ref",
                     identity_name(d->arena, &d->identity, item->resource->node->name, 128));
    return OK;
}

/* The labels of everything below a method. */
static void set_method(struct deploy *d, struct json *input, const struct json *properties)
{
    deploy_set(d, input, "restApiId", deploy_text(properties, "RestApiId"));
    deploy_set(d, input, "resourceId", deploy_text(properties, "ResourceId"));
    deploy_set(d, input, "httpMethod", deploy_text(properties, "HttpMethod"));
}

/* One put of a part of a method; `part` is a map of the template. */
static enum fault put_part(struct deploy *d, const struct item *item, const char *operation,
                           const struct json *part, const char *left_out)
{
    const struct model_operation *op = model_operation(model_service(SERVICE), span_of(operation));
    struct json *given = json_copy(d->arena, part), *input;
    struct problem inner;

    if (!json_is(given, JSON_OBJECT))
        return deploy_fail(d, item, NULL, FAULT_TYPE, "'%.*s' must be a map", SPAN_ARG(part->name));
    if (left_out)
        json_remove(given, span_of(left_out));
    if (coerce_properties(d->arena, op->input, given, NULL, &input, &inner) != OK)
        return deploy_fail(d, item, left_out ? "Integration" : "MethodResponses", inner.code, "%s",
                           inner.text);
    set_method(d, input, item->properties);
    return deploy_add(d, item, SERVICE, operation, input, NULL);
}

static enum fault put_each(struct deploy *d, const struct item *item, const char *operation,
                           const struct json *list)
{
    enum fault rc = OK;

    if (list && list->type != JSON_ARRAY)
        return deploy_fail(d, item, NULL, FAULT_TYPE, "'%.*s' must be a list",
                           SPAN_ARG(list->name));
    for (const struct json *one = list ? list->first : NULL; one && !rc; one = one->next)
        rc = put_part(d, item, operation, one, NULL);
    return rc;
}

static enum fault create_method(struct deploy *d, struct item *item)
{
    static const char *const LEFT_OUT[] = {"Integration", "MethodResponses", NULL};
    const struct json *integration = json_member(item->properties, "Integration");
    const struct json *responses = json_member(item->properties, "MethodResponses");
    struct json *input;
    enum fault rc = deploy_input(d, item, SERVICE, "PutMethod", LEFT_OUT, NULL, &input);

    if (!rc && !json_member(input, "authorizationType"))
        deploy_set(d, input, "authorizationType", SPAN("NONE"));
    if (!rc)
        rc = deploy_add(d, item, SERVICE, "PutMethod", input, NULL);
    if (!rc)
        rc = put_each(d, item, "PutMethodResponse", responses);
    if (!rc && integration)
        rc = put_part(d, item, "PutIntegration", integration, "IntegrationResponses");
    if (!rc && integration)
        rc = put_each(d, item, "PutIntegrationResponse",
                      json_member(integration, "IntegrationResponses"));
    return rc;
}

static enum fault remove_method(struct deploy *d, const struct json *entry)
{
    struct json *input = deploy_object(d);

    set_method(d, input, json_member(entry, "Properties"));
    return deploy_add(d, NULL, SERVICE, "DeleteMethod", input, NULL);
}

/* ---- Deployment ---------------------------------------------------------------------------- */

/* A deployment does not change: other properties are another one. */
static enum fault describe_deployment(struct deploy *d, struct item *item)
{
    struct span id;
    struct buf text;

    if (json_member(item->properties, "StageDescription"))
        return deploy_fail(d, item, "StageDescription", FAULT_UNSUPPORTED,
                           "'StageDescription' is not yet in Portico; make an "
                           "AWS::ApiGateway::Stage");
    buf_init(&text, RECORD_BODY_MAX);
    buf_addf(&text, "%.*s ", SPAN_ARG(item->resource->node->name));
    json_write(&text, item->properties);
    id = identity_id(d->arena, &d->identity, buf_span(&text), API_ID_LEN);
    buf_release(&text);
    deploy_attribute(d, item, "Ref", id);
    deploy_attribute(d, item, "DeploymentId", id);
    return OK;
}

static enum fault create_deployment(struct deploy *d, struct item *item)
{
    struct batch_call *one;
    struct json *input;
    enum fault rc = deploy_input(d, item, SERVICE, "CreateDeployment", NULL, NULL, &input);

    if (!rc)
        rc = deploy_add(d, item, SERVICE, "CreateDeployment", input, &one);
    return rc ? rc : choose_ids(d, one, deploy_ref(item), SPAN(""));
}

static enum fault remove_deployment(struct deploy *d, const struct json *entry)
{
    return add_labels(d, "DeleteDeployment", entry, "deploymentId", id_of(entry));
}

/* ---- Stage --------------------------------------------------------------------------------- */

static enum fault describe_stage(struct deploy *d, struct item *item)
{
    static const char *const LATER[] = {"AccessLogSetting", "CanarySetting", "MethodSettings",
                                        "ClientCertificateId"};
    struct span name = deploy_text(item->properties, "StageName");

    for (size_t i = 0; i < COUNT(LATER); i++)
        if (json_member(item->properties, LATER[i]))
            return deploy_fail(d, item, LATER[i], FAULT_UNSUPPORTED,
                               "'%s' of a stage is not yet in Portico", LATER[i]);
    if (name.len == 0)
        return deploy_fail(d, item, NULL, FAULT_TYPE, "a stage needs a StageName");
    deploy_attribute(d, item, "Ref", name);
    return OK;
}

static enum fault create_stage(struct deploy *d, struct item *item)
{
    struct json *input;
    enum fault rc = deploy_input(d, item, SERVICE, "CreateStage", NULL, NULL, &input);

    return rc ? rc : deploy_add(d, item, SERVICE, "CreateStage", input, NULL);
}

static enum fault remove_stage(struct deploy *d, const struct json *entry)
{
    return add_labels(d, "DeleteStage", entry, "stageName", id_of(entry));
}

/* Another deployment in place, so that what was set by hand stays. */
static enum fault update_stage(struct deploy *d, struct item *item)
{
    static const char *const NAMES[] = {"DeploymentId"};
    struct json *input = deploy_object(d), *list;

    if (!differs_only_in(item, NAMES, COUNT(NAMES)))
        return FAULT_UNSUPPORTED;
    deploy_set(d, input, "restApiId", deploy_text(item->properties, "RestApiId"));
    deploy_set(d, input, "stageName", deploy_ref(item));
    list = json_set(input, "patchOperations", json_new(d->arena, JSON_ARRAY));
    add_patch(d, list, "/deploymentId", deploy_text(item->properties, "DeploymentId"));
    return deploy_add(d, item, SERVICE, "UpdateStage", input, NULL);
}

const struct kind_of_resource API_KINDS[] = {
    {.type = "AWS::ApiGateway::RestApi",
     .holds = true,
     .describe = describe_api,
     .create = create_api,
     .remove = remove_api,
     .update = update_api},
    {.type = "AWS::ApiGateway::Resource",
     .holds = true,
     .within = IN_API,
     .goes_first = true,
     .describe = describe_resource,
     .create = create_resource,
     .remove = remove_resource},
    {.type = "AWS::ApiGateway::Method",
     .within = IN_API,
     .goes_first = true,
     .describe = describe_method,
     .create = create_method,
     .remove = remove_method},
    {.type = "AWS::ApiGateway::Deployment",
     .within = IN_API,
     .describe = describe_deployment,
     .create = create_deployment,
     .remove = remove_deployment},
    {.type = "AWS::ApiGateway::Stage",
     .within = IN_API,
     .goes_first = true,
     .describe = describe_stage,
     .create = create_stage,
     .remove = remove_stage,
     .update = update_stage},
    {0},
};
