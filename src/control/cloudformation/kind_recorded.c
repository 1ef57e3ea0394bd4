/* Types that templates need and Portico has no use for yet: they are known by name, so that others
 * can refer to them, and are said to be no more than that. */
#include "control/cloudformation/deploy.h"

#define NAME_MOST 64
#define GROUP_MOST 512

/* The name that the template gives, or one that is made. */
static struct span name_of(struct deploy *d, const struct item *item, const char *property,
                           size_t most)
{
    struct span given = deploy_text(item->properties, property);

    return given.len > 0 ? given
                         : identity_name(d->arena, &d->identity, item->resource->node->name, most);
}

static struct span arn(struct deploy *d, const char *what, struct span path, struct span name)
{
    return arena_format(d->arena, "arn:aws:iam::%.*s:%s%.*s%.*s", SPAN_ARG(d->identity.account),
                        what, SPAN_ARG(path.len > 0 ? path : SPAN("/")), SPAN_ARG(name));
}

static enum fault describe_role(struct deploy *d, struct item *item)
{
    struct span name = name_of(d, item, "RoleName", NAME_MOST);

    deploy_attribute(d, item, "Ref", name);
    deploy_attribute(d, item, "Arn", arn(d, "role", deploy_text(item->properties, "Path"), name));
    deploy_attribute(d, item, "RoleId",
                     identity_id(d->arena, &d->identity, item->resource->node->name, 20));
    return OK;
}

static enum fault describe_policy(struct deploy *d, struct item *item)
{
    deploy_attribute(d, item, "Ref", name_of(d, item, "PolicyName", 128));
    return OK;
}

static enum fault describe_managed_policy(struct deploy *d, struct item *item)
{
    struct span name = name_of(d, item, "ManagedPolicyName", 128);
    struct span made = arn(d, "policy", deploy_text(item->properties, "Path"), name);

    deploy_attribute(d, item, "Ref", made);
    deploy_attribute(d, item, "PolicyArn", made);
    return OK;
}

static enum fault describe_log_group(struct deploy *d, struct item *item)
{
    struct span name = name_of(d, item, "LogGroupName", GROUP_MOST);

    deploy_attribute(d, item, "Ref", name);
    deploy_attribute(d, item, "Arn",
                     arena_format(d->arena, "arn:aws:logs:%.*s:%.*s:log-group:%.*s:*",
                                  SPAN_ARG(d->identity.region), SPAN_ARG(d->identity.account),
                                  SPAN_ARG(name)));
    return OK;
}

const struct kind_of_resource RECORDED_KINDS[] = {
    {.type = "AWS::IAM::Role", .is_recorded = true, .describe = describe_role},
    {.type = "AWS::IAM::Policy", .is_recorded = true, .describe = describe_policy},
    {.type = "AWS::IAM::ManagedPolicy", .is_recorded = true, .describe = describe_managed_policy},
    {.type = "AWS::Logs::LogGroup", .is_recorded = true, .describe = describe_log_group},
    {0},
};
