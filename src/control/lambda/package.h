/* The code of a function: a zip that came with a call, kept as a blob, unpacked by the host. */
#ifndef CONTROL_LAMBDA_PACKAGE_H
#define CONTROL_LAMBDA_PACKAGE_H

#include "base/buf.h"
#include "control/call.h"
#include "control/encode.h"

#define PACKAGE_ZIPPED_MAX 52428800 /* spec/lambda.md, 3.8 */
#define PACKAGE_UNZIPPED_MAX 262144000
#define PACKAGE_PATH "/_portico/packages/"
#define PACKAGE_LINK_SECONDS 600

struct package {
    struct span blob;   /* SHA-256 in hexadecimal */
    struct span sha256; /* the same in base64, as AWS shows it */
    uint64_t size;
};

/* Takes the package of `code`, which has the members of a FunctionCode: writes it as a blob of the
 * call and has the host unpack it.  Blocks; not in a transaction.  FAULT_DENIED in AWS's words, or
 * Portico's where no zip came or the host is away. */
enum fault package_take(struct call *call, const struct json *code, struct package *out);

/* A URL on this Portico that gives the zip to whoever has it, for PACKAGE_LINK_SECONDS or until
 * the control process ends. */
struct span package_link(struct call *call, struct span blob);

/* Whether the request is for such a URL, and its answer: out->file. */
bool package_is_link(const struct http_request *request);
void package_serve(struct call *call, const struct http_request *request, struct buf *body,
                   struct encoded *out);

#endif
