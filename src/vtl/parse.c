/* Text and directives of templates.
 *
 * The whitespace that directives eat is a property of Velocity's tokens: ")" and "#end" take the
 * rest of their line when it is blank; #set also takes blanks before it, but only where a token
 * begins, which is why the loop below looks for it before it takes text.  Backslashes count only in
 * front of a reference or of a directive that exists. */
#include "base/ascii.h"
#include "vtl/parser.h"

/* What ended a block. */
enum block_end { END_FAILED, END_OF_TEXT, END_END, END_ELSE, END_ELSEIF };

static enum block_end parse_block(struct parser *p, struct block *block);

bool parse_fail(struct parser *p, size_t pos, enum fault fault, const char *words)
{
    struct span text = p->template->text;

    if (!p->fault)
        p->fault = problem_at(p->why, fault, text.at, text.len, parse_offset(p, pos), "%s", words);
    return false;
}

uint32_t parse_offset(const struct parser *p, size_t pos)
{
    return p->is_nested ? p->origin : (uint32_t)pos;
}

void *parse_new(struct parser *p, size_t size)
{
    void *at = arena_try_array(p->arena, 1, size);

    if (!at)
        parse_fail(p, p->pos, FAULT_NO_MEMORY, "no memory for the template");
    return at;
}

bool parse_enter(struct parser *p)
{
    if (++p->depth > VTL_PARSE_DEPTH_MAX)
        return parse_fail(p, p->pos, FAULT_TOO_LARGE, "template is nested too deep");
    return true;
}

static struct statement *add(struct parser *p, struct block *block, enum statement_kind kind,
                             size_t from)
{
    struct statement *s = parse_new(p, sizeof *s);

    if (!s)
        return NULL;
    s->kind = kind;
    s->offset = parse_offset(p, from);
    s->len = p->is_nested ? 0 : (uint32_t)(p->pos - from);
    if (block->last)
        block->last->next = s;
    else
        block->first = s;
    block->last = s;
    return s;
}

static bool add_text(struct parser *p, struct block *block, struct span text)
{
    struct statement *last = block->last;

    if (text.len == 0)
        return true;
    if (last && last->kind == STATEMENT_TEXT && last->text.at + last->text.len == text.at) {
        last->text.len += text.len;
        return true;
    }
    last = add(p, block, STATEMENT_TEXT, p->pos);
    if (last)
        last->text = text;
    return last != NULL;
}

/* The text from `from` to the position. */
static struct span since(const struct parser *p, size_t from)
{
    return (struct span){p->text.at + from, p->pos - from};
}

/* ---- directives with a row in this table ------------------------------------------------------*/

struct header {
    struct block *block; /* where the directive stands */
    size_t from;         /* its '#' */
    struct expression *arguments;
    uint32_t count;
    bool has_parentheses;
};

static bool fail_at(struct parser *p, const struct header *h, const char *words)
{
    return parse_fail(p, h->from, FAULT_SYNTAX, words);
}

/* Parses up to the directive's #end. */
static bool parse_body(struct parser *p, const struct header *h, struct block *body)
{
    enum block_end end;

    if (!parse_enter(p))
        return false;
    end = parse_block(p, body);
    p->depth--;
    if (end == END_OF_TEXT)
        return fail_at(p, h, "directive has no #end");
    if (end == END_ELSE || end == END_ELSEIF)
        return fail_at(p, h, "#else without #if");
    return end == END_END;
}

/* The slot of an argument that must be a plain variable. */
static bool variable_of(struct parser *p, const struct header *h, const struct expression *e,
                        uint32_t *slot)
{
    if (!e || e->kind != EXPRESSION_REFERENCE)
        return fail_at(p, h, "directive needs a variable as argument");
    *slot = e->reference->slot;
    return true;
}

static bool parse_foreach(struct parser *p, struct header *h)
{
    const struct expression *in = h->arguments ? h->arguments->next : NULL;
    struct statement *s;
    uint32_t slot;

    if (!variable_of(p, h, h->arguments, &slot))
        return false;
    if (h->count != 3 || in->kind != EXPRESSION_WORD || !span_is(vtl_span(in->constant), "in"))
        return fail_at(p, h, "#foreach needs ($item in list)");
    s = add(p, h->block, STATEMENT_FOREACH, h->from);
    if (!s)
        return false;
    s->foreach.slot = slot;
    s->foreach.over = in->next;
    return parse_body(p, h, &s->foreach.block);
}

