/* Message digests, by OpenSSL. */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include <stdbool.h>

#include "base/span.h"

#define SHA256_LEN 32
#define SHA256_HEX_LEN 64

/* The SHA-256 of `content`; ends the process when OpenSSL has none. */
void digest_sha256(struct span content, unsigned char out[static SHA256_LEN]);

/* The same in lower-case hexadecimal, with a NUL. */
void digest_sha256_hex(struct span content, char out[static SHA256_HEX_LEN + 1]);

/* The version of OpenSSL that runs, as in "OpenSSL 3.0.17 1 Jul 2025". */
const char *digest_library_version(void);

#endif
