/* RestApi: comes with its root resource, and has an id that is unique over all regions. */
#include "control/call.h"

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

static enum fault check(struct call *call, struct span parent, struct json *tree)
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

static enum fault created(struct call *call, struct span parent, struct json *tree)
{
    struct json *root = json_new(call->arena, JSON_OBJECT);
    struct span id = json_member_text(tree, "rootResourceId", SPAN(""));

    (void)parent;
    json_set(root, "id", json_text(call->arena, id));
    json_set(root, "path", json_text(call->arena, SPAN("/")));
    return call_save(call, model_kind(call->match->service, SPAN("Resource")),
                     json_member_text(tree, "id", SPAN("")), id, root, true);
}

const struct kind_hooks REST_API_HOOKS = {.kind = "RestApi", .check = check, .created = created};
