/* A function as the workers know it: what its instances are started with, and who may invoke it.
 *
 * One part per function, made anew when its record changes: `revision` orders the two. */
#ifndef SNAPSHOT_FUNCTION_H
#define SNAPSHOT_FUNCTION_H

#include <stdint.h>

#include "auth/policy.h"
#include "base/span.h"
#include "snapshot/part.h"
#include "vtl/template.h"

#define FUNCTION_NAME_MAX 140 /* spec/lambda.md, section 3: the model's ceiling */
#define FUNCTION_ARN_MAX 256

struct function {
    struct part part;
    struct span arn; /* without a version: arn:aws:lambda:REGION:ACCOUNT:function:NAME */
    struct span account, region, name;
    struct span version; /* "$LATEST" */
    struct span runtime, handler;
    struct span package;    /* SHA-256 of the zip, lower-case hexadecimal; "" when it is missing */
    struct span log_format; /* "Text" or "JSON" */
    struct vtl_pairs environment;
    int64_t timeout; /* microseconds */
    uint32_t memory_mb, storage_mb;
    int64_t reserved;            /* its own limit of concurrency; -1: none */
    struct span not_ready;       /* its State while that is not Active; "" */
    const struct policy *policy; /* its resource policy; NULL: none, nobody else may invoke it */
    uint64_t revision;           /* of the record it was made from */
};

/* Takes an ARN apart: arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER].  All texts
 * point into it; `qualifier` is empty when there is none, `arn` is the part before it.  False when
 * it is not the ARN of a function. */
struct function_arn {
    struct span arn, region, account, name, qualifier;
};
bool function_arn_read(struct span text, struct function_arn *out);

#endif
