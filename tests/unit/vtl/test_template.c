/* Templates: what the measured cases do not cover: requests, limits, failures, macros, methods. */
#include "../unit.h"

#include "base/mem.h"
#include "text/json.h"
#include "vtl/template.h"

#define OUTPUT (1 << 20) /* less than VTL_OUTPUT_MAX, to be quick */

struct rendering {
    struct arena arena;
    struct buf out;
    struct problem why;
    enum fault fault;
};

static void render(struct rendering *r, struct vtl_environment *environment, const char *text)
{
    struct vtl_template *template;

    arena_init(&r->arena, VTL_MEMORY_DEFAULT);
    buf_init(&r->out, OUTPUT);
    r->why = (struct problem){.code = OK};
    r->fault = vtl_compile(&r->arena, span_of(text), &template, &r->why);
    if (!r->fault)
        r->fault = vtl_run(template, environment, &r->arena, &r->out, &r->why);
}

static void release(struct rendering *r)
{
    buf_release(&r->out);
    arena_release(&r->arena);
}

struct row {
    const char *template, *want;
};

static void expect_rows(const struct row *rows, size_t count, const struct vtl_environment *with)
{
    for (size_t i = 0; i < count; i++) {
        struct vtl_environment environment = *with;
        struct rendering r;

        render(&r, &environment, rows[i].template);
        if (r.fault)
            fail_msg("%s: %s", rows[i].template, r.why.text);
        unit_same_text(rows[i].template, buf_span(&r.out), span_of(rows[i].want));
        release(&r);
    }
}

static const struct vtl_environment EMPTY = {.steps = 0};

static void conditions_take_missing_as_false_and_empty_as_true(void **state)
{
    static const struct row ROWS[] = {
        {"#if($nope)y#{else}n#end", "n"},
        {"#if(!$nope)y#{else}n#end", "y"},
        {"#if($nope.a.b())y#{else}n#end", "n"},
        {"#if($input.params('x'))y#{else}n#end", "y"},
        {"#set($a = $nope)#if($a)y#{else}n#end", "y"},
        {"#if($nope == '' && $nope == $null)y#end", "y"},
        {"#set($l = [1,2])$l.count()", "2"},
    };

    expect_rows(ROWS, COUNT(ROWS), &EMPTY);
    (void)state;
}

static void references_stop_where_velocity_stops_them(void **state)
{
    static const struct row ROWS[] = {
        {"#set($a = {'b':1})$a.b. $a.b/ ${a.b}c ${a}.b $a.b-", "1. 1/ 1c {b=1}.b "},
        {"$.store $.a[0] $[0] ${} ${1} $!1", "$.store $.a[0] $[0] ${} ${1} $1"},
        {"cost: $5 and #1 \\ # ", "cost: $5 and #1 \\ # "},
        {"#set($l = ['x','y'])$l[-1] $l[0].length() #set($l[1] = 'z')$l", "y 1[x, z]"},
        {"#set($m = {})#set($m['a b'] = 1)#set($m.c = [])$m", "{a b=1, c=[]}"},
        {"\\$!{a} $\\!a \\\\\\\\$a|", "$!{a} $!a \\\\|"},
        {"\\#foreach \\#{if} \\\\#unknown", "#foreach #{if} \\\\#unknown"},
    };

    expect_rows(ROWS, COUNT(ROWS), &EMPTY);
    (void)state;
}

static void macros_are_called_by_name(void **state)
{
    static const struct row ROWS[] = {
        {"#set($x = 1)#macro(m $a)#set($x = 2)$a#end#m($x)", "2"},
        {"#macro(m $a)#set($a = 5)$a#end#m(1)$!a", "55"},
        {"#m('early')#macro(m $a)<$a>#end", "<early>"},
        {"#macro(m)1#end#macro(m)2#end#m()", "1"},
        {"#macro(w)[$bodyContent]#end#@w()in#end", "[in]"},
        {"#macro(m)a#{break}b#end#m()c", "ac"},
        {"#foreach($i in [1,2])#macro(n)$i#end#n()#end", "12"},
        {"#set($s = '#unknown($x, 3)')$s #unknown($x, 3)\nz", "#unknown($x, 3) #unknown($x, 3)\nz"},
        {"#define($d)<$d>#end$d", "<<>>"},
        {"#evaluate('#macro(q $z)$z!#end')#evaluate('#q(3)')", "3!"},
        {"#evaluate('#set($new = 4)')#evaluate('#set($other = 5)$new$other')", "45"},
    };

    expect_rows(ROWS, COUNT(ROWS), &EMPTY);
    (void)state;
}

