/* text/jsonpath: the dialect as rows of path and result over one document. */
#include "../unit.h"

#include "base/mem.h"
#include "text/jsonpath.h"

#define ROOM ((size_t)64 * 1024 * 1024)

static const char DOCUMENT[] =
    "{\"a\":[1,2,3,4,5],\"b\":{\"x\":1,\"y\":{\"x\":2}},"
    "\"c\":[{\"p\":1,\"t\":\"x\"},{\"p\":2,\"t\":\"y\",\"q\":[1]},{\"p\":\"3\"},{\"z\":null},5,"
    "\"s\"],"
    "\"e\":[],\"eo\":{},\"n\":null,\"s\":\"str\",\"t\":true,\"a b\":3,\"a-b\":4,\"a.b\":5,"
    "\"\xc3\xa9\":6,\"0\":7,\"it's\":8,"
    "\"books\":[{\"author\":\"A\",\"price\":8.95,\"tags\":[\"u\",\"v\"]},"
    "{\"author\":\"B\",\"price\":12.99,\"isbn\":\"0-553\"},"
    "{\"author\":\"C\",\"price\":8.99,\"isbn\":null}]}";

/* The result as JSON; "nothing" and "bad path" as words. */
static struct span found(struct arena *arena, struct buf *out, const char *document,
                         const char *path, enum jsonpath_dialect dialect)
{
    struct json *root = NULL, *value = NULL;
    struct jsonpath *compiled;
    struct problem why;

    assert_int_equal(json_parse(arena, span_of(document), &root, &why), OK);
    if (jsonpath_compile(arena, span_of(path), dialect, &compiled, &why) != OK)
        return SPAN("bad path");
    assert_int_equal(jsonpath_run(compiled, arena, root, 0, &value), OK);
    assert_true(!value || jsonpath_is_definite(compiled) || value->type == JSON_ARRAY);
    jsonpath_release(compiled);
    if (!value)
        return SPAN("nothing");
    buf_clear(out);
    assert_true(json_write(out, value));
    return buf_span(out);
}

struct row {
    const char *path, *result;
};

static void check_rows(const struct row *rows, size_t count, const char *document,
                       enum jsonpath_dialect dialect)
{
    unsigned failed = 0;

    for (size_t i = 0; i < count; i++) {
        struct arena arena;
        struct span got;
        struct buf out;

        arena_init(&arena, ROOM);
        buf_init(&out, ROOM);
        got = found(&arena, &out, document, rows[i].path, dialect);
        if (!span_is(got, rows[i].result)) {
            print_message("%s: got %.*s, want %s\n", rows[i].path, SPAN_ARG(got), rows[i].result);
            failed++;
        }
        arena_release(&arena);
        buf_release(&out);
    }
    assert_int_equal(failed, 0);
}

#define CHECK(rows, dialect) check_rows(rows, COUNT(rows), DOCUMENT, dialect)

static void names_select_members(void **state)
{
    static const struct row ROWS[] = {
        {"$.b", "{\"x\":1,\"y\":{\"x\":2}}"},
        {"b", "{\"x\":1,\"y\":{\"x\":2}}"},
        {"b.x", "1"},
        {"@.t", "true"},
        {"['t']", "true"},
        {".t", "[true,\"x\",\"y\"]"},
        {" $.t ", "true"},
        {"$['t']", "true"},
        {"$[\"t\"]", "true"},
        {"$[ 't' ]", "true"},
        {"$.['t']", "true"},
        {"$['b']['y']['x']", "2"},
        {"$.b.y.x", "2"},
        {"$.a-b", "4"},
        {"$['a b']", "3"},
        {"$['a.b']", "5"},
        {"$['it\\'s']", "8"},
        {"$[\"it's\"]", "8"},
        {"$['\\u0061-b']", "4"},
        {"$.\xc3\xa9", "6"},
        {"$.0", "7"},
        {"$.n", "null"},
        {"$['b','t']", "{\"b\":{\"x\":1,\"y\":{\"x\":2}},\"t\":true}"},
        {"$['t' , \"s\"]", "{\"t\":true,\"s\":\"str\"}"},
        {"$.b['x','zz']", "{\"x\":1}"},
        {"$.b['zz','yy']", "{}"},
        {"$['b','eo'].x", "[1]"},
        {"$.b.zz", "nothing"},
        {"$.b.zz.yy", "nothing"},
        {"$.n.x", "nothing"},
        {"$.s.x", "nothing"},
        {"$.a.b", "nothing"},
        {"$.c.p", "nothing"},
        {"$['']", "nothing"},
        {"$.a['0']", "nothing"},
    };

    CHECK(ROWS, JSONPATH_AWS);
    (void)state;
}

