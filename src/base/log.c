/* Log lines are built on the stack and written with one call, so that lines of several threads
 * and processes do not mix. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 4096
#define TEXT_MAX 2048

static const char *process_name = "portico";
static enum log_level lowest = LOG_INFO;

static const char *const LEVELS[] = {"debug", "info", "warn", "error"};

void log_open(const char *process, enum log_level level)
{
    process_name = process;
    lowest = level;
}

/* Escapes for a JSON string; what does not fit is cut. */
static size_t escape(char *out, size_t room, const char *text)
{
    size_t n = 0;

    for (; *text && n + 7 < room; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\') {
            out[n++] = '\\';
            out[n++] = (char)c;
        } else if (c < 0x20 || c == 0x7f) {
            n += (size_t)snprintf(out + n, 7, "\\u%04x", c);
        } else {
            out[n++] = (char)c;
        }
    }
    return n;
}

void log_write(enum log_level level, const char *format, ...)
{
    char text[TEXT_MAX], line[LINE_MAX_BYTES], when[CLOCK_TEXT_MAX];
    va_list words;
    size_t n;

    if (level < lowest)
        return;
    va_start(words, format);
    vsnprintf(text, sizeof text, format, words);
    va_end(words);
    clock_iso(clock_wall(&CLOCK_SYSTEM), when);
    n = (size_t)snprintf(line, sizeof line,
                         "{\"time\":\"%s\",\"level\":\"%s\",\"process\":\"%s\",\"message\":\"",
                         when, LEVELS[level], process_name);
    n += escape(line + n, sizeof line - n - 3, text);
    line[n++] = '"';
    line[n++] = '}';
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0)
        return; /* nobody reads stderr any more: there is no other place to say so */
}
