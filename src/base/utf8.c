/* UTF-8 reading and writing.  One decoder step decides what is well-formed; the rest uses it. */
#include "base/utf8.h"

/* Length of the well-formed sequence at the front (1..4), or 0 with *bad_len set to the length
 * of the longest prefix that could have begun one (at least 1). */
static size_t sequence(struct span s, size_t *bad_len)
{
    const unsigned char *b = (const unsigned char *)s.at;
    unsigned low = 0x80, high = 0xbf;
    size_t need;

    *bad_len = 1;
    if (b[0] < 0x80)
        return 1;
    if (b[0] < 0xc2 || b[0] > 0xf4)
        return 0;
    need = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    if (b[0] == 0xe0)
        low = 0xa0; /* overlong */
    else if (b[0] == 0xed)
        high = 0x9f; /* surrogates */
    else if (b[0] == 0xf0)
        low = 0x90; /* overlong */
    else if (b[0] == 0xf4)
        high = 0x8f; /* past U+10FFFF */
    for (size_t i = 1; i < need; i++) {
        if (i >= s.len || b[i] < low || b[i] > high) {
            *bad_len = i;
            return 0;
        }
        low = 0x80;
        high = 0xbf;
    }
    return need;
}

bool utf8_is_valid(struct span s)
{
    size_t bad_len;

    while (s.len > 0) {
        size_t n = sequence(s, &bad_len);

        if (n == 0)
            return false;
        s = span_skip(s, n);
    }
    return true;
}

bool utf8_take(struct span *s, uint32_t *point)
{
    static const unsigned char FIRST_BITS[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t bad_len, n;
    uint32_t p;

    if (s->len == 0)
        return false;
    n = sequence(*s, &bad_len);
    if (n == 0)
        return false;
    p = (unsigned char)s->at[0] & FIRST_BITS[n];
    for (size_t i = 1; i < n; i++)
        p = p << 6 | ((unsigned char)s->at[i] & 0x3f);
    *point = p;
    *s = span_skip(*s, n);
    return true;
}

size_t utf8_put(uint32_t point, char out[static 4])
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

size_t utf8_utf16_len(struct span s)
{
    size_t units = 0;

    for (size_t i = 0; i < s.len; i++) {
        unsigned char b = (unsigned char)s.at[i];

        if ((b & 0xc0) != 0x80)
            units += b >= 0xf0 ? 2 : 1;
    }
    return units;
}

bool utf8_add_repaired(struct buf *out, struct span s)
{
    while (s.len > 0) {
        size_t bad_len, good = 0, n;

        while (good < s.len && (n = sequence(span_skip(s, good), &bad_len)) > 0)
            good += n;
        if (!buf_add(out, span_first(s, good)))
            return false;
        s = span_skip(s, good);
        if (s.len > 0) {
            if (!buf_add(out, SPAN("\xef\xbf\xbd")))
                return false;
            s = span_skip(s, bad_len);
        }
    }
    return true;
}
