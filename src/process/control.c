/* The control process: wires the store, the control APIs and the feed. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "link/child.h"
#include "link/feed.h"

static bool write_nothing(void *ctx, struct feed_out *out, uint64_t *revision)
{
    (void)ctx;
    (void)out;
    (void)revision;
    return true;
}

int main(int argc, char **argv)
{
    struct feed_server *feed;
    struct child child;

    child_open(&child, "control", argc, argv);
    feed = feed_server_new(child_descriptor(&child, "feed-listener", 0), "none", 1,
                           (struct feed_source){.write = write_nothing});
    child_ready(&child);
    child_wait(&child);
    feed_server_free(feed);
    return 0;
}
