/* Open addressing over an index into an insertion-ordered array.  Removal leaves a hole in the
 * array (value NULL) that growth squeezes out. */
#include "base/map.h"

#include <assert.h>
#include <pthread.h>

#include "base/mem.h"
#include "base/random.h"

static uint64_t secret[2];
static pthread_once_t secret_once = PTHREAD_ONCE_INIT;

static void draw_secret(void)
{
    random_secret(secret, sizeof secret);
}

static uint64_t rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

uint64_t map_hash(struct span key)
{
    uint64_t v[4], word, last;
    size_t i;

    pthread_once(&secret_once, draw_secret);
    v[0] = secret[0] ^ 0x736f6d6570736575u;
    v[1] = secret[1] ^ 0x646f72616e646f6du;
    v[2] = secret[0] ^ 0x6c7967656e657261u;
    v[3] = secret[1] ^ 0x7465646279746573u;
    for (i = 0; i + 8 <= key.len; i += 8) {
        memcpy(&word, key.at + i, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    last = (uint64_t)key.len << 56;
    for (size_t shift = 0; i < key.len; i++, shift += 8)
        last |= (uint64_t)(unsigned char)key.at[i] << shift;
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void map_init(struct map *map, size_t ceiling)
{
    assert(ceiling < UINT32_MAX / 2);
    *map = (struct map){.ceiling = ceiling};
}

void map_release(struct map *map)
{
    mem_free(map->entries);
    mem_free(map->slots);
    map_init(map, map->ceiling);
}

/* The slot that holds the key, or the free slot where it would go. */
static size_t find_slot(const struct map *map, struct span key, uint64_t hash)
{
    size_t mask = map->slot_count - 1;
    size_t slot = (size_t)hash & mask;

    while (map->slots[slot]) {
        const struct map_entry *entry = &map->entries[map->slots[slot] - 1];

        if (entry->value && entry->hash == hash && span_equal(entry->key, key))
            break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

void *map_get(const struct map *map, struct span key)
{
    size_t slot;

    if (map->live == 0)
        return NULL;
    slot = find_slot(map, key, map_hash(key));
    return map->slots[slot] ? map->entries[map->slots[slot] - 1].value : NULL;
}

/* Makes room for one more entry: twice the live ones, without the holes. */
static bool rebuild(struct map *map)
{
    size_t slot_count = 8;
    struct map_entry *entries;
    uint32_t *slots;
    size_t count = 0;

    while (slot_count < (map->live + 1) * 4)
        slot_count *= 2;
    entries = mem_try(slot_count / 2 * sizeof *entries);
    slots = mem_try(slot_count * sizeof *slots);
    if (!entries || !slots) {
        mem_free(entries);
        mem_free(slots);
        return false;
    }
    memset(slots, 0, slot_count * sizeof *slots);
    for (size_t i = 0; i < map->count; i++)
        if (map->entries[i].value) {
            size_t slot = (size_t)map->entries[i].hash & (slot_count - 1);

            while (slots[slot])
                slot = (slot + 1) & (slot_count - 1);
            entries[count++] = map->entries[i];
            slots[slot] = (uint32_t)count;
        }
    mem_free(map->entries);
    mem_free(map->slots);
    map->entries = entries;
    map->slots = slots;
    map->slot_count = slot_count;
    map->count = count;
    return true;
}

bool map_set(struct map *map, struct span key, void *value)
{
    uint64_t hash = map_hash(key);
    size_t slot;

    assert(value != NULL);
    if (map->slot_count) {
        slot = find_slot(map, key, hash);
        if (map->slots[slot]) {
            map->entries[map->slots[slot] - 1].value = value;
            return true;
        }
    }
    if (map->live >= map->ceiling)
        return false;
    if (map->count >= map->slot_count / 2 && !rebuild(map))
        return false;
    slot = find_slot(map, key, hash);
    map->entries[map->count++] = (struct map_entry){key, value, hash};
    map->slots[slot] = (uint32_t)map->count;
    map->live++;
    return true;
}

void *map_remove(struct map *map, struct span key)
{
    struct map_entry *entry;
    void *value;
    size_t slot;

    if (map->live == 0)
        return NULL;
    slot = find_slot(map, key, map_hash(key));
    if (!map->slots[slot])
        return NULL;
    entry = &map->entries[map->slots[slot] - 1];
    value = entry->value;
    entry->value = NULL;
    entry->key = (struct span){NULL, 0};
    map->live--;
    return value;
}

const struct map_entry *map_next(const struct map *map, size_t *i)
{
    while (*i < map->count) {
        const struct map_entry *entry = &map->entries[(*i)++];

        if (entry->value)
            return entry;
    }
    return NULL;
}
