/* Faults and problems: one place that turns a failure into words with a position. */
#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>

static void problem_fill(struct problem *why, enum fault code, const char *format, va_list words)
{
    why->code = code;
    why->offset = 0;
    why->line = 0;
    why->column = 0;
    vsnprintf(why->text, sizeof why->text, format, words);
}

enum fault problem_set(struct problem *why, enum fault code, const char *format, ...)
{
    if (why) {
        va_list words;

        va_start(words, format);
        problem_fill(why, code, format, words);
        va_end(words);
    }
    return code;
}

enum fault problem_at(struct problem *why, enum fault code, const char *text, size_t len,
                      size_t offset, const char *format, ...)
{
    if (why) {
        va_list words;

        va_start(words, format);
        problem_fill(why, code, format, words);
        va_end(words);
        why->offset = offset;
        why->line = 1;
        why->column = 1;
        for (size_t i = 0; i < offset && i < len; i++) {
            why->column++;
            if (text[i] == '\n') {
                why->line++;
                why->column = 1;
            }
        }
    }
    return code;
}

const char *fault_name(enum fault code)
{
    switch (code) {
    case OK:
        return "ok";
    case FAULT_IO:
        return "io";
    case FAULT_SYNTAX:
        return "syntax";
    case FAULT_TYPE:
        return "type";
    case FAULT_RANGE:
        return "range";
    case FAULT_TOO_LARGE:
        return "too large";
    case FAULT_NO_MEMORY:
        return "no memory";
    case FAULT_NOT_FOUND:
        return "not found";
    case FAULT_EXISTS:
        return "exists";
    case FAULT_CONFLICT:
        return "conflict";
    case FAULT_DENIED:
        return "denied";
    case FAULT_UNSUPPORTED:
        return "unsupported";
    }
    return "unknown";
}
