/* crypto/jose: the examples of RFC 7515, tokens with every part wrong, claims, the cache. */
#include "../unit.h"

#include "base/base64.h"
#include "crypto/jose.h"
#include "crypto/jose_cache.h"

#define ROOM ((size_t)4 * 1024 * 1024)

/* RFC 7515, appendices A.2 and A.3. */
#define CLAIMS                                                                                 \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0" \
    "cnVlfQ"
static const char RS256[] =
    "eyJhbGciOiJSUzI1NiJ9." CLAIMS
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W"
    "2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQB"
    "MHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2"
    "w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
static const char ES256[] =
    "eyJhbGciOiJFUzI1NiJ9." CLAIMS
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
#define RSA_N                                                                                      \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4" \
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re" \
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX" \
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RSA_KEY "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\""
#define EC_KEY                                                                                 \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""

/* Reads and verifies with a key set. */
static enum jose_outcome judge(struct span text, unsigned algorithms, const char *set)
{
    struct jose_token token;
    struct problem why = {0};
    struct arena arena;
    struct jwks *jwks;
    enum jose_outcome outcome;

    if (jwks_parse(span_of(set), &jwks, &why) != OK)
        fail_msg("%s: %s", set, why.text);
    arena_init(&arena, ROOM);
    outcome = jose_read(&arena, text, algorithms, &token);
    if (outcome == JOSE_OK)
        outcome = jose_verify(&token, jwks);
    arena_release(&arena);
    jwks_free(jwks);
    return outcome;
}

static void the_examples_of_the_standard_are_verified(void **state)
{
    assert_int_equal(judge(SPAN(""), JOSE_RSA, "{\"keys\":[]}"), JOSE_MALFORMED);
    assert_int_equal(judge(span_of(RS256), JOSE_RSA, "{\"keys\":[" RSA_KEY "}]}"), JOSE_OK);
    assert_int_equal(judge(span_of(ES256), JOSE_EC, "{\"keys\":[" EC_KEY "}]}"), JOSE_OK);
    assert_int_equal(judge(span_of(ES256), JOSE_RSA, "{\"keys\":[" EC_KEY "}]}"),
                     JOSE_BAD_ALGORITHM);
    (void)state;
}

static void every_changed_character_is_noticed(void **state)
{
    char text[sizeof ES256];

    for (size_t i = 0; i < sizeof ES256 - 1; i++) {
        enum jose_outcome outcome;

        memcpy(text, ES256, sizeof text);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        outcome = judge(span_of(text), JOSE_EC, "{\"keys\":[" EC_KEY "}]}");
        if (outcome == JOSE_OK)
            fail_msg("the character at %zu is not noticed", i);
    }
    (void)state;
}

static void keys_that_cannot_verify_are_left_out(void **state)
{
    static const struct {
        const char *about, *keys;
        size_t count;
    } CASES[] = {
        {"none", "", 0},
        {"both kinds", RSA_KEY "}," EC_KEY "}", 2},
        {"for encryption", RSA_KEY ",\"use\":\"enc\"}", 0},
        {"for signatures", RSA_KEY ",\"use\":\"sig\",\"alg\":\"RS256\"}", 1},
        {"operations",
         RSA_KEY ",\"key_ops\":[\"sign\",\"verify\"]}," RSA_KEY ",\"key_ops\":[\"encrypt\"]}", 1},
        {"another algorithm", RSA_KEY ",\"alg\":\"PS256\"}," RSA_KEY ",\"alg\":\"HS256\"}", 0},
        {"an algorithm of another kind", RSA_KEY ",\"alg\":\"ES256\"}", 0},
        {"a secret", "{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}", 0},
        {"a short modulus",
         "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAk\"}", 0},
        {"an even exponent", "{\"kty\":\"RSA\",\"e\":\"AQAA\",\"n\":\"" RSA_N "\"}", 0},
        {"the exponent 1", "{\"kty\":\"RSA\",\"e\":\"AQ\",\"n\":\"" RSA_N "\"}", 0},
        {"padded base64", "{\"kty\":\"RSA\",\"e\":\"AQ==\",\"n\":\"" RSA_N "\"}", 0},
        {"a point off its curve",
         "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
         "\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}",
         0},
        {"a curve nobody knows", "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\",\"y\":\"AA\"}",
         0},
        {"a kid that is no text", RSA_KEY ",\"kid\":1}", 0},
        {"no object", "1,\"a\",null", 0},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct problem why = {0};
        struct jwks *jwks;
        struct buf text;

        buf_init(&text, ROOM);
        buf_addf(&text, "{\"keys\":[%s]}", CASES[i].keys);
        if (jwks_parse(buf_span(&text), &jwks, &why) != OK)
            fail_msg("%s: %s", CASES[i].about, why.text);
        if (jwks_count(jwks) != CASES[i].count)
            fail_msg("%s: %zu keys", CASES[i].about, jwks_count(jwks));
        jwks_free(jwks);
        buf_release(&text);
    }
    (void)state;
}

