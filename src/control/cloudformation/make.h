/* Small pieces of template that a transform makes: each stands on a line of the original.  All
 * accept and answer NULL where memory is over, so that a builder checks once (make_is_full). */
#ifndef CONTROL_CLOUDFORMATION_MAKE_H
#define CONTROL_CLOUDFORMATION_MAKE_H

#include "control/cloudformation/template.h"

/* Where pieces are made, and the line they are said to stand on. */
struct maker {
    struct template *template;
    unsigned line;
};

struct json *make_object(struct maker *maker);
struct json *make_list(struct maker *maker);
struct json *make_text(struct maker *maker, struct span text); /* borrowed */
struct json *make_format(struct maker *maker, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* {"Ref": name}, {"Fn::GetAtt": [name, attribute]}, {"Fn::Sub": text}. */
struct json *make_ref(struct maker *maker, struct span name);
struct json *make_getatt(struct maker *maker, struct span name, const char *attribute);
struct json *make_sub(struct maker *maker, struct span text);

/* A copy of a piece of the template, on its own lines. */
struct json *make_copy(struct maker *maker, const struct json *value);

/* Adds {"Type": type, "Properties": properties} to template->resources.  FAULT_EXISTS when the
 * template has that name, FAULT_TOO_LARGE. */
enum fault make_resource(struct maker *maker, struct span name, const char *type,
                         struct json *properties, struct json **out, struct problem *why);

/* True when a piece could not be made. */
bool make_is_full(const struct maker *maker);

#endif
