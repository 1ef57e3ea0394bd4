/* auth/policy: the cases of policy-cases.txt, and what rows cannot say. */
#include "../unit.h"

#include "auth/policy.h"

#define ROOM ((size_t)16 * 1024 * 1024)
#define FIELDS_MAX 7
#define ACCOUNT SPAN_INIT("111122223333")

static struct arena arena;
static struct buf text;
static unsigned failed, ran;

/* ---- callers and context -------------------------------------------------------------------- */

static const struct {
    const char *name;
    struct policy_principal principal;
} CALLERS[] = {
    {"anonymous", {.caller = CALLER_ANONYMOUS}},
    {"root", {CALLER_ROOT, ACCOUNT, SPAN_INIT("arn:aws:iam::111122223333:root"), {0}, {0}}},
    {"bob",
     {CALLER_USER,
      ACCOUNT,
      SPAN_INIT("arn:aws:iam::111122223333:user/bob"),
      {0},
      SPAN_INIT("AIDABOB")}},
    {"eve",
     {CALLER_USER,
      SPAN_INIT("444455556666"),
      SPAN_INIT("arn:aws:iam::444455556666:user/eve"),
      {0},
      SPAN_INIT("AIDAEVE")}},
    {"session",
     {CALLER_ROLE_SESSION, ACCOUNT, SPAN_INIT("arn:aws:sts::111122223333:assumed-role/r/s"),
      SPAN_INIT("arn:aws:iam::111122223333:role/p/r"), SPAN_INIT("AROAR")}},
    {"federated",
     {CALLER_FEDERATED,
      ACCOUNT,
      SPAN_INIT("arn:aws:sts::111122223333:federated-user/f"),
      {0},
      {0}}},
    {"web", {CALLER_WEB, {0}, SPAN_INIT("arn:aws:iam::111122223333:oidc-provider/i"), {0}, {0}}},
    {"service", {CALLER_SERVICE, {0}, SPAN_INIT("apigateway.amazonaws.com"), {0}, {0}}},
};

static struct policy_principal caller_of(struct span name)
{
    for (size_t i = 0; i < COUNT(CALLERS); i++)
        if (span_is(name, CALLERS[i].name))
            return CALLERS[i].principal;
    fail_msg("no caller '%.*s'", SPAN_ARG(name));
    return (struct policy_principal){0};
}

static void fill_context(struct policy_context *context)
{
    static const struct span MANY[] = {SPAN_INIT("a"), SPAN_INIT("b")};

    policy_context_init(context);
    policy_context_set(context, SPAN("aws:username"), SPAN("bob"));
    policy_context_set(context, SPAN("aws:PrincipalTag/team"), SPAN("blue"));
    policy_context_set(context, SPAN("aws:PrincipalTag/odd"), SPAN("a*c"));
    policy_context_set(context, SPAN("aws:PrincipalAccount"), SPAN("111122223333"));
    policy_context_set(context, SPAN("aws:SecureTransport"), SPAN("true"));
    policy_context_set(context, SPAN("empty:text"), SPAN(""));
    policy_context_set_many(context, SPAN("team:many"), MANY, 2);
}

static enum policy_kind kind_of(struct span name)
{
    static const char *const NAMES[] = {"identity", "boundary", "session", "resource", "trust"};

    for (size_t i = 0; i < COUNT(NAMES); i++)
        if (span_is(name, NAMES[i]))
            return (enum policy_kind)i;
    fail_msg("no kind '%.*s'", SPAN_ARG(name));
    return POLICY_IDENTITY;
}

/* The document with those statements, compiled. */
static const struct policy *compiled(enum policy_kind kind, const char *version,
                                     struct span statements)
{
    const struct policy *policy = NULL;
    struct json *tree = NULL;
    struct problem why = {0};
    struct span document = arena_format(&arena, "{\"Version\":\"%s\",\"Statement\":%.*s}", version,
                                        SPAN_ARG(statements));

    if (json_parse(&arena, document, &tree, &why) != OK ||
        policy_compile(&arena, tree, kind, &policy, &why) != OK)
        fail_msg("%.*s: %s", SPAN_ARG(document), why.text);
    return policy;
}

static void expect(const char *section, const struct span *fields, struct span got,
                   struct span want)
{
    ran++;
    if (span_equal(got, want))
        return;
    failed++;
    print_message("%s: %.*s | %.*s | %.*s: got '%.*s', want '%.*s'\n", section, SPAN_ARG(fields[0]),
                  SPAN_ARG(fields[1]), SPAN_ARG(fields[2]), SPAN_ARG(got), SPAN_ARG(want));
}

