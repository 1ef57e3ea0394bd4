/* Words as AWS writes them; clients and log searches look for them. */
#include "lambda/failure.h"

#include <stdio.h>

#include "base/clock.h"
#include "lambda/invoke.h"
#include "text/json.h"

static void write_error(struct buf *out, struct span type, struct span message)
{
    buf_add_text(out, "{\"errorType\":");
    json_write_text(out, type);
    buf_add_text(out, ",\"errorMessage\":");
    json_write_text(out, message);
    buf_add_char(out, '}');
}

/* Names as the Go runtime of the service prints them. */
static const char *signal_name(int signal)
{
    static const struct {
        int number;
        const char *name;
    } NAMES[] = {
        {1, "hangup"},      {2, "interrupt"},           {4, "illegal instruction"},
        {6, "aborted"},     {7, "bus error"},           {8, "floating point exception"},
        {9, "killed"},      {11, "segmentation fault"}, {13, "broken pipe"},
        {15, "terminated"},
    };

    for (size_t i = 0; i < COUNT(NAMES); i++)
        if (NAMES[i].number == signal)
            return NAMES[i].name;
    return NULL;
}

void failure_reason(struct buf *out, const struct host_ended *ended)
{
    const char *name;

    if (!ended)
        return;
    if (ended->signal == 0) {
        buf_addf(out, "exit status %d", ended->exit);
        return;
    }
    name = signal_name(ended->signal);
    if (name)
        buf_addf(out, "signal: %s", name);
    else
        buf_addf(out, "signal: %d", ended->signal);
}

void failure_timed_out(struct buf *out, const char *request_id, int64_t timeout)
{
    char text[160];
    int len = snprintf(text, sizeof text, "RequestId: %s Error: Task timed out after %.2f seconds",
                       request_id, (double)timeout / MICROS_PER_SECOND);

    write_error(out, SPAN("Sandbox.Timedout"), span_make(text, (size_t)len));
}

void failure_exited(struct buf *out, const char *request_id, const struct host_ended *ended)
{
    struct buf text;

    buf_init(&text, 512);
    buf_addf(&text, "RequestId: %s Error: Runtime exited ", request_id);
    if (ended && (ended->signal != 0 || ended->exit != 0)) {
        buf_add_text(&text, "with error: ");
        failure_reason(&text, ended);
    } else {
        buf_add_text(&text, "without providing a reason");
    }
    write_error(out, SPAN("Runtime.ExitError"), buf_span(&text));
    buf_release(&text);
}

void failure_too_large(struct buf *out)
{
    buf_addf(out,
             "{\"errorMessage\":\"Response payload size exceeded maximum allowed payload size (%d "
             "bytes).\",\"errorType\":\"Function.ResponseSizeTooLarge\"}",
             INVOKE_PAYLOAD_MAX);
}

void failure_not_started(struct buf *out, const char *request_id, struct span type,
                         struct span message)
{
    struct buf text;

    buf_init(&text, 8192);
    buf_addf(&text, "RequestId: %s Error: ", request_id);
    buf_add(&text, message);
    write_error(out, type, buf_span(&text));
    buf_release(&text);
}
