/* Tokens: the first line is the token, the rest the key set of its issuer.  Whatever they are,
 * reading ends, and nothing is accepted that was not signed. */
#include "fuzz.h"

#include <assert.h>

#include "crypto/jose.h"

#define ROOM ((size_t)4 * 1024 * 1024)

static void run(struct arena *arena, struct span text, const struct jwks *jwks)
{
    static const struct span AUDIENCE = SPAN_INIT("app");
    const struct jose_demands demands = {
        .issuer = SPAN("joe"), .audiences = &AUDIENCE, .audience_count = 1, .or_client_id = true};
    struct jose_token token;
    enum jose_outcome outcome = jose_read(arena, text, JOSE_RSA | JOSE_EC, &token);

    assert(jose_words(outcome)[0]);
    if (outcome != JOSE_OK)
        return;
    assert(token.signature.len > 0 && token.signed_text.len < text.len);
    jose_verify(&token, jwks);
    jose_check(&token, &demands, 1300819000);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span set = span_make(bytes, size), text;
    struct arena arena;
    struct jwks *jwks;

    span_split(&set, '\n', &text);
    if (jwks_parse(set.at ? set : SPAN("{\"keys\":[]}"), &jwks, NULL) != OK)
        return 0;
    arena_init(&arena, ROOM);
    run(&arena, text, jwks);
    arena_release(&arena);
    jwks_free(jwks);
    return 0;
}
