/* libyaml cuts the text into events; here they become a tree.  Its own tree would lose what is
 * needed: the lines, the difference between a plain and a quoted scalar, and a limit for aliases
 * (a few lines of them can stand for billions of nodes). */
#include "text/yaml.h"

#include <yaml.h>

#include "base/map.h"
#include "base/number.h"
#include "base/utf8.h"
#include "text/yaml_scalar.h"

#define SLAB_NODES 1024 /* so that there are at most 200 slabs to look through for a line */
#define ANCHORS_MAX 1000

struct yaml_slab {
    struct yaml_slab *older;
    size_t count;
    struct line_node {
        struct json json;
        unsigned line;
    } nodes[SLAB_NODES];
};

/* A list or map whose end is not there yet. */
struct level {
    struct json *node;
    struct map keys; /* of a map: to its values' key nodes */
    bool has_key;
    struct span key;
    unsigned key_line;
    struct span anchor; /* of the node, or empty */
    struct json *whole; /* the node, or what its tag has put around it */
};

struct builder {
    struct yaml *out;
    struct problem *why;
    struct map anchors; /* to nodes that are whole */
    struct map open;    /* to nodes that are not */
    struct level levels[YAML_DEPTH_MAX];
    size_t depth;
    const yaml_event_t *event;
};

/* ---- nodes --------------------------------------------------------------------------------- */

static struct line_node *find_node(const struct yaml *yaml, const struct json *node)
{
    uintptr_t at = (uintptr_t)node;

    for (struct yaml_slab *slab = yaml->slabs; slab; slab = slab->older) {
        uintptr_t first = (uintptr_t)slab->nodes;

        if (at >= first && at < first + sizeof slab->nodes)
            return &slab->nodes[(at - first) / sizeof slab->nodes[0]];
    }
    return NULL;
}

unsigned yaml_line(const struct yaml *yaml, const struct json *node)
{
    const struct line_node *found = find_node(yaml, node);

    return found ? found->line : 0;
}

struct json *yaml_new(struct yaml *yaml, enum json_type type, unsigned line)
{
    struct yaml_slab *slab = yaml->slabs;
    struct line_node *node;

    if (yaml->count == YAML_NODES_MAX)
        return NULL;
    if (!slab || slab->count == SLAB_NODES) {
        slab = arena_try_array(yaml->arena, 1, sizeof *slab);
        if (!slab)
            return NULL;
        slab->older = yaml->slabs;
        yaml->slabs = slab;
    }
    yaml->count++;
    node = &slab->nodes[slab->count++];
    node->json.type = type;
    node->line = line;
    return &node->json;
}

/* A copy, each node counted; NULL and *is_deep past the limit of depth, which `depth` begins. */
static struct json *copy_tree(struct yaml *yaml, const struct json *from, size_t depth,
                              bool *is_deep)
{
    struct json *made;

    *is_deep = depth > 2 * YAML_DEPTH_MAX;
    made = *is_deep ? NULL : yaml_new(yaml, from->type, yaml_line(yaml, from));
    if (!made)
        return NULL;
    made->text = from->text;
    for (const struct json *one = from->first; one; one = one->next) {
        struct json *inner = copy_tree(yaml, one, depth + 1, is_deep);

        if (!inner)
            return NULL;
        if (from->type == JSON_ARRAY)
            json_append(made, inner);
        else
            json_add(made, one->name, inner);
    }
    return made;
}

struct json *yaml_copy(struct yaml *yaml, const struct json *node)
{
    bool is_deep;

    return copy_tree(yaml, node, 0, &is_deep);
}

/* ---- words --------------------------------------------------------------------------------- */

