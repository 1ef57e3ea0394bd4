/* The HTTP/1 codec.  A head is parsed at once when its end was seen, so the parser is a straight
 * walk over lines; only the search for the end is incremental. */
#include "http/h1.h"

#include "base/ascii.h"
#include "base/number.h"

/* RFC 9110 token characters. */
const bool H1_TOKEN[256] = {
    ['!'] = true,         ['#'] = true,         ['$'] = true,         ['%'] = true, ['&'] = true,
    ['\''] = true,        ['*'] = true,         ['+'] = true,         ['-'] = true, ['.'] = true,
    ['^'] = true,         ['_'] = true,         ['`'] = true,         ['|'] = true, ['~'] = true,
    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
};

/* What may stand in a target: visible ASCII and bytes of UTF-8, which some clients send raw. */
static const bool TARGET[256] = {['!' ... '~'] = true, [0x80 ... 0xff] = true};

/* What may stand in a value: no control characters but the tab. */
const bool H1_VALUE[256] = {['\t'] = true, [' ' ... '~'] = true, [0x80 ... 0xff] = true};

static bool all_of(struct span s, const bool allowed[256])
{
    for (size_t i = 0; i < s.len; i++)
        if (!allowed[(unsigned char)s.at[i]])
            return false;
    return true;
}

int h1_refusal_status(enum h1_refusal refusal)
{
    switch (refusal) {
    case H1_FINE:
        return 200;
    case H1_BAD:
        return 400;
    case H1_TARGET_TOO_LONG:
        return 414;
    case H1_HEADERS_TOO_LONG:
        return 431;
    case H1_BAD_VERSION:
        return 505;
    case H1_UNKNOWN_CODING:
        return 501;
    }
    return 400;
}

size_t h1_head_end(struct span in, size_t *scanned)
{
    size_t i = *scanned;

    while (i < in.len) {
        const char *lf = memchr(in.at + i, '\n', in.len - i);
        size_t at, after;

        if (!lf)
            break;
        at = (size_t)(lf - in.at);
        after = at + 1;
        if (after < in.len && in.at[after] == '\r')
            after++;
        if (after == in.len) {
            *scanned = at; /* look at this line end again when more has come */
            return 0;
        }
        if (in.at[after] == '\n')
            return after + 1;
        i = at + 1;
    }
    *scanned = in.len;
    return 0;
}

/* Takes a line that ends in CR LF; a CR or LF anywhere else is refused. */
static bool take_line(struct span *head, struct span *line)
{
    size_t lf = span_find(*head, '\n');

    if (lf == head->len || lf == 0 || head->at[lf - 1] != '\r')
        return false;
    *line = span_first(*head, lf - 1);
    *head = span_skip(*head, lf + 1);
    return true;
}

/* "HTTP/1.x" */
static enum h1_refusal parse_version(struct span s, unsigned *minor)
{
    if (s.len != 8 || !span_starts(s, SPAN("HTTP/")) || !ascii_is_digit(s.at[5]) ||
        s.at[6] != '.' || !ascii_is_digit(s.at[7]))
        return H1_BAD;
    if (s.at[5] != '1' || s.at[7] > '1')
        return H1_BAD_VERSION;
    *minor = (unsigned)(s.at[7] - '0');
    return H1_FINE;
}

/* Without spaces and tabs at both ends.  A CR there is no blank: it stays and is refused. */
static struct span trim(struct span s)
{
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t'))
        s = span_skip(s, 1);
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* Values are most of what a head is made of: eight bytes at a time, and one by one only where one
 * of the eight could be a control character. */
static bool is_value(struct span s)
{
    const uint64_t EACH = UINT64_C(0x0101010101010101), HIGH = EACH * 0x80;

    for (; s.len >= 8; s = span_skip(s, 8)) {
        uint64_t bytes, delete;

        memcpy(&bytes, s.at, sizeof bytes);
        delete = bytes ^ EACH * 0x7f;
        if ((((bytes - EACH * ' ') & ~bytes) | ((delete - EACH) & ~delete)) & HIGH &&
            !all_of(span_first(s, 8), H1_VALUE))
            return false;
    }
    return all_of(s, H1_VALUE);
}

static enum h1_refusal take_header(struct span line, struct http_header *out)
{
    size_t colon = span_find(line, ':');

    out->name = span_first(line, colon);
    if (colon == line.len || colon == 0 || !all_of(out->name, H1_TOKEN))
        return H1_BAD; /* also a folded line, and blanks before the colon */
    out->value = trim(span_skip(line, colon + 1));
    return is_value(out->value) ? H1_FINE : H1_BAD;
}

static enum h1_refusal parse_headers(struct span head, size_t bytes_max,
                                     struct http_header *headers, unsigned *count)
{
    size_t bytes = 0;
    struct span line;

