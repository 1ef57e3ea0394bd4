/* Operations: their request line, what they take and give, and the verb that does the work.
 * The input of an operation is put together here: members taken over from the kind, own ones,
 * and the labels of the path, in the order in which AWS checks them. */
#include "modelgen/reader.h"

#include "base/ascii.h"
#include "base/number.h"

#define SEGMENTS_MAX 24
#define CONSTANTS_MAX 4

struct op_reader {
    struct reader *in;
    struct model *model;
    struct model_operation *op;
    struct model_member *members; /* of the input */
    size_t member_count;
    struct model_segment *segments;
    struct span *labels; /* per segment: the member, or "" */
};

/* --- the request line ------------------------------------------------------------------------ */

/* "{restApiId=RestApi}", "{path+}" */
static bool take_label(struct op_reader *to, struct span text)
{
    struct model_segment *segment = &to->segments[to->op->path_count];
    size_t equals;

    text = span_first(span_skip(text, 1), text.len - 2);
    if (span_ends(text, SPAN("+"))) {
        segment->is_greedy = true;
        text.len--;
    }
    equals = span_find(text, '=');
    to->labels[to->op->path_count++] = text;
    if (equals == 0 || text.len == 0)
        return reader_fail(to->in, to->in->at - 1, "a label without a name");
    return true;
}

static bool take_segment(struct op_reader *to, struct span text)
{
    if (to->op->path_count == SEGMENTS_MAX)
        return reader_fail(to->in, to->in->at - 1, "too many segments");
    if (text.len > 2 && text.at[0] == '{' && text.at[text.len - 1] == '}')
        return take_label(to, text);
    to->segments[to->op->path_count++].literal = text;
    return true;
}

static bool take_constants(struct op_reader *to, struct span query)
{
    struct model_constant *all = reader_room(to->in, CONSTANTS_MAX, sizeof *all);
    struct span one;

    if (!all)
        return false;
    while (span_split(&query, '&', &one)) {
        size_t equals = span_find(one, '=');

        if (to->op->constant_count == CONSTANTS_MAX || equals == 0 || one.len == 0)
            return reader_fail(to->in, to->in->at - 1, "no query '%.*s'", SPAN_ARG(one));
        all[to->op->constant_count++] = (struct model_constant){
            span_first(one, equals), equals < one.len ? span_skip(one, equals + 1) : SPAN("")};
    }
    to->op->constants = all;
    return true;
}

static bool take_path(struct op_reader *to)
{
    struct span path, one;
    size_t question;

    if (!reader_take(to->in, "the path", &path))
        return false;
    if (!span_starts(path, SPAN("/")))
        return reader_fail(to->in, to->in->at - 1, "a path starts with '/'");
    question = span_find(path, '?');
    if (question < path.len && !take_constants(to, span_skip(path, question + 1)))
        return false;
    path = span_skip(span_first(path, question), 1);
    while (span_split(&path, '/', &one))
        if (!take_segment(to, one))
            return false;
    to->op->path = to->segments;
    return true;
}

/* --- verb and attributes --------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum model_verb verb;
    bool has_kind;
} VERBS[] = {
    {"create", VERB_CREATE, true},    {"put", VERB_PUT, true},
    {"get", VERB_GET, true},          {"list", VERB_LIST, true},
    {"patch", VERB_UPDATE, true},     {"delete", VERB_DELETE, true},
    {"tag", VERB_TAG, false},         {"untag", VERB_UNTAG, false},
    {"tags", VERB_TAGS, false},       {"handler", VERB_HANDLER, true},
    {"refused", VERB_REFUSED, false},
};

/* The kind of the records that a list shows, and the member that takes them. */
static void find_items(struct op_reader *to)
{
    struct model_operation *op = to->op;

    for (size_t i = 0; op->output && i < op->output->count; i++) {
        const struct model_type *type = op->output->members[i].type;

        if (type->form != FORM_LIST || type->of->form != FORM_SHAPE ||
            !model_find_kind(to->model, type->of->shape->name))
            continue;
        op->kind = model_find_kind(to->model, type->of->shape->name);
        op->items = op->output->members[i].name;
    }
    op->is_paged = op->output && model_member(op->output, SPAN("position"));
}

