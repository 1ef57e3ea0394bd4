/* tools/modelgen: what a model says ends up in the tables, and what is wrong is told with its
 * place. */
#include "../unit.h"

#include "modelgen/emit.h"

#define HEAD                                              \
    "service toys 1 rest-json paths-name-input\n"         \
    "error Bad 400 as B for validation\n"                 \
    "error Odd 400 for serialization\n"                   \
    "error Gone 404 as N\n"                               \
    "enum Colour red green\n"                             \
    "kind Box key id id 6 missing N \"no box {boxId}\"\n" \
    "  id text\n"                                         \
    "  colour Colour = green\n"                           \
    "  lid {text} keys match [a-z]+ else B \"bad key\"\n"
#define TOY                                                         \
    "kind Toy in Box key name missing N \"no toy\" covers parent\n" \
    "  name text match [a-z]+\n"                                    \
    "  friend text ref Toy\n"
#define OP "op GetBox GET /boxes/{boxId=Box} 200 Box get\n"

struct reading {
    struct arena arena;
    struct model model;
    struct problem why;
    enum fault rc;
};

static struct reading *read_model(struct reading *reading, const char *text)
{
    memset(reading, 0, sizeof *reading);
    arena_init(&reading->arena, MODEL_MEMORY_MAX);
    reading->rc = model_read(&reading->arena, span_of(text), &reading->model, &reading->why);
    return reading;
}

static void release(struct reading *reading)
{
    model_release(&reading->model);
    arena_release(&reading->arena);
}

static void a_model_becomes_tables(void **state)
{
    struct reading r;
    const struct model_service *s;
    const struct model_kind *box, *toy;
    const struct model_operation *op;

    read_model(&r,
               HEAD TOY OP "op PutToy PUT /boxes/{boxId=Box}/toys/{name=Toy}?mode=x 201 Toy put\n"
                           "  count! int as n least 1 most 3\n"
                           "  takes friend\n");
    assert_int_equal(r.rc, OK);
    s = &r.model.service;
    assert_true(s->paths_name_input);
    assert_int_equal(s->error_count, 3);
    box = model_kind(s, SPAN("Box"));
    toy = model_kind(s, SPAN("Toy"));
    assert_ptr_equal(toy->parent, box);
    assert_true(toy->speaks_for_parent);
    assert_true(toy->is_live);
    assert_false(box->is_live);
    assert_int_equal(toy->reference_count, 1);
    assert_int_equal(box->id_length, 6);
    unit_same_text("fallback", box->shape->members[1].fallback, SPAN("\"green\""));
    op = model_operation(s, SPAN("PutToy"));
    assert_int_equal(op->input->count, 4);
    unit_same_text("first", op->input->members[0].wire, SPAN("n"));
    unit_same_text("second", op->input->members[1].sets, SPAN("friend"));
    assert_ptr_equal(op->input->members[2].names, box);
    unit_same_text("key", op->input->members[3].sets, SPAN("name"));
    assert_int_equal(op->input->members[3].rule_count, 1);
    unit_same_text("constant", op->constants[0].value, SPAN("x"));
    release(&r);
    (void)state;
}

