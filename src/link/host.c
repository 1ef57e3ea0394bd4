/* Both directions of each message are rows of one table: the op's name, and how its own members are
 * written and read.  A message that does not have exactly the types it must have is refused whole,
 * so the host and its peers never act on half of one. */
#include "link/host.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define STORAGE_DEFAULT_MB 512
#define STORAGE_MAX_MB 10240
#define MEMORY_MAX_MB 32768
#define TIMEOUT_MAX_S 5400

/* ---- writing ------------------------------------------------------------------------------- */

static void add_text(struct buf *out, const char *name, struct span value)
{
    buf_addf(out, ",\"%s\":", name);
    json_write_text(out, value);
}

static void write_id(struct buf *out, const struct host_message *message)
{
    (void)out;
    (void)message;
}

static void write_start(struct buf *out, const struct host_message *message)
{
    const struct host_start *start = &message->start;

    add_text(out, "function", start->function);
    add_text(out, "version", start->version);
    add_text(out, "package", start->package);
    add_text(out, "runtime", start->runtime);
    add_text(out, "handler", start->handler);
    buf_addf(out, ",\"memory_mb\":%u,\"timeout_s\":%u,\"storage_mb\":%u,\"network\":\"%s\"",
             start->memory_mb, start->timeout_s,
             start->storage_mb ? start->storage_mb : STORAGE_DEFAULT_MB,
             start->network == HOST_NETWORK_OWN ? "own" : "host");
    buf_add_text(out, ",\"environment\":");
    if (!start->environment)
        buf_add_text(out, "{}");
    else
        json_write(out, start->environment);
}

static void write_freeze(struct buf *out, const struct host_message *message)
{
    buf_addf(out, ",\"on\":%s", message->is_on ? "true" : "false");
}

static void write_unpack(struct buf *out, const struct host_message *message)
{
    add_text(out, "package", message->package);
}

static void write_started(struct buf *out, const struct host_message *message)
{
    buf_addf(out, ",\"pid\":%lld,\"channel\":\"%s\"", (long long)message->started.pid,
             message->started.is_listener ? "listener" : "frames");
}

static void write_refused(struct buf *out, const struct host_message *message)
{
    if (message->refused.type.len > 0)
        add_text(out, "type", message->refused.type);
    add_text(out, "message", message->refused.message);
}

static void write_ended(struct buf *out, const struct host_message *message)
{
    const struct host_ended *ended = &message->ended;

    if (ended->signal)
        buf_addf(out, ",\"exit\":null,\"signal\":%d", ended->signal);
    else
        buf_addf(out, ",\"exit\":%d,\"signal\":null", ended->exit);
    buf_addf(out, ",\"peak_kb\":%llu,\"oom\":%s", (unsigned long long)ended->peak_kb,
             ended->is_oom ? "true" : "false");
}

static void write_unpacked(struct buf *out, const struct host_message *message)
{
    buf_addf(out, ",\"size\":%llu", (unsigned long long)message->size);
}

/* ---- reading ------------------------------------------------------------------------------- */

static bool read_text(const struct json *from, const char *name, struct span *out)
{
    const struct json *value = json_member(from, name);

    if (!json_is(value, JSON_STRING))
        return false;
    *out = value->text;
    return true;
}

static bool read_number(const struct json *from, const char *name, int64_t least, int64_t most,
                        int64_t *out)
{
    int64_t n;

    if (!json_int(json_member(from, name), &n) || n < least || n > most)
        return false;
    *out = n;
    return true;
}

static bool read_u32(const struct json *from, const char *name, int64_t most, uint32_t *out)
{
    int64_t n;

    if (!read_number(from, name, 1, most, &n))
        return false;
    *out = (uint32_t)n;
    return true;
}

static bool read_package(const struct json *from, struct span *out)
{
    struct span name;

    if (!read_text(from, "package", &name) || name.len != HOST_PACKAGE_LEN)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!(name.at[i] >= '0' && name.at[i] <= '9') && !(name.at[i] >= 'a' && name.at[i] <= 'f'))
            return false;
    *out = name;
    return true;
}

/* Strings that can stand in an environment block. */
static bool is_environment(const struct json *value)
{
    if (!json_is(value, JSON_OBJECT))
        return false;
    for (const struct json *one = value->first; one; one = one->next)
        if (one->type != JSON_STRING || one->name.len == 0 ||
            span_find(one->name, '=') < one->name.len ||
            span_find(one->name, '\0') < one->name.len ||
            span_find(one->text, '\0') < one->text.len)
            return false;
    return true;
}

