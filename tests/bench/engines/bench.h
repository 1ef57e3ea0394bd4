/* What the programs of this folder share.  Each prints nanoseconds of a processor an operation, one
 * line each, "name value", for ./run to set against each other. */
#ifndef TESTS_BENCH_ENGINES_H
#define TESTS_BENCH_ENGINES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUND_NS 40000000
#define COPIES 86 /* of the body, for a document of 87 KB */

static inline void expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

/* The text of a file, valid until the next call. */
static inline const char *read_file(const char *folder, const char *name, size_t *len)
{
    static char text[65536];
    char path[512];
    FILE *in;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    in = fopen(path, "re");
    expect(in, path);
    *len = fread(text, 1, sizeof text, in);
    fclose(in);
    return text;
}

/* Time on a processor, so that a busy machine does not count. */
static inline int64_t bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* With a count that many operations are done and nothing is printed: ./instructions counts. */
static inline void measure(const char *name, void (*operation)(void *), void *context,
                           const char *times)
{
    int64_t began = bench_now(), spent;
    uint64_t count = 0;

    if (times) {
        for (long n = strtol(times, NULL, 10); n > 0; n--)
            operation(context);
        return;
    }
    do {
        for (unsigned i = 0; i < 64; i++)
            operation(context);
        count += 64;
        spent = bench_now() - began;
    } while (spent < ROUND_NS);
    printf("%s %.0f\n", name, (double)spent / (double)count);
}

#endif
