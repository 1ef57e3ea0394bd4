/* The gateway's end of the feed.  A batch is built in its own arena and handed over whole at its
 * COMMIT, so that the compiler never sees half a state; HELLO begins a new one and drops what was
 * left of the last.  The supervisor holds the listening socket: to connect succeeds even while
 * control is away, and the greeting simply comes later. */
#include "link/feed.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "link/feed_wire.h"
#include "link/frame.h"

#define RETRY_FIRST_MS 50
#define RETRY_MAX_MS 1000

struct record_link {
    struct feed_record record;
    struct record_link *next;
};

struct blob_link {
    struct feed_blob blob;
    struct blob_link *next;
};

/* A batch while it comes in.  Everything is in `arena`. */
struct draft {
    struct arena arena;
    struct span epoch;
    bool is_begun, is_whole;
    struct record_link *first_record, **next_record;
    struct blob_link *first_blob, **next_blob;
    size_t record_count, blob_count;
};

struct feed_client {
    struct sockaddr_un address;
    int socket; /* -1: not connected */
    struct frame_reader reader;
    struct draft draft;
    char epoch[FEED_EPOCH_MAX + 1]; /* of the batch that was taken last */
    char acked_epoch[FEED_EPOCH_MAX + 1];
    uint64_t acked;
    int retry_ms; /* 0: connect at once */
    atomic_bool is_connected;
};

/* ---- the draft ----------------------------------------------------------------------------- */

static void draft_clear(struct draft *draft)
{
    arena_release(&draft->arena);
    *draft = (struct draft){0};
    arena_init(&draft->arena, FEED_BATCH_MAX);
    draft->next_record = &draft->first_record;
    draft->next_blob = &draft->first_blob;
}

/* Reads the file behind a descriptor into the arena. */
static bool read_file(struct arena *arena, int file, struct span *out)
{
    struct stat about;
    size_t size, have = 0;
    char *at;

    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size < 0 ||
        (uint64_t)about.st_size > FEED_BLOB_MAX)
        return false;
    size = (size_t)about.st_size;
    at = arena_try(arena, size ? size : 1);
    while (at && have < size) {
        ssize_t n = pread(file, at + have, size - have, (off_t)have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        have += (size_t)n;
    }
    *out = (struct span){at, size};
    return at != NULL;
}

static bool take_hello(struct draft *draft, const struct frame *frame)
{
    struct span epoch, text;
    uint64_t base;

    draft_clear(draft);
    text = arena_copy(&draft->arena, frame->payload);
    if (!text.at || !feed_read_hello(&draft->arena, text, &epoch, &base) ||
        epoch.len > FEED_EPOCH_MAX)
        return false;
    draft->epoch = epoch;
    draft->is_whole = base == 0;
    draft->is_begun = true;
    return true;
}

/* The body stands in the record, or in the file that came with it. */
static bool read_body(struct arena *arena, const struct frame *frame, const struct json *message,
                      const struct json **body)
{
    struct json *value = json_member(message, "body");
    struct span text;

    if (frame->descriptor >= 0 && (!read_file(arena, frame->descriptor, &text) ||
                                   json_parse(arena, text, &value, NULL) != OK))
        return false;
    if (!value || (!json_is(value, JSON_OBJECT) && !json_is(value, JSON_NULL)))
        return false;
    *body = json_is(value, JSON_NULL) ? NULL : value;
    return true;
}

