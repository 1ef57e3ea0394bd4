/* Reading XML: one pass, no recursion; the way back up is in the tree.  Texts are pointed to where
 * they stand as they are, and copied where they hold references, CR, or come in pieces. */
#include "base/ascii.h"
#include "base/number.h"
#include "base/utf8.h"
#include "text/xml.h"

struct parser {
    struct arena *arena;
    struct problem *why;
    struct span whole, rest;
    struct xml *open; /* the innermost open element; NULL outside the root */
    struct xml *root;
    unsigned depth;
};

static enum fault fail(struct parser *p, enum fault code, const char *words)
{
    return problem_at(p->why, code, p->whole.at, p->whole.len, (size_t)(p->rest.at - p->whole.at),
                      "%s", words);
}

static enum fault syntax(struct parser *p, const char *words)
{
    return fail(p, FAULT_SYNTAX, words);
}

static enum fault no_memory(struct parser *p)
{
    return fail(p, FAULT_NO_MEMORY, "no memory for XML");
}

/* --- small things --- */

static bool take(struct parser *p, struct span word)
{
    if (!span_starts(p->rest, word))
        return false;
    p->rest = span_skip(p->rest, word.len);
    return true;
}

static bool skip_blanks(struct parser *p)
{
    size_t n = 0;

    while (n < p->rest.len && ascii_is_blank(p->rest.at[n]))
        n++;
    p->rest = span_skip(p->rest, n);
    return n > 0;
}

/* Beyond ASCII every letter may stand in a name: what is allowed there is a long list, and nothing
 * depends on it. */
static bool is_name_char(char c, bool is_first)
{
    if (ascii_is_letter(c) || c == '_' || c == ':' || (unsigned char)c >= 0x80)
        return true;
    return !is_first && (ascii_is_digit(c) || c == '-' || c == '.');
}

static bool take_name(struct parser *p, struct span *name)
{
    size_t n = 0;

    while (n < p->rest.len && is_name_char(p->rest.at[n], n == 0))
        n++;
    *name = span_first(p->rest, n);
    p->rest = span_skip(p->rest, n);
    return n > 0;
}

static bool is_char(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c != 0xfffe && c != 0xffff);
}

/* The text up to `end`, which is taken as well. */
static bool take_until(struct parser *p, struct span end, struct span *text)
{
    size_t n = span_search(p->rest, end);

    if (n == p->rest.len)
        return false;
    *text = span_first(p->rest, n);
    p->rest = span_skip(p->rest, n + end.len);
    return true;
}

/* --- texts --- */

/* Takes a reference (behind its '&') and writes what it stands for. */
static bool take_reference(struct span *in, char out[static 4], size_t *len)
{
    static const struct {
        struct span name;
        char c;
    } ENTITIES[] = {
        {SPAN_INIT("amp"), '&'},  {SPAN_INIT("lt"), '<'},    {SPAN_INIT("gt"), '>'},
        {SPAN_INIT("quot"), '"'}, {SPAN_INIT("apos"), '\''},
    };
    size_t end = span_find(span_first(*in, in->len < 12 ? in->len : 12), ';');
    struct span name = span_first(*in, end);
    uint64_t point = 0;
    bool is_number;

    if (end == in->len || end == 12)
        return false;
    *in = span_skip(*in, end + 1);
    for (size_t i = 0; i < COUNT(ENTITIES); i++) {
        if (span_equal(name, ENTITIES[i].name)) {
            out[0] = ENTITIES[i].c;
            *len = 1;
            return true;
        }
    }
    if (span_starts(name, SPAN("#x")))
        is_number = number_hex(span_skip(name, 2), &point);
    else
        is_number = span_starts(name, SPAN("#")) && number_u64(span_skip(name, 1), &point);
    if (!is_number || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ||
        !is_char((uint32_t)point))
        return false;
    *len = utf8_put((uint32_t)point, out);
    return true;
}

enum text_kind { TEXT_CONTENT, TEXT_CDATA, TEXT_ATTRIBUTE };

/* Copies `raw` to `to` with references and line ends as XML says; `to` has room for it. */
static bool decode(struct span raw, enum text_kind kind, char *to, size_t *len)
{
    size_t n = 0;

    while (raw.len > 0) {
        char c = raw.at[0];

        raw = span_skip(raw, 1);
        if (c == '&' && kind != TEXT_CDATA) {
            size_t size;

            if (!take_reference(&raw, to + n, &size))
                return false;
            n += size;
            continue;
        }
        if (c == '\r') {
            if (raw.len > 0 && raw.at[0] == '\n')
                raw = span_skip(raw, 1);
            c = '\n';
        }
        if (kind == TEXT_ATTRIBUTE && (c == '\n' || c == '\t'))
            c = ' ';
        to[n++] = c;
    }
    *len = n;
    return true;
}

