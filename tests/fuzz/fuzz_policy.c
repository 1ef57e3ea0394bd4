/* Any document is refused with words or compiled, and what is compiled decides any request.  The
 * input's lines: a document, an action, a resource, and the value of the key "k". */
#include "fuzz.h"

#include <assert.h>

#include "auth/policy.h"

static void decide(const struct policy *policy, const struct policy_request *request)
{
    static const struct policy_principal CALLERS[] = {
        {.caller = CALLER_ANONYMOUS},
        {CALLER_USER, SPAN_INIT("111122223333"), SPAN_INIT("arn:aws:iam::111122223333:user/bob"),
         SPAN_INIT(""), SPAN_INIT("AIDABOB")},
        {CALLER_SERVICE, SPAN_INIT(""), SPAN_INIT("apigateway.amazonaws.com"), SPAN_INIT(""),
         SPAN_INIT("")},
    };
    struct policy_request one = *request;
    struct buf out;

    for (size_t i = 0; i < COUNT(CALLERS); i++) {
        struct policy_set set = {.identity = &policy,
                                 .identity_count = 1,
                                 .boundary = policy,
                                 .resource = policy,
                                 .account = SPAN("111122223333")};
        struct policy_decision decision;

        one.principal = CALLERS[i];
        decision = policy_decide(&set, &one);
        assert(decision.effect != POLICY_ALLOWS || decision.reason == REASON_ALLOWED);
        assert(decision.effect != POLICY_DENIES || decision.match.policy == policy);
        if (decision.effect == POLICY_ALLOWS)
            continue;
        buf_init(&out, 1 << 20);
        policy_write_denial(&out, &one, &decision);
        buf_release(&out);
    }
}

static void run(struct span document, enum policy_kind kind, const struct policy_request *request)
{
    const struct policy *parsed = NULL, *compiled = NULL;
    struct problem why = {0};
    struct arena arena;
    struct json *tree;
    enum fault rc;

    arena_init(&arena, 16 << 20);
    rc = policy_parse(&arena, document, kind, &parsed, &why);
    assert((rc == OK) == (parsed != NULL) && (rc == OK) == (why.text[0] == '\0'));
    if (parsed)
        decide(parsed, request);
    if (json_parse(&arena, document, &tree, NULL) == OK &&
        policy_compile(&arena, tree, kind, &compiled, NULL) == OK)
        decide(compiled, request);
    assert(!parsed || compiled);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span rest = span_make(bytes, size), lines[4] = {{0}};
    struct policy_context context;
    struct policy_request request = {.context = &context};

    for (size_t i = 0; i < COUNT(lines) && span_split(&rest, '\n', &lines[i]); i++)
        ;
    policy_context_init(&context);
    policy_context_set(&context, SPAN("k"), lines[3]);
    policy_context_set_many(&context, SPAN("many"), &lines[1], 3);
    request.action =
        span_first(lines[1], lines[1].len < POLICY_ACTION_MAX ? lines[1].len : POLICY_ACTION_MAX);
    request.resource = lines[2];
    for (enum policy_kind kind = POLICY_IDENTITY; kind <= POLICY_TRUST; kind++)
        run(lines[0], kind, &request);
    return 0;
}
