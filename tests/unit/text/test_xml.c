/* text/xml: what is written, what is read, what is refused. */
#include "../unit.h"

#include "text/xml.h"

#define ROOM ((size_t)64 * 1024 * 1024)

/* The tree on one line: name[attributes]{text}(children). */
static void print(struct buf *out, const struct xml *element)
{
    buf_add(out, element->name);
    for (const struct xml_attribute *a = element->attributes; a; a = a->next)
        buf_addf(out, "[%.*s=%.*s]", SPAN_ARG(a->name), SPAN_ARG(a->value));
    if (element->text.len > 0)
        buf_addf(out, "{%.*s}", SPAN_ARG(element->text));
    if (!element->first)
        return;
    buf_add_char(out, '(');
    for (const struct xml *child = element->first; child; child = child->next)
        print(out, child);
    buf_add_char(out, ')');
}

static void documents_become_trees(void **state)
{
    static const struct {
        const char *about, *text, *tree;
    } CASES[] = {
        {"an element", "<a/>", "a"},
        {"a text", "<a>b</a>", "a{b}"},
        {"children in order", "<a><b>1</b><c/><b>2</b></a>", "a(b{1}cb{2})"},
        {"attributes", "<a b='1' c = \"2&amp;\"  ></a >", "a[b=1][c=2&]"},
        {"references", "<a>&lt;&#65;&#x42;&quot;&apos;&gt;&#xe9;</a>", "a{<AB\"'>\xc3\xa9}"},
        {"CDATA is taken as it is", "<a>x<![CDATA[<&amp;]]>y</a>", "a{x<&amp;y}"},
        {"line ends", "<a>1\r\n2\r3</a>", "a{1\n2\n3}"},
        {"blanks of attributes", "<a b='1\n2\t3'/>", "a[b=1 2 3]"},
        {"declaration, comments, instructions",
         "\xef\xbb\xbf<?xml version=\"1.0\" encoding='utf-8'?>\n<!-- a --><?b c?><a><!---->x</a>\n",
         "a{x}"},
        {"prefixes", "<s:a xmlns:s=\"urn:x\"><s:b/></s:a>", "s:a[xmlns:s=urn:x](s:b)"},
        {"text in pieces", "<a>1<b/>2<c/>3</a>", "a{123}(bc)"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct problem why;
        struct arena arena;
        struct xml *root;
        struct buf out;

        arena_init(&arena, ROOM);
        buf_init(&out, ROOM);
        if (xml_parse(&arena, span_of(CASES[i].text), &root, &why) != OK)
            fail_msg("%s: %s", CASES[i].about, why.text);
        print(&out, root);
        unit_same_text(CASES[i].about, buf_span(&out), span_of(CASES[i].tree));
        buf_release(&out);
        arena_release(&arena);
    }
    (void)state;
}

static void what_is_no_document_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum fault code;
    } CASES[] = {
        {"", FAULT_SYNTAX},
        {"a", FAULT_SYNTAX},
        {"<a>", FAULT_SYNTAX},
        {"<a></b>", FAULT_SYNTAX},
        {"<a/><b/>", FAULT_SYNTAX},
        {"</a>", FAULT_SYNTAX},
        {"<a/>x", FAULT_SYNTAX},
        {"<a b/>", FAULT_SYNTAX},
        {"<a b=c/>", FAULT_SYNTAX},
        {"<a b='1'c='2'/>", FAULT_SYNTAX},
        {"<a b='1' b='2'/>", FAULT_SYNTAX},
        {"<a b='<'/>", FAULT_SYNTAX},
        {"<a>&b;</a>", FAULT_SYNTAX},
        {"<a>&</a>", FAULT_SYNTAX},
        {"<a>&#0;</a>", FAULT_SYNTAX},
        {"<a>&#xD800;</a>", FAULT_SYNTAX},
        {"<a>&#x110000;</a>", FAULT_SYNTAX},
        {"<a>\x01</a>", FAULT_SYNTAX},
        {"<a>\xff</a>", FAULT_SYNTAX},
        {"<a>]]></a>", FAULT_SYNTAX},
        {"<a><![CDATA[</a>", FAULT_SYNTAX},
        {"<a><!-- -- --></a>", FAULT_SYNTAX},
        {"<a><?xml version='1.0'?></a>", FAULT_SYNTAX},
        {"<1/>", FAULT_SYNTAX},
        {"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", FAULT_UNSUPPORTED},
        {"<?xml version='1.0' encoding='latin1'?><a/>", FAULT_UNSUPPORTED},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct problem why = {0};
        struct xml *root = NULL;
        struct arena arena;

        arena_init(&arena, ROOM);
        if (xml_parse(&arena, span_of(CASES[i].text), &root, &why) != CASES[i].code || root)
            fail_msg("%s: %s", CASES[i].text, why.text);
        arena_release(&arena);
    }
    (void)state;
}

