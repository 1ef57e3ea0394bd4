/* The canonical request: one text for all spellings of the same request (auth.md 2.2).
 *
 * Written into one buffer that the engine keeps, then hashed whole: a head is a few hundred bytes,
 * and one call of the hasher costs more than copying them. */
#include "auth/sigv4_parts.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/uri.h"

/* ---- the path ------------------------------------------------------------------------------- */

/* Cuts the last segment off what was added behind `start`. */
static void drop_segment(struct buf *out, size_t start)
{
    while (out->len > start && out->at[out->len - 1] != '/')
        out->len--;
    if (out->len > start)
        out->len--;
}

/* Without empty and dot segments, and encoded once more: what was sent is encoded already, and all
 * services but s3 take its escapes for text. */
static void add_path(struct buf *out, struct span path)
{
    bool is_rooted = path.len > 0 && path.at[0] == '/';
    bool ends_in_slash = path.len > 0 && path.at[path.len - 1] == '/';
    size_t start = out->len;
    struct span segment;

    while (span_split(&path, '/', &segment)) {
        if (segment.len == 0 || span_is(segment, "."))
            continue;
        if (span_is(segment, "..")) {
            drop_segment(out, start);
            continue;
        }
        buf_add_char(out, '/');
        uri_add_encoded(out, segment, false);
    }
    if (out->len == start || ends_in_slash)
        buf_add_char(out, '/');
    if (!is_rooted && out->len > start + 1) { /* as of "*": there is no slash in front */
        memmove(out->at + start, out->at + start + 1, out->len - start - 1);
        out->len--;
    }
}

/* ---- the query ------------------------------------------------------------------------------ */

struct pair {
    struct span name, value;
};

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int order = span_compare(x->name, y->name);

    return order ? order : span_compare(x->value, y->value);
}

static bool is_unreserved(char c)
{
    return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* Decoded and encoded again, so that "%7e", "%7E" and "~" are the same. */
static struct span encode_again(struct arena *arena, struct span s)
{
    static const char HEX[] = "0123456789ABCDEF";
    size_t n = 0, plain = 0;
    char *out;

    while (plain < s.len && is_unreserved(s.at[plain]))
        plain++;
    if (plain == s.len)
        return s;
    s = uri_decode(arena, s, false);
    out = s.at ? arena_try(arena, s.len * 3) : NULL;
    if (!out)
        return (struct span){0};
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];

        if (is_unreserved(s.at[i])) {
            out[n++] = s.at[i];
            continue;
        }
        out[n++] = '%';
        out[n++] = HEX[c >> 4];
        out[n++] = HEX[c & 15];
    }
    return (struct span){out, n};
}

static size_t count_pairs(struct span query)
{
    size_t n = 1;

    for (size_t i = 0; i < query.len; i++)
        n += query.at[i] == '&';
    return n;
}

/* Sorted by encoded name, then value; "a" counts as "a=". */
static bool add_query(struct buf *out, struct arena *arena, struct span query)
{
    struct pair *pairs;
    struct span piece;
    size_t n = 0;

    if (query.len == 0)
        return true;
    pairs = arena_try_array(arena, count_pairs(query), sizeof *pairs);
    if (!pairs)
        return false;
    while (span_split(&query, '&', &piece)) {
        size_t equal = span_find(piece, '=');
        struct span value = equal < piece.len ? span_skip(piece, equal + 1) : SPAN("");

        if (piece.len == 0)
            continue;
        pairs[n].name = encode_again(arena, span_first(piece, equal));
        pairs[n].value = encode_again(arena, value);
        if (!span_is(pairs[n].name, "X-Amz-Signature"))
            n++;
    }
    qsort(pairs, n, sizeof *pairs, compare_pairs);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_add_char(out, '&');
        buf_add(out, pairs[i].name);
        buf_add_char(out, '=');
        buf_add(out, pairs[i].value);
    }
    return !arena->is_over;
}

/* ---- headers -------------------------------------------------------------------------------- */

