/* Time, read through a struct so that tests set it.
 *
 * `now` is monotonic, for deadlines; `wall` is the calendar, for what people and AWS read.
 * Both in microseconds; wall counts from 1970-01-01 UTC. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct clock {
    int64_t (*now)(const struct clock *clock);
    int64_t (*wall)(const struct clock *clock);
    int64_t fixed_now, fixed_wall; /* what CLOCK_FIXED answers; tests change them */
};

#define MICROS_PER_MS 1000
#define MICROS_PER_SECOND 1000000

extern const struct clock CLOCK_SYSTEM;

/* A clock that stands still at the given times until its fields are changed. */
struct clock clock_fixed(int64_t now, int64_t wall);

static inline int64_t clock_now(const struct clock *clock)
{
    return clock->now(clock);
}

static inline int64_t clock_wall(const struct clock *clock)
{
    return clock->wall(clock);
}

/* How long poll may sleep from `now` until `at`, in whole milliseconds, rounded up: 0 when the time
 * has passed, -1 (no end) only for an `at` of INT64_MAX. */
int clock_poll_ms(int64_t now, int64_t at);

#define CLOCK_TEXT_MAX 40

/* Each writes a terminated text for `wall` (UTC) and returns its length.
 * http: "Sun, 06 Nov 1994 08:49:37 GMT"; iso: "1994-11-06T08:49:37.123Z";
 * clf: "06/Nov/1994:08:49:37 +0000" (as $context.requestTime). */
size_t clock_http(int64_t wall, char out[static CLOCK_TEXT_MAX]);
size_t clock_iso(int64_t wall, char out[static CLOCK_TEXT_MAX]);
size_t clock_clf(int64_t wall, char out[static CLOCK_TEXT_MAX]);

/* ISO 8601's basic format to the second, as signatures have it: "19941106T084937Z".  The reader
 * takes that and nothing else; its seconds count from 1970. */
size_t clock_basic(int64_t wall, char out[static CLOCK_TEXT_MAX]);
bool clock_read_basic(struct span text, int64_t *seconds);

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
int64_t clock_days(int year, int month, int day);

#endif
