/* Measures what a protected call costs: its signature, the policies that permit it, or
 * its token, which was verified before.
 *
 *   auth [NAME [TIMES]] */
#include "bench.h"

#include "auth/policy.h"
#include "auth/sigv4.h"
#include "base/base64.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include "crypto/jose.h"
#include "crypto/jose_cache.h"

#define ROOM ((size_t)16 * 1024 * 1024)
#define STATEMENTS 20
#define BODY_LEN 1024
#define WALL (1440938160LL * MICROS_PER_SECOND)

struct bench {
    struct arena arena; /* of one operation */
    const struct policy *policy;
    struct policy_context context;
    struct policy_request asked;
    struct sigv4_engine *engine;
    struct sigv4_header headers[12];
    struct sigv4_request request;
    char body[BODY_LEN];
    struct sha256 hash;
    struct jose_cache *cache;
    struct buf token;
};

/* ---- a policy of 20 statements, the last of which permits ------------------------------------ */

static void make_policy(struct bench *b, struct arena *kept)
{
    struct problem why;
    struct buf text;

    buf_init(&text, ROOM);
    buf_add_text(&text, "{\"Version\":\"2012-10-17\",\"Statement\":[");
    for (unsigned i = 0; i < STATEMENTS; i++)
        buf_addf(&text,
                 "%s{\"Sid\":\"s%u\",\"Effect\":\"Allow\",\"Action\":[\"execute-api:Invoke\","
                 "\"execute-api:Manage*\"],\"Resource\":\"arn:aws:execute-api:us-east-1:"
                 "111122223333:abcdefghij/dev/GET/orders/%u/*\",\"Condition\":{\"StringLike\":"
                 "{\"aws:username\":\"b*\"},\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}}}",
                 i ? "," : "", i, i);
    buf_add_text(&text, "]}");
    expect(policy_parse(kept, arena_copy(kept, buf_span(&text)), POLICY_IDENTITY, &b->policy,
                        &why) == OK,
           why.text);
    buf_release(&text);
    policy_context_init(&b->context);
    policy_context_set(&b->context, SPAN("aws:SourceIp"), SPAN("10.1.2.3"));
    policy_context_set(&b->context, SPAN("aws:username"), SPAN("bob"));
    b->asked = (struct policy_request){
        .action = SPAN("execute-api:Invoke"),
        .resource = SPAN("arn:aws:execute-api:us-east-1:111122223333:abcdefghij/dev/GET/orders/19/"
                         "items"),
        .context = &b->context};
}

static void ask_policy(struct bench *b)
{
    expect(policy_evaluate(b->policy, &b->asked).effect == POLICY_ALLOWS, "policy");
}

/* ---- a signed request of 1 KB -----------------------------------------------------------------
 */

