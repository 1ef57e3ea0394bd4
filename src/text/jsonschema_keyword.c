/* Reads the keywords of a schema.  One row per keyword: what it is called, which values it looks
 * at, and how its own value is read.  Keywords that are not in the table (title, default, those of
 * other drafts) say nothing about a value and are left alone, as AWS leaves them. */
#include "text/jsonschema_program.h"

#define PATTERNS_MAX 1000
#define FEW_CHOICES 8

/* Reads a keyword's value into `check`; sets check->applies to 0 when nothing is to be checked. */
typedef enum fault reader(struct compiler *c, const struct job *job, const struct json *value,
                          struct check *check);

/* `value` is the keyword's, whose name it bears. */
static enum fault wrong(struct compiler *c, const struct job *job, const struct json *value,
                        const char *words)
{
    return compile_bad(c, job, FAULT_TYPE, value->name, words);
}

static enum fault read_limit(struct compiler *c, const struct job *job, const struct json *value,
                             struct check *check)
{
    int64_t n;

    if (!json_int(value, &n) || n < 0)
        return wrong(c, job, value, "must be a whole number of at least 0");
    check->is.limit = (uint64_t)n;
    return OK;
}

/* --- numbers --- */

static enum fault read_bound(struct compiler *c, const struct job *job, const struct json *value,
                             struct check *check)
{
    const char *other = check->keyword == KEYWORD_MAXIMUM ? "exclusiveMaximum" : "exclusiveMinimum";
    const struct json *exclusive = json_member(job->node, other);

    if (!json_is(value, JSON_NUMBER))
        return wrong(c, job, value, "must be a number");
    if (exclusive && exclusive->type != JSON_TRUE && exclusive->type != JSON_FALSE)
        return wrong(c, job, exclusive, "must be true or false");
    check->is.bound.number = value->text;
    check->is.bound.is_exclusive = json_is_true(exclusive);
    return OK;
}

static enum fault read_exclusive(struct compiler *c, const struct job *job,
                                 const struct json *value, struct check *check)
{
    if (!json_member(job->node, span_is(value->name, "exclusiveMinimum") ? "minimum" : "maximum"))
        return wrong(c, job, value, "stands alone");
    check->applies = 0;
    return OK;
}

static enum fault read_multiple_of(struct compiler *c, const struct job *job,
                                   const struct json *value, struct check *check)
{
    size_t digits = json_is(value, JSON_NUMBER) ? json_number_digits(value->text) : 0;

    if (digits == 0 || value->text.at[0] == '-')
        return wrong(c, job, value, "must be a number above 0");
    if (digits > JSON_DIVISOR_DIGITS)
        return compile_bad(c, job, FAULT_TOO_LARGE, value->name, "has over 18 digits");
    check->is.bound.number = value->text;
    return OK;
}

/* --- any value --- */

/* Whether `value` is an array of at least one element, no two of them equal. */
static enum fault expect_set(struct compiler *c, const struct job *job, const struct json *value)
{
    bool has_equals;

    if (!json_is(value, JSON_ARRAY) || value->count == 0)
        return wrong(c, job, value, "must be an array of at least one element");
    if (json_has_equals(c->arena, value, &has_equals) != OK)
        return compile_no_memory(c);
    return has_equals ? wrong(c, job, value, "has equal elements") : OK;
}

static enum fault read_enum(struct compiler *c, const struct job *job, const struct json *value,
                            struct check *check)
{
    enum fault rc = expect_set(c, job, value);
    uint64_t *hashes = NULL, *next;

    if (rc != OK)
        return rc;
    if (value->count > FEW_CHOICES) {
        next = hashes = arena_try_array(c->arena, value->count, sizeof *hashes);
        if (!hashes)
            return compile_no_memory(c);
        for (const struct json *v = value->first; v; v = v->next)
            *next++ = json_hash(v);
    }
    check->is.choice.values = value;
    check->is.choice.hashes = hashes;
    return OK;
}

static unsigned primitive_by_name(const struct json *name)
{
    static const struct {
        const char *name;
        unsigned types;
    } ROWS[] = {
        {"array", PRIMITIVE_ARRAY},
        {"boolean", PRIMITIVE_BOOLEAN},
        {"integer", PRIMITIVE_INTEGER},
        {"null", PRIMITIVE_NULL},
        {"number", PRIMITIVE_NUMBER | PRIMITIVE_INTEGER},
        {"object", PRIMITIVE_OBJECT},
        {"string", PRIMITIVE_STRING},
    };

    for (size_t i = 0; json_is(name, JSON_STRING) && i < COUNT(ROWS); i++) {
        if (span_is(name->text, ROWS[i].name))
            return ROWS[i].types;
    }
    return 0;
}

