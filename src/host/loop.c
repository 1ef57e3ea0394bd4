/* Level-triggered and one event a turn: the host sees some hundred events a second at most, and so
 * no event of a source that was freed meanwhile can be in flight. */
#include "host/loop.h"

#include <stddef.h>
#include <sys/epoll.h>
#include <unistd.h>

bool source_watch(int epoll, struct source *source, int fd, void (*ready)(struct source *source))
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        return false;
    *source = (struct source){ready, fd};
    return true;
}

void source_close(int epoll, struct source *source)
{
    if (source->fd < 0)
        return;
    epoll_ctl(epoll, EPOLL_CTL_DEL, source->fd, NULL);
    close(source->fd);
    source->fd = -1;
}

void source_wait(int epoll, int wait_ms)
{
    struct epoll_event event;
    struct source *source;

    if (epoll_wait(epoll, &event, 1, wait_ms) != 1)
        return;
    source = event.data.ptr;
    source->ready(source);
}