static void patch_paths_lead_to_members(void **state)
{
    struct reading r;
    const struct model_patch *rows;

    read_model(&r, HEAD OP "patch Box bad-path B \"p\" bad-op B \"o\"\n"
                           "  /colour replace\n"
                           "  /lid/{key} add,remove raw\n"
                           "  /{a}/{b} replace to lid.[{a}/{b}]\n"
                           "  /odd copy hook odd_one\n");
    assert_int_equal(r.rc, OK);
    rows = model_kind(&r.model.service, SPAN("Box"))->patches;
    unit_same_text("member", rows[0].member->name, SPAN("colour"));
    assert_int_equal(rows[0].type->form, FORM_ENUM);
    assert_int_equal(rows[1].ops, PATCH_ADD | PATCH_REMOVE);
    assert_int_equal(rows[1].type->form, FORM_TEXT);
    assert_true(rows[1].keeps_escapes);
    unit_same_text("step", rows[2].target[1], SPAN("{a}/{b}"));
    assert_null(rows[3].member);
    release(&r);
    (void)state;
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
    static const struct {
        const char *text;
        unsigned line, column;
        const char *words;
    } CASES[] = {
        {"", 0, 0, "an empty model"},
        {"# only this\n", 0, 0, "an empty model"},
        {"op A GET / later\n", 1, 1, "a model starts with its service"},
        {"service a 1 soap\n", 1, 13, "unknown protocol 'soap'"},
        {"service a 1 json\n\nfrob x\n", 3, 1, "unknown statement 'frob'"},
        {"service a 1 json\nerror E 40\n", 2, 9, "no status of an error"},
        {"service a 1 json\nenum A b\nenum A c\n", 3, 6, "'A' is there twice"},
        {"service a 1 json\nenum A \"b\n", 2, 8, "a text is not closed"},
        {"service a 1 json\nenum A \"b\\n\"\n", 2, 8, "only \\\" and \\\\ may follow a backslash"},
        {"service a 1 json\n\tx\n", 2, 1, "a control character or tab"},
        {"| a\n", 1, 4, "nothing to continue"},
        {"service a 1 json\n  x text\n", 2, 3, "this line belongs to no statement"},
        {HEAD "  size huge\n" OP, 10, 8, "unknown type 'huge'"},
        {HEAD "  id text\n" OP, 10, 3, "member 'id' is there twice"},
        {HEAD "  x text sticky\n" OP, 10, 10, "unknown attribute 'sticky' of a member"},
        {HEAD "  x int match a\n" OP, 10, 9, "only a text can match"},
        {HEAD "  x text match (\n" OP, 10, 16, "the expression breaks at character 2"},
        {HEAD "  x text least 1 else Q \"w\"\n" OP, 10, 23, "unknown error 'Q'"},
        {HEAD "  x text least 1 else B\n" OP, 10, 23, "the error's words in quotes is missing"},
        {HEAD "  x Colour = blue\n" OP, 10, 14, "'blue' is not in the enum"},
        {HEAD "  x int = many\n" OP, 10, 11, "'many' is of another type"},
        {HEAD "  x text ref Lid\n" OP, 10, 14, "unknown kind 'Lid'"},
        {HEAD "kind A key b\n  a text\n" OP, 10, 12, "no member 'b'"},
        {HEAD "kind A key a\n  a text\n" OP, 10, 1,
         "a kind with a key needs the words for a missing one"},
        {HEAD "kind A in A\n  a text\n" OP, 10, 11, "a parent stands before its kinds"},
        {HEAD TOY "refuse delete Box while Toy B \"w\"\n" OP, 13, 8,
         "kind 'Toy' never refers to 'Box'"},
        {HEAD "patch Box bad-path B \"p\"\n" OP, 10, 1,
         "a patch needs the words for a bad path and a bad operation"},
        {HEAD "patch Box bad-path B \"p\" bad-op B \"o\"\n  /top replace\n" OP, 11, 3,
         "no member 'top' in Box"},
        {HEAD "patch Box bad-path B \"p\" bad-op B \"o\"\n  /id/x replace\n" OP, 11, 3,
         "step 'x' leads into a plain value"},
        {HEAD "patch Box bad-path B \"p\" bad-op B \"o\"\n  /id move\n" OP, 11, 7,
         "no operation 'move'"},
        {HEAD OP OP, 11, 4, "operation 'GetBox' is there twice"},
        {HEAD OP "op A GET /boxes/{x} later\n", 11, 4, "'GetBox' has the same request line"},
        {HEAD "op A GET /a/{b=Lid} later\n", 10, 1, "'Lid' is no kind with a key"},
        {HEAD "op A GET /a 200 Box take\n", 10, 21, "a verb is missing"},
        {HEAD "op A GET /a\n", 10, 1, "an operation has a verb, or comes later"},
        {HEAD "op A GET /a 200 Box get\n", 10, 1, "nothing names the Box"},
        {HEAD "op A GET /a/{b=Box} 200 Box get\n  takes lip\n", 11, 9, "no member 'lip' in Box"},
        {HEAD, 1, 1, "a service without operations"},
    };
    struct reading r;

    for (size_t i = 0; i < COUNT(CASES); i++) {
        read_model(&r, CASES[i].text);
        if (r.rc == OK || r.why.line != CASES[i].line || r.why.column != CASES[i].column ||
            strcmp(r.why.text, CASES[i].words) != 0)
            fail_msg("row %zu: %u:%u: %s, want %u:%u: %s", i, r.why.line, r.why.column, r.why.text,
                     CASES[i].line, CASES[i].column, CASES[i].words);
        release(&r);
    }
    (void)state;
}

static void coverage_counts_what_works(void **state)
{
    struct reading r;
    struct buf out;

    read_model(&r, HEAD OP "op A GET /a later #7\n"
                           "op B GET /b 200 - refused B \"never\"\n");
    assert_int_equal(r.rc, OK);
    buf_init(&out, 4096);
    assert_true(emit_coverage(&out, &r.model));
    unit_same_text("page", buf_span(&out),
                   SPAN("\n## toys 1: 1 of 3 operations\n\n| operation | state | takes |\n|-|-|-|\n"
                        "| GetBox | works | boxId! |\n"
                        "| A | later (#7) | |\n"
                        "| B | refused: never | |\n"));
    buf_release(&out);
    release(&r);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(a_model_becomes_tables),
    cmocka_unit_test(patch_paths_lead_to_members),
    cmocka_unit_test(what_is_wrong_is_told_with_its_place),
    cmocka_unit_test(coverage_counts_what_works),
};

UNIT_MAIN(TESTS)
