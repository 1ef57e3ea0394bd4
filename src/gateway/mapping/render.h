/* Templates of an exchange: their memory, and one $context from the request's template to the
 * response's, so that what the first sets the second sees (spec/vtl.md, sections 8.5 and 9). */
#ifndef GATEWAY_MAPPING_RENDER_H
#define GATEWAY_MAPPING_RENDER_H

#include "gateway/exchange.h"
#include "vtl/template.h"

/* A run holds its worker: until there are compute threads this bounds for how long. */
#define RENDER_STEPS 1000000

/* Made when a template first runs; a literal mock has none. */
struct rendering {
    struct cleanup cleanup;
    struct arena arena; /* for what templates and body mappings make */
    struct vtl_environment environment;
    struct buf request, response;                         /* what the two templates wrote */
    struct json *request_json, *answer_json, *error_json; /* parsed bodies; see source.c */
    bool is_request_read, is_answer_read;
};

/* NULL when there is no memory for it. */
struct rendering *exchange_rendering(struct exchange *x);

/* Runs the template (which is no literal text) over `body` into `out`, a buffer of the exchange's
 * rendering.  False when it failed, which is a 500: the log
 * says why. */
bool render_template(struct exchange *x, const struct body_template *template, struct span body,
                     struct buf *out);

/* $context.NAME.MEMBER as a map, when templates have run and left one there; else NULL. */
struct vtl_map *render_overrides(const struct exchange *x, const char *name, const char *member);

/* A value as the texts it stands for: a list is several, null is none.  False when the arena is
 * over. */
struct texts {
    struct span *at;
    size_t count;
};
bool render_texts(struct exchange *x, struct vtl_value value, struct texts *out);

#endif
