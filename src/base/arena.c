/* Arenas: bump allocation in chained blocks.  Blocks double from 4 KB to 256 KB, so that a small
 * request takes one block and a large one few. */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>

#include "base/mem.h"

#define FORMAT_SMALL 512

#define ALIGN 16
#define BLOCK_MAX (256 * 1024)

struct arena_block {
    struct arena_block *older;
    size_t size; /* whole block, this header included */
};

#define HEADER ((sizeof(struct arena_block) + ALIGN - 1) / ALIGN * ALIGN)

void arena_init(struct arena *arena, size_t ceiling)
{
    *arena = (struct arena){.ceiling = ceiling};
}

void arena_release(struct arena *arena)
{
    struct arena_block *block = arena->block;

    while (block) {
        struct arena_block *older = block->older;

        mem_free(block);
        block = older;
    }
    arena_init(arena, arena->ceiling);
}

static void use_block(struct arena *arena, struct arena_block *block)
{
    arena->block = block;
    arena->next = (char *)block + HEADER;
    arena->end = (char *)block + block->size;
}

void arena_reset(struct arena *arena)
{
    struct arena_block *kept = arena->block;

    while (kept && kept->older) { /* the oldest is the smallest */
        struct arena_block *older = kept->older;

        mem_free(kept);
        kept = older;
    }
    if (!kept || kept->size != ARENA_BLOCK_DEFAULT) {
        arena->block = kept;
        arena_release(arena);
        return;
    }
    arena->used = kept->size;
    arena->is_over = false;
    use_block(arena, kept);
}

static size_t block_size(const struct arena *arena, size_t need)
{
    size_t size = ARENA_BLOCK_DEFAULT;

    if (arena->block)
        size = arena->block->size * 2;
    if (size > BLOCK_MAX)
        size = BLOCK_MAX;
    return size < need ? need : size;
}

static void *arena_take(struct arena *arena, size_t size, size_t ceiling)
{
    struct arena_block *block;
    size_t need, whole;
    void *at;

    if (size > SIZE_MAX - HEADER - ALIGN)
        return NULL;
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    if (size == 0)
        size = ALIGN;
    if (size > (size_t)(arena->end - arena->next)) {
        need = size + HEADER;
        whole = block_size(arena, need);
        if (arena->used > ceiling || whole > ceiling - arena->used)
            whole = need; /* near the ceiling: just what is needed */
        if (arena->used > ceiling || whole > ceiling - arena->used)
            return NULL;
        block = mem_try(whole);
        if (!block)
            return NULL;
        block->older = arena->block;
        block->size = whole;
        arena->used += whole;
        use_block(arena, block);
    }
    at = arena->next;
    arena->next += size;
    return at;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *at;

    assert(size <= ARENA_SMALL_MAX);
    at = arena_take(arena, size, arena->ceiling);
    if (!at) {
        arena->is_over = true;
        at = arena_take(arena, size, arena->ceiling + ARENA_RESERVE);
    }
    assert(at != NULL && "arena: the reserve is used up");
    return at;
}

void *arena_try(struct arena *arena, size_t size)
{
    void *at = arena_take(arena, size, arena->ceiling);

    if (!at)
        arena->is_over = true;
    return at;
}

void *arena_try_array(struct arena *arena, size_t count, size_t size)
{
    size_t whole;
    void *at;

    if (__builtin_mul_overflow(count, size, &whole)) {
        arena->is_over = true;
        return NULL;
    }
    at = arena_try(arena, whole);
    if (at)
        memset(at, 0, whole);
    return at;
}

void *arena_zero(struct arena *arena, size_t size)
{
    return memset(arena_alloc(arena, size), 0, size);
}

char *arena_text(struct arena *arena, struct span s)
{
    char *copy = s.len < SIZE_MAX ? arena_try(arena, s.len + 1) : NULL;

    if (!copy)
        return NULL;
    if (s.len)
        memcpy(copy, s.at, s.len);
    copy[s.len] = '\0';
    return copy;
}

struct span arena_copy(struct arena *arena, struct span s)
{
    char *copy = arena_text(arena, s);

    return (struct span){copy, copy ? s.len : 0};
}

struct span arena_join(struct arena *arena, const struct span *parts, size_t count)
{
    size_t len = 0;
    char *joined, *at;

    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    joined = at = arena_try(arena, len + 1);
    if (!joined)
        return (struct span){NULL, 0};
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0)
            memcpy(at, parts[i].at, parts[i].len);
        at += parts[i].len;
    }
    *at = '\0';
    return (struct span){joined, len};
}

struct span arena_format(struct arena *arena, const char *format, ...)
{
    char small[FORMAT_SMALL]; /* most texts fit, and are printed once */
    va_list words;
    char *at;
    int len;

    va_start(words, format);
    len = vsnprintf(small, sizeof small, format, words);
    va_end(words);
    assert(len >= 0);
    at = arena_try(arena, (size_t)len + 1);
    if (!at)
        return (struct span){NULL, 0};
    if ((size_t)len < sizeof small) {
        memcpy(at, small, (size_t)len + 1);
        return (struct span){at, (size_t)len};
    }
    va_start(words, format);
    vsnprintf(at, (size_t)len + 1, format, words);
    va_end(words);
    return (struct span){at, (size_t)len};
}
