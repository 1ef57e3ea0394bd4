/* A request carries an operation's input in up to four places; what comes out is one tree, so
 * that nothing behind this file knows of labels, queries or headers.  Wrong types are told in the
 * words of AWS's Java reader (spec/control-plane-rest.md, section 1.1). */
#include "control/decode.h"

#include "base/number.h"
#include "base/uri.h"
#include "control/words.h"

#define FALLBACK_DEPTH 8
#define MAP_MAX 10000 /* entries: names are looked for one by one */

/* --- values ---------------------------------------------------------------------------------- */

static const char *java_name(enum model_form form)
{
    switch (form) {
    case FORM_BOOL:
        return "Boolean";
    case FORM_INT:
        return "Integer";
    case FORM_LONG:
        return "Long";
    case FORM_DOUBLE:
        return "Double";
    case FORM_TIME:
        return "Date";
    case FORM_TEXT:
    case FORM_BLOB:
    case FORM_ANY:
    case FORM_ENUM:
    case FORM_SHAPE:
    case FORM_LIST:
    case FORM_MAP:
        break;
    }
    return "String";
}

static const char *class_name(const struct json *value)
{
    if (value->type == JSON_NUMBER)
        return "com.amazon.coral.value.json.numbers.TruncatingBigNumber";
    return value->type == JSON_STRING ? "java.lang.String" : "java.lang.Boolean";
}

static enum fault fail_scalar(struct arena *arena, const struct model_type *type,
                              const struct json *value, const char **why)
{
    struct span text;

    if (value->type == JSON_OBJECT)
        text = SPAN("Start of structure or map found where not expected.");
    else if (value->type == JSON_ARRAY)
        text = arena_format(arena, "Unrecognized collection type class java.lang.%s",
                            java_name(type->form));
    else
        text = arena_format(arena, "class %s can not be converted to an %s", class_name(value),
                            java_name(type->form));
    if (!text.at)
        return FAULT_NO_MEMORY;
    *why = text.at;
    return FAULT_TYPE;
}

static bool fits(const struct model_type *type, const struct json *value)
{
    int64_t whole;

    switch (type->form) {
    case FORM_TEXT:
    case FORM_ENUM:
    case FORM_BLOB:
        return value->type == JSON_STRING;
    case FORM_BOOL:
        return value->type == JSON_TRUE || value->type == JSON_FALSE;
    case FORM_INT:
        return json_int(value, &whole) && whole >= INT32_MIN && whole <= INT32_MAX;
    case FORM_LONG:
        return json_int(value, &whole);
    case FORM_DOUBLE:
    case FORM_TIME:
        return value->type == JSON_NUMBER;
    case FORM_ANY:
    case FORM_SHAPE:
    case FORM_LIST:
    case FORM_MAP:
        break;
    }
    return true;
}

static enum fault decode_shape(struct arena *arena, const struct model_shape *shape,
                               const struct json *value, struct json **out, const char **why)
{
    struct json *tree = json_new(arena, JSON_OBJECT);

    for (size_t i = 0; tree && i < shape->count; i++) {
        const struct model_member *member = &shape->members[i];
        const struct json *from = json_member_span(value, member->wire);
        struct json *one;
        enum fault rc;

        if (!from || from->type == JSON_NULL)
            continue;
        rc = decode_value(arena, member->type, from, &one, why);
        if (rc != OK)
            return rc;
        json_set_span(tree, member->name, one);
    }
    *out = tree;
    return tree ? OK : FAULT_NO_MEMORY;
}

/* Lists and maps keep null, which some maps mean. */
static enum fault decode_items(struct arena *arena, const struct model_type *type,
                               const struct json *value, struct json **out, const char **why)
{
    struct json *tree = json_new(arena, type->form == FORM_LIST ? JSON_ARRAY : JSON_OBJECT);

    if (type->form == FORM_MAP && value->count > MAP_MAX) {
        *why = "Too many entries in a map";
        return FAULT_TYPE;
    }
    for (const struct json *from = value->first; tree && from; from = from->next) {
        struct json *one = json_new(arena, JSON_NULL);
        enum fault rc = one ? OK : FAULT_NO_MEMORY;

        if (rc == OK && from->type != JSON_NULL)
            rc = decode_value(arena, type->of, from, &one, why);
        if (rc != OK)
            return rc;
        if (type->form == FORM_LIST)
            json_append(tree, one);
        else
            json_set_span(tree, from->name, one);
    }
    *out = tree;
    return tree ? OK : FAULT_NO_MEMORY;
}

