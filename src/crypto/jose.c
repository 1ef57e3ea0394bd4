/* Signed tokens.  Strict where leniency has been a hole elsewhere: base64url without padding and
 * with zero unused bits, JSON without members twice, an algorithm that the caller listed, a key of
 * exactly that kind. */
#include "crypto/jose.h"

#include <math.h>
#include <openssl/ecdsa.h>

#include "base/base64.h"
#include "crypto/jose_parts.h"

const char *jose_words(enum jose_outcome outcome)
{
    static const char *const WORDS[] = {
        [JOSE_OK] = "the token is good",
        [JOSE_MALFORMED] = "the token is malformed",
        [JOSE_BAD_ALGORITHM] = "the token's algorithm is not allowed",
        [JOSE_CRITICAL] = "the token demands extensions",
        [JOSE_UNKNOWN_KEY] = "the token's key is unknown",
        [JOSE_BAD_SIGNATURE] = "signature is invalid",
        [JOSE_BAD_ISSUER] = "the token does not have a valid issuer",
        [JOSE_BAD_AUDIENCE] = "the token does not have a valid audience",
        [JOSE_NO_EXPIRY] = "the token does not expire",
        [JOSE_EXPIRED] = "the token has expired",
        [JOSE_NOT_YET] = "the token is not valid yet",
        [JOSE_NO_MEMORY] = "no memory for a token",
    };

    return WORDS[outcome];
}

/* --- reading --- */

/* Decodes a part that must be a JSON object. */
static enum jose_outcome read_object(struct arena *arena, struct span part, const struct json **out)
{
    struct json *tree;
    struct span text;
    enum fault rc = FAULT_SYNTAX;

    if (part.len > 0 && base64_decode(arena, part, true, &text))
        rc = jose_parse_json(arena, text, &tree, NULL);
    if (arena->is_over)
        return JOSE_NO_MEMORY;
    if (rc != OK || tree->type != JSON_OBJECT)
        return JOSE_MALFORMED;
    *out = tree;
    return JOSE_OK;
}

static enum jose_outcome read_header(const struct json *header, unsigned algorithms,
                                     struct jose_token *out)
{
    const struct json *kid = json_member(header, "kid");
    const struct json *algorithm = json_member(header, "alg");

    if (!json_is(algorithm, JSON_STRING) || (kid && kid->type != JSON_STRING))
        return JOSE_MALFORMED;
    if (!jose_algorithm_find(algorithm->text, &out->algorithm) ||
        !(algorithms & JOSE_BIT(out->algorithm)))
        return JOSE_BAD_ALGORITHM;
    if (json_member(header, "crit"))
        return JOSE_CRITICAL;
    out->kid = kid ? kid->text : SPAN("");
    out->header = header;
    return JOSE_OK;
}

enum jose_outcome jose_read(struct arena *arena, struct span text, unsigned algorithms,
                            struct jose_token *out)
{
    struct span rest = text, header_part, claims_part, signature_part;
    struct jose_token token = {0};
    const struct json *header;
    enum jose_outcome outcome;

    if (text.len > JOSE_TOKEN_MAX || !span_split(&rest, '.', &header_part) ||
        !span_split(&rest, '.', &claims_part) || !span_split(&rest, '.', &signature_part) ||
        rest.at)
        return JOSE_MALFORMED;
    token.signed_text = span_first(text, header_part.len + 1 + claims_part.len);
    outcome = read_object(arena, header_part, &header);
    if (outcome == JOSE_OK)
        outcome = read_header(header, algorithms, &token);
    if (outcome == JOSE_OK)
        outcome = read_object(arena, claims_part, &token.claims);
    if (outcome != JOSE_OK)
        return outcome;
    if (signature_part.len == 0 || !base64_decode(arena, signature_part, true, &token.signature))
        return arena->is_over ? JOSE_NO_MEMORY : JOSE_MALFORMED;
    *out = token;
    return JOSE_OK;
}

/* --- signatures --- */

/* The largest DER form of two numbers of JOSE_COORDINATE_MAX bytes. */
#define DER_MAX 160

