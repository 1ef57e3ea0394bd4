/* The life of an instance.  Each way out leads through `end`, which stops what it does, and
 * `lay_to_rest`, which answers whoever still waits and takes it out of every list; memory goes when
 * the turn ends, since events of this turn may still name it. */
#include "lambda/instance.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "lambda/environment.h"
#include "lambda/failure.h"
#include "lambda/pool.h"
#include "lambda/runtime.h"

#define START_TIME (INSTANCE_INIT_TIME + 5 * MICROS_PER_SECOND) /* with the host's own work */
#define PATIENCE (3 * MICROS_PER_SECOND)                        /* for the host's last word */
#define ENVIRONMENT_MAX (256 * 1024)
#define HEAD_MAX (64 * 1024)
#define REFUSED_EVERY MICROS_PER_SECOND /* words about it in the log */
#define MEMORY_EVERY MICROS_PER_SECOND  /* a system's file is read for it */

static struct loop *loop_of(const struct instance *instance)
{
    return instance->pool->lambda->loop;
}

static void set_timer(struct instance *instance, int64_t after)
{
    timer_set(loop_of(instance), &instance->timer, loop_of(instance)->now + after);
}

/* ---- the end ------------------------------------------------------------------------------- */

static void close_channel(struct instance *instance)
{
    if (instance->channel.fd < 0)
        return;
    loop_unwatch(loop_of(instance), &instance->channel);
    close(instance->channel.fd);
    instance->channel.fd = -1;
}

/* Tells whoever waited for the instance how it ended. */
static void explain_end(struct instance *instance, const struct host_ended *ended)
{
    struct pool *pool = instance->pool;
    struct invoke *first = lambda_pool_first_waiting(pool);
    struct buf error, reason;

    buf_init(&error, INVOKE_PAYLOAD_MAX);
    buf_init(&reason, 64);
    failure_reason(&reason, ended);
    if (instance->invoke) {
        failure_exited(&error, instance->invoke->request_id, ended);
        lambda_instance_answer(instance, INVOKE_ERROR, &error);
    } else if (instance->has_not_begun) {
        instance_log_say(&instance->log,
                         "INIT_REPORT Phase: init\tStatus: error\tError Type: "
                         "Runtime.ExitError\t%.*s",
                         SPAN_ARG(buf_span(&reason)));
        if (first)
            failure_exited(&error, first->request_id, ended);
        lambda_pool_not_started(pool, &error, NULL);
    }
    buf_release(&error);
    buf_release(&reason);
}

/* `ended` is NULL when the host said nothing. */
static void lay_to_rest(struct instance *instance, const struct host_ended *ended)
{
    struct pool *pool = instance->pool;

    assert(instance->state != INSTANCE_GONE);
    if (instance->state == INSTANCE_IDLE)
        lambda_pool_remove_idle(pool, instance);
    instance->state = INSTANCE_ENDING;
    instance_log_drain(&instance->log, true);
    explain_end(instance, ended);
    close_channel(instance);
    timer_clear(loop_of(instance), &instance->timer);
    instance_log_release(&instance->log);
    instance->is_asked_for = false;
    lambda_pool_forget(pool, instance);
    instance->state = INSTANCE_GONE;
    lambda_discard(pool->lambda, instance);
}

/* Stops it; the host's last word, or the end of patience, then lays it to rest. */
static void end(struct instance *instance)
{
    struct host_message kill = {.op = HOST_KILL, .id = instance->id};

    if (instance->state >= INSTANCE_ENDING)
        return;
    if (instance->state == INSTANCE_IDLE)
        lambda_pool_remove_idle(instance->pool, instance);
    instance->state = INSTANCE_ENDING;
    close_channel(instance);
    if (!instance->is_asked_for && host_link_forget(&instance->pool->lambda->link, instance->id)) {
        set_timer(instance, 0); /* nothing of it is anywhere */
        return;
    }
    host_link_send(&instance->pool->lambda->link, &kill);
    set_timer(instance, PATIENCE);
}

