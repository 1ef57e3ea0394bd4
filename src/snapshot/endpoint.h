/* The URI of an HTTP integration, taken apart when the deployment is compiled.
 *
 *     https://example.com:8443/users/{id}?verbose=${stageVariables.verbose}
 *
 * Where the authority is literal, the target of the connection is known then; else the whole URI
 * is put together and taken apart for each request. */
#ifndef SNAPSHOT_ENDPOINT_H
#define SNAPSHOT_ENDPOINT_H

#include "base/arena.h"
#include "http/pool.h"

#define ENDPOINT_URI_MAX 16384

enum endpoint_piece_kind {
    PIECE_TEXT,
    PIECE_PARAMETER, /* {name}: of integration.request.path.name */
    PIECE_VARIABLE,  /* ${stageVariables.name} */
};

struct endpoint_piece {
    enum endpoint_piece_kind kind;
    bool is_in_query; /* behind the first '?' */
    struct span text; /* or the name */
};

/* An absolute URI of http or https: whom to connect to, what Host says, and the rest. */
struct endpoint_uri {
    struct http_target target;
    struct span authority; /* "example.com:8443", for Host */
    struct span rest;      /* path and query; may be "" or begin with '?' */
};

struct endpoint {
    bool is_unverified;                  /* tlsConfig.insecureSkipVerification */
    bool is_fixed;                       /* `uri` is known, and `pieces` are of its rest */
    struct endpoint_uri uri;             /* is_fixed */
    const struct endpoint_piece *pieces; /* of the rest; of the whole URI when not is_fixed */
    size_t piece_count;
};

/* False when it is no such URI: no user information, a host, a port that is one, no fragment, and
 * nothing that could not stand in a request line. */
bool endpoint_uri_parse(struct span uri, struct endpoint_uri *out);

/* True when nothing of a path and query could not stand in a request line. */
bool endpoint_rest_is_valid(struct span rest);

/* Compiles into the arena; `uri` must live as long.  An invalid URI has no pieces: calls of it
 * answer 500.  False when the arena is over. */
bool endpoint_compile(struct arena *arena, struct span uri, struct endpoint *out);

#endif
