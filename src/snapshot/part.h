/* A part: one immutable piece of a snapshot in an arena of its own, shared by counting.
 *
 * The compile thread builds a part, seals it, and from then on nobody writes to it.  Who keeps a
 * pointer to a part beyond one loop turn holds a use of it.  When the last use is given back, by
 * whatever thread, the part goes to its shelf; only the compile thread frees what stands there,
 * so that a worker never pays for it. */
#ifndef SNAPSHOT_PART_H
#define SNAPSHOT_PART_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct part;

/* Where parts without a use wait to be freed, and the sum of the bytes of all parts. */
struct shelf {
    _Atomic(struct part *) first;
    _Atomic size_t bytes;  /* of all sealed parts that are not yet freed */
    _Atomic size_t served; /* of those that the newest snapshot holds; set when it is published */
};

struct part {
    struct arena arena;
    struct shelf *shelf;
    void (*drop)(struct part *part); /* gives back the parts this one uses; may be NULL */
    size_t bytes;                    /* set by part_seal */
    _Atomic uint32_t uses;
    struct part *next; /* on the shelf */
};

#define PART_BYTES_MAX ((size_t)256 * 1024 * 1024)

void shelf_init(struct shelf *shelf);

/* A zeroed object of `size` bytes (at most ARENA_SMALL_MAX) whose first member is its struct
 * part, in its own arena, with one use that the caller owns. */
void *part_new(struct shelf *shelf, size_t size, void (*drop)(struct part *part));

/* Counts its bytes.  Nothing is added to it afterwards. */
void part_seal(struct part *part);

/* One more use; the caller must already be sure that it lives.  Constness is about the content:
 * counting is not a change of it. */
void part_use(const struct part *part);

/* Gives one use back.  NULL is fine. */
void part_leave(const struct part *part);

/* Frees what stands on the shelf, and what that gave back in turn.  One thread only. */
void shelf_reclaim(struct shelf *shelf);

/* Bytes that are kept only because something still uses an older snapshot's parts. */
size_t shelf_retired_bytes(const struct shelf *shelf);

#endif