static bool parse_define(struct parser *p, struct header *h)
{
    struct statement *s;
    uint32_t slot;

    if (!variable_of(p, h, h->arguments, &slot))
        return false;
    s = add(p, h->block, STATEMENT_DEFINE, h->from);
    if (!s)
        return false;
    s->define.slot = slot;
    return parse_body(p, h, &s->define.block);
}

struct macro *template_macro(const struct vtl_template *template, struct span name)
{
    for (struct macro *m = template->macros; m; m = m->next)
        if (span_equal(m->name, name))
            return m;
    return NULL;
}

/* The first definition of a name is the one that counts. */
static bool parse_macro(struct parser *p, struct header *h)
{
    struct macro *m = parse_new(p, sizeof *m);
    const struct expression *e = h->arguments;

    if (!m)
        return false;
    if (!e || e->kind != EXPRESSION_WORD)
        return fail_at(p, h, "#macro needs a name");
    m->name = vtl_span(e->constant);
    m->count = h->count - 1;
    m->slots = parse_new(p, (m->count + 1) * sizeof *m->slots);
    if (!m->slots)
        return false;
    for (uint32_t i = 0; i < m->count; i++) {
        e = e->next;
        if (!variable_of(p, h, e, &m->slots[i]))
            return false;
    }
    if (!parse_body(p, h, &m->block))
        return false;
    if (template_macro(p->template, m->name))
        return true;
    if (++p->template->macro_count > VTL_MACROS_MAX)
        return parse_fail(p, h->from, FAULT_TOO_LARGE, "template has too many macros");
    m->next = p->template->macros;
    p->template->macros = m;
    return true;
}

static bool parse_evaluate(struct parser *p, struct header *h)
{
    struct statement *s;

    if (h->count != 1 || h->arguments->kind == EXPRESSION_WORD)
        return fail_at(p, h, "#evaluate needs one argument");
    s = add(p, h->block, STATEMENT_EVALUATE, h->from);
    if (s)
        s->expression = h->arguments;
    return s != NULL;
}

static bool parse_break(struct parser *p, struct header *h)
{
    return add(p, h->block, STATEMENT_BREAK, h->from) != NULL;
}

static bool parse_stop(struct parser *p, struct header *h)
{
    return add(p, h->block, STATEMENT_STOP, h->from) != NULL;
}

static bool parse_load(struct parser *p, struct header *h)
{
    if (h->count == 0)
        return fail_at(p, h, "directive needs an argument");
    return add(p, h->block, STATEMENT_LOAD, h->from) != NULL;
}

/* #literal() prints its block as it stands. */
static bool parse_literal(struct parser *p, struct header *h)
{
    struct block ignored = {NULL, NULL};
    size_t from = p->pos, to;

    if (!parse_body(p, h, &ignored))
        return false;
    to = span_find_last(since(p, from), '#');
    return add_text(p, h->block, (struct span){p->text.at + from, to});
}

static const struct directive {
    const char *name;
    bool (*parse)(struct parser *p, struct header *h);
    bool needs_parentheses;
} DIRECTIVES[] = {
    {"foreach", parse_foreach, true}, {"define", parse_define, true},
    {"macro", parse_macro, true},     {"evaluate", parse_evaluate, true},
    {"break", parse_break, false},    {"stop", parse_stop, false},
    {"parse", parse_load, true},      {"include", parse_load, true},
    {"literal", parse_literal, true},
};

static const struct directive *find_directive(struct span name)
{
    for (size_t i = 0; i < COUNT(DIRECTIVES); i++)
        if (span_is(name, DIRECTIVES[i].name))
            return &DIRECTIVES[i];
    return NULL;
}

/* A call of a macro, or text when the end of the template shows that there is none. */
static bool parse_call(struct parser *p, struct header *h, struct span name)
{
    struct call *call = parse_new(p, sizeof *call);
    struct statement *s;

    if (!call)
        return false;
    s = add(p, h->block, STATEMENT_CALL, h->from);
    if (!s)
        return false;
    s->call = call;
    call->name = name;
    call->arguments = h->arguments;
    call->count = h->count;
    for (const struct expression *e = h->arguments; e; e = e->next)
        call->has_word |= e->kind == EXPRESSION_WORD;
    if (name.at[0] == '@' && h->has_parentheses) {
        call->name = span_skip(name, 1);
        call->has_body = true;
        if (!parse_body(p, h, &call->body))
            return false;
    }
    call->next = *p->calls;
    *p->calls = call;
    /* what is printed when there is no such macro */
    call->source = since(p, h->from);
    return true;
}

