/* Asks the policy that was compiled with the deployment.  Methods with an authorizer are closed
 * elsewhere as long as Portico has none, so every caller is anonymous here. */
#include "gateway/guard/resource_policy.h"

#define ARN_MAX 1600 /* spec/data-plane-rest.md, section 12 */

/* The method's ARN with `account` in it; its path as it was sent, without the leading slash. */
static struct span method_arn(struct exchange *x, struct span account)
{
    const struct http_request *r = &x->stream->request;
    struct span override = http_header_find(r->headers, r->header_count, "X-HTTP-Method-Override");
    struct span path = x->target.path;

    return arena_format(exchange_arena(x), "arn:aws:execute-api:%.*s:%.*s:%.*s/%.*s/%.*s/%.*s",
                        SPAN_ARG(x->stage->region), SPAN_ARG(account), SPAN_ARG(x->stage->api_id),
                        SPAN_ARG(x->stage->name), SPAN_ARG(override.len > 0 ? override : r->method),
                        SPAN_ARG(path.len > 0 ? span_skip(path, 1) : path));
}

/* The account with all but its last four digits hidden. */
static struct span masked(struct exchange *x)
{
    struct span account = x->stage->account;
    size_t shown = account.len < 4 ? account.len : 4;

    return arena_format(exchange_arena(x), "********%.*s",
                        SPAN_ARG(span_skip(account, account.len - shown)));
}

static void set_header(struct policy_context *context, struct exchange *x, struct span key,
                       const char *name)
{
    const struct http_request *r = &x->stream->request;
    struct span value = http_header_find(r->headers, r->header_count, name);

    if (value.at)
        policy_context_set(context, key, value);
}

/* The keys that an anonymous call has (spec/auth.md, section 4.2). */
static void fill_context(struct exchange *x, struct policy_context *context)
{
    struct arena *arena = exchange_arena(x);
    char now[CLOCK_TEXT_MAX], peer[HTTP_PEER_TEXT_MAX];
    size_t len = clock_iso(x->began, now);

    http_stream_peer(x->stream, peer);
    policy_context_init(context);
    policy_context_set(context, SPAN("aws:CurrentTime"), arena_copy(arena, span_make(now, len)));
    policy_context_set(context, SPAN("aws:EpochTime"),
                       arena_format(arena, "%lld", (long long)(x->began / MICROS_PER_SECOND)));
    policy_context_set(context, SPAN("aws:SecureTransport"), SPAN("false"));
    policy_context_set(context, SPAN("aws:SourceIp"), arena_copy(arena, span_of(peer)));
    set_header(context, x, SPAN("aws:Referer"), "Referer");
    set_header(context, x, SPAN("aws:UserAgent"), "User-Agent");
}

/* The older words, without the kind of policy: those are what was captured. */
static enum verdict deny(struct exchange *x, enum policy_effect effect)
{
    struct span words =
        arena_format(exchange_arena(x),
                     "User: anonymous is not authorized to perform: execute-api:Invoke on "
                     "resource: %.*s%s",
                     SPAN_ARG(method_arn(x, masked(x))),
                     effect == POLICY_DENIES ? " with an explicit deny" : "");

    return exchange_fail_with(x, ACCESS_DENIED, words, (struct span){NULL, 0});
}

enum verdict resource_policy_guard(struct exchange *x)
{
    const struct deployment *deployment = x->stage->deployment;
    struct policy_context context;
    struct policy_request request = {
        .principal = {.caller = CALLER_ANONYMOUS},
        .action = SPAN("execute-api:Invoke"),
        .context = &context,
    };
    enum policy_effect effect;

    if (!deployment->has_policy)
        return GO_ON;
    request.resource = method_arn(x, x->stage->account);
    if (request.resource.len > ARN_MAX)
        return exchange_message(x, 414, "BadRequestException", SPAN("Request URI too long"));
    fill_context(x, &context);
    effect = policy_evaluate(deployment->policy, &request).effect;
    return effect == POLICY_ALLOWS ? GO_ON : deny(x, effect);
}
