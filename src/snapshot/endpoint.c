/* Pieces are cut once; a request only copies them and the values between them. */
#include "snapshot/endpoint.h"

#include <arpa/inet.h>

#include "base/ascii.h"
#include "base/number.h"

#define PIECES_MAX 256

static bool take_scheme(struct span *s, bool *is_tls)
{
    struct span plain = SPAN("http://"), tls = SPAN("https://");

    *is_tls = s->len >= tls.len && span_equal_nocase(span_first(*s, tls.len), tls);
    if (!*is_tls && !(s->len >= plain.len && span_equal_nocase(span_first(*s, plain.len), plain)))
        return false;
    *s = span_skip(*s, *is_tls ? tls.len : plain.len);
    return true;
}

static size_t authority_len(struct span s)
{
    size_t n = 0;

    while (n < s.len && s.at[n] != '/' && s.at[n] != '?' && s.at[n] != '#')
        n++;
    return n;
}

static bool is_host(struct span host)
{
    if (host.len == 0 || host.len > RESOLVER_NAME_LEN_MAX)
        return false;
    for (size_t i = 0; i < host.len; i++)
        if (!ascii_is_alnum(host.at[i]) && host.at[i] != '-' && host.at[i] != '.' &&
            host.at[i] != '_')
            return false;
    return true;
}

static bool is_ipv6(struct span host)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char bytes[16];

    if (host.len == 0 || host.len >= sizeof text)
        return false;
    memcpy(text, host.at, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET6, text, bytes) == 1;
}

static bool parse_port(struct span digits, bool is_tls, uint16_t *port)
{
    uint64_t number = is_tls ? 443 : 80;

    if (digits.len > 0 && (!number_u64(digits, &number) || number == 0 || number > 65535))
        return false;
    *port = (uint16_t)number;
    return true;
}

static bool parse_authority(struct span authority, struct http_target *target)
{
    struct span digits;
    size_t end;

    if (authority.len > 0 && authority.at[0] == '[') {
        end = span_find(authority, ']');
        if (end == authority.len)
            return false;
        target->host = span_make(authority.at + 1, end - 1);
        digits = span_skip(authority, end + 1);
        if (!is_ipv6(target->host) || (digits.len > 0 && digits.at[0] != ':'))
            return false;
    } else {
        end = span_find(authority, ':');
        target->host = span_first(authority, end);
        digits = span_skip(authority, end);
        if (!is_host(target->host))
            return false;
    }
    if (digits.len > 0)
        digits = span_skip(digits, 1);
    return parse_port(digits, target->is_tls, &target->port);
}

bool endpoint_rest_is_valid(struct span rest)
{
    for (size_t i = 0; i < rest.len; i++) {
        unsigned char c = (unsigned char)rest.at[i];

        if (c <= ' ' || c == 0x7f || c == '#')
            return false;
    }
    return true;
}

bool endpoint_uri_parse(struct span uri, struct endpoint_uri *out)
{
    *out = (struct endpoint_uri){0};
    if (uri.len > ENDPOINT_URI_MAX || !take_scheme(&uri, &out->target.is_tls))
        return false;
    out->authority = span_first(uri, authority_len(uri));
    out->rest = span_skip(uri, out->authority.len);
    return parse_authority(out->authority, &out->target) && endpoint_rest_is_valid(out->rest);
}

/* Takes a {name} or ${stageVariables.name} off the front.  What looks different stays text. */
static bool take_reference(struct span *s, struct endpoint_piece *piece)
{
    struct span prefix = SPAN("${stageVariables.");
    bool is_variable = span_starts(*s, prefix);
    size_t skip = is_variable ? prefix.len : 1, end = span_find(*s, '}');

    if ((!is_variable && s->at[0] != '{') || end == s->len || end <= skip)
        return false;
    piece->kind = is_variable ? PIECE_VARIABLE : PIECE_PARAMETER;
    piece->text = span_make(s->at + skip, end - skip);
    *s = span_skip(*s, end + 1);
    return true;
}

/* Cuts the text.  False when there are too many pieces. */
static bool cut(struct span s, struct endpoint_piece pieces[static PIECES_MAX], size_t *count)
{
    bool is_in_query = false;

    *count = 0;
    while (s.len > 0) {
        struct endpoint_piece *piece = &pieces[*count];
        size_t n = 0;

        if (*count == PIECES_MAX)
            return false;
        piece->is_in_query = is_in_query;
        if (!take_reference(&s, piece)) {
            struct endpoint_piece unused;
            bool is_last = span_find(s, '}') == s.len; /* else each '{' would look for one */

            for (struct span rest = s; n < s.len; n++, rest = span_skip(s, n)) {
                if (n > 0 && !is_last && take_reference(&rest, &unused))
                    break;
            }
            piece->kind = PIECE_TEXT;
            piece->text = span_first(s, n);
            is_in_query = is_in_query || span_find(piece->text, '?') < n;
            s = span_skip(s, n);
        }
        (*count)++;
    }
    return true;
}

static bool has_reference(struct span s)
{
    return span_find(s, '{') < s.len;
}

bool endpoint_compile(struct arena *arena, struct span uri, struct endpoint *out)
{
    struct endpoint_piece pieces[PIECES_MAX], *kept;
    struct span authority, rest = uri;
    bool is_tls;

    *out = (struct endpoint){0};
    if (!take_scheme(&rest, &is_tls) || uri.len > ENDPOINT_URI_MAX)
        return true;
    authority = span_first(rest, authority_len(rest));
    if (!has_reference(authority)) {
        struct span literal = span_first(uri, (size_t)(authority.at - uri.at) + authority.len);

        if (!endpoint_uri_parse(literal, &out->uri))
            return true;
        rest = span_skip(rest, authority.len);
        out->is_fixed = endpoint_rest_is_valid(rest);
    } else {
        rest = uri;
    }
    if ((!has_reference(authority) && !out->is_fixed) || !cut(rest, pieces, &out->piece_count)) {
        out->is_fixed = false;
        out->piece_count = 0;
        return true;
    }
    kept = arena_try_array(arena, out->piece_count, sizeof *kept);
    if (!kept && out->piece_count > 0)
        return false;
    memcpy(kept ? kept : pieces, pieces, out->piece_count * sizeof *kept);
    out->pieces = kept;
    return true;
}
