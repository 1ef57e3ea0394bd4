/* auth/sigv4: published signatures, the table of refusals, spellings, keys, round trips. */
#include "../unit.h"

#include "auth/sigv4.h"
#include "base/clock.h"
#include "crypto/digest.h"

#define ROOM ((size_t)4 * 1024 * 1024)
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define WALL_2015 (1440938160LL * MICROS_PER_SECOND) /* 2015-08-30T12:36:00Z */

static struct arena arena;
static struct sigv4_engine *engine;

static int set_up(void **state)
{
    arena_init(&arena, ROOM);
    engine = sigv4_engine_new(8);
    (void)state;
    return 0;
}

static int tear_down(void **state)
{
    sigv4_engine_free(engine);
    arena_release(&arena);
    (void)state;
    return 0;
}

/* ---- who is known --------------------------------------------------------------------------- */

struct resolver {
    struct sigv4_resolver base;
    const char *secret;
};

/* AKIDEXAMPLE needs no token; ASIA... the token "good"; "old" has expired. */
static enum sigv4_outcome find(struct sigv4_resolver *base, const struct sigv4 *s,
                               struct span *secret)
{
    struct resolver *resolver = (struct resolver *)base;
    bool is_session = span_starts(s->access_key, SPAN("ASIA"));

    if (!is_session && !span_is(s->access_key, "AKIDEXAMPLE"))
        return SIGV4_UNKNOWN_KEY;
    if (is_session && span_is(s->token, "old"))
        return SIGV4_EXPIRED_TOKEN;
    if (is_session ? !span_is(s->token, "good") : s->token.len > 0)
        return SIGV4_BAD_TOKEN;
    *secret = span_of(resolver->secret);
    return SIGV4_OK;
}

static struct resolver resolver = {{find}, SECRET};

/* ---- requests ------------------------------------------------------------------------------- */

#define SCOPE "AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request"
#define GOOD_SIGNATURE "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
#define GOOD                             \
    "AWS4-HMAC-SHA256 Credential=" SCOPE \
    ", SignedHeaders=content-type;host;x-amz-date, Signature=" GOOD_SIGNATURE

/* The example of AWS's documentation, with one thing different. */
struct variant {
    const char *authorization;       /* NULL: none */
    const char *time;                /* NULL: none */
    const char *query;               /* NULL: that of the example */
    const char *extra, *extra_value; /* one more header */
    const char *token;
    enum sigv4_dialect dialect;
    int64_t later; /* seconds since the request */
    const char *region;
};

static enum sigv4_outcome verify(const struct variant *v, struct sigv4_refusal *refusal)
{
    struct sigv4_header headers[6] = {
        {SPAN("Host"), SPAN("iam.amazonaws.com")},
        {SPAN("Content-Type"), SPAN("application/x-www-form-urlencoded; charset=utf-8")}};
    struct sigv4_request request = {.method = SPAN("GET"),
                                    .path = SPAN("/"),
                                    .query = SPAN("Action=ListUsers&Version=2010-05-08"),
                                    .headers = headers,
                                    .header_count = 2};
    struct sigv4_rules rules = {.dialect = v->dialect,
                                .service = SPAN("iam"),
                                .region = span_of(v->region),
                                .wall = WALL_2015 + v->later * MICROS_PER_SECOND};
    const struct {
        const char *name, *value;
    } MORE[] = {{"Authorization", v->authorization},
                {"X-Amz-Date", v->time},
                {v->extra, v->extra_value},
                {"X-Amz-Security-Token", v->token}};
    struct sigv4 signature;

    for (size_t i = 0; i < COUNT(MORE); i++)
        if (MORE[i].name && MORE[i].value)
            headers[request.header_count++] =
                (struct sigv4_header){span_of(MORE[i].name), span_of(MORE[i].value)};
    if (v->query)
        request.query = span_of(v->query);
    return sigv4_verify(engine, &arena, &rules, &request, SPAN(EMPTY), &resolver.base, &signature,
                        refusal);
}

/* ---- published ------------------------------------------------------------------------------ */

