/* Who calls.  Without `--auth iam` every caller is the root of the account that its access key
 * names.  (spec/iam-sts.md, section 2.5) */
#include "control/handler.h"

static enum fault caller_identity(struct call *call)
{
    struct json *out = json_new(call->arena, JSON_OBJECT);

    json_set(out, "UserId", json_text(call->arena, call->account));
    json_set(out, "Account", json_text(call->arena, call->account));
    json_set(out, "Arn",
             json_text(call->arena, arena_format(call->arena, "arn:aws:iam::%.*s:root",
                                                 SPAN_ARG(call->account))));
    call->output = out;
    return OK;
}

const struct handler STS_HANDLERS[] = {
    {.name = "sts_caller_identity", .reads_only = true, .run = caller_identity},
    {0},
};