/* At the event that is being looked at. */
static enum fault fail(struct builder *b, enum fault code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum fault fail(struct builder *b, enum fault code, const char *format, ...)
{
    char text[PROBLEM_TEXT_MAX];
    va_list words;

    va_start(words, format);
    vsnprintf(text, sizeof text, format, words);
    va_end(words);
    problem_set(b->why, code, "%s", text);
    if (b->why) {
        b->why->line = (unsigned)b->event->start_mark.line + 1;
        b->why->column = (unsigned)b->event->start_mark.column + 1;
    }
    return code;
}

static enum fault fail_full(struct builder *b)
{
    return b->out->count == YAML_NODES_MAX
               ? fail(b, FAULT_TOO_LARGE, "the template is over 200000 values")
               : fail(b, FAULT_NO_MEMORY, "the template needs too much memory");
}

static unsigned line_of(const struct builder *b)
{
    return (unsigned)b->event->start_mark.line + 1;
}

static struct json *new_node(struct builder *b, enum json_type type)
{
    return yaml_new(b->out, type, line_of(b));
}

static struct span copy(struct builder *b, const yaml_char_t *text, size_t len)
{
    return arena_copy(b->out->arena, span_make(text, len));
}

static struct span text_of(const yaml_char_t *text)
{
    return span_of((const char *)text);
}

/* ---- tags ---------------------------------------------------------------------------------- */

/* Functions that have a short tag; `name` is what stands in the tree. */
static const struct short_tag {
    const char *tag, *name;
} SHORT_TAGS[] = {
    {"!Ref", "Ref"},
    {"!Condition", "Condition"},
    {"!And", "Fn::And"},
    {"!Base64", "Fn::Base64"},
    {"!Cidr", "Fn::Cidr"},
    {"!Equals", "Fn::Equals"},
    {"!FindInMap", "Fn::FindInMap"},
    {"!GetAtt", "Fn::GetAtt"},
    {"!GetAZs", "Fn::GetAZs"},
    {"!If", "Fn::If"},
    {"!ImportValue", "Fn::ImportValue"},
    {"!Join", "Fn::Join"},
    {"!Length", "Fn::Length"},
    {"!Not", "Fn::Not"},
    {"!Or", "Fn::Or"},
    {"!Select", "Fn::Select"},
    {"!Split", "Fn::Split"},
    {"!Sub", "Fn::Sub"},
    {"!ToJsonString", "Fn::ToJsonString"},
    {"!Transform", "Fn::Transform"},
};

static const struct short_tag *short_tag(struct span tag)
{
    for (size_t i = 0; i < COUNT(SHORT_TAGS); i++)
        if (span_is(tag, SHORT_TAGS[i].tag))
            return &SHORT_TAGS[i];
    return NULL;
}

/* "!!str" and the like, which YAML writes out whole.  Only those that JSON has. */
static bool is_core_tag(struct span tag)
{
    static const char *const NAMES[] = {"str", "int", "float", "bool", "null", "seq", "map"};
    struct span prefix = SPAN("tag:yaml.org,2002:");

    if (span_is(tag, "!"))
        return true;
    if (!span_starts(tag, prefix))
        return false;
    for (size_t i = 0; i < COUNT(NAMES); i++)
        if (span_is(span_skip(tag, prefix.len), NAMES[i]))
            return true;
    return false;
}

/* Puts {"Fn::X": node} around a node with a short tag. */
static enum fault wrap(struct builder *b, struct span tag, struct json *node, struct json **whole)
{
    const struct short_tag *found = short_tag(tag);

    *whole = node;
    if (tag.len == 0 || is_core_tag(tag))
        return OK;
    if (!found)
        return fail(b, FAULT_UNSUPPORTED, "unknown tag '%.*s'", SPAN_ARG(tag));
    *whole = new_node(b, JSON_OBJECT);
    if (!*whole)
        return fail_full(b);
    json_add(*whole, span_of(found->name), node);
    return OK;
}

/* ---- the tree ------------------------------------------------------------------------------ */

static enum fault take_key(struct builder *b, struct level *level, struct span key, bool is_plain)
{
    const struct json *former = map_get(&level->keys, key);

    if (is_plain && span_is(key, "<<"))
        return fail(b, FAULT_UNSUPPORTED,
                    "'<<' is not supported by CloudFormation: write out what it would add");
    if (former)
        return fail(b, FAULT_EXISTS, "the key '%.*s' is there twice (first on line %u)",
                    SPAN_ARG(key), yaml_line(b->out, former));
    level->key = key;
    level->key_line = line_of(b);
    level->has_key = true;
    return OK;
}

/* Puts a value that is whole, or will be, in its place. */
static enum fault attach(struct builder *b, struct json *value)
{
    struct level *level;

    if (b->depth == 0) {
        b->out->root = value;
        return OK;
    }
    level = &b->levels[b->depth - 1];
    if (level->node->type == JSON_ARRAY) {
        json_append(level->node, value);
        return OK;
    }
    if (!level->has_key)
        return fail(b, FAULT_TYPE, "a key must be a text");
    json_add(level->node, level->key, value);
    find_node(b->out, value)->line = level->key_line; /* what a reader looks for */
    level->has_key = false;
    return map_set(&level->keys, level->key, value) ? OK : fail_full(b);
}

static bool wants_key(const struct builder *b)
{
    const struct level *level = &b->levels[b->depth ? b->depth - 1 : 0];

    return b->depth > 0 && level->node->type == JSON_OBJECT && !level->has_key;
}

static enum fault name_anchor(struct builder *b, struct span anchor, struct json *node)
{
    if (anchor.len == 0)
        return OK;
    return map_set(&b->anchors, anchor, node)
               ? OK
               : fail(b, FAULT_TOO_LARGE, "too many anchors at '%.*s'", SPAN_ARG(anchor));
}

/* "a.b.c" is ["a", "b.c"]. */
static enum fault split_attribute(struct builder *b, struct json *node)
{
    size_t dot = span_find(node->text, '.');
    struct json *name = new_node(b, JSON_STRING), *attribute = new_node(b, JSON_STRING);

    if (!name || !attribute)
        return fail_full(b);
    if (dot == node->text.len)
        return fail(b, FAULT_SYNTAX, "'!GetAtt %.*s' names no attribute", SPAN_ARG(node->text));
    name->text = span_first(node->text, dot);
    attribute->text = span_skip(node->text, dot + 1);
    node->type = JSON_ARRAY;
    node->text = SPAN("");
    json_append(node, name);
    json_append(node, attribute);
    return OK;
}

static bool is_text_tag(struct span tag)
{
    return span_is(tag, "!") || span_is(tag, YAML_STR_TAG) || short_tag(tag);
}

static enum fault on_scalar(struct builder *b)
{
    const yaml_event_t *event = b->event;
    struct span text = copy(b, event->data.scalar.value, event->data.scalar.length);
    struct span tag = text_of(event->data.scalar.tag);
    bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct json *node, *whole;
    enum fault rc;

    if (!text.at)
        return fail_full(b);
    if (wants_key(b))
        return take_key(b, &b->levels[b->depth - 1], text, is_plain && tag.len == 0);
    node = new_node(b, JSON_STRING);
    if (!node)
        return fail_full(b);
    node->text = text;
    if ((is_plain && !is_text_tag(tag)) || (tag.len > 0 && is_core_tag(tag) && !is_text_tag(tag)))
        if (!yaml_scalar(b->out->arena, text, node))
            return fail_full(b);
    if (span_is(tag, "!GetAtt") && (rc = split_attribute(b, node)))
        return rc;
    if ((rc = wrap(b, tag, node, &whole)) || (rc = attach(b, whole)))
        return rc;
    return name_anchor(
        b, copy(b, event->data.scalar.anchor, text_of(event->data.scalar.anchor).len), whole);
}

static enum fault on_open(struct builder *b, enum json_type type, const yaml_char_t *tag,
                          const yaml_char_t *anchor)
{
    struct json *node = new_node(b, type), *whole;
    struct level *level;
    enum fault rc;

    if (!node)
        return fail_full(b);
    if (b->depth == YAML_DEPTH_MAX)
        return fail(b, FAULT_TOO_LARGE, "the template is nested too deeply");
    if ((rc = wrap(b, text_of(tag), node, &whole)) || (rc = attach(b, whole)))
        return rc;
    level = &b->levels[b->depth++];
    *level = (struct level){.node = node, .whole = whole};
    map_init(&level->keys, YAML_NODES_MAX);
    level->anchor = copy(b, anchor, text_of(anchor).len);
    if (level->anchor.len > 0 && !map_set(&b->open, level->anchor, node))
        return fail(b, FAULT_TOO_LARGE, "too many anchors at '%.*s'", SPAN_ARG(level->anchor));
    return OK;
}

static enum fault on_close(struct builder *b)
{
    struct level *level = &b->levels[--b->depth];

    map_release(&level->keys);
    if (level->anchor.len > 0)
        map_remove(&b->open, level->anchor);
    return name_anchor(b, level->anchor, level->whole);
}

static enum fault on_alias(struct builder *b)
{
    struct span name = text_of(b->event->data.alias.anchor);
    const struct json *target = map_get(&b->anchors, name);
    bool is_deep = false;
    struct json *made;

    if (wants_key(b))
        return fail(b, FAULT_TYPE, "a key must be a text, not the alias '*%.*s'", SPAN_ARG(name));
    if (map_get(&b->open, name))
        return fail(b, FAULT_SYNTAX, "the alias '*%.*s' stands inside its own anchor",
                    SPAN_ARG(name));
    if (!target)
        return fail(b, FAULT_NOT_FOUND, "there is no anchor '&%.*s' before this alias",
                    SPAN_ARG(name));
    made = copy_tree(b->out, target, 2 * b->depth, &is_deep);
    if (is_deep)
        return fail(b, FAULT_TOO_LARGE, "the template is nested too deeply");
    return made ? attach(b, made)
           : b->out->count == YAML_NODES_MAX
               ? fail(b, FAULT_TOO_LARGE,
                      "the aliases of the template stand for over 200000 values, here '*%.*s'",
                      SPAN_ARG(name))
               : fail_full(b);
}

static enum fault on_event(struct builder *b, bool *is_end)
{
    switch (b->event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(b);
    case YAML_ALIAS_EVENT:
        return on_alias(b);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(b, JSON_ARRAY, b->event->data.sequence_start.tag,
                       b->event->data.sequence_start.anchor);
    case YAML_MAPPING_START_EVENT:
        return on_open(b, JSON_OBJECT, b->event->data.mapping_start.tag,
                       b->event->data.mapping_start.anchor);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_close(b);
    case YAML_DOCUMENT_START_EVENT:
        if (b->out->root)
            return fail(b, FAULT_UNSUPPORTED, "a second document begins here; one is wanted");
        return OK;
    case YAML_NO_EVENT:
    case YAML_STREAM_END_EVENT:
        *is_end = true;
        return OK;
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return OK;
}

/* ---- the text ------------------------------------------------------------------------------ */

static enum fault fail_parser(const yaml_parser_t *parser, struct problem *why)
{
    enum fault code = parser->error == YAML_MEMORY_ERROR ? FAULT_NO_MEMORY : FAULT_SYNTAX;

    problem_set(why, code, "%s%s%s", parser->context ? parser->context : "",
                parser->context ? ": " : "", parser->problem ? parser->problem : "cannot be read");
    if (why) {
        why->line = (unsigned)parser->problem_mark.line + 1;
        why->column = (unsigned)parser->problem_mark.column + 1;
        why->offset = parser->problem_offset;
    }
    return code;
}

static enum fault run(struct builder *b, yaml_parser_t *parser)
{
    bool is_end = false;
    enum fault rc = OK;

    while (rc == OK && !is_end) {
        yaml_event_t event;

        if (!yaml_parser_parse(parser, &event))
            return fail_parser(parser, b->why);
        b->event = &event;
        rc = on_event(b, &is_end);
        yaml_event_delete(&event);
    }
    return rc;
}

/* Drops a byte order mark; words about other encodings, which libyaml would guess at. */
static enum fault check_encoding(struct span *text, struct problem *why)
{
    size_t bad = 0;

    if (span_starts(*text, SPAN("\xff\xfe")) || span_starts(*text, SPAN("\xfe\xff")))
        return problem_at(why, FAULT_SYNTAX, text->at, text->len, 0,
                          "the template is UTF-16; save it as UTF-8");
    if (span_starts(*text, SPAN("\xef\xbb\xbf")))
        *text = span_skip(*text, 3);
    bad = span_search(*text, SPAN("\xef\xbb\xbf"));
    if (bad < text->len)
        return problem_at(why, FAULT_SYNTAX, text->at, text->len, bad,
                          "a byte order mark in the middle of the template");
    return OK;
}

/* Two \uXXXX escapes that are one character in JSON, and that libyaml does not put together. */
static bool take_pair(struct span in, uint32_t *point)
{
    uint64_t high, low;

    if (in.len < 12 || in.at[0] != '\\' || in.at[1] != 'u' || in.at[6] != '\\' || in.at[7] != 'u' ||
        !number_hex(span_first(span_skip(in, 2), 4), &high) ||
        !number_hex(span_first(span_skip(in, 8), 4), &low) || high < 0xd800 || high > 0xdbff ||
        low < 0xdc00 || low > 0xdfff)
        return false;
    *point = (uint32_t)(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
    return true;
}

/* JSON with such pairs written out, for the lines to stay the same; else the text itself. */
static struct span join_pairs(struct arena *arena, struct span text)
{
    struct span out = text;
    char *at;

    if (!span_starts(span_trim(text), SPAN("{")) || span_search(text, SPAN("\\u")) == text.len)
        return text;
    at = arena_try(arena, text.len);
    if (!at)
        return text;
    out = (struct span){at, 0};
    while (text.len > 0) {
        size_t taken = text.at[0] == '\\' && text.len > 1 ? 2 : 1;
        uint32_t point;

        if (take_pair(text, &point)) {
            out.len += utf8_put(point, at + out.len);
            taken = 12;
        } else {
            memcpy(at + out.len, text.at, taken);
            out.len += taken;
        }
        text = span_skip(text, taken);
    }
    return out;
}

enum fault yaml_parse(struct arena *arena, struct span text, struct yaml *out, struct problem *why)
{
    struct builder b = {.out = out, .why = why};
    yaml_parser_t parser;
    enum fault rc;

    *out = (struct yaml){.arena = arena};
    if (text.len > YAML_TEXT_MAX)
        return problem_set(why, FAULT_TOO_LARGE, "the template is over 1 MB");
    if ((rc = check_encoding(&text, why)))
        return rc;
    text = join_pairs(arena, text);
    if (!yaml_parser_initialize(&parser))
        return problem_set(why, FAULT_NO_MEMORY, "no memory to read the template");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.at ? text.at : ""),
                                 text.len);
    map_init(&b.anchors, ANCHORS_MAX);
    map_init(&b.open, YAML_DEPTH_MAX);
    rc = run(&b, &parser);
    while (b.depth > 0)
        map_release(&b.levels[--b.depth].keys);
    map_release(&b.anchors);
    map_release(&b.open);
    yaml_parser_delete(&parser);
    if (rc == OK && !out->root)
        rc = problem_set(why, FAULT_SYNTAX, "the template is empty");
    return rc;
}
