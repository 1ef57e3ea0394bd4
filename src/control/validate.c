/* AWS checks an input against its model before anything else, and tells everything that is wrong
 * at once, in words that are the same for all of its services.  What a service checks itself comes
 * after that, one thing at a time and in words of its own.
 * (spec/control-plane-rest.md, section 1.1) */
#include "control/validate.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "text/regex.h"

#define TEXT_MAX (256 * 1024)
#define PATH_MAX_LEN 1024

/* --- one rule -------------------------------------------------------------------------------- */

/* What a bound is compared with. */
static double size_of(const struct json *value)
{
    double number = 0;

    if (value->type == JSON_STRING)
        return (double)utf8_utf16_len(value->text);
    if (value->type == JSON_NUMBER)
        return json_double(value, &number) ? number : 0;
    return value->count;
}

/* `regex` is the compiled pattern of a CHECK_MATCH.  Without one, for want of memory, nothing
 * passes. */
static bool keeps(const struct model_rule *rule, const struct regex *regex,
                  const struct json *value)
{
    switch (rule->check) {
    case CHECK_MATCH:
        return value->type != JSON_STRING ||
               (regex && regex_matches(regex, value->text) == REGEX_YES);
    case CHECK_LEAST:
        return size_of(value) >= rule->bound;
    case CHECK_MOST:
        return size_of(value) <= rule->bound;
    }
    return true;
}

static const struct json *find_break_inside(const struct model_rule *rule,
                                            const struct regex *regex, const struct json *value,
                                            struct json *key)
{
    for (const struct json *one = value->first; one; one = one->next) {
        *key = (struct json){.type = JSON_STRING, .text = one->name};
        if (rule->part == PART_KEYS && !keeps(rule, regex, key))
            return key;
        if (rule->part == PART_EACH && one->type != JSON_NULL && !keeps(rule, regex, one))
            return one;
    }
    return NULL;
}

/* The first thing that the rule does not let pass, or NULL.  `key` is room for a map's key. */
static const struct json *find_break(const struct model_rule *rule, const struct json *value,
                                     struct json *key)
{
    struct regex *regex = NULL;
    const struct json *broken;

    if (rule->check == CHECK_MATCH)
        regex_new(rule->pattern, &regex, NULL); /* modelgen has compiled it once: it is valid */
    if (rule->part != PART_ITSELF)
        broken = find_break_inside(rule, regex, value, key);
    else
        broken = keeps(rule, regex, value) ? NULL : value;
    regex_free(regex);
    return broken;
}

static bool is_in(const struct model_enum *values, const struct json *value)
{
    for (size_t i = 0; i < values->count; i++)
        if (span_equal(values->values[i], value->text))
            return true;
    return value->type == JSON_NULL;
}

/* --- the words of the wire ------------------------------------------------------------------- */

struct told {
    struct buf text;
    unsigned count;
    char path[PATH_MAX_LEN]; /* of the value that is looked at */
    size_t path_len;
};

