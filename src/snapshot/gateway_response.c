/* The default gateway responses.  Front-layer errors have no blank after the colon, errors of the
 * execution have one: the 500 was recorded with Content-Length 36, the split is from memory. */
#include "snapshot/gateway_response.h"

#include <assert.h>

#define ROW(status, error, body)                  \
    {                                             \
        status, SPAN_INIT(error), SPAN_INIT(body) \
    }

static const struct gateway_response_default DEFAULTS[GATEWAY_RESPONSE_COUNT] = {
    [ACCESS_DENIED] = ROW(403, "AccessDeniedException",
                          "{\"Message\":\"User is not authorized to access this resource\"}"),
    [API_CONFIGURATION_ERROR] =
        ROW(500, "InternalServerErrorException", "{\"message\": \"Internal server error\"}"),
    [AUTHORIZER_CONFIGURATION_ERROR] =
        ROW(500, "AuthorizerConfigurationException", "{\"message\":null}"),
    [AUTHORIZER_FAILURE] = ROW(500, "AuthorizerFailureException", "{\"message\":null}"),
    [BAD_REQUEST_BODY] = ROW(400, "BadRequestException", "{\"message\": \"Invalid request body\"}"),
    [BAD_REQUEST_PARAMETERS] =
        ROW(400, "BadRequestException", "{\"message\": \"Missing required request parameters\"}"),
    [EXPIRED_TOKEN] =
        ROW(403, "ExpiredTokenException",
            "{\"message\":\"The security token included in the request is expired\"}"),
    [FORBIDDEN] = ROW(403, "ForbiddenException", "{\"message\":\"Forbidden\"}"),
    [INTEGRATION_FAILURE] = ROW(504, "InternalServerErrorException",
                                "{\"message\": \"Network error communicating with endpoint\"}"),
    [INTEGRATION_TIMEOUT] =
        ROW(504, "InternalServerErrorException", "{\"message\": \"Endpoint request timed out\"}"),
    [INVALID_API_KEY] = ROW(403, "ForbiddenException", "{\"message\":\"Forbidden\"}"),
    [INVALID_SIGNATURE] = ROW(403, "InvalidSignatureException", "{\"message\":\"Forbidden\"}"),
    [MISSING_AUTHENTICATION_TOKEN] = ROW(403, "MissingAuthenticationTokenException",
                                         "{\"message\":\"Missing Authentication Token\"}"),
    [QUOTA_EXCEEDED] = ROW(429, "LimitExceededException", "{\"message\":\"Limit Exceeded\"}"),
    [REQUEST_TOO_LARGE] =
        ROW(413, "RequestTooLargeException", "{\"message\":\"Request Too Long\"}"),
    [RESOURCE_NOT_FOUND] = ROW(404, "ResourceNotFoundException", "{\"message\":\"Not Found\"}"),
    [THROTTLED] = ROW(429, "TooManyRequestsException", "{\"message\":\"Too Many Requests\"}"),
    [UNAUTHORIZED] = ROW(401, "UnauthorizedException", "{\"message\":\"Unauthorized\"}"),
    [UNSUPPORTED_MEDIA_TYPE] =
        ROW(415, "BadRequestException", "{\"message\": \"Unsupported Media Type\"}"),
    [WAF_FILTERED] = ROW(403, "ForbiddenException", "{\"message\":\"Forbidden\"}"),
};

const struct gateway_response_default *gateway_response_default(enum gateway_response type)
{
    assert(type < GATEWAY_RESPONSE_COUNT && DEFAULTS[type].status != 0);
    return &DEFAULTS[type];
}