static void what_is_no_key_set_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum fault code;
    } CASES[] = {
        {"", FAULT_SYNTAX},
        {"[]", FAULT_TYPE},
        {"{}", FAULT_TYPE},
        {"{\"keys\":{}}", FAULT_TYPE},
        {"{\"keys\":[],\"keys\":[]}", FAULT_SYNTAX},
        {"{\"keys\":[{\"kid\":\"a\",\"kid\":\"b\"}]}", FAULT_SYNTAX},
    };
    static char large[JWKS_TEXT_MAX + 1];

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct jwks *jwks = NULL;

        if (jwks_parse(span_of(CASES[i].text), &jwks, NULL) != CASES[i].code || jwks)
            fail_msg("%s", CASES[i].text);
    }
    memset(large, ' ', sizeof large);
    assert_int_equal(jwks_parse(span_make(large, sizeof large), &(struct jwks *){NULL}, NULL),
                     FAULT_TOO_LARGE);
    (void)state;
}

static void the_key_is_chosen_by_kid_and_kind(void **state)
{
    struct jwks *jwks;

    assert_int_equal(
        jwks_parse(SPAN("{\"keys\":[" RSA_KEY ",\"kid\":\"a\",\"alg\":\"RS256\"}," RSA_KEY
                        ",\"kid\":\"b\"}," EC_KEY ",\"kid\":\"a\"}]}"),
                   &jwks, NULL),
        OK);
    assert_non_null(jwks_find(jwks, SPAN("a"), JOSE_RS256));
    assert_null(jwks_find(jwks, SPAN("a"), JOSE_RS512));
    assert_non_null(jwks_find(jwks, SPAN("b"), JOSE_RS512));
    assert_non_null(jwks_find(jwks, SPAN("a"), JOSE_ES256));
    assert_null(jwks_find(jwks, SPAN("a"), JOSE_ES384));
    assert_null(jwks_find(jwks, SPAN("c"), JOSE_RS256));
    assert_null(jwks_find(jwks, SPAN(""), JOSE_RS256)); /* two would do */
    assert_non_null(jwks_find(jwks, SPAN(""), JOSE_ES256));
    jwks_free(jwks);
    assert_int_equal(
        jwks_parse(SPAN("{\"keys\":[" RSA_KEY ",\"kid\":\"a\"}," RSA_KEY ",\"kid\":\"a\"}]}"),
                   &jwks, NULL),
        OK);
    assert_null(jwks_find(jwks, SPAN("a"), JOSE_RS256)); /* two have that kid */
    jwks_free(jwks);
    (void)state;
}

/* header.claims.signature of texts; the signature is "AAAA". */
static void make_token(struct buf *out, const char *header, const char *claims)
{
    char *room = buf_room(out, 1000);

    out->len += base64_encode_url(span_of(header), room);
    buf_add_char(out, '.');
    room = buf_room(out, 1000);
    out->len += base64_encode_url(span_of(claims), room);
    buf_add_text(out, ".AAAA");
}

