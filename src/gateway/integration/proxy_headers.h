/* The header rules of HTTP_PROXY, as pure functions (spec/data-plane-rest.md, section 7). */
#ifndef GATEWAY_INTEGRATION_PROXY_HEADERS_H
#define GATEWAY_INTEGRATION_PROXY_HEADERS_H

#include "base/buf.h"
#include "http/message.h"

/* What becomes of a client's header on its way to the backend. */
enum request_rule { REQUEST_PASSES, REQUEST_ENDS_HERE, REQUEST_IS_OURS };

enum request_rule proxy_request_rule(struct span name);

/* What becomes of a header that a mapping sets. */
enum mapped_rule { MAPPED_PASSES, MAPPED_IS_DROPPED, MAPPED_FAILS };

enum mapped_rule proxy_mapped_rule(struct span name);

/* Adds the header lines of a backend's answer as the client gets them. */
void proxy_add_answer_lines(struct buf *out, const struct http_header *headers, unsigned count);

/* True when a Connection header names other headers: those are of one hop only. */
bool proxy_connection_names_some(const struct http_header *headers, unsigned count);

/* True when one names this header. */
bool proxy_connection_names(const struct http_header *headers, unsigned count, struct span name);

#endif