/* Without blanks at its ends, runs of blanks inside as one. */
static void add_value(struct buf *out, struct span value)
{
    value = span_trim(value);
    while (value.len > 0) {
        size_t n = 0;

        while (n < value.len && !ascii_is_blank(value.at[n]))
            n++;
        buf_add(out, span_first(value, n));
        value = span_skip(value, n);
        if (value.len == 0)
            break;
        buf_add_char(out, ' ');
        while (value.len > 0 && ascii_is_blank(*value.at))
            value = span_skip(value, 1);
    }
}

static void add_lower(struct buf *out, struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        buf_add_char(out, ascii_lower(name.at[i]));
}

/* All headers of that name, joined by commas. */
static void add_header(struct buf *out, const struct sigv4_request *request, struct span name)
{
    unsigned found = 0;

    add_lower(out, name);
    buf_add_char(out, ':');
    for (unsigned i = 0; i < request->header_count; i++)
        if (span_equal_nocase(request->headers[i].name, name)) {
            if (found++ > 0)
                buf_add_char(out, ',');
            add_value(out, request->headers[i].value);
        }
    if (found == 0 && span_equal_nocase(name, SPAN("host")))
        add_value(out, request->host);
    buf_add_char(out, '\n');
}

bool sigv4_is_signed(struct span signed_headers, struct span name)
{
    struct span one;

    while (span_split(&signed_headers, ';', &one))
        if (span_equal_nocase(one, name))
            return true;
    return false;
}

size_t sigv4_signed_count(struct span signed_headers)
{
    size_t n = 1;

    for (size_t i = 0; i < signed_headers.len; i++)
        n += signed_headers.at[i] == ';';
    return n;
}

/* False when more names are signed than a request can have headers. */
static bool add_headers(struct buf *out, const struct sigv4_request *request, struct span names)
{
    struct span rest = names, name;

    if (sigv4_signed_count(names) > SIGV4_HEADERS_MAX)
        return false;
    while (span_split(&rest, ';', &name))
        add_header(out, request, name);
    buf_add_char(out, '\n');
    return buf_add(out, names);
}

/* ---- together ------------------------------------------------------------------------------- */

bool sigv4_canonical(struct sigv4_engine *engine, struct arena *arena,
                     const struct sigv4_request *request, const struct sigv4 *signature,
                     struct span payload)
{
    struct buf *out = &engine->canonical;

    buf_clear(out);
    buf_add(out, request->method);
    buf_add_char(out, '\n');
    if (span_is(signature->service, "s3"))
        buf_add(out, request->path);
    else
        add_path(out, request->path);
    buf_add_char(out, '\n');
    if (!add_query(out, arena, request->query))
        return false;
    buf_add_char(out, '\n');
    if (!add_headers(out, request, signature->signed_headers))
        return false;
    buf_add_char(out, '\n');
    return buf_add(out, payload);
}

void sigv4_compute(struct sigv4_engine *engine, const struct sigv4 *signature, struct span secret,
                   char out[static SHA256_HEX_LEN + 1])
{
    unsigned char digest[SHA256_LEN], key[SHA256_LEN];
    struct buf *text = &engine->to_sign;
    char hex[SHA256_HEX_LEN + 1];

    sha256_start(&engine->hash);
    sha256_add(&engine->hash, buf_span(&engine->canonical));
    sha256_end(&engine->hash, digest);
    digest_hex(digest, hex);
    buf_clear(text);
    buf_add_text(text, SIGV4_ALGORITHM "\n");
    buf_add(text, signature->time);
    buf_add_char(text, '\n');
    buf_add(text, span_skip(signature->credential, signature->access_key.len + 1));
    buf_add_char(text, '\n');
    buf_add(text, span_make(hex, SHA256_HEX_LEN));
    sigv4_derive(engine, signature, secret, key);
    sha256_hmac(&engine->hash, span_make(key, sizeof key), buf_span(text), digest);
    digest_hex(digest, out);
}
