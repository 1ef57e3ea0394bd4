/* The MOCK integration: answers from its templates alone. */
#ifndef GATEWAY_INTEGRATION_MOCK_H
#define GATEWAY_INTEGRATION_MOCK_H

#include "gateway/exchange.h"

/* True when no template serves the request's media type and the body is passed through: it is then
 * read as the template would have been. */
bool mock_needs_body(const struct exchange *x);

/* Step: chooses the outcome. */
enum verdict mock_integrate(struct exchange *x);

#endif
