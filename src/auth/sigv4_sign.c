/* Signing what Portico sends: calls of integrations to AWS services, of tests to itself.  A request
 * is signed by describing the signature it will have (struct sigv4) and computing it the way the
 * verifier does. */
#include "auth/sigv4_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/uri.h"

/* Proxies on the way change or drop these; they are never signed. */
static const char *const UNSIGNABLE[] = {
    "authorization",
    "cache-control",
    "connection",
    "expect",
    "from",
    "keep-alive",
    "max-forwards",
    "pragma",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
    "proxy-authorization",
};

static bool is_signable(struct span name)
{
    for (size_t i = 0; i < COUNT(UNSIGNABLE); i++)
        if (span_equal_nocase(name, span_of(UNSIGNABLE[i])))
            return false;
    return !(name.len > 4 && span_equal_nocase(span_first(name, 4), SPAN("sec-"))) &&
           !(name.len > 6 && span_equal_nocase(span_first(name, 6), SPAN("proxy-")));
}

static bool is_amz(struct span name)
{
    return name.len > 6 && span_equal_nocase(span_first(name, 6), SPAN("x-amz-"));
}

static int compare_names(const void *a, const void *b)
{
    return span_compare(*(const struct span *)a, *(const struct span *)b);
}

static struct span lowered(struct arena *arena, struct span name)
{
    struct span copy = arena_copy(arena, name);

    for (size_t i = 0; i < copy.len && copy.at; i++)
        ((char *)copy.at)[i] = ascii_lower(copy.at[i]);
    return copy;
}

/* "a;b;host": sorted, each name once.  at NULL when the arena is over. */
static struct span signed_names(struct arena *arena, const struct sigv4_request *request,
                                bool only_amz)
{
    struct span names[SIGV4_HEADERS_MAX + 1], joined;
    struct buf text;
    size_t n = 0;

    names[n++] = SPAN("host");
    for (unsigned i = 0; i < request->header_count; i++) {
        struct span name = request->headers[i].name;

        if (only_amz ? is_amz(name) : is_signable(name))
            names[n++] = lowered(arena, name);
    }
    qsort(names, n, sizeof *names, compare_names);
    buf_init(&text, SIGV4_CANONICAL_MAX);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || !span_equal(names[i], names[i - 1])) {
            if (i > 0)
                buf_add_char(&text, ';');
            buf_add(&text, names[i]);
        }
    joined = text.is_over ? (struct span){0} : arena_copy(arena, buf_span(&text));
    buf_release(&text);
    return arena->is_over ? (struct span){0} : joined;
}

/* The signature that the request will have, but for what it is. */
static bool describe(struct arena *arena, const struct sigv4_signer *signer, struct sigv4 *out)
{
    char text[CLOCK_TEXT_MAX];
    size_t len = clock_basic(signer->wall, text);

    *out = (struct sigv4){.is_there = true,
                          .access_key = signer->access_key,
                          .region = signer->region,
                          .service = signer->service,
                          .terminator = SPAN(SIGV4_TERMINATOR),
                          .token = signer->token};
    out->time = arena_copy(arena, span_make(text, len));
    if (!out->time.at)
        return false;
    out->date = span_first(out->time, 8);
    out->credential =
        arena_format(arena, "%.*s/%.*s/%.*s/%.*s/" SIGV4_TERMINATOR, SPAN_ARG(signer->access_key),
                     SPAN_ARG(out->date), SPAN_ARG(signer->region), SPAN_ARG(signer->service));
    return out->credential.at != NULL;
}

static bool sign(struct sigv4_engine *engine, struct arena *arena,
                 const struct sigv4_signer *signer, const struct sigv4_request *request,
                 struct span payload, struct sigv4 *s)
{
    char hex[SHA256_HEX_LEN + 1];

