/* Key sets.  Public keys become OpenSSL's keys when a set is parsed, so verifying parses nothing.
 */
#include "crypto/jwk.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include "base/base64.h"
#include "base/map.h"
#include "base/mem.h"
#include "crypto/jose_parts.h"

#define TREE_ROOM ((size_t)4 * 1024 * 1024)

const struct jose_kind JOSE_KINDS[JOSE_ALGORITHM_COUNT] = {
    [JOSE_RS256] = {SPAN_INIT("RS256"), "SHA256", NULL, {NULL, 0}, 0},
    [JOSE_RS384] = {SPAN_INIT("RS384"), "SHA384", NULL, {NULL, 0}, 0},
    [JOSE_RS512] = {SPAN_INIT("RS512"), "SHA512", NULL, {NULL, 0}, 0},
    [JOSE_ES256] = {SPAN_INIT("ES256"), "SHA256", "prime256v1", SPAN_INIT("P-256"), 32},
    [JOSE_ES384] = {SPAN_INIT("ES384"), "SHA384", "secp384r1", SPAN_INIT("P-384"), 48},
    [JOSE_ES512] = {SPAN_INIT("ES512"), "SHA512", "secp521r1", SPAN_INIT("P-521"), 66},
};

struct jwks {
    struct arena arena; /* of the kids */
    struct jwk keys[JWKS_KEYS_MAX];
    size_t count;
};

bool jose_algorithm_find(struct span name, enum jose_algorithm *out)
{
    for (enum jose_algorithm a = 0; a < JOSE_ALGORITHM_COUNT; a++) {
        if (span_equal(name, JOSE_KINDS[a].name)) {
            *out = a;
            return true;
        }
    }
    return false;
}

struct span jose_algorithm_name(enum jose_algorithm algorithm)
{
    return JOSE_KINDS[algorithm].name;
}

/* --- JSON --- */

/* Depth is that of a text that was parsed. */
static bool has_member_twice(const struct json *value)
{
    struct map names;
    bool found = false;

    if (value->type == JSON_OBJECT) {
        map_init(&names, value->count);
        for (struct json *m = value->first; m && !found; m = m->next)
            found = map_get(&names, m->name) != NULL || !map_set(&names, m->name, m);
        map_release(&names);
    }
    for (const struct json *child = value->first; child && !found; child = child->next)
        found = child->first && has_member_twice(child);
    return found;
}

enum fault jose_parse_json(struct arena *arena, struct span text, struct json **out,
                           struct problem *why)
{
    struct json *tree;
    enum fault rc = json_parse(arena, text, &tree, why);

    if (rc != OK)
        return rc;
    if (has_member_twice(tree))
        return problem_set(why, FAULT_SYNTAX, "a member is there twice");
    *out = tree;
    return OK;
}

/* --- one key --- */

/* A member of base64url, of at most JWK_RSA_BITS_MAX bits. */
static bool take_bytes(struct arena *arena, const struct json *from, const char *name,
                       struct span *out)
{
    struct span text = json_member_text(from, name, SPAN(""));

    return text.len > 0 && base64_decode(arena, text, true, out) &&
           out->len <= JWK_RSA_BITS_MAX / 8 + 1;
}

static EVP_PKEY *key_from(const char *type, OSSL_PARAM_BLD *build)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

static bool is_usable_rsa(const BIGNUM *n, const BIGNUM *e)
{
    int bits = n ? BN_num_bits(n) : 0;

    return e && bits >= JWK_RSA_BITS_MIN && bits <= JWK_RSA_BITS_MAX && BN_is_odd(n) &&
           BN_is_odd(e) && BN_num_bits(e) > 1 && BN_num_bits(e) <= 32;
}

static EVP_PKEY *make_rsa(struct arena *arena, const struct json *from)
{
    struct span n_bytes, e_bytes;
    OSSL_PARAM_BLD *build;
    EVP_PKEY *key = NULL;
    BIGNUM *n, *e;

    if (!take_bytes(arena, from, "n", &n_bytes) || !take_bytes(arena, from, "e", &e_bytes))
        return NULL;
    n = BN_bin2bn((const unsigned char *)n_bytes.at, (int)n_bytes.len, NULL);
    e = BN_bin2bn((const unsigned char *)e_bytes.at, (int)e_bytes.len, NULL);
    build = OSSL_PARAM_BLD_new();
    if (build && is_usable_rsa(n, e) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        key = key_from("RSA", build);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return key;
}

/* OpenSSL refuses a point that is not on the curve. */
static EVP_PKEY *make_ec(struct arena *arena, const struct json *from, const struct jose_kind *kind)
{
    unsigned char point[1 + 2 * JOSE_COORDINATE_MAX] = {POINT_CONVERSION_UNCOMPRESSED};
    OSSL_PARAM_BLD *build;
    EVP_PKEY *key = NULL;
    struct span x, y;

    if (!take_bytes(arena, from, "x", &x) || !take_bytes(arena, from, "y", &y) ||
        x.len != kind->coordinate || y.len != kind->coordinate)
        return NULL;
    memcpy(point + 1, x.at, x.len);
    memcpy(point + 1 + x.len, y.at, y.len);
    build = OSSL_PARAM_BLD_new();
    if (build &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, kind->group, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
                                         1 + 2 * kind->coordinate) == 1)
        key = key_from("EC", build);
    OSSL_PARAM_BLD_free(build);
    return key;
}

