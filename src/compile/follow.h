/* The compile thread's work: from batches of the feed to snapshots that workers serve. */
#ifndef COMPILE_FOLLOW_H
#define COMPILE_FOLLOW_H

#include "link/feed.h"
#include "snapshot/snapshot.h"

/* Records of these kinds go into a snapshot; documents are blobs named by Deployment records. */
#define FOLLOW_APIS_MAX 100000

/* Builds the snapshot that a batch makes of `before` (NULL: there is none yet); of a whole batch,
 * the one that holds nothing else.  Deployments that `before` serves from the same document are
 * reused, so a change compiles what it has changed.  One use is the caller's. */
struct snapshot *follow_build(struct shelf *shelf, const struct feed_batch *batch,
                              const struct snapshot *before);

#endif
