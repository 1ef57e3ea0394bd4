/* What AWS refuses when a policy is saved, in its words and in its order (iam-sts 4.2).
 *
 * Each check is a pass over all statements, since AWS reports the first kind of fault, not the
 * first statement with one.  Names of actions and condition keys are not looked up: AWS accepts
 * unknown ones. */
#include "auth/policy_program.h"

#include "base/ascii.h"
#include "base/map.h"

#define SYNTAX "Syntax errors in policy."

struct check {
    struct arena *arena;
    const struct json *document;
    enum policy_kind kind;
    bool has_variables;
    struct map sids;
    struct problem *why;
};

static bool say(struct check *check, const char *text)
{
    problem_set(check->why, FAULT_SYNTAX, "%s", text);
    return false;
}

static bool say_about(struct check *check, const char *before, struct span about, const char *after)
{
    problem_set(check->why, FAULT_SYNTAX, "%s%.*s%s", before, SPAN_ARG(about), after);
    return false;
}

static bool has_principals(const struct check *check)
{
    return check->kind == POLICY_RESOURCE || check->kind == POLICY_TRUST;
}

/* ---- grammar -------------------------------------------------------------------------------- */

/* Are all members known, and none there twice? */
static bool members_are(const struct json *object, const char *const *names, size_t count)
{
    unsigned seen = 0;

    for (const struct json *m = object->first; m; m = m->next) {
        size_t i = 0;

        while (i < count && !span_is(m->name, names[i]))
            i++;
        if (i == count || (seen & 1u << i))
            return false;
        seen |= 1u << i;
    }
    return true;
}

static bool is_text_or_absent(const struct json *value)
{
    return !value || value->type == JSON_STRING;
}

/* Absent, a text, or a list of texts. */
static bool is_texts_or_absent(const struct json *value)
{
    size_t count;
    const struct json *one = policy_list_first(value, &count);

    for (; count > 0; count--, one = one->next)
        if (one->type != JSON_STRING)
            return false;
    return true;
}

static bool names_differ(const struct json *object)
{
    struct map map;
    bool differ = true;

    map_init(&map, object->count);
    for (struct json *m = object->first; m && differ; m = m->next)
        differ = !map_get(&map, m->name) && map_set(&map, m->name, m);
    map_release(&map);
    return differ;
}

static bool operator_is_sound(const struct check *check, const struct json *keys)
{
    struct condition condition = {0};

    if (keys->type != JSON_OBJECT || !condition_operator(keys->name, &condition) ||
        !names_differ(keys))
        return false;
    for (const struct json *key = keys->first; key; key = key->next)
        if (condition_compile(check->arena, key, check->has_variables, &condition) != OK)
            return false;
    return true;
}

static bool conditions_are_sound(const struct check *check, const struct json *conditions)
{
    if (!conditions)
        return true;
    if (conditions->type != JSON_OBJECT || !names_differ(conditions))
        return false;
    for (const struct json *keys = conditions->first; keys; keys = keys->next)
        if (!operator_is_sound(check, keys))
            return false;
    return true;
}

static bool principal_is_sound(const struct json *value)
{
    static const char *const TYPES[] = {"AWS", "Service", "Federated", "CanonicalUser"};

    if (!value || (value->type == JSON_STRING && span_is(value->text, "*")))
        return true;
    if (value->type != JSON_OBJECT || !members_are(value, TYPES, COUNT(TYPES)))
        return false;
    for (const struct json *type = value->first; type; type = type->next)
        if (!is_texts_or_absent(type))
            return false;
    return true;
}

static bool excludes(const struct json *s, const char *name, const char *not_name)
{
    return !json_member(s, name) || !json_member(s, not_name);
}

