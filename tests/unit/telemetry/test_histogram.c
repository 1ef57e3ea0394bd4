/* Latencies in buckets. */
#include "../unit.h"

#include "telemetry/histogram.h"

static void each_latency_is_in_the_buckets_at_and_above_it(void **state)
{
    static struct histogram histogram;
    struct buf out;
    struct span text;

    histogram_add(&histogram, 0, -5); /* a clock that stood still */
    histogram_add(&histogram, 1, 500);
    histogram_add(&histogram, 2, 501);
    histogram_add(&histogram, 0, 31000000);
    buf_init(&out, 4096);
    histogram_write(&histogram, "x_seconds", "Words.", &out);
    text = buf_span(&out);
    assert_true(span_starts(text, SPAN("# HELP x_seconds Words.\n# TYPE x_seconds histogram\n"
                                       "x_seconds_bucket{le=\"0.0005\"} 2\n"
                                       "x_seconds_bucket{le=\"0.001\"} 3\n")));
    assert_true(span_ends(text, SPAN("x_seconds_bucket{le=\"30\"} 3\n"
                                     "x_seconds_bucket{le=\"+Inf\"} 4\n"
                                     "x_seconds_sum 31.001001\nx_seconds_count 4\n")));
    buf_release(&out);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(each_latency_is_in_the_buckets_at_and_above_it),
};

UNIT_MAIN(TESTS)
