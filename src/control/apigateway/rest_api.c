/* RestApi: comes with its root resource and two models, and has an id that is unique over all
 * regions. */
#include "control/apigateway/resource_policy.h"
#include "control/patch.h"

static enum fault check_endpoint(struct call *call, struct json *tree)
{
    struct json *endpoint = json_member(tree, "endpointConfiguration");
    const struct json *types = json_member(endpoint, "types");
    struct span address = json_member_text(endpoint, "ipAddressType", SPAN(""));
    bool is_private = types && types->first && span_is(types->first->text, "PRIVATE");

    if (types && types->count == 0)
        return call_refuse_as(
            call, "BadRequestException",
            "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.");
    if (types && types->count > 1)
        return call_refuse_as(call, "BadRequestException",
                              "Cannot create an api with multiple Endpoint Types.");
    if (is_private && span_is(address, "ipv4"))
        return call_refuse_as(call, "BadRequestException",
                              "Only dualstack ipAddressType is supported for Private APIs.");
    if (is_private && address.len == 0)
        json_set(endpoint, "ipAddressType", json_text(call->arena, SPAN("dualstack")));
    if (!is_private && json_member(endpoint, "vpcEndpointIds"))
        return call_refuse_as(call, "BadRequestException",
                              "VPCEndpoints can only be specified with PRIVATE apis.");
    return OK;
}

static bool is_plain_id(struct span id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!((id.at[i] >= 'a' && id.at[i] <= 'z') || (id.at[i] >= '0' && id.at[i] <= '9')))
            return false;
    return id.len > 0 && id.len <= 64;
}

static enum fault check_new(struct call *call, struct span parent, struct json *tree)
{
    struct span id = json_member_text(tree, "id", SPAN(""));
    const struct json *media = json_member(tree, "binaryMediaTypes");
    struct record_key key = {.kind = SPAN("RestApi"), .id = id, .parent = parent};
    enum fault rc;

    if (json_member(call->input, "cloneFrom"))
        return call_not_yet(call, "cloneFrom");
    if (!is_plain_id(id))
        return call_refuse_as(call, "BadRequestException",
                              "The tag _custom_id_ must be 1 to 64 characters of a-z and 0-9");
    rc = store_find(call->tx, &key, call->arena, NULL, NULL);
    if (rc == OK)
        return call_refuse_as(call, "ConflictException",
                              "The API id is taken; choose another _custom_id_");
    if (rc != FAULT_NOT_FOUND)
        return rc;
    if (media && media->count == 0)
        json_remove(tree, SPAN("binaryMediaTypes"));
    json_set(tree, "rootResourceId",
             json_text(call->arena, call_new_id(call, call->match->operation->kind, NULL)));
    return check_endpoint(call, tree);
}

static enum fault check(struct call *call, struct span parent, struct json *tree)
{
    bool is_update = call->match->operation->verb == VERB_UPDATE;
    enum fault rc = is_update ? check_endpoint(call, tree) : check_new(call, parent, tree);

    return rc ? rc : resource_policy_check(call, tree);
}

/* The type stands in the path; what is replaced leaves and `value` joins. */
static enum fault patch_media_type(struct patch *p)
{
    struct span type = patch_variable(p, "type"), none = {NULL, 0};

    if (p->op == PATCH_REPLACE && p->value.len == 0)
        return call_refuse_as(p->call, "BadRequestException",
                              "Invalid null or empty value in binaryMediaTypes");
    patch_list(p, p->tree, "binaryMediaTypes", p->op == PATCH_ADD ? none : type,
               p->op == PATCH_ADD       ? type
               : p->op == PATCH_REPLACE ? p->value
                                        : none);
    return OK;
}

/* There is exactly one type, whatever the path calls it: "0" or its name. */
static enum fault patch_endpoint_type(struct patch *p)
{
    struct json *endpoint = json_member(p->tree, "endpointConfiguration");
    struct json *types = json_new(p->call->arena, JSON_ARRAY);

    if (!span_is(p->value, "REGIONAL") && !span_is(p->value, "EDGE") &&
        !span_is(p->value, "PRIVATE"))
        return call_refuse_as(p->call, "BadRequestException",
                              "Invalid EndpointTypes specified. Valid options are "
                              "REGIONAL,EDGE,PRIVATE");
    json_append(types, json_text(p->call->arena, p->value));
    json_set(endpoint, "types", types);
    if (span_is(p->value, "PRIVATE")) /* switches by itself */
        json_set(endpoint, "ipAddressType", json_text(p->call->arena, SPAN("dualstack")));
    return OK;
}

static enum fault patch_address_type(struct patch *p)
{
    struct json *endpoint = json_member(p->tree, "endpointConfiguration");

    if (!span_is(p->value, "ipv4") && !span_is(p->value, "dualstack"))
        return call_refuse_as(p->call, "BadRequestException",
                              "ipAddressType must be either ipv4 or dualstack.");
    json_set(endpoint, "ipAddressType", json_text(p->call->arena, p->value));
    return OK;
}

static const struct patch_hook PATCHES[] = {
    {"rest_api_media_type", patch_media_type},
    {"rest_api_endpoint_type", patch_endpoint_type},
    {"rest_api_address_type", patch_address_type},
    {NULL, NULL},
};

static enum fault created(struct call *call, struct span parent, struct json *tree)
{
    struct json *root = json_new(call->arena, JSON_OBJECT);
    struct span api = json_member_text(tree, "id", SPAN(""));
    struct span id = json_member_text(tree, "rootResourceId", SPAN(""));
    enum fault rc;

    (void)parent;
    json_set(root, "id", json_text(call->arena, id));
    json_set(root, "path", json_text(call->arena, SPAN("/")));
    rc = call_save(call, model_kind(call->match->service, SPAN("Resource")), api, id, root, true);
    return rc ? rc : model_create_defaults(call, api);
}

static enum fault show(struct call *call, struct span parent, struct json *tree)
{
    (void)parent;
    resource_policy_show(call, tree);
    return OK;
}

const struct kind_hooks REST_API_HOOKS = {.kind = "RestApi",
                                          .check = check,
                                          .checks_updates = true,
                                          .patches = PATCHES,
                                          .created = created,
                                          .show = show};
