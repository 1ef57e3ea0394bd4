/* Stage: a deployment under a name, with settings of its own. */
#include "control/patch.h"

/* AWS starts and ends a cache in minutes; here it is there at once. */
static void set_cache_status(struct call *call, struct json *tree)
{
    bool is_enabled = json_member_bool(tree, "cacheClusterEnabled", false);

    json_set(tree, "cacheClusterStatus",
             json_text(call->arena, is_enabled ? SPAN("AVAILABLE") : SPAN("NOT_AVAILABLE")));
    if (is_enabled && !json_member(tree, "cacheClusterSize"))
        json_set(tree, "cacheClusterSize", json_text(call->arena, SPAN("0.5")));
}

static enum fault check(struct call *call, struct span parent, struct json *tree)
{
    (void)parent;
    if (json_member(tree, "canarySettings"))
        return call_not_yet(call, "canarySettings");
    set_cache_status(call, tree);
    return OK;
}

/* ---- settings of methods ------------------------------------------------------------------- */

/* A new override starts as the stage's "all methods", else with the values of the model. */
static struct json *new_setting(struct patch *p, const struct json *settings)
{
    const struct model_member *member = model_member(p->kind->shape, SPAN("methodSettings"));
    const struct json *general = json_member(settings, "*/*");
    struct json *one = json_new(p->call->arena, JSON_OBJECT);

    if (general)
        return json_copy(p->call->arena, general);
    return decode_fallbacks(p->call->arena, member->type->of->shape, one, NULL) ? one : NULL;
}

/* Logs need a role of the account. */
static enum fault check_logging(struct patch *p)
{
    struct json *account;
    enum fault rc;

    if (span_is(p->value, "OFF"))
        return OK;
    if (!span_is(p->value, "ERROR") && !span_is(p->value, "INFO"))
        return call_refuse_as(p->call, "BadRequestException",
                              "Invalid logging level, must be one of [OFF, ERROR, INFO]");
    rc = call_load(p->call, model_kind(p->call->match->service, SPAN("Account")), SPAN(""),
                   SPAN(""), &account);
    if (rc && rc != FAULT_NOT_FOUND)
        return rc;
    if (!rc && json_member_text(account, "cloudwatchRoleArn", SPAN("")).len > 0)
        return OK;
    return call_refuse_as(p->call, "BadRequestException",
                          "CloudWatch Logs role ARN must be set in account settings to enable "
                          "logging");
}

static enum fault patch_setting(struct patch *p)
{
    struct json *settings = json_member(p->tree, "methodSettings");
    struct span key =
        arena_format(p->call->arena, "%.*s/%.*s", SPAN_ARG(patch_variable(p, "resourcePath")),
                     SPAN_ARG(patch_variable(p, "httpMethod")));
    bool is_logging = span_is(p->row->target[p->row->target_count - 1], "loggingLevel");
    enum fault rc = is_logging ? check_logging(p) : OK;

    if (rc)
        return rc;
    if (!settings)
        settings = json_set(p->tree, "methodSettings", json_new(p->call->arena, JSON_OBJECT));
    if (!json_member_span(settings, key))
        json_set_span(settings, key, new_setting(p, settings));
    return patch_change(p);
}

static enum fault patch_access_log(struct patch *p)
{
    if (p->value.len == 0)
        return call_refuse_as(p->call, "BadRequestException", "Access Log value must not be empty");
    return patch_change(p);
}

static const struct patch_hook PATCHES[] = {
    {"stage_setting", patch_setting},
    {"stage_access_log", patch_access_log},
    {NULL, NULL},
};

const struct kind_hooks STAGE_HOOKS = {
    .kind = "Stage", .check = check, .checks_updates = true, .patches = PATCHES};
