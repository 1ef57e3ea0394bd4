/* The C source of a model.  It is meant to be read: one row a line or field, names as in the
 * model, only what is set. */
#include "modelgen/emit.h"

#include "base/ascii.h"

static void add_text(struct buf *out, struct span text)
{
    buf_add_text(out, "SPAN_INIT(\"");
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (c == '"' || c == '\\')
            buf_addf(out, "\\%c", c);
        else if (c == '?') /* no trigraphs */
            buf_add_text(out, "\\?");
        else
            buf_add_char(out, (char)c);
    }
    buf_add_text(out, "\")");
}

static void add_field(struct buf *out, const char *name, struct span text)
{
    if (text.len == 0)
        return;
    buf_addf(out, ", .%s = ", name);
    add_text(out, text);
}

static void add_flag(struct buf *out, const char *name, bool is_set)
{
    if (is_set)
        buf_addf(out, ", .%s = true", name);
}

/* ", .values = (const struct span[]){...}, .count = 3" */
static void add_texts(struct buf *out, const char *name, const char *count_name,
                      const struct span *texts, size_t count)
{
    if (count == 0)
        return;
    buf_addf(out, ", .%s = (const struct span[]){", name);
    for (size_t i = 0; i < count; i++) {
        buf_add_text(out, i ? ", " : "");
        add_text(out, texts[i]);
    }
    buf_addf(out, "}, .%s = %zu", count_name, count);
}

static void add_answer(struct buf *out, const struct model *model, const char *name,
                       const struct model_answer *answer)
{
    if (!answer->error)
        return;
    buf_addf(out, ", .%s = {&errors[%zu], ", name, (size_t)(answer->error - model->errors));
    add_text(out, answer->text);
    buf_add_char(out, '}');
}

static void add_type_name(struct buf *out, const struct model_type *type)
{
    static const char *const NAMES[] = {
        [FORM_TEXT] = "text",     [FORM_BOOL] = "bool", [FORM_INT] = "int",   [FORM_LONG] = "long",
        [FORM_DOUBLE] = "double", [FORM_TIME] = "time", [FORM_BLOB] = "blob", [FORM_ANY] = "any",
    };

    buf_add_text(out, "type_");
    for (; type->of; type = type->of)
        buf_add_text(out, type->form == FORM_LIST ? "list_" : "map_");
    if (type->values)
        buf_add(out, type->values->name);
    else if (type->shape)
        buf_add(out, type->shape->name);
    else
        buf_add_text(out, NAMES[type->form]);
}

static void add_kind_pointer(struct buf *out, const struct model *model, const char *name,
                             const struct model_kind *kind)
{
    (void)model;
    if (kind)
        buf_addf(out, ", .%s = &kinds[KIND_%.*s]", name, SPAN_ARG(kind->name));
}

/* A member of a struct or kind is known by the array that holds it. */
static void add_member_pointer(struct buf *out, const struct model *model, const char *name,
                               const struct model_member *member)
{
    for (size_t i = 0; member && i < model->shape_count; i++) {
        const struct model_shape *shape = &model->shapes[i];

        if (member >= shape->members && member < shape->members + shape->count)
            buf_addf(out, ", .%s = &members_%.*s[%zu]", name, SPAN_ARG(shape->name),
                     (size_t)(member - shape->members));
    }
}

/* --- rows ------------------------------------------------------------------------------------ */

static void add_rules(struct buf *out, const struct model *model, const struct model_member *member)
{
    static const char *const CHECKS[] = {"CHECK_MATCH", "CHECK_LEAST", "CHECK_MOST"};
    static const char *const PARTS[] = {"PART_ITSELF", "PART_KEYS", "PART_EACH"};

    if (member->rule_count == 0)
        return;
    buf_add_text(out, ",\n     .rules = (const struct model_rule[]){");
    for (size_t i = 0; i < member->rule_count; i++) {
        const struct model_rule *rule = &member->rules[i];

        buf_addf(out, "%s{.check = %s, .part = %s", i ? ",\n      " : "", CHECKS[rule->check],
                 PARTS[rule->part]);
        if (rule->check == CHECK_MATCH)
            add_field(out, "pattern", rule->pattern);
        else
            buf_addf(out, ", .bound = %.17g", rule->bound);
        add_answer(out, model, "otherwise", &rule->otherwise);
        buf_add_char(out, '}');
    }
    buf_addf(out, "}, .rule_count = %zu", member->rule_count);
}