static enum fault read_type(struct compiler *c, const struct job *job, const struct json *value,
                            struct check *check)
{
    enum fault rc = OK;

    check->is.types = 0;
    if (json_is(value, JSON_ARRAY)) {
        rc = expect_set(c, job, value);
        for (const struct json *v = value->first; v && rc == OK; v = v->next) {
            unsigned types = primitive_by_name(v);

            check->is.types |= types;
            if (types == 0)
                rc = wrong(c, job, value, "names no primitive type");
        }
        return rc;
    }
    check->is.types = primitive_by_name(value);
    return check->is.types ? OK : wrong(c, job, value, "names no primitive type");
}

static enum fault read_schemas(struct compiler *c, const struct job *job, const struct json *value,
                               struct schemas *out)
{
    enum fault rc = OK;

    if (!json_is(value, JSON_ARRAY) || value->count == 0)
        return wrong(c, job, value, "must be an array of at least one schema");
    out->at = arena_try_array(c->arena, value->count, sizeof *out->at);
    if (!out->at)
        return compile_no_memory(c);
    for (const struct json *v = value->first; v && rc == OK; v = v->next) {
        struct span place = arena_format(c->arena, "%zu", out->count);

        rc = compile_schema(c, job, v, value->name, place, &out->at[out->count++]);
    }
    return rc;
}

static enum fault read_combined(struct compiler *c, const struct job *job, const struct json *value,
                                struct check *check)
{
    return read_schemas(c, job, value, &check->is.schemas);
}

static enum fault read_not(struct compiler *c, const struct job *job, const struct json *value,
                           struct check *check)
{
    struct schemas *one = &check->is.schemas;

    one->count = 1;
    one->at = arena_try_array(c->arena, 1, sizeof *one->at);
    return one->at ? compile_schema(c, job, value, value->name, SPAN(""), &one->at[0])
                   : compile_no_memory(c);
}

/* --- texts --- */

static enum fault compile_pattern(struct compiler *c, const struct job *job, struct span text,
                                  struct span keyword, const struct pattern **out)
{
    struct pattern *pattern;
    struct problem why;
    enum fault rc;

    if (c->pattern_count++ == PATTERNS_MAX)
        return compile_bad(c, job, FAULT_TOO_LARGE, keyword, "is one pattern too many");
    pattern = arena_try_array(c->arena, 1, sizeof *pattern);
    if (!pattern)
        return compile_no_memory(c);
    rc = regex_new_with(text, REGEX_ANYWHERE | REGEX_JAVASCRIPT, &pattern->regex, &why);
    if (rc == FAULT_NO_MEMORY)
        return compile_no_memory(c);
    if (rc != OK) {
        why.text[200] = '\0';
        return compile_bad(c, job, rc == FAULT_SYNTAX ? FAULT_TYPE : rc, keyword, why.text);
    }
    pattern->text = text;
    pattern->next = c->out->patterns;
    c->out->patterns = pattern;
    *out = pattern;
    return OK;
}

static enum fault read_pattern(struct compiler *c, const struct job *job, const struct json *value,
                               struct check *check)
{
    if (!json_is(value, JSON_STRING))
        return wrong(c, job, value, "must be a string");
    return compile_pattern(c, job, value->text, value->name, &check->is.pattern);
}

static enum fault read_format(struct compiler *c, const struct job *job, const struct json *value,
                              struct check *check)
{
    if (!json_is(value, JSON_STRING))
        return wrong(c, job, value, "must be a string");
    check->is.format = format_find(value->text);
    if (!check->is.format)
        check->applies = 0;
    return OK;
}

static enum fault read_words(struct compiler *c, const struct job *job, const struct json *value,
                             struct check *check)
{
    check->applies = 0;
    return json_is(value, JSON_STRING) ? OK : wrong(c, job, value, "must be a string");
}

/* --- arrays --- */

static enum fault read_items(struct compiler *c, const struct job *job, const struct json *value,
                             struct check *check)
{
    check->applies = 0;
    if (!json_is(value, JSON_ARRAY))
        return compile_schema(c, job, value, value->name, SPAN(""), &job->schema->items);
    return read_schemas(c, job, value, &job->schema->tuple);
}

