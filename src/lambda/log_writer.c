/* Two buffers: lines are added to one while the thread writes the other.  Each record is a head
 * with the lengths, the file's name, and the text; the records of one file that stand together are
 * written with one call. */
#include "lambda/log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define NAME_MAX_LEN 240
#define TIME_LEN 24
#define PAUSE_NS (20 * 1000 * 1000) /* lines gather meanwhile */

struct record {
    uint32_t name_len, text_len;
};

struct log_writer {
    int folder; /* -1: nowhere */
    pthread_t thread;
    pthread_mutex_t lock; /* guards the six below */
    pthread_cond_t filled;
    struct buf pending;
    uint64_t dropped;
    bool is_stopping, is_waited_for;
    char time[CLOCK_TEXT_MAX]; /* of `second`, in which its milliseconds are put */
    int64_t second;
    bool has_complained; /* the thread's */
};

static bool is_file_name(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!ascii_is_alnum(name.at[i]) && name.at[i] != '-' && name.at[i] != '_')
            return false;
    return name.len > 0 && name.len < NAME_MAX_LEN / 2;
}

/* "1994-11-06T08:49:37.123Z"; made anew once a second. */
static struct span time_text(struct log_writer *writer, int64_t wall)
{
    int64_t second = wall / MICROS_PER_SECOND, ms = wall / MICROS_PER_MS % 1000;

    if (second != writer->second)
        clock_iso(wall, writer->time);
    writer->second = second;
    writer->time[TIME_LEN - 4] = (char)('0' + ms / 100);
    writer->time[TIME_LEN - 3] = (char)('0' + ms / 10 % 10);
    writer->time[TIME_LEN - 2] = (char)('0' + ms % 10);
    return span_make(writer->time, TIME_LEN);
}

void log_writer_add(struct log_writer *writer, struct span region, struct span name, int64_t wall,
                    struct span line)
{
    struct record head = {(uint32_t)(region.len + name.len + 5),
                          (uint32_t)(TIME_LEN + line.len + 2)};
    size_t len = sizeof head + head.name_len + head.text_len;
    bool wakes = false;

    if (writer->folder < 0 || !is_file_name(region) || !is_file_name(name))
        return;
    pthread_mutex_lock(&writer->lock);
    if (writer->pending.len + len > LOG_PENDING_MAX) {
        writer->dropped++;
    } else {
        buf_add(&writer->pending, span_make(&head, sizeof head));
        buf_add(&writer->pending, region);
        buf_add_char(&writer->pending, '/');
        buf_add(&writer->pending, name);
        buf_add(&writer->pending, SPAN(".log"));
        buf_add(&writer->pending, time_text(writer, wall));
        buf_add_char(&writer->pending, ' ');
        buf_add(&writer->pending, line);
        buf_add_char(&writer->pending, '\n');
        wakes = writer->is_waited_for;
        writer->is_waited_for = false;
    }
    pthread_mutex_unlock(&writer->lock);
    if (wakes)
        pthread_cond_signal(&writer->filled);
}

/* A file that is long enough makes room for the next. */
static int open_file(struct log_writer *writer, const char *name)
{
    char old[NAME_MAX_LEN + 8];
    struct stat facts;
    int fd =
        openat(writer->folder, name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0 && errno == ENOENT) {
        size_t slash = span_find(span_of(name), '/');

        snprintf(old, sizeof old, "%.*s", (int)slash, name);
        mkdirat(writer->folder, old, 0700);
        fd = openat(writer->folder, name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                    0600);
    }
    if (fd < 0 || fstat(fd, &facts) != 0 || facts.st_size < LOG_FILE_MAX)
        return fd;
    close(fd);
    snprintf(old, sizeof old, "%s.1", name);
    renameat(writer->folder, name, writer->folder, old);
    return openat(writer->folder, name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                  0600);
}

static void complain(struct log_writer *writer, const char *name)
{
    if (!writer->has_complained)
        log_warn("cannot write the log of a function, %s: %s", name, strerror(errno));
    writer->has_complained = true;
}

