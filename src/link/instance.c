/* The head is collected on its own, so that the payload's memory is taken once, for the length that
 * the head names, and only as bytes arrive: a head alone makes nobody hold six megabytes. */
#include "link/instance.h"

#include "text/json.h"

static void write_u32(unsigned char *at, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(n >> (24 - 8 * i));
}

static uint32_t read_u32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void add_member(struct buf *out, const char *name, struct span json)
{
    if (json.len == 0)
        return;
    buf_addf(out, ",\"%s\":", name);
    buf_add(out, json);
}

bool instance_invoke_write(struct buf *out, const struct instance_invoke *invoke, size_t event_len)
{
    size_t start = out->len, header_at = start + INSTANCE_HEAD_LEN + 4, header_len;
    char *room = buf_room(out, INSTANCE_HEAD_LEN + 4);
    unsigned char *head;

    if (!room)
        return false;
    out->len = header_at;
    buf_add_text(out, "{\"requestId\":");
    json_write_text(out, invoke->request_id);
    buf_addf(out, ",\"deadlineMs\":%lld,\"functionArn\":", (long long)invoke->deadline_ms);
    json_write_text(out, invoke->function_arn);
    buf_add_text(out, ",\"traceId\":");
    json_write_text(out, invoke->trace_id);
    add_member(out, "clientContext", invoke->client_context);
    add_member(out, "identity", invoke->identity);
    buf_add_char(out, '}');
    if (out->is_over || event_len > UINT32_MAX / 2)
        return false;
    header_len = out->len - header_at;
    head = (unsigned char *)out->at + start;
    write_u32(head, (uint32_t)(4 + header_len + event_len));
    head[4] = INSTANCE_INVOKE;
    write_u32(head + INSTANCE_HEAD_LEN, (uint32_t)header_len);
    return true;
}

void instance_reader_init(struct instance_reader *reader)
{
    *reader = (struct instance_reader){0};
    buf_init(&reader->payload, INSTANCE_PAYLOAD_MAX);
}

void instance_reader_release(struct instance_reader *reader)
{
    buf_release(&reader->payload);
    *reader = (struct instance_reader){0};
}

/* The payload of the frame before is given up when the next one begins. */
static void begin(struct instance_reader *reader)
{
    if (reader->payload.cap > INSTANCE_KEEP_MAX)
        buf_release(&reader->payload);
    buf_clear(&reader->payload);
}

static bool is_from_instance(unsigned char type)
{
    return type == INSTANCE_READY || type == INSTANCE_INIT_ERROR || type == INSTANCE_RESULT ||
           type == INSTANCE_ERROR;
}

/* Takes what is missing of the head; false when the input ends before it does. */
static bool take_head(struct instance_reader *reader, struct span *in)
{
    size_t missing = INSTANCE_HEAD_LEN - reader->head_len;
    size_t n = in->len < missing ? in->len : missing;

    if (n > 0)
        memcpy(reader->head + reader->head_len, in->at, n);
    reader->head_len += (unsigned)n;
    *in = span_skip(*in, n);
    return n == missing;
}

enum instance_status instance_reader_take(struct instance_reader *reader, struct span *in,
                                          struct instance_frame *out)
{
    size_t missing, n;

    if (reader->head_len < INSTANCE_HEAD_LEN) {
        if (reader->head_len == 0)
            begin(reader);
        if (!take_head(reader, in))
            return INSTANCE_MORE;
        reader->payload_len = read_u32(reader->head);
        if (reader->payload_len > INSTANCE_PAYLOAD_MAX || !is_from_instance(reader->head[4]))
            return INSTANCE_BROKEN;
    }
    missing = reader->payload_len - reader->payload.len;
    n = in->len < missing ? in->len : missing;
    if (!buf_add(&reader->payload, span_first(*in, n)))
        return INSTANCE_NO_MEMORY;
    *in = span_skip(*in, n);
    if (n < missing)
        return INSTANCE_MORE;
    *out = (struct instance_frame){(enum instance_type)reader->head[4], buf_span(&reader->payload)};
    reader->head_len = 0;
    return INSTANCE_FRAME;
}
