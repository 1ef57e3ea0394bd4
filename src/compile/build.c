/* Texts, patterns, templates and mappings of a deployment: what every kind of node is made of. */
#include "compile/build.h"

#include <assert.h>

#include "base/mem.h"

void *build_need(void *at)
{
    assert(at != NULL && "compile: a deployment is over its ceiling");
    return at;
}

void *build_array(struct build *b, size_t count, size_t size)
{
    return build_need(arena_try_array(b->arena, count ? count : 1, size));
}

struct span build_keep(struct build *b, struct span text)
{
    struct span copy = arena_copy(b->arena, text);

    build_need((void *)(uintptr_t)copy.at);
    return copy;
}

struct regex *build_pattern(struct build *b, struct span text)
{
    struct deployment *d = b->deployment;
    struct regex *pattern;

    if (regex_new(text, &pattern, NULL) != OK)
        return NULL;
    if (d->pattern_count % 16 == 0)
        d->patterns = mem_resize(d->patterns, (d->pattern_count + 16) * sizeof(struct regex *));
    d->patterns[d->pattern_count++] = pattern;
    return pattern;
}

/* NULL for what is no path: it finds nothing. */
static const struct jsonpath *build_path(struct build *b, struct span rest)
{
    struct deployment *d = b->deployment;
    struct span text = build_keep(b, arena_format(&b->scratch, "$%.*s", SPAN_ARG(rest)));
    struct jsonpath *path;

    if (jsonpath_compile(b->arena, text, JSONPATH_AWS, &path, NULL) != OK)
        return NULL;
    if (d->path_count % 16 == 0)
        d->paths = mem_resize(d->paths, (d->path_count + 16) * sizeof(struct jsonpath *));
    d->paths[d->path_count++] = path;
    return path;
}

/* Templates without directives and references are plain text. */
static bool is_literal(struct span template)
{
    return span_find(template, '#') == template.len && span_find(template, '$') == template.len;
}

struct body_template build_template(struct build *b, const struct json *one)
{
    struct body_template out = {.media = build_keep(b, one->name)};
    struct vtl_template *code;

    out.text = build_keep(b, one->type == JSON_STRING ? one->text : SPAN(""));
    if (is_literal(out.text))
        return out;
    out.is_broken = vtl_compile(b->arena, out.text, &code, NULL) != OK;
    out.code = out.is_broken ? NULL : code;
    return out;
}

bool build_expression(struct build *b, struct span text, struct mapping *out)
{
    struct mapping made = {.to = out->to};

    if (!mapping_parse(text, &made.from))
        return false;
    made.from.name = build_keep(b, made.from.name);
    if ((made.from.source == SOURCE_BODY || made.from.source == SOURCE_ANSWER_BODY) &&
        made.from.name.len > 0) {
        made.path = build_path(b, made.from.name);
        if (!made.path)
            return false;
    }
    *out = made;
    return true;
}

static bool build_mapping(struct build *b, const struct json *one, struct span prefix,
                          struct mapping *out)
{
    struct mapping made = {0};

    if (!mapping_parse_target(one->name, prefix, &made.to) || one->type != JSON_STRING ||
        !build_expression(b, one->text, &made))
        return false;
    made.to.name = build_keep(b, made.to.name);
    *out = made;
    return true;
}

struct mappings build_mappings(struct build *b, const struct json *parameters, struct span prefix,
                               const struct json *declared)
{
    struct mapping *list;
    size_t n = 0;

    if (!json_is(parameters, JSON_OBJECT) || parameters->count == 0)
        return (struct mappings){NULL, 0};
    list = build_array(b, parameters->count, sizeof *list);
    for (const struct json *one = parameters->first; one; one = one->next)
        if ((!declared || json_member_span(declared, one->name)) &&
            build_mapping(b, one, prefix, &list[n]))
            n++;
    return (struct mappings){list, n};
}

enum content_handling build_handling(const struct json *one)
{
    struct span word = json_member_text(one, "contentHandling", SPAN(""));

    if (span_is(word, "CONVERT_TO_BINARY"))
        return CONTENT_TO_BINARY;
    return span_is(word, "CONVERT_TO_TEXT") ? CONTENT_TO_TEXT : CONTENT_AS_IT_IS;
}
