/* Whole numbers beyond 64 bits, as Velocity makes them when a sum or product overflows.
 * Private to vtl/. */
#ifndef VTL_BIG_H
#define VTL_BIG_H

#include "base/arena.h"
#include "base/span.h"

#define BIG_DIGITS_MAX 900 /* of an operand or a result */

enum big_operation { BIG_ADD, BIG_SUBTRACT, BIG_MULTIPLY, BIG_DIVIDE, BIG_MODULO };

/* Operands and result are decimal digits with an optional '-'.  Division truncates and the
 * remainder has the dividend's sign; the divisor must not be zero.  False when an operand or the
 * result has too many digits, or the arena is over. */
bool big_calculate(struct arena *arena, enum big_operation operation, struct span a, struct span b,
                   struct span *out);

/* Less than 0, 0, more than 0. */
int big_compare(struct span a, struct span b);

#endif
