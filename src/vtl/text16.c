/* UTF-16 units over UTF-8.  Text is mostly ASCII, where a unit is a byte and nothing is copied. */
#include "vtl/text16.h"

#include "base/utf8.h"

static size_t ascii_len(struct span s)
{
    size_t n = 0;

    while (n < s.len && (unsigned char)s.at[n] < 0x80)
        n++;
    return n;
}

/* Takes one character; a malformed byte counts as one. */
static uint32_t take_point(struct span *s)
{
    uint32_t c;

    if (!utf8_take(s, &c)) {
        c = 0xFFFD;
        *s = span_skip(*s, 1);
    }
    return c;
}

bool text16_take(struct span *s, uint32_t *half, uint32_t *unit)
{
    uint32_t c;

    if (*half) {
        *unit = *half;
        *half = 0;
        return true;
    }
    if (s->len == 0)
        return false;
    c = take_point(s);
    *unit = c;
    if (c >= 0x10000) {
        *unit = 0xD800 + ((c - 0x10000) >> 10);
        *half = 0xDC00 + ((c - 0x10000) & 0x3FF);
    }
    return true;
}

size_t text16_len(struct span s)
{
    return text16_index(s, s.len);
}

size_t text16_index(struct span s, size_t offset)
{
    size_t n = ascii_len(span_first(s, offset));
    struct span rest = {s.at + n, offset - n};

    while (rest.len)
        n += take_point(&rest) >= 0x10000 ? 2 : 1;
    return n;
}

size_t text16_offset(struct span s, size_t index)
{
    size_t n = ascii_len(s);
    struct span rest;

    if (index <= n)
        return index;
    rest = span_skip(s, n);
    while (rest.len && n < index)
        n += take_point(&rest) >= 0x10000 ? 2 : 1;
    return s.len - rest.len;
}

bool text16_slice(struct run *run, struct span s, size_t from, size_t to, struct span *out)
{
    size_t first, last, unit, mark;

    if (!run_charge(run, s.len))
        return false;
    first = text16_offset(s, from);
    last = text16_offset(s, to);
    unit = text16_index(s, first);
    if (unit == from && text16_index(s, last) == to) {
        *out = (struct span){s.at + first, last - first};
        return true;
    }
    /* a pair is cut: at the front (first is behind it), at the back (last is behind it) or both */
    mark = text_begin(run);
    if (unit > from && !run_write(run, SPAN("?")))
        return false;
    if (text16_index(s, last) > to) {
        if (last >= first + 4 && (!run_write(run, (struct span){s.at + first, last - 4 - first}) ||
                                  !run_write(run, SPAN("?"))))
            return false;
    } else if (!run_write(run, (struct span){s.at + first, last - first})) {
        return false;
    }
    return text_end(run, mark, out);
}

int text16_compare(struct span a, struct span b)
{
    uint32_t half_a = 0, half_b = 0, x, y;
    int left = (int)text16_len(a), right = (int)text16_len(b);

    while (text16_take(&a, &half_a, &x) && text16_take(&b, &half_b, &y))
        if (x != y)
            return (int)x - (int)y;
    return left - right;
}

int32_t text16_hash(struct span s)
{
    uint32_t half = 0, unit, hash = 0;

    while (text16_take(&s, &half, &unit))
        hash = hash * 31 + unit;
    return (int32_t)hash;
}
