/* Private keys of our own pools: made, kept as PKCS #8, and published as JWK. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/base64.h"
#include "base/mem.h"
#include "crypto/jose_parts.h"

#define NEW_RSA_BITS 2048

static enum fault key_new(EVP_PKEY *pkey, enum jose_algorithm algorithm, struct jose_key **out)
{
    struct jose_key *key = mem_zero(1, sizeof *key);

    key->algorithm = algorithm;
    key->key = pkey;
    *out = key;
    return OK;
}

enum fault jose_key_generate(enum jose_algorithm algorithm, struct jose_key **out)
{
    const struct jose_kind *kind = &JOSE_KINDS[algorithm];
    EVP_PKEY *key = kind->group ? EVP_EC_gen(kind->group) : EVP_RSA_gen(NEW_RSA_BITS);

    return key ? key_new(key, algorithm, out) : FAULT_NO_MEMORY;
}

void jose_key_free(struct jose_key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->key); /* clears what is secret */
    mem_free(key);
}

bool jose_key_write(const struct jose_key *key, struct buf *out)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->key);
    unsigned char *der = NULL;
    int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
    bool is_done = len > 0 && buf_add(out, span_make(der, (size_t)len));

    if (der)
        OPENSSL_clear_free(der, (size_t)len);
    PKCS8_PRIV_KEY_INFO_free(info);
    return is_done;
}

/* Whether the key is of the kind that the algorithm needs. */
static bool suits(EVP_PKEY *key, const struct jose_kind *kind)
{
    char group[32] = "";
    size_t len;

    if (!kind->group)
        return EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= JWK_RSA_BITS_MIN;
    return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, &len) &&
           strcmp(group, kind->group) == 0;
}

enum fault jose_key_read(struct span der, enum jose_algorithm algorithm, struct jose_key **out,
                         struct problem *why)
{
    const unsigned char *at = (const unsigned char *)der.at;
    PKCS8_PRIV_KEY_INFO *info =
        der.len > 0 ? d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.len) : NULL;
    EVP_PKEY *key = info ? EVP_PKCS82PKEY(info) : NULL;

    PKCS8_PRIV_KEY_INFO_free(info);
    if (key && suits(key, &JOSE_KINDS[algorithm]))
        return key_new(key, algorithm, out);
    EVP_PKEY_free(key);
    return problem_set(why, FAULT_TYPE, "no private key for this algorithm");
}

/* Adds ,"name":"base64url" of a number, with at least `least` bytes. */
static bool add_number(struct buf *out, const EVP_PKEY *key, const char *param, const char *name,
                       size_t least)
{
    unsigned char bytes[JWK_RSA_BITS_MAX / 8];
    char text[sizeof bytes / 3 * 4 + 8];
    BIGNUM *n = NULL;
    int len;

    if (EVP_PKEY_get_bn_param(key, param, &n) != 1)
        return false;
    len = BN_num_bytes(n) > (int)least ? BN_num_bytes(n) : (int)least;
    len = len <= (int)sizeof bytes ? BN_bn2binpad(n, bytes, len) : -1;
    BN_free(n);
    return len > 0 && buf_addf(out, ",\"%s\":\"%.*s\"", name,
                               (int)base64_encode_url(span_make(bytes, (size_t)len), text), text);
}

bool jose_key_write_public(const struct jose_key *key, struct span kid, struct buf *out)
{
    const struct jose_kind *kind = &JOSE_KINDS[key->algorithm];
    bool is_done;

    buf_addf(out, "{\"alg\":\"%.*s\"", SPAN_ARG(kind->name));
    if (kind->group) {
        buf_addf(out, ",\"crv\":\"%.*s\",\"kid\":", SPAN_ARG(kind->curve));
        json_write_text(out, kid);
        buf_add_text(out, ",\"kty\":\"EC\",\"use\":\"sig\"");
        is_done = add_number(out, key->key, OSSL_PKEY_PARAM_EC_PUB_X, "x", kind->coordinate) &&
                  add_number(out, key->key, OSSL_PKEY_PARAM_EC_PUB_Y, "y", kind->coordinate);
    } else {
        is_done = add_number(out, key->key, OSSL_PKEY_PARAM_RSA_E, "e", 1);
        buf_add_text(out, ",\"kid\":");
        json_write_text(out, kid);
        buf_add_text(out, ",\"kty\":\"RSA\"");
        is_done = is_done && add_number(out, key->key, OSSL_PKEY_PARAM_RSA_N, "n", 1);
        buf_add_text(out, ",\"use\":\"sig\"");
    }
    return buf_add_char(out, '}') && is_done;
}