static void depth_and_attributes_are_bounded(void **state)
{
    struct arena arena;
    struct xml *root;
    struct buf out;

    arena_init(&arena, ROOM);
    buf_init(&out, ROOM);
    for (unsigned i = 0; i <= XML_DEPTH_MAX; i++)
        buf_add_text(&out, "<a>");
    assert_int_equal(xml_parse(&arena, buf_span(&out), &root, NULL), FAULT_TOO_LARGE);
    buf_clear(&out);
    buf_add_text(&out, "<a");
    for (unsigned i = 0; i <= XML_ATTRIBUTES_MAX; i++)
        buf_addf(&out, " a%u=''", i);
    buf_add_text(&out, "/>");
    assert_int_equal(xml_parse(&arena, buf_span(&out), &root, NULL), FAULT_TOO_LARGE);
    buf_release(&out);
    arena_release(&arena);
    (void)state;
}

static void a_text_in_many_pieces_takes_linear_room(void **state)
{
    struct arena arena;
    struct xml *root;
    struct buf out;

    arena_init(&arena, ROOM);
    buf_init(&out, ROOM);
    buf_add_text(&out, "<a>");
    for (unsigned i = 0; i < 100000; i++)
        buf_add_text(&out, "\n  <b/>");
    buf_add_text(&out, "</a>");
    assert_int_equal(xml_parse(&arena, buf_span(&out), &root, NULL), OK);
    assert_int_equal(root->count, 100000);
    assert_int_equal(root->text.len, 300000);
    buf_release(&out);
    arena_release(&arena);
    (void)state;
}

static void what_is_written_is_escaped_and_read_back(void **state)
{
    static const struct {
        const char *text, *written;
    } CASES[] = {
        {"plain", "<a>plain</a>"},
        {"<&>\"'", "<a>&lt;&amp;&gt;&quot;'</a>"},
        {"1\r\n2", "<a>1&#xD;\n2</a>"},
        {"\x01\xc3\xa9\xff\xef\xbf\xbf", "<a>\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd</a>"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct arena arena;
        struct xml *root;
        struct buf out;

        arena_init(&arena, ROOM);
        buf_init(&out, ROOM);
        assert_true(xml_element(&out, SPAN("a"), span_of(CASES[i].text)));
        unit_same_text(CASES[i].text, buf_span(&out), span_of(CASES[i].written));
        assert_int_equal(xml_parse(&arena, buf_span(&out), &root, NULL), OK);
        if (i < 3)
            unit_same_text(CASES[i].text, root->text, span_of(CASES[i].text));
        buf_release(&out);
        arena_release(&arena);
    }
    (void)state;
}

static void children_and_attributes_are_found_by_name(void **state)
{
    static const char TEXT[] = "<a x='1' y='2'><s:b>1</s:b><b>2</b></a>";
    struct arena arena;
    struct xml *root;

    arena_init(&arena, ROOM);
    assert_int_equal(xml_parse(&arena, span_of(TEXT), &root, NULL), OK);
    unit_same_text("child", xml_child(root, "b")->text, SPAN("1"));
    assert_null(xml_child(root, "c"));
    assert_null(xml_child(NULL, "c"));
    unit_same_text("attribute", xml_attribute(root, "y"), SPAN("2"));
    assert_null(xml_attribute(root, "z").at);
    arena_release(&arena);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_become_trees),
        cmocka_unit_test(what_is_no_document_is_refused),
        cmocka_unit_test(depth_and_attributes_are_bounded),
        cmocka_unit_test(a_text_in_many_pieces_takes_linear_room),
        cmocka_unit_test(what_is_written_is_escaped_and_read_back),
        cmocka_unit_test(children_and_attributes_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
