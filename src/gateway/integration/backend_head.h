/* The head of a backend's request: what HTTP and HTTP_PROXY put there alike.  Everything is added
 * to `head`, whose ceiling is looked at once, at the end. */
#ifndef GATEWAY_INTEGRATION_BACKEND_HEAD_H
#define GATEWAY_INTEGRATION_BACKEND_HEAD_H

#include "gateway/exchange.h"
#include "gateway/mapping/request.h"
#include "snapshot/endpoint.h"

/* What a driver's `start` puts together; x->operation until the call begins. */
struct backend_draft {
    struct request_parameters parameters;
    struct endpoint_uri uri;
    struct span verb, body;
};

/* Which of the headers that Portico adds when nobody else does are there. */
struct head_seen {
    bool accept, content_type, host, user_agent;
};

/* The integration's verb; for "ANY" the client's. */
struct span backend_verb(const struct exchange *x);

/* The value of {name} in the URI: what backend_uri asks for, while x->operation is the draft. */
struct span backend_path_parameter(struct exchange *x, struct span name);

/* "GET /path?query HTTP/1.1": the URI's query, then `query` as it was sent ("": none), then what is
 * mapped (recorded in spec/data-plane-rest.md, 9.1). */
void head_add_request_line(struct buf *head, const struct backend_draft *draft, struct span query);

void head_add_header(struct buf *head, struct span name, struct span value);

/* Notes a header that is there by now. */
void head_see(struct head_seen *seen, struct span name);

/* True when a mapping sets the header. */
bool head_is_mapped(const struct backend_draft *draft, struct span name);

/* The mapped headers.  False when a mapping sets what none may set, or what is no header. */
bool head_add_mapped(struct buf *head, const struct backend_draft *draft, struct head_seen *seen);

/* Host, Accept and User-Agent where nobody has set them, and the API's id and trace. */
void head_add_usual(struct exchange *x, struct buf *head, const struct backend_draft *draft,
                    const struct head_seen *seen);

/* The last lines and the blank one. */
void head_end(struct buf *head, uint64_t body_len);

#endif