static bool check_grammar(struct check *check, const struct json *s)
{
    static const char *const NAMES[] = {"Sid",          "Effect",      "Principal",
                                        "NotPrincipal", "Action",      "NotAction",
                                        "Resource",     "NotResource", "Condition"};
    struct span effect = json_member_text(s, "Effect", SPAN(""));

    if (s->type != JSON_OBJECT || !members_are(s, NAMES, COUNT(NAMES)) ||
        (!span_is(effect, "Allow") && !span_is(effect, "Deny")))
        return say(check, SYNTAX);
    if (!excludes(s, "Action", "NotAction") || !excludes(s, "Resource", "NotResource") ||
        !excludes(s, "Principal", "NotPrincipal"))
        return say(check, SYNTAX);
    for (size_t i = 4; i < 8; i++)
        if (!is_texts_or_absent(json_member(s, NAMES[i])))
            return say(check, SYNTAX);
    if (!is_text_or_absent(json_member(s, "Sid")) ||
        !principal_is_sound(json_member(s, "Principal")) ||
        !principal_is_sound(json_member(s, "NotPrincipal")) ||
        !conditions_are_sound(check, json_member(s, "Condition")))
        return say(check, SYNTAX);
    return true;
}

static bool check_document(struct check *check)
{
    static const char *const NAMES[] = {"Version", "Id", "Statement"};
    const struct json *document = check->document, *statement;
    struct span version;

    if (!document)
        return say(check,
                   check->kind == POLICY_TRUST ? "This policy contains invalid Json" : SYNTAX);
    statement = json_member(document, "Statement");
    if (document->type != JSON_OBJECT || !members_are(document, NAMES, COUNT(NAMES)) ||
        !is_text_or_absent(json_member(document, "Version")) ||
        !is_text_or_absent(json_member(document, "Id")) || !statement ||
        (statement->type == JSON_ARRAY && statement->count == 0))
        return say(check, SYNTAX);
    version = json_member_text(document, "Version", SPAN("2008-10-17"));
    check->has_variables = span_is(version, "2012-10-17");
    return true;
}

/* After the grammar of the statements, as AWS does it. */
static bool check_version(struct check *check)
{
    struct span version = json_member_text(check->document, "Version", SPAN("2008-10-17"));

    if (!span_is(version, "2012-10-17") && !span_is(version, "2008-10-17"))
        return say(check, "Policy document must be version 2012-10-17 or greater.");
    return true;
}

/* ---- who may have what ---------------------------------------------------------------------- */

static bool check_elements(struct check *check, const struct json *s)
{
    bool names_caller = json_member(s, "Principal") || json_member(s, "NotPrincipal");

    if (!has_principals(check))
        return !names_caller || say(check, "Policy document should not specify a principal.");
    if (check->kind == POLICY_RESOURCE)
        return names_caller || say(check, "Missing required field Principal");
    if (json_member(s, "Resource"))
        return say(check, "Has prohibited field Resource");
    if (json_member(s, "NotResource"))
        return say(check, "Has prohibited field NotResource");
    if (json_member(s, "NotPrincipal"))
        return say(check, "Has prohibited field NotPrincipal");
    return names_caller ||
           say(check, "Invalid principal in policy: com.amazon.balsa.error.InvalidPolicyException: "
                      "The passed in policy has a statement with no principals!");
}

/* ---- resources ------------------------------------------------------------------------------ */

/* The member or its Not form, as a list. */
static const struct json *list_of(const struct json *s, const char *name, const char *not_name,
                                  size_t *count)
{
    const struct json *value = json_member(s, name);

    return policy_list_first(value ? value : json_member(s, not_name), count);
}

static bool is_wild(struct span s)
{
    return span_find(s, '*') < s.len || span_find(s, '?') < s.len;
}

/* ARNs of fewer than six parts must say what they leave open. */
static bool check_arn_shape(struct check *check, const struct json *s)
{
    size_t count;
    const struct json *one = list_of(s, "Resource", "NotResource", &count);

    for (; count > 0; count--, one = one->next) {
        struct span text = one->text;

        if (span_starts(text, SPAN("arn:")) && !arn_split(text).is_whole && !is_wild(text))
            return say(check, "The policy failed legacy parsing");
    }
    return true;
}

static bool iam_path_is_sound(struct span path)
{
    static const char *const STARTS[] = {
        "user/",
        "federated-user/",
        "role/",
        "group/",
        "instance-profile/",
        "mfa/",
        "server-certificate/",
        "policy/",
        "sms-mfa/",
        "saml-provider/",
        "oidc-provider/",
        "report/",
        "access-report/",
    };

    if (span_is(path, "*"))
        return true;
    for (size_t i = 0; i < COUNT(STARTS); i++)
        if (span_starts(path, span_of(STARTS[i])))
            return true;
    return false;
}