static void indexes_and_slices_select_elements(void **state)
{
    static const struct row ROWS[] = {
        {"$.a[0]", "1"},
        {"$.a[ 0 ]", "1"},
        {"$.a[00]", "1"},
        {"$.a[+1]", "2"},
        {"$.a[4]", "5"},
        {"$.a[5]", "nothing"},
        {"$.a[-1]", "5"},
        {"$.a[-5]", "1"},
        {"$.a[-6]", "nothing"},
        {"$.a[2147483647]", "nothing"},
        {"$.e[0]", "nothing"},
        {"$.s[0]", "nothing"},
        {"$.b[0]", "nothing"},
        {"$.a[0,2]", "[1,3]"},
        {"$.a[ 0 , 2 ]", "[1,3]"},
        {"$.a[2,0]", "[3,1]"},
        {"$.a[0,0]", "[1,1]"},
        {"$.a[0,9]", "[1]"},
        {"$.a[0,-1]", "[1,5]"},
        {"$.a[0:]", "[1,2,3,4,5]"},
        {"$.a[:2]", "[1,2]"},
        {"$.a[1:3]", "[2,3]"},
        {"$.a[1 : 3]", "[2,3]"},
        {"$.a[-2:]", "[4,5]"},
        {"$.a[-99:]", "[1,2,3,4,5]"},
        {"$.a[99:]", "[]"},
        {"$.a[:-2]", "[1,2,3]"},
        {"$.a[:99]", "[1,2,3,4,5]"},
        {"$.a[:0]", "[]"},
        {"$.a[3:1]", "[]"},
        {"$.a[0:99]", "[1,2,3,4,5]"},
        {"$.a[1:-1]", "[]"},
        {"$.a[-3:-1]", "[3,4]"},
        {"$.a[-2:2]", "[4,5,1,2]"},
        {"$.a[-99:2]", "[1,2,3,4,5,1,2]"},
        {"$.a[1:2:1]", "[2]"},
        {"$.e[0:1]", "[]"},
        {"$.b[0:1]", "[]"},
        {"$.a[(@.length-1)]", "5"},
        {"$.a[( @.length - 2 )]", "bad path"},
        {"$.books[-1:].author", "[\"C\"]"},
        {"$.books[0:2].author", "[\"A\",\"B\"]"},
        {"$.books[0,2].author", "[\"A\",\"C\"]"},
        {"$.books[0]['author','price']", "{\"author\":\"A\",\"price\":8.95}"},
        {"$.c[0]p", "1"},
    };

    CHECK(ROWS, JSONPATH_AWS);
    (void)state;
}

