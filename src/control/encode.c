/* Answers are written straight from the tree in the order of the model, so whatever order a
 * record was built in, clients see AWS's. */
#include "control/encode.h"

#include <stdio.h>
#include <time.h>

static void add_name(struct buf *body, struct span name, bool *is_first)
{
    buf_add_text(body, *is_first ? "" : ",");
    json_write_text(body, name);
    buf_add_char(body, ':');
    *is_first = false;
}

/* AWS writes doubles with a fraction: 50.0 */
static void add_double(struct buf *body, struct span text)
{
    bool is_whole = true;

    for (size_t i = 0; i < text.len; i++)
        is_whole &= text.at[i] != '.' && text.at[i] != 'e' && text.at[i] != 'E';
    buf_add(body, text);
    if (is_whole)
        buf_add_text(body, ".0");
}

void encode_iso_time(struct buf *body, const struct json *value)
{
    struct tm parts;
    double seconds = 0;
    time_t whole;
    char text[32];

    json_double(value, &seconds);
    if (seconds < 0 || seconds > 4e11)
        seconds = 0;
    whole = (time_t)seconds;
    gmtime_r(&whole, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    buf_add_text(body, text);
}

static void add_quoted_time(struct buf *body, const struct json *value)
{
    buf_add_char(body, '"');
    encode_iso_time(body, value);
    buf_add_char(body, '"');
}

static void add_shape(struct buf *body, const struct model_service *service,
                      const struct model_shape *shape, const struct json *value)
{
    bool is_first = true;

    buf_add_char(body, '{');
    for (size_t i = 0; i < shape->count; i++) {
        const struct model_member *member = &shape->members[i];
        const struct json *one = json_member_span(value, member->name);

        if (!one || one->type == JSON_NULL)
            continue;
        add_name(body, member->wire, &is_first);
        encode_value(body, service, member->type, one);
    }
    buf_add_char(body, '}');
}

static void add_items(struct buf *body, const struct model_service *service,
                      const struct model_type *type, const struct json *value)
{
    bool is_list = value->type == JSON_ARRAY, is_first = true;

    buf_add_char(body, is_list ? '[' : '{');
    for (const struct json *one = value->first; one; one = one->next) {
        if (is_list && !is_first)
            buf_add_char(body, ',');
        else if (!is_list)
            add_name(body, one->name, &is_first);
        is_first = false;
        encode_value(body, service, type->of, one);
    }
    buf_add_char(body, is_list ? ']' : '}');
}

/* Recursion is as deep as the tree.  A value that does not fit its type is written as it is. */
bool encode_value(struct buf *body, const struct model_service *service,
                  const struct model_type *type, const struct json *value)
{
    if (type->form == FORM_SHAPE && value->type == JSON_OBJECT)
        add_shape(body, service, type->shape, value);
    else if (type->of && (value->type == JSON_OBJECT || value->type == JSON_ARRAY))
        add_items(body, service, type, value);
    else if (type->form == FORM_DOUBLE && value->type == JSON_NUMBER)
        add_double(body, value->text);
    else if (type->form == FORM_TIME && value->type == JSON_NUMBER && service->times_are_iso)
        add_quoted_time(body, value);
    else
        json_write(body, value);
    return !body->is_over;
}

/* --- answers --------------------------------------------------------------------------------- */

static void add_header(struct encoded *out, struct span name, struct span value)
{
    if (out->header_count < ENCODED_HEADERS_MAX)
        out->headers[out->header_count++] = (struct http_header){name, value};
}

static bool is_shown(const struct model_operation *operation, struct span name)
{
    for (size_t i = 0; i < operation->show_count; i++)
        if (span_equal(operation->shows[i], name))
            return true;
    return false;
}

/* What does not travel in the JSON body. */
static void add_elsewhere(struct buf *body, const struct model_member *member,
                          const struct json *value, struct encoded *out)
{
    int64_t status;

    if (member->place == PLACE_HEADER)
        add_header(out, member->wire, value->text);
    else if (member->place == PLACE_STATUS && json_int(value, &status))
        out->status = (unsigned)status;
    else if (member->place == PLACE_PAYLOAD &&
             (member->type->form == FORM_BLOB || member->type->form == FORM_TEXT))
        buf_add(body, value->text);
}

static void add_member(struct buf *body, const struct model_service *service,
                       const struct model_operation *operation, const struct model_member *member,
                       const struct json *value, bool *is_first)
{
    bool is_list = member->type->form == FORM_LIST;

    if (value && value->type != JSON_NULL) {
        add_name(body, member->wire, is_first);
        encode_value(body, service, member->type, value);
    } else if (is_shown(operation, member->name) && member->type->of) {
        add_name(body, member->wire, is_first);
        buf_add_text(body, is_list ? "[]" : "{}");
    }
}

static const struct model_member *find_payload(const struct model_shape *shape)
{
    for (size_t i = 0; i < shape->count; i++)
        if (shape->members[i].place == PLACE_PAYLOAD)
            return &shape->members[i];
    return NULL;
}

static void add_output(struct buf *body, const struct model_service *service,
                       const struct model_operation *operation, const struct json *tree,
                       struct encoded *out)
{
    const struct model_shape *shape = operation->output;
    const struct model_member *payload = find_payload(shape);
    bool is_first = true;

    if (!payload)
        buf_add_char(body, '{');
    for (size_t i = 0; i < shape->count; i++) {
        const struct model_member *member = &shape->members[i];
        const struct json *value = json_member_span(tree, member->name);

        if (member->place == PLACE_BODY && !payload)
            add_member(body, service, operation, member, value, &is_first);
        else if (value && member == payload && member->type->form != FORM_BLOB &&
                 member->type->form != FORM_TEXT)
            encode_value(body, service, member->type, value);
        else if (value)
            add_elsewhere(body, member, value, out);
    }
    if (!payload)
        buf_add_char(body, '}');
}

bool encode_rest_json(struct arena *arena, const struct model_service *service,
                      const struct model_operation *operation, const struct json *tree,
                      struct buf *body, struct encoded *out)
{
    *out = (struct encoded){.status = operation->status, .has_body = operation->output != NULL};
    if (operation->output)
        add_output(body, service, operation, tree, out);
    if (operation->output && !find_payload(operation->output))
        add_header(out, SPAN("Content-Type"), SPAN("application/json"));
    return !body->is_over && !arena->is_over;
}

bool encode_rest_json_error(struct arena *arena, const struct model_answer *answer,
                            struct buf *body, struct encoded *out)
{
    *out = (struct encoded){.status = answer->error->status, .has_body = true};
    add_header(out, SPAN("Content-Type"), SPAN("application/json"));
    add_header(out, SPAN("x-amzn-ErrorType"), answer->error->code);
    if (answer->error->words.len > 0)
        buf_addf(body,
                 "{\"Type\":\"%s\",\"%.*s\":", answer->error->status < 500 ? "User" : "Service",
                 SPAN_ARG(answer->error->words));
    else
        buf_add_text(body, "{\"message\":");
    json_write_text(body, answer->text);
    buf_add_char(body, '}');
    return !body->is_over && !arena->is_over;
}