void lambda_instance_kill(struct instance *instance)
{
    end(instance);
}

void lambda_instance_lost(struct instance *instance)
{
    lay_to_rest(instance, NULL);
}

/* ---- start --------------------------------------------------------------------------------- */

/* "2024/01/02/[$LATEST]<32 hexadecimal digits>" */
static void name_stream(struct instance *instance)
{
    struct lambda *lambda = instance->pool->lambda;
    char day[CLOCK_TEXT_MAX];

    clock_iso(lambda->loop->wall, day);
    snprintf(instance->log.stream, sizeof instance->log.stream,
             "%.4s/%.2s/%.2s/[%.*s]%016" PRIx64 "%016" PRIx64, day, day + 5, day + 8,
             (int)(instance->function->version.len < 9 ? instance->function->version.len : 9),
             instance->function->version.at, random_next(&lambda->random),
             random_next(&lambda->random));
}

static bool ask_host(struct instance *instance)
{
    const struct function *function = instance->function;
    struct lambda *lambda = instance->pool->lambda;
    struct host_message message = {.op = HOST_START, .id = instance->id};
    struct arena arena;
    bool is_sent;

    arena_init(&arena, ENVIRONMENT_MAX);
    message.start = (struct host_start){
        .function = function->arn,
        .version = function->version,
        .package = function->package,
        .runtime = function->runtime,
        .handler = function->handler,
        .memory_mb = function->memory_mb,
        .timeout_s = (uint32_t)(function->timeout / MICROS_PER_SECOND),
        .storage_mb = function->storage_mb,
        .environment =
            environment_make(&arena, function, instance->log.stream, lambda->settings.endpoint),
        .network = HOST_NETWORK_HOST,
    };
    is_sent = message.start.environment && host_link_send(&lambda->link, &message);
    arena_release(&arena);
    return is_sent;
}

static void give_up_start(struct instance *instance)
{
    struct invoke *first = lambda_pool_first_waiting(instance->pool);
    struct buf error;

    buf_init(&error, INVOKE_PAYLOAD_MAX);
    instance->has_not_begun = false;
    failure_timed_out(&error, first ? first->request_id : "", INSTANCE_INIT_TIME);
    lambda_pool_not_started(
        instance->pool, &error,
        instance->is_asked_for ? NULL : "the process that runs functions is not there");
    buf_release(&error);
}

static void give_up_invocation(struct instance *instance)
{
    const char *id = instance->invoke->request_id;
    int64_t timeout = instance->function->timeout;
    char time[CLOCK_TEXT_MAX];
    struct buf error;

    buf_init(&error, INVOKE_PAYLOAD_MAX);
    clock_iso(loop_of(instance)->wall, time);
    instance_log_drain(&instance->log, true);
    instance_log_say(&instance->log, "%s %s Task timed out after %.2f seconds", time, id,
                     (double)timeout / MICROS_PER_SECOND);
    failure_timed_out(&error, id, timeout);
    lambda_instance_answer(instance, INVOKE_ERROR, &error);
    buf_release(&error);
}

/* An init that takes too long, a function that does, an idle time that is over, a host that says
 * nothing. */
static void on_timer(struct timer *timer)
{
    struct instance *instance = container_of(timer, struct instance, timer);

    switch (instance->state) {
    case INSTANCE_STARTING:
        give_up_start(instance);
        end(instance);
        break;
    case INSTANCE_BUSY:
        if (instance->invoke)
            give_up_invocation(instance);
        end(instance);
        break;
    case INSTANCE_IDLE:
        end(instance);
        break;
    case INSTANCE_ENDING:
        lay_to_rest(instance, NULL);
        break;
    case INSTANCE_GONE:
        break;
    }
}

