/* One request in flight, and the steps it runs down.  docs/internals/exchange.md */
#ifndef GATEWAY_EXCHANGE_H
#define GATEWAY_EXCHANGE_H

#include "base/random.h"
#include "gateway/edge/target.h"
#include "gateway/worker.h"
#include "http/client.h"
#include "snapshot/deployment.h"

enum verdict {
    GO_ON,  /* next row */
    WAIT,   /* exactly one operation was attached; its end resumes at the next row */
    REPLY,  /* the response is decided: go to reply_at */
    FINISH, /* nothing can be sent any more: go to finish_at */
};

struct exchange;
struct view;
struct backend_answer;
struct rendering;

struct step {
    const char *name;
    enum verdict (*run)(struct exchange *x);
};

struct plan {
    const struct step *steps;
    unsigned count, reply_at, finish_at;
};

/* What must be given back when the exchange has ended; embedded in what `run` frees.  It must not
 * lie in the exchange's arena: that is gone by then. */
struct cleanup {
    struct cleanup *next;
    void (*run)(struct cleanup *cleanup);
    void (*let_go)(struct cleanup *cleanup); /* before that: of the stream and the arena; or NULL */
};

#define EXTENDED_ID_LEN 16

/* Why a gateway response is the reply: $context.error. */
struct failure {
    const struct gateway_response_default *type; /* NULL: nothing has failed */
    int status;                                  /* unless the API has chosen one */
    struct span message;                         /* at NULL: null */
    struct span validation;                      /* what a validator found; at NULL: nothing */
};

struct exchange {
    struct http_stream *stream;
    struct worker *worker;
    const struct plan *plan;
    unsigned next; /* row */
    struct op *waiting_for;
    struct task resume; /* what operations make ready */
    struct target target;
    const struct stage *stage; /* used beyond a turn only while is_pinned */
    bool is_pinned;
    const struct method *method;
    char request_id[UUID_TEXT_LEN + 1];    /* $context.requestId; "" before it was made */
    char extended_id[EXTENDED_ID_LEN + 1]; /* $context.extendedRequestId */
    int64_t began;                         /* wall time, microseconds */
    int64_t started;                       /* the same by the loop's clock */
    struct span trace;                     /* X-Amzn-Trace-Id; see exchange_trace */
    const struct view *view;               /* see exchange_view */
    struct outcome outcome;
    struct failure failure;
    struct rendering *rendering;         /* mapping/render.h; NULL: no template has run */
    const struct backend_answer *answer; /* reply/answer.h; NULL: a mock, or none yet */
    bool has_collected;                  /* the body was asked for */
    void *operation;                     /* the integration's own, between its two steps */
    struct cleanup *cleanups;
    int status;
    struct span lines, body; /* of the reply; in the stream's arena or the snapshot */
    struct source *source;   /* of a body that is pulled instead; NULL: `body` is all */
    uint64_t source_length;
    bool has_sent; /* the source was given to the stream */
    bool is_decided;
};

/* The handler of a worker's server. */
void exchange_begin(struct http_handler *handler, struct http_stream *stream);
void exchange_gone(struct http_handler *handler, struct http_stream *stream);

static inline struct arena *exchange_arena(struct exchange *x)
{
    return &x->stream->arena;
}

/* Decides the reply: a gateway response, as the API has changed it (reply/failure.c). */
enum verdict exchange_fail(struct exchange *x, enum gateway_response type);

/* The same with another status than the type's, unless the API has chosen one: what a function or a
 * backend answers wrongly is a 502. */
enum verdict exchange_fail_status(struct exchange *x, enum gateway_response type, int status);

/* The same with another message than the type's, and with a validator's words (at NULL: none). */
enum verdict exchange_fail_with(struct exchange *x, enum gateway_response type, struct span message,
                                struct span validation);

/* Decides the reply: 501 with words. */
enum verdict exchange_not_yet(struct exchange *x, struct span words);

/* Decides the reply: a JSON body with `message` (escaped here) and an error type. */
enum verdict exchange_message(struct exchange *x, int status, const char *error_type,
                              struct span message);

/* How execution logs of AWS begin where the API's owner is wrong. */
#define CONFIGURATION_ERROR "Execution failed due to configuration error: "

/* A line in the log for people who look for the reason of a 5xx, which clients are not told; at
 * most some a second. */
void exchange_explain(struct exchange *x, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Runs when the reply was sent or dropped; the last one added runs first. */
static inline void exchange_at_end(struct exchange *x, struct cleanup *cleanup,
                                   void (*run)(struct cleanup *cleanup))
{
    *cleanup = (struct cleanup){.next = x->cleanups, .run = run};
    x->cleanups = cleanup;
}

/* Decides the reply: status, whole header lines and body, all in the exchange's arena, the
 * snapshot, or owned by a cleanup. */
enum verdict exchange_reply(struct exchange *x, int status, struct span lines, struct span body);

/* The same with a body that is pulled from `source` (owned by a cleanup) while it is sent;
 * HTTP_LENGTH_UNKNOWN is a length too. */
enum verdict exchange_reply_from(struct exchange *x, int status, struct span lines,
                                 struct source *source, uint64_t length);

/* A step: what is pulled is sent here, the runner sends the rest. */
enum verdict exchange_send(struct exchange *x);

/* Attaches an operation. */
static inline enum verdict exchange_wait(struct exchange *x, struct op *op)
{
    x->waiting_for = op;
    return WAIT;
}

extern const struct plan REST_PLAN;    /* steps.c */
extern const struct plan CONTROL_PLAN; /* edge/control.c */
extern const struct plan INVOKE_PLAN;  /* edge/invoke.c */
extern const struct plan LOCAL_PLAN;   /* edge/local.c */

#endif