static enum fault read_additional_items(struct compiler *c, const struct job *job,
                                        const struct json *value, struct check *check)
{
    const struct json *items = json_member(job->node, "items");
    const struct schema *more = NULL;
    enum fault rc = OK;

    if (json_is(value, JSON_OBJECT))
        rc = compile_schema(c, job, value, value->name, SPAN(""), &more);
    else if (value->type != JSON_TRUE && value->type != JSON_FALSE)
        rc = wrong(c, job, value, "must be a schema, true or false");
    if (rc != OK || !json_is(items, JSON_ARRAY) || value->type != JSON_FALSE)
        check->applies = 0;
    if (rc != OK || !json_is(items, JSON_ARRAY))
        return rc;
    job->schema->more_items = more;
    check->is.limit = items->count;
    return OK;
}

static enum fault read_unique(struct compiler *c, const struct job *job, const struct json *value,
                              struct check *check)
{
    if (value->type != JSON_TRUE && value->type != JSON_FALSE)
        return wrong(c, job, value, "must be true or false");
    if (value->type == JSON_FALSE)
        check->applies = 0;
    return OK;
}

/* --- objects --- */

static enum fault read_properties(struct compiler *c, const struct job *job,
                                  const struct json *value, struct check *check)
{
    enum fault rc = OK;

    check->applies = 0;
    if (!json_is(value, JSON_OBJECT))
        return wrong(c, job, value, "must be an object of schemas");
    for (const struct json *m = value->first; m && rc == OK; m = m->next) {
        struct name *name = names_add(c, job->schema, m->name);

        if (!name)
            return compile_no_memory(c);
        rc = compile_schema(c, job, m, value->name, m->name, &name->property);
    }
    job->schema->has_properties |= value->count > 0;
    return rc;
}

static enum fault read_pattern_properties(struct compiler *c, const struct job *job,
                                          const struct json *value, struct check *check)
{
    struct schema *schema = job->schema;
    enum fault rc = OK;

    check->applies = 0;
    if (!json_is(value, JSON_OBJECT))
        return wrong(c, job, value, "must be an object of schemas");
    schema->patterns = arena_try_array(c->arena, value->count, sizeof *schema->patterns);
    if (!schema->patterns)
        return compile_no_memory(c);
    for (const struct json *m = value->first; m && rc == OK; m = m->next) {
        struct pattern_property *one = &schema->patterns[schema->pattern_count];

        rc = compile_pattern(c, job, m->name, value->name, &one->pattern);
        if (rc == OK)
            rc = compile_schema(c, job, m, value->name, m->name, &one->schema);
        if (rc == OK)
            schema->pattern_count++;
    }
    schema->has_properties |= value->count > 0;
    return rc;
}

static enum fault read_additional_properties(struct compiler *c, const struct job *job,
                                             const struct json *value, struct check *check)
{
    struct schema *schema = job->schema;

    if (json_is(value, JSON_FALSE)) {
        schema->is_closed = true;
        return OK;
    }
    check->applies = 0;
    if (json_is_true(value))
        return OK;
    schema->has_properties = true;
    return compile_schema(c, job, value, value->name, SPAN(""), &schema->more_properties);
}

static enum fault read_names(struct compiler *c, const struct job *job, const struct json *value,
                             struct wanted **out, size_t *count)
{
    enum fault rc = expect_set(c, job, value);

    if (rc != OK)
        return rc;
    *out = arena_try_array(c->arena, value->count, sizeof **out);
    if (!*out)
        return compile_no_memory(c);
    for (const struct json *v = value->first; v && rc == OK; v = v->next) {
        if (!json_is(v, JSON_STRING))
            return wrong(c, job, value, "must be an array of strings");
        rc = names_watch(c, job, v->text, &(*out)[(*count)++]);
    }
    return rc;
}

static enum fault read_required(struct compiler *c, const struct job *job, const struct json *value,
                                struct check *check)
{
    return read_names(c, job, value, &check->is.required.at, &check->is.required.count);
}

static enum fault read_dependencies(struct compiler *c, const struct job *job,
                                    const struct json *value, struct check *check)
{
    struct dependency *one;
    enum fault rc = OK;

    if (!json_is(value, JSON_OBJECT))
        return wrong(c, job, value, "must be an object");
    one = arena_try_array(c->arena, value->count, sizeof *one);
    if (!one)
        return compile_no_memory(c);
    check->is.dependencies.at = one;
    check->is.dependencies.count = value->count;
    for (const struct json *m = value->first; m && rc == OK; m = m->next, one++) {
        rc = names_watch(c, job, m->name, &one->when);
        if (rc != OK)
            return rc;
        if (json_is(m, JSON_ARRAY))
            rc = read_names(c, job, m, &one->names, &one->count);
        else
            rc = compile_schema(c, job, m, value->name, m->name, &one->schema);
    }
    return rc;
}

