/* What a request is for: an API's stage, the control plane, or Portico itself.
 *
 * Forms and their answers: spec/data-plane-rest.md, section 2. */
#ifndef GATEWAY_EDGE_TARGET_H
#define GATEWAY_EDGE_TARGET_H

#include "http/message.h"

enum target_kind {
    TARGET_API_HOST, /* {api}.execute-api.… */
    TARGET_API_PATH, /* /_aws/execute-api/{api}/{stage}/… or
                        /restapis/{api}/{stage}/_user_request_/… */
    TARGET_LOCAL,    /* /_portico/… */
    TARGET_INVOKE,   /* a function, by the Lambda API */
    TARGET_CONTROL
};

struct target {
    enum target_kind kind;
    struct span api, stage; /* stage may be empty: none was named */
    struct span path;       /* below the stage: empty or from its '/' on; as sent */
};

struct target target_of(const struct http_request *request);

#endif
