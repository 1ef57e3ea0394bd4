/* crypto/digest: published vectors, and pieces that add up to the whole. */
#include "../unit.h"

#include "crypto/digest.h"

static void digests_are_those_of_the_standard(void **state)
{
    static const struct {
        const char *about, *text, *hex;
    } CASES[] = {
        {"nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"FIPS 180-2", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    };
    char hex[SHA256_HEX_LEN + 1];

    for (size_t i = 0; i < COUNT(CASES); i++) {
        digest_sha256_hex(span_of(CASES[i].text), hex);
        unit_same_text(CASES[i].about, span_of(hex), span_of(CASES[i].hex));
    }
    (void)state;
}

/* RFC 4231, cases 1 to 3, 6 and 7. */
static void keyed_digests_are_those_of_rfc_4231(void **state)
{
    static char twenty_b[20], twenty_a[20], long_key[131], fifty[50];
    memset(twenty_b, 0x0b, sizeof twenty_b);
    memset(twenty_a, 0xaa, sizeof twenty_a);
    memset(long_key, 0xaa, sizeof long_key);
    memset(fifty, 0xdd, sizeof fifty);
    const struct {
        const char *about;
        struct span key, message;
        const char *hex;
    } CASES[] = {
        {"case 1", span_make(twenty_b, 20), SPAN("Hi There"),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"case 2", SPAN("Jefe"), SPAN("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"case 3", span_make(twenty_a, 20), span_make(fifty, 50),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {"case 6, a key longer than a block", span_make(long_key, 131),
         SPAN("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {"case 7", span_make(long_key, 131),
         SPAN("This is a test using a larger than block-size key and a larger than block-size data."
              " The key needs to be hashed before being used by the HMAC algorithm."),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    unsigned char digest[SHA256_LEN];
    char hex[SHA256_HEX_LEN + 1];

    for (size_t i = 0; i < COUNT(CASES); i++) {
        digest_hmac_sha256(CASES[i].key, CASES[i].message, digest);
        digest_hex(digest, hex);
        unit_same_text(CASES[i].about, span_of(hex), span_of(CASES[i].hex));
    }
    (void)state;
}

static void pieces_add_up_to_the_whole(void **state)
{
    struct span text =
        SPAN("The quick brown fox jumps over the lazy dog and over 64 bytes too, twice");
    unsigned char whole[SHA256_LEN], pieces[SHA256_LEN];
    struct sha256 hash;

    digest_sha256(text, whole);
    sha256_init(&hash);
    for (size_t cut = 0; cut <= text.len; cut++) {
        sha256_start(&hash);
        sha256_add(&hash, span_first(text, cut));
        sha256_add(&hash, span_skip(text, cut));
        sha256_end(&hash, pieces);
        assert_memory_equal(whole, pieces, SHA256_LEN);
    }
    sha256_start(&hash);
    sha256_add(&hash, SPAN("left behind"));
    sha256_start(&hash);
    sha256_add(&hash, text);
    sha256_end(&hash, pieces);
    assert_memory_equal(whole, pieces, SHA256_LEN);
    sha256_release(&hash);
    (void)state;
}

static void secrets_agree_only_when_all_of_them_does(void **state)
{
    assert_true(digest_equal(SPAN(""), SPAN("")));
    assert_true(digest_equal(SPAN("abc"), SPAN("abc")));
    assert_false(digest_equal(SPAN("abc"), SPAN("abd")));
    assert_false(digest_equal(SPAN("abc"), SPAN("ab")));
    assert_false(digest_equal((struct span){0}, SPAN("a")));
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(digests_are_those_of_the_standard),
    cmocka_unit_test(keyed_digests_are_those_of_rfc_4231),
    cmocka_unit_test(pieces_add_up_to_the_whole),
    cmocka_unit_test(secrets_agree_only_when_all_of_them_does),
};

UNIT_MAIN(TESTS)
