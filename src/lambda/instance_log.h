/* What an instance prints, and what the service says about it: START, END, REPORT (spec/lambda.md,
 * section 4.4).  Lines go to the function's log; the last of an invocation's are kept for its
 * answer. */
#ifndef LAMBDA_INSTANCE_LOG_H
#define LAMBDA_INSTANCE_LOG_H

#include <stdbool.h>

#include "base/buf.h"
#include "net/loop.h"

#define INSTANCE_LINE_MAX (16 * 1024) /* a longer line is cut into several */
#define INSTANCE_STREAM_NAME_MAX 64

struct instance;
struct log_writer;

/* stdout or stderr. */
struct instance_output {
    struct watch watch;
    struct timer again; /* what prints without end is read at a pace */
    struct instance_log *log;
    struct buf line; /* the begin of a line whose end has not come */
    bool is_open;
};

struct instance_log {
    struct loop *loop;
    struct log_writer *writer;
    struct span folder, name;              /* of the function: its region and name; borrowed */
    char *scratch;                         /* to receive into; the lambda's */
    char stream[INSTANCE_STREAM_NAME_MAX]; /* AWS_LAMBDA_LOG_STREAM_NAME */
    struct instance_output outputs[2];
    struct buf *tail; /* of the invocation that runs; NULL: not wanted */
};

/* Names must live as long as it does. */
void instance_log_init(struct instance_log *log, struct loop *loop, struct log_writer *writer,
                       struct span folder, struct span name, char *scratch);

/* Reads from the two descriptors, which become the log's. */
void instance_log_open(struct instance_log *log, int out, int err);

/* Reads what is there already: an answer must not overtake what was printed before it.  Output that
 * is not held back was reported by the loop before the answer was: unless `is_exact`, it is not
 * looked at again. */
void instance_log_drain(struct instance_log *log, bool is_exact);

/* The service's lines about an invocation; times in microseconds, `init` 0 for none. */
void instance_log_start(struct instance_log *log, const char *request_id, struct span version);
void instance_log_end(struct instance_log *log, const char *request_id, int64_t took, int64_t init,
                      unsigned memory_mb, unsigned used_mb);

/* Another line of the service's own. */
void instance_log_say(struct instance_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Closes, after what is there has been read. */
void instance_log_release(struct instance_log *log);

#endif
