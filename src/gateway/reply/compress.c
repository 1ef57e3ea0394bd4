/* What a client sends compressed is always expanded; what it gets is compressed where the API has a
 * minimumCompressionSize, the client names the coding, and nobody has coded the body before. */
#include "gateway/reply/compress.h"

#include "gateway/mapping/coding.h"

static struct span header(const struct exchange *x, const char *name)
{
    return http_header_find(x->stream->request.headers, x->stream->request.header_count, name);
}

bool expand_needs_body(const struct exchange *x)
{
    return x->stream->request.framing != HTTP_NO_BODY &&
           coding_of(header(x, "Content-Encoding")) != CODING_IDENTITY;
}

enum verdict expand_request(struct exchange *x)
{
    enum coding coding = coding_of(header(x, "Content-Encoding"));
    struct span body;

    if (coding == CODING_IDENTITY || x->stream->body.len == 0)
        return GO_ON;
    if (coding == CODING_UNKNOWN)
        return exchange_fail(x, UNSUPPORTED_MEDIA_TYPE);
    switch (coding_expand(&x->worker->coder, coding, exchange_arena(x), x->stream->body,
                          HTTP_BODY_MAX, &body)) {
    case OK:
        x->stream->body = body;
        return GO_ON;
    case FAULT_TOO_LARGE:
        return exchange_fail(x, REQUEST_TOO_LARGE);
    case FAULT_NO_MEMORY:
        return exchange_fail(x, API_CONFIGURATION_ERROR);
    default:
        return exchange_fail(x, UNSUPPORTED_MEDIA_TYPE);
    }
}

/* True when one of the whole header lines has that name. */
static bool has_line(struct span lines, struct span name)
{
    struct span line;

    while (span_split(&lines, '\n', &line))
        if (line.len > name.len && line.at[name.len] == ':' &&
            span_equal_nocase(span_first(line, name.len), name))
            return true;
    return false;
}

enum verdict compress_reply(struct exchange *x)
{
    const struct deployment *d = x->stage ? x->stage->deployment : NULL;
    struct span body;
    enum coding coding;

    if (!d || !d->compresses || x->failure.type || x->source || x->body.len == 0 ||
        x->body.len < d->compression_min)
        return GO_ON;
    coding = coding_accepted(header(x, "Accept-Encoding"));
    if (coding == CODING_IDENTITY || has_line(x->lines, SPAN("Content-Encoding")) ||
        coding_compress(&x->worker->coder, coding, exchange_arena(x), x->body, &body) != OK)
        return GO_ON;
    x->body = body;
    x->lines = arena_format(exchange_arena(x), "%.*sContent-Encoding: %.*s\r\n", SPAN_ARG(x->lines),
                            SPAN_ARG(coding_name(coding)));
    return GO_ON;
}
