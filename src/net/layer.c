/* Plain bytes go straight to the system.  Under TLS the parts of a write are put together first: a
 * record per part would cost a header, a tag and often a packet each. */
#include "net/layer.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECORD_MAX 16384

void layer_note(struct layer *layer, uint32_t events)
{
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        layer->is_ending = true;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        layer->may_read = true;
}

/* What an OpenSSL call that did not succeed means. */
static int tls_result(const struct layer *layer, int rc)
{
    switch (SSL_get_error(layer->tls, rc)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return LAYER_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        return LAYER_BROKEN;
    }
}

int layer_shake(struct layer *layer)
{
    int rc;

    if (!layer->tls)
        return 1;
    ERR_clear_error();
    rc = SSL_do_handshake(layer->tls);
    if (rc == 1)
        return 1;
    rc = tls_result(layer, rc);
    return rc == 0 ? LAYER_BROKEN : rc;
}

static ssize_t read_tls(struct layer *layer, void *at, size_t room)
{
    size_t n = 0;
    int rc;

    ERR_clear_error();
    rc = SSL_read_ex(layer->tls, at, room, &n);
    if (rc == 1)
        return (ssize_t)n;
    rc = tls_result(layer, rc);
    if (rc == LAYER_AGAIN)
        layer->may_read = false;
    return rc;
}

ssize_t layer_read(struct layer *layer, void *at, size_t room)
{
    ssize_t n;

    if (!layer->may_read)
        return LAYER_AGAIN;
    if (layer->tls)
        return read_tls(layer, at, room);
    do
        n = recv(layer->fd, at, room, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN)
        return LAYER_BROKEN;
    if (n < 0 || ((size_t)n < room && n > 0 && !layer->is_ending))
        layer->may_read = false; /* drained: the next bytes bring an event of their own */
    return n < 0 ? LAYER_AGAIN : n;
}

static ssize_t write_tls(struct layer *layer, const struct iovec *parts, int count)
{
    char record[RECORD_MAX];
    size_t len = 0, n = 0;
    int rc;

    for (int i = 0; i < count && len < sizeof record; i++) {
        size_t take = parts[i].iov_len;

        if (take > sizeof record - len)
            take = sizeof record - len;
        if (take > 0)
            memcpy(record + len, parts[i].iov_base, take);
        len += take;
    }
    ERR_clear_error();
    rc = SSL_write_ex(layer->tls, record, len, &n);
    if (rc == 1)
        return (ssize_t)n;
    rc = tls_result(layer, rc);
    return rc == 0 ? LAYER_BROKEN : rc;
}

ssize_t layer_write(struct layer *layer, const struct iovec *parts, int count)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
                             .msg_iovlen = (size_t)count};
    ssize_t n;

    if (layer->tls)
        return write_tls(layer, parts, count);
    do
        n = sendmsg(layer->fd, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? LAYER_AGAIN : LAYER_BROKEN;
    return n;
}

void layer_close(struct layer *layer)
{
    if (layer->tls) {
        if (!SSL_in_init(layer->tls))
            SSL_shutdown(layer->tls); /* one try; without it the session could not be resumed */
        SSL_free(layer->tls);
        ERR_clear_error();
    }
    layer->tls = NULL;
    close(layer->fd);
    layer->fd = -1;
}
