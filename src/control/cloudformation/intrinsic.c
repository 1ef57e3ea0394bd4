/* One pass over a value: functions are known by their shape, an object with one member "Ref" or
 * "Fn::...".  Recursion is as deep as the document, which has a limit. */
#include "control/cloudformation/intrinsic.h"

#include "base/base64.h"
#include "base/number.h"

#define TEXT_MAX (4 * 1024 * 1024)

/* One evaluation: a scope, and where the words go. */
struct run {
    const struct scope *scope;
    struct arena *arena;
    struct problem *why;
};

#define FAIL(run, at, code, ...) \
    template_fail((run)->scope->template, at, code, (run)->why, __VA_ARGS__)

static enum fault evaluate(struct run *run, const struct json *value, struct json **out);

bool intrinsic_is(const struct json *value)
{
    return json_is(value, JSON_OBJECT) && value->count == 1 &&
           (span_is(value->first->name, "Ref") || span_starts(value->first->name, SPAN("Fn::")) ||
            (span_is(value->first->name, "Condition") && value->first->type == JSON_STRING));
}

/* ---- names --------------------------------------------------------------------------------- */

static const char *const PSEUDO[] = {
    "AWS::AccountId", "AWS::Region",  "AWS::Partition",        "AWS::URLSuffix",
    "AWS::StackName", "AWS::StackId", "AWS::NotificationARNs", "AWS::NoValue",
};

bool intrinsic_is_pseudo(struct span name)
{
    for (size_t i = 0; i < COUNT(PSEUDO); i++)
        if (span_is(name, PSEUDO[i]))
            return true;
    return false;
}

/* NULL in *out for AWS::NoValue; FAULT_NOT_FOUND when it is none that has a text. */
static enum fault pseudo(struct run *run, struct span name, struct json **out)
{
    const struct scope *scope = run->scope;
    const struct {
        const char *name;
        struct span value;
    } VALUES[] = {
        {"AWS::AccountId", scope->account}, {"AWS::Region", scope->region},
        {"AWS::Partition", SPAN("aws")},    {"AWS::URLSuffix", SPAN("amazonaws.com")},
        {"AWS::StackName", scope->stack},   {"AWS::StackId", scope->stack_id},
    };

    *out = NULL;
    if (span_is(name, "AWS::NoValue"))
        return OK;
    if (span_is(name, "AWS::NotificationARNs")) {
        *out = json_new(run->arena, JSON_ARRAY);
        return OK;
    }
    for (size_t i = 0; i < COUNT(VALUES); i++)
        if (span_is(name, VALUES[i].name)) {
            *out = json_text(run->arena, VALUES[i].value);
            return OK;
        }
    return FAULT_NOT_FOUND;
}

static enum fault get_attribute(struct run *run, struct span name, struct span attribute,
                                const struct json *at, struct json **out)
{
    const struct json *resource = json_member_span(run->scope->resources, name), *found;

    if (!resource)
        return FAIL(run, at, FAULT_NOT_FOUND, "there is no resource '%.*s'", SPAN_ARG(name));
    found = json_member_span(resource, attribute);
    if (!found)
        return FAIL(run, at, FAULT_UNSUPPORTED, "the resource '%.*s' has no attribute '%.*s'",
                    SPAN_ARG(name), SPAN_ARG(attribute));
    *out = json_copy(run->arena, found);
    return OK;
}

static enum fault reference(struct run *run, struct span name, const struct json *at,
                            struct json **out)
{
    const struct json *parameter = json_member_span(run->scope->parameters, name);

    if (parameter) {
        *out = json_copy(run->arena, parameter);
        return OK;
    }
    if (pseudo(run, name, out) == OK)
        return OK;
    if (!json_member_span(run->scope->resources, name))
        return FAIL(run, at, FAULT_NOT_FOUND, "there is no parameter or resource '%.*s'",
                    SPAN_ARG(name));
    return get_attribute(run, name, SPAN("Ref"), at, out);
}

/* "Name.Attribute", or a plain name. */
static enum fault lookup(struct run *run, struct span name, const struct json *at,
                         struct json **out)
{
    size_t dot = span_find(name, '.');