static void a_token_with_a_wrong_part_is_refused(void **state)
{
    static const struct {
        const char *header, *claims;
        enum jose_outcome outcome;
    } CASES[] = {
        {"{\"alg\":\"RS256\"}", "{}", JOSE_OK},
        {"{\"alg\":\"RS256\",\"kid\":\"a\",\"typ\":\"JWT\",\"jku\":\"https://evil\"}", "{}",
         JOSE_OK},
        {"{\"alg\":\"none\"}", "{}", JOSE_BAD_ALGORITHM},
        {"{\"alg\":\"HS256\"}", "{}", JOSE_BAD_ALGORITHM},
        {"{\"alg\":\"rs256\"}", "{}", JOSE_BAD_ALGORITHM},
        {"{\"alg\":\"ES256\"}", "{}", JOSE_BAD_ALGORITHM},
        {"{\"alg\":[\"RS256\"]}", "{}", JOSE_MALFORMED},
        {"{}", "{}", JOSE_MALFORMED},
        {"{\"alg\":\"RS256\",\"kid\":1}", "{}", JOSE_MALFORMED},
        {"{\"alg\":\"RS256\",\"alg\":\"RS256\"}", "{}", JOSE_MALFORMED},
        {"{\"alg\":\"RS256\",\"crit\":[\"exp\"]}", "{}", JOSE_CRITICAL},
        {"{\"alg\":\"RS256\",\"crit\":null}", "{}", JOSE_CRITICAL},
        {"{\"alg\":\"RS256\"}", "{\"sub\":\"a\",\"sub\":\"b\"}", JOSE_MALFORMED},
        {"{\"alg\":\"RS256\"}", "{\"a\":{\"b\":1,\"b\":2}}", JOSE_MALFORMED},
        {"{\"alg\":\"RS256\"}", "[]", JOSE_MALFORMED},
        {"{\"alg\":\"RS256\"}", "{} x", JOSE_MALFORMED},
        {"{\"alg\":\"RS256\"}", "", JOSE_MALFORMED},
        {"[]", "{}", JOSE_MALFORMED},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct jose_token token;
        struct arena arena;
        struct buf text;

        arena_init(&arena, ROOM);
        buf_init(&text, ROOM);
        make_token(&text, CASES[i].header, CASES[i].claims);
        if (jose_read(&arena, buf_span(&text), JOSE_RSA, &token) != CASES[i].outcome)
            fail_msg("%s %s", CASES[i].header, CASES[i].claims);
        buf_release(&text);
        arena_release(&arena);
    }
    (void)state;
}

static void a_token_that_is_not_three_strict_parts_is_refused(void **state)
{
    static const char *const CASES[] = {
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "eyJhbGciOiJSUzI1NiJ9.e30",
        "eyJhbGciOiJSUzI1NiJ9.e30.",
        "eyJhbGciOiJSUzI1NiJ9.e30.AAAA.AAAA",
        "eyJhbGciOiJSUzI1NiJ9=.e30.AAAA",
        "eyJhbGciOiJSUzI1NiJ9.e30=.AAAA",
        "eyJhbGciOiJSUzI1NiJ9.e31.AAAA", /* unused bits that are set */
        "eyJhbGciOiJSUzI1NiJ9.e30.AA+/",
        " eyJhbGciOiJSUzI1NiJ9.e30.AAAA",
        "eyJhbGciOiJSUzI1NiJ9.e30.AAAA ",
        "eyJhbGciOiJSUzI1NiJ9\n.e30.AAAA",
    };
    static char large[JOSE_TOKEN_MAX + 1];

    memset(large, 'A', sizeof large);
    for (size_t i = 0; i <= COUNT(CASES); i++) {
        struct span text = i < COUNT(CASES) ? span_of(CASES[i]) : span_make(large, sizeof large);
        struct jose_token token;
        struct arena arena;

        arena_init(&arena, ROOM);
        if (jose_read(&arena, text, JOSE_RSA, &token) != JOSE_MALFORMED)
            fail_msg("case %zu: %.*s", i, SPAN_ARG(text));
        arena_release(&arena);
    }
    (void)state;
}

