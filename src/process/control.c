/* The control process: the store, the service APIs, and the feed to the gateways. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "control/cloudformation/serve.h"
#include "control/publish.h"
#include "control/serve.h"
#include "crypto/digest.h"
#include "link/child.h"

static struct child child;

static void *wait_orders(void *server)
{
    if (child_wait(&child) == CHILD_STOP)
        _exit(1);
    control_server_stop(server);
    child_wait(&child);
    _exit(1);
}

/* The store's last revision, and the name of the history that it counts in. */
static uint64_t last_revision(struct store *store, char epoch[static FEED_EPOCH_MAX])
{
    uint64_t revision = 0, name = 0;
    struct problem why;
    struct store_tx *tx;

    if (store_begin(store, STORE_READ, &tx, &why) != OK || store_epoch(tx, &name, &why) != OK ||
        store_commit(tx, &revision, &why) != OK)
        child_refuse(&child, "%s", why.text);
    snprintf(epoch, FEED_EPOCH_MAX, "%016" PRIx64, name);
    return revision;
}

static struct span text_or(const char *text, const char *fallback)
{
    return span_of(text[0] ? text : fallback);
}

int main(int argc, char **argv)
{
    struct control control = {.clock = &CLOCK_SYSTEM};
    struct control_server *server;
    struct up_server *up;
    char epoch[FEED_EPOCH_MAX];
    const char *folder;
    uint64_t revision;
    struct problem why;
    pthread_t thread;

    if (child_tells_version(argc, argv)) {
        printf("SQLite %s\n%s\n", store_library_version(), digest_library_version());
        return 0;
    }
    mem_return_large();
    child_open(&child, "control", argc, argv);
    folder = child_text(&child, "data", "");
    if (store_open(folder, &control.store, &why) != OK)
        child_refuse(&child, "%s", why.text);
    control.account = text_or(child_text(&child, "account", ""), "000000000000");
    control.region = text_or(child_text(&child, "region", ""), "us-east-1");
    control.host_path = child_text(&child, "host", NULL);
    random_secret(control.link_key, sizeof control.link_key);
    control.routes = control_routes_new(MODEL_SERVICES, MODEL_SERVICE_COUNT);
    revision = last_revision(control.store, epoch);
    control.feed = feed_server_new(child_descriptor(&child, "feed-listener", 0), epoch, revision,
                                   publish_source(control.store));
    server = control_server_new(&control, child_descriptor(&child, "control-listener", 0), &why);
    up = server ? up_server_new(&control, child_descriptor(&child, "up-listener", 0)) : NULL;
    if (!server || !up || pthread_create(&thread, NULL, wait_orders, server) != 0)
        child_refuse(&child, "%s", server ? "cannot start a thread" : why.text);
    child_ready(&child);
    control_server_run(server);
    up_server_free(up);
    feed_server_free(control.feed);
    control_routes_free(control.routes);
    store_close(control.store);
    return 0;
}
