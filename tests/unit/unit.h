/* What every unit test includes: cmocka and the small things all of them need. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/span.h"

/* Fails with the row's words when two texts differ. */
static inline void unit_same_text(const char *about, struct span got, struct span want)
{
    if (!span_equal(got, want))
        fail_msg("%s: got \"%.*s\", want \"%.*s\"", about, SPAN_ARG(got), SPAN_ARG(want));
}

#define UNIT_MAIN(tests)                                  \
    int main(void)                                        \
    {                                                     \
        return cmocka_run_group_tests(tests, NULL, NULL); \
    }

#endif
