/* References and expressions of templates, by recursive descent over the characters.
 *
 * Velocity's lexer has states and prefers the longest token; where that shows, it is followed here:
 * "-3" is a number wherever it stands, so that "5 -3" is an error, and an identifier may hold a
 * hyphen.  Parameters of methods, items of lists and indexes have no operators. */
#include "base/ascii.h"
#include "base/number.h"
#include "base/utf8.h"
#include "vtl/method.h"
#include "vtl/parser.h"

static struct expression *parse_parameter(struct parser *p);

bool is_identifier_start(char c)
{
    return ascii_is_letter(c) || c == '_';
}

bool is_identifier_char(char c)
{
    return ascii_is_alnum(c) || c == '_' || c == '-';
}

bool is_word_start(char c)
{
    return ascii_is_letter(c) || c == '_' || c == '@';
}

bool is_word_char(char c)
{
    return ascii_is_alnum(c) || c == '_' || c == '@';
}

void skip_blanks(struct parser *p)
{
    while (p->pos < p->text.len && ascii_is_blank(p->text.at[p->pos]))
        p->pos++;
}

void skip_line_end(struct parser *p)
{
    size_t n = 0;

    while (parse_peek(p, n) == ' ' || parse_peek(p, n) == '\t')
        n++;
    if (parse_peek(p, n) == '\r' && parse_peek(p, n + 1) == '\n')
        p->pos += n + 2;
    else if (parse_peek(p, n) == '\r' || parse_peek(p, n) == '\n')
        p->pos += n + 1;
}

static struct expression *expression_new(struct parser *p, enum expression_kind kind, size_t pos)
{
    struct expression *e = parse_new(p, sizeof *e);

    if (!e)
        return NULL;
    e->kind = kind;
    e->offset = parse_offset(p, pos);
    return e;
}

static void *fail(struct parser *p, size_t pos, const char *words)
{
    parse_fail(p, pos, FAULT_SYNTAX, words);
    return NULL;
}

/* ---- literals ---------------------------------------------------------------------------------*/

/* The end of the string literal at pos, behind its quote; 0 when it has none.  A doubled quote
 * belongs to the text, unless no quote follows any more. */
static size_t string_end(const struct parser *p)
{
    char quote = parse_peek(p, 0);
    size_t end = 0, i = p->pos + 1;

    for (; i < p->text.len; i++) {
        if (p->text.at[i] != quote)
            continue;
        end = i + 1;
        if (i + 1 >= p->text.len || p->text.at[i + 1] != quote)
            break;
        i++;
    }
    return end;
}

/* The four hexadecimal digits of \uXXXX at `s`. */
static bool take_unicode(struct span s, uint32_t *unit)
{
    uint64_t value;

    if (s.len < 6 || s.at[0] != '\\' || s.at[1] != 'u' ||
        !number_hex((struct span){s.at + 2, 4}, &value))
        return false;
    *unit = (uint32_t)value;
    return true;
}

