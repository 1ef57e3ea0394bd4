/* Functions' logs on disk: FOLDER/REGION/NAME.log, a line an event, after its time.
 *
 * A thread of its own writes, so that a slow disk delays no request; what it cannot keep up with is
 * dropped and counted.  A file that is LOG_FILE_MAX long becomes NAME.log.1 and a new one begins.
 */
#ifndef LAMBDA_LOG_WRITER_H
#define LAMBDA_LOG_WRITER_H

#include <stdint.h>

#include "base/span.h"

#define LOG_FILE_MAX (8 * 1024 * 1024)
#define LOG_PENDING_MAX (4 * 1024 * 1024)

struct log_writer;

/* `folder` is made when it is missing; "" writes nowhere.  Never NULL. */
struct log_writer *log_writer_new(const char *folder);

/* Writes what is pending, and ends the thread.  NULL is fine. */
void log_writer_free(struct log_writer *writer);

/* Does not wait.  Region and name are names of files: letters, digits, - and _. */
void log_writer_add(struct log_writer *writer, struct span region, struct span name, int64_t wall,
                    struct span line);

#endif
