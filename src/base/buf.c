/* Buffers: doubling growth up to the ceiling. */
#include "base/buf.h"

#include <stdio.h>

#include "base/mem.h"

#define FORMAT_SMALL 512

void buf_init(struct buf *buf, size_t ceiling)
{
    *buf = (struct buf){.ceiling = ceiling};
}

void buf_release(struct buf *buf)
{
    mem_free(buf->at);
    buf_init(buf, buf->ceiling);
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->is_over = false;
}

char *buf_room(struct buf *buf, size_t n)
{
    size_t cap;
    char *at;

    if (buf->is_over || n > buf->ceiling - buf->len) {
        buf->is_over = true;
        return NULL;
    }
    if (n <= buf->cap - buf->len && buf->at)
        return buf->at + buf->len;
    cap = buf->cap ? buf->cap : 128;
    while (cap - buf->len < n)
        cap *= 2;
    if (cap > buf->ceiling)
        cap = buf->ceiling ? buf->ceiling : 1;
    at = mem_resize_try(buf->at, cap);
    if (!at) {
        buf->is_over = true;
        return NULL;
    }
    buf->at = at;
    buf->cap = cap;
    return at + buf->len;
}

bool buf_grow_and_add(struct buf *buf, struct span s)
{
    char *room = buf_room(buf, s.len);

    if (!room)
        return false;
    if (s.len)
        memcpy(room, s.at, s.len);
    buf->len += s.len;
    return true;
}

bool buf_add_text(struct buf *buf, const char *text)
{
    return buf_add(buf, span_of(text));
}

bool buf_add_char(struct buf *buf, char c)
{
    return buf_add(buf, (struct span){&c, 1});
}

bool buf_add_u64(struct buf *buf, uint64_t number)
{
    char digits[20];
    size_t n = sizeof digits;

    do {
        digits[--n] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return buf_add(buf, (struct span){digits + n, sizeof digits - n});
}

bool buf_addf(struct buf *buf, const char *format, ...)
{
    char small[FORMAT_SMALL]; /* most texts fit, and are printed once */
    va_list words;
    char *room;
    int len;

    va_start(words, format);
    len = vsnprintf(small, sizeof small, format, words);
    va_end(words);
    if (len < 0)
        return false;
    if ((size_t)len < sizeof small)
        return buf_add(buf, span_make(small, (size_t)len));
    room = buf_room(buf, (size_t)len + 1); /* vsnprintf wants room for its NUL */
    if (!room)
        return false;
    va_start(words, format);
    vsnprintf(room, (size_t)len + 1, format, words);
    va_end(words);
    buf->len += (size_t)len;
    return true;
}

void buf_drop(struct buf *buf, size_t n)
{
    buf->len -= n;
    if (buf->len)
        memmove(buf->at, buf->at + n, buf->len);
}

const char *buf_text(struct buf *buf)
{
    char *room = buf_room(buf, 1);

    if (!room)
        return NULL;
    *room = '\0';
    return buf->at;
}