static void add_member(struct buf *out, const struct model *model,
                       const struct model_member *member)
{
    static const char *const PLACES[] = {"PLACE_BODY",      "PLACE_URI",    "PLACE_QUERY",
                                         "PLACE_QUERY_MAP", "PLACE_HEADER", "PLACE_PAYLOAD",
                                         "PLACE_STATUS"};

    buf_add_text(out, "    {.name = ");
    add_text(out, member->name);
    add_field(out, "wire", member->wire);
    buf_add_text(out, ", .type = &");
    add_type_name(out, member->type);
    if (member->place != PLACE_BODY)
        buf_addf(out, ", .place = %s", PLACES[member->place]);
    add_flag(out, "is_required", member->is_required);
    add_flag(out, "is_secret", member->is_secret);
    add_rules(out, model, member);
    add_kind_pointer(out, model, "names", member->names);
    add_kind_pointer(out, model, "ref", member->ref);
    add_answer(out, model, "unknown", &member->unknown);
    add_field(out, "sets", member->sets);
    add_field(out, "fallback", member->fallback);
    add_field(out, "when", member->when);
    add_texts(out, "when_values", "when_count", member->when_values, member->when_count);
    buf_add_text(out, "},\n");
}

static void add_members(struct buf *out, const struct model *model, const char *prefix,
                        const struct model_shape *shape)
{
    if (shape->count == 0)
        return;
    buf_addf(out, "\nstatic const struct model_member %s%.*s[] = {\n", prefix,
             SPAN_ARG(shape->name));
    for (size_t i = 0; i < shape->count; i++)
        add_member(out, model, &shape->members[i]);
    buf_add_text(out, "};\n");
}

static void add_shape(struct buf *out, const char *prefix, const char *members,
                      const struct model_shape *shape)
{
    buf_addf(out, "static const struct model_shape %s%.*s = {", prefix, SPAN_ARG(shape->name));
    add_text(out, shape->name);
    if (shape->count)
        buf_addf(out, ", %s%.*s, %zu};\n", members, SPAN_ARG(shape->name), shape->count);
    else
        buf_add_text(out, ", NULL, 0};\n");
}

static void add_types(struct buf *out, const struct model *model)
{
    static const char *const FORMS[] = {"FORM_TEXT",   "FORM_BOOL",  "FORM_INT",  "FORM_LONG",
                                        "FORM_DOUBLE", "FORM_TIME",  "FORM_BLOB", "FORM_ANY",
                                        "FORM_ENUM",   "FORM_SHAPE", "FORM_LIST", "FORM_MAP"};

    buf_add_char(out, '\n');
    for (size_t i = 0; i < model->type_count; i++) {
        const struct model_type *type = &model->types[i];

        buf_add_text(out, "static const struct model_type ");
        add_type_name(out, type);
        buf_addf(out, " = {.form = %s", FORMS[type->form]);
        if (type->of) {
            buf_add_text(out, ", .of = &");
            add_type_name(out, type->of);
        }
        if (type->values)
            buf_addf(out, ", .values = &enum_%.*s", SPAN_ARG(type->values->name));
        if (type->shape)
            buf_addf(out, ", .shape = &shape_%.*s", SPAN_ARG(type->shape->name));
        buf_add_text(out, "};\n");
    }
}

static void add_errors_and_enums(struct buf *out, const struct model *model)
{
    buf_add_text(out, "\nstatic const struct model_error errors[] = {\n");
    for (size_t i = 0; i < model->error_count; i++) {
        buf_add_text(out, "    {");
        add_text(out, model->errors[i].code);
        buf_addf(out, ", %u, ", model->errors[i].status);
        add_text(out, model->errors[i].words);
        buf_add_text(out, "},\n");
    }
    buf_add_text(out, "};\n\n");
    for (size_t i = 0; i < model->enum_count; i++) {
        const struct model_enum *row = &model->enums[i];

        buf_addf(out, "static const struct model_enum enum_%.*s = {.name = ", SPAN_ARG(row->name));
        add_text(out, row->name);
        add_texts(out, "values", "count", row->values, row->count);
        buf_add_text(out, "};\n");
    }
}

/* --- kinds ----------------------------------------------------------------------------------- */

