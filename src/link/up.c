/* Both ends of the question, from one table. */
#include "link/up.h"

#include <stddef.h>

#include "text/json.h"

static const struct {
    const char *name;
    size_t offset;
} MEMBERS[] = {
    {"op", offsetof(struct up_ask, op)},       {"path", offsetof(struct up_ask, path)},
    {"stack", offsetof(struct up_ask, stack)}, {"region", offsetof(struct up_ask, region)},
    {"url", offsetof(struct up_ask, url)},
};

bool up_ask_send(int socket, const struct up_ask *ask)
{
    struct buf text;
    bool is_sent;

    buf_init(&text, FRAME_PAYLOAD_MAX - 1);
    buf_add_char(&text, '{');
    for (size_t i = 0; i < COUNT(MEMBERS); i++) {
        const struct span *value =
            (const struct span *)(const void *)((const char *)ask + MEMBERS[i].offset);

        if (value->len == 0)
            continue;
        buf_addf(&text, "%s\"%s\":", text.len > 1 ? "," : "", MEMBERS[i].name);
        json_write_text(&text, *value);
    }
    buf_add_char(&text, '}');
    is_sent = !text.is_over && frame_write(socket, UP_ASK, buf_span(&text), -1);
    buf_release(&text);
    return is_sent;
}

enum fault up_ask_read(struct arena *arena, struct span payload, struct up_ask *out)
{
    struct json *ask;
    enum fault rc = json_parse(arena, payload, &ask, NULL);

    if (rc)
        return rc;
    for (size_t i = 0; i < COUNT(MEMBERS); i++)
        *(struct span *)(void *)((char *)out + MEMBERS[i].offset) =
            json_member_text(ask, MEMBERS[i].name, SPAN(""));
    return OK;
}
