/* Message digests and keyed digests, by OpenSSL. */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

#define SHA256_LEN 32
#define SHA256_HEX_LEN 64

/* The SHA-256 of `content`; ends the process when OpenSSL has none. */
void digest_sha256(struct span content, unsigned char out[static SHA256_LEN]);

/* The same in lower-case hexadecimal, with a NUL. */
void digest_sha256_hex(struct span content, char out[static SHA256_HEX_LEN + 1]);

/* Lower-case hexadecimal of a digest, with a NUL. */
void digest_hex(const unsigned char digest[static SHA256_LEN], char out[static SHA256_HEX_LEN + 1]);

/* ---- in pieces ------------------------------------------------------------------------------ */

/* A hasher, used over and over by one thread: what is expensive about it is making it. */
struct sha256 {
    struct evp_md_ctx_st *ctx;
};

/* Takes memory of OpenSSL; ends the process when there is none. */
void sha256_init(struct sha256 *hash);
void sha256_release(struct sha256 *hash);

/* `start` forgets what was added before; after `end` comes another `start`. */
void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, struct span piece);
void sha256_end(struct sha256 *hash, unsigned char out[static SHA256_LEN]);

/* HMAC-SHA256 of a message under a key, by a hasher that is not in use. */
void sha256_hmac(struct sha256 *hash, struct span key, struct span message,
                 unsigned char out[static SHA256_LEN]);

/* The same with a hasher of its own, for those who sign once. */
void digest_hmac_sha256(struct span key, struct span message, unsigned char out[static SHA256_LEN]);

/* Do two secrets agree?  Takes the same time wherever they differ; only their lengths show. */
bool digest_equal(struct span a, struct span b);

/* The version of OpenSSL that runs, as in "OpenSSL 3.0.17 1 Jul 2025". */
const char *digest_library_version(void);

#endif
