/* One line of JSON for each request to an API, on stderr, where it was asked for. */
#ifndef TELEMETRY_ACCESS_LOG_H
#define TELEMETRY_ACCESS_LOG_H

#include "base/buf.h"

struct access_line {
    int64_t wall; /* when the request came; microseconds */
    struct span request_id, api, stage, peer, method, path; /* the path without its query */
    int status;                                             /* 0: it could not be answered whole */
    uint64_t bytes;                                         /* of the body that was sent */
    int64_t micros; /* until the reply was given to the socket */
};

/* Builds the line in `scratch` and writes it with one call, so that lines of several workers do not
 * mix.  What a client sent is escaped; the query, which may hold secrets, is not written. */
void access_log_write(struct buf *scratch, const struct access_line *line);

/* The line alone, for tests. */
void access_log_build(struct buf *out, const struct access_line *line);

#endif
