/* Answers of backends, read by the client from a peer that says what the input says.  The oracle:
 * what comes out must not depend on how the bytes arrive, nor on whether the answer is collected or
 * pulled. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"
#include "http/client.h"

#define ANSWER_MAX 4096

static struct clock standing;
static struct loop loop;
static struct http_pool pool;
static int listener = -1;

struct outcome {
    enum op_result result;
    struct buf body;
};

static void ignore(struct task *task)
{
    (void)task;
}

static struct task waiter = {.run = ignore}, reader = {.run = ignore};

static void set_up(void)
{
    static char folder[] = "/tmp/portico-fuzz-XXXXXX", path[64];
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    standing = clock_fixed(1000000, 0);
    assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s", folder);
    memcpy(address.sun_path, path, strlen(path) + 1);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    assert(listen(listener, 8) == 0);
    assert(loop_init(&loop, &standing, NULL) == OK);
    assert(http_pool_init_unix(&pool, &loop, path));
}

static void turns(int n)
{
    while (n-- > 0)
        loop_turn(&loop, 0);
}

/* Pulls what has come. */
static void pull(struct http_call *call, struct outcome *out)
{
    struct span piece;

    if (!call->is_streamed || call->op.result != OP_DONE)
        return;
    call->rest.reader = &reader;
    while ((piece = call->rest.peek(&call->rest)).len > 0) {
        size_t n = piece.len > 7 ? 7 : piece.len;

        buf_add(&out->body, span_first(piece, n));
        call->rest.take(&call->rest, n);
    }
    out->result = call->rest.state;
}

static struct outcome run(struct span in, size_t cut, size_t hold)
{
    struct outcome out = {.result = OP_PENDING};
    struct http_call call = {.method = SPAN("GET"),
                             .head = SPAN("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                             .answer_max = ANSWER_MAX,
                             .hold_max = hold,
                             .time_max = MICROS_PER_SECOND};
    int peer;

    buf_init(&out.body, 1 << 20);
    http_call_start(&call, &pool, &waiter);
    peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert(peer >= 0);
    send(peer, in.at, cut, MSG_NOSIGNAL);
    turns(2);
    pull(&call, &out);
    send(peer, in.at + cut, in.len - cut, MSG_NOSIGNAL);
    turns(2);
    pull(&call, &out);
    close(peer);
    turns(3);
    pull(&call, &out);
    assert(call.op.result != OP_PENDING);
    if (!call.is_streamed) {
        out.result = call.op.result;
        if (out.result == OP_DONE)
            buf_add(&out.body, call.answer);
    }
    assert(out.result != OP_PENDING);
    http_call_release(&call);
    turns(2);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span in = span_make(bytes + 1, size ? size - 1 : 0);
    struct outcome whole, cut, pulled;

    if (listener < 0)
        set_up();
    if (size < 2 || size > HTTP_ANSWER_HEAD_MAX)
        return 0;
    whole = run(in, in.len, 0);
    cut = run(in, bytes[0] % in.len, 0);
    pulled = run(in, bytes[0] % in.len, 16);
    /* Bytes behind the answer are seen only when they come with its end. */
    if (whole.result != OP_GARBAGE) {
        assert(cut.result == whole.result && pulled.result == whole.result);
        if (whole.result == OP_DONE) {
            assert(span_equal(buf_span(&cut.body), buf_span(&whole.body)));
            assert(span_equal(buf_span(&pulled.body), buf_span(&whole.body)));
        }
    }
    buf_release(&whole.body);
    buf_release(&cut.body);
    buf_release(&pulled.body);
    return 0;
}
