/* Reads a JSONPath: tokens one after the other, with the leniences of Jayway's compiler (no `$`,
 * `@` for `$`, `$.['a']`).  Nesting only comes from filters and arguments, and is counted. */
#include "base/ascii.h"
#include "base/number.h"
#include "base/utf8.h"
#include "text/jsonpath_program.h"

enum fault path_syntax(struct compiler *c, const char *at, const char *words)
{
    return problem_at(c->why, FAULT_SYNTAX, c->text.at, c->text.len, (size_t)(at - c->text.at),
                      "bad JSONPath: %s", words);
}

enum fault path_no_memory(struct compiler *c)
{
    return problem_set(c->why, FAULT_NO_MEMORY, "not enough memory for a JSONPath");
}

enum fault path_enter(struct compiler *c)
{
    if (c->nesting == JSONPATH_NESTING_MAX)
        return problem_set(c->why, FAULT_TOO_LARGE, "JSONPath is nested too deeply");
    c->nesting++;
    return OK;
}

void path_skip_blanks(struct compiler *c)
{
    while (c->at < c->end && ascii_is_blank(*c->at))
        c->at++;
}

bool path_take(struct compiler *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static enum fault add_token(struct compiler *c, struct token **tail, enum token_kind kind)
{
    struct token *token;

    if (c->tokens == JSONPATH_TOKENS_MAX)
        return problem_set(c->why, FAULT_TOO_LARGE, "JSONPath has over %d steps",
                           JSONPATH_TOKENS_MAX);
    token = arena_try_array(c->arena, 1, sizeof *token);
    if (!token)
        return path_no_memory(c);
    c->tokens++;
    token->kind = kind;
    (*tail)->next = token;
    *tail = token;
    return OK;
}

/* --- names --- */

/* The character of an escape, whose backslash is taken already. */
static size_t unescape(struct compiler *c, char *to)
{
    static const char FROM[] = "bfnrt", INTO[] = "\b\f\n\r\t";
    const char *simple;
    uint64_t point;
    char first = *c->at++;

    if (first == 'u' && c->end - c->at >= 4 && number_hex(span_make(c->at, 4), &point)) {
        c->at += 4;
        return utf8_put(point >= 0xd800 && point <= 0xdfff ? 0xfffd : (uint32_t)point, to);
    }
    simple = memchr(FROM, first, sizeof FROM - 1);
    *to = simple ? INTO[simple - FROM] : first;
    return 1;
}

/* Takes a text in single or double quotes, whose opening quote is at the cursor. */
enum fault path_take_quoted(struct compiler *c, struct span *out)
{
    const char *start = c->at + 1, *stop = start;
    char quote = *c->at, *to;
    bool is_escaped = false;

    while (stop < c->end && *stop != quote) {
        is_escaped |= *stop == '\\';
        stop += *stop == '\\' && stop + 1 < c->end ? 2 : 1;
    }
    if (stop >= c->end)
        return path_syntax(c, c->at, "text without closing quote");
    *out = span_make(start, (size_t)(stop - start));
    c->at = stop + 1;
    if (!is_escaped)
        return OK;
    to = arena_try(c->arena, out->len);
    if (!to)
        return path_no_memory(c);
    c->at = start;
    out->at = to;
    while (c->at < stop) {
        if (*c->at == '\\' && c->at + 1 < stop) {
            c->at++;
            to += unescape(c, to);
        } else {
            *to++ = *c->at++;
        }
    }
    out->len = (size_t)(to - out->at);
    c->at = stop + 1;
    return OK;
}

static bool ends_name(const struct compiler *c, char at)
{
    if (at == '.' || at == '[' || ascii_is_blank(at))
        return true;
    if (at == '(' && c->dialect == JSONPATH_AWS)
        return true;
    return c->nesting > 0 && memchr("=<>!~&|),]", at, 10) != NULL;
}

static const struct {
    const char *name;
    enum function function;
} FUNCTIONS[] = {
    {"length", FUNCTION_LENGTH}, {"size", FUNCTION_LENGTH},   {"min", FUNCTION_MIN},
    {"max", FUNCTION_MAX},       {"avg", FUNCTION_AVG},       {"sum", FUNCTION_SUM},
    {"keys", FUNCTION_KEYS},     {"stddev", FUNCTION_STDDEV}, {"first", FUNCTION_FIRST},
    {"last", FUNCTION_LAST},     {"index", FUNCTION_INDEX},   {"concat", FUNCTION_CONCAT},
    {"append", FUNCTION_APPEND},
};

#define ARGUMENTS_MAX 16

static enum fault take_arguments(struct compiler *c, struct token *token)
{
    struct operand arguments[ARGUMENTS_MAX];
    enum fault rc = OK;

    for (path_skip_blanks(c); !path_take(c, ')'); path_skip_blanks(c)) {
        if (token->count > 0 && !path_take(c, ','))
            return path_syntax(c, c->at, "',' or ')' was due");
        if (token->count == ARGUMENTS_MAX)
            return path_syntax(c, c->at, "too many arguments");
        path_skip_blanks(c);
        rc = filter_operand(c, &arguments[token->count++]);
        if (rc)
            return rc;
        if (arguments[token->count - 1].kind == OPERAND_PATTERN)
            return path_syntax(c, c->at, "a function takes no regular expression");
    }
    token->arguments = arena_try(c->arena, token->count * sizeof *arguments);
    if (!token->arguments)
        return path_no_memory(c);
    if (token->count)
        memcpy(token->arguments, arguments, token->count * sizeof *arguments);
    return OK;
}

static enum fault take_function(struct compiler *c, struct token **tail, struct span name)
{
    const char *start = name.at;
    enum fault rc = add_token(c, tail, TOKEN_FUNCTION);

    if (rc)
        return rc;
    for (size_t i = 0;; i++) {
        if (i == COUNT(FUNCTIONS))
            return path_syntax(c, start, "unknown function");
        if (span_is(name, FUNCTIONS[i].name)) {
            (*tail)->function = FUNCTIONS[i].function;
            break;
        }
    }
    c->at++;
    rc = path_enter(c);
    if (rc)
        return rc;
    rc = take_arguments(c, *tail);
    c->nesting--;
    return rc;
}

static enum fault add_name(struct compiler *c, struct token **tail, struct span name)
{
    enum fault rc = add_token(c, tail, TOKEN_NAMES);

    if (rc)
        return rc;
    (*tail)->names = arena_try(c->arena, sizeof name);
    if (!(*tail)->names)
        return path_no_memory(c);
    (*tail)->names[0] = name;
    (*tail)->count = 1;
    return OK;
}

/* Takes a name without quotes, or a function. */
static enum fault take_name(struct compiler *c, struct token **tail)
{
    const char *start = c->at;
    struct span name;

    while (c->at < c->end && !ends_name(c, *c->at))
        c->at++;
    name = span_make(start, (size_t)(c->at - start));
    if (name.len == 0)
        return path_syntax(c, start, "a name was due");
    if (c->at < c->end && *c->at == '(' && c->dialect == JSONPATH_AWS)
        return take_function(c, tail, name);
    return add_name(c, tail, name);
}

/* --- brackets --- */

#define LIST_MAX 64

static enum fault take_names(struct compiler *c, struct token **tail)
{
    struct span names[LIST_MAX];
    size_t count = 0;
    enum fault rc;

    do {
        path_skip_blanks(c);
        if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
            return path_syntax(c, c->at, "a name in quotes was due");
        if (count == LIST_MAX)
            return path_syntax(c, c->at, "too many names");
        rc = path_take_quoted(c, &names[count++]);
        if (rc)
            return rc;
        path_skip_blanks(c);
    } while (path_take(c, ','));
    rc = add_name(c, tail, names[0]);
    if (rc || count == 1)
        return rc;
    (*tail)->names = arena_try(c->arena, sizeof names[0] * count);
    if (!(*tail)->names)
        return path_no_memory(c);
    memcpy((*tail)->names, names, sizeof names[0] * count);
    (*tail)->count = count;
    return OK;
}

/* Takes an integer, if one is there. */
static enum fault take_integer(struct compiler *c, bool *is_there, int64_t *n)
{
    const char *start;

    path_skip_blanks(c);
    start = c->at;
    if (c->at < c->end && (*c->at == '-' || *c->at == '+'))
        c->at++;
    while (c->at < c->end && ascii_is_digit(*c->at))
        c->at++;
    *is_there = c->at > start;
    if (!*is_there)
        return OK;
    if (*start == '+')
        start++;
    if (!number_i64(span_make(start, (size_t)(c->at - start)), n) || *n > INT32_MAX ||
        *n < INT32_MIN)
        return path_syntax(c, start, "not an index");
    path_skip_blanks(c);
    return OK;
}

static enum fault take_slice(struct compiler *c, struct token **tail, bool has_from, int64_t from)
{
    enum fault rc = add_token(c, tail, TOKEN_SLICE);
    int64_t ignored;
    bool has_step;

    if (rc)
        return rc;
    (*tail)->has_from = has_from;
    (*tail)->from = from;
    rc = take_integer(c, &(*tail)->has_to, &(*tail)->to);
    if (!rc && path_take(c, ':')) /* Jayway reads a step and forgets it */
        rc = take_integer(c, &has_step, &ignored);
    if (!rc && !has_from && !(*tail)->has_to)
        return path_syntax(c, c->at, "a slice needs a bound");
    return rc;
}

static enum fault take_indexes(struct compiler *c, struct token **tail)
{
    int64_t indexes[LIST_MAX];
    bool is_there = false;
    size_t count = 0;
    enum fault rc = take_integer(c, &is_there, &indexes[0]);

    if (rc)
        return rc;
    if (path_take(c, ':'))
        return take_slice(c, tail, is_there, indexes[0]);
    for (count = is_there; is_there && path_take(c, ','); count++) {
        if (count == LIST_MAX)
            return path_syntax(c, c->at, "too many indexes");
        rc = take_integer(c, &is_there, &indexes[count]);
        if (rc)
            return rc;
    }
    if (!is_there)
        return path_syntax(c, c->at, "an index was due");
    rc = add_token(c, tail, TOKEN_INDEXES);
    if (rc)
        return rc;
    (*tail)->indexes = arena_try(c->arena, sizeof indexes[0] * count);
    if (!(*tail)->indexes)
        return path_no_memory(c);
    memcpy((*tail)->indexes, indexes, sizeof indexes[0] * count);
    (*tail)->count = count;
    return OK;
}

/* [(@.length-1)]: the one script of Jayway 2.0; an index from the end. */
static enum fault take_script(struct compiler *c, struct token **tail)
{
    static const struct span LENGTH = SPAN_INIT("@.length");
    bool is_there = false;
    int64_t n = 0;
    enum fault rc;

    path_skip_blanks(c);
    if ((size_t)(c->end - c->at) < LENGTH.len || memcmp(c->at, LENGTH.at, LENGTH.len) != 0)
        return path_syntax(c, c->at, "only '@.length' and a number can be computed with");
    c->at += LENGTH.len;
    path_skip_blanks(c);
    if (c->at == c->end || *c->at != '-')
        return path_syntax(c, c->at, "'-' was due");
    rc = take_integer(c, &is_there, &n);
    if (rc)
        return rc;
    if (!is_there || n >= 0 || !path_take(c, ')'))
        return path_syntax(c, c->at, "a number and ')' were due");
    rc = add_token(c, tail, TOKEN_INDEXES);
    if (rc)
        return rc;
    (*tail)->indexes = arena_try(c->arena, sizeof n);
    if (!(*tail)->indexes)
        return path_no_memory(c);
    (*tail)->indexes[0] = n;
    (*tail)->count = 1;
    return OK;
}

static enum fault take_filter(struct compiler *c, struct token **tail)
{
    enum fault rc = add_token(c, tail, TOKEN_FILTER);

    path_skip_blanks(c);
    if (!rc && !path_take(c, '('))
        rc = path_syntax(c, c->at, "'(' was due");
    if (!rc)
        rc = path_enter(c);
    if (rc)
        return rc;
    rc = filter_compile(c, &(*tail)->test);
    c->nesting--;
    if (!rc && !path_take(c, ')'))
        return path_syntax(c, c->at, "')' was due");
    return rc;
}

static enum fault take_bracket(struct compiler *c, struct token **tail)
{
    enum fault rc;

    path_skip_blanks(c);
    if (c->at == c->end)
        return path_syntax(c, c->at, "']' was due");
    if (*c->at == '\'' || *c->at == '"')
        rc = take_names(c, tail);
    else if (path_take(c, '*'))
        rc = add_token(c, tail, TOKEN_WILDCARD);
    else if (path_take(c, '?'))
        rc = take_filter(c, tail);
    else if (path_take(c, '('))
        rc = take_script(c, tail);
    else
        rc = take_indexes(c, tail);
    if (rc)
        return rc;
    path_skip_blanks(c);
    return path_take(c, ']') ? OK : path_syntax(c, c->at, "']' was due");
}

/* --- paths --- */

static enum fault take_token(struct compiler *c, struct token **tail)
{
    enum fault rc;

    if (path_take(c, '.') && path_take(c, '.')) {
        rc = add_token(c, tail, TOKEN_SCAN);
        if (rc)
            return rc;
        path_take(c, '.'); /* $...a is read as $..a */
    }
    if (c->at == c->end)
        return path_syntax(c, c->at, "a path may not end with a dot");
    if (path_take(c, '['))
        return take_bracket(c, tail);
    if (*c->at == '*') {
        c->at++;
        return add_token(c, tail, TOKEN_WILDCARD);
    }
    return take_name(c, tail);
}

static bool is_definite_token(const struct token *token)
{
    switch (token->kind) {
    case TOKEN_NAMES:
        return token->count == 1 || !token->next; /* at the end, several names make one object */
    case TOKEN_INDEXES:
        return token->count == 1;
    case TOKEN_FUNCTION:
        return true;
    case TOKEN_SLICE:
    case TOKEN_WILDCARD:
    case TOKEN_FILTER:
    case TOKEN_SCAN:
        return false;
    }
    return false;
}

/* Says what kind of path it is, and refuses what no version of the library knows. */
static enum fault finish(struct compiler *c, struct jsonpath *path)
{
    bool has_scan = false;

    path->is_definite = true;
    for (struct token *t = path->first; t; t = t->next) {
        path->is_definite = path->is_definite && is_definite_token(t);
        has_scan = has_scan || t->kind == TOKEN_SCAN;
        if (t->kind == TOKEN_FUNCTION && t->next)
            return path_syntax(c, c->at, "a function must stand at the end");
        if (t->kind == TOKEN_SCAN && (!t->next || t->next->kind >= TOKEN_SCAN))
            return path_syntax(c, c->at, "'..' needs something to look for");
        if (t->next && t->next->kind == TOKEN_FUNCTION && !t->next->next && has_scan) {
            path->gather = t->next;
            path->is_definite = true;
            t->next = NULL;
        }
    }
    return OK;
}

static bool goes_on(const struct compiler *c)
{
    if (c->at == c->end)
        return false;
    return c->nesting == 0 || *c->at == '.' || *c->at == '[';
}

/* Takes the tokens at the cursor: to the end of the text or, nested, as long as they follow. */
static enum fault take_tokens(struct compiler *c, struct jsonpath *path, bool has_scan)
{
    struct token head = {.next = NULL}, *tail = &head;
    enum fault rc = has_scan ? add_token(c, &tail, TOKEN_SCAN) : OK;

    while (!rc && goes_on(c))
        rc = take_token(c, &tail);
    path->first = head.next;
    return rc ? rc : finish(c, path);
}

enum fault path_compile_nested(struct compiler *c, struct jsonpath *path)
{
    return take_tokens(c, path, false);
}

static enum fault compile(struct compiler *c, struct jsonpath *path)
{
    if (c->at == c->end)
        return path_syntax(c, c->at, "it is empty");
    if (path_take(c, '$') || path_take(c, '@')) {
        if (c->at < c->end && *c->at != '.' && *c->at != '[')
            return path_syntax(c, c->at, "'.' or '[' was due");
        return take_tokens(c, path, false);
    }
    /* Jayway puts "$." before it: a.b is $.a.b, and .a is $..a */
    return take_tokens(c, path, path_take(c, '.'));
}

enum fault jsonpath_compile(struct arena *arena, struct span text, enum jsonpath_dialect dialect,
                            struct jsonpath **out, struct problem *why)
{
    struct span trimmed = span_trim(text.at ? text : SPAN(""));
    struct compiler c = {.arena = arena,
                         .why = why,
                         .text = trimmed,
                         .at = trimmed.at,
                         .end = trimmed.at + trimmed.len,
                         .dialect = dialect};
    struct jsonpath *path;
    enum fault rc;

    if (trimmed.len > JSONPATH_LEN_MAX)
        return problem_set(why, FAULT_TOO_LARGE, "JSONPath is over %d bytes", JSONPATH_LEN_MAX);
    path = arena_try_array(arena, 1, sizeof *path);
    if (!path)
        return path_no_memory(&c);
    rc = compile(&c, path);
    path->patterns = c.patterns;
    if (rc) {
        jsonpath_release(path);
        return rc;
    }
    *out = path;
    return OK;
}

void jsonpath_release(struct jsonpath *path)
{
    if (!path)
        return;
    for (struct pattern *p = path->patterns; p; p = p->next)
        regex_free(p->regex);
    path->patterns = NULL;
}

bool jsonpath_is_definite(const struct jsonpath *path)
{
    return path->is_definite;
}
