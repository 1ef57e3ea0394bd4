/* How long things take, in buckets that workers fill without waiting for each other. */
#ifndef TELEMETRY_HISTOGRAM_H
#define TELEMETRY_HISTOGRAM_H

#include "base/buf.h"
#include "base/counter.h"

#define HISTOGRAM_BUCKETS 14 /* with an upper bound; one more takes the rest */

struct histogram {
    struct counter buckets[HISTOGRAM_BUCKETS + 1];
    struct counter micros; /* the sum */
};

/* As counter_add: only the worker's own thread may pass its number. */
void histogram_add(struct histogram *histogram, unsigned worker, int64_t micros);

/* Writes it as Prometheus reads it; `name` ends in _seconds. */
void histogram_write(const struct histogram *histogram, const char *name, const char *help,
                     struct buf *out);

#endif
