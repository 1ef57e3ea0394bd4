/* A CloudFormation or SAM template: its sections as trees with lines.
 *
 * Everything lives in one arena and points into one document; what a step makes anew
 * (transform.h) is said to stand on the line it was made from, so that every message can name a
 * line.  docs/internals/cloudformation.md */
#ifndef CONTROL_CLOUDFORMATION_TEMPLATE_H
#define CONTROL_CLOUDFORMATION_TEMPLATE_H

#include "base/arena.h"
#include "base/fault.h"
#include "text/yaml.h"

#define TEMPLATE_RESOURCES_MAX 500
#define TEMPLATE_PARAMETERS_MAX 200
#define TEMPLATE_OUTPUTS_MAX 200

struct template
{
    struct arena *arena;
    struct yaml yaml;
    struct json *parameters; /* objects by name; never NULL */
    struct json *globals;
    struct json *resources;
    struct json *outputs;
    bool is_serverless; /* has the transform of SAM */
};

/* Reads and checks the sections: what they may hold, names, types; nothing is evaluated.  `text`
 * must live as long as the template.  On failure `why` has words and a line. */
enum fault template_parse(struct arena *arena, struct span text, struct template *out,
                          struct problem *why);

/* Fills `why` with the words and the line of `at` (may be NULL); answers `code`. */
enum fault template_fail(const struct template *template, const struct json *at, enum fault code,
                         struct problem *why, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Refuses members of `object` that are not in `names` (NULL at its end), as in
 * "'X' is not known in a parameter". */
enum fault template_check_members(const struct template *template, const struct json *object,
                                  const char *const names[], const char *where,
                                  struct problem *why);

#endif
