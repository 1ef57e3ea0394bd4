/* Request validators: the parameters that must be there, and the schemas of bodies
 * (spec/data-plane-rest.md, section 6). */
#include <stdlib.h>

#include "base/mem.h"
#include "compile/build.h"

/* ---- parameters ---------------------------------------------------------------------------- */

static int compare_keys(const void *a, const void *b)
{
    return span_compare(((const struct json *const *)a)[0]->name,
                        ((const struct json *const *)b)[0]->name);
}

/* By the whole key: headers, then path, then query, each by name. */
static void build_required(struct build *b, const struct json *parameters, struct method *out)
{
    size_t count = parameters ? parameters->count : 0, n = 0;
    const struct json **keys = mem_zero(count, sizeof(struct json *));
    struct mapping_expression *list = build_array(b, count, sizeof *list);

    for (const struct json *one = parameters ? parameters->first : NULL; one; one = one->next)
        if (json_is_true(one))
            keys[n++] = one;
    qsort(keys, n, sizeof(struct json *), compare_keys);
    for (size_t i = 0; i < n; i++)
        if (mapping_parse(keys[i]->name, &list[out->required_count])) {
            struct span name = list[out->required_count].name;

            list[out->required_count++].name = build_keep(b, name);
        }
    mem_free(keys);
    out->required = list;
}

/* ---- bodies -------------------------------------------------------------------------------- */

/* The schema's tree; the same each time. */
static const struct json *find_schema(struct build *b, struct span name)
{
    const struct json *record = json_member_span(json_member(b->document, "models"), name);
    struct json *tree = json_member_span(b->schemas, name);
    struct span text;

    if (tree || !record)
        return tree;
    text = build_keep(b, json_member_text(record, "schema", SPAN("")));
    if (json_parse(b->arena, text, &tree, NULL) != OK)
        return NULL;
    if (!b->schemas)
        b->schemas = build_need(json_new(b->arena, JSON_OBJECT));
    return json_set_span(b->schemas, build_keep(b, name), tree);
}

/* A reference's uri ends with the model's name. */
static const struct json *find_referred(void *context, struct span uri)
{
    size_t slash = span_find_last(uri, '/');

    return find_schema(context, slash < uri.len ? span_skip(uri, slash + 1) : uri);
}

static const struct jsonschema *build_schema(struct build *b, struct span model)
{
    struct jsonschema_resolver resolver = {find_referred, b};
    const struct json *tree = find_schema(b, model);
    struct deployment *d = b->deployment;
    struct jsonschema *schema;

    if (!tree || jsonschema_compile_tree(b->arena, tree, &resolver, &schema, NULL) != OK)
        return NULL;
    if (d->schema_count % 16 == 0)
        d->schemas = mem_resize(d->schemas, (d->schema_count + 16) * sizeof(struct jsonschema *));
    d->schemas[d->schema_count++] = schema;
    return schema;
}

/* Schemas of other formats than JSON are for people. */
static bool is_json(const struct build *b, struct span model)
{
    const struct json *record = json_member_span(json_member(b->document, "models"), model);

    return !record || span_is(json_member_text(record, "contentType", SPAN("application/json")),
                              "application/json");
}

static void build_models(struct build *b, const struct json *models, struct method *out)
{
    struct body_model *list;

    if (!json_is(models, JSON_OBJECT))
        return;
    list = build_array(b, models->count, sizeof *list);
    for (const struct json *one = models->first; one; one = one->next)
        if (is_json(b, one->text))
            list[out->model_count++] =
                (struct body_model){build_keep(b, one->name), build_schema(b, one->text)};
    out->models = list;
}

bool build_validator(struct build *b, const struct json *method, struct method *out)
{
    struct span id = json_member_text(method, "requestValidatorId", SPAN(""));
    const struct json *validator =
        json_member_span(json_member(b->document, "requestValidators"), id);

    if (id.len == 0)
        return true;
    if (json_member_bool(validator, "validateRequestParameters", false))
        build_required(b, json_member(method, "requestParameters"), out);
    if (json_member_bool(validator, "validateRequestBody", false))
        build_models(b, json_member(method, "requestModels"), out);
    return validator != NULL;
}
