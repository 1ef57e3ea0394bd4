/* AWS::Lambda: Function, Permission. */
#include "control/cloudformation/code.h"
#include "control/cloudformation/coerce.h"
#include "control/cloudformation/deploy.h"
#include "crypto/digest.h"

#define SERVICE "lambda"
#define FUNCTION_NAME_MOST 64
#define STATEMENT_MOST 100

static const struct coerce_rename RENAMES[] = {{"KmsKeyArn", "KMSKeyArn"}, {0}};

/* What UpdateFunctionConfiguration does not take. */
static const char *const NOT_CONFIGURATION[] = {
    "Code", "Tags", "Architectures", "PackageType", "CodeSigningConfigArn", NULL};

/* ---- code ---------------------------------------------------------------------------------- */

static enum fault pack(struct deploy *d, struct item *item, struct buf *zip)
{
    const struct json *code = json_member(item->properties, "Code");
    const struct json *text = json_member(code, "ZipFile");
    struct span runtime = deploy_text(item->properties, "Runtime");
    struct code_notes notes = {0};
    struct problem inner;
    enum fault rc = FAULT_UNSUPPORTED;

    if (json_is(code, JSON_STRING))
        rc = code_pack_path(d->folder, code->text, zip, &notes, &inner);
    else if (json_is(text, JSON_STRING))
        rc = code_pack_text(text->text, runtime, zip, &inner);
    else
        problem_set(&inner, rc,
                    "the code of a function must be a folder or zip file beside the template, or "
                    "ZipFile; objects of S3 and images are not yet in Portico");
    if (rc)
        return deploy_fail(d, item, "Code", rc, "%s", inner.text);
    if (notes.missing)
        deploy_say(d, "warning: %.*s has dependencies that are not installed: run '%s' in '%.*s'",
                   SPAN_ARG(item->resource->node->name), notes.missing, SPAN_ARG(code->text));
    return OK;
}

/* The record keeps what the package was, not the package. */
static enum fault note_package(struct deploy *d, struct item *item, struct span zip)
{
    char *hex = arena_alloc(d->arena, SHA256_HEX_LEN + 1);
    struct json *code = deploy_object(d);

    digest_sha256_hex(zip, hex);
    deploy_set(d, code, "Sha256", span_make(hex, SHA256_HEX_LEN));
    json_set(item->properties, "Code", code);
    item->code = arena_copy(d->arena, zip);
    return item->code.at ? OK
                         : deploy_fail(d, item, "Code", FAULT_TOO_LARGE,
                                       "the packages of this stack are too large together");
}

static enum fault describe_function(struct deploy *d, struct item *item)
{
    struct span name = deploy_text(item->properties, "FunctionName");
    struct buf zip;
    enum fault rc;

    if (name.len == 0)
        name =
            identity_name(d->arena, &d->identity, item->resource->node->name, FUNCTION_NAME_MOST);
    deploy_attribute(d, item, "Ref", name);
    deploy_attribute(d, item, "Arn",
                     arena_format(d->arena, "arn:aws:lambda:%.*s:%.*s:function:%.*s",
                                  SPAN_ARG(d->identity.region), SPAN_ARG(d->identity.account),
                                  SPAN_ARG(name)));
    buf_init(&zip, CODE_MAX);
    rc = pack(d, item, &zip);
    if (!rc)
        rc = note_package(d, item, buf_span(&zip));
    buf_release(&zip);
    return rc;
}

/* ---- Function ------------------------------------------------------------------------------ */

static enum fault create_function(struct deploy *d, struct item *item)
{
    static const char *const LEFT_OUT[] = {"Code", NULL};
    struct json *input, *code = deploy_object(d);
    struct batch_call *one;
    enum fault rc = deploy_input(d, item, SERVICE, "CreateFunction", LEFT_OUT, RENAMES, &input);