static bool partition_is_known(struct span partition)
{
    static const char *const PARTITIONS[] = {"aws", "aws-cn", "aws-us-gov", "*"};

    for (size_t i = 0; i < COUNT(PARTITIONS); i++)
        if (span_is(partition, PARTITIONS[i]))
            return true;
    return false;
}

static bool check_arn(struct check *check, struct span text)
{
    struct arn arn = arn_split(text);
    struct span partition = arn.parts[1], vendor = arn.parts[2], region = arn.parts[3];
    bool has_region = region.len > 0 && !span_is(region, "*");

    if (!partition_is_known(partition)) {
        problem_set(check->why, FAULT_SYNTAX,
                    "Partition \"%.*s\" is not valid for resource \"%.*s\".", SPAN_ARG(partition),
                    SPAN_ARG(text));
        return false;
    }
    if (!span_is(vendor, "*") && (is_wild(vendor) || vendor.len == 0))
        return say(check, "Resource vendor must be fully qualified and cannot contain regexes.");
    if (span_is(vendor, "iam") && has_region)
        return say_about(check, "IAM resource ", text, " cannot contain region information.");
    if (span_is(vendor, "s3") && has_region)
        return say_about(check, "Resource ", text, " can not contain region information.");
    if (span_is(vendor, "iam") && arn.is_whole && !iam_path_is_sound(arn.parts[5]))
        return say(
            check,
            "IAM resource path must either be \"*\" or start with user/, federated-user/, "
            "role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, "
            "saml-provider/, oidc-provider/, report/, access-report/.");
    return true;
}

static bool check_resource_format(struct check *check, const struct json *s)
{
    size_t count;
    const struct json *one = list_of(s, "Resource", "NotResource", &count);

    for (; count > 0; count--, one = one->next) {
        if (span_is(one->text, "*"))
            continue;
        if (!span_starts(one->text, SPAN("arn:")))
            return say_about(check, "Resource ", one->text, " must be in ARN format or \"*\".");
        if (!check_arn(check, one->text))
            return false;
    }
    return true;
}

static bool check_resources_present(struct check *check, const struct json *s)
{
    size_t count;

    list_of(s, "Resource", "NotResource", &count);
    return count > 0 || check->kind == POLICY_TRUST ||
           say(check, "Policy statement must contain resources.");
}

/* ---- statement ids -------------------------------------------------------------------------- */

static bool check_sid(struct check *check, const struct json *s)
{
    struct json *sid = json_member(s, "Sid");

    if (!sid || sid->text.len == 0)
        return true;
    for (size_t i = 0; i < sid->text.len && check->kind != POLICY_RESOURCE; i++)
        if (!ascii_is_alnum(sid->text.at[i]))
            return say(check, "Statement IDs (SID) must be alpha-numeric. Check that your input "
                              "satisfies the regular expression [0-9A-Za-z]*");
    if (map_get(&check->sids, sid->text))
        return say(check, "Statement IDs (SID) in a single policy must be unique.");
    return map_set(&check->sids, sid->text, sid) || say(check, SYNTAX);
}

/* ---- actions -------------------------------------------------------------------------------- */

static bool check_actions_present(struct check *check, const struct json *s)
{
    size_t count;

    list_of(s, "Action", "NotAction", &count);
    return count > 0 || say(check, "Policy statement must contain actions.");
}

static bool vendor_is_sound(struct span vendor)
{
    for (size_t i = 0; i < vendor.len; i++)
        if (!ascii_is_alnum(vendor.at[i]) && vendor.at[i] != '-')
            return false;
    return vendor.len > 0;
}

