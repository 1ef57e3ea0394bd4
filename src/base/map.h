/* A hash table from spans to pointers, keyed with a secret so that nobody outside can choose
 * colliding names.  Keeps the order of insertion.  Has a ceiling of entries. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct map_entry {
    struct span key; /* borrowed: it must live as long as the entry */
    void *value;     /* borrowed; NULL marks an entry that was removed */
    uint64_t hash;
};

struct map {
    struct map_entry *entries; /* in order of insertion */
    uint32_t *slots;           /* index + 1 into entries; 0 is free */
    size_t count;              /* entries in use, removed ones included */
    size_t live;               /* without the removed ones */
    size_t slot_count;         /* a power of two, or 0 */
    size_t ceiling;
};

void map_init(struct map *map, size_t ceiling);
void map_release(struct map *map);

/* NULL when there is none. */
void *map_get(const struct map *map, struct span key);

/* Adds or replaces; value must not be NULL.  False when full or memory is gone. */
bool map_set(struct map *map, struct span key, void *value);

/* Returns the removed value, or NULL. */
void *map_remove(struct map *map, struct span key);

/* Walks: for (size_t i = 0; (entry = map_next(map, &i)) != NULL;) ... in insertion order.
 * The current entry may be removed meanwhile; nothing may be added. */
const struct map_entry *map_next(const struct map *map, size_t *i);

/* SipHash-1-3 under a key that is drawn once per process. */
uint64_t map_hash(struct span key);

#endif