    if (dot == name.len)
        return reference(run, name, at, out);
    return get_attribute(run, span_first(name, dot), span_skip(name, dot + 1), at, out);
}

/* ---- functions ----------------------------------------------------------------------------- */

static enum fault ref(struct run *run, const struct json *value, struct json **out)
{
    if (value->type != JSON_STRING)
        return FAIL(run, value, FAULT_TYPE, "Ref needs a name");
    return reference(run, value->text, value, out);
}

/* The two names of Fn::GetAtt in either form. */
static bool attribute_names(const struct json *value, struct span *name, struct span *attribute)
{
    size_t dot;

    if (value->type == JSON_ARRAY) {
        if (value->count != 2 || value->first->type != JSON_STRING)
            return false;
        *name = value->first->text;
        *attribute = value->last->text;
        return value->last->type == JSON_STRING;
    }
    dot = span_find(value->text, '.');
    if (value->type != JSON_STRING || dot == value->text.len)
        return false;
    *name = span_first(value->text, dot);
    *attribute = span_skip(value->text, dot + 1);
    return true;
}

static enum fault getatt(struct run *run, const struct json *value, struct json **out)
{
    struct span name, attribute;

    if (!attribute_names(value, &name, &attribute))
        return FAIL(run, value, FAULT_TYPE, "Fn::GetAtt needs a resource and an attribute");
    return get_attribute(run, name, attribute, value, out);
}

/* Takes the next piece of a Fn::Sub text off its front: plain text, then a name (empty at the
 * end; "!" at its front: the rest as it is).  False for "${" without an end. */
static bool next_piece(struct span *rest, struct span *plain, struct span *name)
{
    size_t at = span_search(*rest, SPAN("${")), end;

    *plain = span_first(*rest, at);
    *name = SPAN("");
    *rest = span_skip(*rest, at);
    if (rest->len == 0)
        return true;
    end = span_find(*rest, '}');
    if (end == rest->len)
        return false;
    *name = span_trim(span_skip(span_first(*rest, end), 2));
    *rest = span_skip(*rest, end + 1);
    return name->len > 0;
}

/* The text of Fn::Sub and its map (NULL: none). */
static bool sub_parts(const struct json *value, const struct json **text, const struct json **map)
{
    *text = value->type == JSON_ARRAY ? value->first : value;
    *map = value->type == JSON_ARRAY && value->count == 2 ? value->last : NULL;
    return json_is(*text, JSON_STRING) &&
           (value->type == JSON_STRING || (json_is(*map, JSON_OBJECT) && !intrinsic_is(*map)));
}

static enum fault sub_name(struct run *run, struct span name, const struct json *map,
                           const struct json *at, struct buf *out)
{
    struct json *value = json_member_span(map, name);
    struct span text;
    enum fault rc;

    if (name.at[0] == '!') {
        buf_addf(out, "${%.*s}", SPAN_ARG(span_skip(name, 1)));
        return OK;
    }
    rc = value ? OK : lookup(run, name, at, &value);
    if (rc)
        return rc;
    if (!json_scalar_text(value, &text))
        return FAIL(run, at, FAULT_TYPE, "'${%.*s}' is not a text", SPAN_ARG(name));
    buf_add(out, text);
    return OK;
}

static enum fault finish(struct run *run, const struct json *at, struct buf *text,
                         struct json **out)
{
    struct span copied = arena_copy(run->arena, buf_span(text));

    if (text->is_over || !copied.at)
        return FAIL(run, at, FAULT_TOO_LARGE, "the text is too large");
    *out = json_text(run->arena, copied);
    return OK;
}

static enum fault sub(struct run *run, const struct json *value, struct json **out)
{
    const struct json *text, *map;
    struct json *values = NULL;
    struct span rest, plain, name;
    struct buf made;
    enum fault rc = OK;

