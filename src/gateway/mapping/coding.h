/* Content codings of whole bodies: gzip and deflate (spec/data-plane-rest.md, section 8.3). */
#ifndef GATEWAY_MAPPING_CODING_H
#define GATEWAY_MAPPING_CODING_H

#include "base/arena.h"
#include "base/fault.h"
#include "base/span.h"

enum coding { CODING_IDENTITY, CODING_GZIP, CODING_DEFLATE, CODING_UNKNOWN };

/* A worker's tables, made when they are first needed.  Zero-initialised. */
struct coder {
    struct libdeflate_compressor *compressor;
    struct libdeflate_decompressor *decompressor;
};

void coder_release(struct coder *coder);

/* Of a Content-Encoding (at NULL: none was sent).  Several codings, one upon the other, are
 * unknown. */
enum coding coding_of(struct span value);

/* The name of a coding for Content-Encoding. */
struct span coding_name(enum coding coding);

/* What Accept-Encoding wants most, when that is gzip or deflate; else CODING_IDENTITY.  Without the
 * header, and where "*" is wanted most, nothing is compressed. */
enum coding coding_accepted(struct span value);

/* Both write into the arena.  Expanding: FAULT_SYNTAX when the text is not of that coding,
 * FAULT_TOO_LARGE over `limit`, FAULT_NO_MEMORY. */
enum fault coding_expand(struct coder *coder, enum coding coding, struct arena *arena,
                         struct span body, size_t limit, struct span *out);
enum fault coding_compress(struct coder *coder, enum coding coding, struct arena *arena,
                           struct span body, struct span *out);

#endif