    if (!sigv4_canonical(engine, arena, request, s, payload))
        return false;
    sigv4_compute(engine, s, signer->secret, hex);
    s->signature = arena_copy(arena, span_make(hex, SHA256_HEX_LEN));
    return s->signature.at != NULL;
}

bool sigv4_sign(struct sigv4_engine *engine, struct arena *arena, const struct sigv4_signer *signer,
                const struct sigv4_request *request, struct span payload,
                struct sigv4_header out[static SIGV4_ADDED_MAX], unsigned *count)
{
    struct sigv4_header headers[SIGV4_HEADERS_MAX];
    struct sigv4_request with = *request;
    unsigned n = request->header_count, added = 0;
    struct sigv4 s;

    if (n > SIGV4_HEADERS_MAX - 2 || !describe(arena, signer, &s))
        return false;
    out[added++] = (struct sigv4_header){SPAN("X-Amz-Date"), s.time};
    if (signer->token.len > 0)
        out[added++] = (struct sigv4_header){SPAN("X-Amz-Security-Token"), signer->token};
    if (n > 0)
        memcpy(headers, request->headers, n * sizeof *headers);
    memcpy(headers + n, out, added * sizeof *headers);
    with.headers = headers;
    with.header_count = n + added;
    s.signed_headers = signed_names(arena, &with, false);
    if (!s.signed_headers.at || !sign(engine, arena, signer, &with, payload, &s))
        return false;
    out[added].name = SPAN("Authorization");
    out[added].value =
        arena_format(arena,
                     SIGV4_ALGORITHM " Credential=%.*s, SignedHeaders=%.*s, "
                                     "Signature=%.*s",
                     SPAN_ARG(s.credential), SPAN_ARG(s.signed_headers), SPAN_ARG(s.signature));
    if (!out[added++].value.at)
        return false;
    *count = added;
    return true;
}

static void add_parameter(struct buf *out, const char *name, struct span value)
{
    if (out->len > 0)
        buf_add_char(out, '&');
    buf_add_text(out, name);
    buf_add_char(out, '=');
    uri_add_encoded(out, value, false);
}

/* All parameters but the signature, which comes last. */
static void add_parameters(struct buf *out, const struct sigv4_request *request,
                           const struct sigv4 *s, unsigned expires)
{
    char text[16];
    int len = snprintf(text, sizeof text, "%u", expires);

    buf_add(out, request->query);
    add_parameter(out, "X-Amz-Algorithm", SPAN(SIGV4_ALGORITHM));
    add_parameter(out, "X-Amz-Credential", s->credential);
    add_parameter(out, "X-Amz-Date", s->time);
    add_parameter(out, "X-Amz-Expires", span_make(text, (size_t)len));
    if (s->token.len > 0)
        add_parameter(out, "X-Amz-Security-Token", s->token);
    add_parameter(out, "X-Amz-SignedHeaders", s->signed_headers);
}

bool sigv4_presign(struct sigv4_engine *engine, struct arena *arena,
                   const struct sigv4_signer *signer, const struct sigv4_request *request,
                   struct span payload, unsigned expires, struct span *query)
{
    struct sigv4_request with = *request;
    struct buf text;
    struct sigv4 s;
    bool is_made;

    if (request->header_count > SIGV4_HEADERS_MAX || !describe(arena, signer, &s))
        return false;
    s.is_presigned = true;
    s.signed_headers = signed_names(arena, request, true);
    buf_init(&text, SIGV4_CANONICAL_MAX);
    add_parameters(&text, request, &s, expires);
    with.query = arena_copy(arena, buf_span(&text));
    is_made = s.signed_headers.at && !text.is_over && with.query.at &&
              sign(engine, arena, signer, &with, payload, &s);
    if (is_made) {
        *query = arena_format(arena, "%.*s&X-Amz-Signature=%.*s", SPAN_ARG(with.query),
                              SPAN_ARG(s.signature));
        is_made = query->at != NULL;
    }
    buf_release(&text);
    return is_made;
}
