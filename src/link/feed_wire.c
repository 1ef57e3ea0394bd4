/* The small messages of the feed, in one place so that its two ends cannot differ. */
#include "link/feed_wire.h"

#include "base/buf.h"
#include "link/frame.h"
#include "text/json.h"

#define SMALL_MAX 1024

bool feed_send_hello(int socket, struct span epoch, uint64_t revision)
{
    struct buf out;
    bool is_sent;

    buf_init(&out, SMALL_MAX);
    buf_add_text(&out, "{\"epoch\":");
    json_write_text(&out, epoch);
    buf_add_text(&out, ",\"revision\":");
    buf_add_u64(&out, revision);
    buf_add_char(&out, '}');
    is_sent = !out.is_over && frame_write(socket, FEED_HELLO, buf_span(&out), -1);
    buf_release(&out);
    return is_sent;
}

bool feed_send_revision(int socket, enum feed_type type, uint64_t revision)
{
    struct buf out;
    bool is_sent;

    buf_init(&out, SMALL_MAX);
    buf_add_text(&out, "{\"revision\":");
    buf_add_u64(&out, revision);
    buf_add_char(&out, '}');
    is_sent = !out.is_over && frame_write(socket, (uint8_t)type, buf_span(&out), -1);
    buf_release(&out);
    return is_sent;
}

static bool read_revision(const struct json *message, uint64_t *revision)
{
    int64_t n = json_member_int(message, "revision", -1);

    if (n < 0)
        return false;
    *revision = (uint64_t)n;
    return true;
}

bool feed_read_hello(struct arena *arena, struct span payload, struct span *epoch,
                     uint64_t *revision)
{
    struct json *message;

    if (json_parse(arena, payload, &message, NULL) != OK ||
        !json_is(json_member(message, "epoch"), JSON_STRING) || !read_revision(message, revision))
        return false;
    *epoch = json_member_text(message, "epoch", SPAN(""));
    return true;
}

bool feed_read_revision(struct arena *arena, struct span payload, uint64_t *revision)
{
    struct json *message;

    return json_parse(arena, payload, &message, NULL) == OK && read_revision(message, revision);
}
