/* Heads and chunked bodies.  The oracle: what is decided must not depend on how bytes arrive. */
#include <assert.h>
#include <string.h>

#include "fuzz.h"
#include "http/h1.h"

static void check_head_end(struct span in)
{
    size_t whole = 0, piecewise = 0, end = h1_head_end(in, &whole), found = 0;

    for (size_t n = 0; n <= in.len && !found; n++)
        found = h1_head_end(span_first(in, n), &piecewise);
    assert(found == end);
}

static void check_chunks(struct span in)
{
    struct h1_chunks all = {0}, single = {0};
    struct span rest = in, piece;
    size_t all_bytes = 0, single_bytes = 0;
    bool all_fine = true, single_fine = true;

    while (all_fine && rest.len > 0 && !all.is_done) {
        all_fine = h1_chunks_take(&all, &rest, &piece);
        all_bytes += piece.len;
    }
    for (size_t i = 0; single_fine && i < in.len && !single.is_done; i++) {
        struct span one = span_make(in.at + i, 1);

        single_fine = h1_chunks_take(&single, &one, &piece);
        single_bytes += piece.len;
    }
    assert(all_fine == single_fine && all.is_done == single.is_done);
    assert(!all_fine || all_bytes == single_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span in = span_make(bytes, size);
    struct http_request request;
    struct http_response response;

    if (size > HTTP_HEAD_MAX)
        return 0;
    check_head_end(in);
    check_chunks(in);
    if (h1_request_parse(in, &request) == H1_FINE) {
        /* what is accepted has one reading: no NUL, one length, every line ended by CR LF */
        assert(memchr(in.at, '\0', in.len) == NULL);
        assert(request.framing != HTTP_CHUNKED || request.length == 0);
        assert(request.path.len > 0 && (request.minor == 0 || request.host.at));
    }
    h1_response_parse(in, SPAN("GET"), &response);
    h1_response_parse(in, SPAN("HEAD"), &response);
    return 0;
}
