/* The first pass: everything that has a name gets its row, so that later passes may refer to
 * names in any order. */
#include "modelgen/reader.h"

#include "base/number.h"

struct model_kind *model_find_kind(struct model *model, struct span name)
{
    for (size_t i = 0; i < model->kind_count; i++)
        if (span_equal(model->kinds[i].name, name))
            return &model->kinds[i];
    return NULL;
}

struct model_shape *model_find_shape(struct model *model, struct span name)
{
    for (size_t i = 0; i < model->shape_count; i++)
        if (span_equal(model->shapes[i].name, name))
            return &model->shapes[i];
    return NULL;
}

/* --- types ---------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum model_form form;
} PLAIN[] = {
    {"text", FORM_TEXT},     {"bool", FORM_BOOL}, {"int", FORM_INT},   {"long", FORM_LONG},
    {"double", FORM_DOUBLE}, {"time", FORM_TIME}, {"blob", FORM_BLOB}, {"any", FORM_ANY},
};

/* The one row of a type; equal types share it. */
static const struct model_type *intern(struct model *model, struct model_type type)
{
    for (size_t i = 0; i < model->type_count; i++) {
        const struct model_type *t = &model->types[i];

        if (t->form == type.form && t->of == type.of && t->values == type.values &&
            t->shape == type.shape)
            return t;
    }
    if (model->type_count == ROWS_MAX)
        return NULL;
    model->types[model->type_count] = type;
    return &model->types[model->type_count++];
}

const struct model_type *type_shape(struct model *model, const struct model_shape *shape)
{
    return intern(model, (struct model_type){.form = FORM_SHAPE, .shape = shape});
}

static const struct model_type *named_type(struct reader *in, struct span name)
{
    struct model *model = in->model;
    const struct model_shape *shape = model_find_shape(model, name);

    if (shape)
        return type_shape(model, shape);
    for (size_t i = 0; i < COUNT(PLAIN); i++)
        if (span_is(name, PLAIN[i].name))
            return intern(model, (struct model_type){.form = PLAIN[i].form});
    for (size_t i = 0; i < model->enum_count; i++)
        if (span_equal(model->enums[i].name, name))
            return intern(model,
                          (struct model_type){.form = FORM_ENUM, .values = &model->enums[i]});
    reader_fail(in, in->at - 1, "unknown type '%.*s'", SPAN_ARG(name));
    return NULL;
}

const struct model_type *type_read(struct reader *in, struct span name)
{
    enum model_form wraps[4]; /* from the outside in */
    size_t depth = 0;
    const struct model_type *type;

    while (name.len >= 2 && depth < COUNT(wraps)) {
        char first = name.at[0], last = name.at[name.len - 1];

        if (!(first == '[' && last == ']') && !(first == '{' && last == '}'))
            break;
        wraps[depth++] = first == '[' ? FORM_LIST : FORM_MAP;
        name = span_first(span_skip(name, 1), name.len - 2);
    }
    type = named_type(in, name);
    while (type && depth) {
        type = intern(in->model, (struct model_type){.form = wraps[--depth], .of = type});
        if (!type)
            reader_fail(in, in->at - 1, "too many types");
    }
    return type;
}

/* --- rows ----------------------------------------------------------------------------------- */

static bool has_room(struct reader *in, size_t count)
{
    return count < ROWS_MAX || reader_fail(in, 0, "too many rows");
}

static bool take_new_name(struct reader *in, const char *what, struct span *name)
{
    if (!reader_take_name(in, what, name))
        return false;
    for (size_t i = 0; i < COUNT(PLAIN); i++)
        if (span_is(*name, PLAIN[i].name))
            return reader_fail(in, in->at - 1, "'%.*s' is a plain type", SPAN_ARG(*name));
    if (map_get(&in->model->names, *name))
        return reader_fail(in, in->at - 1, "'%.*s' is there twice", SPAN_ARG(*name));
    return map_set(&in->model->names, *name, in->model) || reader_fail(in, 0, "too many names");
}

static bool take_service_attribute(struct reader *in, struct model_service *service)
{
    if (reader_take_if(in, "signs"))
        return reader_take_name(in, "the signing name", &service->signing);
    if (reader_take_if(in, "target"))
        return reader_take(in, "the target prefix", &service->target);
    if (reader_take_if(in, "xmlns"))
        return reader_take(in, "the name space", &service->xmlns);
    if (reader_take_if(in, "times-iso"))
        return service->times_are_iso = true;
    if (reader_take_if(in, "paths-name-input"))
        return service->paths_name_input = true;
    return reader_fail(in, in->at, "unknown attribute of a service");
}

