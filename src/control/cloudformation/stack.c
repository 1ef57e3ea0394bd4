/* Records are read in transactions of their own and written in that of the change they describe,
 * so a record never says what did not happen. */
#include "control/cloudformation/stack.h"

#include "base/ascii.h"
#include "crypto/digest.h"

static const struct model_kind *stack_kind(void)
{
    return model_kind(model_service("cloudformation"), SPAN("Stack"));
}

/* ---- reading ------------------------------------------------------------------------------- */

enum fault stack_load(struct control *control, struct arena *arena, const struct identity *identity,
                      struct json **out)
{
    struct call call = {.control = control,
                        .arena = arena,
                        .account = identity->account,
                        .region = identity->region};
    enum fault rc = store_begin(control->store, STORE_READ, &call.tx, NULL);

    if (rc)
        return rc;
    rc = call_load(&call, stack_kind(), SPAN(""), identity->stack, out);
    store_abort(call.tx);
    return rc;
}

struct gathering {
    struct arena *arena;
    struct span account;
    struct json *all;
};

static enum fault gather(void *context, const struct record *record)
{
    struct gathering *g = context;
    struct span body = arena_copy(g->arena, record->body);
    struct json *stack;

    if (!span_equal(record->key.account, g->account))
        return OK;
    if (!body.at || json_parse(g->arena, body, &stack, NULL) != OK)
        return FAULT_IO;
    json_set(stack, "region", json_text(g->arena, arena_copy(g->arena, record->key.region)));
    json_append(g->all, stack);
    return OK;
}

enum fault stack_load_all(struct control *control, struct arena *arena, struct span account,
                          struct json **out)
{
    struct gathering g = {arena, account, json_new(arena, JSON_ARRAY)};
    struct store_tx *tx;
    enum fault rc = store_begin(control->store, STORE_READ, &tx, NULL);

    if (rc)
        return rc;
    rc = store_each(tx, stack_kind()->name, 0, gather, &g, NULL);
    store_abort(tx);
    *out = g.all;
    return rc;
}

/* ---- names --------------------------------------------------------------------------------- */

bool stack_name_is_fine(struct span name)
{
    if (name.len == 0 || name.len > STACK_NAME_MAX || !ascii_is_letter(name.at[0]))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!ascii_is_alnum(name.at[i]) && name.at[i] != '-')
            return false;
    return true;
}

struct span stack_name(struct arena *arena, struct span folder)
{
    char *out = arena_alloc(arena, STACK_NAME_MAX + 1);
    size_t len = 0;

    for (size_t i = 0; i < folder.len && len < STACK_NAME_MAX; i++) {
        char c = ascii_is_alnum(folder.at[i]) ? folder.at[i] : '-';

        if (len > 0 || ascii_is_letter(c))
            out[len++] = c;
    }
    while (len > 0 && out[len - 1] == '-')
        len--;
    return span_make(out, len);
}

struct span stack_arn(struct arena *arena, const struct identity *identity)
{
    char hex[SHA256_HEX_LEN + 1];
    struct span id = identity_id(arena, identity, SPAN(""), IDENTITY_MAX);