static void add_patch(struct buf *out, const struct model *model, const struct model_patch *row)
{
    buf_add_text(out, "    {.path = ");
    add_text(out, row->path);
    add_texts(out, "segments", "segment_count", row->segments, row->segment_count);
    buf_addf(out, ",\n     .ops = %s%s%s%s0", row->ops & PATCH_ADD ? "PATCH_ADD | " : "",
             row->ops & PATCH_REPLACE ? "PATCH_REPLACE | " : "",
             row->ops & PATCH_REMOVE ? "PATCH_REMOVE | " : "",
             row->ops & PATCH_COPY ? "PATCH_COPY | " : "");
    add_texts(out, "target", "target_count", row->target, row->target_count);
    add_member_pointer(out, model, "member", row->member);
    if (row->type) {
        buf_add_text(out, ", .type = &");
        add_type_name(out, row->type);
    }
    add_flag(out, "keeps_escapes", row->keeps_escapes);
    add_flag(out, "empty_clears", row->empty_clears);
    add_flag(out, "is_later", row->is_later);
    add_field(out, "from", row->from);
    add_field(out, "hook", row->hook);
    add_answer(out, model, "missing", &row->missing);
    add_answer(out, model, "bad_op", &row->bad_op);
    buf_add_text(out, "},\n");
}

static void add_kind_rows(struct buf *out, const struct model *model, const struct model_kind *kind)
{
    if (kind->reference_count) {
        buf_addf(out, "\nstatic const struct model_reference references_%.*s[] = {\n",
                 SPAN_ARG(kind->name));
        for (size_t i = 0; i < kind->reference_count; i++) {
            const struct model_reference *row = &kind->references[i];

            buf_addf(out, "    {.to = &kinds[KIND_%.*s]", SPAN_ARG(row->to->name));
            add_texts(out, "path", "path_count", row->path, row->path_count);
            buf_add_text(out, "},\n");
        }
        buf_add_text(out, "};\n");
    }
    if (kind->refusal_count) {
        buf_addf(out, "\nstatic const struct model_refusal refusals_%.*s[] = {\n",
                 SPAN_ARG(kind->name));
        for (size_t i = 0; i < kind->refusal_count; i++) {
            buf_addf(out, "    {.by = &kinds[KIND_%.*s]", SPAN_ARG(kind->refusals[i].by->name));
            add_answer(out, model, "answer", &kind->refusals[i].answer);
            buf_add_text(out, "},\n");
        }
        buf_add_text(out, "};\n");
    }
    if (kind->patch_count) {
        buf_addf(out, "\nstatic const struct model_patch patches_%.*s[] = {\n",
                 SPAN_ARG(kind->name));
        for (size_t i = 0; i < kind->patch_count; i++)
            add_patch(out, model, &kind->patches[i]);
        buf_add_text(out, "};\n");
    }
}

static void add_rows(struct buf *out, const char *field, const char *prefix, const char *count_name,
                     struct span name, size_t count)
{
    if (count)
        buf_addf(out, ",\n     .%s = %s_%.*s, .%s = %zu", field, prefix, SPAN_ARG(name), count_name,
                 count);
}

static void add_kind(struct buf *out, const struct model *model, const struct model_kind *kind)
{
    buf_addf(out, "    [KIND_%.*s] = {.name = ", SPAN_ARG(kind->name));
    add_text(out, kind->name);
    buf_addf(out, ", .service = &MODEL_%.*s, .shape = &shape_%.*s", SPAN_ARG(model->service.name),
             SPAN_ARG(kind->name));
    add_kind_pointer(out, model, "parent", kind->parent);
    add_member_pointer(out, model, "key", kind->key);
    if (kind->id_length)
        buf_addf(out, ", .id_length = %u", kind->id_length);
    add_answer(out, model, "missing", &kind->missing);
    add_flag(out, "speaks_for_parent", kind->speaks_for_parent);
    add_answer(out, model, "exists", &kind->exists);
    add_field(out, "arn", kind->arn);
    add_flag(out, "is_live", kind->is_live);
    add_rows(out, "references", "references", "reference_count", kind->name, kind->reference_count);
    add_rows(out, "refusals", "refusals", "refusal_count", kind->name, kind->refusal_count);
    add_rows(out, "patches", "patches", "patch_count", kind->name, kind->patch_count);
    add_answer(out, model, "bad_path", &kind->bad_path);
    add_answer(out, model, "bad_op", &kind->bad_op);
    buf_add_text(out, "},\n");
}

