/* Bytes that somebody else makes and one reader takes: a request's body as it comes from the
 * client, an answer's as it comes from the backend.
 *
 * A source is pulled: it looks for more only when its reader has taken what there was, and this is
 * the whole of back-pressure. */
#ifndef HTTP_SOURCE_H
#define HTTP_SOURCE_H

#include "base/span.h"
#include "net/op.h"

struct source {
    /* What is there now; empty when nothing is, and then `state` says whether more may come. */
    struct span (*peek)(struct source *source);
    /* Gives up the first `n` bytes of what peek showed. */
    void (*take)(struct source *source, size_t n);
    enum op_result state; /* OP_PENDING; OP_DONE: what peek shows is the end; else it failed */
    struct task *reader;  /* made ready when peek showed nothing and something has changed */
};

#endif