static enum sigv4_outcome find(struct sigv4_resolver *resolver, const struct sigv4 *signature,
                               struct span *secret)
{
    (void)resolver;
    (void)signature;
    *secret = SPAN("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    return SIGV4_OK;
}

static struct sigv4_resolver resolver = {find};

static void hash_body(struct bench *b, char hex[static SHA256_HEX_LEN + 1])
{
    unsigned char digest[SHA256_LEN];

    sha256_start(&b->hash);
    sha256_add(&b->hash, span_make(b->body, BODY_LEN));
    sha256_end(&b->hash, digest);
    digest_hex(digest, hex);
}

static void make_request(struct bench *b, struct arena *kept)
{
    static const struct sigv4_header HEADERS[] = {
        {SPAN_INIT("Host"), SPAN_INIT("abcdefghij.execute-api.us-east-1.amazonaws.com")},
        {SPAN_INIT("Content-Type"), SPAN_INIT("application/json")},
        {SPAN_INIT("Accept"), SPAN_INIT("*/*")},
        {SPAN_INIT("Accept-Encoding"), SPAN_INIT("gzip, deflate, br")},
        {SPAN_INIT("User-Agent"), SPAN_INIT("aws-sdk-js/3.0 ua/2.0 os/linux lang/js")},
        {SPAN_INIT("amz-sdk-invocation-id"), SPAN_INIT("4a2b1c9e-7d1f-4f0e-9b59-0a5c0c2d6b11")},
        {SPAN_INIT("Content-Length"), SPAN_INIT("1024")},
    };
    struct sigv4_signer signer = {.access_key = SPAN("AKIDEXAMPLE"),
                                  .region = SPAN("us-east-1"),
                                  .service = SPAN("execute-api"),
                                  .wall = WALL};
    char payload[SHA256_HEX_LEN + 1];
    unsigned added;

    memcpy(b->headers, HEADERS, sizeof HEADERS);
    memset(b->body, 'x', BODY_LEN);
    b->request = (struct sigv4_request){.method = SPAN("POST"),
                                        .path = SPAN("/dev/orders/19/items"),
                                        .query = SPAN("limit=10&after=abc%3D"),
                                        .headers = b->headers,
                                        .header_count = COUNT(HEADERS)};
    find(&resolver, NULL, &signer.secret);
    hash_body(b, payload);
    expect(sigv4_sign(b->engine, kept, &signer, &b->request, span_of(payload),
                      b->headers + COUNT(HEADERS), &added),
           "sign");
    b->request.header_count += added;
}

static void verify_request(struct bench *b)
{
    struct sigv4_rules rules = {.service = SPAN("execute-api"), .wall = WALL};
    struct sigv4_refusal refusal;
    struct sigv4 signature;
    char payload[SHA256_HEX_LEN + 1];

    hash_body(b, payload);
    expect(sigv4_verify(b->engine, &b->arena, &rules, &b->request, span_of(payload), &resolver,
                        &signature, &refusal) == SIGV4_OK,
           "verify");
}

/* ---- a token of a user pool, remembered ------------------------------------------------------ */

#define TOKEN_NOW 1700000000
#define SIGNATURE_LEN 342 /* of 2,048 bits */

static void add_part(struct buf *out, struct span text)
{
    char *room = buf_room(out, base64_len(text.len));

    expect(room, "memory");
    out->len += base64_encode_url(text, room);
}

static void make_token(struct bench *b)
{
    static const char CLAIMS[] =
        "{\"sub\":\"5f1c7a52-6b0e-4f0c-9f0e-2f6a1b9c8d7e\",\"cognito:groups\":[\"admins\","
        "\"users\"],\"iss\":\"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example01\","
        "\"version\":2,\"client_id\":\"4a1b2c3d4e5f6g7h8i9j0k1l2m\",\"token_use\":\"access\","
        "\"scope\":\"orders/read orders/write\",\"auth_time\":1699999000,\"exp\":1700003600,"
        "\"iat\":1699999000,\"jti\":\"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9\",\"username\":"
        "\"aino.virtanen\"}";
    static const char HEADER[] =
        "{\"kid\":\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq=\",\"alg\":\"RS256\"}";
    struct jose_token token;

    buf_init(&b->token, JOSE_TOKEN_MAX);
    b->cache = jose_cache_new(1024);
    add_part(&b->token, span_of(HEADER));
    buf_add_char(&b->token, '.');
    add_part(&b->token, span_of(CLAIMS));
    buf_add_char(&b->token, '.');
    for (int i = 0; i < SIGNATURE_LEN; i++) /* it is remembered, so nobody looks at it */
        buf_add_char(&b->token, 'A');
    expect(jose_read(&b->arena, buf_span(&b->token), JOSE_RSA, &token) == JOSE_OK, "token");
    jose_cache_add(b->cache, SPAN("authorizer"), buf_span(&b->token), token.claims, TOKEN_NOW);
    arena_reset(&b->arena);
}

static void find_token(struct bench *b)
{
    struct jose_entry *entry =
        jose_cache_take(b->cache, SPAN("authorizer"), buf_span(&b->token), TOKEN_NOW);

    expect(entry, "remembered token");
    jose_cache_give(entry);
}

/* ---- all --------------------------------------------------------------------------------------
 */

struct turn {
    struct bench *bench;
    void (*operation)(struct bench *);
};

/* A function of its own, so that ./instructions can tell what belongs to an operation. */
__attribute__((noinline)) static void take_turn(void *context)
{
    const struct turn *turn = context;

    turn->operation(turn->bench);
    arena_reset(&turn->bench->arena);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*operation)(struct bench *);
    } ROWS[] = {
        {"policy", ask_policy},
        {"sigv4", verify_request},
        {"token", find_token},
    };
    static struct bench b;
    struct arena kept;

    arena_init(&kept, ROOM);
    arena_init(&b.arena, ROOM);
    sha256_init(&b.hash);
    b.engine = sigv4_engine_new(64);
    make_policy(&b, &kept);
    make_request(&b, &kept);
    make_token(&b);
    for (size_t i = 0; i < COUNT(ROWS); i++)
        if (argc < 2 || strcmp(argv[1], ROWS[i].name) == 0)
            measure(ROWS[i].name, take_turn, &(struct turn){&b, ROWS[i].operation},
                    argc == 3 ? argv[2] : NULL);
    jose_cache_free(b.cache);
    buf_release(&b.token);
    sigv4_engine_free(b.engine);
    sha256_release(&b.hash);
    arena_release(&b.arena);
    arena_release(&kept);
    return 0;
}