static bool take_verb_kind(struct op_reader *to)
{
    struct model_operation *op = to->op;
    const struct word *next = &to->in->statement->words[to->in->at];

    if (op->verb == VERB_LIST)
        find_items(to);
    else if (op->output)
        op->kind = model_find_kind(to->model, op->output->name);
    if (reader_has_more(to->in) && model_find_kind(to->model, next->text) &&
        !reader_take_kind(to->in, &op->kind))
        return false;
    if (op->verb == VERB_HANDLER)
        return true;
    if (!op->kind)
        return reader_fail(to->in, to->in->at - 1, "a kind must follow the verb");
    return op->verb != VERB_LIST || op->items.len ||
           reader_fail(to->in, to->in->at - 1, "the output has no list of a kind");
}

static bool take_verb(struct op_reader *to)
{
    size_t i = 0;

    while (i < COUNT(VERBS) && !reader_take_if(to->in, VERBS[i].word))
        i++;
    if (i == COUNT(VERBS))
        return reader_fail(to->in, to->in->at, "a verb is missing");
    to->op->verb = VERBS[i].verb;
    if (to->op->verb == VERB_HANDLER && !reader_take_name(to->in, "a function", &to->op->handler))
        return false;
    if (to->op->verb == VERB_REFUSED)
        return reader_take_answer(to->in, &to->op->refusal);
    return !VERBS[i].has_kind || take_verb_kind(to);
}

static bool take_result(struct op_reader *to)
{
    struct span name;
    double status;

    if (!reader_take_number(to->in, "the status", &status))
        return false;
    if (status < 200 || status > 299)
        return reader_fail(to->in, to->in->at - 1, "no status of success");
    to->op->status = (unsigned)status;
    if (reader_take_if(to->in, "-"))
        return true;
    if (!reader_take_name(to->in, "the output", &name))
        return false;
    to->op->output = model_find_shape(to->model, name);
    return to->op->output ||
           reader_fail(to->in, to->in->at - 1, "unknown shape '%.*s'", SPAN_ARG(name));
}

static bool take_later(struct op_reader *to)
{
    const struct word *next = &to->in->statement->words[to->in->at];
    uint64_t issue;

    to->op->is_later = true;
    if (!reader_has_more(to->in) || !span_starts(next->text, SPAN("#")))
        return true;
    if (!number_u64(span_skip(next->text, 1), &issue) || issue == 0 || issue > 1000000)
        return reader_fail(to->in, to->in->at, "no number of an issue");
    to->op->issue = (unsigned)issue;
    to->in->at++;
    return true;
}

static bool take_unsigned(struct op_reader *to)
{
    return to->op->is_unsigned = true;
}

static bool take_missing(struct op_reader *to)
{
    struct model_operation *op = to->op;
    struct model_missing *all = reader_room(to->in, op->missing_count + 1, sizeof *all);

    if (!all)
        return false;
    if (op->missing_count)
        memcpy(all, op->missing, op->missing_count * sizeof *all);
    op->missing = all;
    op->missing_count++;
    return reader_take_kind(to->in, &all[op->missing_count - 1].kind) &&
           reader_take_answer(to->in, &all[op->missing_count - 1].answer);
}

static bool take_shows(struct op_reader *to)
{
    struct model_operation *op = to->op;
    struct span *all = reader_room(to->in, op->show_count + 1, sizeof *all);

    if (!all)
        return false;
    if (op->show_count)
        memcpy(all, op->shows, op->show_count * sizeof *all);
    op->shows = all;
    if (!reader_take_name(to->in, "an output member", &all[op->show_count]))
        return false;
    if (!op->output || !model_member(op->output, all[op->show_count]))
        return reader_fail(to->in, to->in->at - 1, "the output has no such member");
    op->show_count++;
    return true;
}

static bool take_attributes(struct op_reader *to)
{
    static const struct {
        const char *word;
        bool (*take)(struct op_reader *to);
    } ATTRIBUTES[] = {{"later", take_later},
                      {"unsigned", take_unsigned},
                      {"missing", take_missing},
                      {"shows", take_shows}};

    while (reader_has_more(to->in)) {
        size_t i = 0;

        while (i < COUNT(ATTRIBUTES) && !reader_take_if(to->in, ATTRIBUTES[i].word))
            i++;
        if (i == COUNT(ATTRIBUTES))
            return reader_fail(to->in, to->in->at, "unknown attribute of an operation");
        if (!ATTRIBUTES[i].take(to))
            return false;
    }
    return to->op->verb != VERB_LATER || to->op->is_later ||
           reader_fail(to->in, 0, "an operation has a verb, or comes later");
}

