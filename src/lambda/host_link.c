/* Messages wait in a list while the socket is full or the host away.  Everything that was asked of
 * a host ends with its connection, so nothing has to be told again but starts that were never sent.
 */
#include "lambda/host_link.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "lambda/instance.h"
#include "lambda/lambda.h"

#define PAUSE_FIRST (20 * MICROS_PER_MS)
#define PAUSE_MAX (500 * MICROS_PER_MS)
#define RECEIVES_PER_EVENT 64

struct host_letter {
    struct host_letter *next;
    uint64_t id;
    bool is_start;
    struct buf text;
};

static struct instance *find(const struct host_link *link, uint64_t id)
{
    struct instance *one = link->lambda->instances;

    while (one && one->id != id)
        one = one->next;
    return one;
}

static void drop_letter(struct host_letter *letter)
{
    buf_release(&letter->text);
    mem_free(letter);
}

/* Drops the start of one instance, or all that are no starts. */
static bool drop_letters(struct host_link *link, bool of_one, uint64_t id)
{
    struct host_letter **at = &link->first;
    bool has_dropped = false;

    link->last = NULL;
    while (*at) {
        struct host_letter *letter = *at;
        bool goes = of_one ? letter->id == id && letter->is_start : !letter->is_start;

        if (!goes) {
            link->last = letter;
            at = &letter->next;
            continue;
        }
        *at = letter->next;
        drop_letter(letter);
        has_dropped = true;
    }
    return has_dropped;
}

static bool is_away(const struct host_link *link)
{
    return link->watch.fd < 0;
}

static struct instance *first_asked_for(const struct host_link *link)
{
    struct instance *one = link->lambda->instances;

    while (one && !one->is_asked_for)
        one = one->next;
    return one;
}

/* The host is gone: so is everything it had started. */
static void lose(struct host_link *link)
{
    struct instance *one;

    loop_unwatch(link->lambda->loop, &link->watch);
    close(link->watch.fd);
    link->watch.fd = -1;
    drop_letters(link, false, 0);
    while ((one = first_asked_for(link)) != NULL)
        lambda_instance_lost(one); /* takes it, and maybe others, off the list */
    if (link->first)
        timer_set(link->lambda->loop, &link->retry, link->lambda->loop->now + link->pause);
}

static void flush(struct host_link *link)
{
    while (link->first) {
        struct host_letter *letter = link->first;
        ssize_t n =
            send(link->watch.fd, letter->text.at, letter->text.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        struct instance *instance;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) {
            log_warn("the host of functions is gone; it is asked again");
            lose(link);
            return;
        }
        link->first = letter->next;
        if (!link->first)
            link->last = NULL;
        instance = letter->is_start ? find(link, letter->id) : NULL;
        if (instance)
            instance->is_asked_for = true;
        drop_letter(letter);
    }
}

static void hand_over(struct host_link *link, const struct host_message *message,
                      int descriptors[static HOST_DESCRIPTORS_MAX])
{
    struct instance *instance = find(link, message->id);

    if (instance && message->op == HOST_STARTED && descriptors[HOST_DESCRIPTORS_MAX - 1] >= 0) {
        lambda_instance_started(instance, &message->started, descriptors);
        return;
    }
    for (size_t i = 0; i < HOST_DESCRIPTORS_MAX; i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    if (!instance)
        return; /* it was given up meanwhile */
    if (message->op == HOST_REFUSED)
        lambda_instance_refused(instance, &message->refused);
    else if (message->op == HOST_ENDED)
        lambda_instance_ended(instance, &message->ended);
}

static void on_ready(struct watch *watch, uint32_t events)
{
    struct host_link *link = container_of(watch, struct host_link, watch);
    int descriptors[HOST_DESCRIPTORS_MAX];
    struct host_message message;
    struct problem why;

    if (events & EPOLLOUT)
        flush(link);
    while (!is_away(link)) {
        arena_reset(&link->arena);
        switch (host_receive(link->watch.fd, &link->arena, &message, descriptors, &why)) {
        case HOST_DONE:
            link->pause = PAUSE_FIRST;
            hand_over(link, &message, descriptors);
            break;
        case HOST_AGAIN:
        case HOST_TOO_LONG:
            return;
        case HOST_GONE:
            log_warn("the host of functions is gone (%s); its instances have ended", why.text);
            lose(link);
            return;
        }
    }
}

static void try_connect(struct host_link *link)
{
    struct loop *loop = link->lambda->loop;
    int fd = host_connect(link->path);

    if (fd >= 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
        loop_watch(loop, &link->watch, fd, on_ready)) {
        flush(link);
        return;
    }
    if (fd >= 0)
        close(fd);
    link->watch.fd = -1;
    timer_set(loop, &link->retry, loop->now + link->pause);
    link->pause = link->pause * 2 < PAUSE_MAX ? link->pause * 2 : PAUSE_MAX;
}

static void on_retry(struct timer *timer)
{
    struct host_link *link = container_of(timer, struct host_link, retry);

    if (is_away(link) && link->first)
        try_connect(link);
}

static void on_post(struct task *task)
{
    struct host_link *link = container_of(task, struct host_link, post);

    if (!is_away(link))
        flush(link);
    else if (link->first && link->retry.at == 0)
        try_connect(link);
}

void host_link_init(struct host_link *link, struct lambda *lambda, const char *path)
{
    *link = (struct host_link){.lambda = lambda, .path = path, .pause = PAUSE_FIRST};
    link->watch.fd = -1;
    link->retry.due = on_retry;
    link->post.run = on_post;
    arena_init(&link->arena, HOST_ARENA_MAX);
}

void host_link_release(struct host_link *link)
{
    struct host_letter *letter;

    timer_clear(link->lambda->loop, &link->retry);
    loop_unready(link->lambda->loop, &link->post);
    if (!is_away(link)) {
        loop_unwatch(link->lambda->loop, &link->watch);
        close(link->watch.fd);
        link->watch.fd = -1;
    }
    while ((letter = link->first) != NULL) {
        link->first = letter->next;
        drop_letter(letter);
    }
    arena_release(&link->arena);
}

bool host_link_send(struct host_link *link, const struct host_message *message)
{
    struct host_letter *letter;
    bool is_start = message->op == HOST_START;

    if (!is_start && is_away(link))
        return true;
    letter = mem_zero(1, sizeof *letter);
    letter->id = message->id;
    letter->is_start = is_start;
    buf_init(&letter->text, HOST_MESSAGE_MAX);
    if (!host_encode(&letter->text, message)) {
        drop_letter(letter);
        return false;
    }
    if (link->last)
        link->last->next = letter;
    else
        link->first = letter;
    link->last = letter;
    loop_ready(link->lambda->loop, &link->post);
    return true;
}

bool host_link_forget(struct host_link *link, uint64_t id)
{
    return drop_letters(link, true, id);
}
