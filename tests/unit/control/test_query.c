/* control/query: forms in, XML out.  The operations are made up: what matters are their types. */
#include "../unit.h"

#include "control/query.h"

static const struct model_type TEXT = {.form = FORM_TEXT}, WHOLE = {.form = FORM_INT},
                               YES = {.form = FORM_BOOL}, TIME = {.form = FORM_TIME},
                               TEXTS = {.form = FORM_LIST, .of = &TEXT},
                               COUNTS = {.form = FORM_MAP, .of = &WHOLE};
static const struct model_member TAG_MEMBERS[] = {
    {.name = SPAN_INIT("Key"), .wire = SPAN_INIT("Key"), .type = &TEXT},
    {.name = SPAN_INIT("Value"), .wire = SPAN_INIT("Value"), .type = &TEXT},
    {.name = SPAN_INIT("Names"), .wire = SPAN_INIT("Names"), .type = &TEXTS},
};
static const struct model_shape TAG = {SPAN_INIT("Tag"), TAG_MEMBERS, COUNT(TAG_MEMBERS)};
static const struct model_type TAG_TYPE = {.form = FORM_SHAPE, .shape = &TAG},
                               TAGS = {.form = FORM_LIST, .of = &TAG_TYPE};
static const struct model_member MEMBERS[] = {
    {.name = SPAN_INIT("Name"), .wire = SPAN_INIT("Name"), .type = &TEXT},
    {.name = SPAN_INIT("Size"), .wire = SPAN_INIT("Size"), .type = &WHOLE},
    {.name = SPAN_INIT("Open"), .wire = SPAN_INIT("Open"), .type = &YES},
    {.name = SPAN_INIT("At"), .wire = SPAN_INIT("At"), .type = &TIME},
    {.name = SPAN_INIT("Tags"), .wire = SPAN_INIT("Tags"), .type = &TAGS},
    {.name = SPAN_INIT("Counts"), .wire = SPAN_INIT("Counts"), .type = &COUNTS},
};
static const struct model_shape SHAPE = {SPAN_INIT("Made"), MEMBERS, COUNT(MEMBERS)};
static const struct model_error ERRORS[] = {{.code = SPAN_INIT("Odd"), .status = 400},
                                            {.code = SPAN_INIT("Broken"), .status = 500}};
static const struct model_operation OPERATIONS[] = {
    {.name = SPAN_INIT("Make"), .status = 200, .input = &SHAPE, .output = &SHAPE},
    {.name = SPAN_INIT("Drop"), .status = 200, .input = &SHAPE},
};
static const struct model_service SERVICE = {.name = SPAN_INIT("toys"),
                                             .version = SPAN_INIT("1"),
                                             .protocol = PROTOCOL_QUERY,
                                             .signing = SPAN_INIT("toys"),
                                             .xmlns = SPAN_INIT("urn:x"),
                                             .serialization = &ERRORS[0],
                                             .operations = OPERATIONS,
                                             .operation_count = COUNT(OPERATIONS)};
static const struct model_service *const SERVICES[] = {&SERVICE};

