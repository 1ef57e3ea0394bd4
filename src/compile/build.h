/* Inside compile/: a deployment under construction, and the pieces that its methods share. */
#ifndef COMPILE_BUILD_H
#define COMPILE_BUILD_H

#include "base/arena.h"
#include "snapshot/deployment.h"
#include "text/json.h"

struct build {
    struct arena *arena;  /* the part's */
    struct arena scratch; /* ends with the build */
    struct deployment *deployment;
    const struct json *document;
    struct json *schemas; /* of models, by name: parsed when something first refers to them */
};

/* Memory that a deployment cannot do without: its document was bounded when it was stored. */
void *build_need(void *at);
void *build_array(struct build *b, size_t count, size_t size);
struct span build_keep(struct build *b, struct span text);

/* Compiles for the deployment, which frees it; NULL when the text is no pattern. */
struct regex *build_pattern(struct build *b, struct span text);

/* A body for one media type.  A null is an empty text. */
struct body_template build_template(struct build *b, const struct json *one);

/* False for what has no value whatever the request is; the names are kept. */
bool build_expression(struct build *b, struct span text, struct mapping *out);

/* The mappings of an object {destination: source} whose destinations begin with `prefix`; only
 * those that `declared` holds, when it is not NULL.  What is no mapping is left out: it never has a
 * value. */
struct mappings build_mappings(struct build *b, const struct json *parameters, struct span prefix,
                               const struct json *declared);

enum content_handling build_handling(const struct json *one);

/* response.c: fills the method's responses, by ascending status. */
void build_responses(struct build *b, const struct json *method, const struct json *integration,
                     struct method *out);

/* gateway_response.c: the gateway responses that the document changes. */
void build_replies(struct build *b);

/* validator.c: what the method's request validator checks.  False when the validator that the
 * method names is not in the document. */
bool build_validator(struct build *b, const struct json *method, struct method *out);

#endif
