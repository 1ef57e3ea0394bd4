/* One line of a shape: a member with its type and what is known of it.  Each attribute is a row
 * of a table; what does not fit the type of the member is refused here, so that generic code
 * need not expect it. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "modelgen/reader.h"

#include "base/number.h"

#define RULES_MAX 8

struct member_reader {
    struct reader *in;
    struct model_member *member;
    struct model_rule *rules;
};

static bool is_textual(const struct model_type *type)
{
    return type->form == FORM_TEXT || type->form == FORM_ENUM;
}

static bool is_number(const struct model_type *type)
{
    return type->form == FORM_INT || type->form == FORM_LONG || type->form == FORM_DOUBLE;
}

static bool holds(const struct model_type *type)
{
    return type->form == FORM_LIST || type->form == FORM_MAP;
}

static bool pattern_is_valid(struct reader *in, struct span pattern)
{
    int code;
    PCRE2_SIZE offset;
    pcre2_code *regex =
        pcre2_compile((PCRE2_SPTR)pattern.at, pattern.len, PCRE2_UTF, &code, &offset, NULL);

    if (!regex)
        return reader_fail(in, in->at - 1, "the expression breaks at character %zu", offset + 1);
    pcre2_code_free(regex);
    return true;
}

static bool take_rule(struct member_reader *to, enum model_check check)
{
    struct reader *in = to->in;
    struct model_member *member = to->member;
    struct model_rule *rule = &to->rules[member->rule_count];
    enum model_part part = rule->part;
    const struct model_type *type = part == PART_EACH ? member->type->of : member->type;

    if (member->rule_count == RULES_MAX)
        return reader_fail(in, in->at, "too many rules");
    rule->check = check;
    if (check == CHECK_MATCH) {
        if (part != PART_KEYS && !is_textual(type))
            return reader_fail(in, in->at - 1, "only a text can match");
        if (!reader_take(in, "an expression", &rule->pattern) ||
            !pattern_is_valid(in, rule->pattern))
            return false;
    } else {
        if (part != PART_KEYS && !is_textual(type) && !is_number(type) && !holds(type))
            return reader_fail(in, in->at - 1, "this type has no bounds");
        if (!reader_take_number(in, "a bound", &rule->bound))
            return false;
    }
    member->rule_count++;
    return !reader_take_if(in, "else") || reader_take_answer(in, &rule->otherwise);
}

static bool take_match(struct member_reader *to)
{
    return take_rule(to, CHECK_MATCH);
}

static bool take_least(struct member_reader *to)
{
    return take_rule(to, CHECK_LEAST);
}

static bool take_most(struct member_reader *to)
{
    return take_rule(to, CHECK_MOST);
}

/* "keys" and "each" say what the next rule looks at. */
static bool take_part(struct member_reader *to, enum model_part part)
{
    struct reader *in = to->in;

    if (to->member->rule_count == RULES_MAX)
        return reader_fail(in, in->at, "too many rules");
    to->rules[to->member->rule_count].part = part;
    if (reader_take_if(in, "match"))
        return take_match(to);
    if (reader_take_if(in, "least"))
        return take_least(to);
    if (reader_take_if(in, "most"))
        return take_most(to);
    return reader_fail(in, in->at, "match, least or most must follow");
}

static bool take_keys(struct member_reader *to)
{
    if (to->member->type->form != FORM_MAP)
        return reader_fail(to->in, to->in->at - 1, "only a map has keys");
    return take_part(to, PART_KEYS);
}

static bool take_each(struct member_reader *to)
{
    if (!holds(to->member->type))
        return reader_fail(to->in, to->in->at - 1, "only a list or map holds something");
    return take_part(to, PART_EACH);
}

static bool take_wire(struct member_reader *to)
{
    return reader_take(to->in, "the name on the wire", &to->member->wire);
}

static bool take_place(struct member_reader *to)
{
    static const struct {
        const char *word;
        enum model_place place;
    } PLACES[] = {{"body", PLACE_BODY},     {"uri", PLACE_URI},
                  {"query", PLACE_QUERY},   {"query-map", PLACE_QUERY_MAP},
                  {"header", PLACE_HEADER}, {"payload", PLACE_PAYLOAD},
                  {"status", PLACE_STATUS}};

    for (size_t i = 0; i < COUNT(PLACES); i++) {
        if (!reader_take_if(to->in, PLACES[i].word))
            continue;
        to->member->place = PLACES[i].place;
        return true;
    }
    return reader_fail(to->in, to->in->at, "no place where a member travels");
}

static bool take_secret(struct member_reader *to)
{
    return to->member->is_secret = true;
}

