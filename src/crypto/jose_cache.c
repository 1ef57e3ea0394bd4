/* The cache of verified tokens: sets of four places, chosen by the digest, so that adding and
 * finding look at four entries and nothing is ever walked.  Nobody outside can aim at a set, since
 * only tokens that were verified get in. */
#include "crypto/jose_cache.h"

#include <assert.h>

#include "base/arena.h"
#include "base/mem.h"
#include "crypto/digest.h"

#define WAYS 4
#define FOREVER ((int64_t)1 << 53)

struct jose_entry {
    unsigned char digest[SHA256_LEN];
    int64_t expiry; /* seconds since 1970 */
    unsigned users; /* the cache is one, while it holds it */
    struct arena arena;
    const struct json *claims;
};

struct set {
    struct jose_entry *ways[WAYS];
};

struct jose_cache {
    struct sha256 hash;
    struct set *sets;
    size_t set_count; /* a power of two */
};

struct jose_cache *jose_cache_new(size_t places)
{
    struct jose_cache *cache = mem_zero(1, sizeof *cache);

    cache->set_count = 1;
    while (cache->set_count * WAYS < places)
        cache->set_count *= 2;
    cache->sets = mem_zero(cache->set_count, sizeof *cache->sets);
    sha256_init(&cache->hash);
    return cache;
}

void jose_cache_give(struct jose_entry *entry)
{
    if (!entry || --entry->users > 0)
        return;
    arena_release(&entry->arena);
    mem_free(entry);
}

void jose_cache_free(struct jose_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < cache->set_count; i++) {
        for (size_t way = 0; way < WAYS; way++) {
            struct jose_entry *entry = cache->sets[i].ways[way];

            assert(!entry || entry->users == 1);
            jose_cache_give(entry);
        }
    }
    sha256_release(&cache->hash);
    mem_free(cache->sets);
    mem_free(cache);
}

/* The digest of both, the scope's length between, so that no two pairs read the same. */
static struct set *locate(struct jose_cache *cache, struct span scope, struct span token,
                          unsigned char digest[static SHA256_LEN])
{
    uint64_t len = scope.len, index;

    sha256_start(&cache->hash);
    sha256_add(&cache->hash, span_make(&len, sizeof len));
    sha256_add(&cache->hash, scope);
    sha256_add(&cache->hash, token);
    sha256_end(&cache->hash, digest);
    memcpy(&index, digest, sizeof index);
    return &cache->sets[index & (cache->set_count - 1)];
}

struct jose_entry *jose_cache_take(struct jose_cache *cache, struct span scope, struct span token,
                                   int64_t now)
{
    unsigned char digest[SHA256_LEN];
    struct set *set = locate(cache, scope, token, digest);

    for (size_t way = 0; way < WAYS; way++) {
        struct jose_entry *entry = set->ways[way];

        if (!entry || memcmp(entry->digest, digest, SHA256_LEN) != 0)
            continue;
        if (entry->expiry <= now) {
            set->ways[way] = NULL;
            jose_cache_give(entry);
            return NULL;
        }
        entry->users++;
        return entry;
    }
    return NULL;
}

const struct json *jose_entry_claims(const struct jose_entry *entry)
{
    return entry->claims;
}

/* The place of the same token, else a free one, else of what expires first. */
static size_t choose_way(const struct set *set, const unsigned char digest[static SHA256_LEN])
{
    size_t chosen = 0;

    for (size_t way = 0; way < WAYS; way++) {
        const struct jose_entry *entry = set->ways[way], *best = set->ways[chosen];

        if (entry && memcmp(entry->digest, digest, SHA256_LEN) == 0)
            return way;
        if (best && (!entry || entry->expiry < best->expiry))
            chosen = way;
    }
    return chosen;
}

static struct jose_entry *entry_new(const struct json *claims)
{
    struct jose_entry *entry = mem_zero(1, sizeof *entry);

    entry->users = 1;
    arena_init(&entry->arena, JOSE_CACHED_MAX);
    entry->claims = json_copy(&entry->arena, claims);
    if (entry->claims)
        return entry;
    jose_cache_give(entry);
    return NULL;
}

void jose_cache_add(struct jose_cache *cache, struct span scope, struct span token,
                    const struct json *claims, int64_t now)
{
    struct jose_entry *entry;
    struct set *set;
    double expiry;
    size_t way;

    if (!json_double(json_member(claims, "exp"), &expiry) || expiry <= (double)now)
        return;
    entry = entry_new(claims);
    if (!entry)
        return;
    entry->expiry = expiry < (double)FOREVER ? (int64_t)expiry : FOREVER;
    set = locate(cache, scope, token, entry->digest);
    way = choose_way(set, entry->digest);
    jose_cache_give(set->ways[way]);
    set->ways[way] = entry;
}