static bool may_verify(const struct json *from)
{
    const struct json *operations = json_member(from, "key_ops");

    if (!span_is(json_member_text(from, "use", SPAN("sig")), "sig"))
        return false;
    for (const struct json *o = operations ? operations->first : NULL; o; o = o->next) {
        if (json_is(o, JSON_STRING) && span_is(o->text, "verify"))
            return true;
    }
    return !operations;
}

/* Which algorithms a key of this kind is for. */
static unsigned algorithms_of(const struct json *from)
{
    struct span type = json_member_text(from, "kty", SPAN(""));
    struct span curve = json_member_text(from, "crv", SPAN(""));
    const struct json *only = json_member(from, "alg");
    enum jose_algorithm algorithm;
    unsigned set = span_is(type, "RSA") ? JOSE_RSA : 0;

    for (enum jose_algorithm a = JOSE_ES256; a < JOSE_ALGORITHM_COUNT; a++) {
        if (span_is(type, "EC") && span_equal(curve, JOSE_KINDS[a].curve))
            set |= JOSE_BIT(a);
    }
    if (!only)
        return set;
    if (!json_is(only, JSON_STRING) || !jose_algorithm_find(only->text, &algorithm))
        return 0;
    return set & JOSE_BIT(algorithm);
}

/* Adds a key; leaves it out when it is of no use here. */
static void add_key(struct jwks *jwks, struct arena *arena, const struct json *from)
{
    struct jwk *jwk = &jwks->keys[jwks->count];
    unsigned algorithms = json_is(from, JSON_OBJECT) && may_verify(from) ? algorithms_of(from) : 0;
    const struct json *kid = json_member(from, "kid");

    if (algorithms == 0 || (kid && kid->type != JSON_STRING))
        return;
    jwk->algorithms = algorithms;
    jwk->kid = kid ? arena_copy(&jwks->arena, kid->text) : SPAN("");
    if (!jwk->kid.at)
        return;
    if (algorithms & JOSE_RSA)
        jwk->key = make_rsa(arena, from);
    else
        jwk->key =
            make_ec(arena, from, &JOSE_KINDS[(enum jose_algorithm)__builtin_ctz(algorithms)]);
    if (jwk->key)
        jwks->count++;
}

/* --- sets --- */

static enum fault parse_set(struct arena *arena, struct span text, struct jwks *jwks,
                            struct problem *why)
{
    const struct json *keys;
    struct json *tree;
    enum fault rc = jose_parse_json(arena, text, &tree, why);

    if (rc != OK)
        return rc;
    keys = json_member(tree, "keys");
    if (!json_is(keys, JSON_ARRAY))
        return problem_set(why, FAULT_TYPE, "a key set without an array 'keys'");
    if (keys->count > JWKS_KEYS_MAX)
        return problem_set(why, FAULT_TOO_LARGE, "a key set of over %d keys", JWKS_KEYS_MAX);
    for (const struct json *one = keys->first; one; one = one->next)
        add_key(jwks, arena, one);
    return OK;
}

enum fault jwks_parse(struct span text, struct jwks **out, struct problem *why)
{
    struct arena arena;
    struct jwks *jwks;
    enum fault rc;

    if (text.len > JWKS_TEXT_MAX)
        return problem_set(why, FAULT_TOO_LARGE, "a key set of over %d bytes", JWKS_TEXT_MAX);
    jwks = mem_zero(1, sizeof *jwks);
    arena_init(&jwks->arena, JWKS_TEXT_MAX * 2);
    arena_init(&arena, TREE_ROOM);
    rc = parse_set(&arena, text, jwks, why);
    arena_release(&arena);
    if (rc == OK)
        *out = jwks;
    else
        jwks_free(jwks);
    return rc;
}

void jwks_free(struct jwks *jwks)
{
    if (!jwks)
        return;
    for (size_t i = 0; i < jwks->count; i++)
        EVP_PKEY_free(jwks->keys[i].key);
    arena_release(&jwks->arena);
    mem_free(jwks);
}

size_t jwks_count(const struct jwks *jwks)
{
    return jwks->count;
}

const struct jwk *jwks_find(const struct jwks *jwks, struct span kid, enum jose_algorithm algorithm)
{
    const struct jwk *found = NULL;

    for (size_t i = 0; i < jwks->count; i++) {
        const struct jwk *jwk = &jwks->keys[i];

        if (!(jwk->algorithms & JOSE_BIT(algorithm)) || (kid.len > 0 && !span_equal(jwk->kid, kid)))
            continue;
        if (found)
            return NULL;
        found = jwk;
    }
    return found;
}
