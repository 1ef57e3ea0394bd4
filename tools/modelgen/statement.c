/* Cuts a .model file into statements and words.  It knows nothing of what they mean, so that
 * every later pass walks the same list and can say line and column of each word. */
#include "modelgen/statement.h"

#include "base/buf.h"

struct cutter {
    struct arena *arena;
    struct problem *why;
    struct span line;
    unsigned number, column;
    struct word words[WORDS_MAX]; /* of the statement that is being read */
    size_t count;
};

static enum fault fail(struct cutter *cut, enum fault code, const char *words)
{
    problem_set(cut->why, code, "%s", words);
    if (cut->why) {
        cut->why->line = cut->number;
        cut->why->column = cut->column;
    }
    return code;
}

static void skip(struct cutter *cut, size_t n)
{
    cut->line = span_skip(cut->line, n);
    cut->column += (unsigned)n;
}

static bool is_blank(char c)
{
    return c == ' ';
}

/* A quoted text whose opening quote is at the front. */
static enum fault take_quoted(struct cutter *cut, struct span *out)
{
    char *text = arena_try(cut->arena, cut->line.len + 1);
    size_t len = 0, i = 1;

    if (!text)
        return fail(cut, FAULT_NO_MEMORY, "out of memory");
    for (; i < cut->line.len && cut->line.at[i] != '"'; i++) {
        if (cut->line.at[i] == '\\') {
            i++;
            if (i == cut->line.len || (cut->line.at[i] != '"' && cut->line.at[i] != '\\'))
                return fail(cut, FAULT_SYNTAX, "only \\\" and \\\\ may follow a backslash");
        }
        text[len++] = cut->line.at[i];
    }
    if (i == cut->line.len)
        return fail(cut, FAULT_SYNTAX, "a text is not closed");
    *out = (struct span){text, len};
    skip(cut, i + 1);
    return OK;
}

static enum fault take_word(struct cutter *cut)
{
    struct word *word = &cut->words[cut->count];
    size_t len = 0;

    if (cut->count == WORDS_MAX)
        return fail(cut, FAULT_TOO_LARGE, "too many words in one statement");
    *word = (struct word){.line = cut->number, .column = cut->column};
    if (cut->line.at[0] == '"') {
        enum fault rc = take_quoted(cut, &word->text);

        if (rc != OK)
            return rc;
        word->is_quoted = true;
    } else {
        while (len < cut->line.len && !is_blank(cut->line.at[len]))
            len++;
        word->text = span_first(cut->line, len);
        skip(cut, len);
    }
    if (cut->line.len && !is_blank(cut->line.at[0]))
        return fail(cut, FAULT_SYNTAX, "a blank must follow a text");
    cut->count++;
    return OK;
}

static bool starts_comment(struct span line)
{
    return line.len && line.at[0] == '#' && (line.len == 1 || is_blank(line.at[1]));
}

static void skip_blanks(struct cutter *cut)
{
    while (cut->line.len && is_blank(cut->line.at[0]))
        skip(cut, 1);
}

static enum fault take_words(struct cutter *cut)
{
    for (skip_blanks(cut); cut->line.len && !starts_comment(cut->line); skip_blanks(cut)) {
        enum fault rc = take_word(cut);

        if (rc != OK)
            return rc;
    }
    return OK;
}

/* Moves the words that were collected into the last statement. */
static enum fault keep_words(struct cutter *cut, struct statement *into)
{
    struct word *words = arena_try_array(cut->arena, into->count + cut->count, sizeof *words);

    if (!words)
        return fail(cut, FAULT_NO_MEMORY, "out of memory");
    if (into->count)
        memcpy(words, into->words, into->count * sizeof *words);
    memcpy(words + into->count, cut->words, cut->count * sizeof *words);
    into->words = words;
    into->count += cut->count;
    cut->count = 0;
    return into->count > WORDS_MAX ? fail(cut, FAULT_TOO_LARGE, "too many words in one statement")
                                   : OK;
}

static enum fault read_line(struct cutter *cut, struct statements *out)
{
    bool is_indented = cut->line.len && is_blank(cut->line.at[0]);
    bool continues;
    enum fault rc;

    cut->column = 1;
    for (size_t i = 0; i < cut->line.len; i++)
        if ((unsigned char)cut->line.at[i] < ' ')
            return fail(cut, FAULT_SYNTAX, "a control character or tab");
    skip_blanks(cut);
    continues = cut->line.len && cut->line.at[0] == '|';
    if (continues)
        skip(cut, 1);
    rc = take_words(cut);
    if (rc != OK || cut->count == 0)
        return rc;
    if (continues && out->count == 0)
        return fail(cut, FAULT_SYNTAX, "nothing to continue");
    if (!continues) {
        if (out->count == STATEMENTS_MAX)
            return fail(cut, FAULT_TOO_LARGE, "too many statements");
        if (is_indented && out->count == 0)
            return fail(cut, FAULT_SYNTAX, "the first statement is indented");
        out->list[out->count++] = (struct statement){.is_indented = is_indented};
    }
    return keep_words(cut, &out->list[out->count - 1]);
}

enum fault statements_read(struct arena *arena, struct span text, struct statements *out,
                           struct problem *why)
{
    struct cutter *cut = arena_try(arena, sizeof *cut);
    struct statements all = {arena_try_array(arena, STATEMENTS_MAX, sizeof *all.list), 0};

    if (!cut || !all.list)
        return problem_set(why, FAULT_NO_MEMORY, "out of memory");
    *cut = (struct cutter){.arena = arena, .why = why};
    while (span_split(&text, '\n', &cut->line)) {
        enum fault rc;

        cut->number++;
        rc = read_line(cut, &all);
        if (rc != OK)
            return rc;
    }
    *out = all;
    return OK;
}
