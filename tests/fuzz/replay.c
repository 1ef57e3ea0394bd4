/* Replays a fuzz target's seeds and past crashes; each file is one test.  Each seed is also cut
 * at every length up to 4 KB, since parsers break where input ends. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define SEED_MAX (8 * 1024 * 1024)
#define CUTS_MAX 4096

/* A copy of exactly `size` bytes, so that AddressSanitizer sees a read past the end. */
static void run_copy(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    if (!copy)
        abort();
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int run_file(const char *path)
{
    uint8_t *bytes = malloc(SEED_MAX);
    FILE *in = fopen(path, "re");
    size_t size;

    if (!in || !bytes) {
        fprintf(stderr, "cannot read seed '%s'\n", path);
        free(bytes);
        return 1;
    }
    size = fread(bytes, 1, SEED_MAX, in);
    fclose(in);
    run_copy(bytes, size);
    for (size_t cut = 0; cut < size && cut < CUTS_MAX; cut++)
        run_copy(bytes, cut);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    const char *self = strrchr(argv[0], '/');
    const char *name = strstr(self ? self : argv[0], "fuzz_");
    char folder[PATH_MAX], path[PATH_MAX + 256];
    int passed = 0, failed = 0;
    struct dirent *entry;
    DIR *seeds;

    (void)argc;
    snprintf(folder, sizeof folder, "tests/fuzz/seeds/%s", name ? name + strlen("fuzz_") : "");
    seeds = opendir(folder);
    if (!seeds) {
        fprintf(stderr, "no seeds in '%s'\n", folder);
        return 1;
    }
    while ((entry = readdir(seeds)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (run_file(path) == 0)
            passed++;
        else
            failed++;
    }
    closedir(seeds);
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed || !passed;
}