static void loops_give_back_what_they_hid(void **state)
{
    static const struct row ROWS[] = {
        {"#foreach($i in ['a'])#foreach($j in [1])$foreach.parent.count$foreach.topmost.last"
         "#end$foreach.count#end|$!foreach.count",
         "1true1|"},
        {"#set($l = [1])#foreach($i in $l)$i#if($l.size() < 3)#set($q = $l.add(9))#end#end", "199"},
        {"#set($m = {'a':1,'b':2})#foreach($e in $m.entrySet())$e.getKey()$e.value #end", "a1 b2 "},
        {"#set($it = [1,2])#foreach($i in $it.iterator())$i#end", "12"},
        {"#foreach($i in [2..-1])$i,#end", "2,1,0,-1,"},
        {"#foreach($i in [1..3])#set($t = \"#if($i == 2)#break#end\")$i#end", "1"},
    };

    expect_rows(ROWS, COUNT(ROWS), &EMPTY);
    (void)state;
}

static void strings_have_javas_methods(void **state)
{
    static const struct row ROWS[] = {
        {"#set($s='a1b22')$s.replaceAll('([a-z])(\\d+)', '$2$1') "
         "$s.replaceAll('(?<d>\\d)','<${d}>')",
         "1a22b a<1>b<2><2>"},
        {"#set($s='x')$s.replaceAll('x*', '-') $s.replaceAll('x','\\$')", "-- $"},
        {"#set($s=',a,,b,,')$s.split(',').size() $s.split(',', -1).size() $s.split(',', 2)[1]",
         "4 6 a,,b,,"},
        {"#set($s='abc')$s.split('').size() $s.matches('[a-c]+') $s.matches('ab')", "3 true false"},
        {"#set($e='')$e.split(',').size()$e.isEmpty()", "1true"},
        {"#set($s='\xC3\xA9\xF0\x9F\x98\x80x')$s.length() $s.substring(1,3) $s.substring(2)"
         " $s.indexOf('x') $s.codePointAt(1)",
         "4 \xF0\x9F\x98\x80 ?x 3 128512"},
        {"#set($s='stra\xC3\x9F"
         "e \xC3\xA9')$s.toUpperCase() $s.equalsIgnoreCase('STRA\xC3\x9F"
         "E \xC3\x89')",
         "STRASSE \xC3\x89 true"},
        {"#set($s=' a ')[$s.trim()] $s.hashCode() $s.charAt(1)", "[a] 33791 a"},
        {"#set($s='')$s.format('%5d|%-4s|%04d|%,d|%.2f|%x|%S|%%|%2$s', 42, 'ab', 7, 1234567, 2.5,"
         " 255, 'up')",
         "   42|ab  |0007|1,234,567|2.50|ff|UP|%|ab"},
        {"#set($s='aXbXc')$s.lastIndexOf('X') $s.lastIndexOf('X', 2) $s.indexOf('X', 2)"
         " $s.startsWith('X', 1) $s.replace('X','')",
         "3 1 3 true abc"},
    };

    expect_rows(ROWS, COUNT(ROWS), &EMPTY);
    (void)state;
}

