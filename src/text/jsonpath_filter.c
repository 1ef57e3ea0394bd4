/* Filters of paths: [?(@.a > 1 && (@.b == 'x' || !@.c))].  A comparison with a value that is not
 * there is false, but for != and nin, which are the negations of == and in. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "text/jsonpath_tree.h"

#define MATCH_LIMIT 100000
#define HEAP_LIMIT_KB 1024

enum filter_kind {
    FILTER_OR,
    FILTER_AND,
    FILTER_NOT,
    FILTER_EXISTS,
    FILTER_EQUAL,
    FILTER_NOT_EQUAL,
    FILTER_LESS,
    FILTER_LESS_EQUAL,
    FILTER_GREATER,
    FILTER_GREATER_EQUAL,
    FILTER_MATCHES,
    FILTER_IN,
    FILTER_NOT_IN,
    FILTER_CONTAINS,
    FILTER_SIZE,
    FILTER_EMPTY
};

struct operand {
    struct json_path *path; /* or */
    struct json *literal;
    pcre2_code *regex;
};

struct filter {
    enum filter_kind kind;
    struct filter *a, *b;
    struct operand left, right;
};

struct reader {
    struct arena *arena;
    struct span *in;
    unsigned depth;
    enum fault fault;
};

static struct filter *read_or(struct reader *r);

static void *fail(struct reader *r, enum fault fault)
{
    if (!r->fault)
        r->fault = r->arena->is_over ? FAULT_NO_MEMORY : fault;
    return NULL;
}

static struct filter *filter_new(struct reader *r, enum filter_kind kind)
{
    struct filter *f = arena_try_array(r->arena, 1, sizeof *f);

    if (!f)
        return fail(r, FAULT_NO_MEMORY);
    f->kind = kind;
    return f;
}

static bool take(struct reader *r, const char *word)
{
    struct span s = span_of(word);

    path_skip_blanks(r->in);
    if (!span_starts(*r->in, s))
        return false;
    if (ascii_is_letter(word[0]) && r->in->len > s.len && ascii_is_alnum(r->in->at[s.len]))
        return false;
    *r->in = span_skip(*r->in, s.len);
    return true;
}

/* ---- operands ---------------------------------------------------------------------------------*/

static void *take_memory(size_t size, void *arena)
{
    return arena_try(arena, size);
}

static void leave_memory(void *at, void *arena)
{
    (void)at;
    (void)arena;
}

/* /pattern/ with flags i, m, s, x */
static bool read_regex(struct reader *r, pcre2_code **out)
{
    pcre2_general_context *general =
        pcre2_general_context_create(take_memory, leave_memory, r->arena);
    pcre2_compile_context *context = general ? pcre2_compile_context_create(general) : NULL;
    uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;
    struct span pattern;
    size_t n = 1, offset;
    int error;

    if (!context)
        return fail(r, FAULT_NO_MEMORY), false;
    while (n < r->in->len && r->in->at[n] != '/')
        n += r->in->at[n] == '\\' ? 2 : 1;
    if (n >= r->in->len)
        return fail(r, FAULT_SYNTAX), false;
    pattern = (struct span){r->in->at + 1, n - 1};
    *r->in = span_skip(*r->in, n + 1);
    for (; r->in->len && ascii_is_letter(r->in->at[0]); *r->in = span_skip(*r->in, 1)) {
        const char *flags = "imsx", *flag = strchr(flags, r->in->at[0]);
        static const uint32_t OPTIONS[] = {PCRE2_CASELESS, PCRE2_MULTILINE, PCRE2_DOTALL,
                                           PCRE2_EXTENDED};

        if (!flag)
            return fail(r, FAULT_SYNTAX), false;
        options |= OPTIONS[flag - flags];
    }
    pcre2_set_parens_nest_limit(context, 50);
    *out = pcre2_compile((PCRE2_SPTR)pattern.at, pattern.len, options, &error, &offset, context);
    return *out || (fail(r, FAULT_SYNTAX), false);
}

static struct json *read_scalar(struct reader *r)
{
    struct json *json;
    struct span text;
    size_t n = 0;

    if (r->in->len && (r->in->at[0] == '\'' || r->in->at[0] == '"')) {
        if (!path_take_quoted(r->arena, r->in, &text))
            return fail(r, FAULT_SYNTAX);
        return json_text(r->arena, text);
    }
    while (n < r->in->len && (ascii_is_alnum(r->in->at[n]) || strchr("+-.", r->in->at[n])))
        n++;
    if (n == 0 || json_parse(r->arena, span_first(*r->in, n), &json, NULL))
        return fail(r, FAULT_SYNTAX);
    *r->in = span_skip(*r->in, n);
    return json;
}

