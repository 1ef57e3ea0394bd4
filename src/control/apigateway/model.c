/* Model: a JSON schema under a name, which methods and other schemas refer to. */
#include "control/handler.h"
#include "text/jsonschema.h"

#define URI_PREFIX "https://apigateway.amazonaws.com/restapis/"
#define FLAT_MAX (4 * 1024 * 1024)
#define INVALID "Invalid model specified: Validation Result: warnings : [], errors : "

/* ---- schemas ------------------------------------------------------------------------------- */

/* The models that a schema refers to, each parsed once: by the rules of the compiler the same uri
 * must find the same tree. */
struct models {
    struct call *call;
    struct span api;
    struct json *trees;  /* by name */
    struct span missing; /* the first that is not there */
};

/* ".../restapis/{api}/models/{name}": the name; at NULL when it is no such uri. */
static struct span name_of(struct span uri)
{
    size_t slash = span_find_last(uri, '/');

    if (!span_starts(uri, SPAN(URI_PREFIX)) || !span_ends(span_first(uri, slash), SPAN("/models")))
        return (struct span){NULL, 0};
    return span_skip(uri, slash + 1);
}

static const struct json *find_model(void *context, struct span uri)
{
    struct models *models = context;
    struct call *call = models->call;
    struct span name = name_of(uri);
    struct json *tree = name.at ? json_member_span(models->trees, name) : NULL, *record;

    if (!name.at || tree)
        return tree;
    if (call_load(call, call->match->operation->kind, models->api, name, &record) != OK ||
        json_parse(call->arena, json_member_text(record, "schema", SPAN("")), &tree, NULL) != OK) {
        models->missing = arena_copy(call->arena, name);
        return NULL;
    }
    return json_set_span(models->trees, arena_copy(call->arena, name), tree);
}

static enum fault refuse_schema(struct call *call, const struct models *models, enum fault rc)
{
    struct span words = SPAN(INVALID "[Invalid model schema specified]");

    if (rc == FAULT_NOT_FOUND && models->missing.at)
        words = arena_format(call->arena, INVALID "[Invalid model name specified: %.*s]",
                             SPAN_ARG(models->missing));
    else if (rc == FAULT_NOT_FOUND)
        words = SPAN(INVALID "[Model reference must be in canonical form]");
    return call_refuse_as(call, "BadRequestException", arena_text(call->arena, words));
}

static enum fault check_schema(struct call *call, struct span api, const struct json *tree)
{
    struct models models = {call, api, json_new(call->arena, JSON_OBJECT), {NULL, 0}};
    struct jsonschema_resolver resolver = {find_model, &models};
    struct jsonschema *schema;
    struct json *own;
    enum fault rc = json_parse(call->arena, json_member_text(tree, "schema", SPAN("")), &own, NULL);

    if (!rc) {
        json_set_span(models.trees, json_member_text(tree, "name", SPAN("")), own);
        rc = jsonschema_compile_tree(call->arena, own, &resolver, &schema, NULL);
    }
    if (rc == FAULT_NO_MEMORY)
        return rc;
    if (rc)
        return refuse_schema(call, &models, rc);
    jsonschema_release(schema);
    return OK;
}

static enum fault check(struct call *call, struct span parent, struct json *tree)
{
    struct span type = json_member_text(tree, "contentType", SPAN(""));
    struct span schema = json_member_text(tree, "schema", SPAN(""));
    char *id;

    if (span_trim(schema).len == 0)
        return call_refuse_as(call, "BadRequestException",
                              "Model schema must have at least 1 property or array items defined");
    if (!json_member(tree, "id")) {
        id = arena_alloc(call->arena, 7);
        random_id(&call->random, id, 6);
        json_set(tree, "id", json_text(call->arena, span_make(id, 6)));
    }
    return span_is(type, "application/json") ? check_schema(call, parent, tree) : OK;
}

/* ---- flatten ------------------------------------------------------------------------------- */

/* Points references to other models at the definitions of this one, which gain what is missing.
 * Deeper than a parsed text no tree is. */
static void point_inwards(struct models *models, struct json *at, struct json *definitions)
{
    for (struct json *one = at->first; one; one = one->next) {
        struct span name = one->type == JSON_STRING && span_is(one->name, "$ref")
                               ? name_of(one->text)
                               : (struct span){NULL, 0};
        const struct json *tree;

        if (one->type == JSON_OBJECT || one->type == JSON_ARRAY)
            point_inwards(models, one, definitions);
        if (!name.at || !(tree = find_model(models, one->text)))
            continue;
        if (!json_member_span(definitions, name))
            json_set_span(definitions, name, json_copy(models->call->arena, tree));
        one->text = arena_format(models->call->arena, "#/definitions/%.*s", SPAN_ARG(name));
    }
}