    if (rc)
        return rc;
    deploy_set(d, input, "FunctionName", deploy_ref(item));
    deploy_set(d, code, "ZipFile", SPAN(""));
    json_set(input, "Code", code);
    rc = deploy_add(d, item, SERVICE, "CreateFunction", input, &one);
    if (!rc)
        one->call.package = item->code;
    return rc;
}

static enum fault remove_function(struct deploy *d, const struct json *entry)
{
    struct json *input = deploy_object(d);

    deploy_set(d, input, "FunctionName", json_member_text(entry, "PhysicalResourceId", SPAN("")));
    return deploy_add(d, NULL, SERVICE, "DeleteFunction", input, NULL);
}

static bool is_same(const struct item *item, const char *name)
{
    const struct json *now = json_member(item->properties, name);
    const struct json *then = json_member(deploy_former(item), name);

    return now && then ? json_equal(now, then) : now == then;
}

static bool is_configuration(struct span name)
{
    for (size_t i = 0; NOT_CONFIGURATION[i]; i++)
        if (span_is(name, NOT_CONFIGURATION[i]))
            return false;
    return true;
}

static bool is_configured_the_same(const struct item *item)
{
    const struct json *sides[] = {item->properties, deploy_former(item)};

    for (size_t side = 0; side < COUNT(sides); side++)
        for (const struct json *one = sides[side]->first; one; one = one->next) {
            const struct json *other = json_member_span(sides[!side], one->name);

            if (is_configuration(one->name) && !(other && json_equal(one, other)))
                return false;
        }
    return true;
}

/* What stood in the template before and does not now goes back to what CreateFunction would have
 * made of it. */
static void set_defaults(struct deploy *d, const struct item *item, struct json *input)
{
    static const struct {
        const char *name, *value;
    } DEFAULTS[] = {
        {"Description", "\"\""},
        {"Timeout", "3"},
        {"MemorySize", "128"},
        {"Environment", "{\"Variables\":{}}"},
        {"TracingConfig", "{\"Mode\":\"PassThrough\"}"},
        {"EphemeralStorage", "{\"Size\":512}"},
        {"KmsKeyArn", "\"\""},
    };

    for (size_t i = 0; i < COUNT(DEFAULTS); i++) {
        const char *name = DEFAULTS[i].name;
        struct json *value;

        if (json_member(item->properties, name) || !json_member(deploy_former(item), name))
            continue;
        if (json_parse(d->arena, span_of(DEFAULTS[i].value), &value, NULL) == OK)
            json_set(input, strcmp(name, "KmsKeyArn") == 0 ? "KMSKeyArn" : name, value);
    }
}

static enum fault update_code(struct deploy *d, struct item *item)
{
    const struct json *architectures = json_member(item->properties, "Architectures");
    struct json *input = deploy_object(d);
    struct batch_call *one;
    enum fault rc;

    deploy_set(d, input, "FunctionName", deploy_ref(item));
    deploy_set(d, input, "ZipFile", SPAN(""));
    if (architectures)
        json_set(input, "Architectures", json_copy(d->arena, architectures));
    rc = deploy_add(d, item, SERVICE, "UpdateFunctionCode", input, &one);
    if (!rc)
        one->call.package = item->code;
    return rc;
}

/* The tags of one side as a map. */
static enum fault tag_map(struct deploy *d, const struct json *properties, struct json **out)
{
    const struct model_operation *op =
        model_operation(model_service(SERVICE), SPAN("CreateFunction"));
    struct json *alone = deploy_object(d), *tags = json_member(properties, "Tags"), *input;
    struct problem inner;

    if (tags)
        json_set(alone, "Tags", json_copy(d->arena, tags));
    if (coerce_properties(d->arena, op->input, alone, NULL, &input, &inner) != OK)
        return problem_set(d->why, inner.code, "%s", inner.text);
    *out = json_member(input, "Tags") ? json_member(input, "Tags") : deploy_object(d);
    return OK;
}

static enum fault update_tags(struct deploy *d, struct item *item)
{
    struct json *now, *then, *gone = json_new(d->arena, JSON_ARRAY), *input = deploy_object(d);
    struct span arn = json_member_text(item->attributes, "Arn", SPAN(""));
    enum fault rc;

