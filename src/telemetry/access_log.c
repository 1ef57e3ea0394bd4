/* The names are those of $context where AWS has one. */
#include "telemetry/access_log.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "text/json.h"

static void add_text(struct buf *out, const char *name, struct span text)
{
    buf_addf(out, ",\"%s\":", name);
    json_write_text(out, text);
}

void access_log_build(struct buf *out, const struct access_line *line)
{
    char when[CLOCK_TEXT_MAX];

    clock_iso(line->wall, when);
    buf_addf(out, "{\"time\":\"%s\"", when);
    add_text(out, "requestId", line->request_id);
    add_text(out, "apiId", line->api);
    add_text(out, "stage", line->stage);
    add_text(out, "sourceIp", line->peer);
    add_text(out, "httpMethod", line->method);
    add_text(out, "path", line->path);
    buf_addf(out,
             ",\"status\":%d,\"responseLength\":%" PRIu64 ",\"responseLatency\":%" PRId64
             ".%03d}\n",
             line->status, line->bytes, line->micros / MICROS_PER_MS,
             (int)(line->micros % MICROS_PER_MS));
}

void access_log_write(struct buf *scratch, const struct access_line *line)
{
    buf_clear(scratch);
    access_log_build(scratch, line);
    if (!scratch->is_over && write(STDERR_FILENO, scratch->at, scratch->len) < 0)
        return; /* nobody reads stderr any more: there is no other place to say so */
}