static void wildcards_and_scans_find_arrays(void **state)
{
    static const struct row ROWS[] = {
        {"$.a[*]", "[1,2,3,4,5]"},
        {"$.a[ * ]", "[1,2,3,4,5]"},
        {"$.a.*", "[1,2,3,4,5]"},
        {"$.b.*", "[1,{\"x\":2}]"},
        {"$.b[*]", "[1,{\"x\":2}]"},
        {"$.s.*", "[]"},
        {"$.n.*", "[]"},
        {"$.e[*]", "[]"},
        {"$.eo.*", "[]"},
        {"$.zz[*]", "[]"},
        {"$.zz..a", "[]"},
        {"$.a[9][*]", "[]"},
        {"$.c[*].p", "[1,2,\"3\"]"},
        {"$.c[*]['p','t']", "[{\"p\":1,\"t\":\"x\"},{\"p\":2,\"t\":\"y\"},{\"p\":\"3\"},{}]"},
        {"$.c[*].q[*]", "[1]"},
        {"$.c[*].q[0]", "[1]"},
        {"$.*.x", "[1]"},
        {"$.books[*].tags[0]", "[\"u\"]"},
        {"$..x", "[1,2]"},
        {"..x", "[1,2]"},
        {"$...x", "[1,2]"},
        {"$..['x']", "[1,2]"},
        {"$..['x','y']", "[{\"x\":1,\"y\":{\"x\":2}}]"},
        {"$..zz", "[]"},
        {"$.b..x", "[1,2]"},
        {"$.b..*", "[1,{\"x\":2},2]"},
        {"$..y.x", "[2]"},
        {"$..b.x", "[1]"},
        {"$..a[0]", "[1]"},
        {"$..c[0].p", "[1]"},
        {"$..c..p", "[1,2,\"3\"]"},
        {"$..c[*].p", "[1,2,\"3\"]"},
        {"$.c..[0]", "[{\"p\":1,\"t\":\"x\"},1]"},
        {"$.c..[0].p", "[1,2,\"3\"]"},
        {"$..tags", "[[\"u\",\"v\"]]"},
        {"$..tags[*]", "[\"u\",\"v\"]"},
        {"$.books..price", "[8.95,12.99,8.99]"},
    };

    CHECK(ROWS, JSONPATH_AWS);
    (void)state;
}

static void filters_select_what_satisfies_them(void **state)
{
    static const struct row ROWS[] = {
        {"$.c[?(@.p)].p", "[1,2,\"3\"]"},
        {"$.c[?(@.z)]", "[]"},
        {"$.c[?(@.p==1)].t", "[\"x\"]"},
        {"$.c[?(@.p == 1)].t", "[\"x\"]"},
        {"$.c[?(@.p=='1')].t", "[\"x\"]"},
        {"$.c[?(@.p==3)]", "[{\"p\":\"3\"}]"},
        {"$.c[?(@.p==\"3\")]", "[{\"p\":\"3\"}]"},
        {"$.c[?(@.p===3)]", "[]"},
        {"$.c[?(@.p==='3')]", "[{\"p\":\"3\"}]"},
        {"$.c[?(@.p!==3)].p", "[1,2,\"3\"]"},
        {"$.c[?(@.p!=1)].p", "[2,\"3\"]"},
        {"$.c[?(@.p>1)].p", "[2,\"3\"]"},
        {"$.c[?(@.p>=1)].p", "[1,2,\"3\"]"},
        {"$.c[?(@.p<2)].p", "[1]"},
        {"$.c[?(@.p<=2)].p", "[1,2]"},
        {"$.c[?(@.t>'w')].t", "[\"x\",\"y\"]"},
        {"$.c[?(@.t<5)].t", "[]"},
        {"$.c[?(@['p']==1)].p", "[1]"},
        {"$.c[?(@[\"p\"]==1)].p", "[1]"},
        {"$.c[?(@.z==null)]", "[{\"z\":null}]"},
        {"$.c[?(@.z!=null)]", "[]"},
        {"$.c[?(@.zz==null)]", "[]"},
        {"$.c[?(@.q[0]==1)].p", "[2]"},
        {"$.c[?(@.q==[1])].p", "[2]"},
        {"$.c[?(@.q[*])].p", "[2]"},
        {"$.c[?(@.t==true)].p", "[]"},
        {"$.c[?(@.q!=1)].p", "[]"},
        {"$.c[?(@.q!=[2])].p", "[2]"},
        {"$.c[?(@.p==1 && @.t=='x')].p", "[1]"},
        {"$.c[?(@.p==1&&@.t=='x')].p", "[1]"},
        {"$.c[?(@.p==1 || @.p==2)].p", "[1,2]"},
        {"$.c[?(@.p==1 || @.p==2 && @.t=='x')].p", "[1]"},
        {"$.c[?((@.p==1 || @.p==2) && @.t=='y')].p", "[2]"},
        {"$.c[?(!@.p)]", "[{\"z\":null},5,\"s\"]"},
        {"$.c[?(!(@.p==1))].p", "[2,\"3\"]"},
        {"$.c[?(!!@.p)].p", "[1,2,\"3\"]"},
        {"$.c[? (@.p==1) ].p", "[1]"},
        {"$.c[?( @.p==1 )].p", "[1]"},
        {"$.a[?(@>2)]", "[3,4,5]"},
        {"$.a[?(@ == 2.0)]", "[2]"},
        {"$.a[?(@)]", "[1,2,3,4,5]"},
        {"$.b[?(@.x==1)].y", "[{\"x\":2}]"},
        {"$.b[?(@.y.x==2)].x", "[1]"},
        {"$.s[?(@.x)]", "[]"},
        {"$..[?(@.x)].x", "[1,2]"},
        {"$..[?(@>2)]", "[]"},
        {"$..[?(@.price<9)].author", "[\"A\",\"C\"]"},
    };

    CHECK(ROWS, JSONPATH_AWS);
    (void)state;
}

