/* What a request says about its signature.  The parts may stand in any order and with any blanks
 * between them; what is missing is left empty and named in the refusal. */
#include "auth/sigv4_parts.h"

#include "base/ascii.h"
#include "base/uri.h"

struct span sigv4_header_find(const struct sigv4_request *request, struct span name)
{
    for (unsigned i = 0; i < request->header_count; i++)
        if (span_equal_nocase(request->headers[i].name, name))
            return request->headers[i].value;
    return (struct span){0};
}

static void read_credential(struct sigv4 *out)
{
    struct span rest = out->credential;

    if (span_split(&rest, '/', &out->access_key) && span_split(&rest, '/', &out->date) &&
        span_split(&rest, '/', &out->region) && span_split(&rest, '/', &out->service))
        out->terminator = rest.at ? rest : (struct span){0};
}

/* ---- the header ----------------------------------------------------------------------------- */

/* Pairs are parted by commas.  False at the first one without an equal-sign. */
static bool read_pairs(struct span rest, struct sigv4 *out)
{
    const struct {
        const char *name;
        struct span *value;
    } PARTS[] = {{"Credential", &out->credential},
                 {"SignedHeaders", &out->signed_headers},
                 {"Signature", &out->signature}};
    struct span pair;

    while (span_split(&rest, ',', &pair)) {
        size_t equal;

        pair = span_trim(pair);
        equal = span_find(pair, '=');
        if (pair.len == 0)
            continue;
        if (equal == pair.len)
            return false;
        for (size_t i = 0; i < COUNT(PARTS); i++)
            if (span_is(span_trim(span_first(pair, equal)), PARTS[i].name))
                *PARTS[i].value = span_trim(span_skip(pair, equal + 1));
    }
    return true;
}

/* "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...".  What has no blank is taken
 * for pairs without an algorithm, as AWS does with a bare token. */
static enum sigv4_outcome read_header(struct span value, struct sigv4 *out)
{
    size_t blank = span_find(value, ' ');

    if (blank < value.len) {
        out->algorithm = span_first(value, blank);
        value = span_skip(value, blank + 1);
    } else if (span_starts(value, SPAN("AWS4-"))) {
        out->algorithm = value;
        value = SPAN("");
    }
    return read_pairs(value, out) ? SIGV4_OK : SIGV4_NOT_PAIRS;
}

/* ---- the query ------------------------------------------------------------------------------ */

/* Fills what the query says; false when it carries no signature at all. */
static bool read_query(struct arena *arena, struct span query, struct sigv4 *out)
{
    const struct {
        const char *name;
        struct span *value;
    } PARTS[] = {
        {"X-Amz-Algorithm", &out->algorithm}, {"X-Amz-Credential", &out->credential},
        {"X-Amz-Signature", &out->signature}, {"X-Amz-SignedHeaders", &out->signed_headers},
        {"X-Amz-Date", &out->time},           {"X-Amz-Expires", &out->expires},
        {"X-Amz-Security-Token", &out->token}};
    struct span pair;

    while (span_split(&query, '&', &pair)) {
        size_t equal = span_find(pair, '=');
        struct span name = uri_decode(arena, span_first(pair, equal), false);

        if (equal == pair.len || !span_starts(name, SPAN("X-Amz-")))
            continue;
        for (size_t i = 0; i < COUNT(PARTS); i++)
            if (span_is(name, PARTS[i].name))
                *PARTS[i].value = uri_decode(arena, span_skip(pair, equal + 1), false);
    }
    return out->algorithm.at || out->credential.at || out->signature.at;
}

/* ---- both ----------------------------------------------------------------------------------- */

static bool is_incomplete(const struct sigv4 *s)
{
    return s->credential.len == 0 || s->signature.len == 0 || s->signed_headers.len == 0 ||
           s->time.len == 0 || (s->is_presigned && s->algorithm.len == 0);
}

static void read_time_and_token(const struct sigv4_request *request, struct sigv4 *out)
{
    if (!out->is_presigned) {
        out->time = sigv4_header_find(request, SPAN("X-Amz-Date"));
        if (!out->time.at)
            out->time = sigv4_header_find(request, SPAN("Date"));
    }
    if (out->token.len == 0)
        out->token = sigv4_header_find(request, SPAN("X-Amz-Security-Token"));
}

enum sigv4_outcome sigv4_read(struct arena *arena, const struct sigv4_request *request,
                              struct sigv4 *out)
{
    struct span header = sigv4_header_find(request, SPAN("Authorization"));
    enum sigv4_outcome outcome = SIGV4_OK;

    *out = (struct sigv4){0};
    out->is_presigned = read_query(arena, request->query, out);
    out->is_there = header.at || out->is_presigned;
    if (!out->is_there)
        return SIGV4_ABSENT;
    if (header.at && out->is_presigned) {
        outcome = SIGV4_TWO_FORMS;
    } else if (header.at) {
        *out = (struct sigv4){.is_there = true};
        outcome = read_header(span_trim(header), out);
    }
    read_time_and_token(request, out);
    read_credential(out);
    if (outcome != SIGV4_OK)
        return outcome;
    if (is_incomplete(out))
        return SIGV4_INCOMPLETE;
    return span_is(out->algorithm, SIGV4_ALGORITHM) ? SIGV4_OK : SIGV4_BAD_ALGORITHM;
}
