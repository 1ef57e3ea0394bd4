/* What the files sigv4_*.c share. */
#ifndef AUTH_SIGV4_PARTS_H
#define AUTH_SIGV4_PARTS_H

#include "auth/sigv4.h"
#include "base/buf.h"
#include "crypto/digest.h"

#define SIGV4_ALGORITHM "AWS4-HMAC-SHA256"
#define SIGV4_TERMINATOR "aws4_request"
#define SIGV4_CANONICAL_MAX (256 * 1024) /* a head of 24 KB can triple twice */

struct sigv4_engine {
    struct sha256 hash;
    struct buf canonical; /* the last canonical request */
    struct buf to_sign;   /* the last string to sign */
    struct sigv4_keys *keys;
};

/* The key of the signature's scope, from the cache or derived. */
void sigv4_derive(struct sigv4_engine *engine, const struct sigv4 *signature, struct span secret,
                  unsigned char out[static SHA256_LEN]);

/* Writes the canonical request into engine->canonical.  False when it has no room. */
bool sigv4_canonical(struct sigv4_engine *engine, struct arena *arena,
                     const struct sigv4_request *request, const struct sigv4 *signature,
                     struct span payload);

/* The signature of what engine->canonical holds, in hexadecimal; the string to sign stays in the
 * engine. */
void sigv4_compute(struct sigv4_engine *engine, const struct sigv4 *signature, struct span secret,
                   char out[static SHA256_HEX_LEN + 1]);

/* First header of that name in any case; at NULL when there is none. */
struct span sigv4_header_find(const struct sigv4_request *request, struct span name);

/* Is the lower-case name in the list "a;b;c"? */
bool sigv4_is_signed(struct span signed_headers, struct span name);
size_t sigv4_signed_count(struct span signed_headers);

/* How far clocks may differ, in seconds. */
int64_t sigv4_skew(enum sigv4_dialect dialect);

/* sigv4_refuse with the values that the texts of its outcome name. */
#define SIGV4_VALUES_MAX 4
void sigv4_refuse_with(struct arena *arena, enum sigv4_dialect dialect, enum sigv4_outcome outcome,
                       const struct span values[static SIGV4_VALUES_MAX],
                       struct sigv4_refusal *out);

#endif
