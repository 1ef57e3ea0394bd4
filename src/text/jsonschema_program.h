/* What a compiled schema is made of.  Shared by its compiler, its runner and its words only. */
#ifndef TEXT_JSONSCHEMA_PROGRAM_H
#define TEXT_JSONSCHEMA_PROGRAM_H

#include "base/map.h"
#include "text/jsonschema.h"
#include "text/regex.h"

/* In the order in which failures are told: by name. */
enum keyword {
    KEYWORD_ADDITIONAL_ITEMS,
    KEYWORD_ADDITIONAL_PROPERTIES,
    KEYWORD_ALL_OF,
    KEYWORD_ANY_OF,
    KEYWORD_DEPENDENCIES,
    KEYWORD_ENUM,
    KEYWORD_FORMAT,
    KEYWORD_MAX_ITEMS,
    KEYWORD_MAX_LENGTH,
    KEYWORD_MAX_PROPERTIES,
    KEYWORD_MAXIMUM,
    KEYWORD_MIN_ITEMS,
    KEYWORD_MIN_LENGTH,
    KEYWORD_MIN_PROPERTIES,
    KEYWORD_MINIMUM,
    KEYWORD_MULTIPLE_OF,
    KEYWORD_NOT,
    KEYWORD_ONE_OF,
    KEYWORD_PATTERN,
    KEYWORD_REQUIRED,
    KEYWORD_TYPE,
    KEYWORD_UNIQUE_ITEMS,
    KEYWORD_COUNT
};

/* The primitive types, in the order in which they are told. */
enum primitive {
    PRIMITIVE_ARRAY = 1,
    PRIMITIVE_BOOLEAN = 2,
    PRIMITIVE_INTEGER = 4,
    PRIMITIVE_NULL = 8,
    PRIMITIVE_NUMBER = 16,
    PRIMITIVE_OBJECT = 32,
    PRIMITIVE_STRING = 64,
    PRIMITIVE_ANY = 127
};

/* A format: whether a text follows it, and the words when it does not. */
struct format {
    const char *name;
    bool (*holds)(struct span text);
    const char *words; /* with one {} for the text */
};

struct pattern {
    struct regex *regex;
    struct span text;
    struct pattern *next;
};

struct schemas {
    const struct schema **at;
    size_t count;
};

/* What a value must have; `number` is the place of its name among the watched ones. */
struct wanted {
    struct span name;
    uint32_t number;
};

struct dependency {
    struct wanted when;
    const struct schema *schema; /* NULL: the names below must be there */
    struct wanted *names;
    size_t count;
};

/* One keyword.  It looks only at values of the primitive types it applies to. */
struct check {
    enum keyword keyword;
    unsigned applies;
    union {
        uint64_t limit; /* of items, characters, properties; additionalItems: how many there may be
                         */
        struct {
            struct span number;
            bool is_exclusive;
        } bound; /* minimum, maximum, multipleOf */
        struct {
            const struct json *values;
            const uint64_t *hashes; /* of each; NULL when there are few */
        } choice;
        const struct format *format;
        const struct pattern *pattern;
        struct schemas schemas; /* allOf, anyOf, oneOf, not */
        struct {
            struct dependency *at;
            size_t count;
        } dependencies;
        struct {
            struct wanted *at;
            size_t count;
        } required;
        unsigned types;
    } is;
};

/* A name that a schema knows: a property, a watched name, or both. */
struct name {
    struct span text;
    const struct schema *property; /* NULL when it is only watched */
    uint32_t watched;              /* its number + 1; 0 when it is not watched */
    struct name *next;             /* in the same slot */
};

struct pattern_property {
    const struct pattern *pattern;
    const struct schema *schema;
};

struct schema {
    struct check *checks;
    size_t check_count;

    const struct schema *items; /* of every element; NULL: anything */
    struct schemas tuple;       /* of the first elements */
    const struct schema *more_items;

    struct name **slots; /* by names_hash; a power of two; NULL without names */
    size_t slot_count;
    struct pattern_property *patterns;
    size_t pattern_count;
    const struct schema *more_properties;
    bool is_closed;      /* additionalProperties is false */
    bool has_properties; /* children of objects have schemas */
    size_t watched;
};

struct jsonschema {
    const struct schema *root;
    struct pattern *patterns; /* all, newest first */
};

/* The state of one run. */
struct run {
    struct arena *scratch;
    struct buf *words; /* NULL: ends at the first failure */
    uint64_t steps;
    unsigned depth;
    int64_t regex_ns; /* left for regular expressions */
    size_t failures;
    bool is_costly;
};

/* Of a name's ends and length; good enough for names that a schema's author chose, since what a
 * client sends is never stored. */
