/* GatewayResponse: every type is always there; records are only those that were changed. */
#include "control/apigateway/mapping.h"

#define DEFAULT_TEMPLATE "{\"message\":$context.error.messageString}"

/* What the gateways answer by themselves; NULL: the status is that of the failure. */
static const struct {
    struct span type;
    const char *status;
} TYPES[] = {
    {SPAN_INIT("ACCESS_DENIED"), "403"},
    {SPAN_INIT("API_CONFIGURATION_ERROR"), "500"},
    {SPAN_INIT("AUTHORIZER_CONFIGURATION_ERROR"), "500"},
    {SPAN_INIT("AUTHORIZER_FAILURE"), "500"},
    {SPAN_INIT("BAD_REQUEST_BODY"), "400"},
    {SPAN_INIT("BAD_REQUEST_PARAMETERS"), "400"},
    {SPAN_INIT("DEFAULT_4XX"), NULL},
    {SPAN_INIT("DEFAULT_5XX"), NULL},
    {SPAN_INIT("EXPIRED_TOKEN"), "403"},
    {SPAN_INIT("INTEGRATION_FAILURE"), "504"},
    {SPAN_INIT("INTEGRATION_TIMEOUT"), "504"},
    {SPAN_INIT("INVALID_API_KEY"), "403"},
    {SPAN_INIT("INVALID_SIGNATURE"), "403"},
    {SPAN_INIT("MISSING_AUTHENTICATION_TOKEN"), "403"},
    {SPAN_INIT("QUOTA_EXCEEDED"), "429"},
    {SPAN_INIT("REQUEST_TOO_LARGE"), "413"},
    {SPAN_INIT("RESOURCE_NOT_FOUND"), "404"},
    {SPAN_INIT("THROTTLED"), "429"},
    {SPAN_INIT("UNAUTHORIZED"), "401"},
    {SPAN_INIT("UNSUPPORTED_MEDIA_TYPE"), "415"},
    {SPAN_INIT("WAF_FILTERED"), "403"},
};

static struct json *default_templates(struct call *call)
{
    struct json *templates = json_new(call->arena, JSON_OBJECT);

    json_set(templates, "application/json", json_text(call->arena, SPAN(DEFAULT_TEMPLATE)));
    return templates;
}

static struct json *make_default(struct call *call, size_t i)
{
    struct json *tree = json_new(call->arena, JSON_OBJECT);

    json_set(tree, "responseType", json_text(call->arena, TYPES[i].type));
    if (TYPES[i].status)
        json_set(tree, "statusCode", json_text(call->arena, span_of(TYPES[i].status)));
    json_set(tree, "responseParameters", json_new(call->arena, JSON_OBJECT));
    json_set(tree, "responseTemplates", default_templates(call));
    json_set(tree, "defaultResponse", json_bool(call->arena, true));
    return tree;
}

static bool fallback(struct call *call, size_t i, struct span *id, struct json **tree)
{
    if (i >= COUNT(TYPES))
        return false;
    *id = TYPES[i].type;
    *tree = make_default(call, i);
    return true;
}

static bool has_empty(const struct json *map)
{
    for (const struct json *one = map ? map->first : NULL; one; one = one->next)
        if (one->type != JSON_STRING || one->text.len == 0)
            return true;
    return false;
}

static enum fault check(struct call *call, struct span parent, struct json *tree)
{
    const struct json *templates = json_member(tree, "responseTemplates");

    (void)parent;
    if (has_empty(templates))
        return call_refuse_as(call, "BadRequestException",
                              "Invalid null or empty value in responseTemplates");
    if (has_empty(json_member(tree, "responseParameters")))
        return call_refuse_as(call, "BadRequestException",
                              "Invalid null or empty value in responseParameters");
    if (!templates || templates->count == 0)
        json_set(tree, "responseTemplates", default_templates(call));
    json_set(tree, "defaultResponse", json_bool(call->arena, false));
    return mapping_check_gateway(call, json_member(tree, "responseParameters"));
}

static enum fault deleted(struct call *call, struct span parent, struct json *tree)
{
    (void)parent;
    if (json_member_bool(tree, "defaultResponse", false))
        return call_refuse_answer(call, &call->match->operation->kind->missing, SPAN(""));
    return OK;
}

const struct kind_hooks GATEWAY_RESPONSE_HOOKS = {.kind = "GatewayResponse",
                                                  .check = check,
                                                  .checks_updates = true,
                                                  .deleted = deleted,
                                                  .fallback = fallback};
