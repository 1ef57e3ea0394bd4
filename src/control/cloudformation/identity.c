/* URLs hold the id of an API, so it must not change from run to run. */
#include "control/cloudformation/identity.h"

#include <assert.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "crypto/digest.h"

#define HASHED_MAX 8192
#define SUFFIX_LEN 12
#define STACK_PART_MAX 24 /* of a name that must be cut */

/* Divides the number by 36; answers the rest. */
static unsigned divide(unsigned char number[static SHA256_LEN])
{
    unsigned rest = 0;

    for (size_t i = 0; i < SHA256_LEN; i++) {
        unsigned value = rest << 8 | number[i];

        number[i] = (unsigned char)(value / 36);
        rest = value % 36;
    }
    return rest;
}

struct span identity_id(struct arena *arena, const struct identity *identity, struct span logical,
                        size_t len)
{
    unsigned char number[SHA256_LEN];
    char *out = arena_alloc(arena, IDENTITY_MAX + 1);
    struct buf text;

    assert(len <= IDENTITY_MAX);
    buf_init(&text, HASHED_MAX);
    buf_addf(&text, "%.*s\n%.*s\n%.*s\n%.*s", SPAN_ARG(identity->account),
             SPAN_ARG(identity->region), SPAN_ARG(identity->stack), SPAN_ARG(logical));
    digest_sha256(buf_span(&text), number);
    buf_release(&text);
    for (size_t i = len; i-- > 0;)
        out[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[divide(number)];
    out[len] = '\0';
    return span_make(out, len);
}

struct span identity_name(struct arena *arena, const struct identity *identity, struct span logical,
                          size_t most)
{
    struct span id = identity_id(arena, identity, logical, SUFFIX_LEN), stack = identity->stack;
    size_t room = most - SUFFIX_LEN - 2;
    char suffix[SUFFIX_LEN];

    assert(most > SUFFIX_LEN + STACK_PART_MAX + 2);
    if (stack.len + logical.len > room && stack.len > STACK_PART_MAX)
        stack.len = STACK_PART_MAX;
    if (stack.len + logical.len > room)
        logical.len = room - stack.len;
    for (size_t i = 0; i < SUFFIX_LEN; i++)
        suffix[i] = ascii_is_lower(id.at[i]) ? (char)(id.at[i] - 'a' + 'A') : id.at[i];
    return arena_format(arena, "%.*s-%.*s-%.*s", SPAN_ARG(stack), SPAN_ARG(logical), SUFFIX_LEN,
                        suffix);
}