static struct span yes_or_no(bool b)
{
    return b ? SPAN("yes") : SPAN("no");
}

/* ---- sections ------------------------------------------------------------------------------- */

static void set_value(struct policy_context *context, struct span value)
{
    struct json *list;
    struct span *values;

    if (span_is(value, "-"))
        return;
    if (!span_starts(value, SPAN("["))) {
        policy_context_set(context, SPAN("k"), value);
        return;
    }
    assert_int_equal(json_parse(&arena, value, &list, NULL), OK);
    values = arena_try_array(&arena, list->count + 1, sizeof *values);
    for (size_t i = 0; i < list->count; i++)
        values[i] = json_at(list, i)->text;
    policy_context_set_many(context, SPAN("k"), values, list->count);
}

/* A broken condition neither lets an Allow match nor keeps a Deny from it. */
static void run_condition(const struct span *f)
{
    struct policy_context context;
    struct policy_request request = {
        .action = SPAN("a:b"), .resource = SPAN("*"), .context = &context};
    enum policy_effect effects[2];

    fill_context(&context);
    set_value(&context, f[2]);
    for (int i = 0; i < 2; i++) {
        struct span statement = arena_format(
            &arena,
            "{\"Effect\":\"%s\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{\"%.*s\":"
            "{\"K\":%.*s}}}",
            i ? "Deny" : "Allow", SPAN_ARG(f[0]), SPAN_ARG(f[1]));

        effects[i] =
            policy_evaluate(compiled(POLICY_IDENTITY, "2012-10-17", statement), &request).effect;
    }
    bool allows = effects[0] == POLICY_ALLOWS, denies = effects[1] == POLICY_DENIES;

    expect("condition", f, allows == denies ? yes_or_no(allows) : SPAN("broken"), f[3]);
}

static void run_action(const struct span *f)
{
    struct policy_context context;
    struct policy_request request = {.action = f[2], .resource = SPAN("*"), .context = &context};
    struct span statement =
        arena_format(&arena, "{\"Effect\":\"Allow\",\"%.*s\":%.*s,\"Resource\":\"*\"}",
                     SPAN_ARG(f[0]), SPAN_ARG(f[1]));

    fill_context(&context);
    expect("action", f,
           yes_or_no(policy_allows(compiled(POLICY_IDENTITY, "2012-10-17", statement), &request)),
           f[3]);
}

static void run_resource(const struct span *f)
{
    struct policy_context context;
    struct policy_request request = {.action = SPAN("a:b"), .resource = f[3], .context = &context};
    struct span statement = arena_format(
        &arena, "{\"Effect\":\"Allow\",\"%.*s\":%.*s,\"Action\":\"*\",\"Principal\":\"*\"}",
        SPAN_ARG(f[0]), SPAN_ARG(f[2]));

    fill_context(&context);
    expect("resource", f,
           yes_or_no(policy_allows(compiled(kind_of(f[1]), "2012-10-17", statement), &request)),
           f[4]);
}

static void run_principal(const struct span *f)
{
    static const char *const GRANTS[] = {"-", "account", "role", "direct"};
    struct policy_request request = {
        .principal = caller_of(f[2]), .action = SPAN("a:b"), .resource = SPAN("arn:aws:s3:::x")};
    struct span statement = arena_format(
        &arena, "{\"Effect\":\"Allow\",\"%.*s\":%.*s,\"Action\":\"*\",\"Resource\":\"*\"}",
        SPAN_ARG(f[0]), SPAN_ARG(f[1]));

    expect(
        "principal", f,
        span_of(GRANTS[policy_evaluate(compiled(POLICY_RESOURCE, "2012-10-17", statement), &request)
                           .grant]),
        f[3]);
}

static struct span effect_name(enum policy_effect effect)
{
    static const char *const NAMES[] = {"silent", "allow", "deny"};

    return span_of(NAMES[effect]);
}

static void run_policy(const struct span *f)
{
    struct policy_context context;
    struct policy_request request = {
        .principal = caller_of(SPAN("bob")), .action = f[3], .resource = f[4], .context = &context};
    const char *version = span_is(f[2], "2012-10-17") ? "2012-10-17" : "2008-10-17";
    struct policy_match match;

    fill_context(&context);
    match = policy_evaluate(compiled(kind_of(f[0]), version, f[1]), &request);
    expect("policy", f,
           span_trim(arena_format(&arena, "%.*s %.*s", SPAN_ARG(effect_name(match.effect)),
                                  SPAN_ARG(match.sid))),
           f[5]);
}

