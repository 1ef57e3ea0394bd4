/* Taking words: every refusal of modelgen passes here, so that all of them carry a place. */
#include "modelgen/reader.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/number.h"

struct reader reader_of(struct model *model, const struct statement *statement, size_t at)
{
    return (struct reader){model, statement, at};
}

bool reader_fail(const struct reader *in, size_t at, const char *format, ...)
{
    struct problem *why = in->model->why;
    const struct statement *statement = in->statement;
    const struct word *word = &statement->words[at < statement->count ? at : statement->count - 1];
    char text[PROBLEM_TEXT_MAX];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    problem_set(why, FAULT_SYNTAX, "%s", text);
    if (why) {
        why->line = word->line;
        why->column = word->column;
    }
    return false;
}

bool reader_has_more(const struct reader *in)
{
    return in->at < in->statement->count;
}

bool reader_is_next(const struct reader *in, const char *word)
{
    const struct word *next = &in->statement->words[in->at];

    return reader_has_more(in) && !next->is_quoted && span_is(next->text, word);
}

bool reader_take_if(struct reader *in, const char *word)
{
    if (!reader_is_next(in, word))
        return false;
    in->at++;
    return true;
}

bool reader_take(struct reader *in, const char *what, struct span *out)
{
    if (!reader_has_more(in))
        return reader_fail(in, in->at, "%s is missing at the end", what);
    *out = in->statement->words[in->at++].text;
    return true;
}

bool reader_take_text(struct reader *in, const char *what, struct span *out)
{
    if (!reader_has_more(in) || !in->statement->words[in->at].is_quoted)
        return reader_fail(in, in->at, "%s in quotes is missing", what);
    return reader_take(in, what, out);
}

bool reader_take_number(struct reader *in, const char *what, double *out)
{
    struct span text;

    if (!reader_take(in, what, &text))
        return false;
    if (!number_double(text, out))
        return reader_fail(in, in->at - 1, "'%.*s' is no number", SPAN_ARG(text));
    return true;
}

static bool is_name(struct span text)
{
    if (text.len == 0 || text.len > 100 || !ascii_is_letter(text.at[0]))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!ascii_is_alnum(text.at[i]) && text.at[i] != '_' && text.at[i] != '-')
            return false;
    return true;
}

bool reader_take_name(struct reader *in, const char *what, struct span *out)
{
    if (!reader_take(in, what, out))
        return false;
    if (!is_name(*out) || in->statement->words[in->at - 1].is_quoted)
        return reader_fail(in, in->at - 1, "'%.*s' is no name for %s", SPAN_ARG(*out), what);
    return true;
}

bool reader_take_answer(struct reader *in, struct model_answer *out)
{
    struct model *model = in->model;
    struct span name;

    if (!reader_take_name(in, "an error", &name))
        return false;
    for (size_t i = 0; i < model->error_count; i++) {
        if (!span_equal(model->errors[i].code, name) && !span_equal(model->aliases[i], name))
            continue;
        out->error = &model->errors[i];
        return reader_take_text(in, "the error's words", &out->text);
    }
    return reader_fail(in, in->at - 1, "unknown error '%.*s'", SPAN_ARG(name));
}

bool reader_take_kind(struct reader *in, const struct model_kind **out)
{
    struct span name;

    if (!reader_take_name(in, "a kind", &name))
        return false;
    *out = model_find_kind(in->model, name);
    return *out || reader_fail(in, in->at - 1, "unknown kind '%.*s'", SPAN_ARG(name));
}

void *reader_room(struct reader *in, size_t count, size_t size)
{
    void *room = arena_try_array(in->model->arena, count ? count : 1, size);

    if (!room)
        reader_fail(in, in->at, "out of memory");
    return room;
}
