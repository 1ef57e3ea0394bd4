/* rest-json, to the wire. */
#ifndef CONTROL_ENCODE_H
#define CONTROL_ENCODE_H

#include "base/arena.h"
#include "base/buf.h"
#include "control/model.h"
#include "http/message.h"
#include "text/json.h"

#define ENCODED_HEADERS_MAX 16

/* What an answer has besides its body.  Names and values live in the arena or the tables. */
struct encoded {
    unsigned status;
    struct http_header headers[ENCODED_HEADERS_MAX];
    unsigned header_count;
    bool has_body; /* what `body` took is the body, even if that is nothing */
    bool has_file; /* the body is this file instead: */
    int file;      /* becomes the reader's */
    uint64_t file_size;
};

/* Writes the output members of `tree`, by member name, in model order; absent and null ones are
 * left out (in maps null stays), members that the operation shows are there even when empty.
 * Content-Type is among the headers.  False when the buffer or the arena is over. */
bool encode_rest_json(struct arena *arena, const struct model_service *service,
                      const struct model_operation *operation, const struct json *tree,
                      struct buf *body, struct encoded *out);

/* {"message":"words"}, or as the error is typed {"Type":"User","Message":"words"}, with
 * x-amzn-ErrorType. */
bool encode_rest_json_error(struct arena *arena, const struct model_answer *answer,
                            struct buf *body, struct encoded *out);

/* One value as its type is written. */
bool encode_value(struct buf *body, const struct model_service *service,
                  const struct model_type *type, const struct json *value);

/* Epoch seconds as 2019-07-15T23:28:33Z. */
void encode_iso_time(struct buf *body, const struct json *value);

#endif