    if ((rc = tag_map(d, item->properties, &now)) || (rc = tag_map(d, deploy_former(item), &then)))
        return rc;
    for (const struct json *one = then->first; one; one = one->next)
        if (!json_member_span(now, one->name))
            json_append(gone, json_text(d->arena, one->name));
    if (gone->count > 0) {
        deploy_set(d, input, "Resource", arn);
        json_set(input, "TagKeys", gone);
        if ((rc = deploy_add(d, item, SERVICE, "UntagResource", input, NULL)))
            return rc;
    }
    if (now->count == 0)
        return OK;
    input = deploy_object(d);
    deploy_set(d, input, "Resource", arn);
    json_set(input, "Tags", json_copy(d->arena, now));
    return deploy_add(d, item, SERVICE, "TagResource", input, NULL);
}

static enum fault update_configuration(struct deploy *d, struct item *item)
{
    struct json *input;
    enum fault rc = deploy_input(d, item, SERVICE, "UpdateFunctionConfiguration", NOT_CONFIGURATION,
                                 RENAMES, &input);

    if (rc)
        return rc;
    deploy_set(d, input, "FunctionName", deploy_ref(item));
    set_defaults(d, item, input);
    return deploy_add(d, item, SERVICE, "UpdateFunctionConfiguration", input, NULL);
}

static enum fault update_function(struct deploy *d, struct item *item)
{
    static const char *const FIXED[] = {"PackageType", "CodeSigningConfigArn"};
    enum fault rc = OK;

    for (size_t i = 0; i < COUNT(FIXED); i++)
        if (!is_same(item, FIXED[i]))
            return deploy_fail(d, item, FIXED[i], FAULT_UNSUPPORTED,
                               "'%s' of a function cannot be changed; give the function another "
                               "name",
                               FIXED[i]);
    if (!is_same(item, "Code") || !is_same(item, "Architectures"))
        rc = update_code(d, item);
    if (!rc && !is_configured_the_same(item))
        rc = update_configuration(d, item);
    if (!rc && !is_same(item, "Tags"))
        rc = update_tags(d, item);
    return rc;
}

/* ---- Permission ---------------------------------------------------------------------------- */

static enum fault describe_permission(struct deploy *d, struct item *item)
{
    if (deploy_text(item->properties, "FunctionName").len == 0)
        return deploy_fail(d, item, NULL, FAULT_TYPE, "a permission needs a FunctionName");
    deploy_attribute(
        d, item, "Ref",
        identity_name(d->arena, &d->identity, item->resource->node->name, STATEMENT_MOST));
    return OK;
}

static enum fault create_permission(struct deploy *d, struct item *item)
{
    struct json *input;
    enum fault rc = deploy_input(d, item, SERVICE, "AddPermission", NULL, NULL, &input);

    if (rc)
        return rc;
    deploy_set(d, input, "StatementId", deploy_ref(item));
    return deploy_add(d, item, SERVICE, "AddPermission", input, NULL);
}

static enum fault remove_permission(struct deploy *d, const struct json *entry)
{
    struct json *input = deploy_object(d);

    deploy_set(d, input, "FunctionName",
               deploy_text(json_member(entry, "Properties"), "FunctionName"));
    deploy_set(d, input, "StatementId", json_member_text(entry, "PhysicalResourceId", SPAN("")));
    return deploy_add(d, NULL, SERVICE, "RemovePermission", input, NULL);
}

const struct kind_of_resource LAMBDA_KINDS[] = {
    {.type = "AWS::Lambda::Function",
     .holds = true,
     .describe = describe_function,
     .create = create_function,
     .remove = remove_function,
     .update = update_function},
    {.type = "AWS::Lambda::Permission",
     .within = "AWS::Lambda::Function",
     .goes_first = true,
     .describe = describe_permission,
     .create = create_permission,
     .remove = remove_permission},
    {0},
};
