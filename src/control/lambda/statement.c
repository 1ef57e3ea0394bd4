/* The inputs of AddPermission are a short form of a policy statement: this writes the long one. */
#include "control/lambda/statement.h"

#include "caller/credential.h"

/* "apigateway.amazonaws.com", "events.amazonaws.com.cn" */
static bool is_service(struct span s)
{
    size_t dot = span_find(s, '.');
    struct span domain = span_skip(s, dot);

    return dot > 0 && dot < s.len &&
           (span_ends(domain, SPAN(".amazonaws.com")) || span_ends(domain, SPAN(".amazon.com")) ||
            span_ends(domain, SPAN(".amazonaws.com.cn")) || span_is(domain, ".alexa.com"));
}

static struct json *make_principal(struct arena *arena, struct span text)
{
    struct json *object = json_new(arena, JSON_OBJECT);
    const char *name = "AWS";

    if (span_is(text, "*"))
        return json_text(arena, text);
    if (credential_is_account(text))
        text = arena_format(arena, "arn:aws:iam::%.*s:root", SPAN_ARG(text));
    else if (is_service(text))
        name = "Service";
    else if (!span_starts(text, SPAN("arn:")))
        return NULL;
    json_set(object, name, json_text(arena, text));
    return object;
}

static struct json *make_conditions(struct arena *arena, const struct json *input)
{
    static const struct {
        const char *operation, *key, *member;
    } ROWS[] = {
        {"StringEquals", "AWS:SourceAccount", "SourceAccount"},
        {"StringEquals", "lambda:EventSourceToken", "EventSourceToken"},
        {"StringEquals", "lambda:FunctionUrlAuthType", "FunctionUrlAuthType"},
        {"StringEquals", "aws:PrincipalOrgID", "PrincipalOrgID"},
        {"ArnLike", "AWS:SourceArn", "SourceArn"},
    };
    struct json *all = json_new(arena, JSON_OBJECT), *one;

    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct span value = json_member_text(input, ROWS[i].member, SPAN(""));

        if (value.len == 0)
            continue;
        one = json_member(all, ROWS[i].operation);
        if (!one)
            one = json_set(all, ROWS[i].operation, json_new(arena, JSON_OBJECT));
        if (one)
            json_set(one, ROWS[i].key, json_text(arena, value));
    }
    if (json_member(input, "InvokedViaFunctionUrl")) {
        bool on = json_member_bool(input, "InvokedViaFunctionUrl", false);

        one = json_set(all, "Bool", json_new(arena, JSON_OBJECT));
        if (one)
            json_set(one, "lambda:InvokedViaFunctionUrl",
                     json_text(arena, on ? SPAN("true") : SPAN("false")));
    }
    return all;
}

struct json *statement_make(struct arena *arena, const struct json *input, struct span arn)
{
    struct json *statement = json_new(arena, JSON_OBJECT), *conditions;
    struct json *principal = make_principal(arena, json_member_text(input, "Principal", SPAN("")));

    if (!principal)
        return NULL;
    conditions = make_conditions(arena, input);
    json_set(statement, "Sid", json_text(arena, json_member_text(input, "StatementId", SPAN(""))));
    json_set(statement, "Effect", json_text(arena, SPAN("Allow")));
    json_set(statement, "Principal", principal);
    json_set(statement, "Action", json_text(arena, json_member_text(input, "Action", SPAN(""))));
    json_set(statement, "Resource", json_text(arena, arn));
    if (conditions && conditions->count > 0)
        json_set(statement, "Condition", conditions);
    return arena->is_over ? NULL : statement;
}
