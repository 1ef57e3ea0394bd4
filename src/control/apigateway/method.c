/* Method: shown with its responses and its integration, which are records of their own. */
#include "control/apigateway/mapping.h"
#include "control/patch.h"

static enum fault check(struct call *call, struct span parent, struct json *tree)
{
    struct span type = json_member_text(tree, "authorizationType", SPAN(""));
    const struct model_member *authorizer =
        model_member(call->match->operation->kind->shape, SPAN("authorizerId"));
    bool needs_authorizer = span_is(type, "CUSTOM") || span_is(type, "COGNITO_USER_POOLS");

    (void)parent;
    if (needs_authorizer) /* authorizers do not exist yet, so none is valid */
        return call_refuse_answer(call, &authorizer->unknown, SPAN(""));
    if (!span_is(type, "NONE") && !span_is(type, "AWS_IAM"))
        return call_refuse_as(call, "BadRequestException",
                              "Invalid authorization type specified. Valid options are "
                              "NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS");
    json_remove(tree, SPAN("authorizerId")); /* dropped silently, as on AWS */
    return mapping_check_declared(call, json_member(tree, "requestParameters"));
}

/* The records of a kind below `path` as an object by status. */
static enum fault show_responses(struct call *call, const char *kind, struct span path,
                                 const char *member, struct json *tree)
{
    struct json *all, *shown = json_new(call->arena, JSON_OBJECT);
    enum fault rc = call_load_all(call, kind, path, &all);
    struct json *one = rc ? NULL : all->first, *next;

    for (; one; one = next) {
        next = one->next;
        one->next = NULL;
        json_set_span(shown, json_member_text(one, "statusCode", SPAN("")), one);
    }
    if (!rc && shown->count > 0)
        json_set(tree, member, shown);
    return rc;
}

static enum fault show(struct call *call, struct span parent, struct json *tree)
{
    const struct model_kind *integration = model_kind(call->match->service, SPAN("Integration"));
    struct span path = arena_format(call->arena, "%.*s/%.*s", SPAN_ARG(parent),
                                    SPAN_ARG(json_member_text(tree, "httpMethod", SPAN(""))));
    enum fault rc = show_responses(call, "MethodResponse", path, "methodResponses", tree);
    struct json *one;

    if (rc)
        return rc;
    rc = call_load(call, integration, path, SPAN(""), &one);
    if (rc == FAULT_NOT_FOUND)
        return OK;
    if (!rc)
        rc = INTEGRATION_HOOKS.show(call, path, one);
    if (!rc)
        json_set(tree, "methodIntegration", one);
    return rc;
}

/* add joins, remove drops; replace takes scopes with commas between. */
static enum fault patch_scopes(struct patch *p)
{
    struct span rest = p->value, one, none = {NULL, 0};

    if (p->op == PATCH_REPLACE)
        json_remove(p->tree, SPAN("authorizationScopes"));
    if (p->op == PATCH_REMOVE && !p->has_value) {
        json_remove(p->tree, SPAN("authorizationScopes"));
        return OK;
    }
    while (span_split(&rest, ',', &one))
        patch_list(p, p->tree, "authorizationScopes", p->op == PATCH_REMOVE ? span_trim(one) : none,
                   p->op == PATCH_REMOVE ? none : span_trim(one));
    return OK;
}

static const struct patch_hook METHOD_PATCHES[] = {{"method_scopes", patch_scopes}, {NULL, NULL}};

const struct kind_hooks METHOD_HOOKS = {.kind = "Method",
                                        .check = check,
                                        .checks_updates = true,
                                        .patches = METHOD_PATCHES,
                                        .show = show};

static enum fault show_integration(struct call *call, struct span parent, struct json *tree)
{
    return show_responses(call, "IntegrationResponse", parent, "integrationResponses", tree);
}

/* ":lambda:path/2015-03-31/functions/{arn}/invocations", also with the streaming form's path and
 * last word; or an action of Firehose. */
static bool is_invocation(struct span uri)
{
    size_t at = span_search(uri, SPAN(":lambda:path/"));
    size_t functions = span_search(uri, SPAN("/functions/arn:"));

    if (span_search(uri, SPAN(":firehose:")) < uri.len)
        return true;
    return at < functions && functions < uri.len &&
           (span_ends(uri, SPAN("/invocations")) ||
            span_ends(uri, SPAN("/response-streaming-invocations")));
}

/* The checks of spec/control-plane-rest.md, section 5.4, in AWS's words. */
static enum fault check_endpoint(struct call *call, const struct json *tree)
{
    struct span type = json_member_text(tree, "type", SPAN(""));
    struct span uri = json_member_text(tree, "uri", SPAN(""));
    bool is_aws = span_starts(type, SPAN("AWS")), is_mock = span_is(type, "MOCK");

