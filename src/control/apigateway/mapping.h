/* Checks of parameter mappings, in AWS's words (spec/control-plane-rest.md, sections 5.3 and 5.4).
 */
#ifndef CONTROL_APIGATEWAY_MAPPING_H
#define CONTROL_APIGATEWAY_MAPPING_H

#include "control/call.h"

/* Method.requestParameters: each is a place of the request, and no name stands in two. */
enum fault mapping_check_declared(struct call *call, const struct json *parameters);

/* Integration.requestParameters: from what the method, whose path of ids is `method`, declares. */
enum fault mapping_check_request(struct call *call, struct span method,
                                 const struct json *parameters);

/* IntegrationResponse.responseParameters: to what the method response declares. */
enum fault mapping_check_response(struct call *call, const struct json *method_response,
                                  const struct json *parameters);

/* GatewayResponse.responseParameters: from the request, the context, stage variables or texts. */
enum fault mapping_check_gateway(struct call *call, const struct json *parameters);

/* Templates: each key is a media type or $default. */
enum fault mapping_check_types(struct call *call, const struct json *templates);

#endif
