/* The reply that an integration response makes (spec/data-plane-rest.md, sections 7.5, 8.2, 11). */
#ifndef GATEWAY_REPLY_RESPONSE_H
#define GATEWAY_REPLY_RESPONSE_H

#include "gateway/exchange.h"

/* Decides the reply from x->outcome's response and x->answer: headers, template, content handling
 * and overrides; what cannot be made is a 500. */
enum verdict response_render(struct exchange *x);

#endif
