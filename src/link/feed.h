/* The feed: how configuration travels from control to the gateways.  docs/internals/feed.md
 *
 * A unix stream socket in the run folder; control listens.  The gateway says HELLO(epoch, last
 * revision); control answers with batches: HELLO(epoch, base), BLOBs and RECORDs, COMMIT(revision).
 * The gateway compiles a batch, swaps it in on all workers and says ACK(revision).  One batch is
 * in flight per gateway; what changes meanwhile goes into the next.  A base of 0 means «forget
 * what you have»; else the batch holds what has changed since.
 *
 * This file holds both ends: `feed_server` for control, `feed_client` for a gateway. */
#ifndef LINK_FEED_H
#define LINK_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "text/json.h"

#define FEED_EPOCH_MAX 64
#define FEED_SHA256_LEN 64                 /* lower case hexadecimal */
#define FEED_BLOB_MAX (64UL * 1024 * 1024) /* bytes of one blob or record body */
#define FEED_BATCH_MAX (1UL * 1024 * 1024 * 1024)
#define FEED_ACK_WAIT_MS 2000 /* how long an acknowledged write waits for gateways */

/* Names a record.  `parent` is empty for what stands alone. */
struct feed_key {
    struct span account, region, kind, parent, id;
};

/* ---- control's end ------------------------------------------------------------------------- */

struct feed_out; /* one batch on its way to one gateway */

/* Where batches come from. */
struct feed_source {
    /* Writes what has changed since `base`, and says the revision that the gateway then has.
     * With a base of 0, or one that it cannot go on from, it writes everything: then it calls
     * feed_out_forget first.  Called on the feed thread, for one gateway at a time, while other
     * threads go on changing the store: read in one transaction.  False when the store cannot be
     * read: tried again after a second. */
    bool (*write)(void *ctx, struct feed_out *out, uint64_t base, uint64_t *revision);
    void *ctx;
};

/* The batch is whole: the gateway forgets what it has.  Before any record or blob. */
void feed_out_forget(struct feed_out *out);

/* Each answers false when the gateway has gone: go on or stop, as you like.  `body` is the text
 * of a JSON object of any size up to FEED_BLOB_MAX; at NULL
 * says that the record was deleted. */
bool feed_out_record(struct feed_out *out, const struct feed_key *key, uint64_t revision,
                     struct span body);

/* Blobs go before the records that name them.  `descriptor` is a regular file, open for reading;
 * it is read from its start and stays the caller's. */
bool feed_out_blob(struct feed_out *out, struct span sha256, int descriptor);

/* The same for a blob in memory. */
bool feed_out_blob_bytes(struct feed_out *out, struct span sha256, struct span bytes);

struct feed_server;

/* Serves gateways on `listener` (a listening unix socket, now owned) on a thread of its own.
 * `epoch` names the history that revisions count in: a new one when the data directory or its
 * contents were replaced.  `revision` is the one the store stands at.  Never NULL. */
struct feed_server *feed_server_new(int listener, const char *epoch, uint64_t revision,
                                    struct feed_source source);

/* Ends the thread and closes the connections.  No other thread may be in a call. */
void feed_server_free(struct feed_server *server);

/* Says that `revision` has been committed; does not wait.  Any thread. */
void feed_server_publish(struct feed_server *server, uint64_t revision);

/* Waits until every connected gateway serves `revision` or later (published before), at most
 * FEED_ACK_WAIT_MS.  True at once when no gateway is connected.  False when one was late: the
 * write is durable all the same, and the caller answers success.  Any thread. */
bool feed_server_wait(struct feed_server *server, uint64_t revision);

/* Counts for metrics and health. */
unsigned feed_server_gateways(struct feed_server *server);
uint64_t feed_server_late_total(struct feed_server *server);

/* ---- the gateway's end --------------------------------------------------------------------- */

struct feed_record {
    struct feed_key key;
    uint64_t revision;
    const struct json *body; /* an object; NULL: the record was deleted */
};

struct feed_blob {
    struct span sha256; /* as control named it; not checked here */
    struct span bytes;
};

/* All of it lives in `arena`; whoever took the batch releases it. */
struct feed_batch {
    struct arena arena;
    struct span epoch;
    uint64_t revision;
    bool is_whole; /* replaces everything; else: changes to what was there */
    const struct feed_record *records;
    size_t record_count;
    const struct feed_blob *blobs;
    size_t blob_count;
};

/* Releases the arena and clears. */
void feed_batch_release(struct feed_batch *batch);

enum feed_event {
    FEED_BATCH, /* *out holds a batch: release it, and acknowledge when it is served */
    FEED_WOKEN, /* `wake` is readable */
    FEED_AWAY   /* the connection to control was lost; go on calling, it is made again */
};

struct feed_client;

/* Connects to the socket at `path` in the first `feed_client_next`.  Never NULL. */
struct feed_client *feed_client_new(const char *path);
void feed_client_free(struct feed_client *client);

/* Blocks until there is something to tell.  `wake` is a descriptor (an eventfd or pipe) of the
 * caller, -1: none.  One thread. */
enum feed_event feed_client_next(struct feed_client *client, int wake, struct feed_batch *out);

/* Says that every worker serves `revision`.  The thread that calls feed_client_next. */
void feed_client_ack(struct feed_client *client, uint64_t revision);

/* Control is there and has greeted.  Any thread; false means that health says «degraded». */
bool feed_client_is_connected(const struct feed_client *client);

#endif