    digest_sha256_hex(id, hex);
    return arena_format(arena,
                        "arn:aws:cloudformation:%.*s:%.*s:stack/%.*s/%.8s-%.4s-%.4s-%.4s-%.12s",
                        SPAN_ARG(identity->region), SPAN_ARG(identity->account),
                        SPAN_ARG(identity->stack), hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* ---- making -------------------------------------------------------------------------------- */

static struct json *make_entry(struct deploy *d, const struct item *item)
{
    struct json *entry = json_new(d->arena, JSON_OBJECT);
    const struct json *policy = json_member(item->resource->node, "DeletionPolicy");

    deploy_set(d, entry, "LogicalResourceId", item->resource->node->name);
    deploy_set(d, entry, "ResourceType", item->resource->type);
    deploy_set(d, entry, "PhysicalResourceId", deploy_ref(item));
    if (json_is(policy, JSON_STRING))
        deploy_set(d, entry, "DeletionPolicy", policy->text);
    json_set(entry, "Properties", json_copy(d->arena, item->properties));
    json_set(entry, "Attributes", json_copy(d->arena, item->attributes));
    return entry;
}

static enum fault make_outputs(struct deploy *d, struct json **out)
{
    struct json *outputs = json_new(d->arena, JSON_ARRAY);
    enum fault rc = OK;

    for (const struct json *one = d->template->outputs->first; one && !rc; one = one->next) {
        const struct json *value = json_member(one, "Value");
        const struct json *description = json_member(one, "Description");
        struct json *made, *output = json_new(d->arena, JSON_OBJECT);
        struct span text;

        if ((rc = intrinsic_evaluate(&d->scope, value, &made, d->why)))
            return rc;
        if (!json_scalar_text(made, &text))
            return template_fail(d->template, value, FAULT_TYPE, d->why,
                                 "the output '%.*s' is not a text", SPAN_ARG(one->name));
        deploy_set(d, output, "OutputKey", one->name);
        deploy_set(d, output, "OutputValue", text);
        if (json_is(description, JSON_STRING))
            deploy_set(d, output, "Description", description->text);
        json_append(outputs, output);
    }
    *out = outputs;
    return rc;
}

enum fault stack_make(struct deploy *d, struct span file, struct json **out)
{
    struct json *record = json_new(d->arena, JSON_OBJECT), *outputs = NULL, *all;
    const struct json *created = json_member(d->former, "CreationTime");
    const struct json *description = json_member(d->template->yaml.root, "Description");
    int64_t now = clock_wall(d->control->clock) / MICROS_PER_SECOND;
    enum fault rc = make_outputs(d, &outputs);

    if (rc)
        return rc;
    deploy_set(d, record, "StackId", d->scope.stack_id);
    deploy_set(d, record, "StackName", d->identity.stack);
    if (json_is(description, JSON_STRING))
        deploy_set(d, record, "Description", description->text);
    json_set(record, "CreationTime",
             created ? json_copy(d->arena, created) : json_number(d->arena, now));
    if (d->former)
        json_set(record, "LastUpdatedTime", json_number(d->arena, now));
    deploy_set(d, record, "StackStatus",
               d->former ? SPAN("UPDATE_COMPLETE") : SPAN("CREATE_COMPLETE"));
    json_set(record, "Outputs", outputs);
    deploy_set(d, record, "file", file);
    all = json_set(record, "resources", json_new(d->arena, JSON_ARRAY));
    for (size_t i = 0; i < d->count; i++)
        json_append(all, make_entry(d, &d->items[i]));
    *out = record;
    return d->arena->is_over
               ? problem_set(d->why, FAULT_TOO_LARGE, "the stack is too large to be recorded")
               : OK;
}

enum fault stack_finish(struct call *call, void *ctx)
{
    const struct stack_write *write = ctx;
    struct record_key key = {call->account, call->region, stack_kind()->name, SPAN(""),
                             write->name};

    if (write->record)
        return call_save(call, stack_kind(), SPAN(""), write->name, write->record, false);
    return store_delete(call->tx, &key, NULL);
}

/* ---- telling ------------------------------------------------------------------------------- */

static void say(const struct deploy_listener *listener, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct deploy_listener *listener, const char *format, ...)
{
    va_list words;

    va_start(words, format);
    listener->say(listener->ctx, format, words);
    va_end(words);
}

static struct span entry_text(const struct json *entry, const char *name)
{
    return json_member_text(entry, name, SPAN(""));
}

static const struct json *find_resource(const struct json *all, struct span api, struct span id)
{
    for (const struct json *one = all->first; one; one = one->next)
        if (span_is(entry_text(one, "ResourceType"), "AWS::ApiGateway::Resource") &&
            span_equal(entry_text(one, "PhysicalResourceId"), id) &&
            span_equal(deploy_text(json_member(one, "Properties"), "RestApiId"), api))
            return one;
    return NULL;
}

#define PATH_DEPTH_MAX 64

/* The path of a method, from its resource up to the root. */
static struct span path_of(struct arena *arena, const struct json *all, const struct json *method)
{
    struct span api = deploy_text(json_member(method, "Properties"), "RestApiId");
    struct span id = deploy_text(json_member(method, "Properties"), "ResourceId"), path = SPAN("");
    const struct json *resource;

    for (unsigned i = 0; i < PATH_DEPTH_MAX && (resource = find_resource(all, api, id)); i++) {
        const struct json *properties = json_member(resource, "Properties");

        path = arena_format(arena, "/%.*s%.*s", SPAN_ARG(deploy_text(properties, "PathPart")),
                            SPAN_ARG(path));
        id = deploy_text(properties, "ParentId");
    }
    return path.len > 0 ? path : SPAN("/");
}

/* "http://127.0.0.1:4566" gives ":4566". */
static struct span port_of(struct span url)
{
    size_t at = span_find_last(url, ':');

    return span_skip(url, at);
}

/* The name of the stage that a resource is or, as deployments can, has made; "": none. */
static struct span stage_of(const struct json *resource)
{
    struct span type = entry_text(resource, "ResourceType");

    if (span_is(type, "AWS::ApiGateway::Stage"))
        return entry_text(resource, "PhysicalResourceId");
    if (span_is(type, "AWS::ApiGateway::Deployment"))
        return deploy_text(json_member(resource, "Properties"), "StageName");
    return SPAN("");
}

static void tell_stage(struct arena *arena, const struct json *all, const struct json *stage,
                       struct span url, const struct deploy_listener *listener)
{
    struct span api = deploy_text(json_member(stage, "Properties"), "RestApiId");
    struct span name = stage_of(stage);

    for (const struct json *one = all->first; one; one = one->next) {
        const struct json *properties = json_member(one, "Properties");
        struct span verb = deploy_text(properties, "HttpMethod");

        if (span_is(entry_text(one, "ResourceType"), "AWS::ApiGateway::Method") &&
            span_equal(deploy_text(properties, "RestApiId"), api) && !span_is(verb, "OPTIONS"))
            say(listener, "  %-6.*s %.*s/_aws/execute-api/%.*s/%.*s%.*s", SPAN_ARG(verb),
                SPAN_ARG(url), SPAN_ARG(api), SPAN_ARG(name), SPAN_ARG(path_of(arena, all, one)));
    }
    say(listener, "  by host: http://%.*s.execute-api.localhost%.*s/%.*s", SPAN_ARG(api),
        SPAN_ARG(port_of(url)), SPAN_ARG(name));
}

void stack_tell(struct arena *arena, const struct json *record, struct span url,
                const struct deploy_listener *listener)
{
    const struct json *all = json_member(record, "resources");
    const struct json *outputs = json_member(record, "Outputs");

    for (const struct json *one = all ? all->first : NULL; one; one = one->next)
        if (stage_of(one).len > 0)
            tell_stage(arena, all, one, url, listener);
    for (const struct json *one = outputs ? outputs->first : NULL; one; one = one->next)
        say(listener, "  output %.*s: %.*s", SPAN_ARG(entry_text(one, "OutputKey")),
            SPAN_ARG(entry_text(one, "OutputValue")));
}