    *count = 0;
    for (;;) {
        if (!take_line(&head, &line))
            return H1_BAD;
        if (line.len == 0)
            return head.len == 0 ? H1_FINE : H1_BAD;
        if (*count == HTTP_HEADERS_MAX)
            return H1_HEADERS_TOO_LONG;
        if (take_header(line, &headers[*count]) != H1_FINE)
            return H1_BAD;
        bytes += headers[*count].name.len + headers[*count].value.len;
        if (bytes > bytes_max)
            return H1_HEADERS_TOO_LONG;
        (*count)++;
    }
}

/* What the header lines say about the body and the connection, for both directions. */
struct framing {
    bool has_length, is_chunked, says_close, says_keep_alive, expects_continue;
    unsigned hosts;
    uint64_t length;
    struct span host;
};

/* Walks the comma-separated words of Connection. */
static void read_connection(struct span value, struct framing *f)
{
    struct span word;

    while (span_split(&value, ',', &word)) {
        word = span_trim(word);
        if (span_equal_nocase(word, SPAN("close")))
            f->says_close = true;
        else if (span_equal_nocase(word, SPAN("keep-alive")))
            f->says_keep_alive = true;
    }
}

static enum h1_refusal read_length(struct span value, struct framing *f)
{
    uint64_t length;

    /* Digits only: no sign, no list.  Two equal lines are refused too: some readers take the
     * first, some the last, and none needs two. */
    if (f->has_length || value.len > 18 || !number_u64(value, &length))
        return H1_BAD;
    f->has_length = true;
    f->length = length;
    return H1_FINE;
}

static enum h1_refusal read_coding(struct span value, struct framing *f)
{
    if (f->is_chunked)
        return H1_BAD;
    if (!span_equal_nocase(value, SPAN("chunked")))
        return span_find(value, ',') < value.len || value.len == 0 ? H1_BAD : H1_UNKNOWN_CODING;
    f->is_chunked = true;
    return H1_FINE;
}

static enum h1_refusal read_header(const struct http_header *h, struct framing *f)
{
    switch (h->name.len) { /* most names are none of these: the length decides first */
    case 4:
        if (span_equal_nocase(h->name, SPAN("Host"))) {
            f->hosts++;
            f->host = h->value;
        }
        break;
    case 6:
        if (span_equal_nocase(h->name, SPAN("Expect")))
            f->expects_continue = span_equal_nocase(h->value, SPAN("100-continue"));
        break;
    case 10:
        if (span_equal_nocase(h->name, SPAN("Connection")))
            read_connection(h->value, f);
        break;
    case 14:
        if (span_equal_nocase(h->name, SPAN("Content-Length")))
            return read_length(h->value, f);
        break;
    case 17:
        if (span_equal_nocase(h->name, SPAN("Transfer-Encoding")))
            return read_coding(h->value, f);
        break;
    default:
        break;
    }
    return H1_FINE;
}

static enum h1_refusal read_framing(const struct http_header *headers, unsigned count,
                                    unsigned minor, struct framing *f)
{
    *f = (struct framing){0};
    for (unsigned i = 0; i < count; i++) {
        enum h1_refusal refusal = read_header(&headers[i], f);

        if (refusal != H1_FINE)
            return refusal;
    }
    if (f->is_chunked && (f->has_length || minor == 0))
        return H1_BAD;
    return H1_FINE;
}

/* Takes "http://" or "https://" off the front. */
static bool take_scheme(struct span *s)
{
    static const struct span SCHEMES[] = {SPAN_INIT("http://"), SPAN_INIT("https://")};

    for (size_t i = 0; i < COUNT(SCHEMES); i++)
        if (s->len > SCHEMES[i].len &&
            span_equal_nocase(span_first(*s, SCHEMES[i].len), SCHEMES[i])) {
            *s = span_skip(*s, SCHEMES[i].len);
            return true;
        }
    return false;
}

/* Takes scheme and authority of the absolute form off the front.  False when it is none, as
 * CONNECT's authority form. */
static bool take_authority(struct span *rest, struct span *authority)
{
    size_t end = 0;

    if (!take_scheme(rest))
        return false;
    while (end < rest->len && rest->at[end] != '/' && rest->at[end] != '?')
        end++;
    *authority = span_first(*rest, end);
    *rest = span_skip(*rest, end);
    return end > 0;
}

/* Splits the target into path and query; of the absolute form also the authority. */
static enum h1_refusal parse_target(struct http_request *r, struct span *authority)
{
    struct span rest = r->target;
    size_t end;

    *authority = (struct span){NULL, 0};
    if (r->target.len == 0 || !all_of(r->target, TARGET))
        return H1_BAD;
    if (r->target.len > HTTP_TARGET_MAX)
        return H1_TARGET_TOO_LONG;
    if (span_is(rest, "*")) {
        if (!span_is(r->method, "OPTIONS"))
            return H1_BAD;
    } else if (rest.at[0] != '/' && !take_authority(&rest, authority)) {
        return H1_BAD;
    }
    if (span_find(rest, '#') < rest.len)
        return H1_BAD;
    end = span_find(rest, '?');
    r->path = end == 0 ? SPAN("/") : span_first(rest, end);
    r->query = end < rest.len ? span_skip(rest, end + 1) : (struct span){NULL, 0};
    return H1_FINE;
}

/* A host with an optional port: nothing that could end a header or begin a path. */
static bool host_is_plausible(struct span host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];

