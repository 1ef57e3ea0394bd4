/* Bounds from half a millisecond, which a local backend needs, to beyond AWS's longest time-out. */
#include "telemetry/histogram.h"

#include <inttypes.h>

static const struct {
    int64_t micros;
    const char *seconds;
} BOUNDS[HISTOGRAM_BUCKETS] = {
    {500, "0.0005"},  {1000, "0.001"},  {2500, "0.0025"}, {5000, "0.005"},  {10000, "0.01"},
    {25000, "0.025"}, {50000, "0.05"},  {100000, "0.1"},  {250000, "0.25"}, {500000, "0.5"},
    {1000000, "1"},   {2500000, "2.5"}, {10000000, "10"}, {30000000, "30"},
};

void histogram_add(struct histogram *histogram, unsigned worker, int64_t micros)
{
    unsigned i = 0;

    while (i < HISTOGRAM_BUCKETS && micros > BOUNDS[i].micros)
        i++;
    counter_add(&histogram->buckets[i], worker, 1);
    counter_add(&histogram->micros, worker, micros > 0 ? (uint64_t)micros : 0);
}

void histogram_write(const struct histogram *histogram, const char *name, const char *help,
                     struct buf *out)
{
    uint64_t count = 0, micros = counter_sum(&histogram->micros);

    buf_addf(out, "# HELP %s %s\n# TYPE %s histogram\n", name, help, name);
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        count += counter_sum(&histogram->buckets[i]);
        buf_addf(out, "%s_bucket{le=\"%s\"} %" PRIu64 "\n", name, BOUNDS[i].seconds, count);
    }
    count += counter_sum(&histogram->buckets[HISTOGRAM_BUCKETS]);
    buf_addf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, count);
    buf_addf(out, "%s_sum %" PRIu64 ".%06" PRIu64 "\n%s_count %" PRIu64 "\n", name,
             micros / 1000000, micros % 1000000, name, count);
}