static bool take_ref(struct member_reader *to)
{
    const struct model_type *type = to->member->type;

    if (type->of)
        type = type->of;
    if (type->form != FORM_TEXT)
        return reader_fail(to->in, to->in->at - 1, "only texts can refer to a kind");
    return reader_take_kind(to->in, &to->member->ref) &&
           (!reader_take_if(to->in, "else") || reader_take_answer(to->in, &to->member->unknown));
}

static bool take_sets(struct member_reader *to)
{
    return reader_take_name(to->in, "a member", &to->member->sets);
}

static bool is_value(const struct model_enum *values, struct span text)
{
    for (size_t i = 0; i < values->count; i++)
        if (span_equal(values->values[i], text))
            return true;
    return false;
}

/* Whether a fallback that stands as JSON begins as its type demands. */
static bool fallback_fits(const struct model_type *type, struct span text)
{
    double number;

    if (type->form == FORM_BOOL)
        return span_is(text, "true") || span_is(text, "false");
    if (is_number(type) || type->form == FORM_TIME)
        return number_double(text, &number);
    if (type->form == FORM_LIST)
        return text.len >= 2 && text.at[0] == '[' && text.at[text.len - 1] == ']';
    return text.len >= 2 && text.at[0] == '{' && text.at[text.len - 1] == '}';
}

static bool take_when(struct member_reader *to)
{
    struct reader *in = to->in;
    struct model_member *member = to->member;
    struct span *values = reader_room(in, in->statement->count, sizeof *values);

    if (!values || !reader_take_name(in, "a member", &member->when))
        return false;
    while (reader_has_more(in))
        if (!reader_take(in, "a value", &values[member->when_count++]))
            return false;
    member->when_values = values;
    return member->when_count || reader_fail(in, in->at, "a value must follow");
}

static bool take_fallback(struct member_reader *to)
{
    struct reader *in = to->in;
    struct model_member *member = to->member;
    struct span text;

    if (!reader_take(in, "the value", &text))
        return false;
    if (is_textual(member->type)) {
        if (span_find(text, '"') < text.len || span_find(text, '\\') < text.len)
            return reader_fail(in, in->at - 1, "a text with quotes cannot be the value");
        if (member->type->form == FORM_ENUM && !is_value(member->type->values, text))
            return reader_fail(in, in->at - 1, "'%.*s' is not in the enum", SPAN_ARG(text));
        text = arena_format(in->model->arena, "\"%.*s\"", SPAN_ARG(text));
        if (!text.at)
            return reader_fail(in, in->at, "out of memory");
    } else if (!fallback_fits(member->type, text)) {
        return reader_fail(in, in->at - 1, "'%.*s' is of another type", SPAN_ARG(text));
    }
    member->fallback = text;
    return !reader_take_if(in, "when") || take_when(to);
}

static bool read_attribute(struct member_reader *to)
{
    static const struct {
        const char *word;
        bool (*take)(struct member_reader *to);
    } ATTRIBUTES[] = {
        {"as", take_wire},     {"in", take_place},  {"secret", take_secret}, {"match", take_match},
        {"least", take_least}, {"most", take_most}, {"keys", take_keys},     {"each", take_each},
        {"ref", take_ref},     {"sets", take_sets}, {"=", take_fallback},
    };

    for (size_t i = 0; i < COUNT(ATTRIBUTES); i++)
        if (reader_take_if(to->in, ATTRIBUTES[i].word))
            return ATTRIBUTES[i].take(to);
    return reader_fail(to->in, to->in->at, "unknown attribute '%.*s' of a member",
                       SPAN_ARG(to->in->statement->words[to->in->at].text));
}

bool member_read(struct reader *in, struct model_member *out)
{
    struct member_reader to = {in, out, reader_room(in, RULES_MAX + 1, sizeof *to.rules)};
    struct span *name = &in->statement->words[in->at].text;
    struct span plain = *name, type;

    if (!to.rules)
        return false;
    *out = (struct model_member){.place = PLACE_BODY};
    if (plain.len > 1 && plain.at[plain.len - 1] == '!') {
        out->is_required = true;
        plain.len--;
    }
    *name = plain; /* so that the name is checked without its mark */
    if (!reader_take_name(in, "a member", &out->name) || !reader_take(in, "its type", &type))
        return false;
    out->wire = out->name;
    out->type = type_read(in, type);
    if (!out->type)
        return false;
    while (reader_has_more(in))
        if (!read_attribute(&to))
            return false;
    out->rules = out->rule_count ? to.rules : NULL;
    return true;
}