/* --- input ----------------------------------------------------------------------------------- */

static struct model_member *find_input(struct op_reader *to, struct span name)
{
    for (size_t i = 0; i < to->member_count; i++)
        if (span_equal(to->members[i].name, name))
            return &to->members[i];
    return NULL;
}

static bool add_input(struct op_reader *to, const struct model_member *member)
{
    if (to->member_count == MEMBERS_MAX)
        return reader_fail(to->in, 0, "too many members");
    if (find_input(to, member->name))
        return reader_fail(to->in, 0, "member '%.*s' is there twice", SPAN_ARG(member->name));
    to->members[to->member_count++] = *member;
    return true;
}

/* takes NAME! NAME ...: members of the kind. */
static bool take_over(struct op_reader *to)
{
    struct span name;

    if (!to->op->kind)
        return reader_fail(to->in, 0, "there is no kind to take members from");
    while (reader_has_more(to->in)) {
        const struct model_member *found;
        struct model_member member;
        bool is_required;

        if (!reader_take(to->in, "a member", &name))
            return false;
        is_required = span_ends(name, SPAN("!"));
        name.len -= is_required;
        found = model_member(to->op->kind->shape, name);
        if (!found)
            return reader_fail(to->in, to->in->at - 1, "no member '%.*s' in %.*s", SPAN_ARG(name),
                               SPAN_ARG(to->op->kind->name));
        member = *found;
        member.is_required = is_required;
        member.sets = member.name;
        if (!add_input(to, &member))
            return false;
    }
    return true;
}

static bool take_own(struct op_reader *to)
{
    const struct model_shape *shape = to->op->kind ? to->op->kind->shape : NULL;
    struct model_member member;

    if (!member_read(to->in, &member))
        return false;
    if (member.sets.len && (!shape || !model_member(shape, member.sets)))
        return reader_fail(to->in, 0, "the kind has no member '%.*s'", SPAN_ARG(member.sets));
    return add_input(to, &member);
}

/* A label gives the key of a kind, or a member of the operation's kind, or just a text. */
static bool add_label(struct op_reader *to, struct span label)
{
    size_t equals = span_find(label, '=');
    struct span name = span_first(label, equals);
    struct model_member member = {0}, *own = find_input(to, name);
    const struct model_kind *kind = NULL;
    const struct model_member *from = to->op->kind ? model_member(to->op->kind->shape, name) : NULL;

    if (equals < label.len) {
        kind = model_find_kind(to->model, span_skip(label, equals + 1));
        if (!kind || !kind->key)
            return reader_fail(to->in, 0, "'%.*s' is no kind with a key",
                               SPAN_ARG(span_skip(label, equals + 1)));
        from = kind->key;
    }
    if (own) {
        own->place = PLACE_URI;
        own->is_required = true;
        own->names = kind;
        return true;
    }
    if (from)
        member = *from;
    else
        member.type = type_read(to->in, SPAN("text"));
    member.name = member.wire = name;
    member.place = PLACE_URI;
    member.is_required = true;
    member.names = kind;
    member.fallback = SPAN("");
    member.sets = from && (!kind || kind == to->op->kind) ? from->name : SPAN("");
    return add_input(to, &member);
}

static bool add_patch_operations(struct op_reader *to)
{
    const struct model_shape *shape = model_find_shape(to->model, SPAN("PatchOperation"));
    struct model_member member = {.name = SPAN_INIT("patchOperations"),
                                  .wire = SPAN_INIT("patchOperations")};

    if (!shape)
        return reader_fail(to->in, 0, "'patch' needs a struct PatchOperation");
    member.type = type_read(to->in, SPAN("[PatchOperation]"));
    return member.type && add_input(to, &member);
}

/* AWS checks the body before the path, so labels come last. */
static bool read_input(struct op_reader *to, size_t statement)
{
    struct model_shape *input = reader_room(to->in, 1, sizeof *input);
    struct reader head = *to->in;

    if (!input)
        return false;
    while (++statement < to->model->statements.count &&
           to->model->statements.list[statement].is_indented) {
        *to->in = reader_of(to->model, &to->model->statements.list[statement], 0);
        if (!(reader_take_if(to->in, "takes") ? take_over(to) : take_own(to)))
            return false;
    }
    *to->in = head;
    if (to->op->verb == VERB_UPDATE && !add_patch_operations(to))
        return false;
    for (size_t i = 0; i < to->op->path_count; i++)
        if (to->labels[i].len && !add_label(to, to->labels[i]))
            return false;
    for (size_t i = 0; i < to->op->path_count; i++)
        if (to->labels[i].len)
            to->segments[i].member =
                find_input(to, span_first(to->labels[i], span_find(to->labels[i], '=')));
    *input = (struct model_shape){to->op->name, to->members, to->member_count};
    to->op->input = input;
    return true;
}

