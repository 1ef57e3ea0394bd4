/* Portico's own answers: /_portico/health and /_portico/metrics. */
#include <inttypes.h>

#include "gateway/exchange.h"
#include "lambda/lambda.h"

#define LOCAL_TEXT_MAX (64 * 1024)

static void take_body(struct exchange *x, struct buf *text, const char *type)
{
    x->status = 200;
    x->lines =
        arena_format(exchange_arena(x), "Content-Type: %s\r\nCache-Control: no-store\r\n", type);
    x->body = arena_copy(exchange_arena(x), buf_span(text));
    buf_release(text);
}

static void answer_health(struct exchange *x)
{
    struct gateway *gateway = x->worker->gateway;
    bool has_control = atomic_load(&gateway->has_control);
    struct buf text;

    buf_init(&text, LOCAL_TEXT_MAX);
    buf_addf(&text, "{\"status\":\"%s\",\"revision\":%" PRIu64 ",\"control\":\"%s\"}\n",
             has_control ? "ok" : "degraded", (uint64_t)atomic_load(&gateway->revision),
             has_control ? "connected" : "away");
    take_body(x, &text, "application/json");
}

static void add_counter(struct buf *text, const char *name, const char *help)
{
    buf_addf(text, "# HELP %s %s\n# TYPE %s counter\n", name, help, name);
}

static void add_functions(struct buf *text, struct lambda *lambda)
{
    static const char *const ENDS[] = {
        [INVOKE_RESULT] = "result",
        [INVOKE_ERROR] = "error",
        [INVOKE_THROTTLED] = "throttled",
        [INVOKE_FAILED] = "failed",
    };

    if (!lambda)
        return;
    add_counter(text, "portico_invocations_total", "Invocations of functions, by their end.");
    for (size_t i = 0; i < COUNT(ENDS); i++)
        buf_addf(text, "portico_invocations_total{end=\"%s\"} %" PRIu64 "\n", ENDS[i],
                 (uint64_t)atomic_load(&lambda->metrics.ends[i]));
    buf_addf(text,
             "# HELP portico_function_bytes Events and answers of functions under way.\n"
             "# TYPE portico_function_bytes gauge\nportico_function_bytes %zu\n",
             atomic_load(&lambda->metrics.bytes));
    add_counter(text, "portico_function_starts_total", "Instances of functions that were started.");
    buf_addf(text, "portico_function_starts_total %" PRIu64 "\n",
             (uint64_t)atomic_load(&lambda->metrics.starts));
    buf_addf(text,
             "# HELP portico_function_instances Instances of functions that run.\n"
             "# TYPE portico_function_instances gauge\nportico_function_instances %" PRIu64 "\n",
             (uint64_t)atomic_load(&lambda->metrics.instances));
}

static void add_backends(struct buf *text, const struct gateway *gateway)
{
    static const char *const ENDS[OP_RESULT_COUNT] = {
        [OP_DONE] = "answered",       [OP_REFUSED] = "unreachable", [OP_BROKEN] = "broken",
        [OP_GARBAGE] = "invalid",     [OP_TOO_LARGE] = "too large", [OP_TIMED_OUT] = "timed out",
        [OP_CANCELLED] = "cancelled", [OP_NO_MEMORY] = "no memory",
    };

    add_counter(text, "portico_backend_calls_total", "Calls to HTTP backends, by their end.");
    for (size_t i = 0; i < COUNT(ENDS); i++)
        if (ENDS[i])
            buf_addf(text, "portico_backend_calls_total{end=\"%s\"} %" PRIu64 "\n", ENDS[i],
                     counter_sum(&gateway->backend_ends[i]));
    histogram_write(&gateway->backend_latency, "portico_backend_latency_seconds",
                    "From the call of a backend until its answer is held, or streams.", text);
}

static void add_memory(struct buf *text, const struct gateway *gateway)
{
    size_t used = 0;

    for (size_t i = 0; i < COUNT(gateway->memory); i++)
        used += budget_used(&gateway->memory[i]);
    buf_addf(text,
             "# HELP portico_memory_used_bytes Held by requests and answers in flight.\n"
             "# TYPE portico_memory_used_bytes gauge\nportico_memory_used_bytes %zu\n"
             "# HELP portico_memory_max_bytes What they may hold, per worker; 0: no end.\n"
             "# TYPE portico_memory_max_bytes gauge\nportico_memory_max_bytes %zu\n",
             used, gateway->memory_max);
}

static void answer_metrics(struct exchange *x)
{
    static const char *const CLASSES[] = {"broken", "1xx", "2xx", "3xx", "4xx", "5xx"};
    struct gateway *gateway = x->worker->gateway;
    struct buf text;

    buf_init(&text, LOCAL_TEXT_MAX);
    add_counter(&text, "portico_requests_total", "Requests to APIs, by class of status.");
    for (size_t i = 0; i < COUNT(CLASSES); i++)
        buf_addf(&text, "portico_requests_total{status=\"%s\"} %" PRIu64 "\n", CLASSES[i],
                 counter_sum(&gateway->requests[i]));
    histogram_write(&gateway->latency, "portico_request_latency_seconds",
                    "From the head of a request to an API until its reply is given to the socket.",
                    &text);
    add_backends(&text, gateway);
    add_memory(&text, gateway);
    add_counter(&text, "portico_control_requests_total", "Calls of the service APIs.");
    buf_addf(&text, "portico_control_requests_total %" PRIu64 "\n",
             counter_sum(&gateway->control_requests));
    buf_addf(&text,
             "# HELP portico_revision Revision of the configuration that all workers serve.\n"
             "# TYPE portico_revision gauge\nportico_revision %" PRIu64 "\n",
             (uint64_t)atomic_load(&gateway->revision));
    buf_addf(&text,
             "# HELP portico_snapshot_retired_bytes Memory of older snapshots still in use.\n"
             "# TYPE portico_snapshot_retired_bytes gauge\nportico_snapshot_retired_bytes %zu\n",
             shelf_retired_bytes(gateway->shelf));
    add_functions(&text, gateway->lambda);
    take_body(x, &text, "text/plain; version=0.0.4");
}

static const struct {
    const char *path;
    void (*answer)(struct exchange *x);
} PAGES[] = {
    {"/_portico/health", answer_health},
    {"/_portico/metrics", answer_metrics},
};

static enum verdict answer(struct exchange *x)
{
    const struct http_request *r = &x->stream->request;

    for (size_t i = 0; i < COUNT(PAGES); i++) {
        if (!span_is(r->path, PAGES[i].path))
            continue;
        if (!span_is(r->method, "GET") && !span_is(r->method, "HEAD"))
            return exchange_message(x, 405, "MethodNotAllowedException",
                                    SPAN("only GET is answered here"));
        PAGES[i].answer(x);
        return GO_ON;
    }
    return exchange_message(x, 404, "NotFoundException",
                            SPAN("no such page; there are /_portico/health and /_portico/metrics"));
}

static const struct step LOCAL_STEPS[] = {{"answer", answer}};

const struct plan LOCAL_PLAN = {LOCAL_STEPS, COUNT(LOCAL_STEPS), 1, 1};