static bool check_action(struct check *check, struct span action)
{
    size_t colon = span_find(action, ':');

    if (span_is(action, "*"))
        return true;
    if (colon == action.len)
        return say(check,
                   "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
    if (span_find_last(action, ':') != colon)
        return say(check, "Actions/Condition can contain only one colon.");
    if (!vendor_is_sound(span_first(action, colon)))
        return say_about(check, "Vendor ", span_first(action, colon), " is not valid");
    return true;
}

/* What a trust policy may permit. */
static bool is_trust_action(struct span action)
{
    static const char *const NAMES[] = {"*", "sts:*", "sts:TagSession", "sts:SetSourceIdentity",
                                        "sts:SetContext"};
    struct span assume = SPAN("sts:AssumeRole");

    for (size_t i = 0; i < COUNT(NAMES); i++)
        if (span_equal_nocase(action, span_of(NAMES[i])))
            return true;
    return action.len >= assume.len && span_equal_nocase(span_first(action, assume.len), assume);
}

static bool check_actions(struct check *check, const struct json *s)
{
    size_t count;
    const struct json *one = list_of(s, "Action", "NotAction", &count);

    for (; count > 0; count--, one = one->next) {
        if (check->kind == POLICY_TRUST && !is_trust_action(one->text))
            return say(check, "AssumeRole policy may only specify STS AssumeRole actions.");
        if (!check_action(check, one->text))
            return false;
    }
    return true;
}

/* ---- principals ----------------------------------------------------------------------------- */

static bool is_aws_principal(struct span text)
{
    bool is_number = true, is_id = true;

    if (span_is(text, "*") || (span_starts(text, SPAN("arn:")) && arn_split(text).is_whole))
        return true;
    for (size_t i = 0; i < text.len; i++) {
        is_number = is_number && ascii_is_digit(text.at[i]);
        is_id = is_id && (ascii_is_digit(text.at[i]) || ascii_is_upper(text.at[i]));
    }
    return (is_number && text.len == 12) ||
           (is_id && (span_starts(text, SPAN("AIDA")) || span_starts(text, SPAN("AROA"))));
}

static bool check_principal(struct check *check, struct span type, struct span value)
{
    bool has_dot = span_find(value, '.') < value.len;

    if (span_is(type, "AWS") && !is_aws_principal(value))
        return say_about(check, "Invalid principal in policy: \"AWS\":\"", value, "\"");
    if (span_is(type, "Service") && !has_dot && !span_is(value, "*"))
        return say_about(check, "Invalid principal in policy: \"SERVICE\":\"", value, "\"");
    if (span_is(type, "Federated") && !has_dot && !arn_split(value).is_whole)
        return say(check, "Federated principals must be valid domain names or SAML metadata ARNs");
    return true;
}

static bool check_principals(struct check *check, const struct json *s)
{
    const struct json *map = json_member(s, "Principal");

    if (!json_is(map, JSON_OBJECT))
        return true;
    for (const struct json *type = map->first; type; type = type->next) {
        size_t count;
        const struct json *one = policy_list_first(type, &count);

        for (; count > 0; count--, one = one->next)
            if (!check_principal(check, type->name, one->text))
                return false;
    }
    return true;
}

/* ---- the order ------------------------------------------------------------------------------ */

static bool for_each(struct check *check, bool (*rule)(struct check *, const struct json *))
{
    size_t count;
    const struct json *s = policy_list_first(json_member(check->document, "Statement"), &count);

    for (; count > 0; count--, s = s->next)
        if (!rule(check, s))
            return false;
    return true;
}

enum fault policy_check(struct arena *arena, const struct json *document, enum policy_kind kind,
                        struct problem *why)
{
    static bool (*const RULES[])(struct check *, const struct json *) = {
        check_elements,        check_arn_shape,         check_resource_format, check_sid,
        check_actions_present, check_resources_present, check_actions,         check_principals,
    };
    struct check check = {.arena = arena, .document = document, .kind = kind, .why = why};
    bool is_sound;

    map_init(&check.sids, POLICY_TEXT_MAX);
    is_sound = check_document(&check) && for_each(&check, check_grammar) && check_version(&check);
    for (size_t i = 0; i < COUNT(RULES) && is_sound; i++)
        is_sound = for_each(&check, RULES[i]);
    map_release(&check.sids);
    return is_sound ? OK : FAULT_SYNTAX;
}
