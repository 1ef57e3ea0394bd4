/* A fuzz target is one function.  `make check` replays the files of tests/fuzz/seeds/NAME/ through
 * it; `make fuzz` links it with libFuzzer.  NAME is the file name without "fuzz_" and ".c". */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif
