/* The table of integration types. */
#include "gateway/integration/integration.h"

const struct integration_driver *integration_driver(enum integration_type type)
{
    static const struct integration_driver *const DRIVERS[INTEGRATION_TYPE_COUNT] = {
        [INTEGRATION_AWS] = &AWS_DRIVER,
        [INTEGRATION_AWS_PROXY] = &LAMBDA_PROXY_DRIVER,
        [INTEGRATION_HTTP] = &HTTP_DRIVER,
        [INTEGRATION_MOCK] = &MOCK_DRIVER,
        [INTEGRATION_HTTP_PROXY] = &HTTP_PROXY_DRIVER,
    };

    return DRIVERS[type];
}