void lambda_instance_start(struct pool *pool)
{
    struct lambda *lambda = pool->lambda;
    struct instance *instance = mem_zero(1, sizeof *instance);

    instance->pool = pool;
    instance->function = pool->function;
    part_use(&instance->function->part);
    instance->id = ++lambda->last_id;
    instance->has_not_begun = true;
    instance->channel.fd = -1;
    instance->timer.due = on_timer;
    instance->asked_at = clock_now(lambda->loop->clock);
    instance_reader_init(&instance->reader);
    buf_init(&instance->head, HEAD_MAX);
    instance_log_init(&instance->log, lambda->loop, lambda->logs, instance->function->region,
                      instance->function->name, lambda->scratch + LAMBDA_SCRATCH);
    name_stream(instance);
    instance->next = lambda->instances;
    if (instance->next)
        instance->next->previous = instance;
    lambda->instances = instance;
    lambda->instance_count++;
    pool->instances++;
    pool->starting++;
    atomic_fetch_add_explicit(&lambda->metrics.instances, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&lambda->metrics.starts, 1, memory_order_relaxed);
    set_timer(instance, START_TIME);
    if (!ask_host(instance)) {
        log_error("the start of function %.*s does not fit into a message",
                  SPAN_ARG(instance->function->arn));
        set_timer(instance, 0); /* not at once: the pool is in the middle of growing */
    }
}

/* ---- invocations --------------------------------------------------------------------------- */

