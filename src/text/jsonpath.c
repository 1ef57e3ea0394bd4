/* Paths: compiling them to steps and walking a tree with them.  The search counts every value it
 * looks at, because a few ".." over a large document would otherwise look at each value many times
 * over. */
#include "text/jsonpath.h"

#include "base/ascii.h"
#include "base/number.h"
#include "text/jsonpath_tree.h"

#define INDEXES_MAX 1000

void path_skip_blanks(struct span *in)
{
    while (in->len && ascii_is_blank(in->at[0]))
        *in = span_skip(*in, 1);
}

static bool take(struct span *in, const char *word)
{
    struct span s = span_of(word);

    if (!span_starts(*in, s))
        return false;
    *in = span_skip(*in, s.len);
    return true;
}

bool path_take_quoted(struct arena *arena, struct span *in, struct span *out)
{
    char quote = in->len ? in->at[0] : '\0', *text;
    size_t n = 0, i = 1;

    if (quote != '\'' && quote != '"')
        return false;
    text = arena_try(arena, in->len);
    if (!text)
        return false;
    while (i < in->len && in->at[i] != quote) {
        if (in->at[i] == '\\' && i + 1 < in->len)
            i++;
        text[n++] = in->at[i++];
    }
    if (i >= in->len)
        return false;
    *in = span_skip(*in, i + 1);
    *out = (struct span){text, n};
    return true;
}

/* ---- compiling --------------------------------------------------------------------------------*/

struct compiler {
    struct arena *arena;
    struct span *in;
    bool in_filter;
    unsigned depth;
    enum fault fault;
};

static enum fault syntax(struct compiler *c)
{
    return c->arena->is_over ? FAULT_NO_MEMORY : FAULT_SYNTAX;
}

/* What ends a name after '.'. */
static bool ends_name(const struct compiler *c, char ch)
{
    if (ch == '.' || ch == '[')
        return true;
    return c->in_filter && (ascii_is_blank(ch) || strchr(")=!<>&|,]", ch));
}

static bool add_name(struct compiler *c, struct path_step *step, struct span name)
{
    struct span *wider;

    if (step->count >= INDEXES_MAX)
        return false;
    wider = arena_try_array(c->arena, step->count + 1, sizeof *wider);
    if (!wider)
        return false;
    if (step->count)
        memcpy(wider, step->names, step->count * sizeof *wider);
    wider[step->count++] = name;
    step->names = wider;
    return true;
}

/* Whether the name is length(), which is no name at the end of a path. */
static bool is_length(const struct compiler *c, struct span name)
{
    if (c->in_filter)
        return span_is(name, "length()") || (span_is(name, "length(") && take(c->in, ")"));
    return span_is(name, "length()") && c->in->len == 0;
}

static enum fault compile_dotted(struct compiler *c, struct path_step *step)
{
    size_t n = 0;
    struct span name;

    if (take(c->in, "*")) {
        step->kind = PATH_ALL;
        return OK;
    }
    while (n < c->in->len && !ends_name(c, c->in->at[n]))
        n++;
    if (n == 0)
        return FAULT_SYNTAX;
    name = span_first(*c->in, n);
    *c->in = span_skip(*c->in, n);
    if (is_length(c, name)) {
        step->kind = PATH_LENGTH;
        return OK;
    }
    step->kind = PATH_NAME;
    return add_name(c, step, name) ? OK : syntax(c);
}

static enum fault compile_names(struct compiler *c, struct path_step *step)
{
    struct span name;

    do {
        path_skip_blanks(c->in);
        if (!path_take_quoted(c->arena, c->in, &name) || !add_name(c, step, name))
            return syntax(c);
        path_skip_blanks(c->in);
    } while (take(c->in, ","));
    step->kind = step->count == 1 ? PATH_NAME : PATH_NAMES;
    return OK;
}

