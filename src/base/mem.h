/* The heap.  `malloc` is called nowhere else, so that limits, faults and tests have one place.
 *
 * The plain calls never fail: where memory is gone they end the process, which the supervisor
 * starts again.  What has a size from outside uses the `_try` calls, which answer NULL. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Uninitialised; size 0 is allowed.  Ends the process when memory is gone. */
void *mem_alloc(size_t size);

/* Zeroed array of `count` elements; the product is checked.  Ends the process on failure. */
void *mem_zero(size_t count, size_t size);

/* As realloc, but ends the process on failure. */
void *mem_resize(void *at, size_t size);

/* NULL when memory is gone. */
void *mem_try(size_t size);
void *mem_resize_try(void *at, size_t size);

/* A terminated copy of `len` bytes. */
char *mem_text(const char *at, size_t len);

/* NULL is fine. */
void mem_free(void *at);

/* Overwrites a secret in a way the compiler keeps. */
void mem_wipe(void *at, size_t len);

/* Blocks from a megabyte on go back to the system when they are freed.  Else what a rush of large
 * bodies once needed would stay with the process.  Called at its start. */
void mem_return_large(void);

/* Tests make the n-th `_try` call from now fail (0: never), to walk every failure path. */
void mem_fail_after(unsigned n);

#endif
