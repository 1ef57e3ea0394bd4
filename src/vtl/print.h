/* How Java prints values.  Private to vtl/. */
#ifndef VTL_PRINT_H
#define VTL_PRINT_H

#include "base/buf.h"
#include "vtl/value.h"

#define PRINT_DEPTH_MAX 200

/* Adds toString() of the value; nothing for null.  False when a structure is nested too deep;
 * whether the buffer is over is for the caller to see. */
bool print_value(struct buf *out, struct vtl_value value);

/* Adds the value as JSON, as json-smart writes it: U+007F to U+009F and U+2000 to U+20FF are
 * escaped, '/' too when `escape_slash`. */
bool print_json(struct buf *out, struct vtl_value value, bool escape_slash);

void print_double(struct buf *out, double d);

#define PRINT_DOUBLE_MAX 40

#endif
