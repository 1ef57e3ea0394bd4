/* The names of a form spell a tree (a.member.1.b), so it is first put up as one, without looking at
 * types, and then read by the model like a JSON body. */
#include "control/query.h"

#include "base/number.h"
#include "base/uri.h"
#include "control/decode.h"
#include "text/xml.h"

#define NAME_DEPTH_MAX 16
#define LIST_MAX 1000

/* --- the form ------------------------------------------------------------------------------- */

static bool next_pair(struct arena *arena, struct span *form, struct span *name, struct span *value)
{
    struct span one;

    while (span_split(form, '&', &one)) {
        size_t equals = span_find(one, '=');

        if (one.len == 0)
            continue;
        *name = uri_decode(arena, span_first(one, equals), true);
        *value = equals < one.len ? uri_decode(arena, span_skip(one, equals + 1), true) : SPAN("");
        return true;
    }
    return false;
}

static struct span find_pair(struct arena *arena, struct span form, const char *wanted)
{
    struct span name, value;

    while (next_pair(arena, &form, &name, &value))
        if (span_is(name, wanted))
            return value;
    return SPAN("");
}

enum fault query_route(struct arena *arena, const struct model_service *const *services,
                       size_t count, struct span service, struct span form,
                       struct control_match *out, struct span *action, struct span *version)
{
    bool is_known = false;

    *action = find_pair(arena, form, "Action");
    *version = find_pair(arena, form, "Version");
    if (arena->is_over)
        return FAULT_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        is_known |= span_equal(services[i]->signing, service);
    for (size_t i = 0; i < count; i++) {
        const struct model_operation *operation;

        if (services[i]->protocol != PROTOCOL_QUERY ||
            (is_known && !span_equal(services[i]->signing, service)) ||
            !span_equal(services[i]->version, *version))
            continue;
        operation = model_operation(services[i], *action);
        if (!operation)
            continue;
        out->service = services[i];
        out->operation = operation;
        out->label_count = 0;
        return OK;
    }
    return FAULT_NOT_FOUND;
}

/* Puts one value up under its dotted name.  A name that goes through a plain value, or is too
 * deep, means nothing. */
static bool put_up(struct arena *arena, struct json *tree, struct span name, struct span value)
{
    struct span part;
    unsigned depth = 0;

    while (span_split(&name, '.', &part)) {
        struct json *child = json_member_span(tree, part);

        if (++depth > NAME_DEPTH_MAX)
            return true;
        if (!name.at)
            return child || json_set_span(tree, part, json_text(arena, value));
        if (!json_is(child, JSON_OBJECT))
            child = json_set_span(tree, part, json_new(arena, JSON_OBJECT));
        if (!child)
            return false;
        tree = child;
    }
    return true;
}

/* --- by the model --------------------------------------------------------------------------- */

static enum fault read_value(struct arena *arena, const struct model_type *type,
                             const struct json *from, struct json **out, const char **why);

static enum fault read_shape(struct arena *arena, const struct model_shape *shape,
                             const struct json *from, struct json **out, const char **why)
{
    struct json *tree = json_new(arena, JSON_OBJECT);

    for (size_t i = 0; tree && i < shape->count; i++) {
        const struct model_member *member = &shape->members[i];
        const struct json *value = json_member_span(from, member->wire);
        struct json *one = NULL;
        enum fault rc;

        if (!value)
            continue;
        rc = read_value(arena, member->type, value, &one, why);
        if (rc != OK)
            return rc;
        json_set_span(tree, member->name, one);
    }
    *out = tree;
    return tree ? OK : FAULT_NO_MEMORY;
}

/* The child with the lowest number above `after`; gaps are allowed. */
static const struct json *next_numbered(const struct json *from, uint64_t *after)
{
    const struct json *best = NULL;
    uint64_t lowest = UINT64_MAX, number;

    for (const struct json *one = from ? from->first : NULL; one; one = one->next)
        if (number_u64(one->name, &number) && number > *after && number < lowest) {
            lowest = number;
            best = one;
        }
    *after = lowest;
    return best;
}

/* name.member.N, name.entry.N.key and .value; a bare "name=" is an empty list. */
static enum fault read_items(struct arena *arena, const struct model_type *type,
                             const struct json *from, struct json **out, const char **why)
{
    bool is_list = type->form == FORM_LIST;
    const struct json *all = json_member(from, is_list ? "member" : "entry"), *item;
    struct json *tree = json_new(arena, is_list ? JSON_ARRAY : JSON_OBJECT), *one;
    uint64_t number = 0;

    if (all && all->count > LIST_MAX) {
        *why = "Too many entries in a list";
        return FAULT_TYPE;
    }
    while (tree && (item = next_numbered(all, &number)) != NULL) {
        const struct json *value = is_list ? item : json_member(item, "value");
        enum fault rc = value ? read_value(arena, type->of, value, &one, why) : OK;

        if (rc != OK)
            return rc;
        if (is_list)
            json_append(tree, one);
        else if (value)
            json_set_span(tree, json_member_text(item, "key", SPAN("")), one);
    }
    *out = tree;
    return tree ? OK : FAULT_NO_MEMORY;
}

