/* Values of templates: what Velocity's references hold in API Gateway, that is Java's strings,
 * numbers, lists and maps.
 *
 * Values live in the arena they were made with and die with it.  A value is small and copied;
 * lists and maps are shared by reference, as in Java, and may be changed by templates.  Text is
 * UTF-8 and borrowed: whoever makes a value from a span keeps the bytes alive. */
#ifndef VTL_VALUE_H
#define VTL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

struct json;

enum vtl_type {
    VTL_NULL,
    VTL_BOOL,
    VTL_INT,     /* Integer: `number` within 32 bits */
    VTL_LONG,    /* Long */
    VTL_BIG,     /* BigInteger: decimal digits in `text` */
    VTL_DOUBLE,  /* Double */
    VTL_DECIMAL, /* BigDecimal: as written, in `text` */
    VTL_STRING,
    VTL_LIST,
    VTL_MAP,
    VTL_ENTRY,    /* of an entrySet() */
    VTL_ITERATOR, /* of an iterator() */
    VTL_CLASS,    /* of .class; its name in `text` */
    VTL_BLOCK,    /* what #define made */
    VTL_LOOP,     /* $foreach */
    VTL_INPUT,    /* $input */
    VTL_UTIL      /* $util */
};

struct vtl_value {
    enum vtl_type type;
    uint32_t len; /* of `text` */
    union {
        bool is_true;
        int64_t number;
        double real;
        const char *text;
        struct vtl_list *list;
        struct vtl_map *map;
        struct vtl_entry *entry;
        struct vtl_iterator *iterator;
        const void *object;
    };
};

/* How a list prints and what may be done to it. */
enum vtl_list_kind {
    VTL_ARRAY_LIST, /* of a literal: [a, b] */
    VTL_JSON_ARRAY, /* of JSON: ["a","b"] */
    VTL_ARRAY,      /* String[] and others: of fixed size */
    VTL_VIEW        /* keySet(), values(), entrySet(): [a, b]; a copy, not a view as in Java */
};

struct vtl_list {
    struct arena *arena;
    const struct json *lazy; /* not NULL: the elements are still only there */
    struct vtl_value *at;
    uint32_t count, cap;
    enum vtl_list_kind kind;
};

struct vtl_entry {
    struct vtl_value key, value;
    uint32_t hash;
};

struct vtl_map {
    struct arena *arena;
    const struct json *lazy;
    struct vtl_entry *at; /* in order of insertion */
    uint32_t *slots;      /* index + 1 into `at`, 0 is free; NULL while the map is small */
    uint32_t count, cap, slot_count;
    bool is_silent; /* prints nothing: API Gateway's own containers */
};

#define VTL_COUNT_MAX (1u << 20) /* elements of a list, entries of a map */

static inline struct vtl_value vtl_null(void)
{
    return (struct vtl_value){.type = VTL_NULL};
}

static inline struct vtl_value vtl_bool(bool b)
{
    return (struct vtl_value){.type = VTL_BOOL, .is_true = b};
}

/* Texts over 4 GB do not exist: bodies are bounded long before. */
static inline struct vtl_value vtl_text(struct span s)
{
    return (struct vtl_value){.type = VTL_STRING, .len = (uint32_t)s.len, .text = s.at};
}

static inline struct span vtl_span(struct vtl_value v)
{
    return (struct span){v.text, v.len};
}

static inline struct vtl_value vtl_of_map(struct vtl_map *map)
{
    return (struct vtl_value){.type = VTL_MAP, .map = map};
}

static inline struct vtl_value vtl_of_list(struct vtl_list *list)
{
    return (struct vtl_value){.type = VTL_LIST, .list = list};
}

/* Integer when it fits, else Long. */
struct vtl_value vtl_number(int64_t n);

/* The value of a JSON value (NULL is allowed): the tree stays borrowed and is taken over level by
 * level when a template looks at it.  Null only when there is no value; is_over of the arena tells
 * a lack of memory. */
struct vtl_value vtl_of_json(struct arena *arena, const struct json *json);

/* NULL when the arena is over. */
struct vtl_map *vtl_map_new(struct arena *arena);
struct vtl_list *vtl_list_new(struct arena *arena, enum vtl_list_kind kind);

/* False when the arena or VTL_COUNT_MAX is over.  The name is borrowed. */
bool vtl_map_put(struct vtl_map *map, struct span name, struct vtl_value value);
bool vtl_map_put_value(struct vtl_map *map, struct vtl_value key, struct vtl_value value);
bool vtl_list_add(struct vtl_list *list, struct vtl_value value);

/* NULL when there is none.  The pointer is valid until the map changes. */
struct vtl_value *vtl_map_get(struct vtl_map *map, struct span name);
struct vtl_value *vtl_map_find(struct vtl_map *map, struct vtl_value key);

/* The same with the hash that was computed before by vtl_hash_text. */
struct vtl_value *vtl_map_get_hashed(struct vtl_map *map, struct span name, uint32_t hash);
uint32_t vtl_hash_text(struct span name);

/* False when there was none. */
bool vtl_map_remove(struct vtl_map *map, struct vtl_value key);
void vtl_map_clear(struct vtl_map *map);

/* Makes sure that the elements are in `at`; false when the arena is over.  The calls above do this
 * by themselves; who walks `at` calls it first. */
bool vtl_map_open(struct vtl_map *map);
bool vtl_list_open(struct vtl_list *list);

/* As Java's equals: numbers of different classes differ. */
bool vtl_equal(struct vtl_value a, struct vtl_value b);

/* The same, adding to *work what was looked at: values, and bytes of text in 64s. */
bool vtl_equal_counted(struct vtl_value a, struct vtl_value b, uint32_t *work);

/* The value as Java prints it, in the arena (or borrowed, when it is a text).  False when the
 * arena is over, or on a structure that holds itself. */
bool vtl_print(struct arena *arena, struct vtl_value value, struct span *out);

#endif
