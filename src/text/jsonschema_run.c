/* Runs a compiled schema.  Two ways through the same code: without words it ends at the first
 * failure; with words it goes on as the Java library does: all keywords of a value, by name, and
 * the children only while nothing has failed, members by name.
 *
 * Recursion is bounded by depth, work by steps, and expressions by the time they take: one that is
 * a little below PCRE2's limit for every element of a large array would be dear as well. */
#include <stdlib.h>
#include <time.h>

#include "base/utf8.h"
#include "text/jsonschema_program.h"

#define REGEX_NS_MAX 100000000   /* of all matches of a run */
#define REGEX_NS_CHARGED 2000000 /* of one at most: what is more was somebody else's turn */

static void visit(struct run *run, const struct schema *schema, const struct json *value);

/* --- the state --- */

static bool charge(struct run *run, uint64_t steps)
{
    if (run->is_costly || run->steps < steps) {
        run->is_costly = true;
        return false;
    }
    run->steps -= steps;
    return true;
}

/* Whether there is anything to find yet. */
static bool goes_on(const struct run *run)
{
    return !run->is_costly && (run->words || run->failures == 0);
}

/* Whether the value follows the schema, for the combining keywords: tells nothing. */
static bool follows(struct run *run, const struct schema *schema, const struct json *value)
{
    struct run inner = *run;

    inner.words = NULL;
    inner.failures = 0;
    visit(&inner, schema, value);
    run->steps = inner.steps;
    run->regex_ns = inner.regex_ns;
    run->is_costly = inner.is_costly;
    return inner.failures == 0;
}

static int64_t nanoseconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool pattern_matches(struct run *run, const struct pattern *pattern, struct span text)
{
    int64_t began = nanoseconds(), spent;
    enum regex_result result = regex_matches(pattern->regex, text);

    spent = nanoseconds() - began;
    run->regex_ns -= spent < REGEX_NS_CHARGED ? spent : REGEX_NS_CHARGED;
    if (result == REGEX_TOO_COSTLY || run->regex_ns < 0)
        run->is_costly = true;
    return result == REGEX_YES;
}

#define NOTHING                 \
    {                           \
        .kind = ARGUMENT_NUMBER \
    }
#define NUMBER(n)                              \
    {                                          \
        .kind = ARGUMENT_NUMBER, .number = (n) \
    }
#define TEXT(t)                            \
    {                                      \
        .kind = ARGUMENT_TEXT, .text = (t) \
    }
#define JSON(j)                            \
    {                                      \
        .kind = ARGUMENT_JSON, .json = (j) \
    }
#define TELL(run, message, ...)                                               \
    words_add(run, MESSAGES[message], (const struct argument[]){__VA_ARGS__}, \
              sizeof((const struct argument[]){__VA_ARGS__}) / sizeof(struct argument))

/* --- numbers and texts --- */

static void check_maximum(struct run *run, const struct check *check, const struct json *value)
{
    struct span most = check->is.bound.number;
    int order = json_number_compare(value->text, most);

    if (order > 0 && !check->is.bound.is_exclusive)
        TELL(run, MESSAGE_MAXIMUM, TEXT(most), TEXT(value->text));
    else if (order >= 0 && check->is.bound.is_exclusive)
        TELL(run, MESSAGE_EXCLUSIVE_MAXIMUM, TEXT(most));
}

static void check_minimum(struct run *run, const struct check *check, const struct json *value)
{
    struct span least = check->is.bound.number;
    int order = json_number_compare(value->text, least);

    if (order < 0 && !check->is.bound.is_exclusive)
        TELL(run, MESSAGE_MINIMUM, TEXT(least), TEXT(value->text));
    else if (order <= 0 && check->is.bound.is_exclusive)
        TELL(run, MESSAGE_EXCLUSIVE_MINIMUM, TEXT(least));
}

static void check_multiple_of(struct run *run, const struct check *check, const struct json *value)
{
    struct span of = check->is.bound.number;

    if (!json_number_is_multiple(value->text, of))
        TELL(run, MESSAGE_MULTIPLE_OF, TEXT(value->text), TEXT(of));
}