        if (!ascii_is_alnum(c) && !strchr("-._~:[]%+$*!&'(),;=", c))
            return false;
    }
    return true;
}

static enum h1_refusal choose_host(struct http_request *r, const struct framing *f,
                                   struct span authority)
{
    if (f->hosts > 1 || (f->hosts == 0 && r->minor == 1))
        return H1_BAD;
    if (!host_is_plausible(f->host) || !host_is_plausible(authority))
        return H1_BAD;
    if (authority.len > 0 && f->hosts > 0 && !span_equal_nocase(authority, f->host))
        return H1_BAD; /* RFC 9112 3.2.2 lets the target win; we do not guess which API is meant */
    r->host = authority.len > 0 ? authority : f->host;
    return H1_FINE;
}

static enum h1_refusal parse_request_line(struct span line, struct http_request *out)
{
    size_t first = span_find(line, ' '), last = span_find_last(line, ' ');

    out->method = span_first(line, first);
    if (first == line.len || first == last || first == 0 || first > 32 ||
        !all_of(out->method, H1_TOKEN))
        return H1_BAD;
    out->target = span_make(line.at + first + 1, last - first - 1);
    return parse_version(span_skip(line, last + 1), &out->minor);
}

enum h1_refusal h1_request_parse(struct span head, struct http_request *out)
{
    struct span line, authority;
    struct framing f;
    enum h1_refusal refusal;

    if (!take_line(&head, &line))
        return H1_BAD;
    refusal = parse_request_line(line, out);
    if (refusal == H1_FINE)
        refusal = parse_target(out, &authority);
    if (refusal == H1_FINE)
        refusal = parse_headers(head, HTTP_HEADER_BYTES_MAX, out->headers, &out->header_count);
    if (refusal == H1_FINE)
        refusal = read_framing(out->headers, out->header_count, out->minor, &f);
    if (refusal == H1_FINE)
        refusal = choose_host(out, &f, authority);
    if (refusal != H1_FINE)
        return refusal;
    out->framing = f.is_chunked ? HTTP_CHUNKED : f.length > 0 ? HTTP_LENGTH : HTTP_NO_BODY;
    out->length = f.length;
    out->expects_continue = f.expects_continue && out->minor == 1;
    out->keeps_alive = out->minor == 1 ? !f.says_close : f.says_keep_alive && !f.says_close;
    return H1_FINE;
}

/* "HTTP/1.1 200 OK"; the phrase may be missing. */
static enum h1_refusal parse_status_line(struct span line, struct http_response *out)
{
    uint64_t status;

    if (line.len < 12 || line.at[8] != ' ' || (line.len > 12 && line.at[12] != ' ') ||
        !number_u64(span_make(line.at + 9, 3), &status) || status < 100 || status > 599)
        return H1_BAD;
    out->status = (int)status;
    return parse_version(span_first(line, 8), &out->minor);
}

static bool response_has_no_body(struct span method, int status)
{
    return span_is(method, "HEAD") || status / 100 == 1 || status == 204 || status == 304;
}

enum h1_refusal h1_response_parse(struct span head, struct span method, struct http_response *out)
{
    struct span line;
    struct framing f;
    enum h1_refusal refusal;

    if (!take_line(&head, &line))
        return H1_BAD;
    refusal = parse_status_line(line, out);
    if (refusal == H1_FINE)
        refusal = parse_headers(head, HTTP_ANSWER_HEAD_MAX, out->headers, &out->header_count);
    if (refusal == H1_FINE)
        refusal = read_framing(out->headers, out->header_count, out->minor, &f);
    if (refusal != H1_FINE)
        return refusal;
    out->length = f.length;
    out->keeps_alive = out->minor == 1 ? !f.says_close : f.says_keep_alive && !f.says_close;
    if (response_has_no_body(method, out->status))
        out->framing = HTTP_NO_BODY;
    else if (f.is_chunked)
        out->framing = HTTP_CHUNKED;
    else if (f.has_length)
        out->framing = f.length > 0 ? HTTP_LENGTH : HTTP_NO_BODY;
    else
        out->framing = HTTP_UNTIL_CLOSE;
    /* A 204 must not announce a body: whoever does may send one, which would be read as the next
     * answer.  304 and HEAD announce what GET would have sent. */
    if (out->framing == HTTP_UNTIL_CLOSE || (out->status == 204 && (f.length > 0 || f.is_chunked)))
        out->keeps_alive = false;
    return H1_FINE;
}