/* ---- the grammar of directives ----------------------------------------------------------------*/

/* Takes "(" arguments ")", which blanks and line ends may precede; nothing when there is no "(". */
static bool parse_header(struct parser *p, struct header *h)
{
    struct expression **tail = &h->arguments;
    size_t before = p->pos;

    skip_blanks(p);
    if (parse_peek(p, 0) != '(') {
        p->pos = before;
        return true;
    }
    h->has_parentheses = true;
    p->pos++;
    for (;;) {
        skip_blanks(p);
        if (parse_peek(p, 0) == ')')
            return parse_close(p);
        if (parse_peek(p, 0) == ',') {
            p->pos++;
            skip_blanks(p);
        }
        *tail = parse_directive_argument(p);
        if (!*tail)
            return false;
        tail = &(*tail)->next;
        h->count++;
    }
}

static bool parse_condition(struct parser *p, struct branch *branch)
{
    skip_blanks(p);
    if (parse_peek(p, 0) != '(')
        return parse_fail(p, p->pos, FAULT_SYNTAX, "expected '(' after #if");
    p->pos++;
    branch->condition = parse_expression(p);
    return branch->condition && parse_close(p);
}

static bool parse_if(struct parser *p, struct header *h)
{
    struct branch *branch = parse_new(p, sizeof *branch);
    struct statement *s;
    enum block_end end;

    if (!branch || !parse_condition(p, branch))
        return false;
    s = add(p, h->block, STATEMENT_IF, h->from);
    if (!s || !parse_enter(p))
        return false;
    s->branches = branch;
    for (;;) {
        end = parse_block(p, &branch->block);
        if (end == END_FAILED)
            return false;
        if (end == END_OF_TEXT)
            return fail_at(p, h, "#if has no #end");
        if (end == END_END)
            break;
        if (branch != s->branches && !branch->condition)
            return fail_at(p, h, "#else is not the last branch of #if");
        branch->next = parse_new(p, sizeof *branch);
        branch = branch->next;
        if (!branch || (end == END_ELSEIF && !parse_condition(p, branch)))
            return false;
    }
    p->depth--;
    return true;
}

/* At a token's start: the length of "#set(" with the blanks before it, or 0. */
static size_t set_len(const struct parser *p)
{
    size_t n = 0;
    struct span rest;

    while (parse_peek(p, n) == ' ' || parse_peek(p, n) == '\t')
        n++;
    rest = span_skip(p->text, p->pos + n);
    if (span_starts(rest, SPAN("#set")))
        n += strlen("#set");
    else if (span_starts(rest, SPAN("#{set}")))
        n += strlen("#{set}");
    else
        return 0;
    while (parse_peek(p, n) == ' ' || parse_peek(p, n) == '\t')
        n++;
    return parse_peek(p, n) == '(' ? n + 1 : 0;
}

static bool parse_set(struct parser *p, struct block *block, size_t len)
{
    struct reference *target;
    struct expression *value;
    struct statement *s;
    size_t from;

    while (parse_peek(p, 0) != '#') {
        p->pos++;
        len--;
    }
    from = p->pos;
    p->pos += len;
    skip_blanks(p);
    if (parse_peek(p, 0) != '$' || !is_reference(p))
        return parse_fail(p, p->pos, FAULT_SYNTAX, "#set needs a reference on its left side");
    target = parse_reference(p);
    if (!target)
        return false;
    skip_blanks(p);
    if (parse_peek(p, 0) != '=' || parse_peek(p, 1) == '=')
        return parse_fail(p, p->pos, FAULT_SYNTAX, "expected '=' in #set");
    p->pos++;
    value = parse_expression(p);
    if (!value || !parse_close(p))
        return false;
    s = add(p, block, STATEMENT_SET, from);
    if (!s)
        return false;
    s->set.target = target;
    s->set.value = value;
    return true;
}

/* At '#': the name of a directive, "word" or "{word}"; empty when there is none. */
static struct span directive_name(const struct parser *p, size_t *len)
{
    size_t from = 1 + (parse_peek(p, 1) == '{'), n = from;