static inline size_t names_hash(struct span name)
{
    uint64_t head = 0, tail = 0;

    if (name.len >= 8) {
        memcpy(&head, name.at, 8);
        memcpy(&tail, name.at + name.len - 8, 8);
    } else if (name.len >= 4) {
        memcpy(&head, name.at, 4);
        memcpy(&tail, name.at + name.len - 4, 4);
    } else if (name.len > 0) {
        head = (unsigned char)name.at[0];
        tail = (uint64_t)(unsigned char)name.at[name.len / 2] << 8 |
               (unsigned char)name.at[name.len - 1];
    }
    head = (head ^ (tail << 29 | tail >> 35) ^ name.len) * 0x9e3779b97f4a7c15u;
    return (size_t)(head >> 40);
}

/* The name's entry in the schema, or NULL. */
static inline struct name *names_find(const struct schema *schema, struct span text)
{
    struct name *name;

    if (schema->slot_count == 0)
        return NULL;
    name = schema->slots[names_hash(text) & (schema->slot_count - 1)];
    while (name && !span_equal(name->text, text))
        name = name->next;
    return name;
}

/* Where a schema stands in its document, for words. */
struct place {
    const struct place *parent;
    struct span keyword, name; /* or the reference that led there */
};

/* A schema whose keywords are still to be read. */
struct job {
    struct schema *schema;
    const struct json *node, *root;
    struct place place;
    struct job *next;
};

/* The compiler's state. */
struct compiler {
    struct arena *arena;
    const struct jsonschema_resolver *resolver;
    struct problem *why;
    struct jsonschema *out;
    size_t pattern_count;
    struct map known; /* by the address of a node: its schema */
    struct job *first, *last;
};

/* jsonschema_compile.c: the schema of `node`, which stands in job's schema under a keyword (and a
 * name); its keywords are read later, so that schemas may refer to themselves. */
enum fault compile_schema(struct compiler *c, const struct job *job, const struct json *node,
                          struct span keyword, struct span name, const struct schema **out);
enum fault compile_no_memory(struct compiler *c);
/* Says that a keyword of job's schema is not as it must be, as in "must be a string". */
enum fault compile_bad(struct compiler *c, const struct job *job, enum fault code,
                       struct span keyword, const char *words);
/* The entry of a name; NULL when memory is gone.  names_watch gives it a number. */
struct name *names_add(struct compiler *c, struct schema *schema, struct span text);
enum fault names_watch(struct compiler *c, const struct job *job, struct span text,
                       struct wanted *out);

/* jsonschema_keyword.c: reads all keywords of job's schema. */
enum fault compile_keywords(struct compiler *c, const struct job *job);

/* jsonschema_format.c: NULL when the format is not known (it is ignored then). */
const struct format *format_find(struct span name);

/* jsonschema_words.c */
enum primitive primitive_of(const struct json *value);

enum message {
    MESSAGE_ADDITIONAL_ITEMS,
    MESSAGE_ADDITIONAL_PROPERTIES,
    MESSAGE_ALL_OF,
    MESSAGE_ANY_OF,
    MESSAGE_DEPENDENCIES,
    MESSAGE_ENUM,
    MESSAGE_EXCLUSIVE_MAXIMUM,
    MESSAGE_EXCLUSIVE_MINIMUM,
    MESSAGE_MAX_ITEMS,
    MESSAGE_MAX_LENGTH,
    MESSAGE_MAX_PROPERTIES,
    MESSAGE_MAXIMUM,
    MESSAGE_MIN_ITEMS,
    MESSAGE_MIN_LENGTH,
    MESSAGE_MIN_PROPERTIES,
    MESSAGE_MINIMUM,
    MESSAGE_MULTIPLE_OF,
    MESSAGE_NOT,
    MESSAGE_ONE_OF,
    MESSAGE_PATTERN,
    MESSAGE_REQUIRED,
    MESSAGE_TYPE,
    MESSAGE_UNIQUE_ITEMS,
    MESSAGE_COUNT
};

extern const char *const MESSAGES[MESSAGE_COUNT]; /* each {} is the place of an argument */

/* Arguments of a message, in the order of its places. */
struct argument {
    enum { ARGUMENT_NUMBER, ARGUMENT_TEXT, ARGUMENT_JSON, ARGUMENT_TYPE, ARGUMENT_TYPES } kind;
    uint64_t number; /* or bits of primitive types */
    struct span text;
    const struct json *json;
};

/* Counts a failure and, where they are wanted, adds its words, each {} replaced. */
void words_add(struct run *run, const char *words, const struct argument *arguments, size_t count);

#endif
