/* Percent-encoding and decoding. */
#include "base/uri.h"

#include "base/ascii.h"

/* The byte that s.at[i..] escapes, or -1. */
static int escaped_byte(struct span s, size_t i)
{
    int high, low;

    if (s.at[i] != '%' || s.len - i < 3)
        return -1;
    high = ascii_hex(s.at[i + 1]);
    low = ascii_hex(s.at[i + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

struct span uri_decode(struct arena *arena, struct span s, bool plus_is_blank)
{
    size_t n = 0;
    char *out;

    if (span_find(s, '%') == s.len && (!plus_is_blank || span_find(s, '+') == s.len))
        return s;
    out = arena_try(arena, s.len + 1);
    if (!out)
        return (struct span){NULL, 0};
    for (size_t i = 0; i < s.len; i++) {
        int byte = escaped_byte(s, i);

        if (byte >= 0) {
            out[n++] = (char)byte;
            i += 2;
        } else if (plus_is_blank && s.at[i] == '+') {
            out[n++] = ' ';
        } else {
            out[n++] = s.at[i];
        }
    }
    out[n] = '\0';
    return (struct span){out, n};
}

bool uri_escapes_are_valid(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] == '%' && escaped_byte(s, i) < 0)
            return false;
    return true;
}

static bool is_unreserved(char c)
{
    return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool uri_add_encoded(struct buf *out, struct span s, bool keep_slash)
{
    static const char HEX[] = "0123456789ABCDEF";

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        char escaped[3] = {'%', HEX[c >> 4], HEX[c & 15]};

        if (is_unreserved(s.at[i]) || (keep_slash && c == '/'))
            buf_add_char(out, s.at[i]);
        else
            buf_add(out, (struct span){escaped, 3});
    }
    return !out->is_over;
}