/* The policy that a word of the section "decision" stands for. */
static const struct policy *policy_named(struct span name, enum policy_kind kind)
{
    const char *principal = "*", *effect = "Allow", *action = "a:b";

    if (span_is(name, "-"))
        return NULL;
    if (span_is(name, "deny"))
        effect = "Deny";
    else if (span_is(name, "silent"))
        action = "a:c";
    else if (span_is(name, "account"))
        principal = "{\"AWS\":\"111122223333\"}";
    else if (span_is(name, "role"))
        principal = "{\"AWS\":\"arn:aws:iam::111122223333:role/p/r\"}";
    return compiled(kind, "2012-10-17",
                    arena_format(&arena,
                                 "{\"Effect\":\"%s\",\"Action\":\"%s\",\"Resource\":\"*\","
                                 "\"Principal\":%s}",
                                 effect, action, principal[0] == '*' ? "\"*\"" : principal));
}

static void run_decision(const struct span *f)
{
    static const char *const REASONS[] = {"",         "resource", "trust",
                                          "identity", "boundary", "session"};
    struct policy_request request = {
        .principal = caller_of(f[0]), .action = SPAN("a:b"), .resource = SPAN("arn:aws:s3:::x")};
    struct span resource = f[4];
    bool is_other = span_starts(resource, SPAN("other:"));
    bool is_trust = span_starts(resource, SPAN("trust:"));
    const struct policy *identity = policy_named(f[1], POLICY_IDENTITY);
    const struct policy *session = policy_named(f[3], POLICY_SESSION);
    struct policy_set set = {
        .identity = &identity,
        .identity_count = identity != NULL,
        .boundary = policy_named(f[2], POLICY_BOUNDARY),
        .session = session ? &session : NULL,
        .session_count = session != NULL,
        .account = is_other ? SPAN("444455556666") : SPAN("111122223333"),
        .is_trust = is_trust,
    };
    struct policy_decision decision;

    if (is_other || is_trust)
        resource = span_skip(resource, 6);
    set.resource = policy_named(resource, is_trust ? POLICY_TRUST : POLICY_RESOURCE);
    decision = policy_decide(&set, &request);
    expect("decision", f,
           span_trim(arena_format(&arena, "%.*s %s", SPAN_ARG(effect_name(decision.effect)),
                                  REASONS[decision.reason])),
           f[5]);
}

static void run_refusal(const struct span *f)
{
    const struct policy *policy = NULL;
    struct problem why = {0};
    enum fault rc = policy_parse(&arena, f[1], kind_of(f[0]), &policy, &why);

    assert_true((rc == OK) == (policy != NULL));
    expect("refusal", f, span_of(why.text), f[2]);
}

static const struct {
    const char *name;
    size_t fields;
    void (*run)(const struct span *fields);
} SECTIONS[] = {
    {"condition", 4, run_condition}, {"action", 4, run_action}, {"resource", 5, run_resource},
    {"principal", 4, run_principal}, {"policy", 6, run_policy}, {"decision", 6, run_decision},
    {"refusal", 3, run_refusal},
};

/* ---- the file ------------------------------------------------------------------------------- */

/* Fields are parted by " | ": one blank on each side belongs to the bar. */
static size_t split_fields(struct span line, struct span fields[static FIELDS_MAX])
{
    size_t n = 0, bar;

    while (n < FIELDS_MAX - 1 && (bar = span_search(line, SPAN(" | "))) < line.len) {
        fields[n++] = span_first(line, bar);
        line = span_skip(line, bar + 3);
    }
    fields[n++] = line;
    return n;
}

static void run_line(struct span line, size_t *section)
{
    struct span fields[FIELDS_MAX];

    if (line.len == 0 || line.at[0] == '#')
        return;
    if (!span_starts(line, SPAN("== "))) {
        size_t n = split_fields(line, fields);

        if (n != SECTIONS[*section].fields)
            fail_msg("'%.*s' has %zu fields", SPAN_ARG(line), n);
        SECTIONS[*section].run(fields);
        arena_reset(&arena);
        return;
    }
    for (*section = 0; *section < COUNT(SECTIONS); (*section)++)
        if (span_is(span_skip(line, 3), SECTIONS[*section].name))
            return;
    fail_msg("no section '%.*s'", SPAN_ARG(line));
}

