/* rest-json, from the wire: a request becomes one JSON tree whose members are those of the
 * operation's input, by member name and in model order.  What is unknown is dropped, null is
 * absent, and every value has the type that the model says. */
#ifndef CONTROL_DECODE_H
#define CONTROL_DECODE_H

#include "base/arena.h"
#include "base/fault.h"
#include "control/model.h"
#include "control/route.h"
#include "http/message.h"
#include "text/json.h"

struct rest_request {
    struct span query; /* as sent, without '?' */
    const struct http_header *headers;
    unsigned header_count;
    struct span body;
};

/* Reads and checks the types.  Rules are not looked at: see validate.h.  Texts may point into the
 * request, which must live as long.  FAULT_TYPE: *refused is filled.  FAULT_NO_MEMORY. */
enum fault decode_rest_json(struct arena *arena, const struct control_match *match,
                            const struct rest_request *request, struct json **input,
                            struct model_answer *refused);

/* One JSON value as a model type: a copy with members in model order, or *refused. */
enum fault decode_value(struct arena *arena, const struct model_type *type,
                        const struct json *value, struct json **out, const char **why);

/* Reads a text as a value of a scalar type, as in queries, labels and PATCH.  NULL when it is
 * none. */
struct json *decode_text(struct arena *arena, const struct model_type *type, struct span text);

/* Fills members that are absent with the fallbacks of their rows, also inside structs that are
 * there.  {label} in texts is looked up in `labels` (may be NULL).  False when the arena is over.
 */
bool decode_fallbacks(struct arena *arena, const struct model_shape *shape, struct json *tree,
                      const struct json *labels);

#endif