static void collections_have_javas_methods(void **state)
{
    static const struct row ROWS[] = {
        {"#set($l=[1,2,3,2])$l.removeAll([2])$l $l.retainAll([3])$l $l.containsAll([3])",
         "true[1, 3] true[3] true"},
        {"#set($l=[1,2])$l.add(0, 9)$l $l.remove(0) $l.lastIndexOf(2) $l.equals([1,2])",
         "[9, 1, 2] 9 1 true"},
        {"#set($l=[1])$l.addAll($l)$l$l.clear()$l", "true[1, 1][]"},
        {"#set($m={'a':1})$m.putIfAbsent('a',2)$m.getOrDefault('z',3)$m.putAll({'b':2})$m"
         "$m.containsValue(2)$m.equals({'b':2,'a':1})",
         "13{a=1, b=2}truetrue"},
        {"#set($m={1:'i','1':'s'})$m.get(1)$m.get('1')$m.remove(1)$m", "isi{1=s}"},
        {"#set($a=[])#set($q=$a.add($a))$a", "[(this Collection)]"},
    };

    expect_rows(ROWS, COUNT(ROWS), &EMPTY);
    (void)state;
}

static void numbers_widen_as_in_java(void **state)
{
    static const struct row ROWS[] = {
        {"#set($a = -2147483648 - 1)$a.class.name $a", "java.lang.Long -2147483649"},
        {"#set($a = 9223372036854775807 * 9223372036854775807)$a",
         "85070591730234615847396907784232501249"},
        {"#set($a = 85070591730234615847396907784232501249)#set($b = $a / 9223372036854775807)$b"
         "#set($b = $a % 1000000007) $b#set($b = 0 - $a) $b",
         "9223372036854775807 737564071 -85070591730234615847396907784232501249"},
        {"#set($a = -7 / 2)$a #set($a = -7 % 3)$a #set($a = 1 / 0.0)[$a]", "-3-1[]"},
        {"#set($a = 5)$a.toHexString(255) $a.compareTo(9) $a.doubleValue() $a.equals(5.0)",
         "ff -1 5.0 false"},
        {"#set($a = 0.001)$a #set($a = 0.0001)$a #set($a = 123456.789)$a #set($a = 1.0E-5)$a",
         "0.0011.0E-4123456.7891.0E-5"},
        {"#set($a = [1.0E22, 123456789012345680.0, 5e-324, 9999999.999, 100.0])$a",
         "[1.0E22, 1.2345678901234568E17, 4.9E-324, 9999999.999, 100.0]"},
        {"#set($a = .5)$a #set($a = 1.)$a #set($a = 00012)$a", "0.51.012"},
        {"#if(1 == 1.0 && 3 > 2.5 && '10' == 10 && 2 lt 3)y#end", "y"},
    };

    expect_rows(ROWS, COUNT(ROWS), &EMPTY);
    (void)state;
}

static const struct vtl_pair PATH[] = {{SPAN_INIT("id"), SPAN_INIT("7")}};
static const struct vtl_pair QUERY[] = {{SPAN_INIT("q"), SPAN_INIT("first")},
                                        {SPAN_INIT("q"), SPAN_INIT("a\"b")},
                                        {SPAN_INIT("limit"), SPAN_INIT("5")},
                                        {SPAN_INIT("none"), SPAN_INIT("")}};
static const struct vtl_pair HEADER[] = {{SPAN_INIT("X-One"), SPAN_INIT("1")},
                                         {SPAN_INIT("id"), SPAN_INIT("header")}};
static const struct vtl_pair STAGE[] = {{SPAN_INIT("lambda-alias"), SPAN_INIT("prod")}};

