/* What a call's credentials say about it, whether or not the signature is checked. */
#ifndef CALLER_CREDENTIAL_H
#define CALLER_CREDENTIAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "http/message.h"

/* From "AKID/20260101/us-east-1/apigateway/aws4_request". */
struct credential {
    bool is_there; /* the call carries a signature at all */
    struct span key, region, service;
};

/* Twelve digits: the number of an account, also as an access key. */
bool credential_is_account(struct span text);

/* From the Authorization header, or the query of a presigned URL (decoded into the arena). */
struct credential credential_of(struct arena *arena, const struct http_request *request);

#endif