/* The schema with all models that it refers to, also through others, among its definitions. */
static enum fault flatten(struct call *call, struct span api, struct json *model)
{
    struct models models = {call, api, json_new(call->arena, JSON_OBJECT), {NULL, 0}};
    struct json *definitions = json_new(call->arena, JSON_OBJECT), *schema, *own;
    struct buf text;
    bool fits;

    if (json_parse(call->arena, json_member_text(model, "schema", SPAN("")), &schema, NULL) != OK ||
        schema->type != JSON_OBJECT)
        return OK; /* no JSON schema: shown as it is */
    own = json_member(schema, "definitions");
    definitions = json_is(own, JSON_OBJECT) ? own : definitions;
    point_inwards(&models, schema, definitions);
    for (struct json *one = definitions->first; one; one = one->next) /* it grows meanwhile */
        point_inwards(&models, one, definitions);
    if (definitions != own && definitions->count > 0)
        json_set(schema, "definitions", definitions);
    buf_init(&text, FLAT_MAX);
    fits = json_write_pretty(&text, schema, 2);
    json_set(model, "schema", json_text(call->arena, arena_copy(call->arena, buf_span(&text))));
    buf_release(&text);
    return fits ? OK : FAULT_TOO_LARGE;
}

static enum fault show(struct call *call, struct span parent, struct json *tree)
{
    return json_member_bool(call->input, "flatten", false) ? flatten(call, parent, tree) : OK;
}

/* ---- in use -------------------------------------------------------------------------------- */

/* The words name the method that comes first: "pets/GET", or "//GET" of the root. */
static enum fault refuse_use(struct call *call, struct span name, const char *where,
                             struct span method_path)
{
    size_t slash = span_find_last(method_path, '/');
    struct span resource_path = span_first(method_path, slash), api, id, path;
    struct json *resource;

    slash = slash < method_path.len ? slash : 0;
    api = span_first(resource_path, span_find(resource_path, '/'));
    id = span_skip(resource_path, api.len < resource_path.len ? api.len + 1 : api.len);
    if (call_load(call, model_kind(call->match->service, SPAN("Resource")), api, id, &resource))
        resource = NULL;
    path = json_member_text(resource, "path", SPAN("/"));
    return call_refuse_as(
        call, "ConflictException",
        arena_text(call->arena,
                   arena_format(call->arena,
                                "Cannot delete model '%.*s', is referenced in method %s: %.*s/%.*s",
                                SPAN_ARG(name), where, SPAN_ARG(path),
                                SPAN_ARG(span_skip(method_path, slash + 1)))));
}

static enum fault find_use(struct call *call, const struct record_key *model, const char *kind,
                           const char *member, const char *where)
{
    struct record_list list = {0};
    enum fault rc = store_referrers(call->tx, model, span_of(kind), span_of(member), 1, call->arena,
                                    &list, NULL);
    struct span path;

    if (rc || list.count == 0)
        return rc;
    path = list.first->key.parent; /* of a method response: the method's own path */
    if (span_is(span_of(kind), "Method"))
        path = arena_format(call->arena, "%.*s/%.*s", SPAN_ARG(path), SPAN_ARG(list.first->key.id));
    return refuse_use(call, model->id, where, path);
}

/* Schemas refer by uri, which no index holds. */
static enum fault find_schema_use(struct call *call, const struct record_key *model)
{
    struct span uri = arena_format(call->arena, "/models/%.*s\"", SPAN_ARG(model->id));
    struct json *all;
    enum fault rc = call_load_all(call, "Model", model->parent, &all);

    for (const struct json *one = rc ? NULL : all->first; one; one = one->next) {
        struct span schema = json_member_text(one, "schema", SPAN(""));
        struct span name = json_member_text(one, "name", SPAN(""));

        if (span_equal(name, model->id) || span_search(schema, uri) == schema.len)
            continue;
        return call_refuse_as(
            call, "ConflictException",
            arena_text(call->arena,
                       arena_format(call->arena,
                                    "Cannot delete model '%.*s', is referenced in model: %.*s",
                                    SPAN_ARG(model->id), SPAN_ARG(name))));
    }
    return rc;
}

static enum fault deleted(struct call *call, struct span parent, struct json *tree)
{
    struct record_key key = {call->account, call->region, SPAN("Model"), parent,
                             json_member_text(tree, "name", SPAN(""))};
    enum fault rc = find_use(call, &key, "Method", "requestModels", "request");

    if (!rc)
        rc = find_use(call, &key, "MethodResponse", "responseModels", "response");
    return rc ? rc : find_schema_use(call, &key);
}

const struct kind_hooks MODEL_HOOKS = {
    .kind = "Model", .check = check, .checks_updates = true, .deleted = deleted, .show = show};

/* ---- what a new API has -------------------------------------------------------------------- */

#define SCHEMA_HEAD \
    "{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : "

enum fault model_create_defaults(struct call *call, struct span api)
{
    static const struct {
        const char *name, *description, *schema;
    } MODELS[] = {
        {"Empty", "This is a default empty schema model",
         SCHEMA_HEAD "\"Empty Schema\",\n  \"type\" : \"object\"\n}"},
        {"Error", "This is a default error schema model",
         SCHEMA_HEAD "\"Error Schema\",\n  \"type\" : \"object\",\n  \"properties\" : {\n"
                     "    \"message\" : { \"type\" : \"string\" }\n  }\n}"},
    };
    const struct model_kind *kind = model_kind(call->match->service, SPAN("Model"));
    enum fault rc = OK;

    for (size_t i = 0; i < COUNT(MODELS) && !rc; i++) {
        struct json *tree = json_new(call->arena, JSON_OBJECT);
        char *id = arena_alloc(call->arena, 7);

        random_id(&call->random, id, 6);
        json_set(tree, "id", json_text(call->arena, span_make(id, 6)));
        json_set(tree, "name", json_text(call->arena, span_of(MODELS[i].name)));
        json_set(tree, "description", json_text(call->arena, span_of(MODELS[i].description)));
        json_set(tree, "schema", json_text(call->arena, span_of(MODELS[i].schema)));
        json_set(tree, "contentType", json_text(call->arena, SPAN("application/json")));
        rc = call_save(call, kind, api, span_of(MODELS[i].name), tree, true);
    }
    return rc;
}

/* ---- GetModelTemplate ---------------------------------------------------------------------- */

static void add_sample(struct buf *out, const struct json *property)
{
    struct span type = json_member_text(property, "type", SPAN("string"));

    if (span_is(type, "integer") || span_is(type, "number"))
        buf_add(out, SPAN("42"));
    else if (span_is(type, "boolean"))
        buf_add(out, SPAN("true"));
    else if (span_is(type, "object"))
        buf_add(out, SPAN("{ }"));
    else if (span_is(type, "array"))
        buf_add(out, SPAN("[ ]"));
    else
        buf_add(out, SPAN("\"foo\""));
}

static void add_properties(struct buf *out, const struct json *properties)
{
    buf_add_char(out, '{');
    for (const struct json *one = properties ? properties->first : NULL; one; one = one->next) {
        buf_add(out, one == properties->first ? SPAN("\n  ") : SPAN(",\n  "));
        json_write_text(out, one->name);
        buf_add(out, SPAN(" : "));
        add_sample(out, one);
    }
    buf_add(out, properties && properties->first ? SPAN("\n}") : SPAN(" }"));
}

static enum fault run_template(struct call *call)
{
    const struct model_kind *kind = call->match->operation->kind;
    struct span name = call_label(call, kind);
    struct json *tree, *schema = NULL;
    struct buf text;
    enum fault rc = call_load(call, kind, call_parent_path(call, kind), name, &tree);

    if (rc)
        return rc == FAULT_NOT_FOUND ? call_refuse_answer(call, &kind->missing, name) : rc;
    json_parse(call->arena, json_member_text(tree, "schema", SPAN("")), &schema, NULL);
    buf_init(&text, 1024 * 1024);
    buf_add(&text, SPAN("#set($inputRoot = $input.path('$'))\n"));
    if (span_is(json_member_text(schema, "type", SPAN("")), "array")) {
        buf_add(&text, SPAN("[\n##TO"
                            "DO: Update this foreach loop to reference array from input json"
                            "\n#foreach($elem in $inputRoot)\n"));
        add_properties(&text, json_member(json_member(schema, "items"), "properties"));
        buf_add(&text, SPAN("#if($foreach.hasNext),#end\n#end\n]"));
    } else {
        add_properties(&text, json_member(schema, "properties"));
    }
    call->output = json_new(call->arena, JSON_OBJECT);
    json_set(call->output, "value",
             json_text(call->arena, arena_copy(call->arena, buf_span(&text))));
    rc = text.is_over ? FAULT_TOO_LARGE : OK;
    buf_release(&text);
    return rc;
}

const struct handler MODEL_HANDLERS[] = {
    {.name = "model_template", .reads_only = true, .run = run_template}, {.name = NULL}};