/* Values as Java prints them: [a, b], {k=v}. */
static void add_value(struct buf *out, const struct json *value)
{
    const char *between = "";

    switch (value->type) {
    case JSON_NULL:
        buf_add_text(out, "null");
        return;
    case JSON_FALSE:
    case JSON_TRUE:
        buf_add_text(out, value->type == JSON_TRUE ? "true" : "false");
        return;
    case JSON_NUMBER:
    case JSON_STRING:
        buf_add(out, value->text);
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    buf_add_char(out, value->type == JSON_ARRAY ? '[' : '{');
    for (const struct json *one = value->first; one; one = one->next) {
        buf_add_text(out, between);
        if (value->type == JSON_OBJECT) {
            buf_add(out, one->name);
            buf_add_char(out, '=');
        }
        add_value(out, one);
        between = ", ";
    }
    buf_add_char(out, value->type == JSON_ARRAY ? ']' : '}');
}

/* Begins one error.  False when enough were told; they are counted all the same. */
static bool tell(struct told *told, const struct model_member *member, const struct json *value)
{
    if (told->count++ >= VALIDATION_ERRORS_MAX)
        return false;
    buf_add_text(&told->text, told->count > 1 ? "; Value" : "Value");
    if (!value) {
        buf_add_text(&told->text, " null");
    } else if (!member->is_secret) {
        buf_add_text(&told->text, " '");
        add_value(&told->text, value);
        buf_add_char(&told->text, '\'');
    }
    buf_addf(&told->text, " at '%.*s' failed to satisfy constraint: ", (int)told->path_len,
             told->path);
    return true;
}

static void add_enum(struct buf *out, const struct model_enum *values)
{
    buf_add_text(out, "Member must satisfy enum value set: [");
    for (size_t i = 0; i < values->count; i++) {
        buf_add_text(out, i ? ", " : "");
        buf_add(out, values->values[i]);
    }
    buf_add_char(out, ']');
}

static bool is_number(const struct model_type *type)
{
    return type->form == FORM_INT || type->form == FORM_LONG || type->form == FORM_DOUBLE;
}

static void add_rule(struct buf *out, const struct model_rule *rule, const struct model_type *type)
{
    const char *what = type && is_number(type) ? "value" : "length";

    if (rule->check == CHECK_MATCH) {
        buf_add_text(out, "Member must satisfy regular expression pattern: ");
        buf_add(out, rule->pattern);
    } else {
        buf_addf(out, "Member must have %s %s than or equal to %.15g", what,
                 rule->check == CHECK_LEAST ? "greater" : "less", rule->bound);
    }
}

static bool is_part_broken(const struct model_member *member, const struct json *value,
                           enum model_part part, const struct model_enum *values)
{
    struct json key;

    for (const struct json *one = value->first; values && one; one = one->next)
        if (!is_in(values, one))
            return true;
    for (size_t i = 0; i < member->rule_count; i++)
        if (member->rules[i].part == part && !member->rules[i].otherwise.error &&
            find_break(&member->rules[i], value, &key))
            return true;
    return false;
}

/* AWS names all rules of what a list or map holds when one of them fails. */
static void check_part(struct told *told, const struct model_member *member,
                       const struct json *value, enum model_part part)
{
    const struct model_type *of = part == PART_EACH ? member->type->of : NULL;
    const struct model_enum *values = of ? of->values : NULL;
    const char *between = "";

    if (!is_part_broken(member, value, part, values) || !tell(told, member, value))
        return;
    if (part == PART_KEYS)
        buf_add_text(&told->text, "Map keys must satisfy constraint: [");
    else if (member->type->form == FORM_MAP)
        buf_add_text(&told->text, "Map value must satisfy constraint: [");
    else
        buf_add_text(&told->text, "Member must satisfy constraint: [");
    for (size_t i = 0; i < member->rule_count; i++) {
        if (member->rules[i].part != part || member->rules[i].otherwise.error)
            continue;
        buf_add_text(&told->text, between);
        add_rule(&told->text, &member->rules[i], of);
        between = ", ";
    }
    if (values) {
        buf_add_text(&told->text, between);
        add_enum(&told->text, values);
    }
    buf_add_char(&told->text, ']');
}

static void check_itself(struct told *told, const struct model_member *member,
                         const struct json *value)
{
    if (member->type->values && !is_in(member->type->values, value) && tell(told, member, value))
        add_enum(&told->text, member->type->values);
    for (size_t i = 0; i < member->rule_count; i++) {
        const struct model_rule *rule = &member->rules[i];
        struct json key;

        if (rule->part == PART_ITSELF && !rule->otherwise.error && find_break(rule, value, &key) &&
            tell(told, member, value))
            add_rule(&told->text, rule, member->type);
    }
}

/* Adds to the path and returns what it was; a path that grows too long is cut. */
static size_t path_push(struct told *told, const char *before, struct span name, const char *after)
{
    size_t len = told->path_len;
    int added = snprintf(told->path + len, sizeof told->path - len, "%s%.*s%s", before,
                         SPAN_ARG(name), after);

    told->path_len += added > 0 ? (size_t)added : 0;
    if (told->path_len >= sizeof told->path)
        told->path_len = sizeof told->path - 1;
    return len;
}

/* Names start in lower case, whatever the model says. */
static size_t path_push_member(struct told *told, const char *before, struct span name)
{
    size_t len = path_push(told, before, name, ""), first = len + strlen(before);

    if (first < told->path_len)
        told->path[first] = ascii_lower(told->path[first]);
    return len;
}

static void check_shape(struct told *told, const struct model_shape *shape, const struct json *tree,
                        const char *before);

/* Structs inside.  Recursion is as deep as the tree, which has JSON_DEPTH_MAX. */
static void check_inside(struct told *told, const struct model_type *type, const struct json *value)
{
    unsigned index = 0;

    if (type->form == FORM_SHAPE && value->type == JSON_OBJECT)
        check_shape(told, type->shape, value, ".");
    if (!type->of || (type->of->form != FORM_SHAPE && !type->of->of))
        return;
    for (const struct json *one = value->first; one; one = one->next) {
        char number[16];
        size_t len;

        snprintf(number, sizeof number, "%u", ++index);
        len = path_push(told, ".", type->form == FORM_MAP ? one->name : span_of(number), ".member");
        check_inside(told, type->of, one);
        told->path_len = len;
    }
}

static void check_member(struct told *told, const struct model_member *member,
                         const struct json *value)
{
    if (!value || value->type == JSON_NULL) {
        if (member->is_required && tell(told, member, NULL))
            buf_add_text(&told->text, "Member must not be null");
        return;
    }
    check_itself(told, member, value);
    if (member->type->form == FORM_MAP)
        check_part(told, member, value, PART_KEYS);
    if (member->type->of)
        check_part(told, member, value, PART_EACH);
    check_inside(told, member->type, value);
}

static void check_shape(struct told *told, const struct model_shape *shape, const struct json *tree,
                        const char *before)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct model_member *member = &shape->members[i];
        size_t len = path_push_member(told, before, member->name);

        check_member(told, member, json_member_span(tree, member->name));
        told->path_len = len;
    }
}

