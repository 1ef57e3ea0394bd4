/* Randomness: getrandom for secrets, xoshiro256** for everything that only has to differ. */
#include "base/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/number.h"

void random_secret(void *at, size_t len)
{
    unsigned char *out = at;

    while (len > 0) {
        ssize_t n = getrandom(out, len, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            fprintf(stderr, "portico: the kernel gives no random bytes\n");
            abort();
        }
        out += n;
        len -= (size_t)n;
    }
}

void random_init(struct random *random)
{
    random_secret(random->state, sizeof random->state);
    random->state[0] |= 1; /* an all-zero state would stay zero */
}

/* splitmix64: spreads a small seed over the whole state. */
void random_init_seed(struct random *random, uint64_t seed)
{
    for (size_t i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15u;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        random->state[i] = z ^ z >> 31;
    }
}

static uint64_t rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

uint64_t random_next(struct random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t random_below(struct random *random, uint64_t below)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % below; /* above it the low numbers would win */
    uint64_t n;

    do
        n = random_next(random);
    while (n >= limit);
    return n % below;
}

void random_id(struct random *random, char *out, size_t len)
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789";

    for (size_t i = 0; i < len; i++)
        out[i] = LETTERS[random_below(random, sizeof LETTERS - 1)];
    out[len] = '\0';
}

void random_uuid(struct random *random, char out[static UUID_TEXT_LEN + 1])
{
    uint64_t high = random_next(random), low = random_next(random);

    high = (high & ~UINT64_C(0xf000)) | 0x4000;          /* version */
    low = (low & (UINT64_MAX >> 2)) | UINT64_C(1) << 63; /* variant */
    number_put_hex(high >> 32, 8, out);
    out[8] = '-';
    number_put_hex(high >> 16, 4, out + 9);
    out[13] = '-';
    number_put_hex(high, 4, out + 14);
    out[18] = '-';
    number_put_hex(low >> 48, 4, out + 19);
    out[23] = '-';
    number_put_hex(low, 12, out + 24);
    out[UUID_TEXT_LEN] = '\0';
}