static void all_cases_come_out_as_the_table_says(void **state)
{
    FILE *in = fopen("tests/unit/auth/policy-cases.txt", "re");
    struct span rest, line;
    size_t section = 0, n;
    char *room;

    assert_non_null(in);
    arena_init(&arena, ROOM);
    buf_init(&text, ROOM);
    while ((room = buf_room(&text, 65536)) != NULL && (n = fread(room, 1, 65536, in)) > 0)
        text.len += n;
    fclose(in);
    rest = buf_span(&text);
    while (span_split(&rest, '\n', &line))
        run_line(line, &section);
    buf_release(&text);
    arena_release(&arena);
    print_message("%u cases\n", ran);
    assert_int_equal(failed, 0);
    assert_true(ran >= 300);
    (void)state;
}

/* ---- what rows cannot say ------------------------------------------------------------------- */

static void a_function_lets_one_api_of_one_account_in(void **state)
{
    struct policy_context context;
    struct policy_request request = {.principal = caller_of(SPAN("service")),
                                     .action = SPAN("lambda:InvokeFunction"),
                                     .resource =
                                         SPAN("arn:aws:lambda:us-east-1:111122223333:function:f"),
                                     .context = &context};
    const struct policy *policy;

    arena_init(&arena, ROOM);
    policy = compiled(
        POLICY_RESOURCE, "2012-10-17",
        SPAN("[{\"Sid\":\"s\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":"
             "\"apigateway.amazonaws.com\"},\"Action\":\"lambda:InvokeFunction\",\"Resource\":"
             "\"arn:aws:lambda:us-east-1:111122223333:function:f\",\"Condition\":{\"ArnLike\":"
             "{\"AWS:SourceArn\":\"arn:aws:execute-api:us-east-1:111122223333:abc/*/GET/x\"},"
             "\"StringEquals\":{\"AWS:SourceAccount\":\"111122223333\"}}}]"));
    policy_context_init(&context);
    policy_context_set(&context, SPAN("aws:SourceArn"),
                       SPAN("arn:aws:execute-api:us-east-1:111122223333:abc/dev/GET/x"));
    assert_false(policy_allows(policy, &request));
    policy_context_set(&context, SPAN("aws:SourceAccount"), SPAN("111122223333"));
    assert_true(policy_allows(policy, &request));
    assert_false(policy_allows(NULL, &request));
    request.principal.arn = SPAN("events.amazonaws.com");
    assert_false(policy_allows(policy, &request));
    arena_release(&arena);
    (void)state;
}

static void a_context_that_is_over_allows_nothing_and_denies_what_it_can(void **state)
{
    static char names[POLICY_KEYS_MAX + 1][8];
    struct policy_context context;
    struct policy_request request = {
        .action = SPAN("a:b"), .resource = SPAN("*"), .context = &context};
    const struct policy *allow, *deny;

    arena_init(&arena, ROOM);
    allow = compiled(POLICY_IDENTITY, "2012-10-17",
                     SPAN("{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}"));
    deny = compiled(POLICY_IDENTITY, "2012-10-17",
                    SPAN("{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":"
                         "{\"StringEquals\":{\"x\":\"y\"}}}"));
    policy_context_init(&context);
    for (unsigned i = 0; i <= POLICY_KEYS_MAX; i++) {
        assert_int_equal(policy_evaluate(allow, &request).effect, POLICY_ALLOWS);
        assert_int_equal(policy_evaluate(deny, &request).effect, POLICY_SILENT);
        snprintf(names[i], sizeof names[i], "k%u", i);
        policy_context_set(&context, span_of(names[i]), SPAN("v"));
    }
    assert_true(context.is_over);
    assert_int_equal(policy_evaluate(allow, &request).effect, POLICY_SILENT);
    assert_int_equal(policy_evaluate(deny, &request).effect, POLICY_DENIES);
    arena_release(&arena);
    (void)state;
}