static bool take_record(struct draft *draft, const struct frame *frame)
{
    struct arena *arena = &draft->arena;
    struct span text = arena_copy(arena, frame->payload);
    struct record_link *link;
    struct json *message;
    int64_t revision;

    if (!text.at || json_parse(arena, text, &message, NULL) != OK)
        return false;
    revision = json_member_int(message, "revision", -1);
    link = arena_new(arena, struct record_link);
    if (revision < 0 || !read_body(arena, frame, message, &link->record.body))
        return false;
    link->record.key = (struct feed_key){
        .account = json_member_text(message, "account", SPAN("")),
        .region = json_member_text(message, "region", SPAN("")),
        .kind = json_member_text(message, "kind", SPAN("")),
        .parent = json_member_text(message, "parent", SPAN("")),
        .id = json_member_text(message, "id", SPAN("")),
    };
    link->record.revision = (uint64_t)revision;
    *draft->next_record = link;
    draft->next_record = &link->next;
    draft->record_count++;
    return true;
}

static bool take_blob(struct draft *draft, const struct frame *frame)
{
    struct arena *arena = &draft->arena;
    struct span text = arena_copy(arena, frame->payload);
    struct blob_link *link;
    struct json *message;

    if (!text.at || frame->descriptor < 0 || json_parse(arena, text, &message, NULL) != OK)
        return false;
    link = arena_new(arena, struct blob_link);
    link->blob.sha256 = json_member_text(message, "sha256", SPAN(""));
    if (link->blob.sha256.len != FEED_SHA256_LEN ||
        !read_file(arena, frame->descriptor, &link->blob.bytes))
        return false;
    *draft->next_blob = link;
    draft->next_blob = &link->next;
    draft->blob_count++;
    return true;
}

/* The lists become arrays, and all moves into *out. */
static bool take_commit(struct draft *draft, const struct frame *frame, struct feed_batch *out)
{
    struct arena *arena = &draft->arena;
    struct span text = arena_copy(arena, frame->payload);
    struct feed_record *records = arena_try_array(arena, draft->record_count + 1, sizeof *records);
    struct feed_blob *blobs = arena_try_array(arena, draft->blob_count + 1, sizeof *blobs);
    uint64_t revision;
    size_t n = 0;

    if (!text.at || !records || !blobs || !feed_read_revision(arena, text, &revision))
        return false;
    for (struct record_link *link = draft->first_record; link; link = link->next)
        records[n++] = link->record;
    n = 0;
    for (struct blob_link *link = draft->first_blob; link; link = link->next)
        blobs[n++] = link->blob;

    *out = (struct feed_batch){
        .arena = draft->arena,
        .epoch = draft->epoch,
        .revision = revision,
        .is_whole = draft->is_whole,
        .records = records,
        .record_count = draft->record_count,
        .blobs = blobs,
        .blob_count = draft->blob_count,
    };
    *draft = (struct draft){0}; /* the memory is the batch's now */
    draft_clear(draft);
    return true;
}

void feed_batch_release(struct feed_batch *batch)
{
    arena_release(&batch->arena);
    *batch = (struct feed_batch){0};
}

/* ---- the connection ------------------------------------------------------------------------ */

struct feed_client *feed_client_new(const char *path)
{
    struct feed_client *client = mem_zero(1, sizeof *client);
    size_t len = strlen(path);

    assert(len < sizeof client->address.sun_path);
    client->address.sun_family = AF_UNIX;
    memcpy(client->address.sun_path, path, len + 1);
    client->socket = -1;
    draft_clear(&client->draft);
    return client;
}

static void disconnect(struct feed_client *client)
{
    if (client->socket < 0)
        return;
    close(client->socket);
    client->socket = -1;
    frame_reader_release(&client->reader);
    draft_clear(&client->draft);
}

void feed_client_free(struct feed_client *client)
{
    if (!client)
        return;
    disconnect(client);
    arena_release(&client->draft.arena);
    mem_free(client);
}

/* The next try waits longer, until a batch has come. */
static void connect_later(struct feed_client *client)
{
    client->retry_ms = client->retry_ms ? client->retry_ms * 2 : RETRY_FIRST_MS;
    if (client->retry_ms > RETRY_MAX_MS)
        client->retry_ms = RETRY_MAX_MS;
}