/* Code points: Java's codePointCount. */
static uint64_t length_of(struct span text)
{
    uint64_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.at[i] & 0xc0) != 0x80;
    return n;
}

static void check_max_length(struct run *run, const struct check *check, const struct json *value)
{
    uint64_t n;

    if (value->text.len <= check->is.limit) /* bytes are at least as many as characters */
        return;
    n = length_of(value->text);
    if (n > check->is.limit)
        TELL(run, MESSAGE_MAX_LENGTH, TEXT(value->text), NUMBER(n), NUMBER(check->is.limit));
}

static void check_min_length(struct run *run, const struct check *check, const struct json *value)
{
    uint64_t n;

    if (value->text.len / 4 >= check->is.limit) /* a character has at most four bytes */
        return;
    n = length_of(value->text);
    if (n < check->is.limit)
        TELL(run, MESSAGE_MIN_LENGTH, TEXT(value->text), NUMBER(n), NUMBER(check->is.limit));
}

static void check_pattern(struct run *run, const struct check *check, const struct json *value)
{
    const struct pattern *pattern = check->is.pattern;

    if (!pattern_matches(run, pattern, value->text))
        TELL(run, MESSAGE_PATTERN, TEXT(pattern->text), TEXT(value->text));
}

static void check_format(struct run *run, const struct check *check, const struct json *value)
{
    if (!check->is.format->holds(value->text))
        words_add(run, check->is.format->words, &(const struct argument)TEXT(value->text), 1);
}

/* --- any value --- */

static void check_type(struct run *run, const struct check *check, const struct json *value)
{
    unsigned type = primitive_of(value);

    if (!(type & check->is.types))
        TELL(run, MESSAGE_TYPE, {.kind = ARGUMENT_TYPE, .number = type},
             {.kind = ARGUMENT_TYPES, .number = check->is.types});
}

/* Values and their children; a walk that is cheap beside what it pays for. */
static uint64_t weight(const struct json *value, unsigned depth)
{
    uint64_t n = 1;

    for (const struct json *child = value->first; child && depth > 0; child = child->next)
        n += child->first ? weight(child, depth - 1) : 1;
    return n;
}

static bool is_chosen(struct run *run, const struct check *check, const struct json *value)
{
    const struct json *choices = check->is.choice.values;
    const uint64_t *hashes = check->is.choice.hashes;
    uint64_t hash = 0;

    if (!charge(run, choices->count / 4))
        return true;
    if (hashes) {
        if (!charge(run, weight(value, JSON_TREE_DEPTH_MAX)))
            return true;
        hash = json_hash(value);
    }
    for (const struct json *v = choices->first; v; v = v->next) {
        if ((!hashes || *hashes++ == hash) && json_equal(v, value))
            return true;
    }
    return false;
}

static void check_enum(struct run *run, const struct check *check, const struct json *value)
{
    if (!is_chosen(run, check, value))
        TELL(run, MESSAGE_ENUM, JSON(value), JSON(check->is.choice.values));
}

static size_t count_followed(struct run *run, const struct check *check, const struct json *value,
                             size_t enough)
{
    const struct schemas *schemas = &check->is.schemas;
    size_t n = 0;

    for (size_t i = 0; i < schemas->count && n < enough && !run->is_costly; i++)
        n += follows(run, schemas->at[i], value);
    return n;
}

static void check_all_of(struct run *run, const struct check *check, const struct json *value)
{
    size_t count = check->is.schemas.count, n;

    if (!run->words) { /* the first failure is enough, and is this one's as well */
        for (size_t i = 0; i < count && goes_on(run); i++)
            visit(run, check->is.schemas.at[i], value);
        return;
    }
    n = count_followed(run, check, value, count);
    if (n < count)
        TELL(run, MESSAGE_ALL_OF, NUMBER(n), NUMBER(count));
}

