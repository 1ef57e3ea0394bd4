/* An arena: memory that dies together.  A request's, a snapshot part's or a parse's objects are
 * taken from one arena and released at once; there is no single free.
 *
 * An arena grows in blocks up to its ceiling.  `arena_try` answers NULL over the ceiling or when
 * memory is gone.  `arena_alloc` is for what has a small fixed size (ARENA_SMALL_MAX and less)
 * and cannot fail: it may go past the ceiling by ARENA_RESERVE before the process ends. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

#define ARENA_SMALL_MAX 4096
#define ARENA_RESERVE (256 * 1024)
#define ARENA_BLOCK_DEFAULT 8192

struct arena_block;

struct arena {
    struct arena_block *block; /* the newest; chained to the older ones */
    char *next, *end;          /* free room in it */
    size_t used;               /* bytes of all blocks */
    size_t ceiling;            /* for `used` */
    bool is_over;              /* an `arena_try` has failed */
};

/* No memory is taken before the first allocation. */
void arena_init(struct arena *arena, size_t ceiling);

/* Frees all blocks.  The arena may be used again. */
void arena_release(struct arena *arena);

/* Forgets all allocations but keeps one block of default size, for reuse in a loop. */
void arena_reset(struct arena *arena);

/* 16-byte aligned, not zeroed.  `arena_alloc` asserts size <= ARENA_SMALL_MAX. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_try(struct arena *arena, size_t size);

/* Zeroed; the product is checked.  NULL as `arena_try`. */
void *arena_try_array(struct arena *arena, size_t count, size_t size);

/* Zeroed object of a small fixed size. */
void *arena_zero(struct arena *arena, size_t size);
#define arena_new(arena, type) ((type *)arena_zero(arena, sizeof(type)))

/* Copies, each followed by a NUL that is not counted.  `at` is NULL on failure. */
struct span arena_copy(struct arena *arena, struct span s);
char *arena_text(struct arena *arena, struct span s);
/* The parts one after the other. */
struct span arena_join(struct arena *arena, const struct span *parts, size_t count);
struct span arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
