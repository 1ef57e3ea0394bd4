/* Lines of control calls, "METHOD /path[?query] [BODY]", against one store in memory: whatever they
 * hold, each is answered with a status and a body, and what a refused call touched is as before. */
#include "fuzz.h"

#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/dispatch.h"

#define LINES_MAX 32

static struct control control = {.clock = &CLOCK_SYSTEM};

static char folder[] = "/dev/shm/portico-fuzz-XXXXXX";

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *ftw)
{
    (void)about;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void end(void)
{
    store_close(control.store);
    control_routes_free(control.routes);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void start(void)
{
    struct problem why;

    if (control.store)
        return;
    if (!mkdtemp(folder) || store_open(folder, &control.store, &why) != OK)
        abort();
    atexit(end);
    control.account = SPAN("000000000000");
    control.region = SPAN("us-east-1");
    control.routes = control_routes_new(MODEL_SERVICES, MODEL_SERVICE_COUNT);
}

/* Answers the status; the body is left in `body`. */
static unsigned ask(struct arena *arena, struct span line, struct buf *body)
{
    struct http_request request = {.host = SPAN("localhost"), .minor = 1, .header_count = 1};
    struct encoded out = {0};
    struct span target;

    request.headers[0] = (struct http_header){
        SPAN("Authorization"),
        SPAN("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/apigateway/aws4_request")};
    span_split(&line, ' ', &request.method);
    if (!line.at || !span_split(&line, ' ', &target))
        return 0;
    request.target = target;
    request.path = span_first(target, span_find(target, '?'));
    if (request.path.len < target.len)
        request.query = span_skip(target, request.path.len + 1);
    buf_clear(body);
    dispatch(&control, arena, &request, line, body, &out);
    assert(out.status >= 200 && out.status <= 599);
    return out.status;
}

/* Each line may name what the first API of the run is: "$" is its id, "^" its root's. */
static struct span fill(struct arena *arena, struct span line, struct span api, struct span root)
{
    struct buf text;
    struct span out;

    buf_init(&text, 1 << 16);
    for (size_t i = 0; i < line.len; i++)
        if (line.at[i] == '$')
            buf_add(&text, api);
        else if (line.at[i] == '^')
            buf_add(&text, root);
        else
            buf_add_char(&text, line.at[i]);
    out = arena_copy(arena, buf_span(&text));
    buf_release(&text);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span rest = span_make(bytes, size), line;
    struct json *made = NULL;
    struct arena arena;
    struct buf body;

    start();
    arena_init(&arena, CALL_MEMORY_MAX);
    buf_init(&body, DISPATCH_BODY_MAX);
    assert(ask(&arena, SPAN("POST /restapis {\"name\":\"n\"}"), &body) == 201);
    assert(json_parse(&arena, arena_copy(&arena, buf_span(&body)), &made, NULL) == OK);
    for (int i = 0; i < LINES_MAX && span_split(&rest, '\n', &line); i++) {
        line = fill(&arena, line, json_member_text(made, "id", SPAN("")),
                    json_member_text(made, "rootResourceId", SPAN("")));
        if (line.at)
            ask(&arena, line, &body);
    }
    ask(&arena,
        arena_format(&arena, "DELETE /restapis/%.*s",
                     SPAN_ARG(json_member_text(made, "id", SPAN("")))),
        &body);
    buf_release(&body);
    arena_release(&arena);
    return 0;
}
