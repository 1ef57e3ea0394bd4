/* Numbers: checked arithmetic and strict reading of digits. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* False, and *out untouched, when the result does not fit. */
static inline bool size_add(size_t a, size_t b, size_t *out)
{
    size_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

static inline bool size_mul(size_t a, size_t b, size_t *out)
{
    size_t product;

    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *out = product;
    return true;
}

/* The whole span must be digits (no sign, no blank); leading zeros are fine.
 * False when it is empty, holds anything else or does not fit. */
bool number_u64(struct span s, uint64_t *out);

/* The same with an optional leading '-'. */
bool number_i64(struct span s, int64_t *out);

/* Hexadecimal digits, either case, at most 16. */
bool number_hex(struct span s, uint64_t *out);

/* A finite decimal number as JSON writes it, whatever the locale. */
bool number_double(struct span s, double *out);

/* Writes the lowest `digits` (at most 16) hexadecimal digits of the number, in lower case, without
 * a NUL. */
void number_put_hex(uint64_t number, unsigned digits, char *out);

#endif