static void filters_know_jayways_operators(void **state)
{
    static const struct row ROWS[] = {
        {"$.books[?(@.price < $['books'][1].price)].author", "[\"A\",\"C\"]"},
        {"$.books[?(10 > @.price)].author", "[\"A\",\"C\"]"},
        {"$.books[?(1==1)].author", "[\"A\",\"B\",\"C\"]"},
        {"$.books[?(@.author =~ /.*A.*/)].author", "[\"A\"]"},
        {"$.books[?(@.author =~ /a/i)].author", "[\"A\"]"},
        {"$.books[?(@.isbn =~ /0/)].author", "[]"},
        {"$.books[?(@.isbn =~ /0-\\d+/)].author", "[\"B\"]"},
        {"$.books[?(@.price =~ /8.*/)].author", "[\"A\",\"C\"]"},
        {"$.books[?(@.author in ['A','C'])].author", "[\"A\",\"C\"]"},
        {"$.books[?(@.author nin [\"A\",'C'])].author", "[\"B\"]"},
        {"$.books[?('u' in @.tags)].author", "[\"A\"]"},
        {"$.books[?(@.tags contains 'u')].author", "[\"A\"]"},
        {"$.books[?(@.isbn contains '55')].author", "[\"B\"]"},
        {"$.books[?(@.tags size 2)].author", "[\"A\"]"},
        {"$.books[?(@.author size 1)].author", "[\"A\",\"B\",\"C\"]"},
        {"$.books[?(@.tags empty false)].author", "[\"A\"]"},
        {"$[?(@.e empty true)].s", "[\"str\"]"},
        {"$.books[?(@.tags all ['u','v'])].author", "[\"A\"]"},
        {"$.books[?(@.tags all ['u','w'])].author", "[]"},
        {"$.books[?(@.tags subsetof ['u','v','w'])].author", "[\"A\"]"},
        {"$.books[?(@.tags anyof ['v'])].author", "[\"A\"]"},
        {"$.books[?(@.tags noneof ['x'])].author", "[\"A\"]"},
        {"$.books[?(@.tags.length() == 2)].author", "[\"A\"]"},
        {"$.books[?(@.author != 'A')]['author','nope']", "[{\"author\":\"B\"},{\"author\":\"C\"}]"},
        {"$.books[?(@.nope != 'A')].author", "[]"},
        {"$.books[?(@.tags[?(@=='v')])].author", "[\"A\"]"},
        {"$.c[?(@ == {\"z\":null})]", "[{\"z\":null}]"},
        {"$.c[?(@.p==1)][?(@.t)].p", "[1]"},
        {"$.c[?(@.p==-1)]", "[]"},
        {"$.c[?(@.p==1e0)].p", "[1]"},
    };

    CHECK(ROWS, JSONPATH_AWS);
    (void)state;
}

