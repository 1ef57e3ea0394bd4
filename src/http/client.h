/* The client side: one call is one operation on a connection of a pool.
 *
 * An answer is collected whole; or, where `hold_max` is set, held up to that size, and what is
 * larger is left to be pulled while it comes.  A call that fails before any byte of its answer, on
 * a connection that was used before, is made once more on a fresh one when its method is
 * idempotent and its body can be sent again: the peer may just have closed the connection. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "base/buf.h"
#include "http/h1.h"
#include "http/message.h"
#include "http/pool.h"
#include "http/pump.h"
#include "http/source.h"

#define HTTP_CLIENT_READ 16384 /* bytes asked for at least */
#define HTTP_INTERIM_MAX 8     /* 1xx answers before the real one */
#define HTTP_REST_IDLE_TIME (30 * MICROS_PER_SECOND)
#define HTTP_REST_TIME_MAX (900 * MICROS_PER_SECOND)

enum http_call_phase {
    CALL_RESOLVES,
    CALL_CONNECTS, /* TLS too */
    CALL_WAITS,    /* for the first byte of the answer; the request may still be on its way */
    CALL_READS,
    CALL_ENDED, /* the connection was given back or closed */
};

/* One call.  The caller zero-initialises it (or calls http_call_init), fills the first part, then
 * calls http_call_start. When `op` has ended with OP_DONE the second part holds the answer, until
 * http_call_release. */
struct http_call {
    struct span method;    /* also in `head`; decides about bodies and repeats */
    struct span head;      /* request line, header lines, blank line; must live until the end */
    struct span body;      /* must live until the end */
    struct source *source; /* or what the body is pulled from; `head` says how it is framed */
    bool is_chunked;       /* the source goes out in chunks */
    size_t answer_max;     /* bytes of the answer's body */
    size_t hold_max;       /* 0: the whole is collected */
    bool holds_nothing;    /* the operation ends with the head of the answer */
    int64_t connect_max;   /* microseconds for name, connection and TLS; 0: as time_max */
    int64_t first_max;     /* to the first byte of the answer; 0: as time_max */
    int64_t time_max;      /* until the operation ends */

    struct op op;
    enum http_call_phase phase; /* where it is or failed */
    struct span answer;         /* the whole body, unless is_streamed */
    bool is_streamed;           /* there is more than is held: */
    struct source rest;         /* the body, held or not */

    struct http_pool *pool;
    struct http_client_connection *connection;
    struct lookup lookup;  /* and the addresses to try */
    struct task resume;    /* the lookup has ended, or the source has more */
    struct timer deadline; /* while there is no connection */
    int64_t began, deadline_at;
    struct buf in; /* the head, then body bytes without their chunks' framing */
    struct h1_chunks chunks;
    struct pump pump;        /* of `source` */
    uint64_t received, left; /* body bytes so far; of a length still to come */
    size_t sent, scanned, head_len, taken;
    size_t drawn; /* from the client's budget, for `in` */
    unsigned interim, next_address;
    bool was_repeated, has_sent_all;

    struct http_response response; /* of the second part; its spans point into `in` */
};

/* Zeroes all but the headers of the response, which are many. */
static inline void http_call_init(struct http_call *call)
{
    memset(call, 0, offsetof(struct http_call, response.headers));
}

void http_call_start(struct http_call *call, struct http_pool *pool, struct task *waiter);

/* Breaks off what still sends or streams: head, body and source are not looked at any more.  What
 * was received stays.  `op` must have ended. */
void http_call_break(struct http_call *call);

/* Frees what the call holds, and breaks off what still streams.  `op` must have ended. */
void http_call_release(struct http_call *call);

#endif
