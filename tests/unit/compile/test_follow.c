/* Batches of the feed, whole and of changes, to the snapshots they make. */
#include "../unit.h"

#include "compile/follow.h"

static struct shelf shelf;
static struct snapshot *snap;
static struct feed_batch batch;
static struct feed_record records[16];
static const struct feed_blob BLOBS[] = {{SPAN_INIT("hash1"), SPAN_INIT("{\"resources\":[]}")},
                                         {SPAN_INIT("hash2"), SPAN_INIT("{\"resources\":[]}")}};

static int set_up(void **state)
{
    (void)state;
    shelf_init(&shelf);
    snap = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (snap)
        part_leave(&snap->part);
    shelf_reclaim(&shelf);
    assert_int_equal(shelf.bytes, 0);
    return 0;
}

static void begin(bool is_whole)
{
    batch = (struct feed_batch){.revision = snap ? snap->revision + 1 : 1,
                                .is_whole = is_whole,
                                .records = records,
                                .blobs = BLOBS,
                                .blob_count = COUNT(BLOBS)};
    arena_init(&batch.arena, 1 << 20);
}

/* `body` NULL: the record was deleted. */
static void add(const char *kind, const char *parent, const char *id, const char *body)
{
    struct json *json = NULL;

    if (body)
        assert_int_equal(json_parse(&batch.arena, span_of(body), &json, NULL), OK);
    records[batch.record_count++] = (struct feed_record){
        {SPAN("1"), SPAN("r"), span_of(kind), span_of(parent), span_of(id)}, batch.revision, json};
}

static void follow(void)
{
    struct snapshot *next = follow_build(&shelf, &batch, snap);

    if (snap)
        part_leave(&snap->part);
    snap = next;
    feed_batch_release(&batch);
}

/* Two APIs, one of two stages. */
static void make_first(void)
{
    begin(true);
    add("RestApi", "", "api1", "{}");
    add("RestApi", "", "api2", "{}");
    add("Deployment", "api1", "d1", "{\"document\":\"hash1\"}");
    add("Deployment", "api2", "d1", "{\"document\":\"hash2\"}");
    add("Stage", "api1", "dev", "{\"deploymentId\":\"d1\",\"variables\":{\"a\":\"1\"}}");
    add("Stage", "api1", "prod", "{\"deploymentId\":\"d1\"}");
    add("Stage", "api2", "dev", "{\"deploymentId\":\"d1\"}");
    follow();
}

static const struct stage *stage_of(const char *api, const char *name)
{
    const struct api *found = snapshot_api(snap, span_of(api));

    return found ? api_stage(found, span_of(name)) : NULL;
}

static void a_whole_batch_is_all_there_is(void **state)
{
    (void)state;
    make_first();
    assert_non_null(stage_of("api1", "dev")->deployment);
    assert_int_equal(stage_of("api1", "dev")->variables.count, 1);
    assert_ptr_equal(stage_of("api1", "dev")->deployment, stage_of("api1", "prod")->deployment);
    begin(true);
    add("RestApi", "", "api2", "{}");
    follow();
    assert_null(snapshot_api(snap, SPAN("api1")));
    assert_null(stage_of("api2", "dev"));
}

static void a_change_rebuilds_what_it_dirties(void **state)
{
    const struct api *other;
    const struct stage *prod;
    const struct deployment *deployment;

    (void)state;
    make_first();
    other = snapshot_api(snap, SPAN("api2"));
    prod = stage_of("api1", "prod");
    deployment = stage_of("api1", "dev")->deployment;
    begin(false);
    batch.blob_count = 0;
    add("Deployment", "api1", "d1", "{\"document\":\"hash1\"}");
    add("Stage", "api1", "dev", "{\"deploymentId\":\"d1\",\"variables\":{}}");
    add("Stage", "api1", "new", "{\"deploymentId\":\"d1\"}");
    follow();
    assert_ptr_equal(snapshot_api(snap, SPAN("api2")), other);
    assert_ptr_equal(stage_of("api1", "prod"), prod);
    assert_ptr_equal(stage_of("api1", "dev")->deployment, deployment);
    assert_int_equal(stage_of("api1", "dev")->variables.count, 0);
    assert_non_null(stage_of("api1", "new"));
}

static void what_was_deleted_is_served_no_more(void **state)
{
    (void)state;
    make_first();
    begin(false);
    add("Stage", "api1", "prod", NULL);
    add("RestApi", "", "api2", NULL);
    add("Stage", "api2", "dev", NULL);
    add("RestApi", "", "never", NULL);
    add("Stage", "never", "dev", NULL);
    follow();
    assert_null(stage_of("api1", "prod"));
    assert_non_null(stage_of("api1", "dev"));
    assert_null(snapshot_api(snap, SPAN("api2")));
    assert_int_equal(snap->api_count, 1);
}

static void ids_that_differ_in_case_alone_do_not_end_the_gateway(void **state)
{
    (void)state;
    begin(true);
    add("RestApi", "", "api1", "{}");
    add("RestApi", "", "API1", "{}");
    add("Stage", "API1", "dev", "{}");
    follow();
    assert_int_equal(snap->api_count, 1);
    assert_null(stage_of("api1", "dev"));
}

static void a_missing_document_leaves_a_stage_without_a_deployment(void **state)
{
    (void)state;
    begin(true);
    add("RestApi", "", "api1", "{}");
    add("Deployment", "api1", "d1", "{\"document\":\"other\"}");
    add("Stage", "api1", "dev", "{\"deploymentId\":\"d1\"}");
    add("Stage", "api1", "bare", "{}");
    follow();
    assert_null(stage_of("api1", "dev")->deployment);
    assert_null(stage_of("api1", "bare")->deployment);
}

#define FOLLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    FOLLOW_TEST(a_whole_batch_is_all_there_is),
    FOLLOW_TEST(a_change_rebuilds_what_it_dirties),
    FOLLOW_TEST(what_was_deleted_is_served_no_more),
    FOLLOW_TEST(ids_that_differ_in_case_alone_do_not_end_the_gateway),
    FOLLOW_TEST(a_missing_document_leaves_a_stage_without_a_deployment),
};

UNIT_MAIN(TESTS)