static size_t put_unicode(struct span s, char *out, size_t *taken)
{
    uint32_t unit, low;

    if (!take_unicode(s, &unit))
        return 0;
    *taken = 6;
    if (unit >= 0xD800 && unit < 0xDC00 && take_unicode(span_skip(s, 6), &low) && low >= 0xDC00 &&
        low < 0xE000) {
        *taken = 12;
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    if (unit >= 0xD800 && unit < 0xE000)
        unit = '?'; /* half a pair, as Java writes it */
    return utf8_put(unit, out);
}

/* The text between the quotes, doubled quotes undone, \uXXXX decoded in double quotes only, and a
 * blank added at the end when `with_blank`. */
static struct span string_image(struct parser *p, struct span s, char quote, bool with_blank)
{
    char *out = arena_try(p->arena, s.len + 2);
    size_t n = 0, taken, put;

    if (!out)
        return (struct span){NULL, 0};
    for (size_t i = 0; i < s.len; i += taken) {
        taken = 1;
        put = quote == '"' ? put_unicode(span_skip(s, i), out + n, &taken) : 0;
        n += put;
        if (put)
            continue;
        out[n++] = s.at[i];
        if (s.at[i] == quote && i + 1 < s.len && s.at[i + 1] == quote)
            taken = 2;
    }
    if (with_blank)
        out[n++] = ' ';
    return (struct span){out, n};
}

static bool parse_interpolated(struct parser *p, struct expression *e, struct span image)
{
    struct parser inner = *p;

    inner.text = image;
    inner.pos = 0;
    inner.is_nested = true;
    inner.origin = e->offset;
    if (parse_enter(&inner) && parse_nested(&inner, &e->interpolated.block))
        return true;
    p->fault = inner.fault;
    return false;
}

/* Velocity adds a blank to an interpolated text and drops one character of the result, unless the
 * text has a line comment. */
static struct expression *parse_string(struct parser *p)
{
    size_t from = p->pos, end = string_end(p);
    char quote = parse_peek(p, 0);
    struct expression *e;
    struct span raw, image;
    bool is_active, has_blank;

    if (end == 0)
        return fail(p, from, "string has no closing quote");
    raw = (struct span){p->text.at + from + 1, end - from - 2};
    is_active = quote == '"' && (span_find(raw, '$') < raw.len || span_find(raw, '#') < raw.len);
    has_blank = is_active && span_search(raw, SPAN("##")) == raw.len;
    image = string_image(p, raw, quote, has_blank);
    e = expression_new(p, EXPRESSION_CONSTANT, from);
    if (!e || !image.at) {
        parse_fail(p, from, FAULT_NO_MEMORY, "no memory");
        return NULL;
    }
    p->pos = end;
    if (!is_active) {
        e->constant = vtl_text(image);
        return e;
    }
    e->kind = EXPRESSION_INTERPOLATED;
    e->interpolated.has_blank = has_blank;
    return parse_interpolated(p, e, image) ? e : NULL;
}

static size_t count_digits(const struct parser *p, size_t n)
{
    size_t from = n;

    while (ascii_is_digit(parse_peek(p, n)))
        n++;
    return n - from;
}

/* The length of an exponent at n, or 0. */
static size_t exponent_len(const struct parser *p, size_t n)
{
    size_t len = 1;

    if (parse_peek(p, n) != 'e' && parse_peek(p, n) != 'E')
        return 0;
    if (parse_peek(p, n + 1) == '+' || parse_peek(p, n + 1) == '-')
        len++;
    return count_digits(p, n + len) ? len + count_digits(p, n + len) : 0;
}

static bool is_number(const struct parser *p)
{
    size_t n = parse_peek(p, 0) == '-';

    return ascii_is_digit(parse_peek(p, n)) ||
           (parse_peek(p, n) == '.' && ascii_is_digit(parse_peek(p, n + 1)));
}

/* The length of the number at pos; whether it is a fraction. */
static size_t number_len(const struct parser *p, bool *is_fraction)
{
    size_t n = parse_peek(p, 0) == '-';

    n += count_digits(p, n);
    *is_fraction = false;
    if (parse_peek(p, n) == '.' && parse_peek(p, n + 1) != '.') {
        *is_fraction = true;
        n += 1 + count_digits(p, n + 1);
    }
    if (exponent_len(p, n)) {
        *is_fraction = true;
        n += exponent_len(p, n);
    }
    return n;
}

#define NUMBER_MAX 400 /* characters of a literal */

static bool read_fraction(struct span text, double *out)
{
    char copy[NUMBER_MAX + 4];
    size_t n = 0, i = 0;

    /* "1." and ".5" are written in full for the strict reader */
    if (text.at[i] == '-')
        copy[n++] = text.at[i++];
    while (i + 1 < text.len && text.at[i] == '0' && ascii_is_digit(text.at[i + 1]))
        i++;
    if (text.at[i] == '.')
        copy[n++] = '0';
    for (; i < text.len; i++) {
        copy[n++] = text.at[i];
        if (text.at[i] == '.' && (i + 1 == text.len || !ascii_is_digit(text.at[i + 1])))
            copy[n++] = '0';
    }
    return number_double((struct span){copy, n}, out);
}

static struct expression *parse_number(struct parser *p)
{
    struct expression *e = expression_new(p, EXPRESSION_CONSTANT, p->pos);
    bool is_fraction;
    size_t len = number_len(p, &is_fraction);
    struct span text = {p->text.at + p->pos, len};
    int64_t whole;

    if (!e)
        return NULL;
    if (len > NUMBER_MAX)
        return fail(p, p->pos, "number is too long");
    p->pos += len;
    if (is_fraction) {
        e->constant.type = VTL_DOUBLE;
        if (!read_fraction(text, &e->constant.real))
            return fail(p, p->pos - len, "number is out of range");
    } else if (number_i64(text, &whole)) {
        e->constant = vtl_number(whole);
    } else {
        e->constant = vtl_text(text);
        e->constant.type = VTL_BIG;
    }
    return e;
}

/* ---- lists and maps ---------------------------------------------------------------------------*/

/* Takes "[" item "," item "]" or a range "[" a ".." b "]". */
static struct expression *parse_list(struct parser *p)
{
    struct expression *e = expression_new(p, EXPRESSION_LIST, p->pos), **tail;
    struct expression *item;

    if (!e)
        return NULL;
    p->pos++;
    tail = &e->items.first;
    skip_blanks(p);
    if (parse_peek(p, 0) == ']') {
        p->pos++;
        return e;
    }
    for (;;) {
        item = parse_parameter(p);
        if (!item)
            return NULL;
        if (e->items.count == 0 && parse_peek(p, 0) == '.' && parse_peek(p, 1) == '.') {
            p->pos += 2;
            e->kind = EXPRESSION_RANGE;
            e->both.left = item;
            e->both.right = parse_parameter(p);
            if (!e->both.right)
                return NULL;
            break;
        }
        *tail = item;
        tail = &item->next;
        e->items.count++;
        if (parse_peek(p, 0) != ',')
            break;
        p->pos++;
    }
    if (parse_peek(p, 0) != ']')
        return fail(p, p->pos, "expected ',' or ']' in a list");
    p->pos++;
    return e;
}

static struct expression *parse_map(struct parser *p)
{
    struct expression *e = expression_new(p, EXPRESSION_MAP, p->pos), **tail;

    if (!e)
        return NULL;
    p->pos++;
    tail = &e->items.first;
    skip_blanks(p);
    while (parse_peek(p, 0) != '}' || e->items.count) {
        for (int half = 0; half < 2; half++) {
            *tail = parse_parameter(p);
            if (!*tail)
                return NULL;
            tail = &(*tail)->next;
            if (half == 0 && parse_peek(p, 0) != ':')
                return fail(p, p->pos, "expected ':' in a map");
            p->pos += half == 0;
        }
        e->items.count++;
        if (parse_peek(p, 0) != ',')
            break;
        p->pos++;
    }
    if (parse_peek(p, 0) != '}')
        return fail(p, p->pos, "expected ',' or '}' in a map");
    p->pos++;
    return e;
}

/* ---- references -------------------------------------------------------------------------------*/

bool is_reference(const struct parser *p)
{
    size_t n = 1 + (parse_peek(p, 1) == '!');

    n += parse_peek(p, n) == '{';
    return is_identifier_start(parse_peek(p, n));
}

static struct span take_identifier(struct parser *p)
{
    size_t from = p->pos;

    while (is_identifier_char(parse_peek(p, 0)))
        p->pos++;
    return (struct span){p->text.at + from, p->pos - from};
}

static bool parse_index(struct parser *p, struct access *access)
{
    char c;

    p->pos++;
    skip_blanks(p);
    c = parse_peek(p, 0);
    if (c == '[' || c == '{' || is_word_start(c)) {
        struct span word = take_identifier(p);

        if (!span_is(word, "true") && !span_is(word, "false"))
            return parse_fail(p, p->pos, FAULT_SYNTAX, "bad index");
        p->pos -= word.len;
    }
    access->kind = ACCESS_INDEX;
    access->count = 1;
    access->arguments = parse_parameter(p);
    if (!access->arguments)
        return false;
    if (parse_peek(p, 0) != ']')
        return parse_fail(p, p->pos, FAULT_SYNTAX, "expected ']' after an index");
    p->pos++;
    return true;
}

static bool parse_arguments(struct parser *p, struct access *access)
{
    struct expression **tail = &access->arguments;

    access->kind = ACCESS_METHOD;
    p->pos++;
    skip_blanks(p);
    while (parse_peek(p, 0) != ')' || access->count) {
        *tail = parse_parameter(p);
        if (!*tail)
            return false;
        tail = &(*tail)->next;
        access->count++;
        if (parse_peek(p, 0) != ',')
            break;
        p->pos++;
    }
    if (parse_peek(p, 0) != ')')
        return parse_fail(p, p->pos, FAULT_SYNTAX, "expected ',' or ')' after an argument");
    p->pos++;
    return true;
}

static struct access *parse_access(struct parser *p)
{
    struct access *access = parse_new(p, sizeof *access);

    if (!access)
        return NULL;
    if (parse_peek(p, 0) == '[')
        return parse_index(p, access) ? access : NULL;
    p->pos++;
    access->kind = ACCESS_PROPERTY;
    access->name = take_identifier(p);
    access->hash = vtl_hash_text(access->name);
    if (parse_peek(p, 0) == '(') {
        if (!parse_arguments(p, access))
            return NULL;
        for (unsigned i = 0; i < VTL_RECEIVERS; i++)
            access->methods[i] = method_find((enum receiver)i, access->name, access->count);
    }
    return access;
}

static bool is_access(const struct parser *p)
{
    return parse_peek(p, 0) == '[' ||
           (parse_peek(p, 0) == '.' && ascii_is_letter(parse_peek(p, 1)));
}

struct reference *parse_reference(struct parser *p)
{
    struct reference *r = parse_new(p, sizeof *r);
    struct access **tail;
    size_t from = p->pos;
    bool is_formal;

    if (!r || !parse_enter(p))
        return NULL;
    p->pos += parse_peek(p, 1) == '!' ? 2 : 1;
    is_formal = parse_peek(p, 0) == '{';
    p->pos += is_formal;
    r->slot = names_slot(&p->template->names, p->arena, take_identifier(p));
    if (r->slot == UINT32_MAX) {
        parse_fail(p, from, FAULT_NO_MEMORY, "no memory");
        return NULL;
    }
    for (tail = &r->first; is_access(p); tail = &(*tail)->next) {
        *tail = parse_access(p);
        if (!*tail)
            return NULL;
    }
    if (is_formal && parse_peek(p, 0) != '}')
        return fail(p, p->pos, "expected '}' after a reference");
    p->pos += is_formal;
    p->depth--;
    r->offset = parse_offset(p, from);
    r->len = p->is_nested ? 0 : (uint32_t)(p->pos - from);
    return r;
}

/* ---- operands ---------------------------------------------------------------------------------*/

static struct expression *parse_word(struct parser *p)
{
    size_t from = p->pos;
    struct expression *e = expression_new(p, EXPRESSION_WORD, from);
    struct span word;

    if (!e)
        return NULL;
    while (is_word_char(parse_peek(p, 0)))
        p->pos++;
    word = (struct span){p->text.at + from, p->pos - from};
    e->constant = vtl_text(word);
    if (span_is(word, "true") || span_is(word, "false")) {
        e->kind = EXPRESSION_TRUTH;
        e->constant = vtl_bool(word.len == 4);
    }
    return e;
}

/* A string, number, reference, list, range, map or word. */
static struct expression *parse_operand(struct parser *p)
{
    struct expression *e = NULL;
    char c = parse_peek(p, 0);

    if (!parse_enter(p))
        return NULL;
    if (c == '"' || c == '\'') {
        e = parse_string(p);
    } else if (c == '$' && is_reference(p)) {
        e = expression_new(p, EXPRESSION_REFERENCE, p->pos);
        if (e)
            e->reference = parse_reference(p);
        if (e && !e->reference)
            e = NULL;
    } else if (is_number(p)) {
        e = parse_number(p);
    } else if (c == '[') {
        e = parse_list(p);
    } else if (c == '{') {
        e = parse_map(p);
    } else if (is_word_start(c)) {
        e = parse_word(p);
    } else {
        parse_fail(p, p->pos, FAULT_SYNTAX,
                   p->pos < p->text.len ? "expected a value"
                                        : "template ends within an expression");
    }
    p->depth--;
    return e;
}

/* A parameter of a method, an item or an index: a bare word is a reference without '$', which has
 * no value. */
static struct expression *parse_parameter(struct parser *p)
{
    struct expression *e;

    skip_blanks(p);
    e = parse_operand(p);
    if (e && e->kind == EXPRESSION_WORD)
        e->kind = EXPRESSION_MISSING;
    skip_blanks(p);
    return e;
}

struct expression *parse_directive_argument(struct parser *p)
{
    return parse_operand(p);
}

/* ---- operators --------------------------------------------------------------------------------*/

#define TERMS_MAX 500 /* of one level: evaluation goes as deep */

static const struct operator
{
    const char *sign;
    const char *word;
    enum expression_kind kind;
    unsigned level;
}
OPERATORS[] = {
    /* longer signs first */
    {"||", "or", EXPRESSION_OR, 0},         {"&&", "and", EXPRESSION_AND, 1},
    {"==", "eq", EXPRESSION_EQUAL, 2},      {"!=", "ne", EXPRESSION_NOT_EQUAL, 2},
    {"<=", "le", EXPRESSION_LESS_EQUAL, 3}, {">=", "ge", EXPRESSION_GREATER_EQUAL, 3},
    {"<", "lt", EXPRESSION_LESS, 3},        {">", "gt", EXPRESSION_GREATER, 3},
    {"+", NULL, EXPRESSION_ADD, 4},         {"-", NULL, EXPRESSION_SUBTRACT, 4},
    {"*", NULL, EXPRESSION_MULTIPLY, 5},    {"/", NULL, EXPRESSION_DIVIDE, 5},
    {"%", NULL, EXPRESSION_MODULO, 5},
};

static bool is_next_word(const struct parser *p, const char *word)
{
    size_t len = strlen(word);

    return span_starts(span_skip(p->text, p->pos), (struct span){word, len}) &&
           !is_word_char(parse_peek(p, len));
}

/* The operator at pos and its length. */
static const struct operator* next_operator(const struct parser *p, size_t *len)
{
    struct span rest = span_skip(p->text, p->pos);

    if (is_number(p))
        return NULL;
    for (size_t i = 0; i < COUNT(OPERATORS); i++) {
        *len = strlen(OPERATORS[i].sign);
        if (span_starts(rest, (struct span){OPERATORS[i].sign, *len}))
            return &OPERATORS[i];
        if (OPERATORS[i].word && is_next_word(p, OPERATORS[i].word)) {
            *len = strlen(OPERATORS[i].word);
            return &OPERATORS[i];
        }
    }
    return NULL;
}

static struct expression *parse_unary(struct parser *p)
{
    struct expression *e;
    size_t from;

    if (!parse_enter(p))
        return NULL;
    skip_blanks(p);
    from = p->pos;
    if (parse_peek(p, 0) == '!' || is_next_word(p, "not")) {
        e = expression_new(p, EXPRESSION_NOT, from);
        p->pos += parse_peek(p, 0) == '!' ? 1 : 3;
        if (e)
            e->both.left = parse_unary(p);
        if (e && !e->both.left)
            e = NULL;
    } else if (parse_peek(p, 0) == '(') {
        p->pos++;
        e = parse_expression(p);
        if (e && !parse_close(p))
            e = NULL;
    } else {
        e = parse_operand(p);
        if (e && e->kind == EXPRESSION_WORD)
            e = fail(p, from, "a bare word is no value");
    }
    skip_blanks(p);
    p->depth--;
    return e;
}

static struct expression *parse_binary(struct parser *p, unsigned level)
{
    struct expression *left = parse_unary(p), *both;
    const struct operator* op;
    unsigned terms = 0;
    size_t len;

    while (left && (op = next_operator(p, &len)) != NULL && op->level >= level) {
        both = expression_new(p, op->kind, p->pos);
        if (!both || !parse_enter(p))
            return NULL;
        if (++terms > TERMS_MAX)
            return fail(p, p->pos, "expression has too many terms");
        p->pos += len;
        both->both.left = left;
        both->both.right = parse_binary(p, op->level + 1);
        p->depth--;
        left = both->both.right ? both : NULL;
    }
    return left;
}

struct expression *parse_expression(struct parser *p)
{
    return parse_binary(p, 0);
}

bool parse_close(struct parser *p)
{
    if (parse_peek(p, 0) != ')')
        return parse_fail(p, p->pos, FAULT_SYNTAX,
                          p->pos < p->text.len ? "expected ')'" : "template ends before ')'");
    p->pos++;
    skip_line_end(p);
    return true;
}