static struct json *read_list(struct reader *r)
{
    struct json *list = json_new(r->arena, JSON_ARRAY), *item;

    *r->in = span_skip(*r->in, 1);
    if (take(r, "]"))
        return list;
    do {
        path_skip_blanks(r->in);
        item = read_scalar(r);
        if (!item || !list)
            return fail(r, FAULT_SYNTAX);
        json_append(list, item);
    } while (take(r, ","));
    return take(r, "]") ? list : fail(r, FAULT_SYNTAX);
}

static bool read_operand(struct reader *r, struct operand *out)
{
    char c;

    path_skip_blanks(r->in);
    c = r->in->len ? r->in->at[0] : '\0';
    if (c == '@' || c == '$') {
        enum fault fault = path_parse(r->arena, r->in, true, r->depth, &out->path);

        return fault == OK || (fail(r, fault), false);
    }
    if (c == '/')
        return read_regex(r, &out->regex);
    out->literal = c == '[' ? read_list(r) : read_scalar(r);
    return out->literal || (fail(r, FAULT_SYNTAX), false);
}

/* ---- grammar ----------------------------------------------------------------------------------*/

static const struct {
    const char *word;
    enum filter_kind kind;
} OPERATORS[] = {
    {"==", FILTER_EQUAL},          {"!=", FILTER_NOT_EQUAL}, {"<=", FILTER_LESS_EQUAL},
    {">=", FILTER_GREATER_EQUAL},  {"<", FILTER_LESS},       {">", FILTER_GREATER},
    {"=~", FILTER_MATCHES},        {"in", FILTER_IN},        {"nin", FILTER_NOT_IN},
    {"contains", FILTER_CONTAINS}, {"size", FILTER_SIZE},    {"empty", FILTER_EMPTY},
};

static struct filter *read_comparison(struct reader *r)
{
    struct filter *f = filter_new(r, FILTER_EXISTS);

    if (!f || !read_operand(r, &f->left))
        return NULL;
    for (size_t i = 0; i < COUNT(OPERATORS); i++) {
        if (!take(r, OPERATORS[i].word))
            continue;
        f->kind = OPERATORS[i].kind;
        if (!read_operand(r, &f->right))
            return NULL;
        if ((f->kind == FILTER_MATCHES) != (f->right.regex != NULL) || f->left.regex)
            return fail(r, FAULT_SYNTAX);
        return f;
    }
    return f->left.path ? f : fail(r, FAULT_SYNTAX);
}

static struct filter *read_not(struct reader *r)
{
    struct filter *f;

    if (++r->depth > FILTER_DEPTH_MAX)
        return fail(r, FAULT_TOO_LARGE);
    if (take(r, "!")) {
        f = filter_new(r, FILTER_NOT);
        if (f)
            f->a = read_not(r);
        f = f && f->a ? f : NULL;
    } else if (take(r, "(")) {
        f = read_or(r);
        if (f && !take(r, ")"))
            f = fail(r, FAULT_SYNTAX);
    } else {
        f = read_comparison(r);
    }
    r->depth--;
    return f;
}

#define TERMS_MAX 100

static struct filter *read_chain(struct reader *r, const char *word, enum filter_kind kind,
                                 struct filter *(*read)(struct reader *r))
{
    struct filter *f = read(r), *both;

    for (unsigned n = 0; f && take(r, word); n++) {
        both = filter_new(r, kind);
        if (!both || n >= TERMS_MAX)
            return fail(r, FAULT_TOO_LARGE);
        both->a = f;
        both->b = read(r);
        f = both->b ? both : NULL;
    }
    return f;
}

static struct filter *read_and(struct reader *r)
{
    return read_chain(r, "&&", FILTER_AND, read_not);
}

static struct filter *read_or(struct reader *r)
{
    return read_chain(r, "||", FILTER_OR, read_and);
}

enum fault filter_parse(struct arena *arena, struct span *in, unsigned depth, struct filter **out)
{
    struct reader r = {arena, in, depth, OK};

    if (depth > FILTER_DEPTH_MAX)
        return FAULT_TOO_LARGE;
    if (!take(&r, "?") || !take(&r, "("))
        return FAULT_SYNTAX;
    *out = read_or(&r);
    if (*out && !take(&r, ")"))
        return FAULT_SYNTAX;
    return *out ? OK : r.fault;
}

/* ---- evaluation -------------------------------------------------------------------------------*/

static struct json *operand_value(struct path_search *search, const struct operand *operand,
                                  struct json *value)
{
    if (operand->path)
        return path_evaluate(search, operand->path,
                             operand->path->is_relative ? value : search->root);
    return operand->literal;
}

