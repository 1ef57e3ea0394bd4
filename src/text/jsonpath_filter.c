/* Reads the filters of a JSONPath into a tree of tests.  Grammar, with the usual precedence (which
 * Jayway 2.0 did not have: it read from left to right and ignored parentheses):
 *
 *   or      = and *( "||" and )
 *   and     = unary *( "&&" unary )
 *   unary   = "!" unary / "(" or ")" / test
 *   test    = path / operand operator operand
 *   operand = path / text / number / true / false / null / array / object / "/" regex "/" flags */
#include "base/ascii.h"
#include "text/jsonpath_program.h"

#define VALUES_MAX 1000 /* in one array that a filter spells out */

static enum fault take_or(struct compiler *c, struct test **out);
static enum fault take_value(struct compiler *c, struct json **out);

static const struct {
    const char *sign;
    enum test_kind kind;
} OPERATORS[] = {
    {"===", TEST_SAME},         {"!==", TEST_OTHER},
    {"==", TEST_EQUAL},         {"!=", TEST_UNEQUAL},
    {"=~", TEST_MATCHES},       {"<=", TEST_LESS_EQUAL},
    {">=", TEST_GREATER_EQUAL}, {"<", TEST_LESS},
    {">", TEST_GREATER},        {"in", TEST_IN},
    {"nin", TEST_NOT_IN},       {"contains", TEST_CONTAINS},
    {"all", TEST_ALL},          {"size", TEST_SIZE},
    {"empty", TEST_EMPTY},      {"subsetof", TEST_SUBSET},
    {"anyof", TEST_ANY},        {"noneof", TEST_NONE},
};

static struct test *new_test(struct compiler *c, enum test_kind kind)
{
    struct test *test = arena_try_array(c->arena, 1, sizeof *test);

    if (test)
        test->kind = kind;
    return test;
}

/* --- operands --- */

static enum fault take_path(struct compiler *c, struct operand *out)
{
    enum fault rc = path_enter(c);

    if (rc)
        return rc;
    out->kind = *c->at++ == '$' ? OPERAND_ROOT_PATH : OPERAND_PATH;
    out->path = arena_try_array(c->arena, 1, sizeof *out->path);
    rc = out->path ? path_compile_nested(c, out->path) : path_no_memory(c);
    c->nesting--;
    return rc;
}

static unsigned take_flags(struct compiler *c)
{
    unsigned flags = 0;

    for (; c->at < c->end && ascii_is_letter(*c->at); c->at++) {
        switch (*c->at) {
        case 'i':
            flags |= REGEX_NO_CASE;
            break;
        case 'm':
            flags |= REGEX_LINES;
            break;
        case 's':
            flags |= REGEX_DOT_ALL;
            break;
        case 'x':
            flags |= REGEX_COMMENTS;
            break;
        default: /* d, u, U say nothing here: \n ends lines, and texts are Unicode anyhow */
            break;
        }
    }
    return flags;
}

static enum fault take_regex(struct compiler *c, struct operand *out)
{
    const char *start = c->at + 1, *stop = start;
    struct pattern *pattern = arena_try_array(c->arena, 1, sizeof *pattern);
    enum fault rc;

    if (!pattern)
        return path_no_memory(c);
    while (stop < c->end && *stop != '/')
        stop += *stop == '\\' && stop + 1 < c->end ? 2 : 1;
    if (stop >= c->end)
        return path_syntax(c, c->at, "regular expression without closing '/'");
    c->at = stop + 1;
    rc = regex_new_with(span_make(start, (size_t)(stop - start)), take_flags(c), &pattern->regex,
                        c->why);
    if (rc)
        return rc;
    pattern->next = c->patterns;
    c->patterns = pattern;
    out->kind = OPERAND_PATTERN;
    out->regex = pattern->regex;
    return OK;
}

/* Takes an object, which is plain JSON. */
static enum fault take_object(struct compiler *c, struct json **out)
{
    const char *start = c->at;
    unsigned depth = 0;
    bool is_text = false;

    for (; c->at < c->end; c->at++) {
        if (is_text && *c->at == '\\' && c->at + 1 < c->end)
            c->at++;
        else if (*c->at == '"')
            is_text = !is_text;
        else if (!is_text && *c->at == '{')
            depth++;
        else if (!is_text && *c->at == '}' && --depth == 0)
            break;
    }
    if (c->at == c->end)
        return path_syntax(c, start, "object without end");
    c->at++;
    return json_parse(c->arena, span_make(start, (size_t)(c->at - start)), out, c->why);
}

/* Takes an array, whose texts may stand in single quotes. */
static enum fault take_array(struct compiler *c, struct json **out)
{
    struct json *array = json_new(c->arena, JSON_ARRAY), *element = NULL;
    enum fault rc = array ? path_enter(c) : path_no_memory(c);

    if (rc)
        return rc;
    c->at++;
    for (path_skip_blanks(c); !rc && !path_take(c, ']'); path_skip_blanks(c)) {
        if (array->count > 0 && !path_take(c, ','))
            return path_syntax(c, c->at, "',' or ']' was due");
        if (array->count == VALUES_MAX)
            return path_syntax(c, c->at, "too many values");
        path_skip_blanks(c);
        rc = take_value(c, &element);
        if (!rc)
            json_append(array, element);
    }
    c->nesting--;
    *out = array;
    return rc;
}