static void functions_stand_at_the_end(void **state)
{
    static const struct row ROWS[] = {
        {"$.a.length()", "5"},
        {"$.a.size()", "5"},
        {"$.b.length()", "2"},
        {"$.s.length()", "nothing"},
        {"$.zz.length()", "nothing"},
        {"$.length()", "15"},
        {"$.a.min()", "1.0"},
        {"$.a.max()", "5.0"},
        {"$.a.avg()", "3.0"},
        {"$.a.sum()", "15.0"},
        {"$.a.stddev()", "1.4142135623730951"},
        {"$.a.sum(1,2)", "18.0"},
        {"$.a.max($.books[1].price)", "12.99"},
        {"$.e.min()", "nothing"},
        {"$.e.sum()", "nothing"},
        {"$.b.keys()", "[\"x\",\"y\"]"},
        {"$.a.keys()", "nothing"},
        {"$.a.first()", "1"},
        {"$.a.last()", "5"},
        {"$.a.index(1)", "2"},
        {"$.a.index(-2)", "4"},
        {"$.a.index(9)", "nothing"},
        {"$.books[0].tags.concat()", "\"uv\""},
        {"$.books[0].tags.concat('-', $.s)", "\"uv-str\""},
        {"$.books[0].tags.append('w')", "[\"u\",\"v\",\"w\"]"},
        {"$.min([1,2])", "1.0"},
        {"$.c[*].q.length()", "[1]"},
        {"$..price.max()", "12.99"},
        {"$..books.length()", "1"},
        {"$..length()", "bad path"},
        {"$.a.nope()", "bad path"},
        {"$.a.length().x", "bad path"},
        {"$.a.length(", "bad path"},
    };

    CHECK(ROWS, JSONPATH_AWS);
    (void)state;
}

static void jayway_2_knows_no_functions(void **state)
{
    static const struct row ROWS[] = {
        {"$.a.length()", "nothing"}, {"$.length()", "nothing"}, {"$.min([1,2])", "[]"},
        {"$..length()", "[]"},       {"$.a[0]", "1"},
    };

    CHECK(ROWS, JSONPATH_JAYWAY_2);
    (void)state;
}

static void what_is_no_path_is_refused(void **state)
{
    static const char *const PATHS[] = {
        "",
        "  ",
        "$.",
        "$..",
        "$a",
        "$ .a",
        "$. a",
        "$.a b",
        "$$",
        "$*",
        "$.b.",
        "$.b..",
        "$[]",
        "$[a]",
        "$['a\"]",
        "$['a",
        "$['a'",
        "$['a' 'b']",
        "$['a',]",
        "$.a[",
        "$.a[0",
        "$.a[-]",
        "$.a[1.5]",
        "$.a[99999999999]",
        "$.a[:]",
        "$.a[::2]",
        "$.a[1 2]",
        "$.a[1,a]",
        "$.a[*",
        "$.a[?]",
        "$.a[?(]",
        "$.a[?()]",
        "$.a[?(@.p==)]",
        "$.a[?@.p==1]",
        "$.a[?(@.p=1)]",
        "$.a[?(@.p==1]",
        "$.a[?(@.p==1 and 2)]",
        "$.a[?(1)]",
        "$.a[?(true)]",
        "$.a[?(@.p==A)]",
        "$.a[?(@.p =~ 'x')]",
        "$.a[?(@.p =~ /x)]",
        "$.a[?(@.p =~ /(/)]",
        "$.a[?(/x/ == @.p)]",
        "$.a[?(@.p == /x/)]",
        "$.a[?(@.p in [1,)]",
        "$.a[?(@.p in [1 2])]",
        "$.a[?(@.p == {)]",
        "$.a[?(@.p == {a:1})]",
        "$.a[?(@.p == 'x)]",
        "$.a[?(@. == 1)]",
        "$.a[?(@.p <> 1)]",
        "$.a[(@.length)]",
        "$.a[(@.length+1)]",
        "$.a[(1)]",
        "$.a.(b)",
    };

    for (size_t i = 0; i < COUNT(PATHS); i++) {
        struct jsonpath *path = NULL;
        struct problem why = {.code = OK};
        struct arena arena;

        arena_init(&arena, ROOM);
        if (jsonpath_compile(&arena, span_of(PATHS[i]), JSONPATH_AWS, &path, &why) == OK || path)
            fail_msg("%s: not refused", PATHS[i]);
        if (why.code != FAULT_SYNTAX || !why.text[0])
            fail_msg("%s: %s", PATHS[i], why.text);
        arena_release(&arena);
    }
    (void)state;
}

