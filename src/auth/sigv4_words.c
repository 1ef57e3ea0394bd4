/* The words of refusals: a table of outcomes (auth.md 2.3, iam-sts 6).  {1} to {4} stand for values
 * of the request. */
#include "auth/sigv4_parts.h"

#include "base/buf.h"

#define MESSAGE_MAX (64 * 1024)

struct row {
    struct span type;       /* of REST, JSON and the data plane */
    struct span query_type; /* of the query protocol */
    unsigned query_status;
    const char *text;
    const char *query_text; /* NULL: as text */
};

#define ROW(type, query_type, status, text, query_text)                  \
    {                                                                    \
        SPAN_INIT(type), SPAN_INIT(query_type), status, text, query_text \
    }
#define INCOMPLETE(text) ROW("IncompleteSignatureException", "IncompleteSignature", 400, text, NULL)
#define INVALID(text) ROW("InvalidSignatureException", "SignatureDoesNotMatch", 403, text, NULL)

static const struct row ROWS[] = {
    [SIGV4_OK] = ROW("", "", 0, "", NULL),
    [SIGV4_ABSENT] = ROW("MissingAuthenticationTokenException", "MissingAuthenticationToken", 403,
                         "Missing Authentication Token", "Request is missing Authentication Token"),
    [SIGV4_TWO_FORMS] = INVALID("Found both 'X-Amz-Algorithm' as a query-string param and "
                                "'Authorization' as HTTP header."),
    [SIGV4_NOT_PAIRS] = INCOMPLETE("'{1}' not a valid key=value pair (missing equal-sign) in "
                                   "Authorization header: '{2}'."),
    [SIGV4_INCOMPLETE] = INCOMPLETE("{1}"),
    [SIGV4_BAD_ALGORITHM] =
        INCOMPLETE("Unsupported AWS 'algorithm': '{1}' (only AWS4-HMAC-SHA256 for now). "),
    [SIGV4_BAD_TIME] = INCOMPLETE("Date must be in ISO-8601 'basic format'. Got '{1}'. See "
                                  "http://en.wikipedia.org/wiki/ISO_8601"),
    [SIGV4_BAD_CREDENTIAL] = INCOMPLETE("Credential must have exactly 5 slash-delimited elements, "
                                        "e.g. keyid/date/region/service/term, got '{1}'"),
    [SIGV4_BAD_EXPIRES] = INCOMPLETE("X-Amz-Expires must be a number between 1 and 604800"),
    [SIGV4_BAD_SCOPE] = INVALID("{1}"),
    [SIGV4_EXPIRED] = INVALID("Signature expired: {1} is now earlier than {2} ({3} - {4}.)"),
    [SIGV4_NOT_YET] = INVALID("Signature not yet current: {1} is still later than {2} "
                              "({3} + {4}.)"),
    [SIGV4_UNKNOWN_KEY] = ROW("UnrecognizedClientException", "InvalidClientTokenId", 403,
                              "The security token included in the request is invalid.", NULL),
    [SIGV4_BAD_TOKEN] = ROW("UnrecognizedClientException", "InvalidClientTokenId", 403,
                            "The security token included in the request is invalid", NULL),
    [SIGV4_EXPIRED_TOKEN] = ROW("ExpiredTokenException", "ExpiredToken", 403,
                                "The security token included in the request is expired", NULL),
    [SIGV4_UNSIGNED_HEADER] = INVALID("{1} must be a 'SignedHeader' in the AWS Authorization."),
    [SIGV4_BAD_PAYLOAD] =
        ROW("XAmzContentSHA256Mismatch", "XAmzContentSHA256Mismatch", 400,
            "The provided 'x-amz-content-sha256' header does not match what was computed.", NULL),
    [SIGV4_STREAMED_PAYLOAD] =
        ROW("NotImplemented", "NotImplemented", 501,
            "A header you provided implies functionality that is not implemented", NULL),
    [SIGV4_MISMATCH] = INVALID("The request signature we calculated does not match the signature "
                               "you provided. Check your AWS Secret Access Key and signing method. "
                               "Consult the service documentation for details.{1}"),
};

static const struct {
    int64_t skew; /* seconds */
    unsigned status;
} DIALECTS[] = {
    [SIGV4_DATA_PLANE] = {5 * 60, 403},
    [SIGV4_REST] = {5 * 60, 403},
    [SIGV4_JSON] = {5 * 60, 400},
    [SIGV4_QUERY] = {15 * 60, 0},
};

int64_t sigv4_skew(enum sigv4_dialect dialect)
{
    return DIALECTS[dialect].skew;
}

