/* Request validators (spec/data-plane-rest.md, section 6). */
#ifndef GATEWAY_MAPPING_VALIDATE_H
#define GATEWAY_MAPPING_VALIDATE_H

#include "gateway/exchange.h"

/* GO_ON, or the reply is decided: 400 with the names of what is missing. */
enum verdict validate_parameters(struct exchange *x);

/* True when the body is checked: it must be read then. */
bool validate_needs_body(const struct exchange *x);

/* GO_ON, or the reply is decided: 400. */
enum verdict validate_body(struct exchange *x);

#endif
