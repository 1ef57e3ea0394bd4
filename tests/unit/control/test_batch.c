/* Several operations in one transaction, over a real store. */
#include "../unit.h"

#include <ftw.h>
#include <stdlib.h>

#include "control/batch.h"

static char folder[64];
static struct clock fixed;
static struct control control;
static struct arena arena;
static struct problem why;

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *ftw)
{
    (void)about;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int set_up(void **state)
{
    fixed = clock_fixed(0, 1700000000LL * MICROS_PER_SECOND);
    control = (struct control){.clock = &fixed};
    snprintf(folder, sizeof folder, "/tmp/portico-batch-XXXXXX");
    arena_init(&arena, CALL_MEMORY_MAX);
    (void)state;
    return mkdtemp(folder) && store_open(folder, &control.store, &why) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(control.store);
    arena_release(&arena);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct batch new_batch(void)
{
    return (struct batch){.control = &control,
                          .arena = &arena,
                          .account = SPAN("000000000000"),
                          .region = SPAN("us-east-1")};
}

static struct json *input_of(const char *text)
{
    struct json *input;

    assert_int_equal(json_parse(&arena, span_of(text), &input, NULL), OK);
    return input;
}

static bool has_api(struct span id)
{
    struct record_key key = {SPAN("000000000000"), SPAN("us-east-1"), SPAN("RestApi"), SPAN(""),
                             id};
    struct store_tx *tx;
    enum fault rc;

    assert_int_equal(store_begin(control.store, STORE_READ, &tx, NULL), OK);
    rc = store_get(tx, &key, &arena, NULL, NULL);
    store_abort(tx);
    return rc == OK;
}

/* Adds an API and a resource below `parent`; the root's id is "theroot". */
static void add_api(struct batch *batch, const char *id, const char *parent)
{
    struct span *ids = arena_try_array(&arena, 2, sizeof *ids);
    struct batch_call *api;
    struct json *resource = input_of("{\"pathPart\":\"users\"}");

    ids[0] = span_of(id);
    ids[1] = SPAN("theroot");
    assert_int_equal(batch_add(batch, "apigateway", "CreateRestApi", input_of("{\"name\":\"n\"}"),
                               "the API", &api, &why),
                     OK);
    api->call.ids = ids;
    api->call.id_count = 2;
    json_set(resource, "restApiId", json_text(&arena, span_of(id)));
    json_set(resource, "parentId", json_text(&arena, span_of(parent)));
    assert_int_equal(
        batch_add(batch, "apigateway", "CreateResource", resource, "the resource", NULL, &why), OK);
}

static void all_happen_under_the_ids_that_were_chosen(void **state)
{
    struct batch batch = new_batch();
    const struct batch_call *failed;

    add_api(&batch, "chosen", "theroot");
    assert_int_equal(batch.count, 2);
    assert_int_equal(batch_run(&batch, &failed, &why), OK);
    assert_null(failed);
    assert_true(has_api(SPAN("chosen")));
    unit_same_text("the resource", json_member_text(batch.last->call.output, "path", SPAN("")),
                   SPAN("/users"));
    (void)state;
}

static void one_that_is_refused_undoes_all(void **state)
{
    struct batch batch = new_batch();
    const struct batch_call *failed;

    add_api(&batch, "undone", "nowhere");
    assert_int_equal(batch_run(&batch, &failed, &why), FAULT_DENIED);
    assert_string_equal(failed->subject, "the resource");
    unit_same_text("words", span_of(why.text),
                   SPAN("CreateResource: Invalid Resource identifier specified"));
    assert_false(has_api(SPAN("undone")));
    (void)state;
}

static enum fault refuse_to_finish(struct call *call, void *ctx)
{
    assert_non_null(call->tx);
    *(bool *)ctx = true;
    return FAULT_TOO_LARGE;
}

static void a_finish_that_fails_undoes_all(void **state)
{
    struct batch batch = new_batch();
    const struct batch_call *failed;
    bool was_called = false;

    add_api(&batch, "unfinished", "theroot");
    batch.finish = refuse_to_finish;
    batch.ctx = &was_called;
    assert_int_equal(batch_run(&batch, &failed, &why), FAULT_TOO_LARGE);
    assert_null(failed);
    assert_true(was_called);
    assert_false(has_api(SPAN("unfinished")));
    (void)state;
}

static void what_cannot_be_asked_is_refused_when_it_is_added(void **state)
{
    static const struct {
        const char *operation, *input;
        enum fault code;
        const char *words;
    } CASES[] = {
        {"CreateStage", "{\"restApiId\":\"a\",\"stageName\":\"s\"}", FAULT_DENIED,
         "CreateStage: 1 validation error detected: Value null at "
         "'createStageInput.deploymentId' failed to satisfy constraint: Member must not be null"},
        {"ImportRestApi", "{}", FAULT_UNSUPPORTED, "not yet in Portico: ImportRestApi"},
        {"MakeCoffee", "{}", FAULT_UNSUPPORTED, "not yet in Portico: MakeCoffee"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct batch batch = new_batch();

        if (batch_add(&batch, "apigateway", CASES[i].operation, input_of(CASES[i].input), NULL,
                      NULL, &why) != CASES[i].code)
            fail_msg("%s: %s", CASES[i].operation, why.text);
        unit_same_text(CASES[i].operation, span_of(why.text), span_of(CASES[i].words));
        assert_int_equal(batch.count, 0);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_happen_under_the_ids_that_were_chosen),
        cmocka_unit_test(one_that_is_refused_undoes_all),
        cmocka_unit_test(a_finish_that_fails_undoes_all),
        cmocka_unit_test(what_cannot_be_asked_is_refused_when_it_is_added),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