static bool take_int(struct span *in, int64_t *out)
{
    size_t n = 0;

    path_skip_blanks(in);
    n = in->len && in->at[0] == '-';
    while (n < in->len && ascii_is_digit(in->at[n]))
        n++;
    if (!number_i64(span_first(*in, n), out) || *out > INT32_MAX || *out < INT32_MIN)
        return false;
    *in = span_skip(*in, n);
    path_skip_blanks(in);
    return true;
}

/* [from:to], either of which may lack. */
static enum fault compile_slice(struct compiler *c, struct path_step *step)
{
    step->kind = PATH_SLICE;
    step->has_to = take_int(c->in, &step->to);
    return OK;
}

static enum fault compile_indexes(struct compiler *c, struct path_step *step)
{
    int64_t index, *wider;

    step->kind = PATH_INDEXES;
    if (take(c->in, ":"))
        return compile_slice(c, step);
    do {
        if (!take_int(c->in, &index) || step->count >= INDEXES_MAX)
            return FAULT_SYNTAX;
        if (step->count == 0 && take(c->in, ":")) {
            step->from = index;
            return compile_slice(c, step);
        }
        wider = arena_try_array(c->arena, step->count + 1, sizeof *wider);
        if (!wider)
            return FAULT_NO_MEMORY;
        if (step->count)
            memcpy(wider, step->indexes, step->count * sizeof *wider);
        wider[step->count++] = index;
        step->indexes = wider;
    } while (take(c->in, ","));
    return OK;
}

static enum fault compile_bracket(struct compiler *c, struct path_step *step)
{
    enum fault fault;

    path_skip_blanks(c->in);
    if (c->in->len == 0)
        return FAULT_SYNTAX;
    if (take(c->in, "*")) {
        step->kind = PATH_ALL;
        fault = OK;
    } else if (c->in->at[0] == '\'' || c->in->at[0] == '"') {
        fault = compile_names(c, step);
    } else if (c->in->at[0] == '?') {
        step->kind = PATH_FILTER;
        fault = filter_parse(c->arena, c->in, c->depth + 1, &step->filter);
    } else {
        fault = compile_indexes(c, step);
    }
    if (fault)
        return fault;
    path_skip_blanks(c->in);
    return take(c->in, "]") ? OK : FAULT_SYNTAX;
}

/* One step.  Text that follows "]" without a dot is a name, as Jayway reads it. */
static enum fault compile_step(struct compiler *c, struct path_step *step)
{
    if (take(c->in, "..")) {
        step->is_deep = true;
        if (take(c->in, "["))
            return compile_bracket(c, step);
        return compile_dotted(c, step);
    }
    if (take(c->in, "["))
        return compile_bracket(c, step);
    take(c->in, ".");
    return compile_dotted(c, step);
}

static bool is_definite(const struct path_step *step)
{
    return !step->is_deep &&
           (step->kind == PATH_NAME || step->kind == PATH_NAMES || step->kind == PATH_LENGTH ||
            (step->kind == PATH_INDEXES && step->count == 1));
}

static bool is_at_end(const struct compiler *c)
{
    if (c->in->len == 0)
        return true;
    return c->in_filter && c->in->at[0] != '.' && c->in->at[0] != '[';
}

enum fault path_parse(struct arena *arena, struct span *in, bool in_filter, unsigned depth,
                      struct json_path **out)
{
    struct json_path *path = arena_try_array(arena, 1, sizeof *path);
    struct compiler c = {arena, in, in_filter, depth, OK};
    struct path_step **tail;

    if (!path)
        return FAULT_NO_MEMORY;
    path->is_definite = true;
    path->is_relative = in->len && in->at[0] == '@';
    if (in->len && (in->at[0] == '$' || in->at[0] == '@'))
        *in = span_skip(*in, 1);
    tail = &path->first;
    for (unsigned n = 0; !is_at_end(&c); n++) {
        enum fault fault;

        if (n >= JSON_PATH_STEPS_MAX)
            return FAULT_TOO_LARGE;
        *tail = arena_try_array(arena, 1, sizeof **tail);
        if (!*tail)
            return FAULT_NO_MEMORY;
        fault = compile_step(&c, *tail);
        if (fault)
            return fault;
        path->is_definite = path->is_definite && is_definite(*tail);
        tail = &(*tail)->next;
    }
    *out = path;
    return OK;
}

