/* The two recorded tables, as switches. */
#include "gateway/mapping/content.h"

#include "base/base64.h"
#include "base/utf8.h"

enum content_change content_of_request(bool is_binary, enum content_handling handling)
{
    switch (handling) {
    case CONTENT_TO_TEXT:
        return is_binary ? CONTENT_ENCODE : CONTENT_REPAIR;
    case CONTENT_TO_BINARY:
        return is_binary ? CONTENT_KEEP : CONTENT_DECODE;
    case CONTENT_AS_IT_IS:
        return is_binary ? CONTENT_KEEP : CONTENT_REPAIR;
    }
    return CONTENT_REPAIR;
}

enum content_change content_of_answer(bool is_binary, bool wants_binary,
                                      enum content_handling handling)
{
    switch (handling) {
    case CONTENT_TO_TEXT:
        return is_binary ? CONTENT_ENCODE : CONTENT_REPAIR;
    case CONTENT_TO_BINARY:
        return is_binary ? CONTENT_KEEP : CONTENT_DECODE;
    case CONTENT_AS_IT_IS:
        break;
    }
    if (is_binary)
        return wants_binary ? CONTENT_KEEP : CONTENT_ENCODE;
    return wants_binary ? CONTENT_DECODE : CONTENT_REPAIR;
}

static bool repair(struct arena *arena, struct span body, struct span *out)
{
    struct buf text;

    if (utf8_is_valid(body)) {
        *out = body;
        return true;
    }
    buf_init(&text, 3 * body.len + 1); /* U+FFFD is three bytes */
    utf8_add_repaired(&text, body);
    *out = text.is_over ? (struct span){NULL, 0} : arena_copy(arena, buf_span(&text));
    buf_release(&text);
    return out->at != NULL;
}

bool content_apply(struct arena *arena, enum content_change change, struct span body,
                   struct span *out)
{
    char *room;

    switch (change) {
    case CONTENT_KEEP:
        *out = body;
        return true;
    case CONTENT_REPAIR:
        return repair(arena, body, out);
    case CONTENT_DECODE:
        return base64_decode(arena, body, false, out);
    case CONTENT_ENCODE:
        room = arena_try(arena, base64_len(body.len) + 1);
        if (room)
            *out = span_make(room, base64_encode(body, room));
        return room != NULL;
    }
    return false;
}