static void denials_are_worded_as_aws_words_them(void **state)
{
    static const struct {
        const char *caller;
        struct policy_decision decision;
        const char *words;
    } CASES[] = {
        {"bob",
         {POLICY_SILENT, REASON_IDENTITY, {0}},
         "User: arn:aws:iam::111122223333:user/bob is not authorized to perform: a:b on resource: r"
         " because no identity-based policy allows the a:b action"},
        {"anonymous",
         {POLICY_SILENT, REASON_RESOURCE, {0}},
         "User: anonymous is not authorized to perform: a:b on resource: r"
         " because no resource-based policy allows the a:b action"},
        {"session",
         {POLICY_DENIES, REASON_BOUNDARY, {0}},
         "User: arn:aws:sts::111122223333:assumed-role/r/s is not authorized to perform: a:b on "
         "resource: r with an explicit deny in a permissions boundary"},
        {"bob",
         {POLICY_SILENT, REASON_TRUST, {0}},
         "User: arn:aws:iam::111122223333:user/bob is not authorized to perform: a:b on resource: r"
         " because no role trust policy allows the a:b action"},
        {"bob",
         {POLICY_DENIES, REASON_SESSION, {0}},
         "User: arn:aws:iam::111122223333:user/bob is not authorized to perform: a:b on resource: r"
         " with an explicit deny in a session policy"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct policy_request request = {.principal = caller_of(span_of(CASES[i].caller)),
                                         .action = SPAN("a:b"),
                                         .resource = SPAN("r")};
        struct buf out;

        buf_init(&out, 4096);
        policy_write_denial(&out, &request, &CASES[i].decision);
        unit_same_text(CASES[i].caller, buf_span(&out), span_of(CASES[i].words));
        buf_release(&out);
    }
    (void)state;
}

/* auth.md 4.3 */
static void the_tables_a_and_b_hold(void **state)
{
    static const struct {
        enum policy_effect identity, resource, same, cross;
    } CASES[] = {
        {POLICY_ALLOWS, POLICY_ALLOWS, POLICY_ALLOWS, POLICY_ALLOWS},
        {POLICY_ALLOWS, POLICY_SILENT, POLICY_ALLOWS, POLICY_SILENT},
        {POLICY_ALLOWS, POLICY_DENIES, POLICY_DENIES, POLICY_DENIES},
        {POLICY_SILENT, POLICY_ALLOWS, POLICY_ALLOWS, POLICY_SILENT},
        {POLICY_SILENT, POLICY_SILENT, POLICY_SILENT, POLICY_SILENT},
        {POLICY_SILENT, POLICY_DENIES, POLICY_DENIES, POLICY_DENIES},
        {POLICY_DENIES, POLICY_ALLOWS, POLICY_DENIES, POLICY_DENIES},
        {POLICY_DENIES, POLICY_SILENT, POLICY_DENIES, POLICY_DENIES},
        {POLICY_DENIES, POLICY_DENIES, POLICY_DENIES, POLICY_DENIES},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        assert_int_equal(policy_combine(CASES[i].identity, CASES[i].resource, true), CASES[i].same);
        assert_int_equal(policy_combine(CASES[i].identity, CASES[i].resource, false),
                         CASES[i].cross);
    }
    (void)state;
}

/* 20 KB of nesting, of statements, of one pattern. */
static void large_policies_end_quickly(void **state)
{
    struct policy_request request = {.action = SPAN("a:b")};
    const struct policy *policy = NULL;
    struct problem why;
    struct buf out;

    arena_init(&arena, ROOM);
    buf_init(&out, ROOM);
    for (int i = 0; i < 20000; i++)
        buf_add_char(&out, '[');
    assert_int_equal(policy_parse(&arena, buf_span(&out), POLICY_IDENTITY, &policy, &why),
                     FAULT_SYNTAX);
    buf_clear(&out);
    buf_add_text(&out, "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"arn:aws:s3:::");
    for (int i = 0; i < 6000; i++)
        buf_add_text(&out, "*a?");
    buf_add_text(&out, "b\"}");
    policy = compiled(POLICY_IDENTITY, "2012-10-17", buf_span(&out));
    buf_clear(&out);
    buf_add_text(&out, "arn:aws:s3:::");
    for (int i = 0; i < 1600; i++)
        buf_add_char(&out, 'a');
    request.resource = buf_span(&out);
    assert_int_equal(policy_evaluate(policy, &request).effect, POLICY_SILENT);
    buf_release(&out);
    arena_release(&arena);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(all_cases_come_out_as_the_table_says),
    cmocka_unit_test(a_function_lets_one_api_of_one_account_in),
    cmocka_unit_test(a_context_that_is_over_allows_nothing_and_denies_what_it_can),
    cmocka_unit_test(denials_are_worded_as_aws_words_them),
    cmocka_unit_test(the_tables_a_and_b_hold),
    cmocka_unit_test(large_policies_end_quickly),
};

UNIT_MAIN(TESTS)
