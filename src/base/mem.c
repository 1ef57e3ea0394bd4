/* The heap: thin over malloc, with a counter that tests use to make allocations fail. */
#include "base/mem.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGE (1024 * 1024)

static _Thread_local unsigned fail_countdown;

static void *mem_demand(void *at, size_t size)
{
    if (!at && size > 0) {
        fprintf(stderr, "portico: out of memory (%zu bytes)\n", size);
        abort();
    }
    return at;
}

static bool fails_now(void)
{
    return fail_countdown > 0 && --fail_countdown == 0;
}

void *mem_alloc(size_t size)
{
    return mem_demand(malloc(size ? size : 1), size);
}

void *mem_zero(size_t count, size_t size)
{
    return mem_demand(calloc(count ? count : 1, size ? size : 1), count);
}

void *mem_resize(void *at, size_t size)
{
    return mem_demand(realloc(at, size ? size : 1), size);
}

void *mem_try(size_t size)
{
    return fails_now() ? NULL : malloc(size ? size : 1);
}

void *mem_resize_try(void *at, size_t size)
{
    return fails_now() ? NULL : realloc(at, size ? size : 1);
}

char *mem_text(const char *at, size_t len)
{
    char *copy = mem_alloc(len + 1);

    if (len)
        memcpy(copy, at, len);
    copy[len] = '\0';
    return copy;
}

void mem_free(void *at)
{
    free(at);
}

void mem_wipe(void *at, size_t len)
{
    if (len)
        explicit_bzero(at, len);
}

void mem_fail_after(unsigned n)
{
    fail_countdown = n;
}

void mem_return_large(void)
{
    mallopt(M_MMAP_THRESHOLD, LARGE); /* said once, it no longer grows with what is freed */
}