    if (!sub_parts(value, &text, &map))
        return FAIL(run, value, FAULT_TYPE, "Fn::Sub needs a text, or a text and a map");
    if (map && (rc = evaluate(run, map, &values)))
        return rc;
    buf_init(&made, TEXT_MAX);
    for (rest = text->text; !rc && rest.len > 0;) {
        bool is_fine = next_piece(&rest, &plain, &name);

        buf_add(&made, plain);
        if (!is_fine)
            rc = FAIL(run, value, FAULT_SYNTAX, "'${' without a name and '}' in Fn::Sub");
        else if (name.len > 0)
            rc = sub_name(run, name, values, value, &made);
    }
    if (!rc)
        rc = finish(run, value, &made, out);
    buf_release(&made);
    return rc;
}

/* Evaluates a list of `count` parts. */
static enum fault parts(struct run *run, const struct json *value, size_t count, const char *words,
                        struct json **out)
{
    enum fault rc = value->type == JSON_ARRAY ? evaluate(run, value, out) : OK;

    if (rc)
        return rc;
    if (value->type != JSON_ARRAY || (*out)->count != count)
        return FAIL(run, value, FAULT_TYPE, "%s", words);
    return OK;
}

static enum fault join(struct run *run, const struct json *value, struct json **out)
{
    static const char WORDS[] = "Fn::Join needs a text and a list of texts";
    struct json *two;
    struct span between, text;
    struct buf made;
    enum fault rc = parts(run, value, 2, WORDS, &two);

    if (rc)
        return rc;
    if (!json_scalar_text(two->first, &between) || two->last->type != JSON_ARRAY)
        return FAIL(run, value, FAULT_TYPE, "%s", WORDS);
    buf_init(&made, TEXT_MAX);
    for (const struct json *one = two->last->first; one && !rc; one = one->next) {
        if (one != two->last->first)
            buf_add(&made, between);
        if (json_scalar_text(one, &text))
            buf_add(&made, text);
        else
            rc = FAIL(run, value, FAULT_TYPE, "%s", WORDS);
    }
    if (!rc)
        rc = finish(run, value, &made, out);
    buf_release(&made);
    return rc;
}

static enum fault select_one(struct run *run, const struct json *value, struct json **out)
{
    static const char WORDS[] = "Fn::Select needs an index and a list";
    struct json *two;
    struct span text;
    uint64_t index;
    enum fault rc = parts(run, value, 2, WORDS, &two);

    if (rc)
        return rc;
    if (!json_scalar_text(two->first, &text) || !number_u64(text, &index) ||
        two->last->type != JSON_ARRAY)
        return FAIL(run, value, FAULT_TYPE, "%s", WORDS);
    if (index >= two->last->count)
        return FAIL(run, value, FAULT_RANGE, "Fn::Select: there is no element %.*s",
                    SPAN_ARG(text));
    *out = json_copy(run->arena, json_at(two->last, (size_t)index));
    return OK;
}

static enum fault split(struct run *run, const struct json *value, struct json **out)
{
    static const char WORDS[] = "Fn::Split needs two texts";
    struct json *two;
    struct span by, rest;
    enum fault rc = parts(run, value, 2, WORDS, &two);

    if (rc)
        return rc;
    if (!json_scalar_text(two->first, &by) || !json_scalar_text(two->last, &rest) || by.len == 0)
        return FAIL(run, value, FAULT_TYPE, "%s", WORDS);
    *out = json_new(run->arena, JSON_ARRAY);
    for (;;) {
        size_t at = span_search(rest, by);

        json_append(*out, json_text(run->arena, span_first(rest, at)));
        if (at == rest.len)
            return OK;
        rest = span_skip(rest, at + by.len);
    }
}

static enum fault base64(struct run *run, const struct json *value, struct json **out)
{
    struct json *inner;
    struct span text;
    char *made;
    enum fault rc = evaluate(run, value, &inner);

    if (rc)
        return rc;
    if (!json_scalar_text(inner, &text))
        return FAIL(run, value, FAULT_TYPE, "Fn::Base64 needs a text");
    made = arena_try(run->arena, base64_len(text.len) + 1);
    if (!made)
        return FAIL(run, value, FAULT_TOO_LARGE, "the text is too large");
    *out = json_text(run->arena, span_make(made, base64_encode(text, made)));
    return OK;
}

