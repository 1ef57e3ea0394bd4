/* Derived keys.  A key is four HMACs from its secret and good for a day, a region and a service, so
 * the last ones are kept: sets of four, the one used longest ago gives way.  An entry belongs to a
 * secret, not only to an access key: one that was replaced finds nothing of the old one. */
#include "auth/sigv4_parts.h"

#include "base/map.h"
#include "base/mem.h"

#define WAYS 4
#define SCOPE_MAX 224 /* longer scopes and secrets are derived each time */
#define SECRET_MAX 128

struct entry {
    uint64_t hash; /* of the scope; 0: free */
    uint64_t used;
    size_t scope_len, secret_len;
    char scope[SCOPE_MAX]; /* "AKID/date/region/service/aws4_request" */
    char secret[SECRET_MAX];
    unsigned char key[SHA256_LEN];
};

struct sigv4_keys {
    size_t sets; /* a power of two */
    uint64_t clock;
    struct entry entries[];
};

struct sigv4_engine *sigv4_engine_new(size_t keys)
{
    struct sigv4_engine *engine = mem_zero(1, sizeof *engine);
    size_t sets = 1;

    while (sets * WAYS < keys)
        sets *= 2;
    engine->keys = mem_zero(1, sizeof *engine->keys + sets * WAYS * sizeof(struct entry));
    engine->keys->sets = sets;
    sha256_init(&engine->hash);
    buf_init(&engine->canonical, SIGV4_CANONICAL_MAX);
    buf_init(&engine->to_sign, SIGV4_CANONICAL_MAX);
    return engine;
}

void sigv4_engine_free(struct sigv4_engine *engine)
{
    if (!engine)
        return;
    mem_wipe(engine->keys->entries, engine->keys->sets * WAYS * sizeof(struct entry));
    mem_free(engine->keys);
    sha256_release(&engine->hash);
    buf_release(&engine->canonical);
    buf_release(&engine->to_sign);
    mem_free(engine);
}

static void derive(struct sha256 *hash, const struct sigv4 *s, struct span secret,
                   unsigned char out[static SHA256_LEN])
{
    const struct span steps[] = {s->region, s->service, SPAN(SIGV4_TERMINATOR)};
    struct buf first;

    buf_init(&first, secret.len + 4);
    buf_add_text(&first, "AWS4");
    buf_add(&first, secret);
    sha256_hmac(hash, buf_span(&first), s->date, out);
    mem_wipe(first.at, first.len);
    buf_release(&first);
    for (size_t i = 0; i < COUNT(steps); i++)
        sha256_hmac(hash, span_make(out, SHA256_LEN), steps[i], out);
}

static bool is_entry_of(const struct entry *entry, uint64_t hash, struct span scope,
                        struct span secret)
{
    return entry->hash == hash && span_equal(span_make(entry->scope, entry->scope_len), scope) &&
           digest_equal(span_make(entry->secret, entry->secret_len), secret);
}

void sigv4_derive(struct sigv4_engine *engine, const struct sigv4 *signature, struct span secret,
                  unsigned char out[static SHA256_LEN])
{
    struct sigv4_keys *keys = engine->keys;
    struct span scope = signature->credential;
    uint64_t hash = map_hash(scope) | 1;
    struct entry *set = &keys->entries[(hash >> 1 & (keys->sets - 1)) * WAYS], *oldest = set;

    if (scope.len > SCOPE_MAX || secret.len > SECRET_MAX) {
        derive(&engine->hash, signature, secret, out);
        return;
    }
    for (struct entry *entry = set; entry < set + WAYS; entry++) {
        if (is_entry_of(entry, hash, scope, secret)) {
            entry->used = ++keys->clock;
            memcpy(out, entry->key, SHA256_LEN);
            return;
        }
        if (entry->used < oldest->used)
            oldest = entry;
    }
    derive(&engine->hash, signature, secret, out);
    mem_wipe(oldest, sizeof *oldest);
    oldest->hash = hash;
    oldest->used = ++keys->clock;
    oldest->scope_len = scope.len;
    oldest->secret_len = secret.len;
    memcpy(oldest->scope, scope.at, scope.len);
    memcpy(oldest->secret, secret.len ? secret.at : "", secret.len);
    memcpy(oldest->key, out, SHA256_LEN);
}