static bool read_network(const struct json *from, enum host_network *out)
{
    struct span name = json_member_text(from, "network", SPAN(""));

    *out = span_is(name, "own") ? HOST_NETWORK_OWN : HOST_NETWORK_HOST;
    return span_is(name, "own") || span_is(name, "host");
}

static bool read_id(const struct json *from, struct host_message *out)
{
    (void)from;
    (void)out;
    return true;
}

static bool read_start(const struct json *from, struct host_message *out)
{
    struct host_start *start = &out->start;

    start->storage_mb = STORAGE_DEFAULT_MB;
    start->environment = json_member(from, "environment");
    return read_text(from, "function", &start->function) &&
           read_text(from, "version", &start->version) && read_package(from, &start->package) &&
           read_text(from, "runtime", &start->runtime) &&
           read_text(from, "handler", &start->handler) &&
           read_u32(from, "memory_mb", MEMORY_MAX_MB, &start->memory_mb) &&
           read_u32(from, "timeout_s", TIMEOUT_MAX_S, &start->timeout_s) &&
           (!json_member(from, "storage_mb") ||
            read_u32(from, "storage_mb", STORAGE_MAX_MB, &start->storage_mb)) &&
           is_environment(start->environment) && read_network(from, &start->network);
}

static bool read_freeze(const struct json *from, struct host_message *out)
{
    const struct json *on = json_member(from, "on");

    out->is_on = json_is_true(on);
    return out->is_on || json_is(on, JSON_FALSE);
}

static bool read_unpack(const struct json *from, struct host_message *out)
{
    return read_package(from, &out->package);
}

static bool read_started(const struct json *from, struct host_message *out)
{
    struct span channel = json_member_text(from, "channel", SPAN(""));

    out->started.is_listener = span_is(channel, "listener");
    return read_number(from, "pid", 0, INT32_MAX, &out->started.pid) &&
           (out->started.is_listener || span_is(channel, "frames"));
}

static bool read_refused(const struct json *from, struct host_message *out)
{
    out->refused.type = json_member_text(from, "type", SPAN(""));
    return read_text(from, "message", &out->refused.message);
}

static bool read_ended(const struct json *from, struct host_message *out)
{
    struct host_ended *ended = &out->ended;
    int64_t n, peak;

    if (!read_number(from, "peak_kb", 0, INT64_MAX, &peak))
        return false;
    *ended = (struct host_ended){
        .exit = -1, .peak_kb = (uint64_t)peak, .is_oom = json_member_bool(from, "oom", false)};
    if (read_number(from, "signal", 1, 64, &n))
        ended->signal = (int32_t)n;
    else if (read_number(from, "exit", 0, 255, &n))
        ended->exit = (int32_t)n;
    else
        return false;
    return true;
}

static bool read_unpacked(const struct json *from, struct host_message *out)
{
    int64_t size;

    if (!read_number(from, "size", 0, INT64_MAX, &size))
        return false;
    out->size = (uint64_t)size;
    return true;
}

static const struct {
    const char *name;
    void (*write)(struct buf *out, const struct host_message *message);
    bool (*read)(const struct json *from, struct host_message *out);
} OPS[] = {
    [HOST_START] = {"start", write_start, read_start},
    [HOST_KILL] = {"kill", write_id, read_id},
    [HOST_FREEZE] = {"freeze", write_freeze, read_freeze},
    [HOST_UNPACK] = {"unpack", write_unpack, read_unpack},
    [HOST_STARTED] = {"started", write_started, read_started},
    [HOST_REFUSED] = {"refused", write_refused, read_refused},
    [HOST_ENDED] = {"ended", write_ended, read_ended},
    [HOST_UNPACKED] = {"unpacked", write_unpacked, read_unpacked},
};

bool host_encode(struct buf *out, const struct host_message *message)
{
    buf_addf(out, "{\"op\":\"%s\",\"id\":%llu", OPS[message->op].name,
             (unsigned long long)message->id);
    OPS[message->op].write(out, message);
    return buf_add_char(out, '}');
}

enum fault host_decode(struct arena *arena, struct span text, struct host_message *out,
                       struct problem *why)
{
    struct host_message made = {0};
    struct json *from;
    struct span op;
    int64_t id;
    enum fault rc = json_parse(arena, text, &from, why);