static void add_kinds(struct buf *out, const struct model *model)
{
    for (size_t i = 0; i < model->kind_count; i++)
        add_kind_rows(out, model, &model->kinds[i]);
    if (model->kind_count == 0)
        return;
    buf_addf(out, "\nstatic const struct model_kind kinds[%zu] = {\n", model->kind_count);
    for (size_t i = 0; i < model->kind_count; i++)
        add_kind(out, model, &model->kinds[i]);
    buf_add_text(out, "};\n");
}

/* --- operations ------------------------------------------------------------------------------ */

static void add_path(struct buf *out, const struct model_operation *op)
{
    if (op->path_count == 0)
        return;
    buf_add_text(out, ",\n     .path = (const struct model_segment[]){");
    for (size_t i = 0; i < op->path_count; i++) {
        const struct model_segment *segment = &op->path[i];

        buf_addf(out, "%s{", i ? ", " : "");
        if (segment->member)
            buf_addf(out, ".member = &input_%.*s[%zu]%s", SPAN_ARG(op->name),
                     (size_t)(segment->member - op->input->members),
                     segment->is_greedy ? ", .is_greedy = true" : "");
        else {
            buf_add_text(out, ".literal = ");
            add_text(out, segment->literal);
        }
        buf_add_char(out, '}');
    }
    buf_addf(out, "}, .path_count = %zu", op->path_count);
    if (op->constant_count == 0)
        return;
    buf_add_text(out, ", .constants = (const struct model_constant[]){");
    for (size_t i = 0; i < op->constant_count; i++) {
        buf_addf(out, "%s{", i ? ", " : "");
        add_text(out, op->constants[i].name);
        buf_add_text(out, ", ");
        add_text(out, op->constants[i].value);
        buf_add_char(out, '}');
    }
    buf_addf(out, "}, .constant_count = %zu", op->constant_count);
}

static const char *verb_symbol(enum model_verb verb)
{
    static const char *const SYMBOLS[] = {
        [VERB_CREATE] = "VERB_CREATE",   [VERB_PUT] = "VERB_PUT",
        [VERB_GET] = "VERB_GET",         [VERB_LIST] = "VERB_LIST",
        [VERB_UPDATE] = "VERB_UPDATE",   [VERB_DELETE] = "VERB_DELETE",
        [VERB_TAG] = "VERB_TAG",         [VERB_UNTAG] = "VERB_UNTAG",
        [VERB_TAGS] = "VERB_TAGS",       [VERB_HANDLER] = "VERB_HANDLER",
        [VERB_REFUSED] = "VERB_REFUSED", [VERB_LATER] = "VERB_LATER",
    };

    return SYMBOLS[verb];
}

static void add_operation(struct buf *out, const struct model *model,
                          const struct model_operation *op)
{
    buf_add_text(out, "    {.name = ");
    add_text(out, op->name);
    buf_addf(out, ", .verb = %s", verb_symbol(op->verb));
    add_flag(out, "is_later", op->is_later);
    if (op->issue)
        buf_addf(out, ", .issue = %u", op->issue);
    add_flag(out, "is_unsigned", op->is_unsigned);
    add_field(out, "method", op->method);
    add_path(out, op);
    buf_addf(out, ",\n     .status = %u, .input = &takes_%.*s", op->status, SPAN_ARG(op->name));
    if (op->output)
        buf_addf(out, ", .output = &shape_%.*s", SPAN_ARG(op->output->name));
    add_kind_pointer(out, model, "kind", op->kind);
    add_field(out, "items", op->items);
    add_flag(out, "is_paged", op->is_paged);
    add_field(out, "handler", op->handler);
    add_answer(out, model, "refusal", &op->refusal);
    if (op->missing_count) {
        buf_add_text(out, ", .missing = (const struct model_missing[]){");
        for (size_t i = 0; i < op->missing_count; i++) {
            buf_addf(out, "%s{.kind = &kinds[KIND_%.*s]", i ? ", " : "",
                     SPAN_ARG(op->missing[i].kind->name));
            add_answer(out, model, "answer", &op->missing[i].answer);
            buf_add_char(out, '}');
        }
        buf_addf(out, "}, .missing_count = %zu", op->missing_count);
    }
    add_texts(out, "shows", "show_count", op->shows, op->show_count);
    buf_add_text(out, "},\n");
}