static bool connect_now(struct feed_client *client)
{
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (made >= 0 &&
        connect(made, (struct sockaddr *)&client->address, sizeof client->address) == 0 &&
        feed_send_hello(made, span_of(client->acked_epoch), client->acked)) {
        client->socket = made;
        frame_reader_init(&client->reader);
        return true;
    }
    if (made >= 0)
        close(made);
    return false;
}

/* Takes frames until a batch is whole.  FRAME_READY: *out is one. */
static enum frame_status take_frames(struct feed_client *client, struct feed_batch *out)
{
    struct draft *draft = &client->draft;
    enum frame_status status;
    struct frame frame;

    while ((status = frame_take(&client->reader, &frame)) == FRAME_READY) {
        bool is_commit = frame.type == FEED_COMMIT, is_fine = false;

        if (frame.type == FEED_HELLO) {
            is_fine = take_hello(draft, &frame);
            atomic_store(&client->is_connected, true);
        } else if (draft->is_begun && frame.type == FEED_RECORD) {
            is_fine = take_record(draft, &frame);
        } else if (draft->is_begun && frame.type == FEED_BLOB) {
            is_fine = take_blob(draft, &frame);
        } else if (draft->is_begun && is_commit) {
            is_fine = take_commit(draft, &frame, out);
        }
        if (frame.descriptor >= 0)
            close(frame.descriptor);
        if (!is_fine) {
            log_error("feed: control sent what cannot be read (frame type %u)", frame.type);
            return FRAME_BROKEN;
        }
        if (is_commit)
            return FRAME_READY;
    }
    return status;
}

/* Closes after the peer went or a frame was bad; true when that ends a connection that worked. */
static bool lose(struct feed_client *client, enum frame_status status)
{
    bool was_connected = atomic_exchange(&client->is_connected, false);

    disconnect(client);
    if (status == FRAME_BROKEN || !was_connected)
        connect_later(client);
    return was_connected;
}

static bool is_readable(int descriptor, int wake, int timeout, bool *is_woken)
{
    struct pollfd polled[2] = {{.fd = descriptor, .events = POLLIN},
                               {.fd = wake, .events = POLLIN}};

    *is_woken = false;
    if (poll(polled, 2, timeout) <= 0)
        return false;
    *is_woken = polled[1].revents != 0;
    return polled[0].revents != 0;
}

enum feed_event feed_client_next(struct feed_client *client, int wake, struct feed_batch *out)
{
    for (;;) {
        enum frame_status status = FRAME_AGAIN;
        bool is_woken;

        if (client->socket < 0) {
            if (client->retry_ms > 0) {
                is_readable(-1, wake, client->retry_ms, &is_woken);
                if (is_woken)
                    return FEED_WOKEN;
            }
            if (!connect_now(client)) {
                connect_later(client);
                continue;
            }
        }
        status = take_frames(client, out);
        if (status == FRAME_READY) {
            memcpy(client->epoch, out->epoch.at, out->epoch.len);
            client->epoch[out->epoch.len] = '\0';
            client->retry_ms = 0;
            return FEED_BATCH;
        }
        if (status == FRAME_AGAIN) {
            bool has_bytes = is_readable(client->socket, wake, -1, &is_woken);

            if (is_woken)
                return FEED_WOKEN;
            if (!has_bytes)
                continue;
            status = frame_fill(&client->reader, client->socket);
        }
        if ((status == FRAME_CLOSED || status == FRAME_BROKEN) && lose(client, status))
            return FEED_AWAY;
    }
}

void feed_client_ack(struct feed_client *client, uint64_t revision)
{
    memcpy(client->acked_epoch, client->epoch, sizeof client->acked_epoch);
    client->acked = revision;
    if (client->socket >= 0)
        feed_send_revision(client->socket, FEED_ACK, revision); /* a lost peer shows at reading */
}

bool feed_client_is_connected(const struct feed_client *client)
{
    return atomic_load(&client->is_connected);
}