static void add_text(struct buf *out, const char *text, const struct span *values)
{
    struct span rest = span_of(text);

    while (rest.len > 0) {
        size_t brace = span_find(rest, '{');

        buf_add(out, span_first(rest, brace));
        rest = span_skip(rest, brace);
        if (rest.len < 3)
            break;
        buf_add(out, values[rest.at[1] - '1']);
        rest = span_skip(rest, 3);
    }
}

/* The message in the arena; cut where it has no room. */
void sigv4_refuse_with(struct arena *arena, enum sigv4_dialect dialect, enum sigv4_outcome outcome,
                       const struct span values[static SIGV4_VALUES_MAX], struct sigv4_refusal *out)
{
    const struct row *row = &ROWS[outcome];
    bool is_query = dialect == SIGV4_QUERY;
    const char *text = is_query && row->query_text ? row->query_text : row->text;
    bool is_s3 = outcome == SIGV4_BAD_PAYLOAD || outcome == SIGV4_STREAMED_PAYLOAD;
    struct buf message;

    /* The data plane answers all wrong tokens alike (auth.md 2.3, row 13). */
    if (outcome == SIGV4_BAD_TOKEN && dialect == SIGV4_DATA_PLANE)
        text = ROWS[SIGV4_UNKNOWN_KEY].text;
    buf_init(&message, MESSAGE_MAX);
    add_text(&message, text, values);
    *out = (struct sigv4_refusal){
        .outcome = outcome,
        .status = is_query || is_s3 ? row->query_status : DIALECTS[dialect].status,
        .type = is_query ? row->query_type : row->type,
        .message = arena_copy(arena, buf_span(&message)),
    };
    buf_release(&message);
}

/* ---- what sigv4_read finds ------------------------------------------------------------------ */

/* Each missing part has its sentence. */
static struct span missing_parts(struct arena *arena, const struct sigv4 *s, struct span header)
{
    const struct {
        bool is_missing;
        const char *in_header, *in_query;
    } PARTS[] = {
        {s->is_presigned && s->algorithm.len == 0, "", "X-Amz-Algorithm"},
        {s->credential.len == 0, "Credential", "X-Amz-Credential"},
        {s->signature.len == 0, "Signature", "X-Amz-Signature"},
        {s->signed_headers.len == 0, "SignedHeaders", "X-Amz-SignedHeaders"},
        {s->is_presigned && s->time.len == 0, "", "X-Amz-Date"},
    };
    struct span text;
    struct buf out;

    buf_init(&out, MESSAGE_MAX);
    for (size_t i = 0; i < COUNT(PARTS); i++)
        if (PARTS[i].is_missing && s->is_presigned)
            buf_addf(&out, "AWS query-string parameters must include '%s'. ", PARTS[i].in_query);
        else if (PARTS[i].is_missing)
            buf_addf(&out, "Authorization header requires '%s' parameter. ", PARTS[i].in_header);
    if (!s->is_presigned && s->time.len == 0)
        buf_add_text(&out, "Authorization header requires existence of either a 'X-Amz-Date' or a "
                           "'Date' header. ");
    if (s->is_presigned)
        buf_add_text(&out, "Re-examine the query-string parameters.");
    else
        buf_addf(&out, "Authorization=%.*s", SPAN_ARG(header));
    text = arena_copy(arena, buf_span(&out));
    buf_release(&out);
    return text;
}

/* The first piece of the list that has no equal-sign. */
static struct span first_bad_pair(const struct sigv4 *s, struct span header)
{
    struct span rest = span_trim(header), pair;

    if (s->algorithm.len > 0)
        rest = span_skip(rest, s->algorithm.len);
    while (span_split(&rest, ',', &pair)) {
        pair = span_trim(pair);
        if (pair.len > 0 && span_find(pair, '=') == pair.len)
            return pair;
    }
    return (struct span){0};
}

void sigv4_refuse(struct arena *arena, enum sigv4_dialect dialect, enum sigv4_outcome outcome,
                  const struct sigv4_request *request, const struct sigv4 *signature,
                  struct sigv4_refusal *out)
{
    struct span header = sigv4_header_find(request, SPAN("Authorization"));
    struct span values[SIGV4_VALUES_MAX] = {{0}};

    if (outcome == SIGV4_NOT_PAIRS) {
        values[0] = first_bad_pair(signature, header);
        values[1] = header;
    } else if (outcome == SIGV4_INCOMPLETE) {
        values[0] = missing_parts(arena, signature, header);
    } else if (outcome == SIGV4_BAD_ALGORITHM) {
        values[0] = signature->algorithm;
    } else if (outcome == SIGV4_BAD_TIME) {
        values[0] = signature->time;
    } else if (outcome == SIGV4_BAD_CREDENTIAL) {
        values[0] = signature->credential;
    }
    sigv4_refuse_with(arena, dialect, outcome, values, out);
}
