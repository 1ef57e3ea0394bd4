/* Writing XML.  There is no state: who writes knows what is open. */
#include "base/utf8.h"
#include "text/xml.h"

bool xml_open(struct buf *out, struct span name)
{
    buf_add_char(out, '<');
    buf_add(out, name);
    return buf_add_char(out, '>');
}

bool xml_open_in(struct buf *out, struct span name, struct span name_space)
{
    buf_add_char(out, '<');
    buf_add(out, name);
    buf_add_text(out, " xmlns=\"");
    xml_write_text(out, name_space);
    return buf_add_text(out, "\">");
}

bool xml_close(struct buf *out, struct span name)
{
    buf_add_text(out, "</");
    buf_add(out, name);
    return buf_add_char(out, '>');
}

bool xml_element(struct buf *out, struct span name, struct span text)
{
    xml_open(out, name);
    xml_write_text(out, text);
    return xml_close(out, name);
}

/* The escaped form of an ASCII character; NULL: itself. */
static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\r':
        return "&#xD;";
    case '\n':
    case '\t':
        return NULL;
    default:
        return (unsigned char)c < 0x20 ? "\xEF\xBF\xBD" : NULL;
    }
}

bool xml_write_text(struct buf *out, struct span text)
{
    while (text.len > 0 && !out->is_over) {
        size_t plain = 0;
        uint32_t point = 0;
        struct span rest;

        while (plain < text.len && (unsigned char)text.at[plain] < 0x80 &&
               !escape_of(text.at[plain]))
            plain++;
        buf_add(out, span_first(text, plain));
        text = rest = span_skip(text, plain);
        if (text.len == 0)
            break;
        if ((unsigned char)text.at[0] < 0x80) {
            buf_add_text(out, escape_of(text.at[0]));
            text = span_skip(text, 1);
        } else if (utf8_take(&rest, &point) && point != 0xfffe && point != 0xffff) {
            buf_add(out, span_first(text, text.len - rest.len));
            text = rest;
        } else {
            buf_add_text(out, "\xEF\xBF\xBD");
            text = point ? rest : span_skip(text, 1);
        }
    }
    return !out->is_over;
}
