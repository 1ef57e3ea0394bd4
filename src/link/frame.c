/* The reader owns one buffer of the largest frame and receives into what is free of it, so a peer
 * can make it hold neither more memory nor more than two descriptors.  The kernel ends a receive
 * after the bytes a descriptor came with; at most one descriptor is new per call. */
#include "link/frame.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"

#define READER_SIZE (FRAME_PAYLOAD_MAX + FRAME_HEAD_LEN)
#define HAS_DESCRIPTOR 0x80
#define DESCRIPTORS_PER_MESSAGE 4 /* room to see, and close, more than the one we allow */

void frame_reader_init(struct frame_reader *reader)
{
    *reader = (struct frame_reader){.at = mem_alloc(READER_SIZE)};
}

void frame_reader_release(struct frame_reader *reader)
{
    for (unsigned i = 0; i < reader->descriptor_count; i++)
        close(reader->descriptors[i]);
    mem_free(reader->at);
    *reader = (struct frame_reader){0};
}

/* Moves what is left to the front. */
static size_t make_room(struct frame_reader *reader)
{
    if (reader->start > 0) {
        memmove(reader->at, reader->at + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    return READER_SIZE - reader->end;
}

/* Takes the descriptor over, or closes it. */
static bool keep_descriptor(struct frame_reader *reader, int descriptor)
{
    if (reader->descriptor_count == FRAME_DESCRIPTORS) {
        close(descriptor);
        return false;
    }
    reader->descriptors[reader->descriptor_count++] = descriptor;
    return true;
}

static bool keep_descriptors(struct frame_reader *reader, struct msghdr *message)
{
    bool is_fine = (message->msg_flags & MSG_CTRUNC) == 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        int descriptors[DESCRIPTORS_PER_MESSAGE];
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        memcpy(descriptors, CMSG_DATA(c), count * sizeof(int));
        for (size_t i = 0; i < count; i++)
            if (!keep_descriptor(reader, descriptors[i]))
                is_fine = false;
    }
    return is_fine;
}

enum frame_status frame_fill(struct frame_reader *reader, int socket)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(DESCRIPTORS_PER_MESSAGE * sizeof(int))];
    struct iovec room = {.iov_len = make_room(reader)};
    struct msghdr message = {.msg_iov = &room,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t n;

    if (room.iov_len == 0)
        return FRAME_BROKEN;
    room.iov_base = reader->at + reader->end;
    do
        n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? FRAME_AGAIN : FRAME_BROKEN;
    if (!keep_descriptors(reader, &message))
        return FRAME_BROKEN;
    if (n == 0)
        return reader->end > reader->start ? FRAME_BROKEN : FRAME_CLOSED;
    reader->end += (size_t)n;
    return FRAME_READY;
}

enum frame_status frame_fill_bytes(struct frame_reader *reader, struct span bytes, int descriptor)
{
    if (descriptor >= 0 && !keep_descriptor(reader, descriptor))
        return FRAME_BROKEN;
    if (bytes.len > make_room(reader))
        return FRAME_BROKEN;
    if (bytes.len > 0)
        memcpy(reader->at + reader->end, bytes.at, bytes.len);
    reader->end += bytes.len;
    return FRAME_READY;
}

static uint32_t read_length(const char *at)
{
    const unsigned char *u = (const unsigned char *)at;

    return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

enum frame_status frame_take(struct frame_reader *reader, struct frame *out)
{
    const char *head = reader->at + reader->start;
    size_t have = reader->end - reader->start;
    uint32_t len;
    uint8_t type;

    if (have < FRAME_HEAD_LEN)
        return FRAME_AGAIN;
    len = read_length(head);
    type = (uint8_t)head[4];
    if (len > FRAME_PAYLOAD_MAX)
        return FRAME_BROKEN;
    if (have - FRAME_HEAD_LEN < len)
        return FRAME_AGAIN;
    if ((type & HAS_DESCRIPTOR) && reader->descriptor_count == 0)
        return FRAME_BROKEN;

    *out = (struct frame){
        .type = type & FRAME_TYPE_MAX, .payload = {head + FRAME_HEAD_LEN, len}, .descriptor = -1};
    if (type & HAS_DESCRIPTOR) {
        out->descriptor = reader->descriptors[0];
        reader->descriptors[0] = reader->descriptors[1];
        reader->descriptor_count--;
    }
    reader->start += FRAME_HEAD_LEN + len;
    return FRAME_READY;
}

/* Drops what was written off the front of the pieces. */
static void advance(struct iovec *pieces, size_t n)
{
    for (int i = 0; i < 2; i++) {
        size_t part = n < pieces[i].iov_len ? n : pieces[i].iov_len;

        pieces[i].iov_base = (char *)pieces[i].iov_base + part;
        pieces[i].iov_len -= part;
        n -= part;
    }
}

bool frame_write(int socket, uint8_t type, struct span payload, int descriptor)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    uint32_t len = (uint32_t)payload.len;
    unsigned char head[FRAME_HEAD_LEN] = {
        (unsigned char)len, (unsigned char)(len >> 8), (unsigned char)(len >> 16),
        (unsigned char)(len >> 24),
        (unsigned char)(descriptor >= 0 ? type | HAS_DESCRIPTOR : type)};
    struct iovec pieces[2] = {{head, sizeof head}, {(void *)(uintptr_t)payload.at, payload.len}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};

    assert(type <= FRAME_TYPE_MAX);
    if (payload.len > FRAME_PAYLOAD_MAX)
        return false;
    if (descriptor >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        *CMSG_FIRSTHDR(&message) = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &descriptor, sizeof descriptor);
    }
    while (pieces[0].iov_len + pieces[1].iov_len > 0) {
        ssize_t n = sendmsg(socket, &message, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        advance(pieces, (size_t)n);
        message.msg_control = NULL; /* it went with the first byte */
        message.msg_controllen = 0;
    }
    return true;
}