    *len = 0;
    if (!is_word_start(parse_peek(p, n)) || (from == 2 && parse_peek(p, n) == '@'))
        return (struct span){NULL, 0};
    while (is_word_char(parse_peek(p, n)))
        n++;
    if (from == 2 && parse_peek(p, n) != '}')
        return (struct span){NULL, 0};
    *len = n + (from == 2);
    return (struct span){p->text.at + p->pos + from, n - from};
}

static bool parse_named(struct parser *p, struct block *block, struct span name)
{
    const struct directive *d = find_directive(name);
    struct header h = {.block = block, .from = p->pos};
    size_t len;

    directive_name(p, &len);
    p->pos += len;
    if (span_is(name, "if"))
        return parse_if(p, &h);
    if (!parse_header(p, &h))
        return false;
    if (!d)
        return parse_call(p, &h, name);
    if (d->needs_parentheses && !h.has_parentheses)
        return fail_at(p, &h, "directive needs arguments in parentheses");
    return d->parse(p, &h);
}

/* "#end", "#else" and "#elseif" end a block. */
static enum block_end block_end_of(struct parser *p, struct span name, size_t len)
{
    enum block_end end = span_is(name, "end")      ? END_END
                         : span_is(name, "else")   ? END_ELSE
                         : span_is(name, "elseif") ? END_ELSEIF
                                                   : END_OF_TEXT;

    if (end == END_OF_TEXT)
        return end;
    p->pos += len;
    if (end != END_ELSEIF)
        skip_line_end(p);
    return end;
}

/* ---- comments and verbatim text ---------------------------------------------------------------*/

static void skip_to(struct parser *p, struct span end)
{
    size_t n = span_search(span_skip(p->text, p->pos), end);

    p->pos += n;
    if (p->pos < p->text.len)
        p->pos += end.len;
}

static bool parse_verbatim(struct parser *p, struct block *block)
{
    size_t from = p->pos;
    size_t n = span_search(span_skip(p->text, from + 3), SPAN("]]#"));

    if (from + 3 + n >= p->text.len)
        return parse_fail(p, from, FAULT_SYNTAX, "#[[ has no ]]#");
    p->pos = from + 3 + n + 3;
    return add_text(p, block, (struct span){p->text.at + from + 3, n});
}

static void skip_line_comment(struct parser *p)
{
    while (p->pos < p->text.len && parse_peek(p, 0) != '\n' && parse_peek(p, 0) != '\r')
        p->pos++;
    skip_line_end(p);
}

/* At '#'.  END_OF_TEXT means that the block goes on. */
static enum block_end parse_hash(struct parser *p, struct block *block)
{
    size_t len, from = p->pos;
    struct span name;
    enum block_end end;
    char next = parse_peek(p, 1);

    if (next == '#') {
        skip_line_comment(p);
        return END_OF_TEXT;
    }
    if (next == '*') {
        p->pos += 2;
        skip_to(p, SPAN("*#"));
        return END_OF_TEXT;
    }
    if (next == '[' && parse_peek(p, 2) == '[')
        return parse_verbatim(p, block) ? END_OF_TEXT : END_FAILED;
    name = directive_name(p, &len);
    if (len) {
        end = block_end_of(p, name, len);
        if (end != END_OF_TEXT)
            return end;
        return parse_named(p, block, name) ? END_OF_TEXT : END_FAILED;
    }
    if (from + 1 >= p->text.len) {
        parse_fail(p, from, FAULT_SYNTAX, "'#' at the end of the template");
        return END_FAILED;
    }
    p->pos++;
    return add_text(p, block, since(p, from)) ? END_OF_TEXT : END_FAILED;
}

/* ---- references in text and backslashes -------------------------------------------------------*/

/* At '$'. */
static bool parse_dollar(struct parser *p, struct block *block)
{
    size_t from = p->pos;
    struct statement *s;
    struct reference *r;

    if (is_reference(p)) {
        r = parse_reference(p);
        s = r ? add(p, block, STATEMENT_REFERENCE, from) : NULL;
        if (s)
            s->reference = r;
        return s != NULL;
    }
    p->pos++;
    if (!add_text(p, block, since(p, from)))
        return false;
    /* "$!" without a name prints "$" alone, but "$![" is text */
    if (parse_peek(p, 0) == '!' && parse_peek(p, 1) != '[')
        p->pos++;
    if (p->pos >= p->text.len)
        return parse_fail(p, from, FAULT_SYNTAX, "'$' at the end of the template");
    return true;
}

static size_t count_backslashes(const struct parser *p, size_t n)
{
    size_t from = n;

    while (parse_peek(p, n) == '\\')
        n++;
    return n - from;
}

