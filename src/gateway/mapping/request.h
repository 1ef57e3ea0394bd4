/* The integration request: which template serves it, the body it gets, and the parameters that
 * mappings and overrides set (spec/data-plane-rest.md, section 9). */
#ifndef GATEWAY_MAPPING_REQUEST_H
#define GATEWAY_MAPPING_REQUEST_H

#include "gateway/exchange.h"

/* True when the body of the integration request, or a mapping, needs the client's body. */
bool request_needs_body(const struct exchange *x);

/* The template for the request's Content-Type; NULL when none serves it. */
const struct request_template *request_template(const struct exchange *x);

/* GO_ON with the body for the backend: rendered, or passed through.  REPLY: 415 or 500 is decided.
 */
enum verdict request_body(struct exchange *x, struct span *out);

/* What mappings and overrides set, names as they were written.  A name may be there several times
 * with a value each.  An override has replaced the mapped values of its name. */
struct request_parameters {
    struct vtl_pairs path;   /* for {name} in the URI */
    struct vtl_pairs query;  /* decoded */
    struct vtl_pairs header; /* they replace the client's, where those are passed */
};

/* After request_body, whose template may have set overrides.  GO_ON, or REPLY: a 400 (a mapping
 * looks into a body that is no JSON) or a 500 is decided.  For all integrations. */
enum verdict request_parameters(struct exchange *x, struct request_parameters *out);

#endif