static void check_any_of(struct run *run, const struct check *check, const struct json *value)
{
    if (count_followed(run, check, value, 1) == 0)
        TELL(run, MESSAGE_ANY_OF, NUMBER(check->is.schemas.count));
}

static void check_one_of(struct run *run, const struct check *check, const struct json *value)
{
    size_t count = check->is.schemas.count;
    size_t n = count_followed(run, check, value, run->words ? count : 2);

    if (n != 1)
        TELL(run, MESSAGE_ONE_OF, NUMBER(n), NUMBER(count));
}

static void check_not(struct run *run, const struct check *check, const struct json *value)
{
    if (follows(run, check->is.schemas.at[0], value))
        TELL(run, MESSAGE_NOT, NOTHING);
}

/* --- arrays --- */

static void check_additional_items(struct run *run, const struct check *check,
                                   const struct json *value)
{
    if (value->count > check->is.limit)
        TELL(run, MESSAGE_ADDITIONAL_ITEMS, NUMBER(check->is.limit), NUMBER(value->count));
}

static void check_max_items(struct run *run, const struct check *check, const struct json *value)
{
    if (value->count > check->is.limit)
        TELL(run, MESSAGE_MAX_ITEMS, NUMBER(check->is.limit), NUMBER(value->count));
}

static void check_min_items(struct run *run, const struct check *check, const struct json *value)
{
    if (value->count < check->is.limit)
        TELL(run, MESSAGE_MIN_ITEMS, NUMBER(check->is.limit), NUMBER(value->count));
}

static void check_unique_items(struct run *run, const struct check *check, const struct json *value)
{
    bool has_equals = false;

    (void)check;
    if (value->count < 2 || !charge(run, weight(value, JSON_TREE_DEPTH_MAX)))
        return;
    if (json_has_equals(run->scratch, value, &has_equals) != OK)
        run->is_costly = true;
    if (has_equals)
        TELL(run, MESSAGE_UNIQUE_ITEMS, NOTHING);
}

static void visit_elements(struct run *run, const struct schema *schema, const struct json *array)
{
    size_t i = 0;

    for (const struct json *v = array->first; v && goes_on(run); v = v->next, i++) {
        const struct schema *one = schema->items;

        if (schema->tuple.count > 0)
            one = i < schema->tuple.count ? schema->tuple.at[i] : schema->more_items;
        if (one)
            visit(run, one, v);
    }
}

/* --- objects --- */

static void check_max_properties(struct run *run, const struct check *check,
                                 const struct json *value)
{
    if (value->count > check->is.limit)
        TELL(run, MESSAGE_MAX_PROPERTIES, NUMBER(value->count), NUMBER(check->is.limit));
}

static void check_min_properties(struct run *run, const struct check *check,
                                 const struct json *value)
{
    if (value->count < check->is.limit)
        TELL(run, MESSAGE_MIN_PROPERTIES, NUMBER(value->count), NUMBER(check->is.limit));
}

struct present {
    uint64_t bits[JSONSCHEMA_WATCHED_MAX / 64];
};

/* Which of the watched names the object has; one walk over it. */
static void survey(struct run *run, const struct schema *schema, const struct json *object,
                   struct present *out)
{
    memset(out->bits, 0, (schema->watched + 63) / 64 * sizeof out->bits[0]);
    if (!charge(run, object->count))
        return;
    for (const struct json *m = object->first; m; m = m->next) {
        const struct name *name = names_find(schema, m->name);

        if (name && name->watched)
            out->bits[(name->watched - 1) / 64] |= (uint64_t)1 << (name->watched - 1) % 64;
    }
}

static bool is_present(const struct present *present, const struct wanted *wanted)
{
    return present->bits[wanted->number / 64] >> wanted->number % 64 & 1;
}

static size_t count_missing(const struct present *present, const struct wanted *wanted,
                            size_t count)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        n += !is_present(present, &wanted[i]);
    return n;
}

