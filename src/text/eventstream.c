/* AWS event streams.  Both directions go through one table of header types, so what is written
 * can be read. */
#include "text/eventstream.h"

#define PRELUDE 12 /* two lengths and their checksum */
#define VARIABLE UINT8_MAX

/* How many bytes a header's value has; VARIABLE: a u16 says it. */
static const uint8_t SIZES[] = {
    [EVENTSTREAM_TRUE] = 0,         [EVENTSTREAM_FALSE] = 0,         [EVENTSTREAM_BYTE] = 1,
    [EVENTSTREAM_SHORT] = 2,        [EVENTSTREAM_INT] = 4,           [EVENTSTREAM_LONG] = 8,
    [EVENTSTREAM_BYTES] = VARIABLE, [EVENTSTREAM_STRING] = VARIABLE, [EVENTSTREAM_TIME] = 8,
    [EVENTSTREAM_UUID] = 16,
};

static bool is_number(enum eventstream_type type)
{
    return (type >= EVENTSTREAM_BYTE && type <= EVENTSTREAM_LONG) || type == EVENTSTREAM_TIME;
}

/* Half a byte at a time: a table of 16 is enough for the megabytes that pass here. */
uint32_t eventstream_crc(uint32_t crc, struct span bytes)
{
    static const uint32_t TABLE[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };

    crc = ~crc;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (unsigned char)bytes.at[i];
        crc = crc >> 4 ^ TABLE[crc & 15];
        crc = crc >> 4 ^ TABLE[crc & 15];
    }
    return ~crc;
}

/* --- writing --- */

static void add_number(struct buf *out, uint64_t n, size_t size)
{
    while (size-- > 0)
        buf_add_char(out, (char)(n >> size * 8));
}

static bool fits(const struct eventstream_header *header)
{
    unsigned bits;

    if (header->name.len == 0 || header->name.len > UINT8_MAX || header->type > EVENTSTREAM_UUID)
        return false;
    if (!is_number(header->type))
        return SIZES[header->type] == VARIABLE ? header->value.len <= UINT16_MAX
                                               : header->value.len == SIZES[header->type];
    bits = SIZES[header->type] * 8u;
    return bits == 64 || (header->number >= -((int64_t)1 << (bits - 1)) &&
                          header->number < (int64_t)1 << (bits - 1));
}

static size_t header_size(const struct eventstream_header *header)
{
    size_t size = SIZES[header->type];

    return 2 + header->name.len + (size == VARIABLE ? 2 + header->value.len : size);
}

static void add_header(struct buf *out, const struct eventstream_header *header)
{
    add_number(out, header->name.len, 1);
    buf_add(out, header->name);
    add_number(out, header->type, 1);
    if (SIZES[header->type] == VARIABLE)
        add_number(out, header->value.len, 2);
    if (is_number(header->type))
        add_number(out, (uint64_t)header->number, SIZES[header->type]);
    else
        buf_add(out, header->value);
}

bool eventstream_write(struct buf *out, const struct eventstream_header *headers, size_t count,
                       struct span payload)
{
    size_t size = 0, start = out->len;

    for (size_t i = 0; i < count; i++) {
        if (!fits(&headers[i]))
            out->is_over = true;
        else
            size += header_size(&headers[i]);
    }
    if (payload.len > EVENTSTREAM_PAYLOAD_MAX || size > EVENTSTREAM_HEADERS_MAX)
        out->is_over = true;
    if (out->is_over)
        return false;
    add_number(out, EVENTSTREAM_OVERHEAD + size + payload.len, 4);
    add_number(out, size, 4);
    if (!out->is_over)
        add_number(out, eventstream_crc(0, span_make(out->at + start, 8)), 4);
    for (size_t i = 0; i < count; i++)
        add_header(out, &headers[i]);
    buf_add(out, payload);
    if (!out->is_over)
        add_number(out, eventstream_crc(0, span_make(out->at + start, out->len - start)), 4);
    return !out->is_over;
}

/* --- reading --- */