static const struct function {
    const char *name;
    enum fault (*run)(struct run *run, const struct json *value, struct json **out);
} FUNCTIONS[] = {
    {"Ref", ref},       {"Fn::Base64", base64},     {"Fn::GetAtt", getatt},
    {"Fn::Join", join}, {"Fn::Select", select_one}, {"Fn::Split", split},
    {"Fn::Sub", sub},
};

static enum fault call_function(struct run *run, const struct json *function, struct json **out)
{
    for (size_t i = 0; i < COUNT(FUNCTIONS); i++)
        if (span_is(function->name, FUNCTIONS[i].name))
            return FUNCTIONS[i].run(run, function, out);
    return FAIL(run, function, FAULT_UNSUPPORTED, "'%.*s' is not yet in Portico",
                SPAN_ARG(function->name));
}

/* ---- values -------------------------------------------------------------------------------- */

static enum fault evaluate_each(struct run *run, const struct json *value, struct json **out)
{
    struct json *made = json_new(run->arena, value->type);
    enum fault rc = made ? OK : FAIL(run, value, FAULT_NO_MEMORY, "the template is too large");

    for (const struct json *one = value->first; one && !rc; one = one->next) {
        struct json *inner = NULL;

        rc = evaluate(run, one, &inner);
        if (rc || !inner) /* AWS::NoValue takes the member away */
            continue;
        if (value->type == JSON_ARRAY)
            json_append(made, inner);
        else
            json_add(made, one->name, inner);
    }
    *out = made;
    return rc;
}

static enum fault evaluate(struct run *run, const struct json *value, struct json **out)
{
    if (intrinsic_is(value))
        return call_function(run, value->first, out);
    if (value->type == JSON_OBJECT || value->type == JSON_ARRAY)
        return evaluate_each(run, value, out);
    *out = json_copy(run->arena, value);
    return *out ? OK : FAIL(run, value, FAULT_NO_MEMORY, "the template is too large");
}

enum fault intrinsic_evaluate(const struct scope *scope, const struct json *value,
                              struct json **out, struct problem *why)
{
    struct run run = {scope, scope->template->arena, why};
    enum fault rc = evaluate(&run, value, out);

    if (!rc && run.arena->is_over)
        rc = template_fail(scope->template, value, FAULT_NO_MEMORY, why,
                           "the template is too large");
    return rc;
}

/* ---- what is looked up --------------------------------------------------------------------- */

static enum fault each_sub(const struct json *value, intrinsic_visit *visit, void *ctx)
{
    const struct json *text, *map;
    struct span rest, plain, name;
    enum fault rc = OK;

    if (!sub_parts(value, &text, &map))
        return OK; /* told when it is evaluated */
    for (rest = text->text; !rc && rest.len > 0;) {
        size_t dot;

        if (!next_piece(&rest, &plain, &name))
            return OK;
        if (name.len == 0 || name.at[0] == '!' || json_member_span(map, name))
            continue;
        dot = span_find(name, '.');
        rc = visit(ctx, span_first(name, dot), dot < name.len ? span_skip(name, dot + 1) : SPAN(""),
                   value);
    }
    return rc || !map ? rc : intrinsic_each(map, visit, ctx);
}

enum fault intrinsic_each(const struct json *value, intrinsic_visit *visit, void *ctx)
{
    struct span name, attribute;
    enum fault rc = OK;

    if (intrinsic_is(value)) {
        const struct json *function = value->first;

        if (span_is(function->name, "Ref") && function->type == JSON_STRING)
            return visit(ctx, function->text, SPAN(""), function);
        if (span_is(function->name, "Fn::GetAtt") && attribute_names(function, &name, &attribute))
            return visit(ctx, name, attribute, function);
        if (span_is(function->name, "Fn::Sub"))
            return each_sub(function, visit, ctx);
    }
    for (const struct json *one = value ? value->first : NULL; one && !rc; one = one->next)
        rc = intrinsic_each(one, visit, ctx);
    return rc;
}