/* "$\!name" is text: the backslashes lose one. */
static bool parse_escaped_bang(struct parser *p, struct block *block)
{
    size_t from = p->pos, slashes = count_backslashes(p, 1);

    p->pos += 1 + slashes - 1;
    if (!add_text(p, block, since(p, from)))
        return false;
    p->pos += 1;
    from = p->pos;
    p->pos += 1;
    return add_text(p, block, since(p, from));
}

static bool is_escaped_bang(const struct parser *p)
{
    size_t slashes = count_backslashes(p, 1);

    return slashes && parse_peek(p, 1 + slashes) == '!' &&
           (is_identifier_start(parse_peek(p, 2 + slashes)) || parse_peek(p, 2 + slashes) == '{');
}

/* Backslashes before a reference: each pair is one, an odd one takes the reference's meaning. */
static bool parse_escaped_reference(struct parser *p, struct block *block, size_t slashes)
{
    size_t from = p->pos;

    if (!add_text(p, block, (struct span){p->text.at + from, slashes / 2}))
        return false;
    p->pos += slashes;
    if (slashes % 2 == 0)
        return parse_dollar(p, block);
    from = p->pos;
    if (!parse_reference(p))
        return false;
    return add_text(p, block, since(p, from));
}

/* Whether the name at '#' is one for which backslashes count. */
static bool is_known_directive(const struct parser *p, size_t slashes, bool with_set, size_t *len)
{
    static const char *const WORDS[] = {"if", "else", "elseif", "end", "set"};
    struct parser at = *p;
    struct span name;

    at.pos += slashes;
    name = directive_name(&at, len);
    for (size_t i = 0; i < COUNT(WORDS) - !with_set; i++)
        if (span_is(name, WORDS[i]))
            return true;
    return *len && (find_directive(name) || template_macro(p->template, name));
}

/* Backslashes before '#'. */
static bool parse_escaped_directive(struct parser *p, struct block *block, size_t slashes)
{
    size_t from = p->pos, len;
    bool is_odd = slashes % 2 == 1;
    bool is_known = is_known_directive(p, slashes, is_odd, &len);

    p->pos += slashes;
    if (!add_text(p, block, (struct span){p->text.at + from, is_known ? slashes / 2 : slashes}))
        return false;
    if (!is_odd || len == 0)
        return true;
    from = p->pos;
    p->pos += len;
    return add_text(p, block, since(p, from));
}

static bool parse_backslashes(struct parser *p, struct block *block)
{
    size_t slashes = count_backslashes(p, 0), from = p->pos;
    struct parser at = *p;

    at.pos += slashes;
    if (parse_peek(&at, 0) == '$' && is_reference(&at))
        return parse_escaped_reference(p, block, slashes);
    if (parse_peek(&at, 0) == '#')
        return parse_escaped_directive(p, block, slashes);
    p->pos += slashes;
    return add_text(p, block, since(p, from));
}

/* ---- blocks -----------------------------------------------------------------------------------*/

static bool is_plain(char c)
{
    return c != '$' && c != '#' && c != '\\';
}

/* One token that does not begin with '#'. */
static bool parse_token(struct parser *p, struct block *block)
{
    size_t from = p->pos;
    size_t set = set_len(p);

    if (set)
        return parse_set(p, block, set);
    if (parse_peek(p, 0) == '$')
        return is_escaped_bang(p) ? parse_escaped_bang(p, block) : parse_dollar(p, block);
    if (parse_peek(p, 0) == '\\')
        return parse_backslashes(p, block);
    while (p->pos < p->text.len && is_plain(p->text.at[p->pos]))
        p->pos++;
    return add_text(p, block, since(p, from));
}

static enum block_end parse_block(struct parser *p, struct block *block)
{
    enum block_end end;

    while (p->pos < p->text.len) {
        if (parse_peek(p, 0) == '#' && !set_len(p)) {
            end = parse_hash(p, block);
            if (end != END_OF_TEXT)
                return end;
        } else if (!parse_token(p, block)) {
            return END_FAILED;
        }
    }
    return END_OF_TEXT;
}

bool parse_nested(struct parser *p, struct block *block)
{
    enum block_end end = parse_block(p, block);

    if (end == END_FAILED || end == END_OF_TEXT)
        return end == END_OF_TEXT;
    return parse_fail(p, p->pos, FAULT_SYNTAX, "#end or #else without a directive");
}