static bool take_number(struct span *in, size_t size, uint64_t *out)
{
    uint64_t n = 0;

    if (in->len < size)
        return false;
    for (size_t i = 0; i < size; i++)
        n = n << 8 | (unsigned char)in->at[i];
    *in = span_skip(*in, size);
    *out = n;
    return true;
}

static bool take_bytes(struct span *in, uint64_t len, struct span *out)
{
    if (in->len < len)
        return false;
    *out = span_first(*in, (size_t)len);
    *in = span_skip(*in, (size_t)len);
    return true;
}

static bool take_header(struct span *in, struct eventstream_header *out)
{
    uint64_t len, type, n;
    size_t size;

    if (!take_number(in, 1, &len) || len == 0 || !take_bytes(in, len, &out->name) ||
        !take_number(in, 1, &type) || type > EVENTSTREAM_UUID)
        return false;
    out->type = (enum eventstream_type)type;
    size = SIZES[type];
    if (is_number(out->type)) {
        if (!take_number(in, size, &n))
            return false;
        out->number = (int64_t)(n << (64 - size * 8)) >> (64 - size * 8);
        return true;
    }
    len = size;
    return (size != VARIABLE || take_number(in, 2, &len)) && take_bytes(in, len, &out->value);
}

/* How many headers there are; -1 when they are none. */
static long count_headers(struct span in)
{
    long n = 0;

    while (in.len > 0) {
        struct eventstream_header header;

        if (!take_header(&in, &header))
            return -1;
        n++;
    }
    return n;
}

static enum eventstream_result bad(struct problem *why, const char *words)
{
    problem_set(why, FAULT_SYNTAX, "event stream: %s", words);
    return EVENTSTREAM_BAD;
}

static enum eventstream_result take_headers(struct arena *arena, struct span in,
                                            struct eventstream_message *out, struct problem *why)
{
    long count = count_headers(in);
    struct eventstream_header *headers;

    if (count < 0)
        return bad(why, "headers that are none");
    headers = arena_try_array(arena, (size_t)count, sizeof *headers);
    if (!headers)
        return bad(why, "no memory for headers");
    for (long i = 0; i < count; i++)
        take_header(&in, &headers[i]);
    out->headers = headers;
    out->count = (size_t)count;
    return EVENTSTREAM_MESSAGE;
}

enum eventstream_result eventstream_take(struct arena *arena, struct span *in,
                                         struct eventstream_message *out, struct problem *why)
{
    struct span rest = *in, headers;
    struct eventstream_message message;
    enum eventstream_result result;
    uint64_t whole, size, crc;

    if (!take_number(&rest, 4, &whole) || !take_number(&rest, 4, &size) ||
        !take_number(&rest, 4, &crc))
        return EVENTSTREAM_MORE;
    if (crc != eventstream_crc(0, span_first(*in, PRELUDE - 4)))
        return bad(why, "a prelude whose checksum is wrong");
    if (size > EVENTSTREAM_HEADERS_MAX || whole < EVENTSTREAM_OVERHEAD + size ||
        whole - EVENTSTREAM_OVERHEAD - size > EVENTSTREAM_PAYLOAD_MAX)
        return bad(why, "lengths that cannot be");
    if (in->len < whole)
        return EVENTSTREAM_MORE;
    take_bytes(&rest, size, &headers);
    take_bytes(&rest, whole - EVENTSTREAM_OVERHEAD - size, &message.payload);
    take_number(&rest, 4, &crc);
    if (crc != eventstream_crc(0, span_first(*in, (size_t)whole - 4)))
        return bad(why, "a message whose checksum is wrong");
    result = take_headers(arena, headers, &message, why);
    if (result == EVENTSTREAM_MESSAGE) {
        *out = message;
        *in = rest;
    }
    return result;
}

struct span eventstream_text(const struct eventstream_message *message, const char *name)
{
    for (size_t i = 0; i < message->count; i++) {
        const struct eventstream_header *header = &message->headers[i];

        if (header->type == EVENTSTREAM_STRING && span_is(header->name, name))
            return header->value;
    }
    return (struct span){NULL, 0};
}