/* Recursion is as deep as the JSON, which has JSON_DEPTH_MAX. */
enum fault decode_value(struct arena *arena, const struct model_type *type,
                        const struct json *value, struct json **out, const char **why)
{
    if (type->form == FORM_SHAPE || type->form == FORM_MAP) {
        if (value->type == JSON_OBJECT)
            return type->form == FORM_MAP ? decode_items(arena, type, value, out, why)
                                          : decode_shape(arena, type->shape, value, out, why);
        *why =
            value->type == JSON_ARRAY ? "Start of list found where not expected" : "Expected null";
        return FAULT_TYPE;
    }
    if (type->form == FORM_LIST) {
        if (value->type == JSON_ARRAY)
            return decode_items(arena, type, value, out, why);
        *why = "Expected list or null";
        return FAULT_TYPE;
    }
    if (!fits(type, value))
        return fail_scalar(arena, type, value, why);
    *out = json_copy(arena, value);
    return *out ? OK : FAULT_NO_MEMORY;
}

struct json *decode_text(struct arena *arena, const struct model_type *type, struct span text)
{
    struct json *number;
    double real;

    switch (type->form) {
    case FORM_TEXT:
    case FORM_ENUM:
    case FORM_BLOB:
        return json_text(arena, text);
    case FORM_BOOL:
        if (!span_equal_nocase(text, SPAN("true")) && !span_equal_nocase(text, SPAN("false")))
            return NULL;
        return json_bool(arena, span_equal_nocase(text, SPAN("true")));
    case FORM_INT:
    case FORM_LONG:
    case FORM_DOUBLE:
    case FORM_TIME:
        number = json_new(arena, JSON_NUMBER);
        if (!number || !number_double(text, &real))
            return NULL;
        number->text = text;
        return fits(type, number) ? number : NULL;
    case FORM_ANY:
    case FORM_SHAPE:
    case FORM_LIST:
    case FORM_MAP:
        break;
    }
    return NULL;
}

/* --- places ---------------------------------------------------------------------------------- */

struct decoding {
    struct arena *arena;
    const struct control_match *match;
    const struct rest_request *request;
    const struct json *body; /* NULL when there is none */
    struct model_answer *refused;
};

static enum fault refuse(struct decoding *in, const char *why)
{
    struct span text = arena_copy(in->arena, span_of(why));

    if (!text.at)
        return FAULT_NO_MEMORY;
    *in->refused = (struct model_answer){in->match->service->serialization, text};
    return FAULT_TYPE;
}

/* A scalar of text, or its refusal. */
static enum fault take_text(struct decoding *in, const struct model_type *type, struct span text,
                            struct json **out)
{
    struct json from = {.type = JSON_STRING, .text = text};
    const char *why = "";

    *out = decode_text(in->arena, type, text);
    if (*out)
        return OK;
    if (in->arena->is_over || fail_scalar(in->arena, type, &from, &why) == FAULT_NO_MEMORY)
        return FAULT_NO_MEMORY;
    return refuse(in, why);
}

/* Takes the next parameter off the query.  False at its end. */
static bool next_parameter(struct arena *arena, struct span *query, struct span *name,
                           struct span *value)
{
    struct span one;

    while (span_split(query, '&', &one)) {
        size_t equals = span_find(one, '=');

        if (one.len == 0)
            continue;
        *name = uri_decode(arena, span_first(one, equals), true);
        *value = equals < one.len ? uri_decode(arena, span_skip(one, equals + 1), true) : SPAN("");
        return true;
    }
    return false;
}

static enum fault take_query(struct decoding *in, const struct model_member *member,
                             struct json **out)
{
    bool is_list = member->type->form == FORM_LIST;
    struct span query = in->request->query, name, value;
    struct json *list = NULL, *one;

