/* What jwk.c, jose_key.c and jose.c share. */
#ifndef CRYPTO_JOSE_PARTS_H
#define CRYPTO_JOSE_PARTS_H

#include <openssl/evp.h>

#include "base/arena.h"
#include "crypto/jwk.h"
#include "text/json.h"

/* The facts of an algorithm. */
struct jose_kind {
    struct span name;
    const char *digest;
    const char *group; /* OpenSSL's name of the curve; NULL: RSA */
    struct span curve; /* its name in a key */
    size_t coordinate; /* bytes of x, y, r and s */
};

extern const struct jose_kind JOSE_KINDS[JOSE_ALGORITHM_COUNT];

#define JOSE_COORDINATE_MAX 66

struct jose_key {
    enum jose_algorithm algorithm;
    EVP_PKEY *key;
};

/* Parses JSON and refuses a member that is there twice, at any depth. */
enum fault jose_parse_json(struct arena *arena, struct span text, struct json **out,
                           struct problem *why);

#endif