static void claims_are_checked_in_the_order_of_the_sheet(void **state)
{
    static const struct span AUDIENCES[] = {SPAN_INIT("web"), SPAN_INIT("app")};
    static const struct {
        const char *claims;
        enum jose_outcome outcome;
    } CASES[] = {
        {"{\"iss\":\"i\",\"aud\":\"app\",\"exp\":1001,\"nbf\":1000,\"iat\":1000}", JOSE_OK},
        {"{\"iss\":\"i\",\"aud\":[\"x\",\"web\"],\"exp\":1000.5}", JOSE_OK},
        {"{\"iss\":\"i\",\"client_id\":\"app\",\"exp\":2e9}", JOSE_OK},
        {"{\"iss\":\"I\",\"aud\":\"app\",\"exp\":1001}", JOSE_BAD_ISSUER},
        {"{\"iss\":[\"i\"],\"aud\":\"app\",\"exp\":1001}", JOSE_BAD_ISSUER},
        {"{\"aud\":\"app\",\"exp\":1001}", JOSE_BAD_ISSUER},
        {"{\"iss\":\"i\",\"exp\":1001}", JOSE_BAD_AUDIENCE},
        {"{\"iss\":\"i\",\"aud\":\"x\",\"client_id\":\"app\",\"exp\":1001}", JOSE_BAD_AUDIENCE},
        {"{\"iss\":\"i\",\"aud\":[],\"exp\":1001}", JOSE_BAD_AUDIENCE},
        {"{\"iss\":\"i\",\"aud\":{\"web\":\"web\"},\"exp\":1}", JOSE_BAD_AUDIENCE},
        {"{\"iss\":\"i\",\"aud\":\"app\"}", JOSE_NO_EXPIRY},
        {"{\"iss\":\"i\",\"aud\":\"app\",\"exp\":\"1001\"}", JOSE_NO_EXPIRY},
        {"{\"iss\":\"i\",\"aud\":\"app\",\"exp\":1000}", JOSE_EXPIRED},
        {"{\"iss\":\"i\",\"aud\":\"app\",\"exp\":-1e300}", JOSE_EXPIRED},
        {"{\"iss\":\"i\",\"aud\":\"app\",\"exp\":1001,\"nbf\":1000.5}", JOSE_NOT_YET},
        {"{\"iss\":\"i\",\"aud\":\"app\",\"exp\":1001,\"nbf\":\"1\"}", JOSE_NOT_YET},
        {"{\"iss\":\"i\",\"aud\":\"app\",\"exp\":1001,\"iat\":1001}", JOSE_NOT_YET},
    };
    const struct jose_demands demands = {SPAN("i"), AUDIENCES, 2, true, 0};

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct jose_token token = {0};
        struct arena arena;
        struct json *claims;

        arena_init(&arena, ROOM);
        assert_int_equal(json_parse(&arena, span_of(CASES[i].claims), &claims, NULL), OK);
        token.claims = claims;
        if (jose_check(&token, &demands, 1000) != CASES[i].outcome)
            fail_msg("%s: %s", CASES[i].claims, jose_words(jose_check(&token, &demands, 1000)));
        arena_release(&arena);
    }
    (void)state;
}

static void clocks_may_differ_by_the_skew(void **state)
{
    struct jose_demands demands = {.issuer = SPAN("joe"), .skew_s = 60};
    struct jose_token token;
    struct arena arena;

    arena_init(&arena, ROOM);
    assert_int_equal(jose_read(&arena, span_of(ES256), JOSE_EC, &token), JOSE_OK);
    assert_int_equal(jose_check(&token, &demands, 1300819380 + 59), JOSE_OK);
    assert_int_equal(jose_check(&token, &demands, 1300819380 + 60), JOSE_EXPIRED);
    arena_release(&arena);
    (void)state;
}

static void what_is_signed_is_verified_with_the_published_key(void **state)
{
    static const enum jose_algorithm ALGORITHMS[] = {JOSE_RS256, JOSE_RS384, JOSE_RS512,
                                                     JOSE_ES256, JOSE_ES384, JOSE_ES512};
    struct jose_key *rsa = NULL;
    struct buf der;

    buf_init(&der, ROOM);
    assert_int_equal(jose_key_generate(JOSE_RS256, &rsa), OK);
    assert_true(jose_key_write(rsa, &der));
    for (size_t i = 0; i < COUNT(ALGORITHMS); i++) {
        enum jose_algorithm algorithm = ALGORITHMS[i];
        struct jose_key *key;
        struct buf token, set;

        if (JOSE_BIT(algorithm) & JOSE_RSA)
            assert_int_equal(jose_key_read(buf_span(&der), algorithm, &key, NULL), OK);
        else
            assert_int_equal(jose_key_generate(algorithm, &key), OK);
        buf_init(&token, ROOM);
        buf_init(&set, ROOM);
        assert_true(jose_sign(key, SPAN("k="), SPAN("{\"iss\":\"i\"}"), &token));
        buf_add_text(&set, "{\"keys\":[");
        assert_true(jose_key_write_public(key, SPAN("k="), &set));
        buf_add_text(&set, "]}");
        if (judge(buf_span(&token), JOSE_RSA | JOSE_EC, buf_text(&set)) != JOSE_OK)
            fail_msg("%.*s", SPAN_ARG(jose_algorithm_name(algorithm)));
        buf_release(&set);
        buf_release(&token);
        jose_key_free(key);
    }
    jose_key_free(rsa);
    buf_release(&der);
    (void)state;
}