static bool read_service(struct reader *in)
{
    static const struct {
        const char *name;
        enum model_protocol protocol;
    } PROTOCOLS[] = {
        {"rest-json", PROTOCOL_REST_JSON}, {"json", PROTOCOL_JSON}, {"query", PROTOCOL_QUERY}};
    struct model_service *service = &in->model->service;
    struct span protocol;
    size_t i = 0;

    if (service->name.len)
        return reader_fail(in, 0, "a second service");
    if (!reader_take_name(in, "the service", &service->name) ||
        !reader_take(in, "the version", &service->version) ||
        !reader_take(in, "the protocol", &protocol))
        return false;
    while (i < COUNT(PROTOCOLS) && !span_is(protocol, PROTOCOLS[i].name))
        i++;
    if (i == COUNT(PROTOCOLS))
        return reader_fail(in, in->at - 1, "unknown protocol '%.*s'", SPAN_ARG(protocol));
    service->protocol = PROTOCOLS[i].protocol;
    while (reader_has_more(in))
        if (!take_service_attribute(in, service))
            return false;
    if (service->signing.len == 0)
        service->signing = service->name;
    return true;
}

static bool read_error(struct reader *in)
{
    struct model *model = in->model;
    struct model_error *error = &model->errors[model->error_count];
    double status;

    if (!has_room(in, model->error_count) || !take_new_name(in, "an error", &error->code) ||
        !reader_take_number(in, "the status", &status))
        return false;
    if (status < 300 || status > 599)
        return reader_fail(in, in->at - 1, "no status of an error");
    error->status = (unsigned)status;
    if (reader_take_if(in, "as") &&
        !take_new_name(in, "a short name", &model->aliases[model->error_count]))
        return false;
    if (reader_take_if(in, "typed") && !reader_take_name(in, "a member", &error->words))
        return false;
    if (reader_take_if(in, "for")) {
        if (reader_take_if(in, "validation"))
            model->service.validation = error;
        else if (reader_take_if(in, "serialization"))
            model->service.serialization = error;
        else
            return reader_fail(in, in->at, "an error may be for validation or serialization");
    }
    model->error_count++;
    return !reader_has_more(in) || reader_fail(in, in->at, "unknown attribute of an error");
}

static bool read_enum(struct reader *in)
{
    struct model *model = in->model;
    struct model_enum *row = &model->enums[model->enum_count];
    struct span *values = reader_room(in, in->statement->count, sizeof *values);

    if (!values || !has_room(in, model->enum_count) || !take_new_name(in, "an enum", &row->name))
        return false;
    while (reader_has_more(in)) {
        struct span value;

        if (!reader_take(in, "a value", &value))
            return false;
        for (size_t i = 0; i < row->count; i++)
            if (span_equal(values[i], value))
                return reader_fail(in, in->at - 1, "'%.*s' is there twice", SPAN_ARG(value));
        values[row->count++] = value;
    }
    row->values = values;
    model->enum_count++;
    return row->count || reader_fail(in, 0, "an enum without values");
}

static bool read_shape_name(struct reader *in)
{
    struct model *model = in->model;

    return has_room(in, model->shape_count) &&
           take_new_name(in, "a shape", &model->shapes[model->shape_count].name) &&
           ++model->shape_count;
}

static bool read_kind_name(struct reader *in)
{
    struct model *model = in->model;
    struct model_kind *kind = &model->kinds[model->kind_count];

    if (!read_shape_name(in))
        return false;
    kind->shape = &model->shapes[model->shape_count - 1];
    kind->name = kind->shape->name;
    model->kind_count++;
    return true;
}

static bool skip_statement(struct reader *in)
{
    (void)in;
    return true;
}

bool names_read(struct model *model)
{
    static const struct {
        const char *word;
        bool (*read)(struct reader *in);
    } STATEMENTS[] = {
        {"service", read_service},   {"error", read_error},    {"enum", read_enum},
        {"struct", read_shape_name}, {"kind", read_kind_name}, {"patch", skip_statement},
        {"refuse", skip_statement},  {"op", skip_statement},
    };

    for (size_t i = 0; i < model->statements.count; i++) {
        struct reader in = reader_of(model, &model->statements.list[i], 0);
        size_t k = 0;

        if (in.statement->is_indented)
            continue;
        while (k < COUNT(STATEMENTS) && !reader_take_if(&in, STATEMENTS[k].word))
            k++;
        if (k == COUNT(STATEMENTS))
            return reader_fail(&in, 0, "unknown statement '%.*s'",
                               SPAN_ARG(in.statement->words[0].text));
        if (i == 0 && k != 0)
            return reader_fail(&in, 0, "a model starts with its service");
        if (!STATEMENTS[k].read(&in))
            return false;
    }
    return true;
}