static bool has_only_chars(struct span raw)
{
    struct span rest = raw;
    uint32_t point;

    while (rest.len > 0) {
        if (!utf8_take(&rest, &point) || !is_char(point))
            return false;
    }
    return true;
}

/* Whether a text may be pointed to where it stands. */
static bool is_plain(struct span raw, enum text_kind kind)
{
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.at[i];
        bool is_space = c == '\n' || c == '\t';

        if (c == '&' || c >= 0x80 || (c < 0x20 && (kind == TEXT_ATTRIBUTE || !is_space)))
            return false;
    }
    return true;
}

/* Adds a piece to a text.  Room doubles, so that many pieces cost what they are long. */
static enum fault add_text(struct parser *p, struct span *text, size_t *room, struct span raw,
                           enum text_kind kind)
{
    size_t need = text->len + raw.len + 4, len;
    char *to = (char *)(uintptr_t)text->at; /* our own memory, if there is room */

    if (text->len == 0 && is_plain(raw, kind)) {
        *text = raw;
        return OK;
    }
    if (!has_only_chars(raw))
        return syntax(p, "a character that XML does not allow");
    if (*room < need) {
        to = arena_try(p->arena, need * 2);
        if (!to)
            return no_memory(p);
        if (text->len > 0)
            memcpy(to, text->at, text->len);
        *room = need * 2;
    }
    if (!decode(raw, kind, to + text->len, &len))
        return syntax(p, "an '&' that begins no reference");
    *text = span_make(to, text->len + len);
    return OK;
}

/* --- elements --- */

static enum fault take_attribute(struct parser *p, struct xml *element)
{
    struct xml_attribute *attribute = arena_try(p->arena, sizeof *attribute), **link;
    struct span raw;
    size_t room = 0;
    unsigned count = 0;
    enum fault rc;

    if (!attribute)
        return no_memory(p);
    *attribute = (struct xml_attribute){0};
    if (!take_name(p, &attribute->name))
        return syntax(p, "an attribute must have a name");
    for (link = &element->attributes; *link; link = &(*link)->next) {
        if (span_equal((*link)->name, attribute->name))
            return syntax(p, "an attribute is there twice");
        if (++count == XML_ATTRIBUTES_MAX)
            return fail(p, FAULT_TOO_LARGE, "an element has too many attributes");
    }
    skip_blanks(p);
    if (!take(p, SPAN("=")))
        return syntax(p, "an attribute must have a value");
    skip_blanks(p);
    if (!(take(p, SPAN("\"")) ? take_until(p, SPAN("\""), &raw)
                              : take(p, SPAN("'")) && take_until(p, SPAN("'"), &raw)))
        return syntax(p, "a value must stand in quotes");
    if (span_find(raw, '<') < raw.len)
        return syntax(p, "a '<' in an attribute");
    rc = add_text(p, &attribute->value, &room, raw, TEXT_ATTRIBUTE);
    *link = attribute;
    return rc;
}

static void link_child(struct xml *parent, struct xml *child)
{
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->count++;
}

/* Takes a start tag, its '<' taken already. */
static enum fault take_start(struct parser *p)
{
    struct xml *element = arena_try(p->arena, sizeof *element);
    size_t colon;

    if (!element)
        return no_memory(p);
    *element = (struct xml){.parent = p->open};
    if (!take_name(p, &element->name))
        return syntax(p, "a '<' that begins no tag");
    colon = span_find(element->name, ':');
    element->local =
        colon < element->name.len ? span_skip(element->name, colon + 1) : element->name;
    if (p->open)
        link_child(p->open, element);
    else if (p->root)
        return syntax(p, "a document has one root");
    else
        p->root = element;
    for (;;) {
        bool is_apart = skip_blanks(p);
        enum fault rc;

        if (take(p, SPAN("/>")))
            return OK;
        if (take(p, SPAN(">")))
            break;
        if (!is_apart)
            return syntax(p, "a tag that does not end");
        rc = take_attribute(p, element);
        if (rc != OK)
            return rc;
    }
    if (++p->depth > XML_DEPTH_MAX)
        return fail(p, FAULT_TOO_LARGE, "elements are nested too deeply");
    p->open = element;
    return OK;
}

