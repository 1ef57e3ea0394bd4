/* JSON Web Keys (RFC 7517): the public keys of an issuer, and the private keys of our own pools.
 *
 * Everything here is immutable once made and may be used by many threads at once. */
#ifndef CRYPTO_JWK_H
#define CRYPTO_JWK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"

#define JWKS_TEXT_MAX 150000 /* AWS: bytes of a key set */
#define JWKS_KEYS_MAX 100
#define JWK_RSA_BITS_MIN 2048
#define JWK_RSA_BITS_MAX 8192

/* The algorithms of signatures that we know.  There is no "none" and no HS256. */
enum jose_algorithm {
    JOSE_RS256,
    JOSE_RS384,
    JOSE_RS512,
    JOSE_ES256,
    JOSE_ES384,
    JOSE_ES512,
    JOSE_ALGORITHM_COUNT
};

/* Sets of algorithms are bits. */
#define JOSE_BIT(algorithm) (1u << (algorithm))
#define JOSE_RSA (JOSE_BIT(JOSE_RS256) | JOSE_BIT(JOSE_RS384) | JOSE_BIT(JOSE_RS512))
#define JOSE_EC (JOSE_BIT(JOSE_ES256) | JOSE_BIT(JOSE_ES384) | JOSE_BIT(JOSE_ES512))

/* By its name in a header; false for all others. */
bool jose_algorithm_find(struct span name, enum jose_algorithm *out);
struct span jose_algorithm_name(enum jose_algorithm algorithm);

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

struct jwk {
    struct span kid;     /* empty when it has none */
    unsigned algorithms; /* for which it may verify */
    struct evp_pkey_st *key;
};

/* The keys of one issuer. */
struct jwks;

/* Parses a key set, {"keys":[...]}.  A key that cannot verify a signature here (another kind, for
 * encryption, an RSA key outside the bounds, a point off its curve) is left out, as RFC 7517 says.
 * `text` need not live on.  *out is owned: jwks_free.
 * FAULT_SYNTAX (no JSON, or a member twice), FAULT_TYPE (no key set), FAULT_TOO_LARGE. */
enum fault jwks_parse(struct span text, struct jwks **out, struct problem *why);
void jwks_free(struct jwks *jwks); /* NULL is fine */

size_t jwks_count(const struct jwks *jwks);

/* The key of that kid and kind; without a kid (empty) that of this kind.  NULL when there is none,
 * or more than one, since then nobody knows which was meant. */
const struct jwk *jwks_find(const struct jwks *jwks, struct span kid,
                            enum jose_algorithm algorithm);

/* --- keys of our own --- */

struct jose_key;

/* A new key: RSA of 2048 bits (some 100 ms), or on the algorithm's curve.  *out is owned:
 * jose_key_free, which forgets the secret. */
enum fault jose_key_generate(enum jose_algorithm algorithm, struct jose_key **out);
void jose_key_free(struct jose_key *key); /* NULL is fine */

/* As PKCS #8 in DER, to be kept encrypted; and back.  False when the buffer is over. */
bool jose_key_write(const struct jose_key *key, struct buf *out);
enum fault jose_key_read(struct span der, enum jose_algorithm algorithm, struct jose_key **out,
                         struct problem *why);

/* The public half as a JWK object: alg, e, kid, kty, n, use; or alg, crv, kid, kty, use, x, y. */
bool jose_key_write_public(const struct jose_key *key, struct span kid, struct buf *out);

#endif