static void write_all(struct log_writer *writer, const char *name, struct span text)
{
    int fd = open_file(writer, name);

    if (fd < 0) {
        complain(writer, name);
        return;
    }
    while (text.len > 0) {
        ssize_t n = write(fd, text.at, text.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            complain(writer, name);
            break;
        }
        writer->has_complained = false;
        text = span_skip(text, (size_t)n);
    }
    close(fd);
}

/* Takes a record off the front. */
static bool take_record(struct span *in, struct span *name, struct span *text)
{
    struct record head;

    if (in->len < sizeof head)
        return false;
    memcpy(&head, in->at, sizeof head);
    *in = span_skip(*in, sizeof head);
    *name = span_first(*in, head.name_len);
    *text = span_make(in->at + head.name_len, head.text_len);
    *in = span_skip(*in, head.name_len + head.text_len);
    return true;
}

static void write_records(struct log_writer *writer, struct span in)
{
    struct span name, text;
    char current[NAME_MAX_LEN] = "";
    struct buf run;

    buf_init(&run, LOG_PENDING_MAX);
    while (take_record(&in, &name, &text)) {
        if (!span_is(name, current)) {
            if (run.len > 0)
                write_all(writer, current, buf_span(&run));
            buf_clear(&run);
            snprintf(current, sizeof current, "%.*s", SPAN_ARG(name));
        }
        buf_add(&run, text);
    }
    if (run.len > 0)
        write_all(writer, current, buf_span(&run));
    buf_release(&run);
}

/* Waits for lines and takes them all; false when there are none and there will be none. */
static bool take_pending(struct log_writer *writer, struct buf *out, uint64_t *dropped)
{
    bool is_there;

    pthread_mutex_lock(&writer->lock);
    while (writer->pending.len == 0 && !writer->is_stopping) {
        writer->is_waited_for = true;
        pthread_cond_wait(&writer->filled, &writer->lock);
    }
    is_there = writer->pending.len > 0;
    *out = writer->pending;
    buf_init(&writer->pending, LOG_PENDING_MAX);
    *dropped = writer->dropped;
    writer->dropped = 0;
    pthread_mutex_unlock(&writer->lock);
    return is_there;
}

static void *write_logs(void *ctx)
{
    const struct timespec pause = {0, PAUSE_NS};
    struct log_writer *writer = ctx;
    uint64_t dropped;
    struct buf taken;

    while (take_pending(writer, &taken, &dropped)) {
        write_records(writer, buf_span(&taken));
        buf_release(&taken);
        if (dropped > 0)
            log_warn("%llu lines of functions' logs were dropped: they print faster than the "
                     "disk writes",
                     (unsigned long long)dropped);
        nanosleep(&pause, NULL);
    }
    buf_release(&taken);
    return NULL;
}

/* Opens the folder; makes it and the one above when they are missing. */
static int open_folder(const char *folder)
{
    size_t slash = span_find_last(span_of(folder), '/');
    char *above = mem_text(folder, slash);

    mkdir(above, 0700); /* its failure is the next one's, too */
    mem_free(above);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        log_warn("cannot make the folder of functions' logs, %s: %s", folder, strerror(errno));
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

struct log_writer *log_writer_new(const char *folder)
{
    struct log_writer *writer = mem_zero(1, sizeof *writer);

    writer->folder = folder[0] ? open_folder(folder) : -1;
    buf_init(&writer->pending, LOG_PENDING_MAX);
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->filled, NULL);
    if (writer->folder >= 0 && pthread_create(&writer->thread, NULL, write_logs, writer) != 0) {
        log_warn("cannot start the thread that writes functions' logs");
        close(writer->folder);
        writer->folder = -1;
    }
    return writer;
}

void log_writer_free(struct log_writer *writer)
{
    if (!writer)
        return;
    if (writer->folder >= 0) {
        pthread_mutex_lock(&writer->lock);
        writer->is_stopping = true;
        pthread_mutex_unlock(&writer->lock);
        pthread_cond_signal(&writer->filled);
        pthread_join(writer->thread, NULL);
        close(writer->folder);
    }
    buf_release(&writer->pending);
    pthread_mutex_destroy(&writer->lock);
    pthread_cond_destroy(&writer->filled);
    mem_free(writer);
}
