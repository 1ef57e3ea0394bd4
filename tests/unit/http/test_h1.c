/* The codec: what is a request, what is refused, and that it does not matter how bytes arrive. */
#include "../unit.h"

#include "http/h1.h"

#define HOST "Host: x\r\n"

static const struct {
    const char *about, *head;
    int status; /* 200: accepted */
} HEADS[] = {
    {"a plain request", "GET / HTTP/1.1\r\n" HOST "\r\n", 200},
    {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 200},
    {"the absolute form with the same Host", "GET http://x/a HTTP/1.1\r\n" HOST "\r\n", 200},
    {"the absolute form against Host", "GET http://y/a HTTP/1.1\r\n" HOST "\r\n", 400},
    {"an absolute form of another scheme", "GET ftp://x/ HTTP/1.1\r\n" HOST "\r\n", 400},
    {"an authority behind a path", "GET a?b://x/c HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET *", "GET * HTTP/1.1\r\n" HOST "\r\n", 400},
    {"the authority form", "CONNECT x:80 HTTP/1.1\r\n" HOST "\r\n", 400},
    {"OPTIONS *", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 200},
    {"no Host in 1.1", "GET / HTTP/1.1\r\n\r\n", 400},
    {"two Hosts", "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400},
    {"a Host with a slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"two lengths that differ",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
    {"two lengths that agree",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
    {"a signed length", "POST / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n", 400},
    {"a list of lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n", 400},
    {"a length in hexadecimal", "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\n", 400},
    {"an empty length", "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400},
    {"a length that overflows",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551617\r\n\r\n", 400},
    {"chunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 200},
    {"Chunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", 200},
    {"chunked with a length",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400},
    {"a length, then chunked",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"chunked twice in a line",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n\r\n", 400},
    {"chunked in two lines",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     400},
    {"a coding before chunked",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 400},
    {"an unknown coding", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 501},
    {"a coding with a vertical tab",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \vchunked\r\n\r\n", 400},
    {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"a blank before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400},
    {"a folded line", "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", 400},
    {"a bare LF", "GET / HTTP/1.1\n" HOST "\r\n", 400},
    {"a bare LF between headers", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400},
    {"a bare CR in a value", "GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n", 400},
    {"a bare CR before a line end", "GET / HTTP/1.1\r\n" HOST "A: b\r\r\n\r\n", 400},
    {"a bare CR at the start of a value", "GET / HTTP/1.1\r\n" HOST "A:\rb\r\n\r\n", 400},
    {"a length with a bare CR", "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\r\n\r\n", 400},
    {"chunked with a bare CR", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\r\n\r\n",
     400},
    {"a control character in a value", "GET / HTTP/1.1\r\n" HOST "A: b\x01\r\n\r\n", 400},
    {"DEL in a value", "GET / HTTP/1.1\r\n" HOST "A: b\x7f\r\n\r\n", 400},
    {"a header without a name", "GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n", 400},
    {"a header without a colon", "GET / HTTP/1.1\r\n" HOST "A\r\n\r\n", 400},
    {"a name with a bracket", "GET / HTTP/1.1\r\n" HOST "A[: b\r\n\r\n", 400},
    {"UTF-8 in a value", "GET / HTTP/1.1\r\n" HOST "A: \xc3\xa9\r\n\r\n", 200},
    {"an empty value", "GET / HTTP/1.1\r\n" HOST "A:\r\n\r\n", 200},
    {"two blanks in the request line", "GET  / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"a tab in the request line", "GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400},
    {"a blank in the target", "GET /a b HTTP/1.1\r\n" HOST "\r\n", 400},
    {"a fragment", "GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400},
    {"a relative target", "GET a HTTP/1.1\r\n" HOST "\r\n", 400},
    {"no method", " / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"no version", "GET /\r\n" HOST "\r\n", 400},
    {"HTTP/1.2", "GET / HTTP/1.2\r\n" HOST "\r\n", 505},
    {"HTTP/2.0", "GET / HTTP/2.0\r\n" HOST "\r\n", 505},
    {"HTTP/0.9", "GET / HTTP/0.9\r\n" HOST "\r\n", 505},
    {"a lower-case version", "GET / http/1.1\r\n" HOST "\r\n", 400},
    {"HTTP/1.10", "GET / HTTP/1.10\r\n" HOST "\r\n", 400},
};

static void heads_are_accepted_or_refused_by_the_book(void **state)
{
    for (size_t i = 0; i < COUNT(HEADS); i++) {
        struct span head = span_of(HEADS[i].head);
        struct http_request request;
        size_t scanned = 0, end = h1_head_end(head, &scanned);
        int status = h1_refusal_status(h1_request_parse(head, &request));

        if (end != head.len)
            fail_msg("%s: the head ends at %zu", HEADS[i].about, end);
        if (status != HEADS[i].status)
            fail_msg("%s: %d, not %d", HEADS[i].about, status, HEADS[i].status);
        for (size_t cut = 0; cut < head.len; cut++) { /* in two pieces, cut anywhere */
            scanned = 0;
            if (h1_head_end(span_first(head, cut), &scanned) ||
                h1_head_end(head, &scanned) != head.len)
                fail_msg("%s: cut at %zu the end is missed", HEADS[i].about, cut);
        }
    }
    (void)state;
}

static void a_nul_is_refused_wherever_it_stands(void **state)
{
    static const char HEAD[] = "GET /abc HTTP/1.1\r\nHost: x\r\nName: value\r\n\r\n";
    char copy[sizeof HEAD];
    struct http_request request;

    for (size_t i = 0; i < sizeof HEAD - 1; i++) {
        memcpy(copy, HEAD, sizeof HEAD);
        copy[i] = '\0';
        if (h1_request_parse(span_make(copy, sizeof HEAD - 1), &request) == H1_FINE)
            fail_msg("a NUL at %zu is accepted", i);
    }
    (void)state;
}

static void a_request_is_taken_apart(void **state)
{
    struct span head = SPAN("POST http://API.example:80/a/b?c=d&e HTTP/1.1\r\n"
                            "host: api.example:80\r\nContent-Length:  12 \r\nX-a: 1\r\nX-A: 2\r\n"
                            "Expect: 100-continue\r\nConnection: close, foo\r\n\r\n");
    struct http_request r;

    assert_int_equal(h1_request_parse(head, &r), H1_FINE);
    unit_same_text("method", r.method, SPAN("POST"));
    unit_same_text("path", r.path, SPAN("/a/b"));
    unit_same_text("query", r.query, SPAN("c=d&e"));
    unit_same_text("host", r.host, SPAN("API.example:80"));
    assert_int_equal(r.framing, HTTP_LENGTH);
    assert_int_equal(r.length, 12);
    assert_true(r.expects_continue);
    assert_false(r.keeps_alive);
    assert_int_equal(r.header_count, 6);
    unit_same_text("first of a name", http_header_find(r.headers, r.header_count, "x-A"),
                   SPAN("1"));
    (void)state;
}

static void heads_have_limits(void **state)
{
    struct buf head;
    struct http_request r;

    buf_init(&head, 1 << 20);
    buf_add_text(&head, "GET /");
    for (int i = 0; i < HTTP_TARGET_MAX; i++)
        buf_add_char(&head, 'a');
    buf_add_text(&head, " HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(h1_request_parse(buf_span(&head), &r), H1_TARGET_TOO_LONG);
    buf_clear(&head);
    buf_add_text(&head, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 0; i < HTTP_HEADERS_MAX; i++)
        buf_add_text(&head, "A: b\r\n");
    buf_add_text(&head, "\r\n");
    assert_int_equal(h1_request_parse(buf_span(&head), &r), H1_HEADERS_TOO_LONG);
    buf_clear(&head);
    buf_add_text(&head, "GET / HTTP/1.1\r\n" HOST "A: ");
    for (int i = 0; i < HTTP_HEADER_BYTES_MAX; i++)
        buf_add_char(&head, 'a');
    buf_add_text(&head, "\r\n\r\n");
    assert_int_equal(h1_request_parse(buf_span(&head), &r), H1_HEADERS_TOO_LONG);
    buf_release(&head);
    (void)state;
}

/* Feeds `size` bytes at a time.  False when refused; else what was decoded. */
static bool decode(struct span in, size_t size, struct buf *out, bool *is_done, size_t *left)
{
    struct h1_chunks chunks = {0};
    struct span piece;

    buf_clear(out);
    *left = 0;
    while (in.len > 0) {
        struct span part = span_first(in, size < in.len ? size : in.len);
        size_t given = part.len;

        while (part.len > 0 && !chunks.is_done) {
            if (!h1_chunks_take(&chunks, &part, &piece))
                return false;
            buf_add(out, piece);
        }
        in = span_skip(in, given);
        if (chunks.is_done) {
            *left = part.len + in.len;
            break;
        }
    }
    *is_done = chunks.is_done;
    return true;
}

static void chunks_are_decoded_however_they_come(void **state)
{
    static const struct {
        const char *in, *out; /* out NULL: refused */
        bool is_done;
        size_t left;
    } CASES[] = {
        {"5\r\nhello\r\n0\r\n\r\n", "hello", true, 0},
        {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET", "hello world", true, 3},
        {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789", true, 0},
        {"5;a=b\r\nhello\r\n0\r\n\r\n", "hello", true, 0},
        {"5\r\nhello\r\n0\r\nTrailer: x\r\nB: c\r\n\r\n", "hello", true, 0},
        {"5\r\nhel", "hel", false, 0},
        {"5\nhello\r\n0\r\n\r\n", NULL, false, 0},
        {"5\r\nhelloX\r\n0\r\n\r\n", NULL, false, 0},
        {"5\r\nhello0\r\n\r\n", NULL, false, 0},
        {"\r\nhello", NULL, false, 0},
        {";a\r\n", NULL, false, 0},
        {"+5\r\nhello", NULL, false, 0},
        {"0x5\r\nhello", NULL, false, 0},
        {"-1\r\n", NULL, false, 0},
        {"fffffffffffffffff\r\n", NULL, false, 0},
        {"5 \r\nhello\r\n0\r\n\r\n", NULL, false, 0},
        {"5 5\r\nhello\r\n0\r\n\r\n", NULL, false, 0},
        {"5;a=\x01\r\nhello\r\n0\r\n\r\n", NULL, false, 0},
        {"0\r\nGET / HTTP/1.1\r\n\r\n", NULL, false, 0},
        {"0\r\n: a\r\n\r\n", NULL, false, 0},
        {"0\r\nA : b\r\n\r\n", NULL, false, 0},
        {"0\r\nA: b\r\n folded\r\n\r\n", NULL, false, 0},
        {"0\r\nA: b\x01\r\n\r\n", NULL, false, 0},
        {"0\r\nA: b\n\r\n", NULL, false, 0},
        {"5\r\rhello", NULL, false, 0},
    };
    struct buf out;

    buf_init(&out, 1000);
    for (size_t i = 0; i < COUNT(CASES); i++)
        for (size_t size = 1; size <= strlen(CASES[i].in); size++) {
            bool is_done = false;
            size_t left = 0;
            bool is_fine = decode(span_of(CASES[i].in), size, &out, &is_done, &left);

            if (is_fine != (CASES[i].out != NULL))
                fail_msg("'%s' in pieces of %zu: accepted %d", CASES[i].in, size, is_fine);
            if (!is_fine)
                continue;
            unit_same_text(CASES[i].in, buf_span(&out), span_of(CASES[i].out));
            assert_int_equal(is_done, CASES[i].is_done);
            assert_int_equal(left, CASES[i].left);
        }
    buf_release(&out);
    (void)state;
}

static void answers_are_framed_by_method_and_status(void **state)
{
    static const struct {
        const char *method, *head;
        int status; /* 0: refused */
        enum http_framing framing;
        bool keeps_alive;
    } CASES[] = {
        {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", 200, HTTP_LENGTH, true},
        {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, HTTP_NO_BODY, true},
        {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", 200, HTTP_NO_BODY, true},
        {"GET", "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", 204, HTTP_NO_BODY, false},
        {"GET", "HTTP/1.1 200\r\n\r\n", 200, HTTP_UNTIL_CLOSE, false},
        {"GET", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", 200, HTTP_LENGTH, false},
        {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, HTTP_CHUNKED, true},
        {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", 0, 0, 0},
        {"GET", "HTTP/1.1 20x OK\r\n\r\n", 0, 0, 0},
        {"GET", "HTTP/1.1 099 OK\r\n\r\n", 0, 0, 0},
        {"GET", "HTTP/2.0 200 OK\r\n\r\n", 0, 0, 0},
        {"GET", "<html>\r\n\r\n", 0, 0, 0},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct http_response r;
        bool is_fine =
            h1_response_parse(span_of(CASES[i].head), span_of(CASES[i].method), &r) == H1_FINE;

        if (is_fine != (CASES[i].status != 0))
            fail_msg("%s: accepted %d", CASES[i].head, is_fine);
        if (is_fine && (r.status != CASES[i].status || r.framing != CASES[i].framing ||
                        r.keeps_alive != CASES[i].keeps_alive))
            fail_msg("%s: status %d, framing %d, keeps %d", CASES[i].head, r.status, r.framing,
                     r.keeps_alive);
    }
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(heads_are_accepted_or_refused_by_the_book),
    cmocka_unit_test(a_nul_is_refused_wherever_it_stands),
    cmocka_unit_test(a_request_is_taken_apart),
    cmocka_unit_test(heads_have_limits),
    cmocka_unit_test(chunks_are_decoded_however_they_come),
    cmocka_unit_test(answers_are_framed_by_method_and_status),
};

UNIT_MAIN(TESTS)
