/* The gateway process: wires the workers, the compile thread and the feed. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "link/child.h"
#include "link/feed.h"

static void *compile(void *ctx)
{
    const struct child *child = ctx;
    struct feed_client *feed = feed_client_new(child_text(child, "feed", ""));
    struct feed_batch batch;
    bool is_ready = false;

    for (;;) {
        enum feed_event event = feed_client_next(feed, -1, &batch);

        if (event != FEED_BATCH)
            continue;
        feed_client_ack(feed, batch.revision);
        feed_batch_release(&batch);
        if (!is_ready)
            child_ready(child);
        is_ready = true;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct child child;
    pthread_t thread;

    child_open(&child, "gateway", argc, argv);
    if (pthread_create(&thread, NULL, compile, &child) != 0)
        return 1;
    child_wait(&child);
    return 0;
}