static void any_document_may_be_the_root(void **state)
{
    static const struct {
        const char *document, *path, *result;
    } ROWS[] = {
        {"\"text\"", "$", "\"text\""},
        {"[1,2]", "$", "[1,2]"},
        {"[1,2]", "$[1]", "2"},
        {"[1,2]", "[1]", "2"},
        {"5", "$.a", "nothing"},
        {"5", "$..a", "[]"},
        {"null", "$", "null"},
        {"{\"a\":1,\"a\":2}", "$.a", "2"},
        {"{\"c\":[{\"p\":1},{\"p\":2}],\"d\":{\"c\":[{\"p\":3},{\"p\":4}]}}", "$..[0].p",
         "[1,2,3,4]"},
        {"[[1,2],[3]]", "$..[0]", "[[1,2],1,3]"},
        {"{\"a\":[{\"x\":true},{\"x\":false}]}", "$.a[?(@.x==true)]", "[{\"x\":true}]"},
        {"{\"a\":[{\"x\":true},{\"x\":false},{\"x\":[]},{\"x\":{}}]}", "$.a[?(@.x)]",
         "[{\"x\":true},{\"x\":false},{\"x\":[]},{\"x\":{}}]"},
        {"{\"a\":[{\"x\":true},{\"x\":null},{}]}", "$.a[?(!@.x)]", "[{\"x\":null},{}]"},
    };

    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct row row = {ROWS[i].path, ROWS[i].result};

        check_rows(&row, 1, ROWS[i].document, JSONPATH_AWS);
    }
    (void)state;
}

/* A document of about 1 MB, wide and deep. */
static struct json *large(struct arena *arena, struct buf *text)
{
    struct json *root;

    buf_add_text(text, "{\"items\":[");
    for (int i = 0; i < 20000; i++)
        buf_addf(text, "%s{\"id\":%d,\"name\":\"item %d\",\"x\":[%d]}", i ? "," : "", i, i, i);
    buf_add_text(text, "],\"deep\":");
    for (int i = 0; i < JSON_DEPTH_MAX - 2; i++)
        buf_add_text(text, "{\"d\":");
    buf_add_text(text, "1");
    for (int i = 0; i < JSON_DEPTH_MAX - 2; i++)
        buf_add_text(text, "}");
    buf_add_text(text, "}");
    assert_int_equal(json_parse(arena, buf_span(text), &root, NULL), OK);
    return root;
}

static void costs_are_bounded_on_large_documents(void **state)
{
    static const struct {
        const char *path;
        enum fault fault;
    } ROWS[] = {
        {"$..id", OK},
        {"$..*", OK},
        {"$..d..d", OK},
        {"$..[?(@.id > 5)].name", OK},
        {"$..x.sum()", OK},
        {"$..[?(@.id == $..zz)]", FAULT_TOO_LARGE},
        {"$..*..*..*..*..*", FAULT_TOO_LARGE},
        {"$..d..d..d..d..d..d", FAULT_TOO_LARGE},
        {"$.items[?(@.id in $.items[*].id)]", FAULT_TOO_LARGE},
        {"$.items[?($.items[19999].id == 1)]", FAULT_TOO_LARGE},
    };
    struct arena arena;
    struct json *root;
    struct buf text;

    arena_init(&arena, ROOM * 8);
    buf_init(&text, ROOM);
    root = large(&arena, &text);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct arena results;
        struct json *value;

        arena_init(&results, ROOM * 16);
        if (jsonpath_find(&results, root, span_of(ROWS[i].path), &value) != ROWS[i].fault)
            fail_msg("%s: another fault", ROWS[i].path);
        arena_release(&results);
    }
    arena_release(&arena);
    buf_release(&text);
    (void)state;
}