    if (!is_mock && json_member_text(tree, "httpMethod", SPAN("")).len == 0)
        return call_refuse_as(call, "BadRequestException",
                              "Enumeration value for HttpMethod must be non-empty");
    if (span_starts(type, SPAN("HTTP")) && !span_starts(uri, SPAN("http://")) &&
        !span_starts(uri, SPAN("https://")))
        return call_refuse_as(call, "BadRequestException",
                              "Invalid HTTP endpoint specified for URI");
    if (is_aws && !span_starts(uri, SPAN("arn:")))
        return call_refuse_as(call, "BadRequestException", "Invalid ARN specified in the request");
    if (is_aws && span_search(uri, SPAN(":path/")) == uri.len &&
        span_search(uri, SPAN(":action/")) == uri.len)
        return call_refuse_as(call, "BadRequestException",
                              "AWS ARN for integration must contain path or action");
    if (span_is(type, "AWS_PROXY") && !is_invocation(uri))
        return call_refuse_as(call, "BadRequestException",
                              "Integrations of type 'AWS_PROXY' currently only supports Lambda "
                              "function and Firehose stream invocations.");
    return OK;
}

static enum fault check_integration(struct call *call, struct span parent, struct json *tree)
{
    enum fault rc = check_endpoint(call, tree);

    if (!rc)
        rc = mapping_check_request(call, parent, json_member(tree, "requestParameters"));
    return rc ? rc : mapping_check_types(call, json_member(tree, "requestTemplates"));
}

/* The parameter stands in the path.  The list is shown when it is empty, too. */
static enum fault patch_cache_key(struct patch *p)
{
    struct span name = patch_variable(p, "name"), none = {NULL, 0};

    patch_list(p, p->tree, "cacheKeyParameters", p->op == PATCH_REMOVE ? name : none,
               p->op == PATCH_REMOVE ? none : name);
    if (!json_member(p->tree, "cacheKeyParameters"))
        json_set(p->tree, "cacheKeyParameters", json_new(p->call->arena, JSON_ARRAY));
    return OK;
}

static const struct patch_hook INTEGRATION_PATCHES[] = {{"integration_cache_key", patch_cache_key},
                                                        {NULL, NULL}};

const struct kind_hooks INTEGRATION_HOOKS = {.kind = "Integration",
                                             .check = check_integration,
                                             .checks_updates = true,
                                             .patches = INTEGRATION_PATCHES,
                                             .show = show_integration};

/* A second response without a pattern would never be chosen: AWS refuses it. */
static enum fault check_pattern(struct call *call, struct span parent, const struct json *tree)
{
    struct span status = json_member_text(tree, "statusCode", SPAN(""));
    struct json *all;
    enum fault rc;

    if (json_member_text(tree, "selectionPattern", SPAN("")).len > 0)
        return OK;
    rc = call_load_all(call, "IntegrationResponse", parent, &all);
    for (const struct json *one = rc ? NULL : all->first; one; one = one->next)
        if (!span_equal(json_member_text(one, "statusCode", SPAN("")), status) &&
            json_member_text(one, "selectionPattern", SPAN("")).len == 0)
            return call_refuse_as(call, "ConflictException",
                                  "Integration response with selection pattern default already "
                                  "exists");
    return rc;
}

static enum fault check_response(struct call *call, struct span parent, struct json *tree)
{
    const struct model_kind *kind = model_kind(call->match->service, SPAN("MethodResponse"));
    struct json *templates = json_member(tree, "responseTemplates"), *method_response;
    const struct json *parameters = json_member(tree, "responseParameters");
    enum fault rc = check_pattern(call, parent, tree);

    for (struct json *one = templates ? templates->first : NULL; one; one = one->next)
        if (one->type == JSON_STRING && one->text.len == 0)
            one->type = JSON_NULL; /* AWS stores and returns an empty template as null */
    if (!rc)
        rc = mapping_check_types(call, templates);
    if (rc || !parameters || parameters->count == 0)
        return rc;
    rc = call_load(call, kind, parent, json_member_text(tree, "statusCode", SPAN("")),
                   &method_response);
    if (rc == FAULT_NOT_FOUND)
        return call_refuse_as(call, "BadRequestException",
                              "Invalid mapping expression specified: Validation Result: "
                              "warnings : [], errors : [No method response exists for method.]");
    return rc ? rc : mapping_check_response(call, method_response, parameters);
}

const struct kind_hooks INTEGRATION_RESPONSE_HOOKS = {
    .kind = "IntegrationResponse", .check = check_response, .checks_updates = true};
