/* Control's end of the feed: one thread serves all gateways.  It alone touches the sockets; the
 * handlers' threads only raise `published` and wait for `acked`.  A gateway gets its next batch
 * after it has acknowledged the one before, so a slow one is never sent more than it can take,
 * and revisions that were passed over meanwhile cost nothing. */
#include "link/feed.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "link/feed_wire.h"
#include "link/frame.h"

#define GATEWAYS_MAX 16 /* more wait in the listener's queue */
#define SEND_TIMEOUT_S 30
#define RETRY_MS 1000 /* after the source could not be read */
#define ARENA_MAX (256UL * 1024)

struct gateway {
    int socket; /* -1: a free place */
    struct frame_reader reader;
    bool is_greeted;   /* said HELLO; guarded */
    bool is_in_flight; /* a batch was sent and is not acknowledged yet */
    bool is_served;    /* got a first batch on this connection */
    uint64_t sent;     /* revision of the newest batch, or what it came with */
    uint64_t acked;    /* guarded */
    int64_t retry_at;  /* no batch before this time; 0: none failed */
};

struct feed_server {
    int listener, wake;
    char epoch[FEED_EPOCH_MAX + 1];
    struct feed_source source;
    pthread_t thread;
    atomic_bool is_ending;
    _Atomic uint64_t published;
    _Atomic uint64_t late_total;

    /* Guards is_greeted and acked of the gateways; `changed` is told of each change. */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct gateway gateways[GATEWAYS_MAX];
};

struct feed_out {
    int socket;
    bool is_gone;
    bool is_begun; /* HELLO was sent */
    uint64_t base; /* that it says */
    const char *epoch;
    struct buf text; /* one record at a time */
};

/* ---- writing a batch ----------------------------------------------------------------------- */

static bool write_whole(int file, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(file, bytes.at, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes = span_skip(bytes, (size_t)n);
    }
    return true;
}

/* A file that lives in memory only; -1 when there is no room. */
static int file_of(struct span bytes)
{
    int file = memfd_create("portico-feed", MFD_CLOEXEC);

    if (file >= 0 && !write_whole(file, bytes)) {
        close(file);
        return -1;
    }
    return file;
}

/* HELLO goes before the first frame, when the source has said what the batch goes on from. */
static void begin(struct feed_out *out)
{
    if (out->is_begun || out->is_gone)
        return;
    out->is_begun = true;
    out->is_gone = !feed_send_hello(out->socket, span_of(out->epoch), out->base);
}

void feed_out_forget(struct feed_out *out)
{
    assert(!out->is_begun);
    out->base = 0;
}

static bool send_frame(struct feed_out *out, enum feed_type type, struct span payload,
                       int descriptor)
{
    begin(out);
    if (!out->is_gone && !frame_write(out->socket, (uint8_t)type, payload, descriptor))
        out->is_gone = true;
    return !out->is_gone;
}

/* As send_frame, with the bytes as a file. */
static bool send_with_bytes(struct feed_out *out, enum feed_type type, struct span payload,
                            struct span bytes)
{
    int file = bytes.len <= FEED_BLOB_MAX ? file_of(bytes) : -1;

    if (file < 0) {
        log_error("feed: cannot pass %zu bytes to the gateway", bytes.len);
        out->is_gone = true;
        return false;
    }
    send_frame(out, type, payload, file);
    close(file);
    return !out->is_gone;
}

static void add_member(struct buf *text, const char *name, struct span value)
{
    buf_add_char(text, text->len == 0 ? '{' : ',');
    json_write_text(text, span_of(name));
    buf_add_char(text, ':');
    json_write_text(text, value);
}

bool feed_out_record(struct feed_out *out, const struct feed_key *key, uint64_t revision,
                     struct span body)
{
    size_t head_len;

    buf_clear(&out->text);
    add_member(&out->text, "account", key->account);
    add_member(&out->text, "region", key->region);
    add_member(&out->text, "kind", key->kind);
    add_member(&out->text, "parent", key->parent);
    add_member(&out->text, "id", key->id);
    buf_add_text(&out->text, ",\"revision\":");
    buf_add_u64(&out->text, revision);
    head_len = out->text.len;
    if (out->text.is_over) {
        log_error("feed: the name of a record is too long");
        out->is_gone = true;
        return false;
    }
    if (!body.at)
        body = SPAN("null");
    if (body.len < FRAME_PAYLOAD_MAX && buf_add_text(&out->text, ",\"body\":") &&
        buf_add(&out->text, body) && buf_add_char(&out->text, '}'))
        return send_frame(out, FEED_RECORD, buf_span(&out->text), -1);

    out->text.len = head_len;
    out->text.is_over = false;
    buf_add_char(&out->text, '}');
    return send_with_bytes(out, FEED_RECORD, buf_span(&out->text), body);
}

