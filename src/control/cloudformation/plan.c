/* Paths become a tree of resources.  Names that are made here hold '/' and ' ', which no name of a
 * template does, so they never meet one. */
#include "control/cloudformation/plan.h"

#include "control/cloudformation/intrinsic.h"
#include "crypto/digest.h"
#include <stdio.h>

#define HASHED_MAX (8 * 1024 * 1024)

static enum fault fail_full(unsigned line, struct problem *why)
{
    enum fault rc = problem_set(why, FAULT_TOO_LARGE, "the template makes too many resources");

    why->line = line;
    return rc;
}

/* ---- filling ------------------------------------------------------------------------------- */

static const char *const VERBS[] = {"ANY",     "DELETE", "GET",  "HEAD",
                                    "OPTIONS", "PATCH",  "POST", "PUT"};

static struct span known_verb(struct span verb)
{
    for (size_t i = 0; i < COUNT(VERBS); i++)
        if (span_equal_nocase(verb, span_of(VERBS[i])))
            return span_of(VERBS[i]);
    return SPAN("");
}

/* "/" or segments of which none is empty; '+' and braces are checked by the service. */
static bool is_path(struct span path)
{
    struct span rest, piece;

    if (path.len == 0 || path.at[0] != '/')
        return false;
    if (path.len == 1)
        return true;
    rest = span_skip(path, 1);
    while (span_split(&rest, '/', &piece))
        if (piece.len == 0)
            return false;
    return true;
}

struct plan_method *plan_find(const struct plan *plan, struct span path, struct span verb)
{
    for (struct plan_method *one = plan->first; one; one = one->next)
        if (span_equal(one->path, path) && span_equal(one->verb, verb))
            return one;
    return NULL;
}

enum fault plan_add(struct plan *plan, const struct json *path, struct span verb,
                    struct json *properties, struct problem *why)
{
    struct span known = known_verb(verb);
    struct plan_method *made;

    if (!json_is(path, JSON_STRING) || !is_path(path->text))
        return template_fail(plan->template, path, FAULT_SYNTAX, why,
                             "the path '%.*s' must be '/' or '/segments'",
                             path ? (int)path->text.len : 0, path ? path->text.at : "");
    if (known.len == 0)
        return template_fail(plan->template, path, FAULT_SYNTAX, why,
                             "'%.*s' is no method that an API can have", SPAN_ARG(verb));
    if ((made = plan_find(plan, path->text, known)) != NULL)
        return template_fail(plan->template, path, FAULT_EXISTS, why,
                             "%.*s %.*s is there twice (first on line %u)", SPAN_ARG(known),
                             SPAN_ARG(path->text), made->line);
    made = arena_try_array(plan->template->arena, 1, sizeof *made);
    if (!made || !properties)
        return fail_full(yaml_line(&plan->template->yaml, path), why);
    *made = (struct plan_method){.path = path->text,
                                 .verb = known,
                                 .line = yaml_line(&plan->template->yaml, path),
                                 .properties = properties};
    if (plan->last)
        plan->last->next = made;
    else
        plan->first = made;
    plan->last = made;
    plan->count++;
    return OK;
}

/* ---- CORS ---------------------------------------------------------------------------------- */

/* What a preflight answers; the value is written as API Gateway wants literals, in quotes. */
struct cors {
    const struct json *origin, *headers, *methods, *age, *credentials;
};

static enum fault read_cors(const struct plan *plan, const struct json *cors, struct cors *out,
                            struct problem *why)
{
    static const char *const NAMES[] = {"AllowOrigin", "AllowHeaders",     "AllowMethods",
                                        "MaxAge",      "AllowCredentials", NULL};

    *out = (struct cors){.origin = cors};
    if (cors->type != JSON_OBJECT || intrinsic_is(cors))
        return OK;
    *out = (struct cors){json_member(cors, NAMES[0]), json_member(cors, NAMES[1]),
                         json_member(cors, NAMES[2]), json_member(cors, NAMES[3]),
                         json_member(cors, NAMES[4])};
    if (!out->origin)
        return template_fail(plan->template, cors, FAULT_TYPE, why, "'Cors' needs AllowOrigin");
    return template_check_members(plan->template, cors, NAMES, "Cors", why);
}