/* Only what travels in the body is said to be a part of the input. */
static void check_input(struct told *told, const struct model_service *service,
                        const struct model_operation *operation, const struct json *input)
{
    for (size_t i = 0; i < operation->input->count; i++) {
        const struct model_member *member = &operation->input->members[i];

        told->path_len = 0;
        if (service->paths_name_input && member->place == PLACE_BODY) {
            path_push(told, "", operation->name, "Input.");
            told->path[0] = ascii_lower(told->path[0]);
        }
        path_push_member(told, "", member->name);
        check_member(told, member, json_member_span(input, member->name));
    }
}

enum fault validate_wire(struct arena *arena, const struct model_service *service,
                         const struct model_operation *operation, const struct json *input,
                         struct model_answer *refused)
{
    struct told *told = arena_new(arena, struct told);
    enum fault rc = OK;

    buf_init(&told->text, TEXT_MAX);
    check_input(told, service, operation, input);
    if (told->count) {
        struct span list =
            told->text.is_over ? span_first(buf_span(&told->text), 1024) : buf_span(&told->text);
        struct span text = arena_format(arena, "%u validation error%s detected: %.*s", told->count,
                                        told->count > 1 ? "s" : "", SPAN_ARG(list));

        rc = text.at ? FAULT_TYPE : FAULT_NO_MEMORY;
        if (text.at)
            *refused = (struct model_answer){service->validation, text};
    }
    buf_release(&told->text);
    return rc;
}

/* --- rules with words of their own ----------------------------------------------------------- */

static enum fault refuse(struct arena *arena, const struct model_rule *rule,
                         const struct json *value, const struct words *words,
                         struct model_answer *refused)
{
    struct word_value values[16];
    struct words more = {words->input, values, 1};
    struct buf printed;
    struct span text;

    buf_init(&printed, TEXT_MAX);
    add_value(&printed, value);
    values[0] = (struct word_value){"value", buf_span(&printed)};
    for (size_t i = 0; i < words->count && more.count < COUNT(values); i++)
        values[more.count++] = words->values[i];
    text = words_fill(arena, rule->otherwise.text, &more);
    buf_release(&printed);
    if (!text.at)
        return FAULT_NO_MEMORY;
    *refused = (struct model_answer){rule->otherwise.error, text};
    return FAULT_TYPE;
}

static enum fault rules_inside(struct arena *arena, const struct model_type *type,
                               const struct json *value, const struct words *words,
                               struct model_answer *refused)
{
    if (type->form == FORM_SHAPE)
        return validate_rules(arena, type->shape, value, words, refused);
    if (!type->of || (type->of->form != FORM_SHAPE && !type->of->of))
        return OK;
    for (const struct json *one = value->first; one; one = one->next) {
        enum fault rc = rules_inside(arena, type->of, one, words, refused);

        if (rc != OK)
            return rc;
    }
    return OK;
}

enum fault validate_member(struct arena *arena, const struct model_member *member,
                           const struct json *value, const struct words *words,
                           struct model_answer *refused)
{
    struct json key;

    if (!value || value->type == JSON_NULL)
        return OK;
    for (size_t i = 0; i < member->rule_count; i++) {
        const struct json *broken;

        if (!member->rules[i].otherwise.error)
            continue;
        broken = find_break(&member->rules[i], value, &key);
        if (broken)
            return refuse(arena, &member->rules[i], broken, words, refused);
    }
    return rules_inside(arena, member->type, value, words, refused);
}

enum fault validate_rules(struct arena *arena, const struct model_shape *shape,
                          const struct json *tree, const struct words *words,
                          struct model_answer *refused)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct model_member *member = &shape->members[i];
        enum fault rc =
            validate_member(arena, member, json_member_span(tree, member->name), words, refused);

        if (rc != OK)
            return rc;
    }
    return OK;
}