bool feed_out_blob(struct feed_out *out, struct span sha256, int descriptor)
{
    buf_clear(&out->text);
    add_member(&out->text, "sha256", sha256);
    buf_add_char(&out->text, '}');
    return send_frame(out, FEED_BLOB, buf_span(&out->text), descriptor);
}

bool feed_out_blob_bytes(struct feed_out *out, struct span sha256, struct span bytes)
{
    buf_clear(&out->text);
    add_member(&out->text, "sha256", sha256);
    buf_add_char(&out->text, '}');
    return send_with_bytes(out, FEED_BLOB, buf_span(&out->text), bytes);
}

/* ---- the connections ----------------------------------------------------------------------- */

static void drop(struct feed_server *server, struct gateway *gateway)
{
    close(gateway->socket);
    frame_reader_release(&gateway->reader);
    pthread_mutex_lock(&server->mutex);
    *gateway = (struct gateway){.socket = -1};
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->mutex);
}

/* Only Portico's own user, and root, may read the configuration. */
static bool is_allowed(int socket)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static void accept_gateway(struct feed_server *server, struct gateway *place)
{
    struct timeval timeout = {.tv_sec = SEND_TIMEOUT_S};
    int socket = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);

    if (socket < 0)
        return;
    if (!is_allowed(socket) ||
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0) {
        log_warn("feed: refused a connection of another user");
        close(socket);
        return;
    }
    place->socket = socket;
    frame_reader_init(&place->reader);
}

/* Sends what has changed since the gateway's last revision, or all. */
static void send_batch(struct feed_server *server, struct gateway *gateway)
{
    struct feed_out out = {
        .socket = gateway->socket, .base = gateway->sent, .epoch = server->epoch};
    uint64_t revision = 0;
    bool is_written;

    buf_init(&out.text, FRAME_PAYLOAD_MAX);
    is_written = server->source.write(server->source.ctx, &out, gateway->sent, &revision);
    if (is_written)
        begin(&out);
    buf_release(&out.text);
    if (out.is_gone) {
        drop(server, gateway);
        return;
    }
    if (!is_written) { /* the next HELLO makes the gateway drop this half */
        gateway->retry_at = clock_now(&CLOCK_SYSTEM) + RETRY_MS * MICROS_PER_MS;
        return;
    }
    if (!feed_send_revision(gateway->socket, FEED_COMMIT, revision)) {
        drop(server, gateway);
        return;
    }
    gateway->sent = revision;
    gateway->retry_at = 0;
    gateway->is_in_flight = gateway->is_served = true;
}

static bool take_hello(struct feed_server *server, struct gateway *gateway, struct arena *arena,
                       struct span payload)
{
    struct span epoch;
    uint64_t revision;

    if (gateway->is_greeted || !feed_read_hello(arena, payload, &epoch, &revision))
        return false;
    gateway->sent = span_is(epoch, server->epoch) ? revision : 0;
    pthread_mutex_lock(&server->mutex);
    gateway->acked = gateway->sent;
    gateway->is_greeted = true;
    pthread_mutex_unlock(&server->mutex);
    return true;
}

static bool take_ack(struct feed_server *server, struct gateway *gateway, struct arena *arena,
                     struct span payload)
{
    uint64_t revision;

    if (!gateway->is_in_flight || !feed_read_revision(arena, payload, &revision) ||
        revision != gateway->sent)
        return false;
    gateway->is_in_flight = false;
    pthread_mutex_lock(&server->mutex);
    gateway->acked = revision;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->mutex);
    return true;
}

/* False when the connection must be closed. */
static bool take_frames(struct feed_server *server, struct gateway *gateway)
{
    enum frame_status status;
    struct frame frame;
    struct arena arena;
    bool is_fine = true;

    arena_init(&arena, ARENA_MAX);
    while (is_fine && (status = frame_take(&gateway->reader, &frame)) != FRAME_AGAIN) {
        if (status != FRAME_READY) {
            is_fine = false;
            break;
        }
        if (frame.descriptor >= 0)
            close(frame.descriptor);
        if (frame.type == FEED_HELLO)
            is_fine = take_hello(server, gateway, &arena, frame.payload);
        else if (frame.type == FEED_ACK)
            is_fine = take_ack(server, gateway, &arena, frame.payload);
        else
            is_fine = false;
        arena_reset(&arena);
    }
    arena_release(&arena);
    return is_fine;
}

static void hear(struct feed_server *server, struct gateway *gateway)
{
    enum frame_status status = frame_fill(&gateway->reader, gateway->socket);

    if (status == FRAME_AGAIN)
        return;
    if (status == FRAME_READY && take_frames(server, gateway))
        return;
    if (status != FRAME_CLOSED)
        log_warn("feed: a gateway's connection broke");
    drop(server, gateway);
}

/* ---- the thread ---------------------------------------------------------------------------- */

static bool wants_batch(const struct feed_server *server, const struct gateway *gateway)
{
    return gateway->socket >= 0 && gateway->is_greeted && !gateway->is_in_flight &&
           (!gateway->is_served || gateway->sent < atomic_load(&server->published));
}