/* AWS takes the value as it stands, and the service then wants a literal: 'value'. */
static enum fault check_quoted(const struct plan *plan, const struct json *value,
                               struct problem *why)
{
    struct span text;

    if (!value || !json_scalar_text(value, &text) ||
        (text.len >= 2 && text.at[0] == '\'' && text.at[text.len - 1] == '\''))
        return OK;
    return template_fail(plan->template, value, FAULT_SYNTAX, why,
                         "a value of Cors must be in single quotes inside double ones: "
                         "\"'%.*s'\"",
                         SPAN_ARG(text));
}

/* Of a path, in alphabetical order, as SAM writes them: "'GET,OPTIONS'". */
static struct json *methods_of(const struct plan *plan, struct maker *maker, struct span path)
{
    bool has_any = plan_find(plan, path, SPAN("ANY")) != NULL;
    struct buf text;
    struct json *made;

    buf_init(&text, 256);
    for (size_t i = 1; i < COUNT(VERBS); i++)
        if (has_any || span_is(SPAN("OPTIONS"), VERBS[i]) ||
            plan_find(plan, path, span_of(VERBS[i])))
            buf_addf(&text, "%s%s", text.len ? "," : "", VERBS[i]);
    made = make_format(maker, "'%.*s'", SPAN_ARG(buf_span(&text)));
    buf_release(&text);
    return made;
}

static void add_header(struct maker *maker, struct json *declared, struct json *mapped,
                       const char *name, struct json *value)
{
    struct span key = arena_format(maker->template->arena, "method.response.header.%s", name);

    if (!key.at)
        return;
    json_add(declared, key, yaml_new(&maker->template->yaml, JSON_FALSE, maker->line));
    json_add(mapped, key, value);
}

/* The preflight of one path: a MOCK that answers 200 with the headers. */
static struct json *preflight(const struct plan *plan, struct maker *maker, const struct cors *cors,
                              struct span path)
{
    struct json *declared = make_object(maker), *mapped = make_object(maker);
    struct json *method = make_object(maker), *integration = make_object(maker);
    struct json *templates = make_object(maker), *answer = make_object(maker);
    struct json *response = make_object(maker), *list;

    add_header(maker, declared, mapped, "Access-Control-Allow-Origin",
               make_copy(maker, cors->origin));
    if (cors->headers)
        add_header(maker, declared, mapped, "Access-Control-Allow-Headers",
                   make_copy(maker, cors->headers));
    add_header(maker, declared, mapped, "Access-Control-Allow-Methods",
               cors->methods ? make_copy(maker, cors->methods) : methods_of(plan, maker, path));
    if (cors->age)
        add_header(maker, declared, mapped, "Access-Control-Max-Age", make_copy(maker, cors->age));
    if (cors->credentials && cors->credentials->type == JSON_TRUE)
        add_header(maker, declared, mapped, "Access-Control-Allow-Credentials",
                   make_text(maker, SPAN("'true'")));

    json_set(answer, "StatusCode", make_text(maker, SPAN("200")));
    json_set(answer, "ResponseParameters", mapped);
    json_set(templates, "application/json", make_text(maker, SPAN("{\"statusCode\": 200}")));
    json_set(integration, "Type", make_text(maker, SPAN("MOCK")));
    json_set(integration, "RequestTemplates", templates);
    json_append(list = json_set(integration, "IntegrationResponses", make_list(maker)), answer);
    json_set(response, "StatusCode", make_text(maker, SPAN("200")));
    json_set(response, "ResponseParameters", declared);
    json_set(method, "AuthorizationType", make_text(maker, SPAN("NONE")));
    json_set(method, "Integration", integration);
    json_append(json_set(method, "MethodResponses", make_list(maker)), response);
    return list ? method : NULL;
}

enum fault plan_add_cors(struct plan *plan, const struct json *cors, struct problem *why)
{
    struct maker maker = {plan->template, yaml_line(&plan->template->yaml, cors)};
    struct plan_method *last = plan->last; /* what is added here comes after it */
    struct cors read;
    enum fault rc = read_cors(plan, cors, &read, why);