    if (rc != OK)
        return rc;
    if (!json_is(from, JSON_OBJECT) || !read_text(from, "op", &op) ||
        !read_number(from, "id", 0, INT64_MAX, &id))
        return problem_set(why, FAULT_TYPE, "a message without op and id");
    made.id = (uint64_t)id;
    for (size_t i = 0; i < COUNT(OPS); i++) {
        if (!span_is(op, OPS[i].name))
            continue;
        made.op = (enum host_op)i;
        if (!OPS[i].read(from, &made))
            return problem_set(why, FAULT_TYPE, "a '%s' with a member that is missing or wrong",
                               OPS[i].name);
        *out = made;
        return OK;
    }
    return problem_set(why, FAULT_TYPE, "an unknown message '%.*s'",
                       (int)(op.len < 32 ? op.len : 32), op.at);
}

/* ---- the socket ---------------------------------------------------------------------------- */

enum host_status host_send(int socket, const struct host_message *message, const int *descriptors,
                           unsigned count)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(HOST_DESCRIPTORS_MAX * sizeof(int))] = {0};
    enum host_status status = HOST_DONE;
    struct msghdr header = {.msg_iovlen = 1};
    struct iovec piece;
    struct buf text;
    ssize_t n;

    assert(count <= HOST_DESCRIPTORS_MAX);
    buf_init(&text, HOST_MESSAGE_MAX);
    if (!host_encode(&text, message)) {
        buf_release(&text);
        return HOST_TOO_LONG;
    }
    piece = (struct iovec){text.at, text.len};
    header.msg_iov = &piece;
    if (count > 0) {
        header.msg_control = control;
        header.msg_controllen = CMSG_SPACE(count * sizeof(int));
        *CMSG_FIRSTHDR(&header) = (struct cmsghdr){.cmsg_len = CMSG_LEN(count * sizeof(int)),
                                                   .cmsg_level = SOL_SOCKET,
                                                   .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), descriptors, count * sizeof(int));
    }
    do
        n = sendmsg(socket, &header, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        status = errno == EAGAIN ? HOST_AGAIN : HOST_GONE;
    buf_release(&text);
    return status;
}

/* Takes the descriptors of a message over; false when there are more than we allow. */
static bool take_descriptors(struct msghdr *header, int descriptors[static HOST_DESCRIPTORS_MAX])
{
    bool is_fine = (header->msg_flags & (MSG_CTRUNC | MSG_TRUNC)) == 0;
    size_t taken = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < count; i++) {
            int descriptor;

            memcpy(&descriptor, CMSG_DATA(c) + i * sizeof(int), sizeof descriptor);
            if (taken < HOST_DESCRIPTORS_MAX) {
                descriptors[taken++] = descriptor;
            } else {
                close(descriptor);
                is_fine = false;
            }
        }
    }
    return is_fine;
}

static void drop_descriptors(int descriptors[static HOST_DESCRIPTORS_MAX])
{
    for (size_t i = 0; i < HOST_DESCRIPTORS_MAX; i++) {
        if (descriptors[i] >= 0)
            close(descriptors[i]);
        descriptors[i] = -1;
    }
}

enum host_status host_receive(int socket, struct arena *arena, struct host_message *out,
                              int descriptors[static HOST_DESCRIPTORS_MAX], struct problem *why)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE((HOST_DESCRIPTORS_MAX + 1) * sizeof(int))];
    struct iovec room = {arena_try(arena, HOST_MESSAGE_MAX), HOST_MESSAGE_MAX};
    struct msghdr header = {.msg_iov = &room,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof control};
    bool is_fine;
    ssize_t n;

    for (size_t i = 0; i < HOST_DESCRIPTORS_MAX; i++)
        descriptors[i] = -1;
    problem_set(why, FAULT_IO, "closed");
    if (!room.iov_base) {
        problem_set(why, FAULT_NO_MEMORY, "no memory for a message");
        return HOST_GONE;
    }
    do
        n = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return HOST_AGAIN;
    if (n <= 0)
        return HOST_GONE;
    is_fine = take_descriptors(&header, descriptors);
    if (!is_fine)
        problem_set(why, FAULT_TOO_LARGE, "a message over its limits");
    if (!is_fine || host_decode(arena, span_make(room.iov_base, (size_t)n), out, why) != OK) {
        drop_descriptors(descriptors);
        return HOST_GONE;
    }
    return HOST_DONE;
}

int host_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int made, error;

    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    made = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (made < 0 || connect(made, (struct sockaddr *)&address, sizeof address) == 0)
        return made;
    error = errno;
    close(made);
    errno = error;
    return -1;
}