static void requests_are_seen_through_input(void **state)
{
    static const struct row ROWS[] = {
        {"$input.params('id') $input.params('q') $input.params('X-One')|$input.params('x-one')|",
         "7 a\"b 1||"},
        {"$input.params().header.get('X-One')$input.params().header.get('No')"
         "$input.params().querystring.keySet()",
         "1[q, limit, none]"},
        {"$stageVariables.lambda-alias ${stageVariables['lambda-alias']}$stageVariables.no",
         "prod prod"},
        {"$input.body$input.body.test", "name=Ann+Lee&note=5%25+off%21&eq=a=b&empty="},
        /* a form becomes JSON, and every line end of the template is eaten */
        {"#set($pairs = $input.body.split(\"&\"))\n{#foreach($p in $pairs)\n"
         "#set($kv = $p.split(\"=\", 2))\n\"$util.urlDecode($kv[0])\":\"$util.urlDecode($kv[1])\""
         "#if($foreach.hasNext),#end\n#end\n}",
         "{\"name\":\"Ann Lee\",\"note\":\"5% off!\",\"eq\":\"a=b\",\"empty\":\"\"}"},
        /* a block is rendered anew with each value of its variable */
        {"#define($pairs)#foreach($k in $m.keySet())#if($foreach.index > 0),#end\"$k\":\""
         "$util.escapeJavaScript($m.get($k))\"#end#end\n#set($m = $input.params().path){\"path\":"
         "{$pairs},#set($m = $input.params().querystring)\"query\":{$pairs}}",
         "{\"path\":{\"id\":\"7\"},\"query\":{\"q\":\"a\\\"b\",\"limit\":\"5\",\"none\":\"\"}}"},
        {"#set($l = $input.params('limit')){#if($l && $l.length() != 0)\"Limit\":$l#end}",
         "{\"Limit\":5}"},
        {"#set($l = $input.params('none')){#if($l && $l.length() != 0)\"Limit\":$l#end}", "{}"},
        {"#set($l = $input.params('gone')){#if($l && $l.length() != 0)\"Limit\":$l#end}", "{}"},
    };
    const struct vtl_environment environment = {
        .path = {PATH, COUNT(PATH)},
        .querystring = {QUERY, COUNT(QUERY)},
        .header = {HEADER, COUNT(HEADER)},
        .stage_variables = {STAGE, COUNT(STAGE)},
        .body = SPAN("name=Ann+Lee&note=5%25+off%21&eq=a=b&empty="),
    };

    expect_rows(ROWS, COUNT(ROWS), &environment);
    (void)state;
}

static void paths_read_the_payload(void **state)
{
    static const struct row ROWS[] = {
        {"$input.json('$')", "{\"a\":[1,{\"b\":\"x/y\"}],\"n\":null,\"f\":2.0}"},
        {"$input.path('$.a') $input.path('$.a[1]') $input.path('$.a[1].b')",
         "[1,{\"b\":\"x\\/y\"}] {b=x/y} x/y"},
        {"$input.json('$.none')$input.json('$.n')|$input.path('$.n')|", "\"\"\"\"||"},
        {"$input.path('$.a.length()') $input.path('$.a').count() $input.path('$..b').size()",
         "2 2 1"},
        {"#set($r = $input.path('$'))#set($r.k = $r.a.size())$r.remove('a').size()$r",
         "2{n=null, f=2.0, k=2}"},
        {"$input.path('$.[')$input.json('$[?(')", "\"\""},
    };
    const struct vtl_environment environment = {
        .body = SPAN("{\"a\":[1,{\"b\":\"x/y\"}],\"n\":null,\"f\":2.00}"),
    };
    const struct vtl_environment binary = {.body = SPAN("\x01 no JSON")};
    static const struct row OTHERS[] = {{"[$input.path('$')]$input.json('$')", "[]\"\""}};

    expect_rows(ROWS, COUNT(ROWS), &environment);
    expect_rows(OTHERS, COUNT(OTHERS), &binary);
    (void)state;
}

static bool fill_context(void *owner, struct vtl_map *context)
{
    struct vtl_map *override = vtl_map_new(context->arena), *header = vtl_map_new(context->arena);

    ++*(int *)owner;
    override->is_silent = true;
    return vtl_map_put(override, SPAN("header"), vtl_of_map(header)) &&
           vtl_map_put(context, SPAN("requestOverride"), vtl_of_map(override)) &&
           vtl_map_put(context, SPAN("stage"), vtl_text(SPAN("dev")));
}

