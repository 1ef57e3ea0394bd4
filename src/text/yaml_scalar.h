/* What a plain (unquoted) scalar means in a template. */
#ifndef TEXT_YAML_SCALAR_H
#define TEXT_YAML_SCALAR_H

#include "base/arena.h"
#include "text/json.h"

/* Fills type and text of `out` for YAML 1.1 as CloudFormation reads it: null, booleans (yes and
 * off too), whole numbers (binary, octal, hexadecimal become decimal), fractions; all else is a
 * text, which is borrowed.  Infinity, not-a-number, dates and base 60 stay texts.  False when the
 * arena is over. */
bool yaml_scalar(struct arena *arena, struct span text, struct json *out);

#endif
