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
    struct span not_yet; /* the whole API is closed, with these words; "" */
};

/* Memory that a deployment cannot do without: its document was bounded when it was stored. */
void *build_need(void *at);
void *build_array(struct build *b, size_t count, size_t size);
struct span build_keep(struct build *b, struct span text);

/* Compiles for the deployment, which frees it; NULL when the text is no pattern. */
struct regex *build_pattern(struct build *b, struct span text);

/* A body for one media type.  A null is an empty text. */
struct body_template build_template(struct build *b, const struct json *one);

/* The mappings of an object {destination: source} whose destinations begin with `prefix`; only
 * those that `declared` holds, when it is not NULL.  What is no mapping is left out: it never has a
 * value. */
struct mappings build_mappings(struct build *b, const struct json *parameters, struct span prefix,
                               const struct json *declared);

enum content_handling build_handling(const struct json *one);

/* build_response.c: fills the method's responses, by ascending status. */
void build_responses(struct build *b, const struct json *method, const struct json *integration,
                     struct method *out);

#endif
