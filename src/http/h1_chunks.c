/* The chunked coding, decoded in place: pieces are spans of what came in.  As strict as heads are:
 * a reader that takes "5 5" for a size, or a request for a trailer, sees another message. */
#include "base/ascii.h"
#include "http/h1.h"

enum {
    SIZE,
    EXTENSION,
    SIZE_LF,
    BYTES,
    BYTES_CR,
    BYTES_LF,
    TRAILER, /* the first character of a line */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
};

/* One character of the size line: hex digits, then an optional extension, then CR. */
static bool take_size(struct h1_chunks *c, char ch)
{
    int digit = ascii_hex(ch);

    if (digit >= 0 && c->state == SIZE) {
        if (c->left >> 56) /* 15 digits are more than any body may have */
            return false;
        c->left = c->left << 4 | (uint64_t)digit;
        return true;
    }
    if (c->line_len <= 1 && c->state == SIZE)
        return false; /* no digit at all */
    if (ch == '\r') {
        c->state = SIZE_LF;
        return true;
    }
    if (c->state == SIZE && ch != ';')
        return false;
    c->state = EXTENSION;
    return H1_VALUE[(unsigned char)ch];
}

/* One character of a trailer line, which is a header line. */
static bool take_trailer(struct h1_chunks *c, char ch)
{
    if (c->line_len > H1_TRAILERS_MAX)
        return false;
    if (c->state == TRAILER && ch == '\r') {
        c->state = END_LF;
        return true;
    }
    if (c->state == TRAILER_VALUE && ch == '\r') {
        c->state = TRAILER_LF;
        return true;
    }
    if (c->state == TRAILER_NAME && ch == ':') {
        c->state = TRAILER_VALUE;
        return true;
    }
    if (c->state == TRAILER)
        c->state = TRAILER_NAME;
    return c->state == TRAILER_VALUE ? H1_VALUE[(unsigned char)ch] : H1_TOKEN[(unsigned char)ch];
}

/* One character that is not body.  The state says what it must be. */
static bool take_framing(struct h1_chunks *c, char ch)
{
    c->line_len++;
    switch (c->state) {
    case SIZE:
    case EXTENSION:
        return c->line_len <= H1_CHUNK_LINE_MAX && take_size(c, ch);
    case SIZE_LF:
        c->state = c->left ? BYTES : TRAILER;
        c->line_len = 0;
        return ch == '\n';
    case BYTES_CR:
        c->state = BYTES_LF;
        return ch == '\r';
    case BYTES_LF:
        c->state = SIZE;
        c->line_len = 0;
        return ch == '\n';
    case TRAILER:
    case TRAILER_NAME:
    case TRAILER_VALUE:
        return take_trailer(c, ch);
    case TRAILER_LF:
        c->state = TRAILER;
        return ch == '\n';
    default:
        c->is_done = true;
        return ch == '\n';
    }
}

bool h1_chunks_take(struct h1_chunks *c, struct span *in, struct span *piece)
{
    *piece = (struct span){NULL, 0};
    while (in->len > 0 && !c->is_done) {
        if (c->state == BYTES) {
            size_t n = c->left < in->len ? (size_t)c->left : in->len;

            *piece = span_first(*in, n);
            *in = span_skip(*in, n);
            c->left -= n;
            if (c->left == 0)
                c->state = BYTES_CR;
            return true;
        }
        if (!take_framing(c, in->at[0]))
            return false;
        *in = span_skip(*in, 1);
    }
    return true;
}
