/* A web page must not drive a local Portico (docs/internals/threats.md). */
#ifndef CALLER_BROWSER_H
#define CALLER_BROWSER_H

#include "http/message.h"

/* Why the request is refused, in words for its sender; NULL when it may pass.  Local names are
 * loopback addresses, localhost and its subdomains, *.amazonaws.com and addresses in digits. */
const char *browser_refusal(const struct http_request *request);

#endif
