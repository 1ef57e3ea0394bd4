/* AWS::Serverless::Function: a function, a role unless it names one, and for each Api event a
 * method of an API with the permission to call the function. */
#include "control/cloudformation/intrinsic.h"
#include "control/cloudformation/sam.h"

/* Properties that AWS::Lambda::Function has under the same name. */
static const char *const SAME[] = {
    "FunctionName",
    "Description",
    "Handler",
    "Runtime",
    "MemorySize",
    "Timeout",
    "Environment",
    "Tags",
    "Architectures",
    "EphemeralStorage",
    "Layers",
    "KmsKeyArn",
    "VpcConfig",
    "LoggingConfig",
    "FileSystemConfigs",
    "SnapStart",
    "PackageType",
    "CodeSigningConfigArn",
    "ReservedConcurrentExecutions",
};

/* Those that a role is made of. */
static const char *const OF_ROLE[] = {"Policies", "AssumeRolePolicyDocument", "PermissionsBoundary",
                                      "RolePath"};

static const char *const OTHERS[] = {"Role", "CodeUri", "InlineCode", "Tracing", "Events"};

/* One function on its way. */
struct making {
    struct sam *sam;
    struct maker maker;
    const struct json *resource;
    struct json *properties; /* with globals */
    struct span name;
};

static enum fault check_names(struct making *m)
{
    const char *names[COUNT(SAME) + COUNT(OF_ROLE) + COUNT(OTHERS) + 1] = {NULL};
    size_t count = 0;

    for (size_t i = 0; i < COUNT(SAME); i++)
        names[count++] = SAME[i];
    for (size_t i = 0; i < COUNT(OF_ROLE); i++)
        names[count++] = OF_ROLE[i];
    for (size_t i = 0; i < COUNT(OTHERS); i++)
        names[count++] = OTHERS[i];
    return sam_check_properties(m->sam, m->properties, names, SAM_FUNCTION);
}

/* {"ZipFile": text} for inline code, {"S3Bucket": ..} for an object, else the local path. */
static enum fault make_code(struct making *m, struct json *function)
{
    const struct json *code = json_member(m->properties, "InlineCode");
    const struct json *uri = json_member(m->properties, "CodeUri");
    struct json *made;

    if (!code && !uri)
        return template_fail(m->sam->template, m->resource, FAULT_TYPE, m->sam->why,
                             "the function '%.*s' needs CodeUri or InlineCode", SPAN_ARG(m->name));
    if (code) { /* wins over CodeUri, as on AWS */
        made = make_object(&m->maker);
        json_set(made, "ZipFile", make_copy(&m->maker, code));
    } else if (uri->type != JSON_STRING && !intrinsic_is(uri)) {
        return template_fail(m->sam->template, uri, FAULT_UNSUPPORTED, m->sam->why,
                             "CodeUri must be a folder or a zip file; objects of S3 are not yet "
                             "in Portico");
    } else {
        made = make_copy(&m->maker, uri);
    }
    json_set(function, "Code", made);
    return OK;
}

static struct json *assume_role(struct making *m)
{
    struct json *document = make_object(&m->maker), *statement = make_object(&m->maker);
    struct json *principal = make_object(&m->maker);

    json_set(principal, "Service", make_text(&m->maker, SPAN("lambda.amazonaws.com")));
    json_set(statement, "Effect", make_text(&m->maker, SPAN("Allow")));
    json_set(statement, "Principal", principal);
    json_set(statement, "Action", make_text(&m->maker, SPAN("sts:AssumeRole")));
    json_set(document, "Version", make_text(&m->maker, SPAN("2012-10-17")));
    json_append(json_set(document, "Statement", make_list(&m->maker)), statement);
    return document;
}

/* FRole; its policies are recorded with it. */
static enum fault make_role(struct making *m, struct json *function)
{
    const struct json *own = json_member(m->properties, "Role");
    struct span name = arena_format(m->sam->template->arena, "%.*sRole", SPAN_ARG(m->name));
    struct json *role = make_object(&m->maker);

    if (own) {
        json_set(function, "Role", make_copy(&m->maker, own));
        return OK;
    }
    for (size_t i = 0; i < COUNT(OF_ROLE); i++) {
        const struct json *value = json_member(m->properties, OF_ROLE[i]);

        if (value)
            json_set(role, i == COUNT(OF_ROLE) - 1 ? "Path" : OF_ROLE[i],
                     make_copy(&m->maker, value));
    }
    if (!json_member(role, "AssumeRolePolicyDocument"))
        json_set(role, "AssumeRolePolicyDocument", assume_role(m));
    json_set(function, "Role", make_getatt(&m->maker, name, "Arn"));
    return make_resource(&m->maker, name, "AWS::IAM::Role", role, NULL, m->sam->why);
}

/* ---- events -------------------------------------------------------------------------------- */

/* The integration of every Api event. */
static struct json *make_method(struct making *m, struct maker *maker)
{
    struct json *method = make_object(maker), *integration = make_object(maker);

    json_set(integration, "Type", make_text(maker, SPAN("AWS_PROXY")));
    json_set(integration, "IntegrationHttpMethod", make_text(maker, SPAN("POST")));
    json_set(integration, "Uri",
             make_sub(maker, arena_format(m->sam->template->arena,
                                          "arn:${AWS::Partition}:apigateway:${AWS::Region}:"
                                          "lambda:path/2015-03-31/functions/${%.*s.Arn}/"
                                          "invocations",
                                          SPAN_ARG(m->name))));
    json_set(method, "AuthorizationType", make_text(maker, SPAN("NONE")));
    json_set(method, "Integration", integration);
    return method;
}

