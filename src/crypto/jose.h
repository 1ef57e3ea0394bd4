/* Signed tokens (JWS compact, RFC 7515; JWT, RFC 7519): reading, verifying, checking claims, and
 * signing for our own pools.
 *
 *     outcome = jose_read(&arena, text, JOSE_RSA, &token);          its issuer may be looked at now
 *     outcome = jose_verify(&token, jwks);
 *     outcome = jose_check(&token, &demands, now);
 *
 * Keys come from the issuer that the caller trusts and never out of a token: its jku, jwk, x5u and
 * x5c are not looked at.  "none" and keyed digests do not exist here; "crit" is refused. */
#ifndef CRYPTO_JOSE_H
#define CRYPTO_JOSE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"
#include "crypto/jwk.h"
#include "text/json.h"

#define JOSE_TOKEN_MAX 16384

enum jose_outcome {
    JOSE_OK,
    JOSE_MALFORMED,     /* not three parts of strict base64url with JSON objects, or too long */
    JOSE_BAD_ALGORITHM, /* unknown, or not among those that were allowed */
    JOSE_CRITICAL,      /* extensions that must be understood */
    JOSE_UNKNOWN_KEY,
    JOSE_BAD_SIGNATURE,
    JOSE_BAD_ISSUER,
    JOSE_BAD_AUDIENCE,
    JOSE_NO_EXPIRY, /* no "exp", or none that is a number */
    JOSE_EXPIRED,
    JOSE_NOT_YET, /* "nbf" or "iat" lie ahead */
    JOSE_NO_MEMORY
};

/* For people: lower case, no full stop ("the token has expired"). */
const char *jose_words(enum jose_outcome outcome);

struct jose_token {
    enum jose_algorithm algorithm;
    struct span kid;         /* empty when there is none */
    struct span signed_text; /* header and claims as sent */
    struct span signature;   /* bytes */
    const struct json *header, *claims;
};

/* Takes a token apart; nothing in it is to be believed yet.  The token points into `text` and the
 * arena.  `algorithms` are those that its issuer may use. */
enum jose_outcome jose_read(struct arena *arena, struct span text, unsigned algorithms,
                            struct jose_token *out);

/* Is it signed by one of these keys?  With RSA some 30 us. */
enum jose_outcome jose_verify(const struct jose_token *token, const struct jwks *jwks);

/* What its claims must say. */
struct jose_demands {
    struct span issuer;           /* "iss" is exactly this */
    const struct span *audiences; /* "aud" is, or contains, one of them; none: not looked at */
    size_t audience_count;
    bool or_client_id; /* without "aud", "client_id" will do (AWS's access tokens) */
    unsigned skew_s;   /* how far clocks may differ */
};

/* `now` in seconds since 1970.  Issuer, audience, expiry, "nbf" and "iat", in this order. */
enum jose_outcome jose_check(const struct jose_token *token, const struct jose_demands *demands,
                             int64_t now);

/* Signs claims (a JSON object's text) with the header {"kid":"...","alg":"..."}.  False when the
 * buffer is over; `kid` must be ASCII without quotes. */
bool jose_sign(const struct jose_key *key, struct span kid, struct span claims, struct buf *out);

#endif
