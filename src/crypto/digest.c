/* Digests.  The algorithm is fetched once: a look-up by name costs more than hashing 1 KB. */
#include "crypto/digest.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>

static EVP_MD *sha256;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    assert(sha256 != NULL && "OpenSSL offers no SHA-256");
}

void digest_sha256(struct span content, unsigned char out[static SHA256_LEN])
{
    pthread_once(&once, fetch);
    int done = EVP_Digest(content.len ? content.at : "", content.len, out, NULL, sha256, NULL);

    assert(done == 1);
}

void digest_sha256_hex(struct span content, char out[static SHA256_HEX_LEN + 1])
{
    static const char HEX[] = "0123456789abcdef";
    unsigned char digest[SHA256_LEN];

    digest_sha256(content, digest);
    for (size_t i = 0; i < SHA256_LEN; i++) {
        out[i * 2] = HEX[digest[i] >> 4];
        out[i * 2 + 1] = HEX[digest[i] & 15];
    }
    out[SHA256_HEX_LEN] = '\0';
}

const char *digest_library_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
