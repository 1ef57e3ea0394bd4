/* Writing what was read: the C tables, the list of services, the page of what is covered. */
#ifndef MODELGEN_EMIT_H
#define MODELGEN_EMIT_H

#include <stdbool.h>

#include "base/buf.h"
#include "modelgen/reader.h"

/* The source file `const struct model_service MODEL_NAME`.  False when the buffer is over. */
bool emit_tables(struct buf *out, const struct model *model, const char *file);

/* The source file of MODEL_SERVICES; the names are sorted. */
bool emit_services(struct buf *out, const struct span *names, size_t count);

/* docs/manual/coverage.md: a head, then a section per service. */
bool emit_coverage_head(struct buf *out);
bool emit_coverage(struct buf *out, const struct model *model);

#endif