/* Sends what is left of the frame. */
static void flush(struct instance *instance)
{
    const struct invoke *invoke = instance->invoke;

    while (invoke && instance->channel.fd >= 0 &&
           instance->sent < instance->head.len + invoke->event.len) {
        size_t in_head =
            instance->sent < instance->head.len ? instance->head.len - instance->sent : 0;
        size_t in_event = in_head ? 0 : instance->sent - instance->head.len;
        struct iovec parts[] = {
            {instance->head.at + instance->head.len - in_head, in_head},
            {invoke->event.at + in_event, invoke->event.len - in_event},
        };
        struct msghdr message = {.msg_iov = parts + (in_head ? 0 : 1),
                                 .msg_iovlen = (in_head ? 1U : 0U) + (invoke->event.len ? 1U : 0U)};
        ssize_t n = sendmsg(instance->channel.fd, &message, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            loop_watch_output(loop_of(instance), &instance->channel);
        if (n < 0)
            return; /* full: EPOLLOUT goes on; gone: its end is reported, too */
        instance->sent += (size_t)n;
    }
}

static bool send_invoke(struct instance *instance, const struct invoke *invoke, int64_t deadline_ms)
{
    struct instance_invoke frame = {
        .request_id = span_of(invoke->request_id),
        .deadline_ms = deadline_ms,
        .function_arn = instance->function->arn,
        .trace_id = invoke->trace,
        .client_context = invoke->client_context,
    };

    if (instance->runtime)
        return runtime_send(instance->runtime, invoke, deadline_ms);
    buf_clear(&instance->head);
    instance->sent = 0;
    if (!instance_invoke_write(&instance->head, &frame, invoke->event.len))
        return false;
    flush(instance);
    return true;
}

void lambda_instance_run(struct instance *instance, struct invoke *invoke)
{
    struct loop *loop = loop_of(instance);
    int64_t timeout = instance->function->timeout;

    instance->state = INSTANCE_BUSY;
    instance->invoke = invoke;
    instance->invoked_at = clock_now(loop->clock);
    instance->log.tail = invoke->wants_tail ? &invoke->tail : NULL;
    instance_log_start(&instance->log, invoke->request_id, instance->function->version);
    set_timer(instance, timeout);
    if (!send_invoke(instance, invoke, (loop->wall + timeout) / MICROS_PER_MS))
        end(instance); /* answered when it is laid to rest */
}

void lambda_instance_rest(struct instance *instance)
{
    instance->state = INSTANCE_IDLE;
    set_timer(instance, POOL_IDLE_TIME);
}

/* The most memory that the runtime's process has had. */
static unsigned memory_used_mb(struct instance *instance)
{
    char path[64], text[2048];
    const char *at;
    unsigned long kb = 0;
    ssize_t n;
    int fd;

    if (instance->ended)
        return (unsigned)(instance->ended->peak_kb / 1024);
    if (instance->memory_mb && loop_of(instance)->now < instance->memory_read_at + MEMORY_EVERY)
        return instance->memory_mb;
    snprintf(path, sizeof path, "/proc/%lld/status", (long long)instance->pid);
    fd = instance->pid > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    at = strstr(text, "VmHWM:");
    if (at)
        kb = strtoul(at + 6, NULL, 10);
    instance->memory_read_at = loop_of(instance)->now;
    instance->memory_mb = (unsigned)(kb / 1024);
    return instance->memory_mb;
}

static void report(struct instance *instance)
{
    int64_t took = clock_now(loop_of(instance)->clock) - instance->invoked_at;

    instance_log_end(&instance->log, instance->invoke->request_id, took, instance->init_time,
                     instance->function->memory_mb, memory_used_mb(instance));
    instance->init_time = 0;
}

void lambda_instance_answer(struct instance *instance, enum invoke_end how, struct buf *payload)
{
    struct invoke *invoke = instance->invoke;

    assert(invoke != NULL);
    instance_log_drain(&instance->log, invoke->wants_tail);
    report(instance);
    instance->log.tail = NULL;
    instance->invoke = NULL;
    if (invoke_draw(invoke, payload->len)) {
        buf_release(&invoke->payload);
        invoke->payload = *payload;
        buf_init(payload, INVOKE_PAYLOAD_MAX);
    } else {
        how = INVOKE_FAILED;
        invoke->words = "there is no memory left for its answer";
    }
    timer_clear(loop_of(instance), &instance->timer);
    lambda_pool_return(instance->pool, invoke, how);
}

void lambda_instance_free(struct instance *instance)
{
    lambda_pool_next(instance->pool, instance);
}

void lambda_instance_ready(struct instance *instance)
{
    assert(instance->state == INSTANCE_STARTING);
    instance->has_not_begun = false;
    instance->init_time = clock_now(loop_of(instance)->clock) - instance->asked_at;
    instance->pool->starting--;
    instance->state = INSTANCE_IDLE;
    lambda_pool_next(instance->pool, instance);
}

void lambda_instance_init_failed(struct instance *instance, struct span error)
{
    struct buf payload;

    buf_init(&payload, INVOKE_PAYLOAD_MAX);
    buf_add(&payload, error);
    instance->has_not_begun = false;
    lambda_pool_not_started(instance->pool, &payload, NULL);
    buf_release(&payload);
    end(instance);
}

/* ---- the channel --------------------------------------------------------------------------- */

static void answer_frame(struct instance *instance, enum invoke_end how)
{
    struct buf payload = instance->reader.payload; /* moved, not copied: it may be large */

    buf_init(&instance->reader.payload, INSTANCE_PAYLOAD_MAX);
    lambda_instance_answer(instance, how, &payload);
    buf_release(&payload);
    lambda_instance_free(instance);
}

/* A frame that does not fit its state: the function's code has written to our descriptor. */
static void take_frame(struct instance *instance, const struct instance_frame *frame)
{
    bool is_running = instance->state == INSTANCE_BUSY && instance->invoke;

    if (frame->type == INSTANCE_READY && instance->state == INSTANCE_STARTING)
        lambda_instance_ready(instance);
    else if (frame->type == INSTANCE_INIT_ERROR && instance->state == INSTANCE_STARTING)
        lambda_instance_init_failed(instance, frame->payload);
    else if (frame->type == INSTANCE_RESULT && is_running)
        answer_frame(instance, INVOKE_RESULT);
    else if (frame->type == INSTANCE_ERROR && is_running)
        answer_frame(instance, INVOKE_ERROR);
    else
        end(instance);
}

/* A frame over its limit, or nonsense. */
static void break_off(struct instance *instance)
{
    struct buf error;

    buf_init(&error, INVOKE_PAYLOAD_MAX);
    if (instance->invoke && instance->reader.payload_len > INSTANCE_PAYLOAD_MAX) {
        failure_too_large(&error);
        lambda_instance_answer(instance, INVOKE_ERROR, &error);
    }
    buf_release(&error);
    end(instance);
}

static void take_bytes(struct instance *instance, struct span bytes)
{
    struct instance_frame frame;

    while (instance->channel.fd >= 0)
        switch (instance_reader_take(&instance->reader, &bytes, &frame)) {
        case INSTANCE_FRAME:
            take_frame(instance, &frame);
            break;
        case INSTANCE_MORE:
            return;
        case INSTANCE_BROKEN:
        case INSTANCE_NO_MEMORY:
            break_off(instance);
            return;
        }
}

/* Reads until there is nothing more; a read that was not filled says so, unless the peer is known
 * to have closed.  False when it has. */
static bool read_channel(struct instance *instance, bool has_closed)
{
    char *room = instance->pool->lambda->scratch;

    while (instance->channel.fd >= 0) {
        ssize_t n = recv(instance->channel.fd, room, LAMBDA_SCRATCH, MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        take_bytes(instance, span_make(room, (size_t)n));
        if (n < LAMBDA_SCRATCH && !has_closed)
            break;
    }
    return true;
}

static void on_channel(struct watch *watch, uint32_t events)
{
    struct instance *instance = container_of(watch, struct instance, channel);

    if (events & EPOLLOUT)
        flush(instance);
    if (!(events & ~(uint32_t)EPOLLOUT) ||
        read_channel(instance, events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) ||
        instance->channel.fd < 0)
        return;
    /* It has closed: the host will say why.  A process that lives on is killed after PATIENCE. */
    close_channel(instance);
    if (instance->state == INSTANCE_IDLE)
        lambda_pool_remove_idle(instance->pool, instance);
    end(instance);
}

/* ---- from the host ------------------------------------------------------------------------- */

void lambda_instance_started(struct instance *instance, const struct host_started *started,
                             const int descriptors[static HOST_DESCRIPTORS_MAX])
{
    struct loop *loop = loop_of(instance);

    instance_log_open(&instance->log, descriptors[1], descriptors[2]);
    instance->pid = started->pid;
    if (instance->state != INSTANCE_STARTING) {
        close(descriptors[0]); /* given up meanwhile: its kill is on the way */
        return;
    }
    if (started->is_listener) {
        instance->runtime = runtime_new(instance, loop, descriptors[0]);
    } else if (fcntl(descriptors[0], F_SETFL, O_NONBLOCK) != 0 ||
               !loop_watch_input(loop, &instance->channel, descriptors[0], on_channel)) {
        close(descriptors[0]);
        instance->channel.fd = -1;
    }
    if (!instance->runtime && instance->channel.fd < 0)
        end(instance);
}

void lambda_instance_refused(struct instance *instance, const struct host_refused *refused)
{
    struct invoke *first = lambda_pool_first_waiting(instance->pool);
    struct lambda *lambda = instance->pool->lambda;
    struct buf error;

    buf_init(&error, INVOKE_PAYLOAD_MAX);
    failure_not_started(&error, first ? first->request_id : "", refused->type, refused->message);
    if (loop_of(instance)->now > lambda->refused_at + REFUSED_EVERY) {
        lambda->refused_at = loop_of(instance)->now;
        log_warn("function %.*s cannot be started: %.*s", SPAN_ARG(instance->function->name),
                 SPAN_ARG(refused->message));
    }
    instance_log_say(&instance->log, "%.*s", SPAN_ARG(buf_span(&error)));
    if (instance->has_not_begun)
        lambda_pool_not_started(instance->pool, &error, NULL);
    instance->has_not_begun = false;
    buf_release(&error);
    lay_to_rest(instance, NULL);
}

void lambda_instance_ended(struct instance *instance, const struct host_ended *ended)
{
    if (instance->channel.fd >= 0)
        read_channel(instance, true); /* it may have answered before */
    instance->ended = ended;
    lay_to_rest(instance, ended);
    instance->ended = NULL;
}