/* --- checks ---------------------------------------------------------------------------------- */

/* Whether the two request lines cannot be told apart. */
static bool is_same_request(const struct model_operation *a, const struct model_operation *b)
{
    if (!span_equal(a->method, b->method) || a->path_count != b->path_count ||
        a->constant_count != b->constant_count)
        return false;
    for (size_t i = 0; i < a->path_count; i++)
        if (!a->path[i].member != !b->path[i].member ||
            !span_equal(a->path[i].literal, b->path[i].literal))
            return false;
    for (size_t i = 0; i < a->constant_count; i++)
        if (!span_equal(a->constants[i].name, b->constants[i].name) ||
            !span_equal(a->constants[i].value, b->constants[i].value))
            return false;
    return true;
}

/* Every kind above the operation's kind must be named by a label, or have no key. */
static bool check_chain(struct op_reader *to)
{
    const struct model_operation *op = to->op;
    bool is_under = op->verb == VERB_CREATE || op->verb == VERB_LIST;
    const struct model_kind *kind = op->kind && is_under ? op->kind->parent : op->kind;

    if (!op->kind || op->verb == VERB_HANDLER || op->is_later)
        return true;
    for (; kind; kind = kind->parent) {
        bool is_named = !kind->key;

        for (size_t i = 0; i < op->input->count; i++)
            is_named |= op->input->members[i].names == kind;
        if (!is_named)
            return reader_fail(to->in, 0, "nothing names the %.*s", SPAN_ARG(kind->name));
    }
    return true;
}

static bool check_operation(struct op_reader *to)
{
    const struct model *model = to->model;
    struct model_kind *kind = to->op->kind ? model_find_kind(to->model, to->op->kind->name) : NULL;

    for (size_t i = 0; i < model->operation_count; i++) {
        const struct model_operation *other = &model->operations[i];

        if (span_equal(other->name, to->op->name))
            return reader_fail(to->in, 1, "operation '%.*s' is there twice", SPAN_ARG(other->name));
        if (to->op->method.len && is_same_request(other, to->op))
            return reader_fail(to->in, 1, "'%.*s' has the same request line",
                               SPAN_ARG(other->name));
    }
    if (kind && !to->op->is_later && (to->op->verb == VERB_CREATE || to->op->verb == VERB_PUT))
        kind->is_live = true;
    if (to->op->verb == VERB_UPDATE && !kind->patches)
        return reader_fail(to->in, 1, "kind '%.*s' has no patch", SPAN_ARG(kind->name));
    return check_chain(to);
}

static bool starts_with_digit(const struct reader *in)
{
    const struct word *next = &in->statement->words[in->at];

    return reader_has_more(in) && next->text.len && ascii_is_digit(next->text.at[0]);
}

bool operation_read(struct model *model, size_t statement)
{
    struct reader in = reader_of(model, &model->statements.list[statement], 1);
    struct op_reader to = {.in = &in, .model = model};

    if (model->operation_count == ROWS_MAX)
        return reader_fail(&in, 0, "too many operations");
    to.op = &model->operations[model->operation_count];
    to.op->verb = VERB_LATER;
    to.members = reader_room(&in, MEMBERS_MAX, sizeof *to.members);
    to.segments = reader_room(&in, SEGMENTS_MAX, sizeof *to.segments);
    to.labels = reader_room(&in, SEGMENTS_MAX, sizeof *to.labels);
    if (!to.members || !to.segments || !to.labels ||
        !reader_take_name(&in, "an operation", &to.op->name))
        return false;
    if (model->service.protocol == PROTOCOL_REST_JSON &&
        (!reader_take_name(&in, "the method", &to.op->method) || !take_path(&to)))
        return false;
    if (starts_with_digit(&in) && (!take_result(&to) || !take_verb(&to)))
        return false;
    if (!take_attributes(&to) || !read_input(&to, statement) || !check_operation(&to))
        return false;
    model->operation_count++;
    return true;
}