/* The names as an array for words; those that are present only if `all`. */
static const struct json *list_wanted(struct run *run, const struct present *present,
                                      const struct wanted *wanted, size_t count, bool all)
{
    struct json *list = run->words ? json_new(run->scratch, JSON_ARRAY) : NULL;

    for (size_t i = 0; list && i < count; i++) {
        if (all || !is_present(present, &wanted[i]))
            json_append(list, json_text(run->scratch, wanted[i].name));
    }
    return list;
}

static void check_required(struct run *run, const struct schema *schema, const struct check *check,
                           const struct json *value)
{
    const struct wanted *wanted = check->is.required.at;
    size_t count = check->is.required.count;
    struct present present;

    survey(run, schema, value, &present);
    if (!run->is_costly && count_missing(&present, wanted, count) > 0)
        TELL(run, MESSAGE_REQUIRED, JSON(list_wanted(run, &present, wanted, count, false)));
}

static void check_dependencies(struct run *run, const struct schema *schema,
                               const struct check *check, const struct json *value)
{
    struct present present;

    survey(run, schema, value, &present);
    for (size_t i = 0; i < check->is.dependencies.count && goes_on(run); i++) {
        const struct dependency *d = &check->is.dependencies.at[i];

        if (!is_present(&present, &d->when))
            continue;
        if (d->schema)
            visit(run, d->schema, value);
        else if (count_missing(&present, d->names, d->count) > 0)
            TELL(run, MESSAGE_DEPENDENCIES, TEXT(d->when.name),
                 JSON(list_wanted(run, &present, d->names, d->count, true)),
                 JSON(list_wanted(run, &present, d->names, d->count, false)));
    }
}

static bool is_property(struct run *run, const struct schema *schema, struct span name)
{
    const struct name *known = names_find(schema, name);

    if (known && known->property)
        return true;
    for (size_t i = 0; i < schema->pattern_count; i++) {
        if (charge(run, 1) && pattern_matches(run, schema->patterns[i].pattern, name))
            return true;
    }
    return false;
}

static int by_name(const void *a, const void *b)
{
    return span_compare((*(const struct json *const *)a)->name,
                        (*(const struct json *const *)b)->name);
}

/* The members by name; NULL (and costly) when there is no memory. */
static const struct json **sort_members(struct run *run, const struct json *object)
{
    const struct json **list = arena_try_array(run->scratch, object->count, sizeof *list);
    size_t n = 0;

    if (!list || !charge(run, object->count)) {
        run->is_costly = true;
        return NULL;
    }
    for (const struct json *m = object->first; m; m = m->next)
        list[n++] = m;
    qsort(list, n, sizeof *list, by_name);
    return list;
}

static const struct json *list_unknown(struct run *run, const struct schema *schema,
                                       const struct json *object)
{
    const struct json **members = sort_members(run, object);
    struct json *list = json_new(run->scratch, JSON_ARRAY);

    for (size_t i = 0; members && list && i < object->count; i++) {
        bool is_again = i > 0 && span_equal(members[i]->name, members[i - 1]->name);

        if (!is_again && !is_property(run, schema, members[i]->name))
            json_append(list, json_text(run->scratch, members[i]->name));
    }
    return list;
}

static void check_closed(struct run *run, const struct schema *schema, const struct json *value)
{
    for (const struct json *m = value->first; m && charge(run, 1); m = m->next) {
        if (is_property(run, schema, m->name))
            continue;
        TELL(run, MESSAGE_ADDITIONAL_PROPERTIES,
             JSON(run->words ? list_unknown(run, schema, value) : NULL));
        return;
    }
}

static void visit_member(struct run *run, const struct schema *schema, const struct json *member)
{
    const struct name *name = names_find(schema, member->name);
    bool is_known = name && name->property;

    if (is_known)
        visit(run, name->property, member);
    for (size_t i = 0; i < schema->pattern_count && goes_on(run); i++) {
        const struct pattern_property *one = &schema->patterns[i];

        if (charge(run, 1) && pattern_matches(run, one->pattern, member->name)) {
            is_known = true;
            visit(run, one->schema, member);
        }
    }
    if (!is_known && schema->more_properties && goes_on(run))
        visit(run, schema->more_properties, member);
}

