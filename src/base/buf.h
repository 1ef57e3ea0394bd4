/* A buffer that text is built in.  It is created with a ceiling; what would go over it is not
 * added and the buffer is marked, so that a writer checks once at its end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct buf {
    char *at;
    size_t len, cap;
    size_t ceiling;
    bool is_over; /* an addition did not fit or memory was gone; later ones are dropped too */
};

/* No memory is taken before the first addition. */
void buf_init(struct buf *buf, size_t ceiling);
void buf_release(struct buf *buf);

/* Empties; keeps the memory; clears the mark. */
void buf_clear(struct buf *buf);

/* Each answers false when the buffer is over. */
static inline bool buf_add(struct buf *buf, struct span s);
bool buf_add_text(struct buf *buf, const char *text);
bool buf_add_char(struct buf *buf, char c);
bool buf_add_u64(struct buf *buf, uint64_t number);
bool buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for `n` more bytes at the end, to be filled by the caller, who then adds what was filled
 * to buf->len.  NULL when the buffer is over. */
char *buf_room(struct buf *buf, size_t n);

/* Drops the first n bytes (n <= len). */
void buf_drop(struct buf *buf, size_t n);

/* The content as a C string; owned by the buffer, valid until its next change.  NULL when over. */
const char *buf_text(struct buf *buf);

/* buf_add where the room is not there yet. */
bool buf_grow_and_add(struct buf *buf, struct span s);

static inline bool buf_add(struct buf *buf, struct span s)
{
    if (buf->is_over || s.len > buf->cap - buf->len)
        return buf_grow_and_add(buf, s);
    if (s.len)
        memcpy(buf->at + buf->len, s.at, s.len);
    buf->len += s.len;
    return true;
}

static inline struct span buf_span(const struct buf *buf)
{
    return (struct span){buf->at, buf->len};
}

#endif
