/* Digests.  The algorithm is fetched once: a look-up by name costs more than hashing 1 KB.  HMAC is
 * made of the hasher at hand: OpenSSL's EVP_MAC takes as long (0.7 us for a short message, measured
 * with 3.0), and a keyed context kept for each key would save 0.2 us of it and cost a kilobyte of
 * foreign memory. */
#include "crypto/digest.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>

#include "base/mem.h"

#define BLOCK_LEN 64 /* of SHA-256, RFC 2104's B */

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

void digest_hex(const unsigned char digest[static SHA256_LEN], char out[static SHA256_HEX_LEN + 1])
{
    static const char HEX[] = "0123456789abcdef";

    for (size_t i = 0; i < SHA256_LEN; i++) {
        out[i * 2] = HEX[digest[i] >> 4];
        out[i * 2 + 1] = HEX[digest[i] & 15];
    }
    out[SHA256_HEX_LEN] = '\0';
}

void digest_sha256_hex(struct span content, char out[static SHA256_HEX_LEN + 1])
{
    unsigned char digest[SHA256_LEN];

    digest_sha256(content, digest);
    digest_hex(digest, out);
}

void sha256_init(struct sha256 *hash)
{
    pthread_once(&once, fetch);
    hash->ctx = EVP_MD_CTX_new();
    assert(hash->ctx != NULL && "no memory for a hasher");
    int done = EVP_DigestInit_ex2(hash->ctx, sha256, NULL);

    assert(done == 1);
}

void sha256_release(struct sha256 *hash)
{
    EVP_MD_CTX_free(hash->ctx);
    hash->ctx = NULL;
}

void sha256_start(struct sha256 *hash)
{
    int done = EVP_DigestInit_ex2(hash->ctx, NULL, NULL);

    assert(done == 1);
}

void sha256_add(struct sha256 *hash, struct span piece)
{
    int done = piece.len ? EVP_DigestUpdate(hash->ctx, piece.at, piece.len) : 1;

    assert(done == 1);
}

void sha256_end(struct sha256 *hash, unsigned char out[static SHA256_LEN])
{
    int done = EVP_DigestFinal_ex(hash->ctx, out, NULL);

    assert(done == 1);
}

/* The key as one block under RFC 2104's inner or outer pad. */
static void add_pad(struct sha256 *hash, const unsigned char key[static BLOCK_LEN],
                    unsigned char pad)
{
    unsigned char block[BLOCK_LEN];

    for (size_t i = 0; i < BLOCK_LEN; i++)
        block[i] = key[i] ^ pad;
    sha256_add(hash, span_make(block, BLOCK_LEN));
    mem_wipe(block, sizeof block);
}

void sha256_hmac(struct sha256 *hash, struct span key, struct span message,
                 unsigned char out[static SHA256_LEN])
{
    unsigned char block[BLOCK_LEN] = {0}, inner[SHA256_LEN];

    if (key.len > BLOCK_LEN) {
        sha256_start(hash);
        sha256_add(hash, key);
        sha256_end(hash, block);
    } else if (key.len > 0) {
        memcpy(block, key.at, key.len);
    }
    sha256_start(hash);
    add_pad(hash, block, 0x36);
    sha256_add(hash, message);
    sha256_end(hash, inner);
    sha256_start(hash);
    add_pad(hash, block, 0x5c);
    sha256_add(hash, span_make(inner, SHA256_LEN));
    sha256_end(hash, out);
    mem_wipe(block, sizeof block);
}

void digest_hmac_sha256(struct span key, struct span message, unsigned char out[static SHA256_LEN])
{
    struct sha256 hash;

    sha256_init(&hash);
    sha256_hmac(&hash, key, message, out);
    sha256_release(&hash);
}

bool digest_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.at, b.at, a.len) == 0);
}

const char *digest_library_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