static enum fault take_end(struct parser *p)
{
    struct span name;

    if (!take_name(p, &name) || !p->open || !span_equal(name, p->open->name))
        return syntax(p, "an end tag that belongs to no start tag");
    skip_blanks(p);
    if (!take(p, SPAN(">")))
        return syntax(p, "a tag that does not end");
    p->open = p->open->parent;
    p->depth--;
    return OK;
}

/* --- the rest --- */

static enum fault take_comment(struct parser *p)
{
    struct span text;

    if (!take_until(p, SPAN("--"), &text) || !take(p, SPAN(">")) || !has_only_chars(text))
        return syntax(p, "a comment that does not end");
    return OK;
}

/* A processing instruction says nothing to us; the XML declaration only at the very start. */
static enum fault take_instruction(struct parser *p)
{
    struct span name, text;

    if (!take_name(p, &name) || span_equal_nocase(name, SPAN("xml")) ||
        !take_until(p, SPAN("?>"), &text) || !has_only_chars(text))
        return syntax(p, "a processing instruction that is none");
    return OK;
}

static enum fault take_declaration(struct parser *p)
{
    struct span text;
    size_t encoding;

    take(p, SPAN("\xEF\xBB\xBF"));
    if (!span_starts(p->rest, SPAN("<?xml ")))
        return OK;
    if (!take_until(p, SPAN("?>"), &text))
        return syntax(p, "a declaration that does not end");
    encoding = span_search(text, SPAN("encoding"));
    if (encoding == text.len)
        return OK;
    text = span_skip(text, encoding + sizeof "encoding" - 1);
    while (text.len > 0 && (ascii_is_blank(text.at[0]) || strchr("='\"", text.at[0])))
        text = span_skip(text, 1);
    if (text.len < 5 || !span_equal_nocase(span_first(text, 5), SPAN("utf-8")))
        return fail(p, FAULT_UNSUPPORTED, "an encoding other than UTF-8");
    return OK;
}

static enum fault take_content(struct parser *p)
{
    size_t end = span_find(p->rest, '<');
    struct span raw = span_first(p->rest, end);
    enum fault rc = OK;

    if (!p->open && span_trim(raw).len > 0)
        return syntax(p, "text outside the root");
    if (p->open && span_search(raw, SPAN("]]>")) < raw.len)
        return syntax(p, "a ']]>' in a text");
    if (p->open)
        rc = add_text(p, &p->open->text, &p->open->text_room, raw, TEXT_CONTENT);
    p->rest = span_skip(p->rest, end);
    return rc;
}

static enum fault take_markup(struct parser *p)
{
    struct span raw;

    if (take(p, SPAN("</")))
        return take_end(p);
    if (take(p, SPAN("<!--")))
        return take_comment(p);
    if (take(p, SPAN("<?")))
        return take_instruction(p);
    if (take(p, SPAN("<![CDATA["))) {
        if (!p->open || !take_until(p, SPAN("]]>"), &raw))
            return syntax(p, "a CDATA section that does not end");
        return add_text(p, &p->open->text, &p->open->text_room, raw, TEXT_CDATA);
    }
    if (span_starts(p->rest, SPAN("<!DOCTYPE")))
        return fail(p, FAULT_UNSUPPORTED, "a document type");
    take(p, SPAN("<"));
    return take_start(p);
}

enum fault xml_parse(struct arena *arena, struct span text, struct xml **out, struct problem *why)
{
    struct parser p = {.arena = arena, .why = why, .whole = text, .rest = text};
    enum fault rc = take_declaration(&p);

    while (rc == OK && p.rest.len > 0)
        rc = p.rest.at[0] == '<' ? take_markup(&p) : take_content(&p);
    if (rc == OK && (p.open || !p.root))
        rc = syntax(&p, p.open ? "an element that does not end" : "no root");
    if (rc == OK)
        *out = p.root;
    return rc;
}

const struct xml *xml_child(const struct xml *parent, const char *local)
{
    const struct xml *child = parent ? parent->first : NULL;

    while (child && !span_is(child->local, local))
        child = child->next;
    return child;
}

struct span xml_attribute(const struct xml *element, const char *name)
{
    const struct xml_attribute *a = element ? element->attributes : NULL;

    while (a && !span_is(a->name, name))
        a = a->next;
    return a ? a->value : (struct span){NULL, 0};
}