/* Whether two values have an order, and which. */
static bool compare(const struct json *a, const struct json *b, int *order)
{
    double x, y;

    if (json_is(a, JSON_NUMBER) && json_is(b, JSON_NUMBER) && json_double(a, &x) &&
        json_double(b, &y)) {
        *order = (x > y) - (x < y);
        return true;
    }
    if (!json_is(a, JSON_STRING) || !json_is(b, JSON_STRING))
        return false;
    *order = span_compare(a->text, b->text);
    return true;
}

static bool matches(struct path_search *search, const struct json *value, pcre2_code *regex)
{
    pcre2_general_context *general =
        pcre2_general_context_create(take_memory, leave_memory, search->arena);
    pcre2_match_context *limits = general ? pcre2_match_context_create(general) : NULL;
    pcre2_match_data *match = general ? pcre2_match_data_create(1, general) : NULL;
    int rc;

    if (!json_is(value, JSON_STRING) || !utf8_is_valid(value->text))
        return false;
    if (!limits || !match) {
        search->fault = FAULT_NO_MEMORY;
        return false;
    }
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    pcre2_set_heap_limit(limits, HEAP_LIMIT_KB);
    rc = pcre2_match(regex, (PCRE2_SPTR)(value->text.len ? value->text.at : ""), value->text.len, 0,
                     PCRE2_ANCHORED | PCRE2_ENDANCHORED, match, limits);
    if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
        search->fault = search->arena->is_over ? FAULT_NO_MEMORY : FAULT_TOO_LARGE;
    search->budget -= search->budget > 100 ? 100 : search->budget;
    return rc >= 0;
}

static bool holds(struct path_search *search, const struct json *list, const struct json *value)
{
    if (!json_is(list, JSON_ARRAY) || !value)
        return false;
    for (const struct json *j = list->first; j; j = j->next) {
        if (search->budget == 0) {
            search->fault = FAULT_TOO_LARGE;
            return false;
        }
        search->budget--;
        if (json_equal(j, value))
            return true;
    }
    return false;
}

static bool contains(struct path_search *search, const struct json *a, const struct json *b)
{
    if (json_is(a, JSON_STRING) && json_is(b, JSON_STRING))
        return b->text.len == 0 || span_search(a->text, b->text) < a->text.len;
    return holds(search, a, b);
}

static int64_t size_of(const struct json *value)
{
    return json_is(value, JSON_STRING) ? (int64_t)value->text.len : value->count;
}

static bool compare_values(struct path_search *search, const struct filter *f, const struct json *a,
                           const struct json *b)
{
    int64_t n;
    int order;

    switch (f->kind) {
    case FILTER_EQUAL:
        return a && b && json_equal(a, b);
    case FILTER_NOT_EQUAL:
        return !(a && b && json_equal(a, b));
    case FILTER_LESS:
        return compare(a, b, &order) && order < 0;
    case FILTER_LESS_EQUAL:
        return compare(a, b, &order) && order <= 0;
    case FILTER_GREATER:
        return compare(a, b, &order) && order > 0;
    case FILTER_GREATER_EQUAL:
        return compare(a, b, &order) && order >= 0;
    case FILTER_MATCHES:
        return matches(search, a, f->right.regex);
    case FILTER_IN:
        return holds(search, b, a);
    case FILTER_NOT_IN:
        return !holds(search, b, a);
    case FILTER_CONTAINS:
        return contains(search, a, b);
    case FILTER_SIZE:
        return a && json_int(b, &n) && size_of(a) == n;
    case FILTER_EMPTY:
        return a && json_is_true(b) == (size_of(a) == 0);
    case FILTER_EXISTS:
    case FILTER_OR:
    case FILTER_AND:
    case FILTER_NOT:
        break;
    }
    return false;
}

bool filter_accepts(struct path_search *search, const struct filter *f, struct json *value)
{
    const struct json *a, *b;

    if (search->budget == 0)
        search->fault = FAULT_TOO_LARGE;
    if (search->fault)
        return false;
    search->budget--;
    if (f->kind == FILTER_NOT)
        return !filter_accepts(search, f->a, value);
    if (f->kind == FILTER_AND)
        return filter_accepts(search, f->a, value) && filter_accepts(search, f->b, value);
    if (f->kind == FILTER_OR)
        return filter_accepts(search, f->a, value) || filter_accepts(search, f->b, value);
    a = operand_value(search, &f->left, value);
    if (f->kind == FILTER_EXISTS) /* an indefinite path exists when it finds something */
        return a && (f->left.path->is_definite || a->count > 0);
    b = operand_value(search, &f->right, value);
    return compare_values(search, f, a, b);
}
