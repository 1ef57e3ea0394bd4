/* The default gateway responses.  Front-layer errors have no blank after the colon, errors of the
 * execution have one: the 500 was recorded with Content-Length 36, the split is from memory. */
#include "snapshot/gateway_response.h"

#include <assert.h>

#define ROW(type, status, error, prefix, message) \
    [type] = {SPAN_INIT(#type),                   \
              status,                             \
              SPAN_INIT(error "Exception"),       \
              SPAN_INIT(message),                 \
              SPAN_INIT(prefix),                  \
              SPAN_INIT(prefix "\"" message "\"}")}
#define FRONT "{\"message\":"
#define INNER "{\"message\": "
#define SERVER_ERROR "InternalServerError"

static const struct gateway_response_default DEFAULTS[GATEWAY_RESPONSE_COUNT] = {
    ROW(ACCESS_DENIED, 403, "AccessDenied",
        "{\"Message\":", "User is not authorized to access this resource"),
    ROW(API_CONFIGURATION_ERROR, 500, SERVER_ERROR, INNER, "Internal server error"),
    [AUTHORIZER_CONFIGURATION_ERROR] = {SPAN_INIT("AUTHORIZER_CONFIGURATION_ERROR"),
                                        500,
                                        SPAN_INIT("AuthorizerConfigurationException"),
                                        {NULL, 0},
                                        SPAN_INIT(FRONT),
                                        SPAN_INIT(FRONT "null}")},
    [AUTHORIZER_FAILURE] = {SPAN_INIT("AUTHORIZER_FAILURE"),
                            500,
                            SPAN_INIT("AuthorizerFailureException"),
                            {NULL, 0},
                            SPAN_INIT(FRONT),
                            SPAN_INIT(FRONT "null}")},
    ROW(BAD_REQUEST_BODY, 400, "BadRequest", INNER, "Invalid request body"),
    ROW(BAD_REQUEST_PARAMETERS, 400, "BadRequest", INNER, "Missing required request parameters"),
    ROW(EXPIRED_TOKEN, 403, "ExpiredToken", FRONT,
        "The security token included in the request is expired"),
    ROW(FORBIDDEN, 403, "Forbidden", FRONT, "Forbidden"),
    ROW(INTEGRATION_FAILURE, 504, SERVER_ERROR, INNER, "Network error communicating with endpoint"),
    ROW(INTEGRATION_TIMEOUT, 504, SERVER_ERROR, INNER, "Endpoint request timed out"),
    ROW(INVALID_API_KEY, 403, "Forbidden", FRONT, "Forbidden"),
    ROW(INVALID_SIGNATURE, 403, "InvalidSignature", FRONT, "Forbidden"),
    ROW(MISSING_AUTHENTICATION_TOKEN, 403, "MissingAuthenticationToken", FRONT,
        "Missing Authentication Token"),
    ROW(QUOTA_EXCEEDED, 429, "LimitExceeded", FRONT, "Limit Exceeded"),
    ROW(REQUEST_TOO_LARGE, 413, "RequestTooLarge", FRONT, "Request Too Long"),
    ROW(RESOURCE_NOT_FOUND, 404, "ResourceNotFound", FRONT, "Not Found"),
    ROW(THROTTLED, 429, "TooManyRequests", FRONT, "Too Many Requests"),
    ROW(UNAUTHORIZED, 401, "Unauthorized", FRONT, "Unauthorized"),
    ROW(UNSUPPORTED_MEDIA_TYPE, 415, "BadRequest", INNER, "Unsupported Media Type"),
    ROW(WAF_FILTERED, 403, "Forbidden", FRONT, "Forbidden"),
};

const struct gateway_response_default *gateway_response_default(enum gateway_response type)
{
    assert(type < GATEWAY_RESPONSE_COUNT && DEFAULTS[type].status != 0);
    return &DEFAULTS[type];
}

bool gateway_response_find(struct span name, enum gateway_response *out)
{
    for (unsigned i = 0; i < GATEWAY_RESPONSE_COUNT; i++)
        if (i != FORBIDDEN && span_equal(DEFAULTS[i].name, name)) {
            *out = (enum gateway_response)i;
            return true;
        }
    return false;
}
