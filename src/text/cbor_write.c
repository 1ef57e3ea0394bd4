/* Writing CBOR.  Every head is as short as its number allows. */
#include <math.h>

#include "text/cbor.h"
#include "text/cbor_head.h"

static bool write_head(struct buf *out, enum cbor_major major, uint64_t n)
{
    unsigned size = n < CBOR_ONE_BYTE ? 0
                    : n <= UINT8_MAX  ? 1
                    : n <= UINT16_MAX ? 2
                    : n <= UINT32_MAX ? 4
                                      : 8;
    unsigned extra = size == 0   ? (unsigned)n
                     : size == 1 ? 24
                     : size == 2 ? 25
                     : size == 4 ? 26
                                 : 27;

    buf_add_char(out, (char)((unsigned)major << 5 | extra));
    while (size-- > 0)
        buf_add_char(out, (char)(n >> size * 8));
    return !out->is_over;
}

bool cbor_write_map(struct buf *out, uint64_t members)
{
    return write_head(out, CBOR_MAP, members);
}

bool cbor_write_array(struct buf *out, uint64_t elements)
{
    return write_head(out, CBOR_ARRAY, elements);
}

bool cbor_write_text(struct buf *out, struct span text)
{
    write_head(out, CBOR_TEXT, text.len);
    return buf_add(out, text);
}

bool cbor_write_bytes(struct buf *out, struct span bytes)
{
    write_head(out, CBOR_BYTES, bytes.len);
    return buf_add(out, bytes);
}

bool cbor_write_int(struct buf *out, int64_t number)
{
    if (number < 0)
        return write_head(out, CBOR_NEGATIVE, (uint64_t)(-1 - number));
    return write_head(out, CBOR_UNSIGNED, (uint64_t)number);
}

bool cbor_write_double(struct buf *out, double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof bits);
    buf_add_char(out, (char)(CBOR_SIMPLE << 5 | 27));
    for (unsigned size = 8; size-- > 0;)
        buf_add_char(out, (char)(bits >> size * 8));
    return !out->is_over;
}

bool cbor_write_bool(struct buf *out, bool value)
{
    return write_head(out, CBOR_SIMPLE, value ? CBOR_TRUE : CBOR_FALSE);
}

bool cbor_write_null(struct buf *out)
{
    return write_head(out, CBOR_SIMPLE, CBOR_NULL);
}

bool cbor_write_number(struct buf *out, struct span text)
{
    const struct json number = {.type = JSON_NUMBER, .text = text};
    double real = 0;
    int64_t n;

    if (json_number_int(text, &n))
        return cbor_write_int(out, n);
    if (!json_double(&number, &real))
        real = text.len > 0 && text.at[0] == '-' ? -INFINITY : INFINITY;
    return cbor_write_double(out, real);
}

bool cbor_write_time(struct buf *out, struct span seconds)
{
    write_head(out, CBOR_TAG, CBOR_TAG_TIME);
    return cbor_write_number(out, seconds);
}

static bool write_value(struct buf *out, const struct json *value, unsigned depth)
{
    if (depth == 0)
        out->is_over = true;
    if (out->is_over)
        return false;
    switch (value->type) {
    case JSON_NULL:
        return cbor_write_null(out);
    case JSON_FALSE:
    case JSON_TRUE:
        return cbor_write_bool(out, value->type == JSON_TRUE);
    case JSON_NUMBER:
        return cbor_write_number(out, value->text);
    case JSON_STRING:
        return cbor_write_text(out, value->text);
    case JSON_ARRAY:
        cbor_write_array(out, value->count);
        break;
    case JSON_OBJECT:
        cbor_write_map(out, value->count);
        break;
    }
    for (const struct json *child = value->first; child; child = child->next) {
        if (value->type == JSON_OBJECT)
            cbor_write_text(out, child->name);
        write_value(out, child, depth - 1);
    }
    return !out->is_over;
}

bool cbor_write(struct buf *out, const struct json *value)
{
    return value ? write_value(out, value, JSON_TREE_DEPTH_MAX) : cbor_write_null(out);
}
