/* AWS Signature Version 4: reading what a request says about its signature, verifying it, and
 * signing requests of our own.  In the header form (Authorization) and the query form (presigned
 * URLs).  Everything works on spans; what is made lives in the arena that is passed. */
#ifndef AUTH_SIGV4_H
#define AUTH_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

#define SIGV4_HEADERS_MAX 160    /* headers of a request, and names in SignedHeaders */
#define SIGV4_EXPIRES_MAX 604800 /* seconds of a presigned URL: a week */

struct sigv4_header {
    struct span name, value;
};

struct sigv4_request {
    struct span method;
    struct span path;  /* as sent, not decoded, without the query */
    struct span query; /* as sent, without '?' */
    struct span host;  /* stands for Host where no header has that name (HTTP/2) */
    const struct sigv4_header *headers;
    unsigned header_count;
};

/* What a request says about its signature.  Spans point into the request or the arena. */
struct sigv4 {
    bool is_there; /* it carries one at all */
    bool is_presigned;
    struct span algorithm;
    struct span credential; /* "AKID/20260101/us-east-1/apigateway/aws4_request" and its parts */
    struct span access_key, date, region, service, terminator;
    struct span signed_headers, signature;
    struct span time;    /* X-Amz-Date, or Date */
    struct span token;   /* X-Amz-Security-Token; empty when there is none */
    struct span expires; /* X-Amz-Expires */
};

/* In the order of the checks (auth.md 2.3). */
enum sigv4_outcome {
    SIGV4_OK,
    SIGV4_ABSENT,     /* no signature at all */
    SIGV4_TWO_FORMS,  /* in the header and in the query */
    SIGV4_NOT_PAIRS,  /* Authorization is not a list of key=value */
    SIGV4_INCOMPLETE, /* parts are missing */
    SIGV4_BAD_ALGORITHM,
    SIGV4_BAD_TIME,
    SIGV4_BAD_CREDENTIAL, /* not five elements */
    SIGV4_BAD_EXPIRES,
    SIGV4_BAD_SCOPE, /* of another date, region, service */
    SIGV4_EXPIRED,
    SIGV4_NOT_YET,
    SIGV4_UNKNOWN_KEY,
    SIGV4_BAD_TOKEN, /* wrong, absent or foreign session token */
    SIGV4_EXPIRED_TOKEN,
    SIGV4_UNSIGNED_HEADER,  /* Host, or an x-amz-* header, is not signed */
    SIGV4_BAD_PAYLOAD,      /* s3: the body is not that of x-amz-content-sha256 */
    SIGV4_STREAMED_PAYLOAD, /* s3: signed in chunks, which Portico lacks */
    SIGV4_MISMATCH
};

/* Whose words a refusal has, and how far clocks may differ (iam-sts 6). */
enum sigv4_dialect {
    SIGV4_DATA_PLANE, /* execute-api: 5 minutes */
    SIGV4_REST,       /* apigateway, lambda, ...: 5 minutes */
    SIGV4_JSON,       /* logs, wafv2, ...: 5 minutes, status 400 */
    SIGV4_QUERY       /* iam, sts, cloudformation, ...: 15 minutes */
};

struct sigv4_refusal {
    enum sigv4_outcome outcome;
    unsigned status;
    struct span type;    /* "InvalidSignatureException"; of the query protocol without Exception */
    struct span message; /* in the arena */
};

/* Reads both forms; out is filled as far as the request goes, whatever comes out.  Only what is
 * malformed is found here, up to SIGV4_BAD_ALGORITHM. */
enum sigv4_outcome sigv4_read(struct arena *arena, const struct sigv4_request *request,
                              struct sigv4 *out);

/* ---- verifying ------------------------------------------------------------------------------ */

/* What one thread keeps for this: a hasher, room for text, and the keys derived last.  A derived
 * key is used again only for the same secret. */
struct sigv4_engine;

struct sigv4_engine *sigv4_engine_new(size_t keys); /* at least that many are kept */
void sigv4_engine_free(struct sigv4_engine *engine);

/* Finds the secret of signature->access_key and checks signature->token: SIGV4_OK with *secret,
 * which must stay until the verification ends; SIGV4_UNKNOWN_KEY, SIGV4_BAD_TOKEN or
 * SIGV4_EXPIRED_TOKEN. */
struct sigv4_resolver {
    enum sigv4_outcome (*find)(struct sigv4_resolver *resolver, const struct sigv4 *signature,
                               struct span *secret);
};

struct sigv4_rules {
    enum sigv4_dialect dialect;
    struct span service, region; /* that the scope must name; empty: any */
    int64_t wall;                /* now, in microseconds */
    bool tells_canonical;        /* a mismatch tells what should have been signed: for debugging */
};

/* `payload` is the SHA-256 of the body in lower-case hexadecimal.  Services other than s3 count
 * nothing else; s3 may say UNSIGNED-PAYLOAD.  The refusal is filled unless SIGV4_OK comes out. */
enum sigv4_outcome sigv4_verify(struct sigv4_engine *engine, struct arena *arena,
                                const struct sigv4_rules *rules,
                                const struct sigv4_request *request, struct span payload,
                                struct sigv4_resolver *resolver, struct sigv4 *signature,
                                struct sigv4_refusal *refusal);

/* Words for an outcome that was found elsewhere, as by sigv4_read. */
void sigv4_refuse(struct arena *arena, enum sigv4_dialect dialect, enum sigv4_outcome outcome,
                  const struct sigv4_request *request, const struct sigv4 *signature,
                  struct sigv4_refusal *out);

/* ---- signing -------------------------------------------------------------------------------- */

struct sigv4_signer {
    struct span access_key, secret;
    struct span token; /* empty: none */
    struct span region, service;
    int64_t wall;
};

/* The headers to add: X-Amz-Date, X-Amz-Security-Token if there is a token, Authorization.  All
 * headers of the request are signed but those that proxies change.  `payload` as above, or
 * UNSIGNED-PAYLOAD for s3.  False when the arena is over. */
#define SIGV4_ADDED_MAX 3
bool sigv4_sign(struct sigv4_engine *engine, struct arena *arena, const struct sigv4_signer *signer,
                const struct sigv4_request *request, struct span payload,
                struct sigv4_header out[static SIGV4_ADDED_MAX], unsigned *count);

/* The query of a presigned URL that is good for `expires` seconds: that of the request with what
 * the signature adds.  Only Host and the request's x-amz-* headers are signed. */
bool sigv4_presign(struct sigv4_engine *engine, struct arena *arena,
                   const struct sigv4_signer *signer, const struct sigv4_request *request,
                   struct span payload, unsigned expires, struct span *query);

#endif
