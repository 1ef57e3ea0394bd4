/* The process's own log: one JSON object a line on stderr, for operators.
 *
 * Values are escaped here, so a client's text cannot forge a line.  Secrets are never passed:
 * types that hold them have no formatter. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

#include "base/span.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Names the process in every line ("gateway"); the text must live on.  Lines below `level` are
 * dropped.  Called once, before threads. */
void log_open(const char *process, enum log_level level);

/* Writes {"time":..,"level":..,"process":..,"message":..} with a formatted message. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#endif