    while (next_parameter(in->arena, &query, &name, &value)) {
        enum fault rc;

        if (!name.at || !value.at)
            return FAULT_NO_MEMORY;
        if (!span_equal(name, member->wire))
            continue;
        rc = take_text(in, is_list ? member->type->of : member->type, value, &one);
        if (rc != OK)
            return rc;
        if (!is_list) {
            *out = one;
            return OK;
        }
        if (!list)
            list = json_new(in->arena, JSON_ARRAY);
        if (!list)
            return FAULT_NO_MEMORY;
        json_append(list, one);
    }
    *out = list;
    return OK;
}

/* Whether another member or the path's constants have a use for the parameter. */
static bool is_taken(const struct decoding *in, struct span name)
{
    const struct model_operation *operation = in->match->operation;

    for (size_t i = 0; i < operation->constant_count; i++)
        if (span_equal(operation->constants[i].name, name))
            return true;
    for (size_t i = 0; i < operation->input->count; i++)
        if (operation->input->members[i].place == PLACE_QUERY &&
            span_equal(operation->input->members[i].wire, name))
            return true;
    return false;
}

static enum fault take_query_map(struct decoding *in, struct json **out)
{
    struct span query = in->request->query, name, value;
    struct json *map = NULL;

    while (next_parameter(in->arena, &query, &name, &value)) {
        if (!name.at || !value.at)
            return FAULT_NO_MEMORY;
        if (is_taken(in, name))
            continue;
        if (!map)
            map = json_new(in->arena, JSON_OBJECT);
        if (!map || !json_set_span(map, name, json_text(in->arena, value)))
            return FAULT_NO_MEMORY;
    }
    *out = map;
    return OK;
}

static enum fault take_label(struct decoding *in, const struct model_member *member,
                             struct json **out)
{
    for (size_t i = 0; i < in->match->label_count; i++)
        if (in->match->labels[i].member == member)
            return take_text(in, member->type, in->match->labels[i].value, out);
    return OK;
}

static enum fault take_header(struct decoding *in, const struct model_member *member,
                              struct json **out)
{
    char *name = arena_text(in->arena, member->wire);
    struct span value;

    if (!name)
        return FAULT_NO_MEMORY;
    value = http_header_find(in->request->headers, in->request->header_count, name);
    return value.at ? take_text(in, member->type, value, out) : OK;
}

static enum fault take_body(struct decoding *in, const struct model_member *member,
                            struct json **out)
{
    const struct json *from = json_member_span(in->body, member->wire);
    const char *why = "";
    enum fault rc;

    if (!from || from->type == JSON_NULL)
        return OK;
    rc = decode_value(in->arena, member->type, from, out, &why);
    return rc == FAULT_TYPE ? refuse(in, why) : rc;
}

static enum fault take_payload(struct decoding *in, const struct model_member *member,
                               struct json **out)
{
    const char *why = "";
    enum fault rc;

    if (member->type->form == FORM_BLOB || member->type->form == FORM_TEXT) {
        if (in->request->body.len)
            *out = json_text(in->arena, in->request->body);
        return *out || !in->request->body.len ? OK : FAULT_NO_MEMORY;
    }
    if (!in->body)
        return OK;
    rc = decode_value(in->arena, member->type, in->body, out, &why);
    return rc == FAULT_TYPE ? refuse(in, why) : rc;
}

static enum fault take_member(struct decoding *in, const struct model_member *member,
                              struct json **out)
{
    switch (member->place) {
    case PLACE_BODY:
        return take_body(in, member, out);
    case PLACE_URI:
        return take_label(in, member, out);
    case PLACE_QUERY:
        return take_query(in, member, out);
    case PLACE_QUERY_MAP:
        return take_query_map(in, out);
    case PLACE_HEADER:
        return take_header(in, member, out);
    case PLACE_PAYLOAD:
        return take_payload(in, member, out);
    case PLACE_STATUS:
        break;
    }
    return OK;
}

/* Whether the body is JSON that somebody reads. */
static bool reads_json(const struct model_shape *input)
{
    for (size_t i = 0; i < input->count; i++) {
        const struct model_member *member = &input->members[i];

        if (member->place == PLACE_BODY ||
            (member->place == PLACE_PAYLOAD && member->type->form != FORM_BLOB &&
             member->type->form != FORM_TEXT))
            return true;
    }
    return false;
}

