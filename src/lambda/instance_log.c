/* Output is read in pieces of a fixed size and never kept but for one unfinished line, so a
 * function that prints without end costs time, not memory; after each piece it waits for its next
 * turn, and a full pipe makes it wait, too. */
#include "lambda/instance_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lambda/lambda.h"
#include "lambda/log_writer.h"

#define PACE (2 * MICROS_PER_MS) /* between two pieces of LAMBDA_SCRATCH */
#define DRAIN_PIECES 4

/* Keeps the last INVOKE_TAIL_MAX bytes. */
static void keep_tail(struct buf *tail, struct span text)
{
    if (text.len > INVOKE_TAIL_MAX)
        text = span_skip(text, text.len - INVOKE_TAIL_MAX);
    if (tail->len + text.len > INVOKE_TAIL_MAX)
        buf_drop(tail, tail->len + text.len - INVOKE_TAIL_MAX);
    buf_add(tail, text);
}

static void put_line(struct instance_log *log, struct span line)
{
    log_writer_add(log->writer, log->folder, log->name, log->loop->wall, line);
    if (!log->tail)
        return;
    keep_tail(log->tail, line);
    keep_tail(log->tail, SPAN("\n"));
}

/* Puts whole lines; keeps the rest. */
static void take_bytes(struct instance_output *output, struct span bytes)
{
    while (bytes.len > 0) {
        size_t len = span_find(bytes, '\n');
        bool is_whole = len < bytes.len;
        size_t room = INSTANCE_LINE_MAX - output->line.len;

        if (len > room) {
            len = room;
            is_whole = false;
        }
        if (is_whole && output->line.len == 0) {
            put_line(output->log, span_first(bytes, len));
        } else {
            buf_add(&output->line, span_first(bytes, len));
            if (is_whole || output->line.len == INSTANCE_LINE_MAX) {
                put_line(output->log, buf_span(&output->line));
                buf_clear(&output->line);
            }
        }
        bytes = span_skip(bytes, len + (is_whole ? 1 : 0));
    }
}

static void close_output(struct instance_output *output)
{
    if (!output->is_open)
        return;
    loop_unwatch(output->log->loop, &output->watch);
    close(output->watch.fd);
    timer_clear(output->log->loop, &output->again);
    output->is_open = false;
    if (output->line.len > 0)
        put_line(output->log, buf_span(&output->line));
    buf_release(&output->line);
}

/* Reads at most `pieces`; true when there may be more. */
static bool read_output(struct instance_output *output, int pieces)
{
    char *room = output->log->scratch;

    while (output->is_open && pieces-- > 0) {
        ssize_t n = read(output->watch.fd, room, LAMBDA_SCRATCH);

        if (n > 0) {
            take_bytes(output, span_make(room, (size_t)n));
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && errno == EAGAIN) {
            return false;
        } else {
            close_output(output);
            return false;
        }
    }
    return output->is_open;
}

static void read_at_pace(struct instance_output *output)
{
    struct loop *loop = output->log->loop;

    if (output->again.at == 0 && read_output(output, 1))
        timer_set(loop, &output->again, loop->now + PACE);
}

static void on_output(struct watch *watch, uint32_t events)
{
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP))
        read_at_pace(container_of(watch, struct instance_output, watch));
}

static void on_again(struct timer *timer)
{
    read_at_pace(container_of(timer, struct instance_output, again));
}

void instance_log_init(struct instance_log *log, struct loop *loop, struct log_writer *writer,
                       struct span folder, struct span name, char *scratch)
{
    *log = (struct instance_log){
        .loop = loop, .writer = writer, .folder = folder, .name = name, .scratch = scratch};
    for (size_t i = 0; i < COUNT(log->outputs); i++) {
        log->outputs[i].log = log;
        log->outputs[i].again.due = on_again;
        buf_init(&log->outputs[i].line, INSTANCE_LINE_MAX);
    }
}