static void visit_members(struct run *run, const struct schema *schema, const struct json *object)
{
    const struct json **sorted;

    if (!run->words) {
        for (const struct json *m = object->first; m && goes_on(run); m = m->next)
            visit_member(run, schema, m);
        return;
    }
    sorted = sort_members(run, object);
    for (size_t i = 0; sorted && i < object->count && goes_on(run); i++)
        visit_member(run, schema, sorted[i]);
}

/* --- all --- */

static void run_check(struct run *run, const struct schema *schema, const struct check *check,
                      const struct json *value)
{
    static void (*const CHECKS[KEYWORD_COUNT])(struct run *, const struct check *,
                                               const struct json *) = {
        [KEYWORD_ADDITIONAL_ITEMS] = check_additional_items,
        [KEYWORD_ALL_OF] = check_all_of,
        [KEYWORD_ANY_OF] = check_any_of,
        [KEYWORD_ENUM] = check_enum,
        [KEYWORD_FORMAT] = check_format,
        [KEYWORD_MAX_ITEMS] = check_max_items,
        [KEYWORD_MAX_LENGTH] = check_max_length,
        [KEYWORD_MAX_PROPERTIES] = check_max_properties,
        [KEYWORD_MAXIMUM] = check_maximum,
        [KEYWORD_MIN_ITEMS] = check_min_items,
        [KEYWORD_MIN_LENGTH] = check_min_length,
        [KEYWORD_MIN_PROPERTIES] = check_min_properties,
        [KEYWORD_MINIMUM] = check_minimum,
        [KEYWORD_MULTIPLE_OF] = check_multiple_of,
        [KEYWORD_NOT] = check_not,
        [KEYWORD_ONE_OF] = check_one_of,
        [KEYWORD_PATTERN] = check_pattern,
        [KEYWORD_TYPE] = check_type,
        [KEYWORD_UNIQUE_ITEMS] = check_unique_items,
    };

    if (CHECKS[check->keyword])
        CHECKS[check->keyword](run, check, value);
    else if (check->keyword == KEYWORD_REQUIRED)
        check_required(run, schema, check, value);
    else if (check->keyword == KEYWORD_DEPENDENCIES)
        check_dependencies(run, schema, check, value);
    else
        check_closed(run, schema, value);
}

static void visit(struct run *run, const struct schema *schema, const struct json *value)
{
    unsigned type = primitive_of(value);

    if (run->depth == JSONSCHEMA_DEPTH_MAX)
        run->is_costly = true;
    if (!charge(run, 1))
        return;
    run->depth++;
    for (size_t i = 0; i < schema->check_count && goes_on(run); i++) {
        if (schema->checks[i].applies & type)
            run_check(run, schema, &schema->checks[i], value);
    }
    if (run->failures == 0 && type == PRIMITIVE_ARRAY)
        visit_elements(run, schema, value);
    else if (run->failures == 0 && type == PRIMITIVE_OBJECT && schema->has_properties)
        visit_members(run, schema, value);
    run->depth--;
}

enum jsonschema_result jsonschema_run(const struct jsonschema *schema, struct arena *scratch,
                                      const struct json *value, uint64_t steps, struct buf *words)
{
    struct run run = {.scratch = scratch, .regex_ns = REGEX_NS_MAX};

    run.steps = steps = steps ? steps : JSONSCHEMA_STEPS_DEFAULT;
    visit(&run, schema->root, value);
    if (run.is_costly)
        return JSONSCHEMA_TOO_COSTLY;
    if (run.failures == 0)
        return JSONSCHEMA_VALID;
    if (!words)
        return JSONSCHEMA_INVALID;
    run =
        (struct run){.scratch = scratch, .words = words, .steps = steps, .regex_ns = REGEX_NS_MAX};
    buf_add_char(words, '[');
    visit(&run, schema->root, value);
    buf_add_char(words, ']');
    return JSONSCHEMA_INVALID;
}