enum fault json_path_compile(struct arena *arena, struct span text, struct json_path **out,
                             struct problem *why)
{
    struct span rest = span_trim(text);
    enum fault fault;

    if (text.len > JSON_PATH_LEN_MAX)
        return problem_set(why, FAULT_TOO_LARGE, "path is over %d bytes", JSON_PATH_LEN_MAX);
    if (rest.len == 0)
        return problem_set(why, FAULT_SYNTAX, "path is empty");
    fault = path_parse(arena, &rest, false, 0, out);
    if (fault == FAULT_NO_MEMORY)
        return problem_set(why, fault, "no memory for the path");
    if (fault == FAULT_TOO_LARGE)
        return problem_set(why, fault, "path has too many steps");
    if (fault)
        return problem_at(why, fault, text.at, text.len, (size_t)(rest.at - text.at),
                          "bad path at '%.*s'", rest.len > 40 ? 40 : (int)rest.len, rest.at);
    return OK;
}

bool json_path_is_definite(const struct json_path *path)
{
    return path->is_definite;
}

/* ---- searching --------------------------------------------------------------------------------*/

struct walk {
    struct path_search *search;
    bool is_definite;
    struct json *found; /* the value, or the array that values are added to */
};

static void walk_step(struct walk *walk, const struct path_step *step, struct json *value);

static bool spend(struct path_search *search)
{
    if (search->budget == 0)
        search->fault = FAULT_TOO_LARGE;
    else
        search->budget--;
    return search->fault == OK;
}

static struct json *copy_of(struct path_search *search, const struct json *value)
{
    struct json *copy = json_new(search->arena, value->type);

    if (!copy) {
        search->fault = FAULT_NO_MEMORY;
        return NULL;
    }
    *copy = *value;
    copy->name = (struct span){NULL, 0};
    copy->next = NULL;
    return copy;
}

static void emit(struct walk *walk, struct json *value)
{
    struct json *copy;

    if (walk->is_definite) {
        walk->found = value;
        return;
    }
    copy = copy_of(walk->search, value);
    if (copy)
        json_append(walk->found, copy);
}

static void go_on(struct walk *walk, const struct path_step *step, struct json *value)
{
    if (!value || !spend(walk->search))
        return;
    if (step->next)
        walk_step(walk, step->next, value);
    else
        emit(walk, value);
}

/* ['a','b']: an object of those members that exist. */
static void walk_names(struct walk *walk, const struct path_step *step, const struct json *value)
{
    struct json *object = json_new(walk->search->arena, JSON_OBJECT), *copy;

    for (size_t i = 0; i < step->count && object; i++) {
        const struct json *member = json_member_span(value, step->names[i]);

        copy = member ? copy_of(walk->search, member) : NULL;
        if (copy)
            json_set_span(object, step->names[i], copy);
    }
    if (!object)
        walk->search->fault = FAULT_NO_MEMORY;
    go_on(walk, step, object);
}

static void walk_indexes(struct walk *walk, const struct path_step *step, const struct json *value)
{
    for (size_t i = 0; i < step->count; i++) {
        int64_t index = step->indexes[i];

        if (index < 0)
            index += value->count;
        if (index < 0 || index >= value->count)
            continue;
        if (value->count > 64 && walk->search->budget > (unsigned)index / 16)
            walk->search->budget -= (unsigned)index / 16; /* elements are a chain */
        go_on(walk, step, json_at(value, (size_t)index));
    }
}