void instance_log_open(struct instance_log *log, int out, int err)
{
    int descriptors[] = {out, err};

    for (size_t i = 0; i < COUNT(descriptors); i++) {
        struct instance_output *output = &log->outputs[i];

        if (fcntl(descriptors[i], F_SETFL, O_NONBLOCK) == 0 &&
            loop_watch_input(log->loop, &output->watch, descriptors[i], on_output))
            output->is_open = true;
        else
            close(descriptors[i]);
    }
}

void instance_log_drain(struct instance_log *log, bool is_exact)
{
    for (size_t i = 0; i < COUNT(log->outputs); i++)
        if (is_exact || log->outputs[i].again.at != 0)
            read_output(&log->outputs[i], DRAIN_PIECES);
}

/* ---- lines of the service ------------------------------------------------------------------ */

/* They are written for each invocation, so without printf. */
struct line {
    char text[512];
    size_t len;
};

static void add(struct line *line, struct span s)
{
    size_t room = sizeof line->text - line->len, n = s.len < room ? s.len : room;

    memcpy(line->text + line->len, s.at, n);
    line->len += n;
}

static void add_number(struct line *line, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    add(line, span_make(digits + at, sizeof digits - at));
}

/* "1.23": milliseconds, rounded to hundredths. */
static void add_ms(struct line *line, int64_t micros)
{
    uint64_t hundredths = (uint64_t)(micros > 0 ? micros + 5 : 0) / 10;
    char rest[3] = {'.', (char)('0' + hundredths / 10 % 10), (char)('0' + hundredths % 10)};

    add_number(line, hundredths / 100);
    add(line, span_make(rest, sizeof rest));
}

static void put(struct instance_log *log, const struct line *line)
{
    put_line(log, span_make(line->text, line->len));
}

void instance_log_start(struct instance_log *log, const char *request_id, struct span version)
{
    struct line line = {.len = 0};

    add(&line, SPAN("START RequestId: "));
    add(&line, span_of(request_id));
    add(&line, SPAN(" Version: "));
    add(&line, version);
    put(log, &line);
}

void instance_log_end(struct instance_log *log, const char *request_id, int64_t took, int64_t init,
                      unsigned memory_mb, unsigned used_mb)
{
    struct line line = {.len = 0};

    add(&line, SPAN("END RequestId: "));
    add(&line, span_of(request_id));
    put(log, &line);
    line.len = 0;
    add(&line, SPAN("REPORT RequestId: "));
    add(&line, span_of(request_id));
    add(&line, SPAN("\tDuration: "));
    add_ms(&line, took);
    add(&line, SPAN(" ms\tBilled Duration: "));
    add_number(&line, (uint64_t)(took + MICROS_PER_MS - 1) / MICROS_PER_MS);
    add(&line, SPAN(" ms\tMemory Size: "));
    add_number(&line, memory_mb);
    add(&line, SPAN(" MB\tMax Memory Used: "));
    add_number(&line, used_mb);
    add(&line, SPAN(" MB\t"));
    if (init > 0) {
        add(&line, SPAN("Init Duration: "));
        add_ms(&line, init);
        add(&line, SPAN(" ms\t"));
    }
    put(log, &line);
}

void instance_log_say(struct instance_log *log, const char *format, ...)
{
    struct buf line;
    va_list arguments;
    char *room;
    int len;

    buf_init(&line, INSTANCE_LINE_MAX);
    room = buf_room(&line, 1024);
    va_start(arguments, format);
    len = room ? vsnprintf(room, 1024, format, arguments) : 0;
    va_end(arguments);
    if (len > 0) {
        line.len = len < 1024 ? (size_t)len : 1023;
        put_line(log, buf_span(&line));
    }
    buf_release(&line);
}

void instance_log_release(struct instance_log *log)
{
    instance_log_drain(log, true);
    for (size_t i = 0; i < COUNT(log->outputs); i++)
        close_output(&log->outputs[i]);
}
