/* The models know what every operation takes, so no list of properties is written here.  Output is
 * in the order of the model, as inputs from the wire are. */
#include "control/cloudformation/coerce.h"

#include "base/ascii.h"
#include "control/cloudformation/intrinsic.h"
#include "control/decode.h"

#define JSON_TEXT_MAX (1024 * 1024)

static enum fault coerce(struct arena *arena, const struct model_type *type,
                         const struct json *value, struct json **out, struct problem *why);

static bool is_named(struct span property, struct span member)
{
    return property.len == member.len && property.len > 0 &&
           ascii_lower(property.at[0]) == ascii_lower(member.at[0]) &&
           span_equal(span_skip(property, 1), span_skip(member, 1));
}

static const struct model_member *find(const struct model_shape *shape, struct span property,
                                       const struct coerce_rename *renames)
{
    for (; renames && renames->property; renames++)
        if (span_is(property, renames->property))
            return model_member(shape, span_of(renames->member));
    for (size_t i = 0; i < shape->count; i++)
        if (is_named(property, shape->members[i].name))
            return &shape->members[i];
    return NULL;
}

static enum fault fail(const struct json *value, struct problem *why, const char *wanted)
{
    return problem_set(why, FAULT_TYPE, "'%.*s' must be %s", SPAN_ARG(value->name), wanted);
}

static enum fault fail_memory(struct problem *why)
{
    return problem_set(why, FAULT_NO_MEMORY, "the template is too large");
}

/* A policy or a schema may be written as JSON. */
static enum fault write_text(struct arena *arena, const struct json *value, struct json **out,
                             struct problem *why)
{
    struct span text = {NULL, 0};
    struct buf made;

    buf_init(&made, JSON_TEXT_MAX);
    if (json_write(&made, value))
        text = arena_copy(arena, buf_span(&made));
    buf_release(&made);
    *out = text.at ? json_text(arena, text) : NULL;
    return *out ? OK : fail_memory(why);
}

static enum fault coerce_scalar(struct arena *arena, const struct model_type *type,
                                const struct json *value, struct json **out, struct problem *why)
{
    static const char *const WANTED[] = {
        [FORM_TEXT] = "a text",        [FORM_ENUM] = "a text",
        [FORM_BLOB] = "a text",        [FORM_BOOL] = "true or false",
        [FORM_INT] = "a whole number", [FORM_LONG] = "a whole number",
        [FORM_DOUBLE] = "a number",    [FORM_TIME] = "a number",
    };
    struct span text;

    if (type->form == FORM_TEXT && (value->type == JSON_OBJECT || value->type == JSON_ARRAY))
        return write_text(arena, value, out, why);
    if (!json_scalar_text(value, &text) || !(*out = decode_text(arena, type, text)))
        return arena->is_over ? fail_memory(why) : fail(value, why, WANTED[type->form]);
    return OK;
}

/* [{Key, Value}] as {Key: Value}. */
static enum fault coerce_tags(struct arena *arena, const struct model_type *type,
                              const struct json *value, struct json **out, struct problem *why)
{
    struct json *made = json_new(arena, JSON_OBJECT);

    for (const struct json *one = value->first; made && one; one = one->next) {
        struct span key = json_member_text(one, "Key", SPAN(""));
        const struct json *inner = json_member(one, "Value");
        struct json *item;
        enum fault rc;

        if (key.len == 0 || !inner)
            return fail(value, why, "a list of Key and Value");
        if ((rc = coerce(arena, type->of, inner, &item, why)))
            return rc;
        json_set_span(made, key, item);
    }
    *out = made;
    return made ? OK : fail_memory(why);
}

static enum fault coerce_items(struct arena *arena, const struct model_type *type,
                               const struct json *value, struct json **out, struct problem *why)
{
    bool is_list = type->form == FORM_LIST;
    struct json *made = json_new(arena, is_list ? JSON_ARRAY : JSON_OBJECT);

    if (!is_list && value->type == JSON_ARRAY)
        return coerce_tags(arena, type, value, out, why);
    if (value->type != (is_list ? JSON_ARRAY : JSON_OBJECT))
        return fail(value, why, is_list ? "a list" : "a map");
    for (const struct json *one = value->first; made && one; one = one->next) {
        struct json *item;
        enum fault rc = coerce(arena, type->of, one, &item, why);

        if (rc)
            return rc;
        if (is_list)
            json_append(made, item);
        else
            json_add(made, one->name, item);
    }
    *out = made;
    return made ? OK : fail_memory(why);
}

/* As deep as the template. */
static enum fault coerce(struct arena *arena, const struct model_type *type,
                         const struct json *value, struct json **out, struct problem *why)
{
    switch (type->form) {
    case FORM_SHAPE:
        if (value->type != JSON_OBJECT)
            return fail(value, why, "a map");
        return coerce_properties(arena, type->shape, value, NULL, out, why);
    case FORM_LIST:
    case FORM_MAP:
        return coerce_items(arena, type, value, out, why);
    case FORM_ANY:
        *out = json_copy(arena, value);
        return *out ? OK : fail_memory(why);
    case FORM_TEXT:
    case FORM_BOOL:
    case FORM_INT:
    case FORM_LONG:
    case FORM_DOUBLE:
    case FORM_TIME:
    case FORM_BLOB:
    case FORM_ENUM:
        break;
    }
    return coerce_scalar(arena, type, value, out, why);
}

enum fault coerce_properties(struct arena *arena, const struct model_shape *shape,
                             const struct json *properties, const struct coerce_rename *renames,
                             struct json **out, struct problem *why)
{
    struct json *made = json_new(arena, JSON_OBJECT);
    size_t found = 0;

    for (size_t i = 0; made && i < shape->count; i++)
        for (const struct json *one = properties->first; one; one = one->next) {
            struct json *value;
            enum fault rc;

            if (find(shape, one->name, renames) != &shape->members[i])
                continue;
            if ((rc = coerce(arena, shape->members[i].type, one, &value, why)))
                return rc;
            json_set_span(made, shape->members[i].name, value);
            found++;
        }
    for (const struct json *one = properties->first; one && found < properties->count;
         one = one->next)
        if (!find(shape, one->name, renames))
            return problem_set(why, FAULT_UNSUPPORTED, "'%.*s' is not supported by Portico here",
                               SPAN_ARG(one->name));
    *out = made;
    return made ? OK : fail_memory(why);
}