static enum fault parse_body(struct decoding *in)
{
    struct problem why;
    struct json *body = NULL;
    struct span text;
    enum fault rc;

    if (!reads_json(in->match->operation->input) || span_trim(in->request->body).len == 0)
        return OK;
    rc = json_parse(in->arena, in->request->body, &body, &why);
    if (rc == FAULT_NO_MEMORY)
        return rc;
    if (rc != OK) {
        text = arena_format(in->arena, "Could not parse request body into json: %s", why.text);
        return text.at ? refuse(in, text.at) : FAULT_NO_MEMORY;
    }
    if (body->type == JSON_NULL)
        return OK;
    if (body->type != JSON_OBJECT)
        return refuse(in, body->type == JSON_ARRAY ? "Start of list found where not expected"
                                                   : "Expected null");
    in->body = body;
    return OK;
}

enum fault decode_rest_json(struct arena *arena, const struct control_match *match,
                            const struct rest_request *request, struct json **input,
                            struct model_answer *refused)
{
    struct decoding in = {arena, match, request, NULL, refused};
    const struct model_shape *shape = match->operation->input;
    struct json *tree = json_new(arena, JSON_OBJECT);
    enum fault rc = parse_body(&in);

    for (size_t i = 0; rc == OK && tree && i < shape->count; i++) {
        struct json *one = NULL;

        rc = take_member(&in, &shape->members[i], &one);
        if (rc == OK && one)
            json_set_span(tree, shape->members[i].name, one);
    }
    if (rc != OK)
        return rc;
    if (!tree || arena->is_over)
        return FAULT_NO_MEMORY;
    *input = tree;
    return OK;
}

/* --- fallbacks ------------------------------------------------------------------------------- */

static bool is_one_of(const struct model_member *member, struct span text)
{
    for (size_t i = 0; i < member->when_count; i++)
        if (span_equal(member->when_values[i], text))
            return true;
    return false;
}

static bool holds_when(const struct model_member *member, const struct json *tree)
{
    const struct json *value = json_member_span(tree, member->when);

    if (member->when.len == 0)
        return true;
    if (json_is(value, JSON_STRING))
        return is_one_of(member, value->text);
    for (const struct json *one = value ? value->first : NULL; one; one = one->next)
        if (one->type == JSON_STRING && is_one_of(member, one->text))
            return true;
    return false;
}

static struct json *make_fallback(struct arena *arena, const struct model_member *member,
                                  const struct json *labels)
{
    struct json *value = NULL;

    if (json_parse(arena, member->fallback, &value, NULL) != OK)
        return NULL;
    if (value->type == JSON_STRING)
        value->text = words_fill(arena, value->text, &(struct words){.input = labels});
    return value->type == JSON_STRING && !value->text.at ? NULL : value;
}

static bool fill(struct arena *arena, const struct model_type *type, struct json *value,
                 const struct json *labels, unsigned depth);

static bool fill_shape(struct arena *arena, const struct model_shape *shape, struct json *tree,
                       const struct json *labels, unsigned depth)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct model_member *member = &shape->members[i];
        struct json *value = json_member_span(tree, member->name);

        if (!value && member->fallback.len && holds_when(member, tree)) {
            value = make_fallback(arena, member, labels);
            if (!value || !json_set_span(tree, member->name, value))
                return false;
        }
        if (value && !fill(arena, member->type, value, labels, depth + 1))
            return false;
    }
    return true;
}

static bool fill(struct arena *arena, const struct model_type *type, struct json *value,
                 const struct json *labels, unsigned depth)
{
    if (depth > FALLBACK_DEPTH)
        return true;
    if (type->form == FORM_SHAPE && value->type == JSON_OBJECT)
        return fill_shape(arena, type->shape, value, labels, depth);
    if (!type->of || (value->type != JSON_OBJECT && value->type != JSON_ARRAY))
        return true;
    for (struct json *one = value->first; one; one = one->next)
        if (!fill(arena, type->of, one, labels, depth + 1))
            return false;
    return true;
}

bool decode_fallbacks(struct arena *arena, const struct model_shape *shape, struct json *tree,
                      const struct json *labels)
{
    return fill_shape(arena, shape, tree, labels, 0);
}