static void forms_become_trees(void **state)
{
    static const struct {
        const char *about, *form, *tree; /* a refusal: its words */
    } CASES[] = {
        {"scalars", "Action=Make&Version=1&Open=TRUE&Size=-7&Name=a+b%2Bc",
         "{\"Name\":\"a b+c\",\"Size\":-7,\"Open\":true}"},
        {"an empty value is there", "Name=&Action=Make&Version=1", "{\"Name\":\"\"}"},
        {"lists by number, with gaps",
         "Action=Make&Version=1&Tags.member.10.Key=c&Tags.member.2.Key=b&Tags.member.2.Value=",
         "{\"Tags\":[{\"Key\":\"b\",\"Value\":\"\"},{\"Key\":\"c\"}]}"},
        {"lists in lists", "Action=Make&Version=1&Tags.member.1.Names.member.1=x",
         "{\"Tags\":[{\"Names\":[\"x\"]}]}"},
        {"an empty list", "Action=Make&Version=1&Tags=", "{\"Tags\":[]}"},
        {"maps", "Action=Make&Version=1&Counts.entry.1.key=k&Counts.entry.1.value=3",
         "{\"Counts\":{\"k\":3}}"},
        {"what is unknown is dropped", "Action=Make&Version=1&Nope.x=1&&=&Name=n",
         "{\"Name\":\"n\"}"},
        {"no number", "Action=Make&Version=1&Size=x", "A value is of another type"},
        {"a struct for a text", "Action=Make&Version=1&Name.x=1",
         "Start of structure or map found where not expected."},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct control_match match;
        struct model_answer refused;
        struct span action, version;
        struct json *tree = NULL;
        struct arena arena;
        struct buf out;

        arena_init(&arena, 1 << 20);
        buf_init(&out, 4096);
        assert_int_equal(query_route(&arena, SERVICES, 1, SPAN("toys"), span_of(CASES[i].form),
                                     &match, &action, &version),
                         OK);
        if (query_decode(&arena, &match, span_of(CASES[i].form), &tree, &refused) == OK)
            json_write(&out, tree);
        else
            buf_add(&out, refused.text);
        unit_same_text(CASES[i].about, buf_span(&out), span_of(CASES[i].tree));
        buf_release(&out);
        arena_release(&arena);
    }
    (void)state;
}

static void an_action_belongs_to_a_version(void **state)
{
    static const char *const FORMS[] = {"Action=Make&Version=2", "Action=Nope&Version=1", "",
                                        "Action=Make"};

    for (size_t i = 0; i < COUNT(FORMS); i++) {
        struct control_match match;
        struct span action, version;
        struct arena arena;

        arena_init(&arena, 1 << 20);
        assert_int_equal(query_route(&arena, SERVICES, 1, SPAN("other"), span_of(FORMS[i]), &match,
                                     &action, &version),
                         FAULT_NOT_FOUND);
        arena_release(&arena);
    }
    (void)state;
}

static void answers_are_xml(void **state)
{
    struct json *tree = NULL;
    struct encoded encoded;
    struct arena arena;
    struct buf out;

    arena_init(&arena, 1 << 20);
    buf_init(&out, 4096);
    json_parse(&arena,
               SPAN("{\"At\":1563233608,\"Name\":\"<&\\r\\u0001\",\"Open\":true,\"Size\":null,"
                    "\"Tags\":[{\"Key\":\"k\"}],\"Counts\":{\"a\":1}}"),
               &tree, NULL);
    assert_true(query_encode(&SERVICE, &OPERATIONS[0], tree, SPAN("id"), &out, &encoded));
    unit_same_text(
        "answer", buf_span(&out),
        SPAN("<MakeResponse xmlns=\"urn:x\"><MakeResult><Name>&lt;&amp;&#xD;\xEF\xBF\xBD</Name>"
             "<Open>true</Open><At>2019-07-15T23:33:28Z</At><Tags><member><Key>k</Key></member>"
             "</Tags><Counts><entry><key>a</key><value>1</value></entry></Counts></MakeResult>"
             "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></MakeResponse>"));
    buf_clear(&out);
    assert_true(query_encode(&SERVICE, &OPERATIONS[1], tree, SPAN("id"), &out, &encoded));
    unit_same_text("no output", buf_span(&out),
                   SPAN("<DropResponse xmlns=\"urn:x\"><ResponseMetadata><RequestId>id</RequestId>"
                        "</ResponseMetadata></DropResponse>"));
    buf_clear(&out);
    assert_true(query_encode_error(&SERVICE, &(struct model_answer){&ERRORS[1], SPAN("a > b")},
                                   SPAN("id"), &out, &encoded));
    unit_same_text("error", buf_span(&out),
                   SPAN("<ErrorResponse xmlns=\"urn:x\">\n  <Error>\n    <Type>Receiver</Type>\n"
                        "    <Code>Broken</Code>\n    <Message>a &gt; b</Message>\n  </Error>\n"
                        "  <RequestId>id</RequestId>\n</ErrorResponse>\n"));
    assert_int_equal(encoded.status, 500);
    buf_release(&out);
    arena_release(&arena);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(forms_become_trees),
    cmocka_unit_test(an_action_belongs_to_a_version),
    cmocka_unit_test(answers_are_xml),
};

UNIT_MAIN(TESTS)