/* From r and s side by side, as JWS has them, to the DER that OpenSSL wants.  0: they are none. */
static size_t der_of(struct span raw, size_t coordinate, unsigned char out[static DER_MAX])
{
    const unsigned char *at = (const unsigned char *)raw.at;
    ECDSA_SIG *pair = raw.len == 2 * coordinate ? ECDSA_SIG_new() : NULL;
    BIGNUM *r = pair ? BN_bin2bn(at, (int)coordinate, NULL) : NULL;
    BIGNUM *s = pair ? BN_bin2bn(at + coordinate, (int)coordinate, NULL) : NULL;
    int len = 0;

    if (r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; /* now the pair's */
        len = i2d_ECDSA_SIG(pair, NULL);
        if (len > 0 && len <= DER_MAX)
            len = i2d_ECDSA_SIG(pair, &out);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return len > 0 && len <= DER_MAX ? (size_t)len : 0;
}

static bool verify_with(EVP_PKEY *key, const struct jose_kind *kind, struct span text,
                        struct span signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_good = ctx &&
                   EVP_DigestVerifyInit_ex(ctx, NULL, kind->digest, NULL, NULL, key, NULL) == 1 &&
                   EVP_DigestVerify(ctx, (const unsigned char *)signature.at, signature.len,
                                    (const unsigned char *)text.at, text.len) == 1;

    EVP_MD_CTX_free(ctx);
    return is_good;
}

enum jose_outcome jose_verify(const struct jose_token *token, const struct jwks *jwks)
{
    const struct jose_kind *kind = &JOSE_KINDS[token->algorithm];
    const struct jwk *jwk = jwks_find(jwks, token->kid, token->algorithm);
    struct span signature = token->signature;
    unsigned char der[DER_MAX];

    if (!jwk)
        return JOSE_UNKNOWN_KEY;
    if (kind->group) {
        signature = span_make(der, der_of(token->signature, kind->coordinate, der));
        if (signature.len == 0)
            return JOSE_BAD_SIGNATURE;
    }
    return verify_with(jwk->key, kind, token->signed_text, signature) ? JOSE_OK
                                                                      : JOSE_BAD_SIGNATURE;
}

/* --- claims --- */

static bool is_wanted(const struct json *value, const struct jose_demands *demands)
{
    for (size_t i = 0; json_is(value, JSON_STRING) && i < demands->audience_count; i++) {
        if (span_equal(value->text, demands->audiences[i]))
            return true;
    }
    return false;
}

static bool has_audience(const struct json *claims, const struct jose_demands *demands)
{
    const struct json *audience = json_member(claims, "aud");

    if (demands->audience_count == 0)
        return true;
    if (!audience)
        return demands->or_client_id && is_wanted(json_member(claims, "client_id"), demands);
    if (!json_is(audience, JSON_ARRAY))
        return is_wanted(audience, demands);
    for (const struct json *one = audience->first; one; one = one->next) {
        if (is_wanted(one, demands))
            return true;
    }
    return false;
}

/* Whether a time, if it is there, has come. */
static bool has_come(const struct json *claims, const char *name, double now)
{
    const struct json *claim = json_member(claims, name);
    double at;

    return !claim || (json_double(claim, &at) && at <= now);
}

enum jose_outcome jose_check(const struct jose_token *token, const struct jose_demands *demands,
                             int64_t now)
{
    const struct json *issuer = json_member(token->claims, "iss");
    double skew = demands->skew_s, expiry;

    if (!json_is(issuer, JSON_STRING) || !span_equal(issuer->text, demands->issuer))
        return JOSE_BAD_ISSUER;
    if (!has_audience(token->claims, demands))
        return JOSE_BAD_AUDIENCE;
    if (!json_double(json_member(token->claims, "exp"), &expiry))
        return JOSE_NO_EXPIRY;
    if ((double)now >= expiry + skew)
        return JOSE_EXPIRED;
    if (!has_come(token->claims, "nbf", (double)now + skew) ||
        !has_come(token->claims, "iat", (double)now + skew))
        return JOSE_NOT_YET;
    return JOSE_OK;
}

/* --- signing --- */

/* From DER to r and s side by side; false when it is none. */
static bool raw_of(const unsigned char *der, size_t len, size_t coordinate, unsigned char *out)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
    int size = (int)coordinate;
    bool is_done = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, size) == size &&
                   BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + coordinate, size) == size;

    ECDSA_SIG_free(pair);
    return is_done;
}

static bool add_encoded(struct buf *out, struct span bytes)
{
    char *room = buf_room(out, base64_len(bytes.len));

    if (!room)
        return false;
    out->len += base64_encode_url(bytes, room);
    return true;
}

static bool add_signature(const struct jose_key *key, struct span text, struct buf *out)
{
    const struct jose_kind *kind = &JOSE_KINDS[key->algorithm];
    unsigned char signature[JWK_RSA_BITS_MAX / 8], raw[2 * JOSE_COORDINATE_MAX];
    size_t len = sizeof signature;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_done =
        ctx && EVP_DigestSignInit_ex(ctx, NULL, kind->digest, NULL, NULL, key->key, NULL) == 1 &&
        EVP_DigestSign(ctx, signature, &len, (const unsigned char *)text.at, text.len) == 1;

    EVP_MD_CTX_free(ctx);
    if (!is_done)
        return false;
    if (!kind->group)
        return add_encoded(out, span_make(signature, len));
    return raw_of(signature, len, kind->coordinate, raw) &&
           add_encoded(out, span_make(raw, 2 * kind->coordinate));
}

bool jose_sign(const struct jose_key *key, struct span kid, struct span claims, struct buf *out)
{
    size_t start = out->len;
    struct buf text;
    bool is_done;

    buf_init(&text, JOSE_TOKEN_MAX);
    buf_addf(&text, "{\"kid\":\"%.*s\",\"alg\":\"%.*s\"}", SPAN_ARG(kid),
             SPAN_ARG(JOSE_KINDS[key->algorithm].name));
    is_done =
        add_encoded(out, buf_span(&text)) && buf_add_char(out, '.') && add_encoded(out, claims);
    buf_clear(&text);
    is_done = is_done && add_signature(key, span_make(out->at + start, out->len - start), &text) &&
              buf_add_char(out, '.') && buf_add(out, buf_span(&text));
    buf_release(&text);
    if (!is_done)
        out->is_over = true;
    return is_done;
}
