/* The JSON writer: walks a tree with a stack of its own, so that depth is a number and not the
 * thread's stack.  What is plain is copied in runs. */
#include <assert.h>

#include "base/utf8.h"
#include "text/json.h"
#include "text/json_scan.h"

struct writer {
    struct buf *out;
    bool is_pretty;
    unsigned indent;
    const struct json *open[JSON_TREE_DEPTH_MAX];
    unsigned depth;
    unsigned objects; /* open ones: Jackson does not indent for arrays */
};

/* buf_room, for the case that there is room. */
static inline char *room(struct buf *out, size_t n)
{
    if (n <= out->cap - out->len && !out->is_over && out->at)
        return out->at + out->len;
    return buf_room(out, n);
}

/* Adds `before`, the text and `after`. */
static inline bool put(struct buf *out, char before, struct span text, char after)
{
    char *to = room(out, text.len + 2);

    if (!to)
        return false;
    to[0] = before;
    if (text.len)
        memcpy(to + 1, text.at, text.len);
    to[text.len + 1] = after;
    out->len += text.len + 2;
    return true;
}

static bool put_control(struct buf *out, unsigned char c)
{
    static const char HEX[] = "0123456789abcdef";
    static const char SHORT[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    char escape[6] = {'\\', 'u', '0', '0', HEX[c >> 4], HEX[c & 15]};

    if (SHORT[c]) {
        escape[1] = SHORT[c];
        return buf_add(out, span_make(escape, 2));
    }
    return buf_add(out, span_make(escape, sizeof escape));
}

/* The length of the run of non-ASCII bytes at the front. */
static size_t high_run(struct span s)
{
    size_t n = 0;

    while (n < s.len && (unsigned char)s.at[n] >= 0x80)
        n++;
    return n;
}

static bool put_escaped(struct buf *out, struct span text)
{
    while (text.len > 0) {
        size_t n = json_plain(text.at, text.len);

        if (n == 0 && (unsigned char)*text.at >= 0x80) {
            n = high_run(text);
            utf8_add_repaired(out, span_first(text, n));
        } else if (n > 0) {
            buf_add(out, span_first(text, n));
        } else {
            n = 1;
            if ((unsigned char)*text.at < 0x20)
                put_control(out, (unsigned char)*text.at);
            else
                buf_add(out, span_make((char[]){'\\', *text.at}, 2));
        }
        if (out->is_over)
            return false;
        text = span_skip(text, n);
    }
    return true;
}

bool json_write_text(struct buf *out, struct span text)
{
    if (json_plain(text.at, text.len) == text.len)
        return put(out, '"', text, '"');
    return buf_add_char(out, '"') && put_escaped(out, text) && buf_add_char(out, '"');
}

static bool put_name(struct writer *w, const struct json *member)
{
    if (!json_write_text(w->out, member->name))
        return false;
    return w->is_pretty ? buf_add(w->out, SPAN(" : ")) : buf_add_char(w->out, ':');
}

static bool put_line(struct writer *w, unsigned level)
{
    size_t blanks = (size_t)level * w->indent;
    char *to = room(w->out, blanks + 1);

    if (!to)
        return false;
    to[0] = '\n';
    memset(to + 1, ' ', blanks);
    w->out->len += blanks + 1;
    return true;
}

/* What stands before a child: in the pretty form members have lines of their own, elements are
 * parted by blanks, as Jackson's default printer does. */
static bool put_lead(struct writer *w, const struct json *parent, bool is_first)
{
    if (!is_first && !buf_add_char(w->out, ','))
        return false;
    if (!w->is_pretty)
        return true;
    if (parent->type == JSON_OBJECT)
        return put_line(w, w->objects);
    return buf_add_char(w->out, ' ');
}

static bool put_end(struct writer *w, const struct json *parent)
{
    if (parent->type == JSON_OBJECT)
        w->objects--;
    if (w->is_pretty && parent->type == JSON_OBJECT && parent->first && !put_line(w, w->objects))
        return false;
    if (w->is_pretty && !(parent->type == JSON_OBJECT && parent->first) &&
        !buf_add_char(w->out, ' '))
        return false;
    return buf_add_char(w->out, parent->type == JSON_OBJECT ? '}' : ']');
}

/* Writes a leaf, or opens a container. */
static bool put_value(struct writer *w, const struct json *value)
{
    switch (value->type) {
    case JSON_NULL:
        return buf_add(w->out, SPAN("null"));
    case JSON_FALSE:
        return buf_add(w->out, SPAN("false"));
    case JSON_TRUE:
        return buf_add(w->out, SPAN("true"));
    case JSON_NUMBER:
        return buf_add(w->out, value->text);
    case JSON_STRING:
        return json_write_text(w->out, value->text);
    case JSON_ARRAY:
    case JSON_OBJECT:
        if (w->depth == JSON_TREE_DEPTH_MAX) {
            w->out->is_over = true;
            return false;
        }
        w->open[w->depth++] = value;
        if (value->type == JSON_OBJECT)
            w->objects++;
        return buf_add_char(w->out, value->type == JSON_OBJECT ? '{' : '[');
    }
    return false;
}

static bool write_tree(struct writer *w, const struct json *root)
{
    const struct json *value = root; /* comes next; NULL: the innermost container ends */

    if (!put_value(w, root))
        return false;
    value = root->first;
    while (w->depth > 0) {
        const struct json *parent = w->open[w->depth - 1];
        unsigned depth = w->depth;

        if (!value) {
            w->depth--;
            if (!put_end(w, parent))
                return false;
            value = w->depth > 0 ? parent->next : NULL;
            continue;
        }
        if (!put_lead(w, parent, value == parent->first) ||
            (parent->type == JSON_OBJECT && !put_name(w, value)) || !put_value(w, value))
            return false;
        value = w->depth > depth ? value->first : value->next;
    }
    return !w->out->is_over;
}

static bool write_with(struct buf *out, const struct json *value, bool is_pretty, unsigned indent)
{
    struct writer w;

    if (!value)
        return buf_add(out, SPAN("null"));
    w.out = out;
    w.is_pretty = is_pretty;
    w.indent = indent;
    w.depth = 0;
    w.objects = 0;
    return write_tree(&w, value);
}

bool json_write(struct buf *out, const struct json *value)
{
    return write_with(out, value, false, 0);
}

bool json_write_pretty(struct buf *out, const struct json *value, unsigned indent)
{
    assert(indent <= 16);
    return write_with(out, value, true, indent);
}