/* Sends what is due; answers how long poll may sleep, in ms, -1: for ever. */
static int send_batches(struct feed_server *server)
{
    int64_t now = clock_now(&CLOCK_SYSTEM);
    int timeout = -1;

    for (size_t i = 0; i < GATEWAYS_MAX; i++) {
        struct gateway *gateway = &server->gateways[i];

        if (wants_batch(server, gateway) && gateway->retry_at <= now)
            send_batch(server, gateway);
        if (gateway->retry_at > now)
            timeout = RETRY_MS;
    }
    return timeout;
}

static struct gateway *free_place(struct feed_server *server)
{
    for (size_t i = 0; i < GATEWAYS_MAX; i++)
        if (server->gateways[i].socket < 0)
            return &server->gateways[i];
    return NULL;
}

static void *serve(void *ctx)
{
    struct feed_server *server = ctx;
    struct pollfd polled[2 + GATEWAYS_MAX];
    eventfd_t ignored;

    while (!atomic_load(&server->is_ending)) {
        int timeout = send_batches(server);
        struct gateway *place = free_place(server);

        polled[0] = (struct pollfd){.fd = server->wake, .events = POLLIN};
        polled[1] = (struct pollfd){.fd = place ? server->listener : -1, .events = POLLIN};
        for (size_t i = 0; i < GATEWAYS_MAX; i++)
            polled[2 + i] = (struct pollfd){.fd = server->gateways[i].socket, .events = POLLIN};
        if (poll(polled, COUNT(polled), timeout) < 0 && errno != EINTR)
            break;
        if (polled[0].revents)
            eventfd_read(server->wake, &ignored);
        for (size_t i = 0; i < GATEWAYS_MAX; i++)
            if (polled[2 + i].fd >= 0 && polled[2 + i].revents)
                hear(server, &server->gateways[i]);
        if (polled[1].fd >= 0 && polled[1].revents)
            accept_gateway(server, place);
    }
    return NULL;
}

struct feed_server *feed_server_new(int listener, const char *epoch, uint64_t revision,
                                    struct feed_source source)
{
    struct feed_server *server = mem_zero(1, sizeof *server);
    size_t len = strlen(epoch);
    pthread_condattr_t attributes;
    int rc;

    assert(len <= FEED_EPOCH_MAX);
    memcpy(server->epoch, epoch, len + 1);
    server->listener = listener;
    server->source = source;
    atomic_init(&server->published, revision);
    for (size_t i = 0; i < GATEWAYS_MAX; i++)
        server->gateways[i].socket = -1;
    pthread_mutex_init(&server->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&server->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    server->wake = eventfd(0, EFD_CLOEXEC);
    assert(server->wake >= 0);
    rc = pthread_create(&server->thread, NULL, serve, server);
    assert(rc == 0);
    (void)rc;
    return server;
}

void feed_server_free(struct feed_server *server)
{
    if (!server)
        return;
    atomic_store(&server->is_ending, true);
    eventfd_write(server->wake, 1);
    pthread_join(server->thread, NULL);
    for (size_t i = 0; i < GATEWAYS_MAX; i++)
        if (server->gateways[i].socket >= 0)
            drop(server, &server->gateways[i]);
    close(server->listener);
    close(server->wake);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->mutex);
    mem_free(server);
}

/* ---- the handlers' side -------------------------------------------------------------------- */

void feed_server_publish(struct feed_server *server, uint64_t revision)
{
    uint64_t known = atomic_load(&server->published);

    while (known < revision && !atomic_compare_exchange_weak(&server->published, &known, revision))
        ;
    eventfd_write(server->wake, 1);
}

/* The caller holds the mutex. */
static bool all_serve(const struct feed_server *server, uint64_t revision)
{
    for (size_t i = 0; i < GATEWAYS_MAX; i++)
        if (server->gateways[i].is_greeted && server->gateways[i].acked < revision)
            return false;
    return true;
}

bool feed_server_wait(struct feed_server *server, uint64_t revision)
{
    struct timespec until;
    bool is_served;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += FEED_ACK_WAIT_MS / 1000;
    pthread_mutex_lock(&server->mutex);
    while (!(is_served = all_serve(server, revision)) && rc == 0)
        rc = pthread_cond_timedwait(&server->changed, &server->mutex, &until);
    pthread_mutex_unlock(&server->mutex);
    if (!is_served)
        atomic_fetch_add(&server->late_total, 1);
    return is_served;
}

unsigned feed_server_gateways(struct feed_server *server)
{
    unsigned count = 0;

    pthread_mutex_lock(&server->mutex);
    for (size_t i = 0; i < GATEWAYS_MAX; i++)
        count += server->gateways[i].is_greeted;
    pthread_mutex_unlock(&server->mutex);
    return count;
}

uint64_t feed_server_late_total(struct feed_server *server)
{
    return atomic_load(&server->late_total);
}
