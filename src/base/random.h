/* Randomness and the identifiers made from it. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that nobody can guess, from the kernel.  Ends the process when there are none. */
void random_secret(void *at, size_t len);

/* A fast generator seeded from the kernel, for request ids, dice and jitter; never for secrets.
 * One per thread or worker; not shared. */
struct random {
    uint64_t state[4];
};

void random_init(struct random *random);
void random_init_seed(struct random *random, uint64_t seed); /* tests: the same each time */
uint64_t random_next(struct random *random);

/* Evenly from 0 to below - 1; below > 0. */
uint64_t random_below(struct random *random, uint64_t below);

/* Writes `len` characters of [a-z0-9] and a NUL: AWS's short ids. */
void random_id(struct random *random, char *out, size_t len);

#define UUID_TEXT_LEN 36

/* Writes a version 4 UUID in lower case and a NUL. */
void random_uuid(struct random *random, char out[static UUID_TEXT_LEN + 1]);

#endif
