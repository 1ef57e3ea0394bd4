/* What the gateway itself answers when a request fails: the one table of AWS's default gateway
 * responses (spec/data-plane-rest.md, section 4.1). */
#ifndef SNAPSHOT_GATEWAY_RESPONSE_H
#define SNAPSHOT_GATEWAY_RESPONSE_H

#include <stdbool.h>

#include "base/span.h"

enum gateway_response {
    ACCESS_DENIED,
    API_CONFIGURATION_ERROR,
    AUTHORIZER_CONFIGURATION_ERROR,
    AUTHORIZER_FAILURE,
    BAD_REQUEST_BODY,
    BAD_REQUEST_PARAMETERS,
    EXPIRED_TOKEN,
    FORBIDDEN, /* not a type of its own: an unknown stage, before any API is known */
    INTEGRATION_FAILURE,
    INTEGRATION_TIMEOUT,
    INVALID_API_KEY,
    INVALID_SIGNATURE,
    MISSING_AUTHENTICATION_TOKEN,
    QUOTA_EXCEEDED,
    REQUEST_TOO_LARGE,
    RESOURCE_NOT_FOUND,
    THROTTLED,
    UNAUTHORIZED,
    UNSUPPORTED_MEDIA_TYPE,
    WAF_FILTERED,
    GATEWAY_RESPONSE_COUNT
};

struct gateway_response_default {
    struct span name; /* the type's: "THROTTLED" */
    int status;
    struct span error_type; /* of x-amzn-ErrorType */
    struct span message;    /* at NULL: null */
    struct span prefix;     /* of the body, up to the message */
    struct span body;       /* whole */
};

const struct gateway_response_default *gateway_response_default(enum gateway_response type);

/* False when no type has that name.  DEFAULT_4XX and DEFAULT_5XX are none. */
bool gateway_response_find(struct span name, enum gateway_response *out);

#endif