/* A path with '*' for each variable, and ANY as '*', as permissions have them. */
static struct span arn_tail(struct making *m, struct span verb, struct span path)
{
    struct buf text;
    struct span rest = path, copied;

    buf_init(&text, 4096);
    buf_add(&text, span_equal_nocase(verb, SPAN("ANY")) ? SPAN("*") : verb);
    while (rest.len > 0) {
        size_t open = span_find(rest, '{'), close;

        buf_add(&text, span_first(rest, open));
        rest = span_skip(rest, open);
        close = span_find(rest, '}');
        if (rest.len > 0)
            buf_add_char(&text, '*');
        rest = span_skip(rest, close < rest.len ? close + 1 : close);
    }
    copied = text.is_over ? SPAN("") : arena_copy(m->sam->template->arena, buf_span(&text));
    buf_release(&text);
    return copied;
}

static enum fault make_permission(struct making *m, struct maker *maker, const struct json *event,
                                  const struct plan *plan, const struct plan_method *method)
{
    struct json *permission = make_object(maker);
    struct span name = arena_format(m->sam->template->arena, "%.*s%.*sPermission",
                                    SPAN_ARG(m->name), SPAN_ARG(event->name));
    struct span source =
        arena_format(m->sam->template->arena,
                     "arn:${AWS::Partition}:execute-api:${AWS::Region}:"
                     "${AWS::AccountId}:${%.*s}/*/%.*s",
                     SPAN_ARG(plan->api), SPAN_ARG(arn_tail(m, method->verb, method->path)));

    json_set(permission, "Action", make_text(maker, SPAN("lambda:InvokeFunction")));
    json_set(permission, "FunctionName", make_ref(maker, m->name));
    json_set(permission, "Principal", make_text(maker, SPAN("apigateway.amazonaws.com")));
    json_set(permission, "SourceArn", make_sub(maker, source));
    return make_resource(maker, name, "AWS::Lambda::Permission", permission, NULL, m->sam->why);
}

static enum fault add_api_event(struct making *m, const struct json *event)
{
    static const char *const NAMES[] = {"Path", "Method", "RestApiId", NULL};
    const struct json *properties = json_member(event, "Properties");
    const struct json *verb = json_member(properties, "Method");
    struct maker maker = {m->sam->template, yaml_line(&m->sam->template->yaml, event)};
    struct sam_api *api;
    enum fault rc = sam_check_properties(m->sam, properties, NAMES, "an Api event");

    if (rc)
        return rc;
    if (!json_is(verb, JSON_STRING) || !json_is(json_member(properties, "Path"), JSON_STRING))
        return template_fail(m->sam->template, event, FAULT_TYPE, m->sam->why,
                             "the event '%.*s' needs Path and Method", SPAN_ARG(event->name));
    if ((rc = sam_find_api(m->sam, json_member(properties, "RestApiId"), maker.line, &api)) ||
        (rc = plan_add(&api->plan, json_member(properties, "Path"), verb->text,
                       make_method(m, &maker), m->sam->why)))
        return rc;
    return make_permission(m, &maker, event, &api->plan, api->plan.last);
}

static enum fault add_events(struct making *m)
{
    const struct json *events = json_member(m->properties, "Events");
    enum fault rc = OK;

    if (events && events->type != JSON_OBJECT)
        return template_fail(m->sam->template, events, FAULT_TYPE, m->sam->why,
                             "'Events' must be a map");
    for (const struct json *one = events ? events->first : NULL; one && !rc; one = one->next) {
        static const char *const NAMES[] = {"Type", "Properties", NULL};
        struct span type = json_member_text(one, "Type", SPAN(""));

        if (!span_is(type, "Api"))
            rc = template_fail(m->sam->template, one, FAULT_UNSUPPORTED, m->sam->why,
                               "the event '%.*s' has the type '%.*s'; Portico knows Api",
                               SPAN_ARG(one->name), SPAN_ARG(type));
        else if (!(rc = template_check_members(m->sam->template, one, NAMES, "an event",
                                               m->sam->why)))
            rc = add_api_event(m, one);
    }
    return rc;
}

/* ---- the function -------------------------------------------------------------------------- */

enum fault sam_add_function(struct sam *sam, const struct json *resource)
{
    struct making m = {.sam = sam,
                       .maker = {sam->template, yaml_line(&sam->template->yaml, resource)},
                       .resource = resource,
                       .properties = sam_properties(sam, resource, "Function"),
                       .name = resource->name};
    struct json *function = make_object(&m.maker), *tracing, *made;
    const struct json *depends = json_member(resource, "DependsOn"), *value;
    enum fault rc;

    if (!m.properties || !function)
        return problem_set(sam->why, FAULT_TOO_LARGE, "the template is too large");
    if ((rc = check_names(&m)) || (rc = make_code(&m, function)))
        return rc;
    for (size_t i = 0; i < COUNT(SAME); i++)
        if ((value = json_member(m.properties, SAME[i])) != NULL)
            json_set(function, SAME[i], make_copy(&m.maker, value));
    if ((value = json_member(m.properties, "Tracing")) != NULL) {
        tracing = json_set(function, "TracingConfig", make_object(&m.maker));
        json_set(tracing, "Mode", make_copy(&m.maker, value));
    }
    if ((value = json_member(m.properties, "FunctionName")) != NULL)
        json_set_span(sam->names, m.name, make_copy(&m.maker, value));
    if ((rc = make_role(&m, function)) ||
        (rc = make_resource(&m.maker, m.name, "AWS::Lambda::Function", function, &made, sam->why)))
        return rc;
    if (depends)
        json_set(made, "DependsOn", make_copy(&m.maker, depends));
    return add_events(&m);
}
