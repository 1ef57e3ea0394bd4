/* Ids and names of what a template makes: the same on every run, on every machine. */
#ifndef CONTROL_CLOUDFORMATION_IDENTITY_H
#define CONTROL_CLOUDFORMATION_IDENTITY_H

#include "base/arena.h"
#include "base/span.h"

struct identity {
    struct span account, region, stack;
};

#define IDENTITY_MAX 24

/* `len` characters of [0-9a-z], at most IDENTITY_MAX: the end of base 36 of the SHA-256 of account,
 * region, stack and logical id. */
struct span identity_id(struct arena *arena, const struct identity *identity, struct span logical,
                        size_t len);

/* STACK-LOGICAL-XXXXXXXXXXXX as AWS names things, cut to `most` characters. */
struct span identity_name(struct arena *arena, const struct identity *identity, struct span logical,
                          size_t most);

#endif