/* What nobody refers to must be a schema all the same. */
static enum fault read_definitions(struct compiler *c, const struct job *job,
                                   const struct json *value, struct check *check)
{
    const struct schema *unused;
    enum fault rc = OK;

    check->applies = 0;
    if (!json_is(value, JSON_OBJECT))
        return wrong(c, job, value, "must be an object of schemas");
    for (const struct json *m = value->first; m && rc == OK; m = m->next)
        rc = compile_schema(c, job, m, value->name, m->name, &unused);
    return rc;
}

/* --- all --- */

#define NUMERIC (PRIMITIVE_INTEGER | PRIMITIVE_NUMBER)

/* Those with checks in the order of enum keyword. */
static const struct row {
    const char *name;
    enum keyword keyword;
    unsigned applies;
    reader *read;
} ROWS[] = {
    {"$schema", KEYWORD_COUNT, 0, read_words},
    {"additionalItems", KEYWORD_ADDITIONAL_ITEMS, PRIMITIVE_ARRAY, read_additional_items},
    {"additionalProperties", KEYWORD_ADDITIONAL_PROPERTIES, PRIMITIVE_OBJECT,
     read_additional_properties},
    {"allOf", KEYWORD_ALL_OF, PRIMITIVE_ANY, read_combined},
    {"anyOf", KEYWORD_ANY_OF, PRIMITIVE_ANY, read_combined},
    {"definitions", KEYWORD_COUNT, 0, read_definitions},
    {"dependencies", KEYWORD_DEPENDENCIES, PRIMITIVE_OBJECT, read_dependencies},
    {"description", KEYWORD_COUNT, 0, read_words},
    {"enum", KEYWORD_ENUM, PRIMITIVE_ANY, read_enum},
    {"exclusiveMaximum", KEYWORD_COUNT, 0, read_exclusive},
    {"exclusiveMinimum", KEYWORD_COUNT, 0, read_exclusive},
    {"format", KEYWORD_FORMAT, PRIMITIVE_STRING, read_format},
    {"id", KEYWORD_COUNT, 0, read_words},
    {"items", KEYWORD_COUNT, 0, read_items},
    {"maxItems", KEYWORD_MAX_ITEMS, PRIMITIVE_ARRAY, read_limit},
    {"maxLength", KEYWORD_MAX_LENGTH, PRIMITIVE_STRING, read_limit},
    {"maxProperties", KEYWORD_MAX_PROPERTIES, PRIMITIVE_OBJECT, read_limit},
    {"maximum", KEYWORD_MAXIMUM, NUMERIC, read_bound},
    {"minItems", KEYWORD_MIN_ITEMS, PRIMITIVE_ARRAY, read_limit},
    {"minLength", KEYWORD_MIN_LENGTH, PRIMITIVE_STRING, read_limit},
    {"minProperties", KEYWORD_MIN_PROPERTIES, PRIMITIVE_OBJECT, read_limit},
    {"minimum", KEYWORD_MINIMUM, NUMERIC, read_bound},
    {"multipleOf", KEYWORD_MULTIPLE_OF, NUMERIC, read_multiple_of},
    {"not", KEYWORD_NOT, PRIMITIVE_ANY, read_not},
    {"oneOf", KEYWORD_ONE_OF, PRIMITIVE_ANY, read_combined},
    {"pattern", KEYWORD_PATTERN, PRIMITIVE_STRING, read_pattern},
    {"patternProperties", KEYWORD_COUNT, 0, read_pattern_properties},
    {"properties", KEYWORD_COUNT, 0, read_properties},
    {"required", KEYWORD_REQUIRED, PRIMITIVE_OBJECT, read_required},
    {"title", KEYWORD_COUNT, 0, read_words},
    {"type", KEYWORD_TYPE, PRIMITIVE_ANY, read_type},
    {"uniqueItems", KEYWORD_UNIQUE_ITEMS, PRIMITIVE_ARRAY, read_unique},
};

enum fault compile_keywords(struct compiler *c, const struct job *job)
{
    struct check checks[KEYWORD_COUNT] = {0};
    size_t n = 0;

    for (const struct row *row = ROWS; row < ROWS + COUNT(ROWS); row++) {
        const struct json *value = json_member(job->node, row->name);
        struct check check = {.keyword = row->keyword, .applies = row->applies};
        enum fault rc = value ? row->read(c, job, value, &check) : OK;

        if (rc != OK)
            return rc;
        if (value && check.applies)
            checks[n++] = check;
    }
    job->schema->checks = arena_try_array(c->arena, n, sizeof *checks);
    if (!job->schema->checks)
        return compile_no_memory(c);
    memcpy(job->schema->checks, checks, n * sizeof *checks);
    job->schema->check_count = n;
    return OK;
}