static void overrides_outlive_the_template_that_set_them(void **state)
{
    int filled = 0;
    struct vtl_environment environment = {.fill_context = fill_context, .owner = &filled};
    struct vtl_template *request, *response;
    struct rendering r;

    render(&r, &environment, "no context");
    assert_int_equal(filled, 0);
    assert_int_equal(vtl_compile(&r.arena,
                                 SPAN("#set($context.requestOverride.header.X = 'v')"
                                      "#set($context.mine = [1])$context.stage"
                                      "$context.requestOverride"),
                                 &request, NULL),
                     OK);
    assert_int_equal(vtl_compile(&r.arena,
                                 SPAN("$context.requestOverride.header.X$context.mine$!local"),
                                 &response, NULL),
                     OK);
    assert_int_equal(vtl_run(request, &environment, &r.arena, &r.out, NULL), OK);
    assert_int_equal(vtl_run(response, &environment, &r.arena, &r.out, NULL), OK);
    unit_same_text("output", buf_span(&r.out), SPAN("no contextdevv[1]"));
    assert_int_equal(filled, 1);
    release(&r);
    (void)state;
}

static void failures_say_where_and_why(void **state)
{
    static const struct {
        const char *template;
        enum fault fault;
        unsigned line, column;
        const char *words;
    } ROWS[] = {
        {"a\n#if($x", FAULT_SYNTAX, 2, 7, "template ends before ')'"},
        {"a\n #foreach($i in $l)", FAULT_SYNTAX, 2, 2, "directive has no #end"},
        {"#set($a = 5 -3)", FAULT_SYNTAX, 1, 13, "expected ')'"},
        {"$x.substring(", FAULT_SYNTAX, 1, 14, "template ends within an expression"},
        {"\n$input.body.substring(99)", FAULT_RANGE, 2, 1, "string index is out of range"},
        {"#set($s = 'x')$s.matches('(')", FAULT_SYNTAX, 1, 15,
         "bad regular expression '(': missing closing parenthesis"},
        {"$util.parseJson('{')", FAULT_SYNTAX, 1, 1, "parseJson: the text is not JSON"},
        {"#foreach($i in [1..1001])#end", FAULT_TOO_LARGE, 1, 1,
         "#foreach has over 1000 iterations"},
        {"#set($l = [1..100001])", FAULT_TOO_LARGE, 1, 1, "range has over 100000 numbers"},
        {"#macro(r)#r()#end#r()", FAULT_TOO_LARGE, 1, 10, "macros call each other deeper than 20"},
        {"#parse('x')", FAULT_NOT_FOUND, 1, 1, "templates cannot load others"},
        {"#evaluate('#if')", FAULT_SYNTAX, 1, 1,
         "#evaluate: line 1, column 4: expected '(' after #if"},
        {"#set($i = 1)$i.parseInt('x')", FAULT_TYPE, 1, 13, "'x' is no number"},
    };

    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct vtl_environment environment = EMPTY;
        struct rendering r;

        render(&r, &environment, ROWS[i].template);
        unit_same_text(ROWS[i].template, span_of(r.why.text), span_of(ROWS[i].words));
        if (r.fault != ROWS[i].fault || r.why.line != ROWS[i].line ||
            r.why.column != ROWS[i].column)
            fail_msg("%s: %s at %u:%u", ROWS[i].template, fault_name(r.fault), r.why.line,
                     r.why.column);
        release(&r);
    }
    (void)state;
}

static void costs_have_ceilings(void **state)
{
    static const char *const TEMPLATES[] = {
        "#set($l=[1..900])#foreach($a in $l)#foreach($b in $l)#foreach($c in $l)x#end#end#end",
        "#set($s='xx')#foreach($i in [1..60])#set($s = $s + $s)#end",
        "#set($s='xxxxxxxxxx')#foreach($i in [1..900])#set($s = \"$s$s\")#end",
        "#set($l=[])#foreach($i in [1..900])#set($l = [$l, $l])#end$l",
        "#set($l=[])#foreach($i in [1..40])#set($l = [$l, $l])#end$l",
        "#set($l=[1])#foreach($i in [1..60])#set($q = $l.addAll($l))#end",
        "#set($b=9223372036854775807)#foreach($i in [1..60])#set($b = $b * $b)#end",
        "#set($s='aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab')$s.matches('(a+)+$')",
        "#set($e='#evaluate($e)#evaluate($e)')#evaluate($e)",
        "#set($s='x')#foreach($i in [1..900])#set($s = $s.replace('x','xxxxxxxx'))#end",
    };

    for (size_t i = 0; i < COUNT(TEMPLATES); i++) {
        struct vtl_environment environment = EMPTY;
        struct rendering r;

        render(&r, &environment, TEMPLATES[i]);
        if (r.fault != FAULT_TOO_LARGE && r.fault != FAULT_NO_MEMORY)
            fail_msg("%s: %s", TEMPLATES[i], fault_name(r.fault));
        release(&r);
    }
    (void)state;
}