static void the_example_of_the_documentation_verifies(void **state)
{
    struct variant v = {.authorization = GOOD, .time = "20150830T123600Z"};
    struct sigv4_refusal refusal;

    for (int round = 0; round < 2; round++) /* the key derived, the key kept */
        assert_int_equal(verify(&v, &refusal), SIGV4_OK);
    v.dialect = SIGV4_QUERY;
    v.later = 15 * 60;
    assert_int_equal(verify(&v, &refusal), SIGV4_OK);
    resolver.secret = "another";
    assert_int_equal(verify(&v, &refusal), SIGV4_MISMATCH);
    resolver.secret = SECRET;
    assert_int_equal(verify(&v, &refusal), SIGV4_OK);
    (void)state;
}

static void the_presigned_example_of_s3_is_made_and_verifies(void **state)
{
    static const struct sigv4_header HOST = {SPAN_INIT("Host"),
                                             SPAN_INIT("examplebucket.s3.amazonaws.com")};
    struct sigv4_request request = {
        .method = SPAN("GET"), .path = SPAN("/test.txt"), .headers = &HOST, .header_count = 1};
    struct sigv4_signer signer = {.access_key = SPAN("AKIAIOSFODNN7EXAMPLE"),
                                  .secret = SPAN("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                                  .region = SPAN("us-east-1"),
                                  .service = SPAN("s3"),
                                  .wall = 1369353600LL * MICROS_PER_SECOND};
    struct span query;

    assert_true(
        sigv4_presign(engine, &arena, &signer, &request, SPAN("UNSIGNED-PAYLOAD"), 86400, &query));
    unit_same_text("query", query,
                   SPAN("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F"
                        "20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&"
                        "X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
                        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"));
    (void)state;
}

/* ---- refusals ------------------------------------------------------------------------------- */

#define WITH(scope) \
    "AWS4-HMAC-SHA256 Credential=" scope ", SignedHeaders=host;x-amz-date, Signature=0"
#define DATE "20150830T123600Z"
#define PRESIGNED(more)                                                                           \
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fiam%" \
    "2F"                                                                                          \
    "aws4_request&X-Amz-SignedHeaders=host&X-Amz-Date=20150830T123600Z&X-Amz-Signature=0" more

static const struct {
    const char *about;
    struct variant v;
    enum sigv4_outcome outcome;
    unsigned status;
    const char *type, *message;
} REFUSALS[] = {
    {"no signature",
     {.dialect = SIGV4_DATA_PLANE},
     SIGV4_ABSENT,
     403,
     "MissingAuthenticationTokenException",
     "Missing Authentication Token"},
    {"no signature, query protocol",
     {.dialect = SIGV4_QUERY},
     SIGV4_ABSENT,
     403,
     "MissingAuthenticationToken",
     "Request is missing Authentication Token"},
    {"no signature, JSON",
     {.dialect = SIGV4_JSON},
     SIGV4_ABSENT,
     400,
     "MissingAuthenticationTokenException",
     "Missing Authentication Token"},
    {"both forms",
     {.authorization = GOOD, .time = DATE, .query = PRESIGNED("")},
     SIGV4_TWO_FORMS,
     403,
     "InvalidSignatureException",
     "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."},
    {"a bearer token",
     {.authorization = "Bearer sometoken"},
     SIGV4_NOT_PAIRS,
     403,
     "IncompleteSignatureException",
     "'sometoken' not a valid key=value pair (missing equal-sign) in Authorization header: "
     "'Bearer sometoken'."},
    {"a bare token",
     {.authorization = "sometoken"},
     SIGV4_NOT_PAIRS,
     403,
     "IncompleteSignatureException",
     "'sometoken' not a valid key=value pair (missing equal-sign) in Authorization header: "
     "'sometoken'."},
    {"one pair without an equal-sign",
     {.authorization = "AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders"},
     SIGV4_NOT_PAIRS,
     403,
     "IncompleteSignatureException",
     "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: "
     "'AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders'."},
    {"empty pairs do not count",
     {.authorization = "AWS4-HMAC-SHA256 ,Signature=b,, Credential,"},
     SIGV4_NOT_PAIRS,
     403,
     "IncompleteSignatureException",
     "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: "
     "'AWS4-HMAC-SHA256 ,Signature=b,, Credential,'."},
    {"basic authentication",
     {.authorization = "Basic dXNlcjpwYXNz=="},
     SIGV4_INCOMPLETE,
     403,
     "IncompleteSignatureException",
     "Authorization header requires 'Credential' parameter. Authorization header requires "
     "'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "
     "Authorization "
     "header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
     "Authorization=Basic dXNlcjpwYXNz=="},
    {"only the algorithm",
     {.authorization = "AWS4-HMAC-SHA256", .time = DATE},
     SIGV4_INCOMPLETE,
     403,
     "IncompleteSignatureException",
     "Authorization header requires 'Credential' parameter. Authorization header requires "
     "'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "
     "Authorization=AWS4-HMAC-SHA256"},
    {"no Credential",
     {.authorization = "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0", .time = DATE},
     SIGV4_INCOMPLETE,
     403,
     "IncompleteSignatureException",
     "Authorization header requires 'Credential' parameter. "
     "Authorization=AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0"},
    {"no Signature",
     {.authorization = "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host", .time = DATE},
     SIGV4_INCOMPLETE,
     403,
     "IncompleteSignatureException",
     "Authorization header requires 'Signature' parameter. "
     "Authorization=AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host"},
    {"no SignedHeaders",
     {.authorization = "AWS4-HMAC-SHA256 Credential=a,Signature=0", .time = DATE},
     SIGV4_INCOMPLETE,
     403,
     "IncompleteSignatureException",
     "Authorization header requires 'SignedHeaders' parameter. "
     "Authorization=AWS4-HMAC-SHA256 Credential=a,Signature=0"},
    {"no date",
     {.authorization = WITH(SCOPE)},
     SIGV4_INCOMPLETE,
     403,
     "IncompleteSignatureException",
     "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
     "Authorization=" WITH(SCOPE)},
    {"a query with only an algorithm",
     {.query = "X-Amz-Algorithm=AWS4-HMAC-SHA256"},
     SIGV4_INCOMPLETE,
     403,
     "IncompleteSignatureException",
     "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters "
     "must "
     "include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. "
     "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string "
     "parameters."},
    {"a query with only a signature",
     {.query = "X-Amz-Signature=0", .dialect = SIGV4_QUERY},
     SIGV4_INCOMPLETE,
     400,
     "IncompleteSignature",
     "AWS query-string parameters must include 'X-Amz-Algorithm'. AWS query-string parameters must "
     "include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. "
     "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string "
     "parameters."},
    {"another algorithm",
     {.authorization = "AWS3 Credential=" SCOPE ",SignedHeaders=host,Signature=0", .time = DATE},
     SIGV4_BAD_ALGORITHM,
     403,
     "IncompleteSignatureException",
     "Unsupported AWS 'algorithm': 'AWS3' (only AWS4-HMAC-SHA256 for now). "},
    {"a date of HTTP",
     {.authorization = WITH(SCOPE), .time = "Sun, 30 Aug 2015 12:36:00 GMT"},
     SIGV4_BAD_TIME,
     403,
     "IncompleteSignatureException",
     "Date must be in ISO-8601 'basic format'. Got 'Sun, 30 Aug 2015 12:36:00 GMT'. See "
     "http://en.wikipedia.org/wiki/ISO_8601"},
    {"a short scope",
     {.authorization = WITH("a/b/c/d"), .time = DATE},
     SIGV4_BAD_CREDENTIAL,
     403,
     "IncompleteSignatureException",
     "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term,"
     " got 'a/b/c/d'"},
    {"a long scope",
     {.authorization = WITH(SCOPE "/x"), .time = DATE, .dialect = SIGV4_QUERY},
     SIGV4_BAD_CREDENTIAL,
     400,
     "IncompleteSignature",
     "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term,"
     " got '" SCOPE "/x'"},
    {"good for nothing",
     {.query = PRESIGNED("&X-Amz-Expires=0")},
     SIGV4_BAD_EXPIRES,
     403,
     "IncompleteSignatureException",
     "X-Amz-Expires must be a number between 1 and 604800"},
    {"good for more than a week",
     {.query = PRESIGNED("&X-Amz-Expires=604801")},
     SIGV4_BAD_EXPIRES,
     403,
     "IncompleteSignatureException",
     "X-Amz-Expires must be a number between 1 and 604800"},
    {"another date",
     {.authorization = WITH("AKIDEXAMPLE/20150829/us-east-1/iam/aws4_request"), .time = DATE},
     SIGV4_BAD_SCOPE,
     403,
     "InvalidSignatureException",
     "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
     "'20150829' != '20150830', from '20150830T123600Z'."},
    {"another region",
     {.authorization = WITH(SCOPE), .time = DATE, .region = "eu-west-1"},
     SIGV4_BAD_SCOPE,
     403,
     "InvalidSignatureException",
     "Credential should be scoped to a valid region, not 'us-east-1'. "},
    {"another service",
     {.authorization = WITH("AKIDEXAMPLE/20150830/us-east-1/sts/aws4_request"), .time = DATE},
     SIGV4_BAD_SCOPE,
     403,
     "InvalidSignatureException",
     "Credential should be scoped to correct service: 'iam'. "},
    {"another end",
     {.authorization = WITH("AKIDEXAMPLE/20150830/us-east-1/iam/aws5"), .time = DATE},
     SIGV4_BAD_SCOPE,
     403,
     "InvalidSignatureException",
     "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'."},
    {"all wrong",
     {.authorization = WITH("AKIDEXAMPLE/b/c/d/e"),
      .time = DATE,
      .region = "eu-west-1",
      .dialect = SIGV4_QUERY},
     SIGV4_BAD_SCOPE,
     403,
     "SignatureDoesNotMatch",
     "Credential should be scoped to a valid region, not 'c'. Credential should be scoped to "
     "correct "
     "service: 'iam'. Credential should be scoped with a valid terminator: 'aws4_request', not "
     "'e'. "
     "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
     "'b' "
     "!= '20150830', from '20150830T123600Z'."},
    {"too old",
     {.authorization = GOOD, .time = DATE, .later = 301},
     SIGV4_EXPIRED,
     403,
     "InvalidSignatureException",
     "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - "
     "5 min.)"},
    {"too old for the query protocol",
     {.authorization = GOOD, .time = DATE, .later = 901, .dialect = SIGV4_QUERY},
     SIGV4_EXPIRED,
     403,
     "SignatureDoesNotMatch",
     "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - "
     "15 min.)"},
    {"too new",
     {.authorization = GOOD, .time = DATE, .later = -301},
     SIGV4_NOT_YET,
     403,
     "InvalidSignatureException",
     "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z "
     "(20150830T123059Z + 5 min.)"},
    {"presigned and expired",
     {.query = PRESIGNED("&X-Amz-Expires=60"), .later = 61},
     SIGV4_EXPIRED,
     403,
     "InvalidSignatureException",
     "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T123701Z - "
     "1 min.)"},
    {"presigned for less than a minute",
     {.query = PRESIGNED("&X-Amz-Expires=30"), .later = 31},
     SIGV4_EXPIRED,
     403,
     "InvalidSignatureException",
     "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T123631Z - "
     "30 sec.)"},
    {"an unknown key",
     {.authorization = WITH("AKIDNOBODY/20150830/us-east-1/iam/aws4_request"), .time = DATE},
     SIGV4_UNKNOWN_KEY,
     403,
     "UnrecognizedClientException",
     "The security token included in the request is invalid."},
    {"an unknown key, query protocol",
     {.authorization = WITH("AKIDNOBODY/20150830/us-east-1/iam/aws4_request"),
      .time = DATE,
      .dialect = SIGV4_QUERY},
     SIGV4_UNKNOWN_KEY,
     403,
     "InvalidClientTokenId",
     "The security token included in the request is invalid."},
    {"a token that is not wanted",
     {.authorization = GOOD, .time = DATE, .token = "good", .dialect = SIGV4_QUERY},
     SIGV4_BAD_TOKEN,
     403,
     "InvalidClientTokenId",
     "The security token included in the request is invalid"},
    {"no token",
     {.authorization = WITH("ASIA/20150830/us-east-1/iam/aws4_request"), .time = DATE},
     SIGV4_BAD_TOKEN,
     403,
     "UnrecognizedClientException",
     "The security token included in the request is invalid."},
    {"an old token",
     {.authorization = WITH("ASIA/20150830/us-east-1/iam/aws4_request"),
      .time = DATE,
      .token = "old",
      .dialect = SIGV4_JSON},
     SIGV4_EXPIRED_TOKEN,
     400,
     "ExpiredTokenException",
     "The security token included in the request is expired"},
    {"Host is not signed",
     {.authorization =
          "AWS4-HMAC-SHA256 Credential=" SCOPE ", SignedHeaders=x-amz-date, Signature=0",
      .time = DATE},
     SIGV4_UNSIGNED_HEADER,
     403,
     "InvalidSignatureException",
     "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
    {"a header of AWS is not signed",
     {.authorization = GOOD, .time = DATE, .extra = "X-Amz-Target", .extra_value = "a.B"},
     SIGV4_UNSIGNED_HEADER,
     403,
     "InvalidSignatureException",
     "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."},
    {"another signature",
     {.authorization = WITH(SCOPE), .time = DATE},
     SIGV4_MISMATCH,
     403,
     "InvalidSignatureException",
     "The request signature we calculated does not match the signature you provided. Check your "
     "AWS "
     "Secret Access Key and signing method. Consult the service documentation for details."},
    {"another signature, query protocol",
     {.authorization = WITH(SCOPE), .time = DATE, .dialect = SIGV4_QUERY},
     SIGV4_MISMATCH,
     403,
     "SignatureDoesNotMatch",
     "The request signature we calculated does not match the signature you provided. Check your "
     "AWS "
     "Secret Access Key and signing method. Consult the service documentation for details."},
};

static void refusals_have_the_words_of_aws(void **state)
{
    for (size_t i = 0; i < COUNT(REFUSALS); i++) {
        struct sigv4_refusal refusal = {0};
        enum sigv4_outcome outcome = verify(&REFUSALS[i].v, &refusal);

        if (outcome != REFUSALS[i].outcome || refusal.outcome != outcome ||
            refusal.status != REFUSALS[i].status)
            fail_msg("%s: outcome %d, status %u", REFUSALS[i].about, outcome, refusal.status);
        unit_same_text(REFUSALS[i].about, refusal.type, span_of(REFUSALS[i].type));
        unit_same_text(REFUSALS[i].about, refusal.message, span_of(REFUSALS[i].message));
    }
    (void)state;
}

/* ---- spellings ------------------------------------------------------------------------------ */

static void a_request_has_one_canonical_form(void **state)
{
    static const struct {
        const char *path, *query, *want_path, *want_query;
    } CASES[] = {
        {"/", "", "/", ""},
        {"", "", "/", ""},
        {"/dev/a b", "", "/dev/a%20b", ""},
        {"/dev/a%20b", "", "/dev/a%2520b", ""},
        {"/dev/@connections/abc%3D", "", "/dev/%40connections/abc%253D", ""},
        {"/a/", "", "/a/", ""},
        {"//a///b//", "", "/a/b/", ""},
        {"/a/./b", "", "/a/b", ""},
        {"/a/../b", "", "/b", ""},
        {"/a/..", "", "/", ""},
        {"/../../a", "", "/a", ""},
        {"/a/b/../../c/", "", "/c/", ""},
        {"/%2e%2e/a", "", "/%252e%252e/a", ""},
        {"*", "", "%2A", ""},
        {"/-._~", "", "/-._~", ""},
        {"/\xc3\xa9", "", "/%C3%A9", ""},
        {"/", "b=2&a=1", "/", "a=1&b=2"},
        {"/", "a=2&a=1", "/", "a=1&a=2"},
        {"/", "a", "/", "a="},
        {"/", "a&a=", "/", "a=&a="},
        {"/", "&&a=1&", "/", "a=1"},
        {"/", "a=b=c", "/", "a=b%3Dc"},
        {"/", "a=%7e%2f%2F~/", "/", "a=~%2F%2F~%2F"},
        {"/", "a=b+c", "/", "a=b%2Bc"},
        {"/", "a=%zz%4", "/", "a=%25zz%254"},
        {"/", "%C3%A9=1&e=2&E=3", "/", "%C3%A9=1&E=3&e=2"},
        {"/", "a-b=1&a=2", "/", "a=2&a-b=1"},
        {"/", "=x", "/", "=x"},
    };
    static const struct sigv4_header headers[] = {
        {SPAN("Host"), SPAN(" h ")},
        {SPAN("X-Amz-Date"), SPAN("20150830T123600Z")},
        {SPAN("My-Header"), SPAN("  a \t  b  ")},
        {SPAN("my-header"), SPAN("c")},
        {SPAN("Authorization"),
         SPAN("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/r/execute-api/aws4_request, "
              "SignedHeaders=host;my-header;x-amz-date, Signature=0")},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct sigv4_request request = {.method = SPAN("GET"),
                                        .path = span_of(CASES[i].path),
                                        .query = span_of(CASES[i].query),
                                        .headers = headers,
                                        .header_count = COUNT(headers)};
        struct sigv4_rules rules = {.wall = WALL_2015, .tells_canonical = true};
        struct sigv4_refusal refusal;
        struct sigv4 signature;
        struct span want;

        assert_int_equal(sigv4_verify(engine, &arena, &rules, &request, SPAN(EMPTY), &resolver.base,
                                      &signature, &refusal),
                         SIGV4_MISMATCH);
        want = arena_format(&arena, "'GET\n%s\n%s\nhost:h\nmy-header:a b,c\n", CASES[i].want_path,
                            CASES[i].want_query);
        if (span_search(refusal.message, want) == refusal.message.len)
            fail_msg("%s?%s: %.*s", CASES[i].path, CASES[i].query, SPAN_ARG(refusal.message));
    }
    (void)state;
}

/* ---- round trips ---------------------------------------------------------------------------- */

static void what_is_signed_verifies_and_what_is_changed_does_not(void **state)
{
    struct sigv4_header headers[8] = {{SPAN("Host"), SPAN("h:8080")},
                                      {SPAN("Accept"), SPAN("*/*")},
                                      {SPAN("User-Agent"), SPAN("me")},
                                      {SPAN("X-Amz-Target"), SPAN("a.B")}};
    struct sigv4_request request = {.method = SPAN("POST"),
                                    .path = SPAN("/dev/a%20b"),
                                    .query = SPAN("b=1&a=%20"),
                                    .headers = headers,
                                    .header_count = 4};
    struct sigv4_signer signer = {.access_key = SPAN("ASIAEXAMPLE"),
                                  .secret = SPAN(SECRET),
                                  .token = SPAN("good"),
                                  .region = SPAN("us-east-1"),
                                  .service = SPAN("execute-api"),
                                  .wall = WALL_2015};
    struct sigv4_rules rules = {.service = SPAN("execute-api"), .wall = WALL_2015};
    struct sigv4_refusal refusal;
    struct sigv4 signature;
    char payload[SHA256_HEX_LEN + 1];
    unsigned added;

    digest_sha256_hex(SPAN("{\"a\":1}"), payload);
    assert_true(
        sigv4_sign(engine, &arena, &signer, &request, span_of(payload), headers + 4, &added));
    assert_int_equal(added, 3);
    request.header_count += added;
    unit_same_text("signed", headers[6].name, SPAN("Authorization"));
    assert_true(span_search(headers[6].value,
                            SPAN("SignedHeaders=accept;host;x-amz-date;x-amz-security-token;"
                                 "x-amz-target,")) < headers[6].value.len);
#define VERIFY(hash) \
    sigv4_verify(engine, &arena, &rules, &request, hash, &resolver.base, &signature, &refusal)
    assert_int_equal(VERIFY(span_of(payload)), SIGV4_OK);
    unit_same_text("key", signature.access_key, SPAN("ASIAEXAMPLE"));
    unit_same_text("token", signature.token, SPAN("good"));
    assert_int_equal(VERIFY(SPAN(EMPTY)), SIGV4_MISMATCH);
    request.method = SPAN("PUT");
    assert_int_equal(VERIFY(span_of(payload)), SIGV4_MISMATCH);
    request.method = SPAN("POST");
    request.path = SPAN("/dev/a b");
    assert_int_equal(VERIFY(span_of(payload)), SIGV4_MISMATCH);
    request.path = SPAN("/dev/a%20b");
    headers[1].value = SPAN("text/html");
    assert_int_equal(VERIFY(span_of(payload)), SIGV4_MISMATCH);
    headers[1].value = SPAN("*/*");
    headers[2].value = SPAN("a proxy");
    assert_int_equal(VERIFY(span_of(payload)), SIGV4_OK);
    (void)state;
}

static void a_presigned_url_verifies_while_it_lasts(void **state)
{
    static const struct sigv4_header HOST = {SPAN_INIT("Host"), SPAN_INIT("h")};
    struct sigv4_request request = {.method = SPAN("GET"),
                                    .path = SPAN("/dev/x"),
                                    .query = SPAN("q=a%20b&Z=1"),
                                    .headers = &HOST,
                                    .header_count = 1};
    struct sigv4_signer signer = {.access_key = SPAN("ASIAEXAMPLE"),
                                  .secret = SPAN(SECRET),
                                  .token = SPAN("good"),
                                  .region = SPAN("us-east-1"),
                                  .service = SPAN("execute-api"),
                                  .wall = WALL_2015};
    struct sigv4_rules rules = {.wall = WALL_2015 + 3600LL * MICROS_PER_SECOND};
    struct sigv4_refusal refusal;
    struct sigv4 signature;
    struct span query;

    assert_true(sigv4_presign(engine, &arena, &signer, &request, SPAN(EMPTY), 3600, &query));
    request.query = query;
    assert_int_equal(VERIFY(SPAN(EMPTY)), SIGV4_OK);
    assert_true(signature.is_presigned);
    rules.wall += MICROS_PER_SECOND;
    assert_int_equal(VERIFY(SPAN(EMPTY)), SIGV4_EXPIRED);
    rules.wall = WALL_2015;
    request.query = arena_format(&arena, "%.*s&more=1", SPAN_ARG(query));
    assert_int_equal(VERIFY(SPAN(EMPTY)), SIGV4_MISMATCH);
    (void)state;
}

static void only_s3_may_leave_its_payload_unsigned(void **state)
{
    static const struct {
        const char *service, *said;
        enum sigv4_outcome outcome;
    } CASES[] = {
        {"s3", "UNSIGNED-PAYLOAD", SIGV4_OK},
        {"s3", EMPTY, SIGV4_OK},
        {"s3", "0", SIGV4_BAD_PAYLOAD},
        {"s3", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", SIGV4_STREAMED_PAYLOAD},
        {"execute-api", "UNSIGNED-PAYLOAD", SIGV4_MISMATCH},
        {"execute-api", EMPTY, SIGV4_OK},
        {"lambda", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", SIGV4_MISMATCH},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct sigv4_header headers[8] = {{SPAN("Host"), SPAN("h")},
                                          {SPAN("X-Amz-Content-Sha256"), span_of(CASES[i].said)}};
        struct sigv4_request request = {
            .method = SPAN("PUT"), .path = SPAN("/a"), .headers = headers, .header_count = 2};
        struct sigv4_signer signer = {.access_key = SPAN("AKIDEXAMPLE"),
                                      .secret = SPAN(SECRET),
                                      .region = SPAN("us-east-1"),
                                      .service = span_of(CASES[i].service),
                                      .wall = WALL_2015};
        struct sigv4_rules rules = {.wall = WALL_2015};
        struct sigv4_refusal refusal;
        struct sigv4 signature;
        unsigned added;

        assert_true(sigv4_sign(engine, &arena, &signer, &request, span_of(CASES[i].said),
                               headers + 2, &added));
        request.header_count += added;
        if (VERIFY(SPAN(EMPTY)) != CASES[i].outcome)
            fail_msg("%s, %s: %d", CASES[i].service, CASES[i].said, VERIFY(SPAN(EMPTY)));
    }
    (void)state;
}

/* Everywhere else "/a//b" and "/a/b" are the same. */
static void paths_of_s3_are_taken_as_they_are(void **state)
{
    static const char *const SERVICES[] = {"s3", "lambda"}, *const PATHS[] = {"/a//b", "/a/b"};
    struct span signature[2][2];

    for (int i = 0; i < 4; i++) {
        static const struct sigv4_header HOST = {SPAN_INIT("Host"), SPAN_INIT("h")};
        struct sigv4_request request = {.method = SPAN("GET"),
                                        .path = span_of(PATHS[i % 2]),
                                        .headers = &HOST,
                                        .header_count = 1};
        struct sigv4_signer signer = {.access_key = SPAN("AKIDEXAMPLE"),
                                      .secret = SPAN(SECRET),
                                      .region = SPAN("r"),
                                      .service = span_of(SERVICES[i / 2]),
                                      .wall = WALL_2015};
        struct sigv4_header added[SIGV4_ADDED_MAX];
        unsigned count;

        assert_true(sigv4_sign(engine, &arena, &signer, &request, SPAN(EMPTY), added, &count));
        signature[i / 2][i % 2] = added[count - 1].value;
    }
    assert_false(span_equal(signature[0][0], signature[0][1]));
    assert_true(span_equal(signature[1][0], signature[1][1]));
    (void)state;
}

static void a_list_of_more_names_than_headers_is_a_mismatch(void **state)
{
    struct variant v = {.time = "20150830T123600Z"};
    struct sigv4_refusal refusal;
    struct buf text;

    buf_init(&text, 65536);
    buf_add_text(&text, "AWS4-HMAC-SHA256 Credential=" SCOPE ", Signature=0, SignedHeaders=host");
    for (int i = 0; i < 8000; i++)
        buf_add_text(&text, ";a");
    v.authorization = buf_text(&text);
    assert_int_equal(verify(&v, &refusal), SIGV4_MISMATCH);
    buf_release(&text);
    (void)state;
}

/* More keys than are kept: each still gives its own signature. */
static void keys_give_way_to_newer_ones(void **state)
{
    struct span first[40];

    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 40; i++) {
            struct sigv4_header headers[4] = {{SPAN("Host"), SPAN("h")}};
            struct sigv4_request request = {
                .method = SPAN("GET"), .path = SPAN("/"), .headers = headers, .header_count = 1};
            struct sigv4_signer signer = {.access_key = SPAN("AKIDEXAMPLE"),
                                          .secret = SPAN(SECRET),
                                          .region = arena_format(&arena, "region-%d", i),
                                          .service = SPAN("lambda"),
                                          .wall = WALL_2015};
            unsigned added;

            assert_true(
                sigv4_sign(engine, &arena, &signer, &request, SPAN(EMPTY), headers + 1, &added));
            if (round == 0)
                first[i] = headers[2].value;
            else
                unit_same_text("again", headers[2].value, first[i]);
        }
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(the_example_of_the_documentation_verifies),
    cmocka_unit_test(the_presigned_example_of_s3_is_made_and_verifies),
    cmocka_unit_test(refusals_have_the_words_of_aws),
    cmocka_unit_test(a_request_has_one_canonical_form),
    cmocka_unit_test(what_is_signed_verifies_and_what_is_changed_does_not),
    cmocka_unit_test(a_presigned_url_verifies_while_it_lasts),
    cmocka_unit_test(only_s3_may_leave_its_payload_unsigned),
    cmocka_unit_test(paths_of_s3_are_taken_as_they_are),
    cmocka_unit_test(a_list_of_more_names_than_headers_is_a_mismatch),
    cmocka_unit_test(keys_give_way_to_newer_ones),
};

int main(void)
{
    return cmocka_run_group_tests(TESTS, set_up, tear_down);
}
