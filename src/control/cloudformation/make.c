/* Pieces are nodes of the template's document, so that they have lines. */
#include "control/cloudformation/make.h"

#include <stdarg.h>
#include <stdio.h>

#include "control/cloudformation/order.h"

#define FORMAT_MAX 1024

struct json *make_object(struct maker *maker)
{
    return yaml_new(&maker->template->yaml, JSON_OBJECT, maker->line);
}

struct json *make_list(struct maker *maker)
{
    return yaml_new(&maker->template->yaml, JSON_ARRAY, maker->line);
}

struct json *make_text(struct maker *maker, struct span text)
{
    struct json *made = yaml_new(&maker->template->yaml, JSON_STRING, maker->line);

    if (made)
        made->text = text;
    return made;
}

struct json *make_format(struct maker *maker, const char *format, ...)
{
    char text[FORMAT_MAX];
    struct span copied;
    va_list words;
    int len;

    va_start(words, format);
    len = vsnprintf(text, sizeof text, format, words);
    va_end(words);
    if (len < 0 || (size_t)len >= sizeof text)
        return NULL;
    copied = arena_copy(maker->template->arena, span_make(text, (size_t)len));
    return copied.at ? make_text(maker, copied) : NULL;
}

static struct json *function(struct maker *maker, const char *name, struct json *value)
{
    struct json *made = make_object(maker);

    return json_add(made, span_of(name), value) ? made : NULL;
}

struct json *make_ref(struct maker *maker, struct span name)
{
    return function(maker, "Ref", make_text(maker, name));
}

struct json *make_getatt(struct maker *maker, struct span name, const char *attribute)
{
    struct json *list = make_list(maker);

    json_append(list, make_text(maker, name));
    json_append(list, make_text(maker, span_of(attribute)));
    return function(maker, "Fn::GetAtt", list);
}

struct json *make_sub(struct maker *maker, struct span text)
{
    return function(maker, "Fn::Sub", make_text(maker, text));
}

struct json *make_copy(struct maker *maker, const struct json *value)
{
    return value ? yaml_copy(&maker->template->yaml, value) : NULL;
}

bool make_is_full(const struct maker *maker)
{
    return maker->template->yaml.count == YAML_NODES_MAX || maker->template->arena->is_over;
}

enum fault make_resource(struct maker *maker, struct span name, const char *type,
                         struct json *properties, struct json **out, struct problem *why)
{
    struct template *t = maker->template;
    const struct json *former = json_member_span(t->resources, name);
    struct json *made = make_object(maker);
    enum fault rc = FAULT_TOO_LARGE;

    json_add(made, SPAN("Type"), make_text(maker, span_of(type)));
    json_add(made, SPAN("Properties"), properties);
    if (former)
        rc = problem_set(why, FAULT_EXISTS,
                         "the name '%.*s' is wanted for a resource that SAM makes here, and the "
                         "template has it on line %u",
                         SPAN_ARG(name), yaml_line(&t->yaml, former));
    else if (t->resources->count == ORDER_RESOURCES_MAX || make_is_full(maker))
        problem_set(why, rc, "the template makes too many resources");
    else
        rc = OK;
    if (rc) {
        why->line = maker->line;
        return rc;
    }
    json_add(t->resources, name, made);
    if (out)
        *out = made;
    return OK;
}