static void a_private_key_of_another_kind_is_refused(void **state)
{
    struct jose_key *key, *other = NULL;
    struct buf der;

    buf_init(&der, ROOM);
    assert_int_equal(jose_key_generate(JOSE_ES256, &key), OK);
    assert_true(jose_key_write(key, &der));
    assert_int_equal(jose_key_read(buf_span(&der), JOSE_RS256, &other, NULL), FAULT_TYPE);
    assert_int_equal(jose_key_read(buf_span(&der), JOSE_ES384, &other, NULL), FAULT_TYPE);
    assert_int_equal(jose_key_read(SPAN("nothing"), JOSE_ES256, &other, NULL), FAULT_TYPE);
    assert_null(other);
    jose_key_free(key);
    buf_release(&der);
    (void)state;
}

static const struct json *claims_until(struct arena *arena, int64_t expiry)
{
    struct json *claims = json_new(arena, JSON_OBJECT);

    json_set(claims, "exp", json_number(arena, expiry));
    return claims;
}

static void a_verified_token_is_remembered_until_it_expires(void **state)
{
    struct jose_cache *cache = jose_cache_new(8);
    struct jose_entry *entry;
    struct arena arena;

    arena_init(&arena, ROOM);
    jose_cache_add(cache, SPAN("a"), SPAN("token"), claims_until(&arena, 100), 50);
    jose_cache_add(cache, SPAN("a"), SPAN("late"), claims_until(&arena, 50), 50);
    arena_release(&arena);
    entry = jose_cache_take(cache, SPAN("a"), SPAN("token"), 99);
    assert_non_null(entry);
    assert_int_equal(json_member_int(jose_entry_claims(entry), "exp", 0), 100);
    assert_null(jose_cache_take(cache, SPAN("b"), SPAN("token"), 99));
    assert_null(jose_cache_take(cache, SPAN("at"), SPAN("oken"), 99));
    assert_null(jose_cache_take(cache, SPAN("a"), SPAN("other"), 99));
    assert_null(jose_cache_take(cache, SPAN("a"), SPAN("late"), 49));
    assert_null(jose_cache_take(cache, SPAN("a"), SPAN("token"), 100));
    /* It is out of the cache, and still in use here. */
    assert_int_equal(json_member_int(jose_entry_claims(entry), "exp", 0), 100);
    jose_cache_give(entry);
    jose_cache_free(cache);
    (void)state;
}

static void the_cache_is_bounded_and_drops_what_expires_first(void **state)
{
    struct jose_cache *cache = jose_cache_new(4);
    struct arena arena;
    unsigned found = 0;
    char token[32];

    arena_init(&arena, ROOM);
    for (int i = 0; i < 100; i++) {
        snprintf(token, sizeof token, "token %d", i);
        jose_cache_add(cache, SPAN(""), span_of(token), claims_until(&arena, 1000 + i), 0);
    }
    for (int i = 0; i < 100; i++) {
        struct jose_entry *entry;

        snprintf(token, sizeof token, "token %d", i);
        entry = jose_cache_take(cache, SPAN(""), span_of(token), 0);
        found += entry != NULL;
        jose_cache_give(entry);
    }
    assert_int_equal(found, 4);
    arena_release(&arena);
    jose_cache_free(cache);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_standard_are_verified),
        cmocka_unit_test(every_changed_character_is_noticed),
        cmocka_unit_test(keys_that_cannot_verify_are_left_out),
        cmocka_unit_test(what_is_no_key_set_is_refused),
        cmocka_unit_test(the_key_is_chosen_by_kid_and_kind),
        cmocka_unit_test(a_token_with_a_wrong_part_is_refused),
        cmocka_unit_test(a_token_that_is_not_three_strict_parts_is_refused),
        cmocka_unit_test(claims_are_checked_in_the_order_of_the_sheet),
        cmocka_unit_test(clocks_may_differ_by_the_skew),
        cmocka_unit_test(what_is_signed_is_verified_with_the_published_key),
        cmocka_unit_test(a_private_key_of_another_kind_is_refused),
        cmocka_unit_test(a_verified_token_is_remembered_until_it_expires),
        cmocka_unit_test(the_cache_is_bounded_and_drops_what_expires_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
