/* Clocks and the date formats of HTTP, ISO 8601 and access logs. */
#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

#include "base/number.h"

static int64_t read_clock(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * MICROS_PER_SECOND + t.tv_nsec / 1000;
}

static int64_t system_now(const struct clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t system_wall(const struct clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_REALTIME);
}

static int64_t fixed_now(const struct clock *clock)
{
    return clock->fixed_now;
}

static int64_t fixed_wall(const struct clock *clock)
{
    return clock->fixed_wall;
}

const struct clock CLOCK_SYSTEM = {.now = system_now, .wall = system_wall};

struct clock clock_fixed(int64_t now, int64_t wall)
{
    return (struct clock){fixed_now, fixed_wall, now, wall};
}

int clock_poll_ms(int64_t now, int64_t at)
{
    int64_t ms;

    if (at == INT64_MAX)
        return -1;
    if (at <= now)
        return 0; /* a negative time would mean «for ever» to poll */
    ms = (at - now - 1) / MICROS_PER_MS + 1;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

static const char DAYS[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char MONTHS[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static struct tm utc(int64_t wall)
{
    time_t seconds = (time_t)(wall / MICROS_PER_SECOND);
    struct tm t = {0};

    gmtime_r(&seconds, &t);
    return t;
}

size_t clock_http(int64_t wall, char out[static CLOCK_TEXT_MAX])
{
    struct tm t = utc(wall);

    return (size_t)snprintf(out, CLOCK_TEXT_MAX, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                            DAYS[t.tm_wday], t.tm_mday, MONTHS[t.tm_mon], t.tm_year + 1900,
                            t.tm_hour, t.tm_min, t.tm_sec);
}

size_t clock_iso(int64_t wall, char out[static CLOCK_TEXT_MAX])
{
    struct tm t = utc(wall);
    int ms = (int)(wall / MICROS_PER_MS % 1000);

    return (size_t)snprintf(out, CLOCK_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                            t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min,
                            t.tm_sec, ms);
}

size_t clock_clf(int64_t wall, char out[static CLOCK_TEXT_MAX])
{
    struct tm t = utc(wall);

    return (size_t)snprintf(out, CLOCK_TEXT_MAX, "%02d/%s/%04d:%02d:%02d:%02d +0000", t.tm_mday,
                            MONTHS[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

size_t clock_basic(int64_t wall, char out[static CLOCK_TEXT_MAX])
{
    struct tm t = utc(wall);

    return (size_t)snprintf(out, CLOCK_TEXT_MAX, "%04d%02d%02dT%02d%02d%02dZ", t.tm_year + 1900,
                            t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
}

/* Years are counted from March, so that the day that may be missing is the last of a year. */
int64_t clock_days(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

    return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

bool clock_read_basic(struct span text, int64_t *seconds)
{
    static const struct {
        unsigned at, len, least, most;
    } PARTS[] = {{0, 4, 0, 9999}, {4, 2, 1, 12},  {6, 2, 1, 31},
                 {9, 2, 0, 23},   {11, 2, 0, 59}, {13, 2, 0, 60}};
    uint64_t n[COUNT(PARTS)];

    if (text.len != 16 || text.at[8] != 'T' || text.at[15] != 'Z')
        return false;
    for (size_t i = 0; i < COUNT(PARTS); i++)
        if (!number_u64((struct span){text.at + PARTS[i].at, PARTS[i].len}, &n[i]) ||
            n[i] < PARTS[i].least || n[i] > PARTS[i].most)
            return false;
    *seconds = clock_days((int)n[0], (int)n[1], (int)n[2]) * 86400 +
               (int64_t)(n[3] * 3600 + n[4] * 60 + n[5]);
    return true;
}