static void walk_slice(struct walk *walk, const struct path_step *step, const struct json *value)
{
    int64_t from = step->from < 0 ? step->from + value->count : step->from;
    int64_t to = !step->has_to ? value->count : step->to < 0 ? step->to + value->count : step->to;
    int64_t i = 0;

    for (struct json *j = value->first; j && i < to; j = j->next, i++) {
        if (!spend(walk->search))
            return;
        if (i >= from)
            go_on(walk, step, j);
    }
}

static void walk_children(struct walk *walk, const struct path_step *step, const struct json *value)
{
    for (struct json *j = value->first; j && walk->search->fault == OK; j = j->next)
        if (step->kind == PATH_ALL || filter_accepts(walk->search, step->filter, j))
            go_on(walk, step, j);
}

static void walk_length(struct walk *walk, const struct path_step *step, const struct json *value)
{
    int64_t n = json_is(value, JSON_STRING) ? (int64_t)value->text.len : value->count;
    struct json *length = NULL;

    if (value->type == JSON_ARRAY || value->type == JSON_OBJECT || value->type == JSON_STRING) {
        length = json_number(walk->search->arena, n);
        if (!length)
            walk->search->fault = FAULT_NO_MEMORY;
    }
    go_on(walk, step, length);
}

static void walk_here(struct walk *walk, const struct path_step *step, struct json *value)
{
    bool is_array = value->type == JSON_ARRAY, is_object = value->type == JSON_OBJECT;

    switch (step->kind) {
    case PATH_NAME:
        if (is_object)
            go_on(walk, step, json_member_span(value, step->names[0]));
        break;
    case PATH_NAMES:
        if (is_object)
            walk_names(walk, step, value);
        break;
    case PATH_ALL:
        walk_children(walk, step, value);
        break;
    case PATH_INDEXES:
        if (is_array)
            walk_indexes(walk, step, value);
        break;
    case PATH_SLICE:
        if (is_array)
            walk_slice(walk, step, value);
        break;
    case PATH_FILTER:
        if (is_array)
            walk_children(walk, step, value);
        else if (is_object && filter_accepts(walk->search, step->filter, value))
            go_on(walk, step, value);
        break;
    case PATH_LENGTH:
        walk_length(walk, step, value);
        break;
    }
}

/* The value itself first, then what is below it. */
static void walk_deep(struct walk *walk, const struct path_step *step, struct json *value)
{
    if (!spend(walk->search))
        return;
    if (step->kind != PATH_FILTER || value->type == JSON_ARRAY)
        walk_here(walk, step, value);
    for (struct json *j = value->first; j && walk->search->fault == OK; j = j->next)
        walk_deep(walk, step, j);
}

static void walk_step(struct walk *walk, const struct path_step *step, struct json *value)
{
    if (step->is_deep)
        walk_deep(walk, step, value);
    else
        walk_here(walk, step, value);
}

struct json *path_evaluate(struct path_search *search, const struct json_path *path,
                           struct json *from)
{
    struct walk walk = {.search = search, .is_definite = path->is_definite};

    if (!walk.is_definite) {
        walk.found = json_new(search->arena, JSON_ARRAY);
        if (!walk.found)
            search->fault = FAULT_NO_MEMORY;
    }
    if (search->fault)
        return NULL;
    if (!path->first)
        return from;
    walk_step(&walk, path->first, from);
    return search->fault ? NULL : walk.found;
}

enum fault json_path_find(const struct json_path *path, struct arena *arena, struct json *root,
                          struct json **found)
{
    struct path_search search = {arena, root, JSON_PATH_BUDGET, OK};

    *found = path_evaluate(&search, path, root);
    return search.fault;
}

enum fault json_path_read(struct arena *arena, const struct json *root, struct span text,
                          struct json **found)
{
    struct json_path *path;
    enum fault fault = json_path_compile(arena, text, &path, NULL);

    *found = NULL;
    return fault ? fault : json_path_find(path, arena, (struct json *)root, found);
}