    if (rc || (rc = check_quoted(plan, read.origin, why)) ||
        (rc = check_quoted(plan, read.headers, why)) ||
        (rc = check_quoted(plan, read.methods, why)) || (rc = check_quoted(plan, read.age, why)))
        return rc;
    for (struct plan_method *one = plan->first; one && !rc; one = one->next) {
        struct json path = {.type = JSON_STRING, .text = one->path};

        if (!plan_find(plan, one->path, SPAN("OPTIONS")))
            rc = plan_add(plan, &path, SPAN("OPTIONS"), preflight(plan, &maker, &read, one->path),
                          why);
        if (one == last)
            break;
    }
    for (struct plan_method *one = last ? last->next : NULL; one; one = one->next)
        one->line = maker.line;
    return rc;
}

/* ---- resources ----------------------------------------------------------------------------- */

static struct span resource_name(const struct plan *plan, struct span path)
{
    return arena_format(plan->template->arena, "%.*s%.*s", SPAN_ARG(plan->api), SPAN_ARG(path));
}

/* What a resource id is made of: the root of the API or a resource of ours. */
static struct json *resource_id(const struct plan *plan, struct maker *maker, struct span path)
{
    return path.len <= 1 ? make_getatt(maker, plan->api, "RootResourceId")
                         : make_ref(maker, resource_name(plan, path));
}

/* The resources of a path, from the root down, unless they are there. */
static enum fault expand_path(const struct plan *plan, struct maker *maker, struct span path,
                              struct problem *why)
{
    size_t end = 0;
    enum fault rc = OK;

    while (path.len > 1 && end < path.len && !rc) {
        struct span parent = span_first(path, end), name;
        size_t next = end + 1;
        struct json *properties;

        next += span_find(span_skip(path, next), '/');
        name = resource_name(plan, span_first(path, next));
        if (!name.at)
            return fail_full(maker->line, why);
        if (!json_member_span(plan->template->resources, name)) {
            properties = make_object(maker);
            json_set(properties, "RestApiId", make_ref(maker, plan->api));
            json_set(properties, "ParentId", resource_id(plan, maker, parent));
            json_set(properties, "PathPart",
                     make_text(maker, span_skip(span_first(path, next), end + 1)));
            rc = make_resource(maker, name, "AWS::ApiGateway::Resource", properties, NULL, why);
        }
        end = next;
    }
    return rc;
}

enum fault plan_expand(struct plan *plan, struct json *methods, struct problem *why)
{
    enum fault rc = OK;

    for (struct plan_method *one = plan->first; one && !rc; one = one->next) {
        struct maker maker = {plan->template, one->line};
        struct span name = arena_format(plan->template->arena, "%.*s%.*s %.*s", SPAN_ARG(plan->api),
                                        SPAN_ARG(one->path), SPAN_ARG(one->verb));

        json_set(one->properties, "RestApiId", make_ref(&maker, plan->api));
        json_set(one->properties, "ResourceId", resource_id(plan, &maker, one->path));
        json_set(one->properties, "HttpMethod", make_text(&maker, one->verb));
        rc = expand_path(plan, &maker, one->path, why);
        if (!rc && !name.at)
            rc = fail_full(one->line, why);
        if (!rc)
            rc = make_resource(&maker, name, "AWS::ApiGateway::Method", one->properties, NULL, why);
        json_append(methods, make_text(&maker, name));
    }
    return rc;
}

enum fault plan_hash(const struct plan *plan, const struct json *salt,
                     char out[static PLAN_HASH_LEN + 1], struct problem *why)
{
    char hex[SHA256_HEX_LEN + 1];
    struct buf text;
    bool is_fine;

    buf_init(&text, HASHED_MAX);
    json_write(&text, salt);
    for (const struct plan_method *one = plan->first; one; one = one->next) {
        buf_addf(&text, "\n%.*s %.*s ", SPAN_ARG(one->verb), SPAN_ARG(one->path));
        json_write(&text, one->properties);
    }
    is_fine = !text.is_over;
    if (is_fine)
        digest_sha256_hex(buf_span(&text), hex);
    buf_release(&text);
    if (!is_fine)
        return fail_full(0, why);
    snprintf(out, PLAN_HASH_LEN + 1, "%.*s", PLAN_HASH_LEN, hex);
    return OK;
}