static void add_operations(struct buf *out, const struct model *model)
{
    for (size_t i = 0; i < model->operation_count; i++)
        add_members(out, model, "input_", model->operations[i].input);
    buf_add_char(out, '\n');
    for (size_t i = 0; i < model->operation_count; i++)
        add_shape(out, "takes_", "input_", model->operations[i].input);
    buf_add_text(out, "\nstatic const struct model_operation operations[] = {\n");
    for (size_t i = 0; i < model->operation_count; i++)
        add_operation(out, model, &model->operations[i]);
    buf_add_text(out, "};\n");
}

/* --- the whole ------------------------------------------------------------------------------- */

static void add_service(struct buf *out, const struct model *model)
{
    static const char *const PROTOCOLS[] = {"PROTOCOL_REST_JSON", "PROTOCOL_JSON",
                                            "PROTOCOL_QUERY"};
    const struct model_service *service = &model->service;

    buf_addf(out,
             "\nconst struct model_service MODEL_%.*s = {\n    .name = ", SPAN_ARG(service->name));
    add_text(out, service->name);
    add_field(out, "version", service->version);
    buf_addf(out, ", .protocol = %s", PROTOCOLS[service->protocol]);
    add_field(out, "signing", service->signing);
    add_field(out, "target", service->target);
    add_field(out, "xmlns", service->xmlns);
    add_flag(out, "times_are_iso", service->times_are_iso);
    add_flag(out, "paths_name_input", service->paths_name_input);
    buf_addf(out, ",\n    .errors = errors, .error_count = COUNT(errors)");
    buf_addf(out, ", .validation = &errors[%zu]", (size_t)(service->validation - model->errors));
    buf_addf(out, ", .serialization = &errors[%zu],\n",
             (size_t)(service->serialization - model->errors));
    if (model->kind_count)
        buf_add_text(out, "    .kinds = kinds, .kind_count = COUNT(kinds),\n");
    buf_add_text(out, "    .operations = operations, .operation_count = COUNT(operations)};\n");
}

/* What refers to each other in a circle is declared first. */
static void add_declarations(struct buf *out, const struct model *model)
{
    buf_addf(out, "extern const struct model_service MODEL_%.*s;\n", SPAN_ARG(model->service.name));
    for (size_t i = 0; i < model->shape_count; i++)
        buf_addf(out, "static const struct model_shape shape_%.*s;\n",
                 SPAN_ARG(model->shapes[i].name));
    if (model->kind_count == 0)
        return;
    buf_add_text(out, "\nenum {\n");
    for (size_t i = 0; i < model->kind_count; i++)
        buf_addf(out, "    KIND_%.*s,\n", SPAN_ARG(model->kinds[i].name));
    buf_addf(out, "};\nstatic const struct model_kind kinds[%zu];\n", model->kind_count);
}

bool emit_tables(struct buf *out, const struct model *model, const char *file)
{
    buf_addf(out, "/* Made by tools/modelgen from %s: change that. */\n", file);
    buf_add_text(out, "#include \"control/model.h\"\n\n");
    add_declarations(out, model);
    add_errors_and_enums(out, model);
    add_types(out, model);
    for (size_t i = 0; i < model->shape_count; i++)
        add_members(out, model, "members_", &model->shapes[i]);
    buf_add_char(out, '\n');
    for (size_t i = 0; i < model->shape_count; i++)
        add_shape(out, "shape_", "members_", &model->shapes[i]);
    add_kinds(out, model);
    add_operations(out, model);
    add_service(out, model);
    return !out->is_over;
}

bool emit_services(struct buf *out, const struct span *names, size_t count)
{
    buf_add_text(out, "/* Made by tools/modelgen: the models of models/. */\n"
                      "#include \"control/model.h\"\n\n");
    for (size_t i = 0; i < count; i++)
        buf_addf(out, "extern const struct model_service MODEL_%.*s;\n", SPAN_ARG(names[i]));
    buf_add_text(out, "\nconst struct model_service *const MODEL_SERVICES[] = {\n");
    for (size_t i = 0; i < count; i++)
        buf_addf(out, "    &MODEL_%.*s,\n", SPAN_ARG(names[i]));
    buf_add_text(out, "};\nconst size_t MODEL_SERVICE_COUNT = COUNT(MODEL_SERVICES);\n");
    return !out->is_over;
}
