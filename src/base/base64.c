/* Base64.  The decoder is strict, since two texts for one value break signatures and caches. */
#include "base/base64.h"

#include <stdint.h>

static const char STANDARD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL_SAFE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t encode(struct span in, char *out, const char *alphabet, bool pads)
{
    size_t n = 0, i = 0;

    for (; i + 3 <= in.len; i += 3) {
        uint32_t v = (uint32_t)(unsigned char)in.at[i] << 16 |
                     (uint32_t)(unsigned char)in.at[i + 1] << 8 | (unsigned char)in.at[i + 2];

        out[n++] = alphabet[v >> 18];
        out[n++] = alphabet[v >> 12 & 63];
        out[n++] = alphabet[v >> 6 & 63];
        out[n++] = alphabet[v & 63];
    }
    if (i < in.len) {
        uint32_t v = (uint32_t)(unsigned char)in.at[i] << 16;

        if (i + 1 < in.len)
            v |= (uint32_t)(unsigned char)in.at[i + 1] << 8;
        out[n++] = alphabet[v >> 18];
        out[n++] = alphabet[v >> 12 & 63];
        if (i + 1 < in.len)
            out[n++] = alphabet[v >> 6 & 63];
        while (pads && n % 4)
            out[n++] = '=';
    }
    return n;
}

size_t base64_encode(struct span in, char *out)
{
    return encode(in, out, STANDARD, true);
}

size_t base64_encode_url(struct span in, char *out)
{
    return encode(in, out, URL_SAFE, false);
}

static int digit_value(char c, bool url)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == (url ? '-' : '+'))
        return 62;
    if (c == (url ? '_' : '/'))
        return 63;
    return -1;
}

/* Drops the padding; false when it is not as the alphabet demands. */
static bool take_padding(struct span *text, bool url)
{
    if (url)
        return text->len % 4 != 1;
    if (text->len % 4)
        return false;
    for (int i = 0; i < 2 && text->len > 0 && text->at[text->len - 1] == '='; i++)
        text->len--;
    return text->len % 4 != 1;
}

bool base64_decode(struct arena *arena, struct span text, bool url, struct span *out)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t n = 0;
    char *at;

    if (!take_padding(&text, url))
        return false;
    at = arena_try(arena, text.len / 4 * 3 + 4);
    if (!at)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int value = digit_value(text.at[i], url);

        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            at[n++] = (char)(bits >> held & 0xff);
        }
    }
    if (bits & ((1u << held) - 1))
        return false;
    at[n] = '\0';
    *out = (struct span){at, n};
    return true;
}