static void deep_templates_are_refused(void **state)
{
    static const char *const PIECES[] = {"#if(1)", "((", "[", "$a.b(", "!", "\"$a.b(\""};

    for (size_t i = 0; i < COUNT(PIECES); i++) {
        struct vtl_environment environment = EMPTY;
        struct rendering r;
        struct buf text;

        buf_init(&text, VTL_TEMPLATE_MAX);
        buf_add_text(&text, "#if(");
        for (int n = 0; n < 5000; n++)
            buf_add_text(&text, PIECES[i]);
        render(&r, &environment, buf_text(&text));
        assert_int_not_equal(r.fault, OK);
        release(&r);
        buf_release(&text);
    }
    (void)state;
}

/* Every allocation fails once; each failure is told, and nothing leaks. */
static void lack_of_memory_is_a_failure(void **state)
{
    static const char TEMPLATE[] =
        "#macro(m $a)$a#end#set($m = {'a':[1,2]})#m(\"x$m\")#foreach($i in $m.a)$i$util.parseJson("
        "'{\"a\":[1]}').a#end#evaluate('$m.keySet()')$m.toString().replaceAll('a','b')";

    for (unsigned n = 1; n < 40; n++) {
        struct vtl_environment environment = EMPTY;
        struct rendering r;

        mem_fail_after(n);
        render(&r, &environment, TEMPLATE);
        mem_fail_after(0);
        assert_true(r.fault == OK || r.fault == FAULT_NO_MEMORY || r.fault == FAULT_TOO_LARGE);
        release(&r);
    }
    (void)state;
}

static void trace(void *tracer, const struct vtl_trace *trace)
{
    buf_addf(tracer, "%u:%u %.*s %.*s=%.*s\n", trace->line, trace->column,
             SPAN_ARG(trace->directive), SPAN_ARG(trace->source), SPAN_ARG(trace->value));
}

static void a_trace_tells_each_directive(void **state)
{
    struct vtl_environment environment = {.trace = trace};
    struct rendering r;
    struct buf told;

    buf_init(&told, 4096);
    environment.tracer = &told;
    render(&r, &environment,
           "#set($a = 1)\n#if($a == 2)x#elseif($a)y#end#foreach($i in [7])$i#end");
    unit_same_text("trace", buf_span(&told),
                   SPAN("1:1 #set #set($a = 1)\n=1\n2:1 #if #if($a == 2)=false\n"
                        "2:1 #elseif #if($a == 2)=true\n2:30 #foreach #foreach($i in [7])=7\n"));
    buf_release(&told);
    release(&r);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(conditions_take_missing_as_false_and_empty_as_true),
    cmocka_unit_test(references_stop_where_velocity_stops_them),
    cmocka_unit_test(macros_are_called_by_name),
    cmocka_unit_test(loops_give_back_what_they_hid),
    cmocka_unit_test(strings_have_javas_methods),
    cmocka_unit_test(collections_have_javas_methods),
    cmocka_unit_test(numbers_widen_as_in_java),
    cmocka_unit_test(requests_are_seen_through_input),
    cmocka_unit_test(paths_read_the_payload),
    cmocka_unit_test(overrides_outlive_the_template_that_set_them),
    cmocka_unit_test(failures_say_where_and_why),
    cmocka_unit_test(costs_have_ceilings),
    cmocka_unit_test(deep_templates_are_refused),
    cmocka_unit_test(lack_of_memory_is_a_failure),
    cmocka_unit_test(a_trace_tells_each_directive),
};

UNIT_MAIN(TESTS)