static void hostile_paths_are_refused(void **state)
{
    struct jsonpath *path = NULL;
    struct arena arena;
    char text[JSONPATH_LEN_MAX + 1];

    arena_init(&arena, ROOM);
    memset(text, '(', sizeof text);
    memcpy(text, "$[?", 3);
    assert_int_equal(jsonpath_compile(&arena, span_make(text, 5000), JSONPATH_AWS, &path, NULL),
                     FAULT_TOO_LARGE);
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, ".a", 2);
    assert_int_equal(jsonpath_compile(&arena, span_make(text, 5000), JSONPATH_AWS, &path, NULL),
                     FAULT_TOO_LARGE);
    memset(text, '[', sizeof text);
    memcpy(text, "$[?(@.a==", 9);
    assert_int_equal(jsonpath_compile(&arena, span_make(text, 5000), JSONPATH_AWS, &path, NULL),
                     FAULT_TOO_LARGE);
    assert_int_equal(
        jsonpath_compile(&arena, span_make(text, sizeof text), JSONPATH_AWS, &path, NULL),
        FAULT_TOO_LARGE);
    arena_release(&arena);
    (void)state;
}

static void a_costly_regular_expression_is_told(void **state)
{
    struct json *root, *value;
    struct arena arena;

    arena_init(&arena, ROOM);
    assert_int_equal(
        json_parse(&arena, SPAN("[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"]"), &root, NULL),
        OK);
    assert_int_equal(jsonpath_find(&arena, root, SPAN("$[?(@ =~ /(a+)+/)]"), &value),
                     FAULT_TOO_LARGE);
    arena_release(&arena);
    (void)state;
}

static enum fault use_memory(void)
{
    static const char PATH[] = "$..[?(@.p in ['a\\n',[1]] || @.t =~ /x/ && !@.z)]['p','t']";
    struct json *root, *value;
    struct arena arena;
    enum fault rc;

    arena_init(&arena, ROOM);
    rc = json_parse(&arena, span_of(DOCUMENT), &root, NULL);
    if (rc == OK)
        rc = jsonpath_find(&arena, root, span_of(PATH), &value);
    if (rc == OK)
        rc = jsonpath_find(&arena, root, SPAN("$.books[0].tags.concat('x')"), &value);
    arena_release(&arena);
    return rc;
}

static void every_failed_allocation_is_an_answer(void **state)
{
    enum fault rc = FAULT_NO_MEMORY;

    for (unsigned n = 1; rc != OK; n++) {
        mem_fail_after(n);
        rc = use_memory();
        assert_true(rc == OK || rc == FAULT_NO_MEMORY);
    }
    mem_fail_after(0);
    (void)state;
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(names_select_members),
        cmocka_unit_test(indexes_and_slices_select_elements),
        cmocka_unit_test(wildcards_and_scans_find_arrays),
        cmocka_unit_test(filters_select_what_satisfies_them),
        cmocka_unit_test(filters_know_jayways_operators),
        cmocka_unit_test(functions_stand_at_the_end),
        cmocka_unit_test(jayway_2_knows_no_functions),
        cmocka_unit_test(what_is_no_path_is_refused),
        cmocka_unit_test(any_document_may_be_the_root),
        cmocka_unit_test(costs_are_bounded_on_large_documents),
        cmocka_unit_test(hostile_paths_are_refused),
        cmocka_unit_test(a_costly_regular_expression_is_told),
        cmocka_unit_test(every_failed_allocation_is_an_answer),
    };

    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
