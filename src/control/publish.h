/* What the gateways are told: the feed's source. */
#ifndef CONTROL_PUBLISH_H
#define CONTROL_PUBLISH_H

#include "link/feed.h"
#include "store/store.h"

/* The source that writes everything a gateway needs, as one state of the store. */
struct feed_source publish_source(struct store *store);

/* Gateways are told of this kind: a write of it is answered when they serve it. */
bool publish_tells(struct span kind);

#endif