/* Recursion is as deep as the names, which have NAME_DEPTH_MAX. */
static enum fault read_value(struct arena *arena, const struct model_type *type,
                             const struct json *from, struct json **out, const char **why)
{
    if (type->form == FORM_SHAPE)
        return read_shape(arena, type->shape, from, out, why);
    if (type->of)
        return read_items(arena, type, from, out, why);
    if (from->type != JSON_STRING) {
        *why = "Start of structure or map found where not expected.";
        return FAULT_TYPE;
    }
    *out = decode_text(arena, type, from->text);
    if (*out)
        return OK;
    *why = "A value is of another type";
    return arena->is_over ? FAULT_NO_MEMORY : FAULT_TYPE;
}

enum fault query_decode(struct arena *arena, const struct control_match *match, struct span form,
                        struct json **input, struct model_answer *refused)
{
    struct json *names = json_new(arena, JSON_OBJECT);
    struct span name, value;
    const char *why = "Too many parameters";
    enum fault rc = names ? OK : FAULT_NO_MEMORY;
    unsigned count = 0;

    while (rc == OK && next_pair(arena, &form, &name, &value)) {
        if (++count > QUERY_PARAMETERS_MAX)
            rc = FAULT_TYPE;
        else if (!name.at || !value.at || !put_up(arena, names, name, value))
            rc = FAULT_NO_MEMORY;
    }
    if (rc == OK)
        rc = read_shape(arena, match->operation->input, names, input, &why);
    if (rc == FAULT_TYPE)
        *refused = (struct model_answer){match->service->serialization, span_of(why)};
    return arena->is_over ? FAULT_NO_MEMORY : rc;
}

/* --- XML ------------------------------------------------------------------------------------ */

static void add_value(struct buf *out, const struct model_type *type, const struct json *value);

static void add_members(struct buf *out, const struct model_shape *shape, const struct json *tree)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct model_member *member = &shape->members[i];
        const struct json *value = json_member_span(tree, member->name);

        if (!value || value->type == JSON_NULL)
            continue;
        xml_open(out, member->wire);
        add_value(out, member->type, value);
        xml_close(out, member->wire);
    }
}

static void add_items(struct buf *out, const struct model_type *type, const struct json *value)
{
    for (const struct json *one = value->first; one; one = one->next) {
        bool is_list = type->form == FORM_LIST;

        if (is_list) {
            buf_add_text(out, "<member>");
        } else {
            buf_add_text(out, "<entry><key>");
            xml_write_text(out, one->name);
            buf_add_text(out, "</key><value>");
        }
        add_value(out, type->of, one);
        buf_add_text(out, is_list ? "</member>" : "</value></entry>");
    }
}

static void add_value(struct buf *out, const struct model_type *type, const struct json *value)
{
    if (type->form == FORM_SHAPE)
        add_members(out, type->shape, value);
    else if (type->of)
        add_items(out, type, value);
    else if (type->form == FORM_TIME && value->type == JSON_NUMBER)
        encode_iso_time(out, value);
    else if (value->type == JSON_TRUE || value->type == JSON_FALSE)
        buf_add_text(out, value->type == JSON_TRUE ? "true" : "false");
    else
        xml_write_text(out, value->text);
}

static void start(struct encoded *out, unsigned status)
{
    *out = (struct encoded){.status = status, .has_body = true, .header_count = 1};
    out->headers[0] = (struct http_header){SPAN("Content-Type"), SPAN("text/xml")};
}

bool query_encode(const struct model_service *service, const struct model_operation *operation,
                  const struct json *tree, struct span request_id, struct buf *body,
                  struct encoded *out)
{
    start(out, operation->status);
    buf_addf(body, "<%.*sResponse xmlns=\"%.*s\">", SPAN_ARG(operation->name),
             SPAN_ARG(service->xmlns));
    if (operation->output) {
        buf_addf(body, "<%.*sResult>", SPAN_ARG(operation->name));
        add_members(body, operation->output, tree);
        buf_addf(body, "</%.*sResult>", SPAN_ARG(operation->name));
    }
    buf_add_text(body, "<ResponseMetadata><RequestId>");
    xml_write_text(body, request_id);
    buf_addf(body, "</RequestId></ResponseMetadata></%.*sResponse>", SPAN_ARG(operation->name));
    return !body->is_over;
}

bool query_encode_error(const struct model_service *service, const struct model_answer *answer,
                        struct span request_id, struct buf *body, struct encoded *out)
{
    start(out, answer->error->status);
    buf_addf(body, "<ErrorResponse xmlns=\"%.*s\">\n  <Error>\n    <Type>%s</Type>\n",
             SPAN_ARG(service->xmlns), answer->error->status < 500 ? "Sender" : "Receiver");
    buf_addf(body, "    <Code>%.*s</Code>\n    <Message>", SPAN_ARG(answer->error->code));
    xml_write_text(body, answer->text);
    buf_add_text(body, "</Message>\n  </Error>\n  <RequestId>");
    xml_write_text(body, request_id);
    buf_add_text(body, "</RequestId>\n</ErrorResponse>\n");
    return !body->is_over;
}
