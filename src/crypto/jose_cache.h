/* Tokens that were verified, remembered until they expire: verifying costs 30 us, finding 1.
 *
 * A cache belongs to one thread.  It is keyed by a digest of the token and of what it was verified
 * for, so it holds no tokens.  It has a fixed number of places; a new entry takes that of one that
 * has expired, or of the one that expires first among a few. */
#ifndef CRYPTO_JOSE_CACHE_H
#define CRYPTO_JOSE_CACHE_H

#include <stdint.h>

#include "base/span.h"
#include "text/json.h"

#define JOSE_CACHED_MAX (32 * 1024) /* bytes of one entry's claims; larger ones are not kept */

struct jose_cache;

/* `places` is rounded up to a power of two. */
struct jose_cache *jose_cache_new(size_t places);
void jose_cache_free(struct jose_cache *cache); /* all entries must be given back; NULL is fine */

/* An entry that is in use; given back by jose_cache_give, after which it may be gone. */
struct jose_entry;

/* What the token says, if it was added for the same `scope` and has not expired; else NULL.
 * `scope` names what it was verified for and with: an authorizer and the version of its keys. */
struct jose_entry *jose_cache_take(struct jose_cache *cache, struct span scope, struct span token,
                                   int64_t now);
void jose_cache_give(struct jose_entry *entry); /* NULL is fine */
const struct json *jose_entry_claims(const struct jose_entry *entry);

/* Remembers a token that was verified and checked.  Its "exp" says until when. */
void jose_cache_add(struct jose_cache *cache, struct span scope, struct span token,
                    const struct json *claims, int64_t now);

#endif