/* Takes a number or one of the three words. */
static enum fault take_plain(struct compiler *c, struct json **out)
{
    const char *start = c->at;
    struct span text;

    while (c->at < c->end && (ascii_is_alnum(*c->at) || memchr("+-.", *c->at, 3)))
        c->at++;
    text = span_make(start, (size_t)(c->at - start));
    if (text.len == 0 || json_parse(c->arena, text, out, NULL) != OK)
        return path_syntax(c, start, "a value was due");
    return OK;
}

/* Takes a value that is spelled out. */
static enum fault take_value(struct compiler *c, struct json **out)
{
    struct span text;
    enum fault rc;

    if (c->at == c->end)
        return path_syntax(c, c->at, "a value was due");
    switch (*c->at) {
    case '\'':
    case '"':
        rc = path_take_quoted(c, &text);
        if (rc)
            return rc;
        *out = json_text(c->arena, text);
        return *out ? OK : path_no_memory(c);
    case '[':
        return take_array(c, out);
    case '{':
        return take_object(c, out);
    default:
        return take_plain(c, out);
    }
}

enum fault filter_operand(struct compiler *c, struct operand *out)
{
    struct json *value = NULL;
    enum fault rc;

    *out = (struct operand){.kind = OPERAND_VALUE};
    if (c->at < c->end && (*c->at == '@' || *c->at == '$'))
        return take_path(c, out);
    if (c->at < c->end && *c->at == '/')
        return take_regex(c, out);
    rc = take_value(c, &value);
    out->value = value;
    return rc;
}

/* --- tests --- */

/* Takes an operator, if one is there. */
static bool take_operator(struct compiler *c, enum test_kind *kind)
{
    struct span rest = span_make(c->at, (size_t)(c->end - c->at));
    size_t word = 0;

    while (word < rest.len && ascii_is_letter(rest.at[word]))
        word++;
    for (size_t i = 0; i < COUNT(OPERATORS); i++) {
        struct span sign = span_of(OPERATORS[i].sign);
        bool is_there =
            word > 0 ? span_equal_nocase(span_first(rest, word), sign) : span_starts(rest, sign);

        if (is_there) {
            c->at += sign.len;
            *kind = OPERATORS[i].kind;
            return true;
        }
    }
    return false;
}

static bool is_path(const struct operand *operand)
{
    return operand->kind == OPERAND_PATH || operand->kind == OPERAND_ROOT_PATH;
}

static enum fault take_test(struct compiler *c, struct test **out)
{
    const char *start = c->at;
    struct test *test = new_test(c, TEST_EXISTS);
    enum fault rc = test ? filter_operand(c, &test->left) : path_no_memory(c);

    if (rc)
        return rc;
    *out = test;
    path_skip_blanks(c);
    if (!take_operator(c, &test->kind)) {
        if (is_path(&test->left))
            return OK;
        return path_syntax(c, start, "an operator was due after this value");
    }
    path_skip_blanks(c);
    rc = filter_operand(c, &test->right);
    if (rc)
        return rc;
    if (test->left.kind == OPERAND_PATTERN ||
        (test->right.kind == OPERAND_PATTERN) != (test->kind == TEST_MATCHES))
        return path_syntax(c, start, "a regular expression stands on the right of '=~'");
    return OK;
}

static enum fault take_unary(struct compiler *c, struct test **out)
{
    struct test *test;
    enum fault rc = path_enter(c);

    if (rc)
        return rc;
    path_skip_blanks(c);
    if (path_take(c, '!')) {
        test = new_test(c, TEST_NOT);
        *out = test;
        rc = test ? take_unary(c, &test->a) : path_no_memory(c);
    } else if (path_take(c, '(')) {
        rc = take_or(c, out);
        if (!rc && !path_take(c, ')'))
            rc = path_syntax(c, c->at, "')' was due");
    } else {
        rc = take_test(c, out);
    }
    c->nesting--;
    path_skip_blanks(c);
    return rc;
}

static bool take_pair(struct compiler *c, char sign)
{
    if (c->end - c->at < 2 || c->at[0] != sign || c->at[1] != sign)
        return false;
    c->at += 2;
    return true;
}

/* Takes operands that are joined by a doubled sign. */
static enum fault take_junction(struct compiler *c, char sign, enum test_kind kind,
                                enum fault (*take)(struct compiler *, struct test **),
                                struct test **out)
{
    enum fault rc = take(c, out);
    unsigned count = 0;

    while (!rc && take_pair(c, sign)) {
        struct test *test = new_test(c, kind);

        if (!test)
            return path_no_memory(c);
        if (++count > JSONPATH_TOKENS_MAX)
            return path_syntax(c, c->at, "too many conditions");
        test->a = *out; /* leans to the left, so that a long chain nests there */
        *out = test;
        rc = take(c, &test->b);
    }
    return rc;
}

static enum fault take_and(struct compiler *c, struct test **out)
{
    return take_junction(c, '&', TEST_AND, take_unary, out);
}

static enum fault take_or(struct compiler *c, struct test **out)
{
    return take_junction(c, '|', TEST_OR, take_and, out);
}

enum fault filter_compile(struct compiler *c, struct test **out)
{
    enum fault rc = take_or(c, out);

    path_skip_blanks(c);
    return rc;
}
